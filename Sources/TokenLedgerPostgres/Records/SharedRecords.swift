#if Postgres
package import RotationModel

/// A document that all instances on a database share: the keys of one purpose, a user, a client.
package struct SharedRecord: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The keys of one purpose, sealed.
    case key
    case user
    case client
  }

  package var name: String
  package var body: [UInt8]
  /// The number of the change that wrote the record, which is greater than that of any earlier change of any record.
  package var change: Int64

  package init(name: String, body: [UInt8], change: Int64) {
    self.name = name
    self.body = body
    self.change = change
  }
}

/// The records of a kind that were found, as of one moment.
package struct FoundRecords: Sendable, Hashable {
  /// The records in the order of the bytes of their names.
  package var records: [SharedRecord]
  /// The number of all records of the kind, including those that were not asked for.
  package var count: Int
  /// The ledger's time.
  package var now: Timestamp
}

/// The records of a ledger, read and changed one by one by compare-and-set.
///
/// Each call is one step, which waits for the standby if one is required, so that its result is durable. A reader that
/// sees one change sees all before it. A call costs a round trip and a commit. All changes of records take turns, even
/// those of different records.
package struct SharedRecords: Sendable {
  /// The limit of a body, which is a small document and not a file.
  package static let bodyBytesLimit = Limit(0...(1 << 20), "at most 1 MiB")
  package static let nameBytesLimit = Limit(1...2048, "from 1 to 2048 bytes")

  private let steps: any AttemptPerformer
  private let latest: RisingNumber
  /// The database and its schema for messages, without a password.
  package let place: String

  /// Creates the records of a ledger.
  ///
  /// - Parameters:
  ///   - steps: The performer of the ledger's steps.
  ///   - place: The database and its schema for messages, without a password.
  ///   - latest: The number of the last known change.
  package init(_ steps: some AttemptPerformer, place: String, latest: RisingNumber) {
    self.steps = steps
    self.place = place
    self.latest = latest
  }

  /// The number of the last change of any record that this instance has heard of, at most 100 ms late while it is
  /// connected.
  ///
  /// Reading it costs a lock.
  package var lastChange: Int64 { latest.value }

  /// A stream of ``lastChange`` whenever it has grown, from now on.
  ///
  /// A slow reader receives only the newest value. The stream ends when the ledger closes.
  package var changes: AsyncStream<Int64> { latest.changes() }

  /// Returns the records of a kind that a later change than this one wrote, by default all of them.
  package func records(
    _ kind: SharedRecord.Kind, after change: Int64 = 0
  ) async throws(LedgerError) -> FoundRecords {
    let query = Query(RecordStatements.all, [.text(kind.rawValue), .int64(change)])
    let count = Query(RecordStatements.count, [.text(kind.rawValue)])
    return try await steps.perform { (connection, _, deadline) throws(DatabaseError) in
      let answer = try connection.step([query, count, Query(LedgerSQL.barrierStatement)], deadline: deadline)
      return FoundRecords(
        records: try answer.rows[0].sharedRecords(), count: Int(clamping: try answer.rows[1].int64(0, 0)),
        now: answer.prelude.now)
    }
  }

  /// Returns a record, or nil if there is none.
  package func record(_ kind: SharedRecord.Kind, _ name: String) async throws(LedgerError) -> SharedRecord? {
    let query = Query(RecordStatements.one, [.text(kind.rawValue), .text(name)])
    return try await steps.perform { (connection, _, deadline) throws(DatabaseError) in
      try connection.step([query, Query(LedgerSQL.barrierStatement)], deadline: deadline).rows[0].sharedRecords().first
    }
  }

  /// Writes a record if the change that wrote it last is still `expecting` or, for nil, if there is none.
  ///
  /// An interrupted attempt that had written finds its own record.
  ///
  /// - Returns: The number of this change, or nil if somebody else was first.
  package func put(
    _ kind: SharedRecord.Kind, _ name: String, _ body: [UInt8], expecting change: Int64?
  ) async throws(LedgerError) -> Int64? {
    try Self.check(name, body)
    let key: [Parameter] = [.text(kind.rawValue), .text(name)]
    let write =
      change.map { Query(RecordStatements.replace, key + [.bytes(body), .int64($0)]) }
      ?? Query(RecordStatements.create, key + [.bytes(body)])
    let queries = [Query(RecordStatements.lock), write, Query(RecordStatements.written, key + [.bytes(body)])]
    return try await steps.perform { (connection, attempt, deadline) throws(DatabaseError) in
      let rows = try connection.step(queries + [Query(LedgerSQL.barrierStatement)], wakes: true, deadline: deadline)
        .rows
      if rows[1].count > 0 { return try rows[1].int64(0, 0) }
      return attempt.isRetry && rows[2].count > 0 ? try rows[2].int64(0, 0) : nil
    }
  }

  /// Removes a record if the change that wrote it last is still `expecting`.
  ///
  /// Returns false if somebody else was first. An attempt that was interrupted returns true if the record is gone,
  /// whoever removed it.
  package func remove(
    _ kind: SharedRecord.Kind, _ name: String, expecting change: Int64
  ) async throws(LedgerError) -> Bool {
    let key: [Parameter] = [.text(kind.rawValue), .text(name)]
    let queries = [
      Query(RecordStatements.lock), Query(RecordStatements.remove, key + [.int64(change)]),
      Query(RecordStatements.one, key), Query(LedgerSQL.barrierStatement),
    ]
    return try await steps.perform { (connection, attempt, deadline) throws(DatabaseError) in
      let rows = try connection.step(queries, wakes: true, deadline: deadline).rows
      return rows[1].count > 0 || attempt.isRetry && rows[2].count == 0
    }
  }

  private static func check(_ name: String, _ body: [UInt8]) throws(LedgerError) {
    try nameBytesLimit.check("name", name.utf8.count)
    try bodyBytesLimit.check("body", body.count)
    guard !name.utf8.contains(0) else { throw .invalid(field: "name", limit: "a text without NUL") }
  }
}

