import Platform
import TokenHTTP
import TokenLedger

/// The fault of a setting's value and its fix: the end of a sentence that begins with the key and the value.
struct SettingError: Error {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// The forms of settings that are text.
enum SettingText {
  /// Checks that a text has no control characters, and a length within `bytes`.
  static func line(_ text: String, bytes: ClosedRange<Int>) throws(SettingError) -> String {
    guard bytes.contains(text.utf8.count) else {
      throw SettingError("has \(text.utf8.count) bytes; write \(bytes.lowerBound) to \(bytes.upperBound)")
    }
    guard !text.hasControlCharacters else {
      throw SettingError("holds a control character; write printable characters")
    }
    return text
  }

  /// Returns the host without the brackets that an IPv6 address has in a URL.
  static func host(_ text: String) throws(SettingError) -> String {
    guard text.contains(where: { "[]/ ".contains($0) }) else { return text }
    let inner = text.dropFirst().dropLast()
    guard text.hasPrefix("["), text.hasSuffix("]"), inner.contains(":"), !inner.contains(where: { "[]/ ".contains($0) })
    else {
      throw SettingError("is not an address; write a name, or an address such as 127.0.0.1, ::1 or [::1]")
    }
    return String(inner)
  }

  /// Returns the name of a client as it is kept.
  static func name(_ text: String) throws(SettingError) -> String { NameForm.typed(text) }

  static func pathPrefix(_ text: String) throws(SettingError) -> String {
    guard text.isEmpty || isPlainPath(text) else {
      throw SettingError("is not a path; write one such as /auth, without a slash at its end")
    }
    return text
  }

  /// Returns the path of the console, which must not begin like another route.
  static func consolePath(_ text: String) throws(SettingError) -> String {
    guard isPlainPath(text) else {
      throw SettingError("is not a path; write one such as /console, without a slash at its end")
    }
    let first = text.dropFirst().prefix { $0 != "/" }
    guard !TokenApplication.firstSegments.contains(String(first)) else {
      throw SettingError("is a path of other routes; write one that begins differently, such as /console")
    }
    return text
  }

  private static func isPlainPath(_ path: String) -> Bool {
    let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    return path.hasPrefix("/")
      && segments.allSatisfy { segment in
        !segment.isEmpty && segment != "." && segment != ".."
          && segment.utf8.allSatisfy { Character(Unicode.Scalar($0)).isLetter || "0123456789-._~".utf8.contains($0) }
      }
  }

  /// Returns origins as browsers write them (RFC 6454 §6.2), separated by single spaces.
  static func origins(_ text: String) throws(SettingError) -> Set<String> {
    guard !text.isEmpty else { return [] }
    let origins = text.split(separator: " ", omittingEmptySubsequences: false).map { WebOrigin(String($0)) }
    guard !origins.contains(nil) else {
      throw SettingError(
        "has an entry that is not an origin; write origins such as https://app.example or capacitor://localhost, "
          + "in lower case, separated by single spaces")
    }
    return Set(origins.compactMap { $0?.text })
  }

  /// Returns paths that are separated by commas, with or without a space after them, without duplicates.
  static func paths(_ text: String) throws(SettingError) -> [String] {
    guard !text.isEmpty else { return [] }
    let paths = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      String(part.drop { $0 == " " })
    }
    guard !paths.contains(where: \.isEmpty), Set(paths).count == paths.count else {
      throw SettingError("has an empty entry, or names a file twice; write the files as in new.key, old.key")
    }
    return paths
  }

  /// Returns the name of a schema that PostgreSQL accepts without quotation marks.
  static func schema(_ text: String) throws(SettingError) -> String {
    let isPlain = text.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789_".utf8.contains($0) }
    guard isPlain, text.first?.isNumber == false, !text.hasPrefix("pg_"), text != "public",
      text != "information_schema"
    else {
      throw SettingError(
        "is not a name for a schema; write lower case letters, digits and _, such as refresh_ledger, but not pg_ at the start"
      )
    }
    return text
  }

  /// Returns names of headers that are separated by single spaces or commas.
  static func headers(_ text: String) throws(SettingError) -> Set<String> {
    guard !text.isEmpty else { return [] }
    let names = text.replacing(", ", with: " ").replacing(",", with: " ").split(
      separator: " ", omittingEmptySubsequences: false)
    let isFine = names.allSatisfy { name in
      !name.isEmpty
        && name.utf8.allSatisfy {
          Character(Unicode.Scalar($0)).isLetter && $0 < 0x80 || "0123456789-_".utf8.contains($0)
        }
    }
    guard isFine else {
      throw SettingError(
        "has an entry that is not a header's name; write names such as traceparent tracestate, "
          + "separated by single spaces or commas"
      )
    }
    return Set(names.map { $0.lowercased() })
  }
}
