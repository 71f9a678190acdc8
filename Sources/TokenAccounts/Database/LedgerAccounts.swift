#if Postgres
internal import TokenEngine
internal import TokenLedger
public import TokenLedgerPostgres

/// The accounts of one kind in the records of a ledger.
struct LedgerAccounts: AccountRecordStore {
  private let records: SharedRecords
  private let kind: SharedRecord.Kind

  init(_ ledger: PostgresLedger, _ kind: SharedRecord.Kind) {
    (records, self.kind) = (ledger.records, kind)
  }

  var place: String { records.place }
  var lastChange: Int64 { records.lastChange }
  var changes: AsyncStream<Int64> { records.changes }

  func records(after change: Int64) async throws(LedgerError) -> (records: [AccountRecord], count: Int) {
    let found = try await records.records(kind, after: change)
    return (found.records.map(AccountRecord.init), found.count)
  }

  func record(_ name: String) async throws(LedgerError) -> AccountRecord? {
    try await records.record(kind, name).map(AccountRecord.init)
  }

  func put(_ name: String, _ body: [UInt8], expecting change: Int64?) async throws(LedgerError) -> Bool {
    try await records.put(kind, name, body, expecting: change) != nil
  }

  func remove(_ name: String, expecting change: Int64) async throws(LedgerError) -> Bool {
    try await records.remove(kind, name, expecting: change)
  }
}

extension AccountRecord {
  fileprivate init(_ record: SharedRecord) {
    self.init(name: record.name, body: record.body, change: record.change)
  }
}

extension DatabaseSubjects {
  /// Reads the users of a ledger.
  ///
  /// - Parameters:
  ///   - ledger: The ledger whose database holds the users.
  ///   - pool: The pool that hashes and verifies passwords.
  ///   - cost: The cost of new hashes.
  ///   - observer: A closure that is called for every change that was read or refused, on a queue of this object. It
  ///     must not call back.
  /// - Throws: ``AccountError/database(_:path:)`` if the database does not answer, and
  ///   ``AccountError/malformed(path:what:fix:)`` if a record cannot be used.
  public convenience init(
    _ ledger: PostgresLedger, pool: PasswordPool = PasswordPool(), cost: PasswordCost = .standard,
    observer: @escaping @Sendable (AccountFileEvent) -> Void = { _ in }
  ) async throws(AccountError) {
    try await self.init(LedgerAccounts(ledger, .user), pool: pool, cost: cost, observer: observer)
  }
}

extension DatabaseClients {
  /// Reads the clients of a ledger.
  ///
  /// - Parameters:
  ///   - ledger: The ledger whose database holds the clients.
  ///   - observer: A closure like that of ``DatabaseSubjects``.
  /// - Throws: ``AccountError``, as for ``DatabaseSubjects``.
  public convenience init(
    _ ledger: PostgresLedger, observer: @escaping @Sendable (AccountFileEvent) -> Void = { _ in }
  ) async throws(AccountError) {
    try await self.init(LedgerAccounts(ledger, .client), observer: observer)
  }
}
#endif
