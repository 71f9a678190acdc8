internal import Platform
internal import RotationModel
internal import Synchronization
internal import TokenSigning

/// A reader of the keys for tokens whose key is unknown here: another instance can have begun to sign with a key that
/// this instance has not read.
///
/// However many such tokens come, the keys are read at most once in an interval, and each caller is answered by a
/// reading that began after its call. Of more than ``waitersMax`` callers the rest must try again, since nobody can say
/// whose their tokens are. Made-up tokens thus cost one reading in an interval, and end no session.
final class KeyLookups: Sendable {
  static let waitersMax = 64

  private struct State {
    var waiters: [CheckedContinuation<StoreError?, Never>] = []
    /// True if a caller that does not wait has asked for a reading.
    var isWanted = false
    var isRunning = false
    var lastRead: ContinuousClock.Instant?
  }

  private let keys: KeyRing
  private let observer: any EngineObserver
  private let interval: Duration
  private let state = Mutex(State())

  init(_ keys: KeyRing, observer: any EngineObserver, interval: Duration = .seconds(1)) {
    self.keys = keys
    self.observer = observer
    self.interval = interval
  }

  /// Returns once the keys have been read, at most after the interval and one reading.
  ///
  /// - Throws: ``EngineError/store(_:)`` if the keys cannot be read or too many callers are waiting already: nobody can
  ///   then say whose the token is.
  func readAgain() async throws(EngineError) {
    let failure: StoreError? = await withCheckedContinuation { continuation in
      let isTaken = state.withLock { state in
        guard state.waiters.count < Self.waitersMax else { return false }
        state.waiters.append(continuation)
        return true
      }
      if isTaken { start() } else { continuation.resume(returning: .overloaded) }
    }
    if let failure { throw .store(failure) }
  }

  /// Starts a reading of the keys soon, and waits for nothing.
  func readSoon() {
    state.withLock { $0.isWanted = true }
    start()
  }

  private func start() {
    let isMine = state.withLock { state in
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if isMine { Task.detached { await self.run() } }
  }

  /// Reads the keys until nobody waits any more.
  private func run() async {
    while let earliest = earliestRead() {
      try? await Task.sleep(until: earliest, clock: .continuous)
      let waiters = state.withLock { state in
        defer { (state.waiters, state.isWanted, state.lastRead) = ([], false, .now) }
        return state.waiters
      }
      let failure = await read()
      for waiter in waiters { waiter.resume(returning: failure) }
    }
  }

  /// Returns the earliest time of the next reading, or nil if nobody waits, which ends the task.
  private func earliestRead() -> ContinuousClock.Instant? {
    state.withLock { state in
      guard !state.waiters.isEmpty || state.isWanted else {
        state.isRunning = false
        return nil
      }
      return state.lastRead.map { $0 + interval } ?? .now
    }
  }

  private func read() async -> StoreError? {
    let keys = keys
    do throws(KeyError) {
      if try await BlockingWork.run({ () throws(KeyError) in try keys.reload() }) {
        observer.engine(observed: .keysReloaded)
      }
      return nil
    } catch {
      return .unreadable("the signing keys cannot be read: \(error)")
    }
  }
}

extension KeyLookups? {
  /// Returns the result of `verify`.
  ///
  /// If that knows no key for the token, it is repeated once after a reading of the keys.
  func verify<Claims>(
    _ verify: () throws(TokenVerificationError) -> Claims
  ) async throws(EngineError) -> Result<Claims, TokenVerificationError> {
    let first = Result(catching: verify)
    guard let lookups = self, case .failure(let refusal) = first, refusal.mayBeForNewKey else { return first }
    try await lookups.readAgain()
    return Result(catching: verify)
  }
}
