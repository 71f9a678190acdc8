/// The `Content-Type` of a form, or a similar header with a name and parameters (RFC 9110 §8.3.1).
struct FormMediaType {
  private let name: Substring
  private let rest: Substring

  init(_ text: String) {
    let end = text.utf8.firstIndex { $0 == UInt8(ascii: ";") || $0 == 0x09 || $0 == 0x20 } ?? text.endIndex
    name = text[..<end]
    rest = text[end...]
  }

  /// Tells whether it is this type, given in lower case and in ASCII.
  func isNamed(_ name: String) -> Bool {
    self.name.utf8.count == name.utf8.count && (self.name == name || self.name.lowercased() == name)
  }

  /// The text between two parts of a body (RFC 2046 §5.1.1); nil if there is none, more than one, or a malformed one.
  var boundary: [UInt8]? {
    guard let parameters = HeaderParameters(rest), let text = parameters["boundary"] else { return nil }
    let bytes = Array(text.utf8)
    let isPlain = bytes.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
        || "'()+_,-./:=? ".utf8.contains($0)
    }
    return (1...70).contains(bytes.count) && bytes.last != UInt8(ascii: " ") && isPlain ? bytes : nil
  }
}

/// The parameters that follow a value in a header: `; name=token; name="quoted"` (RFC 9110 §5.6.6).
struct HeaderParameters {
  private var pairs: [(name: String, value: String)] = []

  /// Fails if it is anything else, or if a name comes twice.
  init?(_ text: Substring) {
    var rest = text.utf8[...]
    func skipSpace() { rest = rest.drop { $0 == 0x20 || $0 == 0x09 } }
    skipSpace()
    while !rest.isEmpty {
      guard rest.first == UInt8(ascii: ";") else { return nil }
      rest = rest.dropFirst()
      skipSpace()
      if rest.isEmpty || rest.first == UInt8(ascii: ";") { continue }
      let name = rest.prefix(while: Self.isTokenByte)
      rest = rest.dropFirst(name.count)
      guard !name.isEmpty, rest.first == UInt8(ascii: "=") else { return nil }
      rest = rest.dropFirst()
      guard let value = rest.first == UInt8(ascii: "\"") ? Self.quoted(&rest) : Self.token(&rest) else { return nil }
      let lowered = String(Substring(name)).lowercased()
      guard !pairs.contains(where: { $0.name == lowered }) else { return nil }
      pairs.append((lowered, value))
      skipSpace()
    }
  }

  var names: [String] { pairs.map(\.name) }

  subscript(_ name: String) -> String? { pairs.first { $0.name == name }?.value }

  private static func token(_ rest: inout Substring.UTF8View) -> String? {
    let token = rest.prefix(while: isTokenByte)
    rest = rest.dropFirst(token.count)
    return token.isEmpty ? nil : String(Substring(token))
  }

  /// Reads a quoted value.
  ///
  /// A backslash escapes a quote or another backslash; before anything else it is itself, as browsers write it.
  private static func quoted(_ rest: inout Substring.UTF8View) -> String? {
    rest = rest.dropFirst()
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return String(validating: bytes, as: UTF8.self)
      case UInt8(ascii: "\\") where rest.first == UInt8(ascii: "\"") || rest.first == UInt8(ascii: "\\"):
        bytes.append(rest.removeFirst())
      default: bytes.append(byte)
      }
    }
    return nil
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      || "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}
