/// A ledger without a log, an executor or a lock: the state, what is to be done in it later, and the numbers of its events.
///
/// Each step judges and applies what it decides, and hands the events to a sink in their order; nobody may hear of its outcome before the events
/// up to ``Staged/sequence`` are durable. What verifiers must refuse, they refuse from the step on. `RefreshLedger` is the actor around one; a
/// simulation can drive one by itself. The same calls at the same times with the same random numbers lead to the same events.
package struct LedgerMachine: ~Copyable {
  package internal(set) var state: LedgerState
  var wheel: TimingWheel
  /// Of the last event.
  package private(set) var sequence: UInt64
  private var random: any RandomNumberGenerator & Sendable
  /// How many sessions a subject may have at a time; 0 for any number.
  let sessionsPerSubjectMax: Int
  /// What the state that was opened holds of names that are not in NFC.
  let otherSpellings: OtherSpellings
  /// Sweeps after wide revocations that are not done yet.
  var markSweeps: [MarkSweep] = []
  /// When ended marks and revoked access tokens are next looked for.
  var nextPruning = Timestamp.zero
  /// When the last access token without a session was issued: a mark is later.
  var latestAccessIssue = Timestamp.zero

  /// The one time of the ledger, its engine and its verifiers.
  let time: LedgerTime
  let revocations: Revocations
  let successorWatch: SuccessorWatch

  /// - Parameter sequence: of the last event in `state`.
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

  /// The ledger's time, never before what the log has seen.
  func now() -> Timestamp { time.now(notBefore: state.highestTime) }

  /// What a step that came to `outcome` hands out.
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

  /// A verdict that rests on `moment` having passed must hold after a restart with the clock set back:
  /// the log is made to know a time that is not before it.
  mutating func proveTime(_ moment: Timestamp?, at now: Timestamp, into sink: inout some LedgerEventSink) {
    if let moment, state.highestTime < moment { record(.clockSeen, at: now, into: &sink) }
  }

  /// A random id that no entry has.
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

/// Where the events of a machine go: a log, whoever listens, a test's list.
package protocol LedgerEventSink {
  /// Is told of each event in order, before it is applied to `state`.
  mutating func take(_ event: LedgerEvent, sequence: UInt64, at time: Timestamp, before state: borrowing LedgerState)
}

/// An outcome, and the sequence number that must be durable before anybody may hear of it.
package struct Staged<Outcome: Sendable>: Sendable {
  package let outcome: Outcome
  package let sequence: UInt64
  /// Of the step that decided it.
  package let moment: LedgerMoment
}
