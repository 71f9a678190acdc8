import TokenLedger
import WriteAheadLog

/// The log of a data folder, read beside its server.
struct TopLog: TopSource {
  private let data: String
  private var feed: LogFeed
  private var began = ContinuousClock.now

  init(data: String) throws(CommandFailure) {
    self.data = data
    feed = LogFeed(folder: DataFolderOption.logFolder(of: data))
  }

  var title: String { data }
  var rowHeader: String { TopLogReading.rowHeader }

  mutating func begin() async throws(CommandFailure) {
    try feed.begin()
    began = .now
  }

  mutating func read() async throws(CommandFailure) -> TopLogReading {
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
