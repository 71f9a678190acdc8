import WriteAheadLog

/// The events of a ledger, from a place in its log on, without end.
///
/// Each is told once it is durable. A slow consumer slows nothing: past its buffer events are dropped for it, and it is told which
/// (``AuditEvent/Fact/missed(from:)``). It ends when the ledger is closed or the task is cancelled, and throws when the log fails.
/// For one iteration.
public struct AuditEvents: AsyncSequence, Sendable {
  public typealias Element = AuditEvent
  public typealias Failure = LedgerFailure

  let ledger: RefreshLedger
  let subscription: AuditSubscription
  /// Where in the log to begin, and where the subscription takes over.
  let start: UInt64
  let joint: UInt64

  public func makeAsyncIterator() -> Iterator {
    Iterator(ledger: ledger, subscription: subscription, after: start, joint: joint)
  }

  public struct Iterator: AsyncIteratorProtocol {
    private let ledger: RefreshLedger
    private let subscription: AuditSubscription
    private var history: AuditHistory?
    private var read: ArraySlice<AuditEvent> = []
    private var stage: Stage

    private enum Stage {
      /// The log is to be read after the one and through the other.
      case unread(after: UInt64, through: UInt64)
      case reading
      case live
      /// Reading has failed: going on would leave a gap that nobody was told of.
      case ended
    }

    init(ledger: RefreshLedger, subscription: AuditSubscription, after start: UInt64, joint: UInt64) {
      self.ledger = ledger
      self.subscription = subscription
      stage = start < joint ? .unread(after: start, through: joint) : .live
    }

    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(LedgerFailure) -> AuditEvent? {
      if let event = read.popFirst() { return event }
      if case .unread(let start, let joint) = stage {
        try await ledger.durable(through: joint)
        guard let storage = ledger.log?.storage else {
          stage = .live
          return AuditEvent(sequence: joint, time: await ledger.shownTime, fact: .missed(from: start + 1))
        }
        stage = .ended
        history = try AuditHistory.start(in: storage, after: start, through: joint)
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
        if !Task.isCancelled, let failure = ledger.logFailure, failure != .closed { throw .log(failure) }
        return nil
      }
      try await ledger.durable(through: event.sequence)
      return event
    }
  }
}

extension RefreshLedger {
  /// What happens from now on, or from a place in the log on.
  ///
  /// - Parameters:
  ///   - sequence: the number of the last event that is known already, ``AuditEvent/sequence``, 0 for all that the log still holds; nil for what
  ///     happens from now on. Reading back costs a replay of the log from its checkpoint on, beside the ledger.
  ///   - buffer: how many events are kept for a consumer that is slower than they come, 1 to 1,048,576. About 150 bytes each.
  /// - Throws: `LedgerFailure.invalid` where `sequence` is ahead of the log, which then is not the log that it was read from.
  public func events(
    after sequence: UInt64? = nil, buffer: Int = 65_536
  ) throws(LedgerFailure) -> AuditEvents {
    guard (1...1_048_576).contains(buffer) else { throw .invalid(field: "buffer", limit: "from 1 to 1048576") }
    guard sequence ?? 0 <= self.sequence else {
      throw .invalid(field: "after", limit: "at most \(self.sequence), the log's last record")
    }
    let subscription = AuditSubscription(capacity: buffer)
    if log?.failure != nil || isClosing { subscription.finish() }
    subscriptions.add(subscription)
    return AuditEvents(
      ledger: self, subscription: subscription, start: sequence ?? self.sequence, joint: self.sequence)
  }

  var shownTime: Timestamp { state.shifts.wallTime(of: state.highestTime) }
}
