#if Postgres
internal import Platform
internal import Synchronization
internal import SystemPackage

/// The answers that other connections of an instance get, as a sign to one that waits that it waits in vain.
///
/// After a break a server that is reachable again is not heard on an old connection until TCP sends again, which takes
/// seconds, and a server that another has replaced never answers.
package final class OtherAnswers: Sendable {
  private let isWatched = Atomic(false)
  private let count = Atomic<Int>(0)
  private let hasOvertaken = Atomic(false)
  private let wakeUp: WakeUp

  /// - Throws: `.unreachable` if the system has no descriptor left.
  init() throws(DatabaseError) {
    do { wakeUp = try WakeUp() } catch { throw .unreachable("no descriptor is left for the feed: \(error)") }
  }

  /// Notes that another connection was answered, on any thread.
  ///
  /// The call costs an atomic load while nobody waits.
  func note() {
    guard isWatched.load(ordering: .relaxed) else { return }
    count.add(1, ordering: .relaxed)
    wakeUp.post()
  }

  /// Waits until the deadline, or until another connection is answered.
  func pause(until deadline: ContinuousClock.Instant) {
    isWatched.store(true, ordering: .relaxed)
    defer { isWatched.store(false, ordering: .relaxed) }
    _ = try? Readiness.wait(for: [], of: -1, orWakeBy: wakeUp, until: deadline)
  }

  /// True if a wait was overtaken since the last call.
  func takeOvertaken() -> Bool { hasOvertaken.exchange(false, ordering: .relaxed) }

  /// True if a wait was overtaken, and nobody has taken note of that.
  var isOvertaken: Bool { hasOvertaken.load(ordering: .relaxed) }

  /// Waits for a descriptor, as `Readiness.wait` does, but no longer than `patience` once another connection is
  /// answered.
  ///
  /// Only one thread waits at a time. Returns nil if it was overtaken.
  fileprivate func wait(
    for wanted: Readiness, of descriptor: CInt, patience: Duration, until deadline: ContinuousClock.Instant
  ) throws(Errno) -> Readiness? {
    let (began, before) = (ContinuousClock.now, count.load(ordering: .relaxed))
    isWatched.store(true, ordering: .relaxed)
    defer { isWatched.store(false, ordering: .relaxed) }
    var end = deadline
    while true {
      var ready = try Readiness.wait(for: wanted, of: descriptor, orWakeBy: wakeUp, until: end)
      ready.remove(.wakeUp)
      if !ready.isEmpty { return ready }
      if count.load(ordering: .relaxed) != before { end = min(deadline, began + patience) }
      guard ContinuousClock.now >= end else { continue }
      guard end < deadline else { return [] }
      hasOvertaken.store(true, ordering: .relaxed)
      return nil
    }
  }
}

/// The rule by which a connection stops waiting once others are answered.
package struct Overtaking: Sendable {
  let answers: OtherAnswers
  /// The time that an answer can take although others are answered.
  var patience: Duration

  static let reason = "no answer came, and other connections were answered meanwhile"
}

extension Readiness {
  /// Waits for a socket, and returns nil if the wait was overtaken.
  static func wait(
    for wanted: Readiness, of socket: CInt, _ overtaking: Overtaking?, until deadline: ContinuousClock.Instant
  ) throws(Errno) -> Readiness? {
    guard let overtaking else { return try wait(for: wanted, of: socket, until: deadline) }
    return try overtaking.answers.wait(for: wanted, of: socket, patience: overtaking.patience, until: deadline)
  }
}
#endif
