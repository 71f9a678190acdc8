import ArgumentParser
import FoundationEssentials
import Platform
import RefreshRotationLoad
import SystemPackage
import TokenEngine

/// The engine that `load --in-process` uses: embedded, with a folder of its own, or one more instance on a database.
struct LoadEngineOptions: ParsableArguments {
  @Option(
    help: """
      When an outcome of the embedded engine counts as durable. \
      (default: \(ServerSettings.standard.durability.rawValue))
      """)
  var durability: DurabilitySetting?

  @Option(
    name: .customLong("data"),
    help: ArgumentHelp(
      """
      With --in-process: a data folder to make and keep, for use with log, doctor and serve. Without this, a folder is \
      made below the current one and removed afterwards.
      """,
      valueName: "folder"))
  var path: String?

  @OptionGroup var store: DatabaseOptions

  private var choice: DurabilitySetting { durability ?? ServerSettings.standard.durability }

  /// The first given option that only applies to an engine, or nil if there is none.
  var strayOption: String? {
    if let folderOption { return folderOption }
    if store.database != nil { return "--database" }
    return strayStoreOption
  }

  /// The first given option that only applies to a folder.
  private var folderOption: String? {
    if durability != nil { return "--durability" }
    return path == nil ? nil : "--data"
  }

  /// The first given option that only applies to a database.
  private var strayStoreOption: String? {
    let given = [
      ("--schema", store.schema), ("--standby", store.standby), ("--master-key", store.masterKey),
      ("--key-folder", store.keyFolder), ("--config", store.configPath),
    ]
    return given.first { $0.1 != nil }?.0
  }

  /// Refuses options for the other kind of engine.
  ///
  /// A database is used if the command line names it, and never because of a setting.
  func check() throws {
    if store.database != nil, let stray = folderOption {
      throw ValidationError("\(stray) goes with a folder, and --database has none")
    }
    if store.database == nil, let stray = strayStoreOption { throw ValidationError("\(stray) goes with --database") }
  }

  /// Makes a report with an engine, which is closed afterwards.
  func report(
    grace: Duration, _ work: (EngineTarget) async throws -> LoadReport
  ) async throws -> LoadReport {
    if store.database != nil { return try await sharedReport(grace: grace, work) }
    var report = try await withFolder(grace: grace) { try await work(EngineTarget(engine: $0)) }
    report.options.durability = choice.rawValue
    return report
  }

  /// Runs `work` with a new embedded engine.
  ///
  /// Its data are removed unless ``path`` keeps them.
  private func withFolder<Outcome>(
    grace: Duration, _ work: (RotationEngine) async throws -> Outcome
  ) async throws -> Outcome {
    let folder = FilePath(path ?? "refresh-ledger-load-\(Program.id)")
    try LoadEngineOptions.make(folder)
    defer { if path == nil { try? FileManager.default.removeItem(atPath: folder.string) } }
    var settings = EngineOptions()
    settings.durability = choice.durability(ServerSettings.standard.syncInterval)
    settings.grace = grace
    // The issuer is kept for a server that continues with the folder.
    if path != nil { try IssuerFile(folder: folder.string).keep(settings.issuer) }
    do {
      let engine = try await RotationEngine.open(folder: folder, options: settings)
      let outcome = try await work(engine)
      try await engine.close()
      return outcome
    } catch let failure as EngineError {
      throw CommandError(failure)
    }
  }

  private static func make(_ folder: FilePath) throws(CommandError) {
    try DataFolder.take(folder.string)
    let log = DataFolderOption.logFolder(of: folder.string).string
    guard FileStatus(log) == nil else { throw DataFolder.holdsLog(log) }
  }
}

// MARK: - Load on a database
extension LoadEngineOptions {
  #if Postgres
  /// Makes a report with one more instance, which has the settings of the servers.
  ///
  /// The sessions that it opens are ended afterwards.
  private func sharedReport(
    grace: Duration, _ work: (EngineTarget) async throws -> LoadReport
  ) async throws -> LoadReport {
    var settings = try ServerSettings(store.sources())
    settings = try settings.issuedByDatabase()
    settings.engine.grace = grace
    let opened = try await DatabaseStore.open(settings, connections: settings.store.connections)
    // The subject is unique to this run, since others may be under way on the same database.
    let subject = "load-\(Program.id)-\(UInt32.random(in: 0 ... .max))"
    do {
      let engine = try await opened.engine(options: settings.engine, subjects: nil, observer: SilentObserver())
      let target = EngineTarget(engine: engine, subject: subject, name: "in-process, \(opened.place)")
      let report = try await work(target)
      _ = try await engine.revokeSessions(of: .subject(subject))
      try await engine.close()
      return report
    } catch {
      await opened.close()
      throw CommandError(ofDatabase: error, at: opened.place)
    }
  }
  #else
  private func sharedReport(
    grace: Duration, _ work: (EngineTarget) async throws -> LoadReport
  ) async throws -> LoadReport { throw CommandError.withoutPostgres }
  #endif
}

extension DurabilitySetting: ExpressibleByArgument {}
