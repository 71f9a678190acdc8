/// The wide revocations: a moment for each subject, client, pair of both, or all, before which sessions must not have been
/// opened. One entry each, however many sessions it ends.
package struct RevocationMarks: Sendable, Equatable {
  /// By what each is about, its time.
  private(set) var times: [MarkKey: Timestamp] = [:]
  /// Of those whose sessions may not all have been freed yet.
  private var latestUnswept = Timestamp.zero

  var isEmpty: Bool { times.isEmpty }
  var count: Int { times.count }

  subscript(key: MarkKey) -> Timestamp? { times[key] }

  /// Times never go back.
  mutating func set(_ key: MarkKey, to time: Timestamp) {
    times[key] = time
    latestUnswept = max(latestUnswept, time)
  }

  mutating func remove(_ key: MarkKey) {
    times[key] = nil
  }

  /// No session that a mark covers is left.
  mutating func noteSwept() {
    latestUnswept = .zero
  }

  var isSwept: Bool { latestUnswept == .zero }

  /// Whether a session that was opened then is covered by a mark: at most four look-ups, none once all that is
  /// covered has been freed.
  func cover(subject: UInt32, client: UInt32, openedAt: Timestamp) -> Bool {
    guard openedAt < latestUnswept else { return false }
    func isAfter(_ key: MarkKey) -> Bool { times[key].map { openedAt < $0 } ?? false }
    return isAfter(.subject(subject)) || isAfter(.all) || isAfter(.client(client))
      || isAfter(.subjectAtClient(subject: subject, client: client))
  }

  /// In the order in which a checkpoint holds them.
  package func sorted() -> [(key: MarkKey, time: Timestamp)] {
    times.map { ($0.key, $0.value) }.sorted { $0.key.rank < $1.key.rank }
  }
}
