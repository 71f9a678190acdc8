#if Postgres
internal import PostgresTesting

/// The ways in which an exchange with the database fails.
enum DatabaseFaultForm {
  static let all: [RequestFault] =
    [.cutBefore, .cutBeforeEnd, .cutAfter, .cutInside, .hold]
    + RequestFault.conflicts.map { .failFirst(code: $0) }
    + RequestFault.conflicts.map { .failLast(code: $0) }
    + [.failLast(code: diskFull), .deny(code: ioError), .warn]

  /// Errors that say nothing of what happened: the first comes with a transaction that is rolled back, the other with
  /// one that was committed.
  private static let diskFull = "53100"
  private static let ioError = "58030"

  /// What a server says that takes no connection at this moment.
  private static let busy = ["57P03", "53300", "57P03"]

  /// The form of a number for an exchange; nil if that cannot fail so.
  static func form(_ number: Int, of exchange: ProxyExchange) -> RequestFault? {
    let form = all[number]
    guard exchange.statements == ["connect"] else { return form }
    // A connection begins with one message, and the server has nothing to take back.
    switch form {
    case .cutBefore, .cutAfter, .cutInside, .hold: return form
    case .failFirst(let code): return .failFirst(code: busy[RequestFault.conflicts.firstIndex(of: code) ?? 0])
    case .cutBeforeEnd, .failLast, .deny, .warn: return nil
    }
  }
}

extension RequestFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .cutBefore: "cut before the request"
    case .cutBeforeEnd: "cut before the request's end"
    case .cutAfter: "cut after the request"
    case .cutInside: "cut in the answer"
    case .hold: "no answer before the deadline"
    case .failFirst(let code): "\(code) in its place"
    case .failLast(let code): "\(code) at its end"
    case .deny(let code): "\(code) after it was done"
    case .warn: "a warning"
    }
  }
}

extension ProxyExchange {
  /// Whether the feed makes it, which goes by the time.
  var isOfFeed: Bool { statements.contains("feed_look") }

  /// Whether a call makes it, and not a connection that is made ready.
  var isOfCall: Bool {
    let first = ownStatements.first ?? ""
    let beginnings = ["connect", "schema_", "feed_", "set", "listen", "rollback"]
    return !isOfFeed && !beginnings.contains { first.hasPrefix($0) }
  }

  /// Whether it is worth a fault of its own: looks of the feed come again and again.
  var isTarget: Bool { !isOfFeed || number == 0 || number == 2 }
}
#endif
