#if Postgres
public import TokenEngine

/// Clients in the database of a `PostgresLedger`, under the rules of ``ClientFile``, stored and followed like
/// ``DatabaseSubjects``: one record for each client, by its id.
///
/// An instance learns within 100 ms that a client was removed or replaced. Before it revokes a session because of that,
/// it reads the client from the database itself.
public final class DatabaseClients: ClientStore, ClientDirectory {
  private let records: AccountRecords<ClientEntry>
  private let lookup: ClientLookup<AccountRecords<ClientEntry>>

  package var place: String { records.place }

  init(
    _ store: any AccountRecordStore, observer: @escaping @Sendable (AccountFileEvent) -> Void
  ) async throws(AccountError) {
    records = try await AccountRecords(store, observer: observer)
    lookup = try ClientLookup(records)
  }

  public func client(id: String) async -> Client? {
    await lookup.client(id: id)
  }

  /// Returns the client as the database has it now.
  ///
  /// The cost is a transaction.
  ///
  /// - Throws: ``StoreError/unreadable(_:)`` if the database does not answer.
  public func latestClient(id: String) async throws(StoreError) -> Client? {
    // The database is not asked for an id that no client can have.
    guard AccountText.fault(inClientID: id) == nil else { return nil }
    do throws(AccountError) {
      return try await records.latest(id)?.client
    } catch {
      throw StoreError(error)
    }
  }

  public func authenticate(id: String, secretCandidates: [[UInt8]]) async -> Client? {
    await lookup.authenticate(id: id, secretCandidates: secretCandidates)
  }

  /// Returns the clients in the order of their ids' bytes, read anew.
  public func list() async throws(AccountError) -> [Client] {
    try await records.reload().entries.map(\.client).sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
  }

  /// Reads the clients again, and throws if their newest version is not in force.
  public func reload() async throws(AccountError) {
    _ = try await records.reload()
  }

  /// Waits until known changes are in force; see ``DatabaseSubjects/follow()``.
  public func follow() async {
    _ = await records.current()
  }

  /// Adds a client under the rules of ``ClientFile/add(_:secret:)``.
  public func add(_ client: Client, secret: String? = nil) async throws(AccountError) {
    try await records.make(.adding(client, secret: secret))
  }

  public func remove(id: String) async throws(AccountError) {
    try await records.make(.removing(id))
  }
}
#endif
