#if Postgres
package import Platform

/// A connection to one server of a database.
///
/// Its calls block their thread, one at a time: the connection belongs to the thread that opened it or received it.
///
/// An error that breaks the connection closes it: see `isOpen`. No call leaves a transaction open except one that began
/// with `Statement.begin` and succeeded.
package final class DatabaseConnection {
  private let link: DatabaseLink
  /// The statements that the server has prepared, by name.
  private var prepared: [String: PreparedStatement] = [:]
  /// The parameter buffers, one for each query of a round trip, which the next round trip uses again.
  private var buffers: [ParameterBuffer] = []

  private init(_ link: DatabaseLink) { self.link = link }

  /// Connects to one of the address's hosts.
  ///
  /// - Parameters:
  ///   - address: The address with the hosts and the options.
  ///   - index: The place of the host in the address.
  ///   - timeout: The time limit; the address's own `connect_timeout` applies if it is shorter. The look-up of the
  ///     host's name is not bounded.
  ///   - overtaking: The rule by which this wait and those for answers end once other connections are answered.
  /// - Returns: An open connection without a transaction.
  /// - Throws: `.unreachable`, `.refusedConnection`, or `.lost` if the connection breaks at once.
  package static func open(
    _ address: DatabaseAddress, host index: Int, timeout: Duration, overtaking: Overtaking? = nil
  ) throws(DatabaseError) -> sending DatabaseConnection {
    let timeout = min(timeout, address.connectTimeout ?? timeout)
    let link = try DatabaseLink.open(address.options(host: index), overtaking: overtaking, until: .now + timeout)
    let connection = DatabaseConnection(link)
    try link.enterPipeline()
    return connection
  }

  /// The rule by which waits for answers end once other connections are answered, if there is one.
  var overtaking: Overtaking? {
    get { link.overtaking }
    set { link.overtaking = newValue }
  }

  package var isOpen: Bool { link.isOpen }

  /// The server's version, such as 150018 for 15.18.
  package var serverVersion: Int { link.serverVersion }

  /// The process id that the server reported; with a pooler it differs from `pg_backend_pid()`.
  package var backendProcessID: Int32 { link.backendProcessID }

  /// Returns a setting whose changes the server reports, such as `server_encoding`.
  package func parameter(_ name: String) -> String? { link.parameter(name) }

  /// True if a call has left a transaction open for the next one.
  package var isInTransaction: Bool { link.isInTransaction }

  /// Closes the connection; work under way on the server continues.
  ///
  /// The call is idempotent.
  package func close() { link.close() }

  /// Runs the queries of one transaction, and then those of `after`, each in a transaction of its own, in one round
  /// trip.
  ///
  /// With `Statement.begin` as the first query the transaction stays open; the call whose last query is
  /// `Statement.commit` ends it.
  ///
  /// - Parameters:
  ///   - queries: The queries of the transaction, at least one.
  ///   - after: The queries that follow it.
  ///   - deadline: The time at which the connection is closed. Nothing is ever cancelled.
  /// - Returns: The rows of `queries`, followed by those of `after`.
  /// - Throws: The first of several errors; one of `after` is never `.nothingHappened`. The transaction, even an open
  ///   one, is over then.
  package func transaction(
    _ queries: [Query], after: [Query] = [], deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> [Rows] {
    precondition(!queries.isEmpty, "a transaction of nothing")
    let isBegun = link.isInTransaction
    do {
      // A connection that the server has closed meanwhile is told apart from one that breaks later. The server may send
      // a message with the reason before it closes.
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

  /// Rolls back an open transaction, and closes the connection if that fails.
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

  /// Runs statements as text, without parameters, to set up a session or a schema.
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
  /// - Returns: True if notifications came; they are consumed.
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

// MARK: - One round trip
extension DatabaseConnection {
  /// The commands of one transaction that were sent, in the order of their answers.
  private struct SentTransaction {
    enum Command { case prepare(String, PreparedStatement), query }

    /// The commands, each with the index of its query.
    var commands: [(command: Command, index: Int)] = []
    /// The index that stands for the commit in an error.
    let commitIndex: Int
  }

  /// Fills the parameter buffers before anything is sent, so that parameters that cannot be sent never are.
  private func fill(_ queries: [Query]) throws(DatabaseError) {
    while buffers.count < queries.count { buffers.append(ParameterBuffer()) }
    for (index, query) in queries.enumerated() where !buffers[index].fill(query.parameters) {
      throw .nothingHappened(
        code: "22021", "a text for the statement \(query.statement.name) has a NUL, which PostgreSQL cannot keep")
    }
  }

  /// Sends all queries, and then receives their answers; the transaction cannot have changed anything before the query
  /// `firstIndex`, which is nil if it was begun before.
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
        // The result of the first transaction stays as it is.
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
    // The commit can fail too, and its error comes before the end.
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

  /// Returns the report of an error.
  ///
  /// - Throws: `.lost` if the error ends the connection, so that no further answer comes.
  private func survivedFailure(_ reply: Reply) throws(DatabaseError) -> Report {
    let report = reply.failure
    guard let code = report.code, report.severity == "ERROR", !code.hasPrefix("08") else {
      throw link.lost(report.message)
    }
    return report
  }

  /// Returns the meaning of a query's error for its transaction.
  ///
  /// `isFirst` is true if no query came before it in the transaction or script, and nil for a transaction of `after`.
  private func error(_ report: Report, at index: Int, isFirst: Bool?) -> DatabaseError {
    let code = report.code ?? ""
    // The server no longer has the statement as it was prepared; a new connection prepares it anew.
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
