/// The value of an `Authorization` header: a scheme and what follows it (RFC 9110 §11.4).
struct AuthorizationCredentials {
  let scheme: Substring
  /// Empty where the scheme stands alone.
  let value: Substring

  init(_ field: String) {
    let space = UInt8(ascii: " ")
    let end = field.utf8.firstIndex(of: space) ?? field.endIndex
    scheme = field[..<end]
    value = field[(field.utf8[end...].firstIndex { $0 != space } ?? field.endIndex)...]
  }

  /// Whether the scheme is this one, which is written in lower case.
  func hasScheme(_ name: String) -> Bool {
    scheme.utf8.count == name.utf8.count && scheme.lowercased() == name
  }
}
