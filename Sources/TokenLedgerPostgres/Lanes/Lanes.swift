#if Postgres
internal import Platform
internal import Synchronization

/// The threads on which steps run, one connection each, and the queue before them.
final class Lanes: Sendable {
  let queue: LaneQueue

  /// The most by which a deadline is noticed late.
  private static let tickInterval = Duration.milliseconds(50)

  /// Connects all lanes, one after the other, on a thread that can wait.
  ///
  /// - Throws: The error that stands in the way of a connection.
  static func start(_ connector: Connector, deadline: ContinuousClock.Instant) async throws(DatabaseError) -> Lanes {
    try await BlockingWork.run { () throws(DatabaseError) in
      let options = connector.setting.options
      let queue = try LaneQueue(lanes: options.connections, requestDeadline: options.requestDeadline)
      var lanes: [Lane] = []
      do throws(DatabaseError) {
        for number in 0..<options.connections {
          let connection = try connector.connectPatiently(deadline: deadline)
          lanes.append(Lane(number, queue: queue, connector: connector, connection: connection))
        }
      } catch {
        for lane in lanes { lane.close() }
        throw error
      }
      return try Lanes(queue, lanes)
    }
  }

  private init(_ queue: LaneQueue, _ lanes: [Lane]) throws(DatabaseError) {
    self.queue = queue
    var threads = lanes.map { lane in DetachedThread { lane.run() } }
    threads.append(
      DetachedThread {
        while queue.tick() { _ = try? Readiness.wait(for: [], of: -1, until: .now + Self.tickInterval) }
      })
    for (index, thread) in threads.enumerated() where thread.start() != 0 {
      // Those that run end; for those that do not it is said here.
      queue.beginClosing()
      for number in index..<lanes.count {
        lanes[number].close()
        queue.noteEnd(lane: number)
      }
      throw .unreachable("the system has no thread left for the ledger's lanes; raise its limit")
    }
  }

  // MARK: - Calls

  /// Runs a step by itself, and again if its outcome is unknown or nothing happened, until the deadline of all
  /// calls.
  ///
  /// `body` can be run again, with the same attempt.
  func perform<Outcome: Sendable>(
    limit: ContinuousClock.Instant? = nil,
    _ body:
      @escaping @Sendable (LedgerConnection, Attempt, _ deadline: ContinuousClock.Instant) throws(DatabaseError) ->
      Outcome
  ) async throws(LedgerError) -> Outcome {
    let call = Call<Void, Outcome>((), limit: limit ?? queue.limit)
    try queue.add(StepCall(call, body))
    return try await call.value(until: nil)
  }

  /// Refreshes in the next fast step.
  ///
  /// A deadline ends the wait and not the work.
  func rotate(
    _ request: RotationRequest, deadline: ContinuousClock.Instant?
  ) async throws(LedgerError) -> (Rotation, LedgerMoment) {
    let call = RotationCall(request, limit: queue.limit)
    try queue.add(call)
    return try await call.value(until: deadline)
  }

  /// Refreshes one after the other, in one step.
  func rotate(
    _ batch: [RotationRequest], deadline: ContinuousClock.Instant?
  ) async throws(LedgerError) -> ([Rotation], LedgerMoment) {
    let call = Call<Void, ([Rotation], LedgerMoment)>((), limit: queue.limit)
    try queue.add(
      StepCall(call) { (connection, attempt, deadline) throws(DatabaseError) in
        try connection.raiseLimits(for: batch, deadline: deadline)
        let presentations = batch.enumerated().map { index, request in
          SlowRotation.Presentation(
            request: request, attempt: attempt.advanced(by: index))
        }
        return try SlowRotation.run(presentations, on: connection, deadline: deadline)
      })
    return try await call.value(until: deadline)
  }

  func open(
    _ requests: [OpeningRequest], deadline: ContinuousClock.Instant?
  ) async throws(LedgerError) -> OpeningStep.Answer {
    let call = OpeningCall(requests, limit: queue.limit)
    try queue.add(call)
    return try await call.value(until: deadline)
  }

  /// The moment of an access token that no session stands behind, of the next fast step.
  func issueAccess(
    client: String, id: SessionID, accessMilliseconds: Int64
  ) async throws(LedgerError) -> LedgerMoment {
    let call = AccessCall((client, id, accessMilliseconds), limit: queue.limit)
    try queue.add(call)
    return try await call.value(until: nil)
  }
}

extension Lanes: StepPerformer {
  func perform<Outcome: Sendable>(
    _ body: @escaping @Sendable (LedgerConnection, _ deadline: ContinuousClock.Instant) throws(DatabaseError) -> Outcome
  ) async throws(LedgerError) -> Outcome {
    try await perform { (connection, _, deadline) throws(DatabaseError) in try body(connection, deadline) }
  }
}
#endif
