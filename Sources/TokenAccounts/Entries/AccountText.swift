/// The limits of names, ids and passwords, and the quoting of outside text in messages.
enum AccountText {
  static let nameBytesMax = 256
  /// The most bytes of a password or client secret; longer ones are refused before any hashing.
  static let secretBytesMax = 1024
  static let passwordBytesMin = 8
  static let clientSecretBytesMin = 16
  /// The most candidates of one client's secret that are compared.
  static let secretCandidatesMax = 8
  /// The most entries in one account file.
  static let entriesMax = 100_000

  /// Returns the rule that `name` breaks as a user's name, or nil if it breaks none.
  static func fault(inUserName name: String) -> String? {
    guard (1...nameBytesMax).contains(name.utf8.count) else { return "must have 1 to \(nameBytesMax) bytes" }
    guard !name.unicodeScalars.contains(where: isUnprintable) else { return "must not hold control characters" }
    return nil
  }

  /// Returns the rule that `id` breaks as a client's id (`*VSCHAR`, RFC 6749 appendix A.1), or nil if it breaks none.
  static func fault(inClientID id: String) -> String? {
    guard (1...nameBytesMax).contains(id.utf8.count), id.utf8.allSatisfy(isVisible) else {
      return "must be 1 to \(nameBytesMax) printable ASCII characters"
    }
    return nil
  }

  /// Returns the rule that a new password breaks, or nil if it breaks none.
  static func fault(inPassword password: String) -> String? {
    guard (passwordBytesMin...secretBytesMax).contains(password.utf8.count) else {
      return "must have \(passwordBytesMin) to \(secretBytesMax) bytes"
    }
    return nil
  }

  /// Returns the rule that a new client secret breaks (`*VSCHAR`, RFC 6749 appendix A.2), or nil if it breaks none.
  static func fault(inClientSecret secret: String) -> String? {
    guard (clientSecretBytesMin...secretBytesMax).contains(secret.utf8.count), secret.utf8.allSatisfy(isVisible) else {
      return "must be \(clientSecretBytesMin) to \(secretBytesMax) printable ASCII characters"
    }
    return nil
  }

  /// Returns `text` in quotes for a one-line message: at most 64 scalars, with everything escaped that a terminal acts
  /// on.
  static func quoted(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(64) {
      let needsEscape = isUnprintable(scalar) || scalar == "\"" || scalar == "\\"
      shown += needsEscape ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return "\"\(shown)\(text.unicodeScalars.count > 64 ? "…" : "")\""
  }

  private static func isVisible(_ byte: UInt8) -> Bool { (0x20...0x7E).contains(byte) }

  private static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    // Marks that change the direction of the text around them could make one name look like another in a list.
    case .format: (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    default: false
    }
  }
}
