import ArgumentParser
import TokenLedger
import WriteAheadLog

struct LogCheckpoint: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint",
    abstract: "Writes the whole state to one file and removes the part of the log that it replaces.",
    discussion: """
      The server does this by itself at log.checkpointEvery. While it runs, this command asks it for one and waits.
      """)

  @OptionGroup var data: DataFolderOption

  @Option(help: ArgumentHelp("How long to wait for a running server.", valueName: "seconds"))
  var wait = 120

  func run() async throws {
    guard let ledger = try await data.openLedger() else { return try await askServer() }
    let outcome: Result<CheckpointReport?, LogError>
    do throws(LogError) {
      outcome = .success(try await LogCheckpoint.write(ledger))
    } catch {
      outcome = .failure(error)
    }
    try? await ledger.closeUnserved()
    switch outcome {
    case .failure(let failure): throw CommandError(failure)
    case .success(nil): try Terminal.writeLine("nothing to do: no record came after the last checkpoint")
    case .success(let report?):
      try Terminal.writeLine(
        "checkpoint of record \(report.sequence): \(report.entries) sessions and one-time tokens in \(report.bytes) bytes; "
          + "\(report.segmentsRemoved) segments removed")
    }
  }

  private static func write(_ ledger: RefreshLedger) async throws(LogError) -> CheckpointReport? {
    let bar = SharedProgressBar(label: "writing a checkpoint", unit: .things("entries"))
    return try await ledger.checkpoint { progress in
      bar.show(UInt64(progress.entriesWritten), of: UInt64(progress.entriesTotal))
    }
  }

  private func askServer() async throws {
    let storage = FolderStorage(path: data.logFolder)
    let before = try LogSurvey.newestCheckpoint(in: storage)
    let recordsBefore = try LogSurvey(folder: data.logFolder, label: nil).summary.records
    do {
      try CheckpointRequest.make(in: storage)
      if try await isAnswered(in: storage) { return try report(since: before, recordsBefore, storage) }
      try storage.remove(CheckpointRequest.fileName)
    } catch let failure as LogError {
      throw CommandError(failure)
    }
    throw CommandError(
      .temporary,
      "\(data.path): the process that has the log open wrote no checkpoint in \(wait) s; see its log, or stop it and run this again"
    )
  }

  /// Waits for the server to remove the request, and returns whether it did so within `wait`.
  ///
  /// A bar shows the progress that the server reports.
  private func isAnswered(in storage: FolderStorage) async throws -> Bool {
    var bar = ProgressBar(label: "the server writes a checkpoint", unit: .things("entries"))
    for _ in 0..<(max(1, wait) * 10) {
      try await Task.sleep(for: .milliseconds(100))
      if let progress = try CheckpointRequest.progress(in: storage) {
        bar.show(UInt64(progress.entriesWritten), of: UInt64(progress.entriesTotal))
      } else if try !CheckpointRequest.isMade(in: storage) {
        return true
      }
    }
    return false
  }

  private func report(since before: UInt64?, _ recordsBefore: UInt64, _ storage: FolderStorage) throws {
    let newest = try LogSurvey.newestCheckpoint(in: storage)
    if let newest, newest != before {
      return try Terminal.writeLine("the server wrote a checkpoint of record \(newest)")
    }
    // A record may have come since, since the heartbeat records the time.
    guard recordsBefore == 0 else {
      throw CommandError(.inputOutput, "\(data.path): the server could not write a checkpoint; its log says why")
    }
    try Terminal.writeLine("nothing to do: no record came after the last checkpoint")
  }
}
