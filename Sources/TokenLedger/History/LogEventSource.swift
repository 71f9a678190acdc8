import WriteAheadLog

/// The events of a ledger with a log from a given position on: first those that are read back, then the new ones.
struct LogEventSource: AuditEventSource {
  private let ledger: RefreshLedger
  private let subscription: AuditSubscription
  private var history: AuditHistory?
  private var read: ArraySlice<AuditEvent> = []
  private var stage: Stage

  private enum Stage {
    /// The records after the first number, and through the second, are still to be read from the log.
    case unread(after: UInt64, through: UInt64)
    case reading
    case live
    /// Reading has failed, so that continuing would leave a gap that nobody was told of.
    case ended
  }

  /// Creates the source of the events after the sequence `start`.
  ///
  /// The events up to the sequence `handover` are read from the log, and the subscription takes over after it.
  init(_ ledger: RefreshLedger, _ subscription: AuditSubscription, after start: UInt64, handover: UInt64) {
    self.ledger = ledger
    self.subscription = subscription
    stage = start < handover ? .unread(after: start, through: handover) : .live
  }

  mutating func next() async throws(LedgerError) -> AuditEvent? {
    if let event = read.popFirst() { return event }
    if case .unread(let start, let handover) = stage {
      try await ledger.durable(through: handover)
      guard let storage = ledger.log?.storage else {
        stage = .live
        return AuditEvent(sequence: handover, time: await ledger.shownTime, fact: .missed(from: start + 1))
      }
      stage = .ended
      history = try AuditHistory.start(in: storage, after: start, through: handover)
      stage = .reading
    }
    while case .reading = stage {
      stage = .ended
      guard let batch = try await history?.next() else {
        history = nil
        if Task.isCancelled { return nil }
        stage = .live
        break
      }
      stage = .reading
      read = batch[...]
      if let event = read.popFirst() { return event }
    }
    if case .ended = stage { return nil }
    guard let event = await subscription.next() else {
      if !Task.isCancelled, let failure = ledger.logFailure, failure != .closed { throw LedgerError(failure) }
      return nil
    }
    try await ledger.durable(through: event.sequence)
    return event
  }
}
