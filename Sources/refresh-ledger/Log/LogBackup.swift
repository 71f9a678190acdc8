import ArgumentParser
import SystemPackage
import TokenLedger
import WriteAheadLog

struct LogBackup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract:
      "Makes a complete, checked copy of the log, with all that was acknowledged before the command was started.",
    discussion: """
      The server can be running. The copy is a data folder with the log and the issuer. It is marked, so that a server \
      refuses to open it until `log restore` has been run on it. Keys, users and clients are separate small files: \
      copy keys/, users.json and clients.json to it too.
      """)

  @OptionGroup var data: DataFolderOption

  @Option(help: ArgumentHelp("The folder to make; it must not hold a log yet.", valueName: "folder"))
  var to: String

  @Flag(help: "Print one JSON object.")
  var json = false

  struct Outcome: Encodable {
    var folder: String
    var identity: String
    var epoch: UInt32
    var lastSequence: UInt64
    var bytes: UInt64
  }

  func run() throws {
    _ = try LogSurvey.requireLog(in: data.logFolder)
    let outcome = try LogBackup.copy(data.logFolder, to: to, label: "backing up")
    try IssuerFile.copy(from: data.path, to: to)
    try Terminal.writeLine(
      json
        ? JSONText.line(outcome)
        : "backed up \(outcome.bytes) bytes to \(to): log \(outcome.identity), epoch \(outcome.epoch), "
          + "up to record \(outcome.lastSequence)")
  }

  /// Copies the log in `source` to the data folder `target`, which is created if it does not exist.
  static func copy(_ source: FilePath, to target: String, label: String) throws(CommandError) -> Outcome {
    try DataFolder.take(target)
    var bar = ProgressBar(label: label)
    do {
      let summary = try LogCopy.make(
        of: FolderStorage(path: source), in: FolderStorage(path: FilePath(target).appending("log"))
      ) { bar.show($0.bytesRead, of: $0.bytesTotal) }
      return Outcome(
        folder: target, identity: summary.identity?.description ?? "", epoch: summary.epoch,
        lastSequence: summary.lastSequence, bytes: summary.bytes)
    } catch LogError.io(_, let path, Errno.fileExists.rawValue) {
      throw DataFolder.holdsLog(path)
    } catch {
      throw CommandError(error)
    }
  }
}

struct LogRestore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Prepares a backup, or the log that a repair left, to be served: a log that lacks the last changes.",
    discussion: """
      Tokens that were consumed after the log's last record are live in it, and cannot be told from the others. So \
      every session in it is ended, and all users must log in again. The server must be stopped.
      """)

  @OptionGroup var data: DataFolderOption

  @Option(
    help: ArgumentHelp(
      "The backup to copy into the data folder first; without this, the log in the data folder is used.",
      valueName: "folder"))
  var from: String?

  @Flag(help: "Do not end the sessions: only right if nothing was served after the backup was made.")
  var keepSessions = false

  @Option(
    help: ArgumentHelp(
      """
      The highest epoch that any start of this log has logged; the restored log continues above it. The epoch is the \
      number of times that the log was opened.
      """, valueName: "epoch"))
  var aboveEpoch: UInt32 = 0

  func run() async throws {
    if let from {
      let source = DataFolderOption.logFolder(of: from)
      _ = try LogSurvey.requireLog(in: source)
      let copied = try LogBackup.copy(source, to: data.path, label: "restoring")
      try IssuerFile.copy(from: from, to: data.path)
      try Terminal.writeLine("restored \(copied.bytes) bytes, up to record \(copied.lastSequence)")
    }
    _ = try LogSurvey.requireLog(in: data.logFolder)
    try await LogRestore.settle(data, keepsSessions: keepSessions, aboveEpoch: aboveEpoch)
  }

  static func settle(_ data: DataFolderOption, keepsSessions: Bool, aboveEpoch: UInt32) async throws {
    let settlement: Settlement
    do {
      settlement = try await settleWithBars(data.logFolder, keepsSessions: keepsSessions, epochFloor: aboveEpoch)
    } catch {
      throw CommandError(error)
    }
    let ended =
      keepsSessions
      ? "its sessions were kept"
      : "\(settlement.sessionsEnded) sessions and \(settlement.oneTimeTokensEnded) one-time tokens ended"
    try Terminal.writeLine("the log may be served: \(ended); epoch \(settlement.epoch), record \(settlement.sequence)")
  }

  private static func settleWithBars(
    _ folder: FilePath, keepsSessions: Bool, epochFloor: UInt32
  ) async throws(LogError) -> Settlement {
    var replay = ProgressBar(label: "replaying the log")
    var ending = ProgressBar(label: "ending the sessions", unit: .things("entries"))
    return try await RefreshLedger.settle(folder: folder, keepsSessions: keepsSessions, epochFloor: epochFloor) {
      switch $0 {
      case .replaying(let progress): replay.show(progress.bytesRead, of: progress.bytesTotal)
      case .ending(let done, let total): ending.show(UInt64(done), of: UInt64(total))
      }
    }
  }
}
