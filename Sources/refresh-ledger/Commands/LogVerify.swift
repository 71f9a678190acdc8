import ArgumentParser
import TokenLedger
import WriteAheadLog

struct LogVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks every byte and every record of the log: exit 0 if it is whole, 1 with segment and offset if not.")

  @OptionGroup var data: DataFolderOption

  @Flag(help: "Print one JSON object; damage is told on the standard error output as ever.")
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
    let summary = try LogSurvey(folder: data.logFolder, label: "verifying") { (frame, payload) throws(RecordRefusal) in
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
