import SystemPackage
import TokenAccounts
import TokenEngine
import TokenHTTP

/// The opened engine and accounts of a server.
struct ServerGround {
  let engine: RotationEngine
  let users: any SubjectDirectory
  let clients: any ClientDirectory
  /// The routes for pages, or nil if no client is named for them.
  let cookies: CookieRoutes?
  /// The accounts that this start made.
  let first: FirstStart
  /// The warning for an operator, for the log.
  var warning: String?
}

/// The opening of a server's ground.
struct GroundOpening {
  let settings: ServerSettings
  let notification: ServiceNotification
  let output: ServeOutput
  let observer: EngineObserverGroup
  let accounts: @Sendable (AccountFileEvent) -> Void

  /// Opens a data folder that was accepted, and makes the accounts of a first start.
  func folder(_ folder: FilePath) async throws(CommandError) -> ServerGround {
    let (users, clients): (SubjectFile, ClientFile)
    do {
      users = try SubjectFile(path: DataFolderOption.usersPath(folder), observer: accounts)
      clients = try ClientFile(path: DataFolderOption.clientsPath(folder), observer: accounts)
    } catch {
      throw CommandError(error)
    }
    // Before anything is made: the secrets of a first start are shown only by a start that goes on.
    let cookies = try await settings.cookies.routes(
      for: clients, engine: settings.engine, storeOptions: StorePlace.folder(folder.string).options)
    let engine = try await engine(folder, users: users)
    do {
      let first = try FirstStart(users: users, clients: clients, folder: folder, settings: settings)
      return ServerGround(engine: engine, users: users, clients: clients, cookies: cookies, first: first)
    } catch {
      try? await engine.close()
      throw error
    }
  }

  private func engine(_ folder: FilePath, users: SubjectFile) async throws(CommandError) -> RotationEngine {
    do {
      var shown = ReplayProgress(notification: notification, output: output)
      return try await RotationEngine.open(
        folder: folder, options: settings.engine, subjects: users, observer: observer
      ) { progress in
        shown.show(progress.bytesRead, of: progress.bytesTotal)
      }
    } catch {
      throw CommandError(error)
    }
  }

  #if Postgres
  /// Opens the database that the settings name.
  ///
  /// No start makes users and clients, since several servers can start at once.
  func database() async throws(CommandError) -> ServerGround {
    let settings = try settings.issuedByDatabase()
    let store = try await DatabaseStore.open(settings, connections: settings.store.connections)
    do {
      let (users, clients) = (try await store.users(accounts), try await store.clients(accounts))
      let cookies = try await settings.cookies.routes(
        for: clients, engine: settings.engine, storeOptions: StorePlace(settings.store, folder: "").options)
      let engine = try await store.engine(
        options: settings.engine, subjects: users, observer: observer, isServer: true)
      return ServerGround(
        engine: engine, users: users, clients: clients, cookies: cookies, first: FirstStart(),
        warning: ClockDifference(of: store.ledger)?.warning)
    } catch {
      await store.close()
      throw error
    }
  }
  #else
  func database() async throws(CommandError) -> ServerGround { throw .withoutPostgres }
  #endif
}

#if Postgres
extension ServerSettings {
  /// Returns the settings with the issuer that the database records, if they have none.
  func issuedByDatabase() throws(CommandError) -> ServerSettings {
    let kept = try store.keptIssuer()
    guard !isIssuerSet else {
      guard let kept, kept != engine.issuer else { return self }
      throw CommandError(
        .configuration,
        "\(store.databaseName): its tokens are issued for \(kept), but tokens.issuer is \(engine.issuer); set it to the former or leave "
          + "it out (database init --issuer URL --force changes the former, and invalidates every token issued so far)")
    }
    guard let kept else {
      throw CommandError(
        .configuration,
        "\(store.databaseName): no issuer is set for its tokens: run refresh-ledger database init --issuer URL with the address "
          + "that clients use, or set tokens.issuer")
    }
    var settings = self
    settings.issue(as: kept)
    return settings
  }
}
#endif

/// The progress of the replay: a bar for people, and a notification each second for systemd, which would otherwise
/// abandon the start.
private struct ReplayProgress: ~Copyable {
  private var bar: ProgressBar
  private let notification: ServiceNotification
  private var nextWord = ContinuousClock.now

  init(notification: ServiceNotification, output: ServeOutput) {
    bar = ProgressBar(label: "replaying the log") { output.errors.draw($0) }
    self.notification = notification
  }

  mutating func show(_ bytesRead: UInt64, of bytesTotal: UInt64) {
    bar.show(bytesRead, of: bytesTotal)
    let now = ContinuousClock.now
    guard now >= nextWord else { return }
    nextWord = now + .seconds(1)
    notification.tell(.replaying(percent: bytesTotal == 0 ? 100 : Int(Double(bytesRead) / Double(bytesTotal) * 100)))
  }
}
