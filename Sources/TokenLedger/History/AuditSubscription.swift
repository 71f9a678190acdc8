internal import Synchronization

/// The events that one consumer has not taken yet, at most as many as its buffer holds.
final class AuditSubscription: Sendable {
  private struct State {
    var events: [AuditEvent] = []
    /// The index in `events` of the first event that was not taken.
    var next = 0
    var waiter: CheckedContinuation<AuditEvent?, Never>?
    var isFinished = false

    mutating func take() -> AuditEvent? {
      guard next < events.count else { return nil }
      defer {
        next += 1
        if next == events.count || next > 4096 {
          events.removeFirst(next)
          next = 0
        }
      }
      return events[next]
    }
  }

  private let state = Mutex(State())
  private let capacity: Int

  init(capacity: Int) {
    self.capacity = capacity
  }

  /// Adds an event without waiting.
  ///
  /// An event that does not fit is reported as missed.
  func put(_ event: AuditEvent) {
    let waiter = state.withLock { state -> CheckedContinuation<AuditEvent?, Never>? in
      guard !state.isFinished else { return nil }
      if let waiter = state.waiter {
        state.waiter = nil
        return waiter
      }
      if state.events.count - state.next < capacity {
        state.events.append(event)
      } else if case .missed = state.events[state.events.count - 1].fact {
        state.events[state.events.count - 1].sequence = event.sequence
        state.events[state.events.count - 1].time = event.time
      } else {
        state.events.append(
          AuditEvent(sequence: event.sequence, time: event.time, fact: .missed(from: event.sequence)))
      }
      return nil
    }
    waiter?.resume(returning: event)
  }

  /// Ends the subscription.
  ///
  /// Buffered events can still be taken.
  func finish() {
    let waiter = state.withLock { state in
      state.isFinished = true
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(returning: nil)
  }

  /// Returns the next event, or nil at the end and when the task is cancelled.
  func next() async -> AuditEvent? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (event, isSettled) = state.withLock { state -> (AuditEvent?, Bool) in
          if let event = state.take() { return (event, true) }
          guard !state.isFinished, !Task.isCancelled, state.waiter == nil else { return (nil, true) }
          state.waiter = continuation
          return (nil, false)
        }
        if isSettled { continuation.resume(returning: event) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        defer { state.waiter = nil }
        return state.waiter
      }
      waiter?.resume(returning: nil)
    }
  }
}

/// The subscribers to events.
///
/// Without any, an event costs the ledger one check of an empty list.
struct AuditSubscriptions {
  private final class Subscriber {
    weak var subscription: AuditSubscription?

    init(_ subscription: AuditSubscription) {
      self.subscription = subscription
    }
  }

  private var subscribers: [Subscriber] = []

  var isEmpty: Bool { subscribers.isEmpty }

  /// Adds a subscriber, which receives events until it is released.
  mutating func add(_ subscription: AuditSubscription) {
    subscribers.append(Subscriber(subscription))
  }

  mutating func put(_ event: AuditEvent) {
    var isAnyGone = false
    for subscriber in subscribers {
      if let subscription = subscriber.subscription { subscription.put(event) } else { isAnyGone = true }
    }
    if isAnyGone { subscribers.removeAll { $0.subscription == nil } }
  }

  func finish() {
    for subscriber in subscribers { subscriber.subscription?.finish() }
  }
}
