internal import Platform
internal import RotationModel
internal import Synchronization
internal import TokenSigning

/// Reads the keys again for tokens whose key is not known here: another instance can have begun to sign with one that
/// this instance has not read.
///
/// However many such tokens come, the keys are read at most once in an interval, and each caller is answered by a
/// reading that began after it came; of more than ``waitersMax`` the rest are to try again, since nobody can say whose
/// their tokens are. So somebody who makes up tokens costs one reading in an interval, and ends no session.
final class KeyLookups: Sendable {
  static let waitersMax = 64

  private struct State {
    var waiters: [CheckedContinuation<StoreError?, Never>] = []
    /// Somebody who does not wait wants the keys read.
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

  /// Returns once the keys were read, at most after the interval and a reading.
  ///
  /// - Throws: ``EngineError/store(_:)`` if they cannot be read, or as many as can wait already: nobody can say then
  ///   whose the token is.
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

  /// Has the keys read soon, and waits for nothing.
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

  /// Until nobody waits any more.
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

  /// Nil if nobody waits: the task ends.
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

extension TokenVerificationError {
  /// Whether a key that is not known here can have signed the token.
  var mayBeForNewKey: Bool { self == .unknownKey || self == .algorithm }
}

extension KeyLookups? {
  /// What `verify` says of a token; once more after a reading of the keys if it says that it knows no key for it.
  func verify<Claims>(
    _ verify: () throws(TokenVerificationError) -> Claims
  ) async throws(EngineError) -> Result<Claims, TokenVerificationError> {
    let first = Result(catching: verify)
    guard let lookups = self, case .failure(let refusal) = first, refusal.mayBeForNewKey else { return first }
    try await lookups.readAgain()
    return Result(catching: verify)
  }
}
