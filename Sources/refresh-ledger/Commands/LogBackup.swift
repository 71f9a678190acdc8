import ArgumentParser
import SystemPackage
import WriteAheadLog

struct LogBackup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copies the log, also while the server runs: whole, checked, with all that was acknowledged before.",
    discussion: """
      The copy is a data folder with a log and the issuer that it keeps, and marked: a server refuses to open it before \
      `log restore`. Keys, users and clients are small files of their own: copy keys/, users.json and clients.json beside it.
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

  /// Copies the log in `source` to the data folder `target`, which is made if it is absent.
  static func copy(_ source: FilePath, to target: String, label: String) throws(CommandFailure) -> Outcome {
    try DataFolder.take(target)
    var bar = ProgressBar(label: label)
    do {
      let summary = try LogCopy.make(
        of: FolderStorage(path: source), in: FolderStorage(path: FilePath(target).appending("log"))
      ) { bar.show($0.bytesRead, of: $0.bytesTotal) }
      return Outcome(
        folder: target, identity: summary.identity?.description ?? "", epoch: summary.epoch,
        lastSequence: summary.lastSequence, bytes: summary.bytes)
    } catch LogFailure.io(_, let path, Errno.fileExists.rawValue) {
      throw DataFolder.holdsLog(path)
    } catch {
      throw CommandFailure(error)
    }
  }
}
