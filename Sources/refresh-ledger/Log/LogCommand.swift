import ArgumentParser
import SystemPackage
import TokenLedger
import WriteAheadLog

struct LogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "Inspects, backs up, repairs and restores the write-ahead log.",
    discussion: """
      info, verify, dump, tail, history and backup only read, and take no lock, so they work while the server runs. \
      checkpoint asks a running server to write a checkpoint, or writes it itself if no server runs. repair --apply \
      and restore need the server to be stopped.
      """,
    subcommands: [
      LogInfo.self, LogVerify.self, LogDump.self, LogTail.self, LogHistory.self, LogCheckpoint.self, LogBackup.self,
      LogRepair.self,
      LogRestore.self,
    ])
}

struct LogInfo: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "info", abstract: "Says what is in the log.")

  @OptionGroup var data: DataFolderOption

  @Flag(help: "Print one JSON object.")
  var json = false

  private struct Facts: Encodable {
    struct Torn: Encodable {
      var segment: String
      var offset: UInt64
      var bytes: UInt64
    }

    var folder: String
    var identity: String
    var segments: Int
    var bytes: UInt64
    var frames: Int
    var records: UInt64
    var firstSequence: UInt64
    var lastSequence: UInt64
    var durableSequence: UInt64
    var epoch: UInt32
    var payloadBytes: UInt64
    var compressionRatio: Double?
    var checkpointSequence: UInt64?
    var closedCleanly: Bool
    var tornTail: Torn?

    init(_ survey: LogSurvey, folder: String) {
      let summary = survey.summary
      self.folder = folder
      identity = summary.identity?.description ?? ""
      segments = summary.segments.count
      bytes = summary.bytes
      frames = summary.frames
      records = summary.records
      firstSequence = summary.segments.first?.firstSequence ?? 0
      lastSequence = summary.lastSequence
      durableSequence = summary.wasClosedCleanly ? summary.lastSequence : survey.durableSequence
      epoch = summary.epoch
      payloadBytes = survey.payloadBytes
      compressionRatio = survey.compressionRatio
      checkpointSequence = summary.checkpointSequence
      closedCleanly = summary.wasClosedCleanly
      tornTail = summary.tornTail.map { Torn(segment: $0.place.segment, offset: $0.place.offset, bytes: $0.bytes) }
    }

    var text: String {
      var table = TextTable("folder", folder)
      table.append("identity", identity)
      table.append("segments", "\(segments)")
      table.append("bytes", "\(bytes)")
      table.append("frames", "\(frames)")
      table.append("records", "\(records)")
      table.append("sequences", "\(firstSequence) to \(lastSequence)")
      table.append("durable", "\(durableSequence) at least")
      table.append("epoch", "\(epoch)")
      table.append("records in bytes", "\(payloadBytes)")
      table.append("compression", compressionRatio.map { "\($0) bytes of records in a byte of frames" } ?? "-")
      table.append("checkpoint", checkpointSequence.map { "covers 1 to \($0)" } ?? "none")
      table.append("closed cleanly", closedCleanly ? "yes" : "no: a server is running, or was killed")
      table.append("torn tail", tornTail.map { "\($0.bytes) bytes in \($0.segment) at offset \($0.offset)" } ?? "none")
      return table.text
    }
  }

  func run() throws {
    let survey = try LogSurvey(folder: data.logFolder, label: "reading")
    let facts = Facts(survey, folder: data.logFolder.string)
    if json { try Terminal.writeLine(JSONText.line(facts)) } else { try Terminal.write(facts.text) }
  }
}

struct LogVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks every byte and every record of the log: exit 0 if it is whole, 1 with segment and offset if not.")

  @OptionGroup var data: DataFolderOption

  @Flag(help: "Print one JSON object; damage is still reported on the standard error output.")
  var json = false

  private struct Verdict: Encodable {
    var whole: Bool
    var records: UInt64
    var frames: Int
    var segments: Int
    var tornBytes: UInt64
  }

  func run() throws {
    var reader = LedgerRecordReader()
    let summary = try LogSurvey(folder: data.logFolder, label: "verifying") { (frame, payload) throws(RecordError) in
      try reader.read(frame, payload)
    }.summary
    let torn = summary.tornTail
    if json {
      let verdict = Verdict(
        whole: true, records: summary.records, frames: summary.frames, segments: summary.segments.count,
        tornBytes: torn?.bytes ?? 0)
      try Terminal.writeLine(JSONText.line(verdict))
      return
    }
    let segments = FigureText.counted(summary.segments.count, "segment")
    let counts = "\(summary.records) records in \(summary.frames) frames, \(segments)"
    let tail = torn.map { "; a torn tail of \($0.bytes) bytes in \($0.place) was never acknowledged" } ?? ""
    try Terminal.writeLine("the log is whole: \(counts)\(tail)")
  }
}
