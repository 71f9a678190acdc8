/// The wide revocations: a time for each subject, client, pair of both, or all, before which a session must not have
/// been opened.
///
/// Each revocation is one entry, however many sessions it ends.
package struct RevocationMarks: Sendable, Equatable {
  /// The time of each mark.
  private(set) var times: [MarkKey: Timestamp] = [:]
  /// The latest time of the marks whose sessions may not all have been freed yet.
  private var latestUnswept = Timestamp.zero

  var isEmpty: Bool { times.isEmpty }
  var count: Int { times.count }

  subscript(key: MarkKey) -> Timestamp? { times[key] }

  /// Sets the time of a mark; times never go back.
  mutating func set(_ key: MarkKey, to time: Timestamp) {
    times[key] = time
    latestUnswept = max(latestUnswept, time)
  }

  mutating func remove(_ key: MarkKey) {
    times[key] = nil
  }

  /// Notes that no session that a mark covers is left.
  mutating func noteSwept() {
    latestUnswept = .zero
  }

  var isSwept: Bool { latestUnswept == .zero }

  /// Checks whether a mark covers a session that was opened then.
  ///
  /// The check takes at most four look-ups, and none once everything that is covered has been freed.
  func cover(subject: UInt32, client: UInt32, openedAt: Timestamp) -> Bool {
    guard openedAt < latestUnswept else { return false }
    func isAfter(_ key: MarkKey) -> Bool { times[key].map { openedAt < $0 } ?? false }
    return isAfter(.subject(subject)) || isAfter(.all) || isAfter(.client(client))
      || isAfter(.subjectAtClient(subject: subject, client: client))
  }

  /// Returns the marks in the order in which a checkpoint holds them.
  package func sorted() -> [(key: MarkKey, time: Timestamp)] {
    times.map { ($0.key, $0.value) }.sorted { $0.key.rank < $1.key.rank }
  }
}

/// A ``SessionScope`` in the numbers of a state's names.
package enum MarkKey: Sendable, Hashable {
  case subject(UInt32)
  case client(UInt32)
  case subjectAtClient(subject: UInt32, client: UInt32)
  case all

  package var subject: UInt32? {
    switch self {
    case .subject(let subject), .subjectAtClient(let subject, _): subject
    case .client, .all: nil
    }
  }

  package var client: UInt32? {
    switch self {
    case .client(let client), .subjectAtClient(_, let client): client
    case .subject, .all: nil
    }
  }
}

extension MarkKey {
  /// The kind of the key, as records and checkpoints number it.
  var kind: UInt8 {
    switch self {
    case .subject: 1
    case .client: 2
    case .subjectAtClient: 3
    case .all: 4
    }
  }

  /// Creates a key, or returns nil unless the kind has exactly these numbers.
  init?(kind: UInt8, subject: UInt32?, client: UInt32?) {
    switch (kind, subject, client) {
    case (1, let subject?, nil): self = .subject(subject)
    case (2, nil, let client?): self = .client(client)
    case (3, let subject?, let client?): self = .subjectAtClient(subject: subject, client: client)
    case (4, nil, nil): self = .all
    default: return nil
    }
  }

  /// The position in a checkpoint.
  var rank: (UInt8, UInt32, UInt32) { (kind, subject ?? .max, client ?? .max) }
}

/// A sweep that follows a wide revocation and frees step by step what it covers.
enum MarkSweep {
  /// The sweep of the first of the subject's sessions, `remaining` times; one that is not covered goes to the end of
  /// the list.
  case subject(UInt32, remaining: Int)
  case slots(from: UInt32)
}
