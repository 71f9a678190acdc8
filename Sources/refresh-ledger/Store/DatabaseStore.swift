#if Postgres
import SystemPackage
import TokenAccounts
import TokenEngine
import TokenLedgerPostgres
import TokenSigning

/// The opened ledger in a database that servers share.
///
/// A server opens it, or a command beside servers, which see its changes as they see each other's.
struct DatabaseStore: CommandStore {
  private let settings: ServerSettings
  let ledger: PostgresLedger

  /// The number of sessions that are read at once.
  private static let pageCount = 1000

  let place: String

  /// Opens the ledger in the database that the settings name.
  ///
  /// `connections` is the number of connections that change sessions; one is sufficient for a command that does one
  /// thing after another. With `acceptsLacking`, which only the fence sets, a database can lack what an instance had
  /// acknowledged.
  static func open(
    _ settings: ServerSettings, connections: Int = 1, acceptsLacking: Bool = false
  ) async throws(CommandError) -> DatabaseStore {
    var options = PostgresOptions(settings)
    options.connections = connections
    options.acceptsLacking = acceptsLacking
    let place = settings.store.databaseName
    do {
      let ledger = try await PostgresLedger.open(settings.store.address(), options: options)
      return DatabaseStore(settings: settings, ledger: ledger, place: place)
    } catch {
      throw CommandError(ofDatabase: error, at: place)
    }
  }

  func users() async throws(CommandError) -> any SubjectDirectory { try await users { _ in } }
  func clients() async throws(CommandError) -> any ClientDirectory { try await clients { _ in } }

  func users(
    _ observer: @escaping @Sendable (AccountFileEvent) -> Void
  ) async throws(CommandError) -> DatabaseSubjects {
    do { return try await DatabaseSubjects(ledger, observer: observer) } catch { throw CommandError(error) }
  }

  func clients(
    _ observer: @escaping @Sendable (AccountFileEvent) -> Void
  ) async throws(CommandError) -> DatabaseClients {
    do { return try await DatabaseClients(ledger, observer: observer) } catch { throw CommandError(error) }
  }

  func keys() throws(CommandError) -> any KeySource {
    do { return try sharedKeys().source(in: ledger) } catch let failure as KeyError {
      throw CommandError(failure)
    } catch let failure as CommandError {
      throw failure
    } catch {
      throw CommandError(ofDatabase: error, at: place)
    }
  }

  private func sharedKeys() throws(CommandError) -> SharedKeys {
    let store = settings.store
    guard store.keyFolder.isEmpty else { return .folder(FilePath(store.keyFolder)) }
    guard store.masterKeys.isEmpty else { return .database(masterKeys: store.masterKeys.map { FilePath($0) }) }
    throw CommandError(
      .configuration,
      "\(place): nothing says where its signing keys are: name the file that seals them with store.masterKey (--master-key), or "
        + "a folder of key files with store.keyFolder (--key-folder)")
  }

  /// Returns an engine on the ledger, which makes the first keys if there are none.
  ///
  /// The engine closes the ledger. `isServer` is true if its settings are those by which sessions are granted from now
  /// on.
  func engine(
    options: EngineOptions, subjects: (any SubjectStore)?, observer: any EngineObserver, isServer: Bool = false
  ) async throws(CommandError) -> RotationEngine {
    let keys = try sharedKeys()
    do {
      return try await RotationEngine.open(
        ledger: ledger, keys: keys, options: options, subjects: subjects, observer: observer, announcesPolicy: isServer)
    } catch {
      throw CommandError(ofDatabase: error, at: place)
    }
  }

  func sessions(
    of scope: SessionScope, isCounted: Bool, _ page: ([Session], Int) throws(CommandError) -> Void
  ) async throws(CommandError) -> String {
    // If the count takes too long, the listing continues without it.
    let total = isCounted ? (try? await ledger.sessionCount(of: scope)) ?? 0 : 0
    var cursor: SessionCursor?
    repeat {
      let found = try await asking { () throws(LedgerError) in
        try await ledger.sessions(of: scope, after: cursor, limit: Self.pageCount)
      }
      try page(found.sessions, total)
      cursor = found.next
    } while cursor != nil
    return "from \(place)"
  }

  func story(of session: SessionID) async throws(CommandError) -> SessionStory? {
    let live = try await asking { () throws(LedgerError) in try await ledger.session(session) }
    let history = try await asking { () throws(LedgerError) in
      try await ledger.history(of: session, within: HistoryLimits(duration: .seconds(30), toldMax: 100_000))
    }
    let events = history?.events ?? []
    guard live != nil || !events.isEmpty else { return nil }
    var table = TextTable("SEQUENCE", "TIME", "EVENT", "FACTS")
    for event in events {
      table.append(
        "\(event.sequence)", LogRecordLine.time(event.time), event.kind, try LogRecordLine.facts(event.facts))
    }
    return SessionStory(
      session: live.map(SessionRow.init), life: events.map { LogRecordLine($0, of: session) }, table: table.text)
  }

  func revoke(_ session: SessionID) async throws(CommandError) -> Bool {
    try await asking { () throws(LedgerError) in try await ledger.revoke(session) }
  }

  func revoke(_ scope: SessionScope) async throws(CommandError) -> Int {
    try await asking { () throws(LedgerError) in try await ledger.revoke(scope) }
  }

  func close() async { try? await ledger.close() }

  private func asking<Answer>(
    _ ask: () async throws(LedgerError) -> Answer
  ) async throws(CommandError) -> Answer {
    do { return try await ask() } catch { throw CommandError(ofDatabase: error, at: place) }
  }
}
#endif
