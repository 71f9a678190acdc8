import TokenLedger
import WriteAheadLog

/// The log of a data folder, read beside its server.
struct TopLog: TopSource {
  private let data: String
  private var feed: LogFeed
  private var began = ContinuousClock.now

  init(data: String) throws(CommandError) {
    self.data = data
    feed = LogFeed(folder: DataFolderOption.logFolder(of: data))
  }

  var title: String { data }
  var rowHeader: String { TopLogReading.rowHeader }

  mutating func begin() async throws(CommandError) {
    try feed.begin()
    began = .now
  }

  mutating func read() async throws(CommandError) -> TopLogReading {
    var kinds: [String: Int] = [:]
    let before = feed.totals
    let step = try feed.advance { kinds[$0.kind, default: 0] += 1 }
    let now = ContinuousClock.now
    defer { began = now }
    return TopLogReading(
      seconds: max(0.001, (now - began) / .seconds(1)), kinds: kinds, totals: feed.totals, before: before,
      liveSessions: feed.liveSessions, wasReadAgain: step.wasReadAgain)
  }
}

/// The records that were written to a log between two readings.
struct TopLogReading: TopReading {
  var seconds: Double
  var liveSessions: Int
  var lastSequence: UInt64
  /// The rates a second.
  var records, commits, growthBytes: Double
  /// The records a second by kind, without kinds that did not occur.
  var kinds: [String: Double]
  var recordsInACommit: Double?
  /// True if the server wrote a checkpoint before everything could be read.
  var wasReadAgain: Bool

  init(
    seconds: Double, kinds counts: [String: Int], totals: LogFeed.Totals, before: LogFeed.Totals, liveSessions: Int,
    wasReadAgain: Bool
  ) {
    func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
    func rate(_ now: UInt64, _ before: UInt64) -> Double { rounded(Double(now - min(now, before)) / seconds) }
    self.seconds = rounded(seconds)
    self.liveSessions = liveSessions
    self.wasReadAgain = wasReadAgain
    lastSequence = totals.sequence
    records = rate(totals.sequence, before.sequence)
    // Bytes that were read again are not bytes that were written.
    commits = wasReadAgain ? 0 : rate(totals.frames, before.frames)
    growthBytes = wasReadAgain ? 0 : rate(totals.bytes, before.bytes)
    kinds = counts.mapValues { rounded(Double($0) / seconds) }
    recordsInACommit = commits > 0 ? rounded(records / commits) : nil
  }

  var rate: Double { records }

  static let widths = [10, 11, 10, 10, 10, 10, 11]

  static var rowHeader: String {
    line(["SESSIONS", "RECORDS/s", "ROTATED/s", "OPENED/s", "COMMITS/s", "GROWTH/s", "LAST RECORD"])
  }

  var row: String {
    Self.line([
      FigureText.number(Double(liveSessions)), Self.number(records), Self.number(kinds["rotated"] ?? 0),
      Self.number(kinds["opened"] ?? 0), Self.number(commits), FigureText.bytes(growthBytes), "\(lastSequence)",
    ])
  }

  func lines(history: [Double]) -> [String] {
    [
      "", "\(FigureText.number(Double(liveSessions))) live sessions; the last record is \(lastSequence)",
      wasReadAgain ? "a checkpoint was written; what it covers was not shown one by one" : "", "A SECOND",
      Self.named("records", FigureText.number(records, decimals: 1)),
      "  " + Sparkline.text(history, width: TopScreen.historyCount),
      Self.named("commits", FigureText.number(commits, decimals: 1)),
      Self.named("records in each", recordsInACommit.map { FigureText.number($0, decimals: 1) } ?? "-"),
      Self.named("growth of the log", FigureText.bytes(growthBytes)), "", "RECORDS A SECOND, BY KIND",
    ] + Self.lines(byKind: kinds)
  }
}
