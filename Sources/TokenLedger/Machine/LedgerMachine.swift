/// A ledger without a log, an executor or a lock: the state, the pending work on it, and the numbers of its events.
///
/// Each step makes a decision, applies it and hands the events to a sink in order. Nobody may be told the outcome
/// before the events up to ``Staged/sequence`` are durable. What verifiers must refuse, they refuse from the step on.
/// `RefreshLedger` is the actor around a machine; a simulation can run one by itself. The same calls at the same times
/// with the same random numbers lead to the same events.
package struct LedgerMachine: ~Copyable {
  package internal(set) var state: LedgerState
  var wheel: TimingWheel
  /// The sequence of the last event.
  package private(set) var sequence: UInt64
  private var random: any RandomNumberGenerator & Sendable
  /// The most sessions of a subject at a time; 0 for no cap.
  let sessionsPerSubjectMax: Int
  /// The names in the opened state that are not in NFC.
  let otherSpellings: OtherSpellings
  /// The sweeps after wide revocations that are not done yet.
  var markSweeps: [MarkSweep] = []
  /// The time of the next search for ended marks and revoked access tokens.
  var nextPruning = Timestamp.zero
  /// The time at which the last access token without a session was issued; every new mark is later.
  var latestAccessIssue = Timestamp.zero

  /// The one time of the ledger, its engine and its verifiers.
  let time: LedgerTime
  let revocations: Revocations
  let successorWatch: SuccessorWatch

  /// Creates a machine that continues from `state`, in which the last event has this sequence.
  ///
  /// The call visits every slot of the state.
  package init(
    state: LedgerState, sequence: UInt64, clock: SessionClock, random: any RandomNumberGenerator & Sendable,
    sessionsPerSubjectMax: Int = 0
  ) {
    var wheel = TimingWheel(startingAt: state.highestTime.tick)
    for slot in 0..<UInt32(state.table.slotCount) where state.table[slot].status != .free {
      wheel.arm(slot, due: state.dueTick(slot))
    }
    revocations = Revocations()
    revocations.fill(from: state)
    otherSpellings = OtherSpellings(in: state)
    self.wheel = wheel
    self.sequence = sequence
    time = LedgerTime(clock, notBefore: state.highestTime)
    self.random = random
    self.sessionsPerSubjectMax = sessionsPerSubjectMax
    successorWatch = SuccessorWatch(
      openUntil: state.highestTime.advanced(byMilliseconds: RotationRequest.graceMillisecondsMax))
    if !state.marks.isEmpty { markSweeps = [.slots(from: 0)] }
    self.state = state
  }

  /// Returns the ledger's time, which is never before the highest time in the log.
  func now() -> Timestamp { time.now(notBefore: state.highestTime) }

  /// Returns the outcome of a step, with the sequence on which it rests.
  func staged<Outcome: Sendable>(
    _ outcome: Outcome, at now: Timestamp, through sequence: UInt64? = nil
  ) -> Staged<Outcome> {
    Staged(
      outcome: outcome, sequence: sequence ?? self.sequence,
      moment: LedgerMoment(time: now, shift: state.shifts.seconds))
  }

  mutating func record(_ event: LedgerEvent, at time: Timestamp, into sink: inout some LedgerEventSink) {
    sequence += 1
    sink.take(event, sequence: sequence, at: time, before: state)
    state.apply(event, at: time)
  }

  mutating func record(_ events: [LedgerEvent], at time: Timestamp, into sink: inout some LedgerEventSink) {
    for event in events { record(event, at: time, into: &sink) }
  }

  /// Makes a verdict that rests on `moment` having passed hold after a restart with the clock set back, by recording a
  /// time that is not before it.
  mutating func proveTime(_ moment: Timestamp?, at now: Timestamp, into sink: inout some LedgerEventSink) {
    if let moment, state.highestTime < moment { record(.clockSeen, at: now, into: &sink) }
  }

  /// Returns a random id that no entry has.
  mutating func unusedID() -> SessionID {
    while true {
      let id = drawID()
      if state.table.slot(of: id) == nil { return id }
    }
  }

  private mutating func drawID() -> SessionID {
    func draw(_ generator: inout some RandomNumberGenerator) -> SessionID { SessionID(from: &generator) }
    return draw(&random)
  }
}

/// The destination of a machine's events: a log, subscribers, a list in a test.
package protocol LedgerEventSink {
  /// Takes each event in order, before it is applied to `state`.
  mutating func take(_ event: LedgerEvent, sequence: UInt64, at time: Timestamp, before state: borrowing LedgerState)
}

/// An outcome with the sequence that must be durable before anybody is told of it.
package struct Staged<Outcome: Sendable>: Sendable {
  package let outcome: Outcome
  package let sequence: UInt64
  /// The time of the step that decided the outcome.
  package let moment: LedgerMoment
}
