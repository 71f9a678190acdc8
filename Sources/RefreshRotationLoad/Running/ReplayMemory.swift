/// Consumed tokens of one caller that may be presented again: the newest, and some of any age.
struct ReplayMemory {
  struct Entry: Sendable {
    var consumed: ConsumedToken
    /// The session's place among those of the caller, and which of those that took it.
    var position: Int
    var number: Int
  }

  private var newest: Entry?
  private var older: [Entry] = []
  private var count = 0

  private static let kept = 32
  private static let keptOneOf = 8

  mutating func remember(_ entry: Entry) {
    count += 1
    if count % Self.keptOneOf == 0 {
      if older.count < Self.kept { older.append(entry) } else { older[Int.random(in: 0..<Self.kept)] = entry }
    }
    newest = entry
  }

  /// By turns the newest and one of any age, each once; nil where there is none.
  mutating func take() -> Entry? {
    count += 1
    if count % 2 == 0 || newest == nil, !older.isEmpty {
      return older.remove(at: Int.random(in: 0..<older.count))
    }
    defer { newest = nil }
    return newest
  }
}
