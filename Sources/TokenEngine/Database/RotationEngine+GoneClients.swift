internal import RotationModel

#if Postgres
internal import TokenLedgerPostgres
#endif

/// The revocation of the sessions that a removed or replaced client has left.
extension RotationEngine {
  /// Revokes the sessions of a client that was removed or replaced, and in this process their access tokens.
  ///
  /// Instances on one database learn of a change one after the other, some only after the client that has the id now
  /// has opened sessions. Those sessions continue. The others end by one change if the new client has none yet, or else
  /// one by one. An engine of its own folder learns of the change before anybody else, and revokes all.
  ///
  /// - Parameters:
  ///   - id: The id of the client that was removed or replaced.
  ///   - clients: The store of the engine's clients, which uses the same database.
  /// - Returns: The number of sessions that were live.
  /// - Throws: ``EngineError/ledger(_:)`` if the ledger cannot make the change, and ``EngineError/store(_:)`` or
  ///   ``EngineError/foreign(_:)`` if `clients` fails; sessions that were ended one by one before stay revoked.
  @discardableResult
  package func revokeSessions(ofGone id: String, in clients: any ClientStore) async throws(EngineError) -> Int {
    #if Postgres
    if let ledger = ledger as? PostgresLedger {
      let count: Int?
      do { count = try await ledger.revoke(goneClient: id) } catch { throw EngineError(error) }
      guard let count else { return try await revokeOutdatedSessions(of: id, in: clients, ledger) }
      observer.engine(observed: .revokedAll(.client(id)))
      return count
    }
    #endif
    return try await revokeSessions(of: .client(id))
  }

  #if Postgres
  /// Revokes the outdated sessions page by page.
  ///
  /// The client is read after each page, so that no page has a session that a later client has opened.
  private func revokeOutdatedSessions(
    of id: String, in clients: any ClientStore, _ ledger: PostgresLedger
  ) async throws(EngineError) -> Int {
    var count = 0
    var last: SessionID?
    while true {
      let page: [ClientOpening]
      do { page = try await ledger.openings(ofClient: id, after: last) } catch { throw EngineError(error) }
      guard !page.isEmpty else { return count }
      last = page.last?.session
      let client: Client?
      do { client = try await clients.latestClient(id: id) } catch { throw .store(from: error) }
      for opening in page where client?.isOutdated(opening) ?? true {
        if try await revoke(opening.session) { count += 1 }
      }
    }
  }
  #endif
}

#if Postgres
extension Client {
  fileprivate func isOutdated(_ opening: ClientOpening) -> Bool {
    guard opening.version == .unknown else { return opening.version != version }
    return sessionsNotBefore.map { opening.openedAt < $0 } ?? false
  }
}
#endif
