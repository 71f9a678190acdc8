/// What a ``ConsoleActivity`` has counted by one moment.
struct ActivityReading {
  static let secondsKept = 300
  static let alarmsKept = 20

  private static let rateSeconds = 10
  private static let minute = 60
  private static let pointSeconds = 5

  private let totals: [UInt64]
  /// Of the last seconds, the latest one last; by the kind.
  private let counts: [[UInt32]]
  private let commits: [CommitTimes]
  /// The latest one first.
  let alarms: [ConsoleAlarm]

  init(totals: [UInt64], counts: [[UInt32]], commits: [CommitTimes], alarms: [ConsoleAlarm]) {
    self.totals = totals
    self.counts = counts
    self.commits = commits
    self.alarms = alarms
  }

  /// Since the start.
  func total(_ kind: ActivityKind) -> UInt64 { totals[kind.rawValue] }

  /// A second, over the last ten.
  func rate(_ kind: ActivityKind) -> Double {
    let last = counts.suffix(Self.rateSeconds)
    return last.isEmpty ? 0 : Double(last.reduce(0) { $0 + UInt64($1[kind.rawValue]) }) / Double(last.count)
  }

  /// The rates of the last five minutes, one for every five seconds, the latest one last.
  func rates(_ kind: ActivityKind) -> [Double] {
    let points = Self.secondsKept / Self.pointSeconds
    return (0..<points).map { point in
      let end = counts.count - (points - 1 - point) * Self.pointSeconds
      guard end > 0 else { return 0 }
      let sum = counts[max(0, end - Self.pointSeconds)..<end].reduce(0) { $0 + UInt64($1[kind.rawValue]) }
      return Double(sum) / Double(Self.pointSeconds)
    }
  }

  /// Of the last minute.
  var lastCommits: CommitTimes {
    var times = CommitTimes()
    for second in commits.suffix(Self.minute) { times.add(second) }
    return times
  }

  /// Commits a second, over the last ten.
  var commitRate: Double {
    let last = commits.suffix(Self.rateSeconds)
    return last.isEmpty ? 0 : Double(last.reduce(0) { $0 + $1.count }) / Double(last.count)
  }
}