/// A performer of steps that must know their earlier attempts: the lanes.
package protocol AttemptPerformer: Sendable {
  /// Runs `body` on one of the ledger's connections, on a thread that can wait.
  ///
  /// `body` is run again, as a retry, if its outcome is unknown.
  ///
  /// - Throws: The errors of every call of a ledger.
  func perform<Outcome: Sendable>(
    _ body:
      @escaping @Sendable (LedgerConnection, Attempt, _ deadline: ContinuousClock.Instant) throws(DatabaseError) ->
      Outcome
  ) async throws(LedgerError) -> Outcome
}

extension Rows {
  fileprivate func sharedRecords() throws(DatabaseError) -> [SharedRecord] {
    var records: [SharedRecord] = []
    records.reserveCapacity(count)
    for row in 0..<count {
      records.append(SharedRecord(name: try text(row, 0), body: try bytes(row, 1), change: try int64(row, 2)))
    }
    return records
  }
}

private enum RecordStatements {
  static let all = Statement(
    name: "record_all", sql: "select name, body, change from record where kind = $1 and change > $2 order by name")

  static let count = Statement(name: "record_count", sql: "select count(*) from record where kind = $1")

  static let one = Statement(
    name: "record_one", sql: "select name, body, change from record where kind = $1 and name = $2")

  static let written = Statement(
    name: "record_written", sql: "select change from record where kind = $1 and name = $2 and body = $3")

  /// A statement that takes the lock before a number is taken, so that changes become visible in the order of their
  /// numbers.
  static let lock = Statement(name: "record_lock", sql: "select record_change from ledger for no key update")

  static let create = Statement(
    name: "record_create",
    sql: told(
      """
      insert into record(kind, name, body, change) values ($1, $2, $3, nextval('ledger_number'))
      on conflict (kind, name) do nothing returning change
      """))

  static let replace = Statement(
    name: "record_replace",
    sql: told(
      """
      update record set body = $3, change = nextval('ledger_number') where kind = $1 and name = $2 and change = $4
      returning change
      """))

  static let remove = Statement(
    name: "record_remove",
    sql: told(
      "delete from record where kind = $1 and name = $2 and change = $3 returning nextval('ledger_number') as change"))

  /// Returns the SQL of a change, with the row by which the feeds of all instances learn of it.
  private static func told(_ change: String) -> String {
    """
    with changed as (\(change)), told as (
      update ledger set record_change = (select change from changed) where exists (select from changed)
    )
    select change from changed
    """
  }
}
#endif
