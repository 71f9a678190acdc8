/// The parameters of a form as OAuth wants them: each at most once, and one without a value as if it had not come
/// (RFC 6749 §3.1, §3.2).
package struct FormParameters: Sendable {
  /// The most parameters of one form, known or not.
  static let countMax = 64

  /// In the order in which they came.
  private(set) var names: [String] = []
  private var values: [String] = []

  /// No parameters.
  init() {}

  /// - Parameter mayRepeat: which parameters may come more than once; none by default.
  init(_ body: ArraySlice<UInt8>, mayRepeat: (String) -> Bool = { _ in false }) throws(FormFault) {
    for pair in body.split(separator: UInt8(ascii: "&")) {
      let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      guard let name = PercentDecoding.decode(pair[..<end]),
        let value = PercentDecoding.decode(pair[end...].dropFirst())
      else { throw .malformed }
      try add(name, value, mayRepeat: mayRepeat)
    }
  }

  /// Adds one, decoded.
  mutating func add(
    _ name: [UInt8], _ value: [UInt8], mayRepeat: (String) -> Bool = { _ in false }
  ) throws(FormFault) {
    guard names.count < FormParameters.countMax else { throw .tooManyParameters }
    guard let name = FormParameters.text(name), let value = FormParameters.text(value) else { throw .malformed }
    guard mayRepeat(name) || !has(name) else { throw .duplicate }
    names.append(name)
    values.append(value)
  }

  private static func text(_ bytes: [UInt8]) -> String? {
    bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
  }

  private func has(_ name: String) -> Bool { names.contains { $0.utf8.elementsEqual(name.utf8) } }

  /// The value of a parameter; nil where it is absent or empty.
  package subscript(_ name: Parameter) -> String? { self[named: name.rawValue] }

  /// The same for a parameter that no endpoint of OAuth knows.
  package subscript(named name: String) -> String? {
    all(named: name).first.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The values of a parameter that may repeat, empty ones too.
  func all(named name: String) -> [String] {
    zip(names, values).compactMap { $0.utf8.elementsEqual(name.utf8) ? $1 : nil }
  }

  /// The parameters that the endpoints know; they ignore all others (RFC 6749 §3.2).
  package enum Parameter: String {
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
