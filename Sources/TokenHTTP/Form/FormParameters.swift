/// The parameters of a form as OAuth wants them: each at most once, and one without a value as if it had not come
/// (RFC 6749 §3.1, §3.2).
struct FormParameters: Sendable {
  /// The most parameters of one form, known or not.
  static let countMax = 64

  private var names: [[UInt8]] = []
  private var values: [String] = []

  /// No parameters.
  init() {}

  init(_ body: some Collection<UInt8>) throws(FormFault) {
    for pair in body.split(separator: UInt8(ascii: "&")) {
      guard names.count < FormParameters.countMax else { throw .tooManyParameters }
      let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      guard
        let name = PercentDecoding.decode(pair[..<end]),
        let value = PercentDecoding.decode(pair[end...].dropFirst()),
        !name.contains(0), !value.contains(0),
        String(validating: name, as: UTF8.self) != nil,
        let text = String(validating: value, as: UTF8.self)
      else { throw .malformed }
      guard !names.contains(name) else { throw .duplicate }
      names.append(name)
      values.append(text)
    }
  }

  /// The value of a parameter; nil where it is absent or empty.
  subscript(_ name: Parameter) -> String? { self[named: name.rawValue] }

  /// The same for a parameter that no endpoint of OAuth knows.
  subscript(named name: String) -> String? {
    guard let index = names.firstIndex(where: { $0.elementsEqual(name.utf8) }) else { return nil }
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
