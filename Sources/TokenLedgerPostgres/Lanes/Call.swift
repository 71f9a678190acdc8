#if Postgres
internal import Synchronization

/// The side of a call that a lane knows, whatever it asks for.
protocol LaneCall: AnyObject, Sendable {
  /// The time at which it is given up.
  var limit: ContinuousClock.Instant { get }
  /// True if nobody waits for it any more.
  var isSettled: Bool { get }
  func fail(_ error: LedgerError)
  /// It has possibly taken effect: from now on it is tried as a retry, and its failure leaves the outcome unknown.
  func noteSent()
  var wasSent: Bool { get }
  /// It can have waited to be read before it was made, since the process stood still.
  func noteLateReading()
  /// Notes that it failed in a step, perhaps with others: from now on it is tried by itself.
  ///
  /// - Parameter isFinal: True if the same would come of it again, as of a row that is damaged; false if something else
  ///   stood in its way.
  func noteFailure(isFinal: Bool)
  var isAlone: Bool { get }
  /// True if it has failed so often that it is given up before its time is over.
  var isHopeless: Bool { get }
}

extension LaneCall {
  /// Its time is over, or nothing can be tried any more.
  func giveUp(_ why: String) { fail(wasSent ? .outcomeUnknown(why) : .unavailable(why)) }
}

/// One caller that waits for one outcome.
final class Call<Request: Sendable, Value: Sendable>: LaneCall {
  typealias Outcome = Result<Value, LedgerError>

  private enum State {
    case coming
    case waiting(CheckedContinuation<Outcome, Never>)
    case settled(Outcome?)
  }

  let request: Request
  let limit: ContinuousClock.Instant
  private let attemptID = Attempt.newID()
  private let began = ContinuousClock.now
  private let state = Mutex(State.coming)
  private let sent = Atomic(false)
  private let late = Atomic(false)
  private let failed = Atomic(false)
  private let finalFailures = Atomic(0)

  private static var finalFailuresMax: Int { 4 }

  init(_ request: Request, limit: ContinuousClock.Instant) {
    (self.request, self.limit) = (request, limit)
  }

  var attempt: Attempt {
    let isLate = late.load(ordering: .relaxed) || began + Attempt.patience < .now
    return Attempt(id: attemptID, isRetry: wasSent, isLate: isLate)
  }
  var wasSent: Bool { sent.load(ordering: .relaxed) }
  func noteSent() { sent.store(true, ordering: .relaxed) }
  func noteLateReading() { late.store(true, ordering: .relaxed) }
  var isAlone: Bool { failed.load(ordering: .relaxed) }
  var isHopeless: Bool { finalFailures.load(ordering: .relaxed) >= Self.finalFailuresMax }

  func noteFailure(isFinal: Bool) {
    failed.store(true, ordering: .relaxed)
    if isFinal { finalFailures.add(1, ordering: .relaxed) }
  }

  var isSettled: Bool {
    state.withLock { state in
      if case .settled = state { return true }
      return false
    }
  }

  func fail(_ error: LedgerError) { settle(.failure(error)) }

  /// The first outcome counts.
  func settle(_ outcome: Outcome) {
    let waiting: CheckedContinuation<Outcome, Never>? = state.withLock { state in
      switch state {
      case .coming: state = .settled(outcome)
      case .waiting(let continuation):
        state = .settled(nil)
        return continuation
      case .settled: break
      }
      return nil
    }
    waiting?.resume(returning: outcome)
  }

  /// Waits for the outcome.
  ///
  /// If there is a deadline, its passing or a cancellation ends the wait, and never the work.
  func value(until deadline: ContinuousClock.Instant?) async throws(LedgerError) -> Value {
    guard let deadline else { return try await outcome().get() }
    let timer = Task {
      guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
      self.endWait()
    }
    let outcome = await withTaskCancellationHandler {
      await self.outcome()
    } onCancel: {
      endWait()
    }
    timer.cancel()
    return try outcome.get()
  }

  private func outcome() async -> Outcome {
    await withCheckedContinuation { continuation in
      let outcome: Outcome? = state.withLock { state in
        if case .settled(let outcome?) = state { return outcome }
        state = .waiting(continuation)
        return nil
      }
      if let outcome { continuation.resume(returning: outcome) }
    }
  }

  private func endWait() {
    fail(.outcomeUnknown("the caller waited no longer; what was decided stays decided"))
  }
}

/// A call that is a step of its own.
final class StepCall: Sendable {
  let call: any LaneCall
  /// Runs the step and settles the call.
  let run: @Sendable (LedgerConnection) throws(DatabaseError) -> Void

  init<Value: Sendable>(
    _ call: Call<Void, Value>,
    _ body: @escaping @Sendable (LedgerConnection, Attempt, ContinuousClock.Instant) throws(DatabaseError) -> Value
  ) {
    self.call = call
    run = { (connection) throws(DatabaseError) in
      call.settle(.success(try body(connection, call.attempt, call.limit)))
    }
  }
}

typealias RotationCall = Call<RotationRequest, (Rotation, LedgerMoment)>
/// A token that no session stands behind.
typealias AccessCall = Call<(client: String, id: SessionID, accessMilliseconds: Int64), LedgerMoment>
typealias OpeningCall = Call<[OpeningRequest], OpeningStep.Answer>

/// A session that is to be opened under an id: one that was drawn, or that of an import.
struct OpeningRequest: Sendable {
  let id: SessionID
  let grant: SessionGrant
}
#endif
