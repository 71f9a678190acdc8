#if Postgres
internal import CLibPQ
internal import Platform

extension DatabaseLink {
  /// Connects to one host, and waits at most until the deadline; the look-up of a name is not bounded.
  ///
  /// With `overtaking` neither this wait nor one for an answer goes on long once other connections are answered.
  ///
  /// - Throws: `.unreachable`, `.refusedConnection`.
  static func open(
    _ options: ConnectionOptions, overtaking: Overtaking? = nil, until deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> DatabaseLink {
    guard let connection = unsafe options.startConnection() else {
      throw .unreachable("libpq has no memory left for a connection; free some.")
    }
    do {
      try unsafe complete(connection, overtaking, until: deadline)
    } catch {
      unsafe PQfinish(connection)
      throw error
    }
    let link = unsafe DatabaseLink(connection)
    link.overtaking = overtaking
    return link
  }

  @unsafe private static func complete(
    _ connection: OpaquePointer, _ overtaking: Overtaking?, until deadline: ContinuousClock.Instant
  ) throws(DatabaseError) {
    // libpq gives the SQLSTATE of a refusal only in the most verbose form.
    unsafe PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
    defer { unsafe PQsetErrorVerbosity(connection, PQERRORS_DEFAULT) }
    var wanted = Readiness.output
    var isConnected = false
    while true {
      guard unsafe PQstatus(connection) != CONNECTION_BAD else { throw unsafe refusal(connection, isConnected) }
      let socket = unsafe PQsocket(connection)
      let found: Readiness?
      do {
        found = try Readiness.wait(for: wanted, of: socket, overtaking, until: deadline)
      } catch {
        throw .unreachable("The system does not wait for a socket: \(error).")
      }
      guard let ready = found else { throw .unreachable(Overtaking.reason) }
      // The deadline also applies if input keeps coming and is never complete.
      guard !ready.isEmpty, ContinuousClock.now < deadline else {
        throw .unreachable("\(unsafe place(of: connection)) does not answer in time")
      }
      // The socket changes after an address that did not answer.
      let progress = unsafe PQconnectPoll(connection)
      switch unsafe PQstatus(connection) {
      case CONNECTION_STARTED, CONNECTION_NEEDED, CONNECTION_BAD: break
      default: isConnected = true
      }
      switch progress {
      case PGRES_POLLING_OK: return
      case PGRES_POLLING_READING: wanted = .input
      case PGRES_POLLING_WRITING: wanted = .output
      default: throw unsafe refusal(connection, isConnected)
      }
    }
  }

  @unsafe private static func place(of connection: OpaquePointer) -> String {
    let (host, port) = unsafe (PQhost(connection), PQport(connection))
    guard let host = unsafe host, let port = unsafe port else { return "the server" }
    return unsafe "the server \(String(cString: host)), port \(String(cString: port)),"
  }

  /// Returns the error of a connection that was not made.
  ///
  /// `isConnected` is true if the host accepted the connection before libpq or the server refused to continue.
  @unsafe private static func refusal(_ connection: OpaquePointer, _ isConnected: Bool) -> DatabaseError {
    // The lines with the position in the server's source are meant for its developers.
    let lines = unsafe String(cString: PQerrorMessage(connection)).split(separator: "\n")
    let text = lines.filter { !$0.hasPrefix("LOCATION:") }.joined(separator: "\n").onOneLine
    if let (code, told) = text.takingCode() { return .refusedConnection(code: code, told) }
    // libpq does not continue, for lack of a password or of encryption, or somebody has closed the connection silently.
    let isEnded = ["closed the connection", "reset by peer"].contains { text.contains($0) }
    return isConnected && !isEnded ? .refusedConnection(code: nil, text) : .unreachable(text)
  }
}
extension String {
  /// Returns the SQLSTATE in libpq's most verbose form and the text without it, or nil if there is none.
  ///
  /// The code comes after the severity and two spaces: `FATAL:  28P01: password authentication failed for user "a"`.
  fileprivate func takingCode() -> (code: String, text: String)? {
    let bytes = Array(utf8)
    let (mark, codeBytes) = (Array(":  ".utf8), 5)
    for start in bytes.indices where bytes[start...].starts(with: mark) {
      let code = bytes[(start + mark.count)...].prefix(codeBytes)
      let rest = bytes[(start + mark.count + code.count)...]
      guard code.count == codeBytes, rest.starts(with: ": ".utf8), code.allSatisfy(\.isOfCode) else { continue }
      return (String(decoding: code, as: UTF8.self), String(decoding: bytes[..<start] + rest, as: UTF8.self))
    }
    return nil
  }
}

extension UInt8 {
  /// True if the byte can be part of an SQLSTATE.
  fileprivate var isOfCode: Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
  }
}
#endif
