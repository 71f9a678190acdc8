#if Postgres
internal import Platform
internal import RotationModel
internal import Synchronization

/// The feed of an instance: it follows the revocations of other instances, on a thread and a connection of its own, and
/// records which successors the verifiers of this one saw.
///
/// It reads twenty times a second, and at once if a notification or a caller here wakes it. A reading is a step like
/// any other: its answer waits for the standby, so that a primary that was cut off cannot pass for one without news.
package final class Feed: Sendable {
  private struct State {
    var isClosing = false
    var start: CheckedContinuation<DatabaseError?, Never>?
    var startDeadline = ContinuousClock.now
    var onReturn: @Sendable () -> Void = {}
  }

  private let knowledge: InstanceKnowledge
  private let connector: Connector
  private let options: PostgresOptions
  private let state = Mutex(State())
  private let ends = RisingNumber()

  /// The time after which a step is abandoned: its news would be old, and another server may have taken over.
  private var stepLimit: Duration {
    options.feedStepLimit ?? max(.seconds(1), min(options.requestDeadline, .seconds(5)))
  }
  private static let interval = Duration.milliseconds(50)
  /// The shortest time between two readings, however often the feed is woken.
  private static let pauseMin = Duration.milliseconds(10)
  private static let backOffMin = Duration.milliseconds(20)
  /// The longest time for which a database that is back goes unnoticed, with everything that was revoked there
  /// meanwhile.
  private static let backOffMax = Duration.milliseconds(200)

  package init(_ knowledge: InstanceKnowledge, connector: Connector) {
    (self.knowledge, self.connector) = (knowledge, connector)
    options = connector.setting.options
  }

  /// Returns once everything that was revoked before is known.
  ///
  /// - Throws: The error that prevents it; if it can pass, only at the deadline. The feed has ended then.
  package func start(deadline: ContinuousClock.Instant) async throws(DatabaseError) {
    let error: DatabaseError? = await withCheckedContinuation { continuation in
      state.withLock { ($0.start, $0.startDeadline) = (continuation, deadline) }
      let thread = DetachedThread { self.run() }
      if thread.start() != 0 { settle(.unreachable("no thread is left for the feed")) }
    }
    if let error { throw error }
  }

  /// Sets a closure that is called whenever the database answers again, which the feed notices first.
  package func onReturn(_ body: @escaping @Sendable () -> Void) {
    state.withLock { $0.onReturn = body }
  }

  /// Writes the pending notes and ends the feed.
  ///
  /// The call is idempotent.
  package func close() async {
    state.withLock { $0.isClosing = true }
    knowledge.wakeUp.post()
    _ = await ends.wait(after: 0)
    knowledge.eventFloor.finish()
    knowledge.recordChange.finish()
    knowledge.staleMilliseconds.finish()
  }

  private var isClosing: Bool { state.withLock { $0.isClosing } }

  /// Resumes the caller that waits for the start.
  private func settle(_ error: DatabaseError?) {
    let waiting = state.withLock { state in
      if state.start != nil, error != nil { state.isClosing = true }
      defer { state.start = nil }
      return state.start
    }
    waiting?.resume(returning: error)
  }

  // MARK: - The thread

  private func run() {
    var (reader, patience, backOff) = (FeedReader(knowledge), FeedPatience(), Self.backOffMin)
    while !isClosing {
      do throws(DatabaseError) {
        let overtaking = Overtaking(answers: knowledge.laneAnswers, patience: patience.ofConnecting)
        let connection = try connector.connect(overtaking: overtaking, deadline: .now + .seconds(5))
        defer { connection.database.close() }
        do throws(DatabaseError) {
          try connection.database.simple("listen \(connector.setting.schema.quoted)", deadline: .now + .seconds(5))
          try follow(connection, &reader, &patience) {
            if backOff > Self.backOffMin { state.withLock(\.onReturn)() }
            backOff = Self.backOffMin
          }
        } catch {
          // After the lanes have found a host, that is the one to be asked.
          if case .lost = error, !knowledge.laneAnswers.isOvertaken { connector.passOver(connection) }
          throw error
        }
      } catch {
        failed(error)
        if knowledge.laneAnswers.takeOvertaken() {
          patience.double()
        } else {
          knowledge.laneAnswers.pause(until: isClosing ? .now : .now + backOff)
          backOff = min(Self.backOffMax, backOff * 2)
        }
      }
    }
    settle(.unreachable("the ledger was closed"))
    ends.raise(to: 1)
  }

  private func follow(
    _ connection: LedgerConnection, _ reader: inout FeedReader, _ patience: inout FeedPatience, isWell: () -> Void
  ) throws(DatabaseError) {
    reader.begin(connection)
    while true {
      let began = ContinuousClock.now
      let isLast = isClosing
      connection.database.overtaking?.patience = patience.ofReading
      try reader.look(connection, patience: stepLimit)
      patience.noteReading(began.duration(to: .now))
      knowledge.condition.noteConnected()
      settle(nil)
      isWell()
      if isLast { return }
      _ = try connection.database.waitForNotification(until: began + Self.interval, orWakeBy: knowledge.wakeUp)
      let earliest = began + Self.pauseMin
      if .now < earliest, !isClosing { try? sleep(until: earliest) }
    }
  }

  private func failed(_ error: DatabaseError) {
    knowledge.condition.noteAway(error, isFenced: knowledge.witness.isFenced)
    let isOver = state.withLock { $0.start != nil && $0.startDeadline <= .now }
    if isOver || !error.mayPass { settle(error) }
  }

  private func sleep(until moment: ContinuousClock.Instant) throws {
    _ = try Readiness.wait(for: [], of: -1, until: moment)
  }
}
#endif
