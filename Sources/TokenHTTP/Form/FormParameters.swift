internal import Platform

/// The parameters of a form as OAuth defines them: each at most once, and one without a value as if it had not come
/// (RFC 6749 §3.1, §3.2).
package struct FormParameters: Sendable {
  /// The most parameters of one form, known or not.
  static let countMax = 64
  /// The number of parameters that most forms do not exceed.
  private static let countUsual = 6

  /// The names in the order in which they came.
  private(set) var names: [String] = []
  private var values: [String] = []

  /// Makes a form without parameters.
  init() {}

  /// Reads the parameters of a body.
  ///
  /// Those that `mayRepeat` accepts can come more than once; by default none can.
  init(_ body: ArraySlice<UInt8>, mayRepeat: (String) -> Bool = { _ in false }) throws(FormError) {
    names.reserveCapacity(FormParameters.countUsual)
    values.reserveCapacity(FormParameters.countUsual)
    var rest = body
    while !rest.isEmpty {
      let end = rest.span.firstIndex(of: UInt8(ascii: "&"), from: 0).map { rest.startIndex + $0 } ?? rest.endIndex
      let pair = rest[..<end]
      rest = rest[end...].dropFirst()
      if !pair.isEmpty { try add(pair, mayRepeat: mayRepeat) }
    }
  }

  /// Adds a parameter as it stands in a body.
  private mutating func add(_ pair: ArraySlice<UInt8>, mayRepeat: (String) -> Bool) throws(FormError) {
    let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
    let (rawName, rawValue) = (pair[..<end], pair[end...].dropFirst())
    // Most need no decoding.
    if PercentDecoding.isPlain(rawName), PercentDecoding.isPlain(rawValue) {
      let (name, value) = (String(decoding: rawName, as: UTF8.self), String(decoding: rawValue, as: UTF8.self))
      return try add(name, value, mayRepeat: mayRepeat)
    }
    guard let name = PercentDecoding.decode(rawName), let value = PercentDecoding.decode(rawValue) else {
      throw .malformed
    }
    try add(name, value, mayRepeat: mayRepeat)
  }

  /// Adds a decoded parameter.
  mutating func add(
    _ name: [UInt8], _ value: [UInt8], mayRepeat: (String) -> Bool = { _ in false }
  ) throws(FormError) {
    guard names.count < FormParameters.countMax else { throw .tooManyParameters }
    guard let name = FormParameters.text(name), let value = FormParameters.text(value) else { throw .malformed }
    try add(name, value, mayRepeat: mayRepeat)
  }

  private mutating func add(_ name: String, _ value: String, mayRepeat: (String) -> Bool) throws(FormError) {
    guard names.count < FormParameters.countMax else { throw .tooManyParameters }
    guard mayRepeat(name) || !has(name) else { throw .duplicate }
    names.append(name)
    values.append(value)
  }

  private static func text(_ bytes: [UInt8]) -> String? {
    bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
  }

  private func has(_ name: String) -> Bool { names.contains { $0.hasSameBytes(as: name) } }

  /// The value of a parameter; nil if it is absent or empty.
  package subscript(_ name: Parameter) -> String? { self[named: name.rawValue] }

  /// The value of a parameter that no endpoint of OAuth knows; nil if it is absent or empty.
  package subscript(named name: String) -> String? {
    guard let place = names.firstIndex(where: { $0.hasSameBytes(as: name) }), !values[place].isEmpty else { return nil }
    return values[place]
  }

  /// The values of a parameter that can repeat, empty ones too.
  func all(named name: String) -> [String] {
    zip(names, values).compactMap { $0.hasSameBytes(as: name) ? $1 : nil }
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

/// The reasons why the body of a request is not a form.
///
/// None of these holds any of the body.
package enum FormError: Error, Sendable, Hashable {
  /// Not `application/x-www-form-urlencoded`, or compressed.
  case mediaType
  /// The body is over its limit.
  case tooLarge
  /// A parameter came twice (RFC 6749 §3.2).
  case duplicate
  case tooManyParameters
  /// A `%` without two hexadecimal digits, a byte that no form holds, or text that is not UTF-8.
  case malformed
}

/// The decoding of `application/x-www-form-urlencoded` text.
enum PercentDecoding {
  /// Decodes one name or value: `+` is a space, `%` starts two hexadecimal digits.
  ///
  /// The result is nil for a `%` that does not, and for control characters, which a form escapes.
  static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    if isPlain(text) { return Array(text) }
    var decoded: [UInt8] = []
    decoded.reserveCapacity(text.count)
    var rest = text.makeIterator()
    while let byte = rest.next() {
      switch byte {
      case UInt8(ascii: "+"):
        decoded.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else { return nil }
        decoded.append(high << 4 | low)
      case _ where byte.isControl:
        return nil
      default:
        decoded.append(byte)
      }
    }
    return decoded
  }

  /// Checks whether the text stands for itself: visible ASCII without `+` and `%`.
  static func isPlain(_ text: ArraySlice<UInt8>) -> Bool {
    text.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "+") }
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
