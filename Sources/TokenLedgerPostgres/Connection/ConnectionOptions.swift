#if Postgres
internal import CLibPQ

/// The options of libpq for a server, by keyword, as in https://www.postgresql.org/docs/current/libpq-connect.html.
///
/// They can hold a password, so none of them may be put into a text.
struct ConnectionOptions: Sendable, Hashable {
  private(set) var values: [String: String]

  subscript(keyword: String) -> String? {
    get { values[keyword] }
    set { values[keyword] = newValue }
  }

  /// Parses a URL or a connection string.
  ///
  /// - Throws: `.unsuitable` for a text that libpq does not understand.
  init(parsing text: String) throws(DatabaseError) {
    guard !text.utf8.contains(0) else {
      throw .unsuitable("The database's address has a NUL; write it without one.")
    }
    var message: UnsafeMutablePointer<CChar>?
    guard let options = unsafe PQconninfoParse(text, &message) else {
      defer { unsafe PQfreemem(message) }
      let reason = unsafe message.map { unsafe String(cString: $0) } ?? "no memory is left"
      throw .unsuitable(
        "The database's address is none that libpq understands (\(Self.withoutQuotations(reason))); "
          + "write it as postgresql://USER@HOST:5432/DATABASE.")
    }
    defer { unsafe PQconninfoFree(options) }
    values = unsafe Self.values(of: options)
  }

  /// Returns the options that a connection with these would have, including those of the environment and a service
  /// file.
  ///
  /// No server is asked.
  ///
  /// - Throws: `.unsuitable` for a value that libpq does not accept.
  func resolved() throws(DatabaseError) -> ConnectionOptions {
    // libpq gives the resolved options only of a connection. One whose last option is refused has them all and never
    // begins.
    var probe = self
    let noValue = "refresh-ledger"
    probe["target_session_attrs"] = noValue
    guard let connection = unsafe probe.startConnection() else {
      throw .unsuitable("libpq has no memory left for a connection; free some.")
    }
    defer { unsafe PQfinish(connection) }
    let message = unsafe String(cString: PQerrorMessage(connection))
    guard unsafe PQstatus(connection) == CONNECTION_BAD, message.contains("\"\(noValue)\"") else {
      throw .unsuitable("The database's address cannot be used: \(message.onOneLine).")
    }
    guard let options = unsafe PQconninfo(connection) else {
      throw .unsuitable("libpq has no memory left for a connection; free some.")
    }
    defer { unsafe PQconninfoFree(options) }
    return ConnectionOptions(unsafe Self.values(of: options))
  }

  /// Begins a connection, which the caller must finish.
  ///
  /// Returns nil if no memory is left. The call looks up the host's name, and waits for that.
  @unsafe func startConnection() -> OpaquePointer? {
    let pairs = values.sorted { $0.key < $1.key }
    // All strings are stored one after the other, each with its NUL.
    var bytes: [UInt8] = []
    var places: [(keyword: Int, value: Int)] = []
    for (keyword, value) in pairs {
      let start = bytes.count
      bytes += keyword.utf8
      bytes.append(0)
      places.append((start, bytes.count))
      bytes += value.utf8
      bytes.append(0)
    }
    return unsafe bytes.withUnsafeBytes { buffer in
      guard let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else { return nil }
      var keywords = unsafe places.map { unsafe Optional(base + $0.keyword) }
      var values = unsafe places.map { unsafe Optional(base + $0.value) }
      unsafe keywords.append(nil)
      unsafe values.append(nil)
      return unsafe PQconnectStartParams(keywords, values, 0)
    }
  }

  private init(_ values: [String: String]) { self.values = values }

  @unsafe private static func values(of options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
    var (values, option): ([String: String], _) = unsafe ([:], options)
    while let keyword = unsafe option.pointee.keyword {
      if let value = unsafe option.pointee.val { unsafe values[String(cString: keyword)] = String(cString: value) }
      unsafe option += 1
    }
    return values
  }

  /// Returns the text without quoted parts: libpq quotes what it does not understand, and that can be a password.
  private static func withoutQuotations(_ text: String) -> String {
    let parts = text.onOneLine.split(separator: "\"", omittingEmptySubsequences: false)
    return parts.enumerated().map { index, part in index.isMultiple(of: 2) ? String(part) : "..." }.joined()
  }
}
#endif
