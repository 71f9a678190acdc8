/// How long some commits took.
struct CommitTimes: Sendable {
  private(set) var count = 0
  private(set) var sum = Duration.zero
  private(set) var longest = Duration.zero

  var mean: Duration { count == 0 ? .zero : sum / count }

  mutating func add(_ duration: Duration) {
    count += 1
    sum += duration
    longest = max(longest, duration)
  }

  mutating func add(_ other: CommitTimes) {
    count += other.count
    sum += other.sum
    longest = max(longest, other.longest)
  }
}
