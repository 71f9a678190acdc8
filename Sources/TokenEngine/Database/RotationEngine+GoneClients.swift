internal import RotationModel

#if Postgres
internal import TokenLedgerPostgres
#endif

/// Ending what a client that was removed or replaced has left.
extension RotationEngine {
  /// Ends the sessions of a client that was removed or replaced, and in this process their access tokens. Returns how
  /// many were live.
  ///
  /// Instances on one database hear of a change one after the other, and some when sessions of the client that has the
  /// id now are open already: those go on. The others end by one change if none is open yet, else one by one. An engine
  /// of its own folder hears of it before anybody else does, and ends all.
  ///
  /// - Parameter clients: the store of the engine's clients, which stands on the same database.
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
  /// The client is read after each page: what a later one has opened is not on it.
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
