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
  /// What it is about, as records and checkpoints number it.
  var kind: UInt8 {
    switch self {
    case .subject: 1
    case .client: 2
    case .subjectAtClient: 3
    case .all: 4
    }
  }

  /// Nil unless the kind has just these numbers.
  init?(kind: UInt8, subject: UInt32?, client: UInt32?) {
    switch (kind, subject, client) {
    case (1, let subject?, nil): self = .subject(subject)
    case (2, nil, let client?): self = .client(client)
    case (3, let subject?, let client?): self = .subjectAtClient(subject: subject, client: client)
    case (4, nil, nil): self = .all
    default: return nil
    }
  }

  /// The place in a checkpoint.
  var rank: (UInt8, UInt32, UInt32) { (kind, subject ?? .max, client ?? .max) }
}

/// Work that a wide revocation leaves: what it covers is freed step by step.
enum MarkSweep {
  /// The first of the subject's sessions, as many times; one that is not covered goes to the end of the list.
  case subject(UInt32, remaining: Int)
  case slots(from: UInt32)
}
