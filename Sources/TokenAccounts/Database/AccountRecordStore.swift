#if Postgres
internal import TokenEngine

/// One record of an account, as a database keeps it.
struct AccountRecord: Sendable {
  var name: String
  var body: [UInt8]
  /// The number of the change that wrote it, which grows with each change of any record. Whoever sees one change sees
  /// all before it.
  var change: Int64
}

/// The records of one kind that all instances on a database share. Every call is a transaction, and waits for it
/// without blocking a thread of Swift's pool.
protocol AccountRecordStore: Sendable {
  /// The database and its schema, without a password.
  var place: String { get }
  /// The number of the newest change of any record, of other kinds too, that this instance has heard of: at most 100 ms
  /// late while it is connected. Costs a lock.
  var lastChange: Int64 { get }
  /// Yields after ``lastChange`` has grown, from now on. Ends when the ledger closes.
  var changes: AsyncStream<Int64> { get }

  /// The records that a later change than `change` wrote, and the number of all records, of one moment.
  func records(after change: Int64) async throws(LedgerError) -> (records: [AccountRecord], count: Int)
  func record(_ name: String) async throws(LedgerError) -> AccountRecord?
  /// Puts a record in the place of the one that `expecting` wrote, nil for none; false if another stands there by now.
  func put(_ name: String, _ body: [UInt8], expecting change: Int64?) async throws(LedgerError) -> Bool
  /// Removes the record that `expecting` wrote; false if another stands there by now, or none.
  func remove(_ name: String, expecting change: Int64) async throws(LedgerError) -> Bool
}
#endif
