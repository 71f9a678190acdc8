import ArgumentParser
import FoundationEssentials
import Platform
import SystemPackage
import TokenEngine

/// The embedded engine that `load --in-process` drives, and where its data goes.
struct LoadEngineOptions: ParsableArguments {
  @Option(
    help: """
      When an outcome of the embedded engine counts as durable: \(SettingValue.sentence(of: DurabilitySetting.self)). \
      (default: \(ServerSettings.standard.durability.rawValue))
      """)
  var durability: DurabilitySetting?

  @Option(
    name: .customLong("data"),
    help: ArgumentHelp(
      """
      With --in-process: a data folder to make and to keep, for log, doctor and serve. Without it one below the current \
      folder is made, and removed afterwards.
      """,
      valueName: "folder"))
  var path: String?

  var choice: DurabilitySetting { durability ?? ServerSettings.standard.durability }

  /// The first option that was given, which goes with the engine alone.
  var strayOption: String? {
    if durability != nil { return "--durability" }
    return path == nil ? nil : "--data"
  }

  /// Runs `work` with a new engine, which is closed afterwards. Its data are removed unless ``path`` keeps them.
  func withEngine<Outcome>(
    grace: Duration, _ work: (RotationEngine) async throws -> Outcome
  ) async throws -> Outcome {
    let folder = FilePath(path ?? "refresh-ledger-load-\(Program.id)")
    try LoadEngineOptions.make(folder)
    defer { if path == nil { try? FileManager.default.removeItem(atPath: folder.string) } }
    var settings = EngineOptions()
    settings.durability = choice.durability(ServerSettings.standard.syncInterval)
    settings.grace = grace
    // For a server that goes on with the folder.
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

extension DurabilitySetting: ExpressibleByArgument {}
