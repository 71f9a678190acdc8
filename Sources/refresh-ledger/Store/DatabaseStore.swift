#if Postgres
import TokenAccounts
import TokenEngine
import TokenLedgerPostgres
import TokenSigning

/// A database that servers share, opened beside them. What it changes they see as each other's changes.
struct DatabaseStore: CommandStore {
  private let settings: StoreSettings
  private let ledger: PostgresLedger

  /// How many sessions are read at once.
  private static let pageCount = 1000

  let place: String

  /// - Parameter connections: how many change sessions at once; one, for a command that does one thing after another.
  static func open(_ settings: StoreSettings, connections: Int = 1) async throws(CommandError) -> DatabaseStore {
    var options = PostgresOptions(settings)
    options.connections = connections
    let place = settings.databaseName
    do {
      let ledger = try await PostgresLedger.open(settings.address(), options: options)
      return DatabaseStore(settings: settings, ledger: ledger, place: place)
    } catch {
      throw CommandError(openingDatabase: error, at: place)
    }
  }

  func users() async throws(CommandError) -> any SubjectDirectory {
    do { return try await DatabaseSubjects(ledger) } catch { throw CommandError(error) }
  }

  func clients() async throws(CommandError) -> any ClientDirectory {
    do { return try await DatabaseClients(ledger) } catch { throw CommandError(error) }
  }

  func keys() throws(CommandError) -> any KeySource { try settings.keySource(in: ledger) }

  func sessions(
    of scope: SessionScope, _ page: ([Session], Int) throws(CommandError) -> Void
  ) async throws(CommandError) -> String {
    var cursor: SessionCursor?
    do {
      let total = try await ledger.sessionCount(of: scope)
      repeat {
        let found = try await ledger.sessions(of: scope, after: cursor, limit: Self.pageCount)
        try page(found.sessions, total)
        cursor = found.next
      } while cursor != nil
    } catch let failure as LedgerError {
      throw CommandError(failure)
    } catch let failure as CommandError {
      throw failure
    }
    return "from \(place)"
  }

  func story(of session: SessionID) async throws(CommandError) -> SessionStory? {
    let (live, history): (Session?, SessionHistory?)
    do throws(LedgerError) {
      live = try await ledger.session(session)
      history = try await ledger.history(of: session, within: HistoryLimits(duration: .seconds(30), toldMax: 100_000))
    } catch {
      throw CommandError(error)
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
    do { return try await ledger.revoke(session) } catch { throw CommandError(error) }
  }

  func revoke(_ scope: SessionScope) async throws(CommandError) -> Int {
    do { return try await ledger.revoke(scope) } catch { throw CommandError(error) }
  }

  func close() async { try? await ledger.close() }
}
#endif
