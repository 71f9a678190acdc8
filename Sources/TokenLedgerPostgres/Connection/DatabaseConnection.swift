#if Postgres
package import Platform

/// A connection to one server of a database. Its calls block the thread that makes them, one at a time: it belongs to
/// the thread that has opened it, or was given it.
///
/// An error that breaks it closes it: see `isOpen`. No call leaves a transaction open but one that began with
/// `Statement.begin` and succeeded.
package final class DatabaseConnection {
  private let link: DatabaseLink
  /// The statements that the server has prepared, by name.
  private var prepared: [String: PreparedStatement] = [:]
  /// One for each query of a round trip, used again in the next.
  private var buffers: [ParameterBuffer] = []

  private init(_ link: DatabaseLink) { self.link = link }

  /// Connects to one of the address's hosts.
  ///
  /// - Parameter timeout: at most the address's own `connect_timeout`. The look-up of a host's name is not bounded.
  /// - Throws: `.unreachable`, `.refusedConnection`.
  package static func open(
    _ address: DatabaseAddress, host index: Int, timeout: Duration
  ) throws(DatabaseError) -> sending DatabaseConnection {
    let timeout = min(timeout, address.connectTimeout ?? timeout)
    let link = try DatabaseLink.open(address.options(host: index), until: .now + timeout)
    let connection = DatabaseConnection(link)
    try link.enterPipeline()
    return connection
  }

  package var isOpen: Bool { link.isOpen }

  /// Such as 150018 for 15.18.
  package var serverVersion: Int { link.serverVersion }

  /// As the server told it; a pooler tells another than `pg_backend_pid()`.
  package var backendProcessID: Int32 { link.backendProcessID }

  /// A setting of which the server tells each change, such as `server_encoding`.
  package func parameter(_ name: String) -> String? { link.parameter(name) }

  /// Whether a call has left a transaction open for the next.
  package var isInTransaction: Bool { link.isInTransaction }

  /// Closes it; what is under way on the server goes on. Idempotent.
  package func close() { link.close() }

  /// Runs the queries of one transaction, and then those of `after`, each in a transaction of its own, in one round
  /// trip.
  ///
  /// With `Statement.begin` as the first query the transaction stays open; the call whose last query is
  /// `Statement.commit` ends it.
  ///
  /// - Parameter deadline: when it passes the connection is closed. Nothing is ever cancelled.
  /// - Returns: what `queries` gave, then what `after` gave.
  /// - Throws: of several errors the first; one of `after` is never `.nothingHappened`. The transaction is over then,
  ///   an open one too.
  package func transaction(
    _ queries: [Query], after: [Query] = [], deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> [Rows] {
    precondition(!queries.isEmpty, "a transaction of nothing")
    let isBegun = link.isInTransaction
    do {
      // A connection that the server has closed meanwhile is told apart from one that breaks later. Before the end
      // comes a message that says why, or nothing.
      while ContinuousClock.now < deadline {
        guard try link.wait(for: .input, until: .now).contains(.input) else { break }
        try link.takeInput()
      }
    } catch {
      throw isBegun ? error : .unreachable("the server had closed the connection")
    }
    _ = link.takeWarnings()
    do {
      try fill(queries + after)
      let firstIndex = isBegun ? nil : queries.firstIndex { $0.statement != .begin }
      return try roundTrip(queries, after: after, firstIndex: firstIndex, until: deadline)
    } catch {
      rollBack(deadline: deadline)
      throw error
    }
  }

  /// Ends a transaction that is open, without effect; closes the connection if that fails.
  package func rollBack(deadline: ContinuousClock.Instant) {
    guard link.isInTransaction else { return }
    do {
      let rollback = [Query(Statement(name: "rollback", sql: "rollback"))]
      try fill(rollback)
      _ = try roundTrip(rollback, after: [], firstIndex: nil, until: deadline)
    } catch {
      close()
    }
  }

  /// Runs statements as text, without parameters: to set up a session or a schema.
  ///
  /// Without `begin` and `commit` among them they are one transaction. Their errors are those of `transaction`.
  package func simple(_ sql: String, deadline: ContinuousClock.Instant) throws(DatabaseError) {
    precondition(!sql.utf8.contains(0), "C ends a text at a NUL")
    try link.leavePipeline()
    _ = link.takeWarnings()
    try link.send(script: sql)
    var (done, failure): (Int, (Report, index: Int)?) = (0, nil)
    while let reply = try link.nextReply(until: deadline) {
      switch reply.status {
      case .rows, .done: done += 1
      case .failed:
        let report = try survivedFailure(reply)
        failure = failure ?? (report, done)
      case .sync, .passedOver, .unexpected: throw confusion()
      }
    }
    let warnings = link.takeWarnings()
    let error = failure.map { report, index in self.error(report, at: index, isFirst: index == 0) }
    try link.enterPipeline()
    if error != nil { rollBack(deadline: deadline) }
    if let error { throw error }
    if !warnings.isEmpty { throw .warned(warnings.joined(separator: "; ")) }
  }

  /// Waits for a notification of a channel that is listened to, a post to `wakeUp`, or the deadline.
  ///
  /// - Returns: whether notifications came; they are taken.
  /// - Throws: `.lost`.
  package func waitForNotification(
    until deadline: ContinuousClock.Instant, orWakeBy wakeUp: WakeUp? = nil
  ) throws(DatabaseError) -> Bool {
    while true {
      var isNotified = false
      while try link.takeNotification() { isNotified = true }
      if isNotified { return true }
      let ready = try link.wait(for: .input, orWakeBy: wakeUp, until: deadline)
      if ready.contains(.input) { try link.takeInput() }
      if ready != .input || ContinuousClock.now >= deadline { return try link.takeNotification() }
    }
  }
}

/// A statement as the server has prepared it.
private struct PreparedStatement: Hashable {
  let sql: String
  let types: [UInt32]
}

// One round trip.
extension DatabaseConnection {
  /// The queries of one transaction that were sent, in the order in which the answers come.
  private struct SentTransaction {
    enum Command { case prepare(String, PreparedStatement), query }

    /// Each with the index of its query.
    var commands: [(command: Command, index: Int)] = []
    /// The index of an error of the commit.
    let commitIndex: Int
  }

  /// Before anything is sent: what cannot be sent never is.
  private func fill(_ queries: [Query]) throws(DatabaseError) {
    while buffers.count < queries.count { buffers.append(ParameterBuffer()) }
    for (index, query) in queries.enumerated() where !buffers[index].fill(query.parameters) {
      throw .nothingHappened(
        code: "22021", "a text for the statement \(query.statement.name) has a NUL, which PostgreSQL cannot keep")
    }
  }

  /// - Parameter firstIndex: the query before which the transaction can have changed nothing; nil if it was begun
  ///   before.
  private func roundTrip(
    _ queries: [Query], after: [Query], firstIndex: Int?, until deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> [Rows] {
    var preparing: [String: PreparedStatement] = [:]
    var sent = [try send(queries, buffer: 0, index: 0, commitIndex: queries.count, &preparing)]
    for (place, query) in after.enumerated() {
      let index = queries.count + 1 + place
      sent.append(try send([query], buffer: queries.count + place, index: index, commitIndex: index, &preparing))
    }
    var (rows, first): ([Rows], DatabaseError?) = ([], nil)
    for (place, transaction) in sent.enumerated() {
      do {
        let (answers, failure) = try receive(transaction, until: deadline)
        rows += answers
        guard let failure, first == nil else { continue }
        let (report, index) = failure
        first = error(report, at: index, isFirst: place == 0 ? index <= firstIndex ?? -1 : nil)
      } catch {
        // What is known of the first transaction stays so.
        throw first ?? error
      }
    }
    let warnings = link.takeWarnings()
    if let first { throw first }
    if !warnings.isEmpty { throw .warned(warnings.joined(separator: "; ")) }
    return rows
  }

  private func send(
    _ queries: [Query], buffer: Int, index: Int, commitIndex: Int, _ preparing: inout [String: PreparedStatement]
  ) throws(DatabaseError) -> SentTransaction {
    var sent = SentTransaction(commitIndex: commitIndex)
    for (place, query) in queries.enumerated() {
      let (statement, types) = (query.statement, buffers[buffer + place].types)
      if let known = prepared[statement.name] ?? preparing[statement.name] {
        precondition(known.sql == statement.sql && known.types == types, "two statements of the name \(statement.name)")
      } else {
        let new = PreparedStatement(sql: statement.sql, types: types)
        try link.send(prepare: statement, types: types)
        preparing[statement.name] = new
        sent.commands.append((.prepare(statement.name, new), index + place))
      }
      try link.send(statement.name, parameters: buffers[buffer + place])
      sent.commands.append((.query, index + place))
    }
    try link.sendSynchronization()
    return sent
  }

  private func receive(
    _ transaction: SentTransaction, until deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> ([Rows], failure: (Report, index: Int)?) {
    var (rows, failure): ([Rows], (Report, index: Int)?) = ([], nil)
    for (command, index) in transaction.commands {
      guard let reply = try link.nextReply(until: deadline) else { throw confusion() }
      switch (reply.status, command) {
      case (.done, .prepare(let name, let statement)): prepared[name] = statement
      case (.rows, .query), (.done, .query): rows.append(Rows(reply))
      case (.failed, _):
        let report = try survivedFailure(reply)
        failure = failure ?? (report, index)
      case (.passedOver, _) where failure != nil: break
      default: throw confusion()
      }
      guard try link.nextReply(until: deadline) == nil else { throw confusion() }
    }
    // The commit can fail too, and is told before the end.
    for _ in 0..<4 {
      guard let reply = try link.nextReply(until: deadline) else { continue }
      switch reply.status {
      case .sync: return (rows, failure)
      case .failed:
        let report = try survivedFailure(reply)
        failure = failure ?? (report, transaction.commitIndex)
      default: throw confusion()
      }
    }
    throw confusion()
  }

  /// Returns what the server told of an error.
  ///
  /// - Throws: `.lost` if the error ends the connection: what comes after it never comes.
  private func survivedFailure(_ reply: Reply) throws(DatabaseError) -> Report {
    let report = reply.failure
    guard let code = report.code, report.severity == "ERROR", !code.hasPrefix("08") else {
      throw link.lost(report.message)
    }
    return report
  }

  /// Returns what an error of a query says of its transaction.
  ///
  /// - Parameter isFirst: whether nothing came before it; nil for another transaction than the one that counts.
  private func error(_ report: Report, at index: Int, isFirst: Bool?) -> DatabaseError {
    let code = report.code ?? ""
    // The server no longer has the statement, or not as it was prepared: a new connection prepares it anew.
    if code == "26000" || code == "0A000" { close() }
    guard let isFirst else { return .statement(code: code, index: index, report.message) }
    let isConflict = code == "40001" || code == "40P01" || code == "55P03"
    return isFirst || isConflict
      ? .nothingHappened(code: code, report.message) : .statement(code: code, index: index, report.message)
  }

  private func confusion() -> DatabaseError {
    close()
    return .malformed("libpq and this program do not agree on what was sent; the connection is closed")
  }
}
#endif
