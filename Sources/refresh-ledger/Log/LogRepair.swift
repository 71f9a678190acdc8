import ArgumentParser
import SystemPackage
import TokenLedger
import WriteAheadLog

struct LogRepair: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair",
    abstract: "Says what can be saved of a damaged log, and with --apply saves it. Deletes nothing.",
    discussion: """
      Everything before the first damage can be saved. Nobody can know which tokens were consumed after that, so every \
      session in what is left is ended. Whatever is cut off or set aside stays in the folder under a name that begins \
      with damaged-. A torn tail (records at the end that a crash left incomplete) is not damage: the server cuts it \
      off by itself. The server must be stopped for --apply.
      """)

  @OptionGroup var data: DataFolderOption

  @Flag(help: "Carry out the repair; without this, the plan is shown and nothing is changed.")
  var apply = false

  func run() async throws {
    _ = try LogSurvey.requireLog(in: data.logFolder)
    let storage = FolderStorage(path: data.logFolder)
    guard var plan = try LogRepair.plan(storage) else {
      return try await settleIfCut(storage)
    }
    try Terminal.write(LogRepair.words(plan))
    guard apply else {
      try Terminal.writeLine("nothing was changed; --apply does it")
      throw ExitCode(ExitStatus.bad.rawValue)
    }
    while true {
      let kept: [String]
      do throws(LogError) { kept = try plan.apply(to: storage) } catch { throw CommandError(error) }
      for name in kept { try Terminal.writeLine("kept: \(data.logFolder.appending(name))") }
      guard let further = try LogRepair.plan(storage) else { break }
      plan = further
      try Terminal.write(LogRepair.words(plan))
    }
    try await LogRestore.settle(data, keepsSessions: false, aboveEpoch: 0)
  }

  /// Ends the sessions of a whole log that still has the mark of an interrupted repair, or of a backup that was put
  /// here by hand.
  private func settleIfCut(_ storage: FolderStorage) async throws {
    let isMarked: Bool
    do throws(LogError) { isMarked = try LogReader.isRolledBack(storage) } catch { throw CommandError(error) }
    guard isMarked else { return try Terminal.writeLine("the log is whole: nothing to repair") }
    guard apply else {
      try Terminal.writeLine("the log is whole, but cut or restored: its sessions are to be ended; --apply does it")
      throw ExitCode(ExitStatus.bad.rawValue)
    }
    try await LogRestore.settle(data, keepsSessions: false, aboveEpoch: 0)
  }

  private static func plan(_ storage: FolderStorage) throws(CommandError) -> LogSalvage? {
    var reader = LedgerRecordReader()
    var bar = ProgressBar(label: "looking for damage")
    var bytes: UInt64 = 0
    do {
      let total = try LogReader.bytes(in: storage)
      return try LogSalvage.plan(for: storage) { (frame, payload) throws(RecordError) in
        bytes += UInt64(frame.fileBytes)
        bar.show(bytes, of: total)
        try reader.read(frame, payload)
      }
    } catch {
      throw CommandError(error)
    }
  }

  private static func words(_ plan: LogSalvage) -> String {
    var lines = ["damage in \(plan.segment) at offset \(plan.offset): \(plan.what)"]
    lines.append(
      plan.keptSequence > 0
        ? "records 1 to \(plan.keptSequence) are whole and will be kept; what came after them is lost to the server"
        : "no record before the damage can be kept")
    if let cut = plan.cut {
      lines.append("\(cut.segment) will be cut at offset \(cut.offset), after a copy of all of it was made")
    }
    for name in plan.setAside { lines.append("\(name) will be renamed to damaged-\(name)") }
    lines.append("then every session of what is left will be ended")
    return lines.joined(separator: "\n") + "\n"
  }
}
