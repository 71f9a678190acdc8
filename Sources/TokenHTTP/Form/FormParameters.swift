/// The parameters of a form as OAuth wants them: each at most once, and one without a value as if it had not come
/// (RFC 6749 §3.1, §3.2).
struct FormParameters: Sendable {
  /// The most parameters of one form, known or not.
  static let countMax = 64

  private var names: [String] = []
  private var values: [String] = []

  /// No parameters.
  init() {}

  init(_ body: ArraySlice<UInt8>) throws(FormFault) {
    for pair in body.split(separator: UInt8(ascii: "&")) {
      guard names.count < FormParameters.countMax else { throw .tooManyParameters }
      let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      guard
        let name = FormParameters.text(pair[..<end]), let value = FormParameters.text(pair[end...].dropFirst())
      else { throw .malformed }
      guard !names.contains(where: { $0.utf8.elementsEqual(name.utf8) }) else { throw .duplicate }
      names.append(name)
      values.append(value)
    }
  }

  private static func text(_ encoded: ArraySlice<UInt8>) -> String? {
    guard let decoded = PercentDecoding.decode(encoded), !decoded.contains(0) else { return nil }
    return String(validating: decoded, as: UTF8.self)
  }

  /// The value of a parameter; nil where it is absent or empty.
  subscript(_ name: Parameter) -> String? { self[named: name.rawValue] }

  /// The same for a parameter that no endpoint of OAuth knows.
  subscript(named name: String) -> String? {
    guard let index = names.firstIndex(where: { $0.utf8.elementsEqual(name.utf8) }) else { return nil }
    return values[index].isEmpty ? nil : values[index]
  }

  /// The parameters that the endpoints know; they ignore all others (RFC 6749 §3.2).
  enum Parameter: String {
    case grantType = "grant_type"
    case clientID = "client_id"
    case clientSecret = "client_secret"
    case username
    case password
    case refreshToken = "refresh_token"
    case scope
    case token
    case tokenTypeHint = "token_type_hint"
    case endSession = "end_session"
  }
}
