#if Postgres
internal import TokenEngine

/// The record of one account in a database.
struct AccountRecord: Sendable {
  var name: String
  var body: [UInt8]
  /// The number of the change that wrote the record.
  ///
  /// It grows with each change of any record, and a reader that sees one change sees all before it.
  var change: Int64
}

/// The records of one kind that all instances on a database share.
///
/// Every call is a transaction, for which it waits without blocking a thread of Swift's pool.
protocol AccountRecordStore: Sendable {
  /// The database and its schema, without a password.
  var place: String { get }
  /// The number of the newest change of any record of any kind that this instance has heard of, at most 100 ms late
  /// while it is connected.
  ///
  /// Reading it costs a lock.
  var lastChange: Int64 { get }
  /// A stream that yields after ``lastChange`` has grown, from now on, and ends when the ledger closes.
  var changes: AsyncStream<Int64> { get }

  /// Returns the records that a later change than `change` wrote, and the number of all records at the same moment.
  func records(after change: Int64) async throws(LedgerError) -> (records: [AccountRecord], count: Int)
  func record(_ name: String) async throws(LedgerError) -> AccountRecord?
  /// Replaces the record that the change `expecting` wrote, or adds one for nil.
  ///
  /// Returns false if there is another record by now.
  func put(_ name: String, _ body: [UInt8], expecting change: Int64?) async throws(LedgerError) -> Bool
  /// Removes the record that the change `expecting` wrote.
  ///
  /// Returns false if there is another record by now, or none.
  func remove(_ name: String, expecting change: Int64) async throws(LedgerError) -> Bool
}
#endif
