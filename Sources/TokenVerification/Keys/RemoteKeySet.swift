internal import Synchronization

/// The keys of an issuer, fetched by a closure of the caller's and kept.
///
///     let keys = RemoteKeySet { try await fetchBytes("https://login.example/.well-known/jwks.json") }
///
/// The keys are fetched when the first token asks for them, again when a token names a key that is not among them, and
/// in the background when they have reached ``Options/ageMax``. There is one fetch at a time, whose result all callers
/// share, and at least ``Options/intervalMin`` between two, however many tokens name made-up keys. While the issuer is
/// away, the keys that are known go on verifying: keys that an issuer publishes before it signs with them, as
/// refresh-ledger does, are known in time.
///
/// The set can be used from any number of tasks.
public final class RemoteKeySet: VerificationKeySource {
  /// The times and bounds of fetching.
  public struct Options: Sendable {
    /// The age from which keys are fetched anew, in the background; a key that its issuer has withdrawn is used for so
    /// long at most while the issuer answers.
    public var ageMax = Duration.seconds(300)
    /// The shortest time between the starts of two fetches.
    ///
    /// A caller whose token names an unknown key waits for it.
    public var intervalMin = Duration.seconds(1)
    /// The longest time of one fetch: its task is cancelled then.
    public var fetchTimeout = Duration.seconds(10)
    /// The most callers with tokens of unknown keys that wait for a fetch; further ones are told
    /// ``KeySetError/overloaded`` at once.
    ///
    /// Before the first fetch has succeeded, ten thousand callers wait.
    public var waitersMax = 64

    public init() {}
  }

  /// The state of the keys, for health checks and metrics.
  public struct Status: Sendable, Hashable {
    /// The time of the last fetch that succeeded, by the wall clock; nil before the first.
    public var fetchedAt: Timestamp?
    /// The reason that the last fetch failed, or nil if it succeeded.
    public var fault: KeySetError?
    /// The number of fetches that were started.
    public var fetchCount: UInt64 = 0
  }

  /// The most callers that wait before any keys are known: every request of a process that has just started.
  private static let firstWaitersMax = 10_000

  fileprivate struct Waiter {
    let id: UInt64
    let continuation: CheckedContinuation<Result<KeySet, KeySetError>, Never>
    /// True for a caller that had no keys at all, whom a fetch that has begun already serves as well.
    let takesAny: Bool
  }

  private struct State {
    var set: KeySet?
    var fetchedAtBoot: Int64?
    var lastStartAtBoot: Int64?
    var status = Status()
    var waiters: [Waiter] = []
    /// The waiters of the fetch that is under way.
    var served: [Waiter] = []
    var nextWaiter: UInt64 = 0
    var isWanted = false
    var isRunning = false
  }

  private let options: Options
  private let clock: PacedClock
  private let fetch: @Sendable () async throws -> [UInt8]
  private let onFetch: @Sendable (Status) -> Void
  private let state = Mutex(State())

  /// Creates a set without keys, which are fetched when they are first asked for.
  ///
  /// - Parameters:
  ///   - options: The times and bounds of fetching.
  ///   - clock: The clock of the age of keys, the pauses and the timeout.
  ///   - onFetch: Is called after each fetch, and must return at once.
  ///   - fetch: Returns the body of the issuer's JWK Set; it throws if the reply has another status than 200, and when
  ///     its task is cancelled. The text of its error is shown in ``Status/fault``, so it must hold no secret.
  public init(
    options: Options = Options(), clock: PacedClock = .system,
    onFetch: @escaping @Sendable (Status) -> Void = { _ in }, fetch: @escaping @Sendable () async throws -> [UInt8]
  ) {
    self.options = options
    self.clock = clock
    self.onFetch = onFetch
    self.fetch = fetch
  }

  public var status: Status { state.withLock(\.status) }

  /// The keys that are known now, or nil before the first fetch.
  ///
  /// If they are old, a fetch is started, and not waited for.
  public var current: KeySet? {
    let boot = clock.clock.bootMilliseconds()
    let (set, isOld) = state.withLock { state in
      guard let fetched = state.fetchedAtBoot, !state.isRunning else { return (state.set, false) }
      guard Duration.milliseconds(boot - fetched) >= options.ageMax else { return (state.set, false) }
      state.isWanted = true
      return (state.set, true)
    }
    if isOld { start() }
    return set
  }

  /// Returns the keys of a fetch that began after this call.
  ///
  /// A caller that has tried none gets the known ones at once, or else those of a fetch that is under way. A cancelled
  /// caller is answered at once.
  public func keys(newerThan known: KeySet?) async throws(KeySetError) -> KeySet {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    let result: Result<KeySet, KeySetError> = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let atOnce: Result<KeySet, KeySetError>? = state.withLock { state in
          if known == nil, let set = state.set { return .success(set) }
          guard !Task.isCancelled else { return .failure(Self.cancelled) }
          let most = state.set == nil ? max(Self.firstWaitersMax, options.waitersMax) : options.waitersMax
          guard state.waiters.count < most else { return .failure(.overloaded) }
          state.waiters.append(Waiter(id: id, continuation: waiter, takesAny: known == nil))
          return nil
        }
        if let atOnce { waiter.resume(returning: atOnce) } else { start() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.waiters.remove(id) ?? state.served.remove(id)
      }
      waiter?.continuation.resume(returning: .failure(Self.cancelled))
    }
    return try result.get()
  }

  private static let cancelled = KeySetError.unreachable("it was cancelled")

  private func start() {
    let isMine = state.withLock { state in
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if isMine { Task.detached { await self.run() } }
  }

  /// Fetches until nobody waits any more.
  private func run() async {
    while let wait = waitBeforeNext() {
      if wait > .zero { try? await clock.sleep(for: wait) }
      let boot = clock.clock.bootMilliseconds()
      // Whoever asks about a key from here on is not answered by this fetch, which may have begun before the key was
      // published.
      state.withLock { state in
        (state.served, state.waiters, state.isWanted, state.lastStartAtBoot) = (state.waiters, [], false, boot)
        state.status.fetchCount += 1
      }
      let result = await fetched()
      let (status, answered) = state.withLock { state in
        switch result {
        case .success(let set):
          (state.set, state.fetchedAtBoot) = (set, boot)
          (state.status.fetchedAt, state.status.fault) = (clock.now(), nil)
        case .failure(let error):
          state.status.fault = error
        // Known keys stay. If they are old, the next caller asks again, at the bounded rate.
        }
        let answered = state.served + state.waiters.filter(\.takesAny)
        state.served = []
        state.waiters.removeAll(where: \.takesAny)
        return (state.status, answered)
      }
      onFetch(status)
      for waiter in answered { waiter.continuation.resume(returning: result) }
    }
  }

  /// Returns the time until the next fetch may start, or nil if nobody wants one, which ends the task.
  private func waitBeforeNext() -> Duration? {
    let boot = clock.clock.bootMilliseconds()
    return state.withLock { state in
      guard !state.waiters.isEmpty || state.isWanted else {
        state.isRunning = false
        return nil
      }
      guard let last = state.lastStartAtBoot else { return .zero }
      return max(.zero, options.intervalMin - .milliseconds(boot - last))
    }
  }

  private func fetched() async -> Result<KeySet, KeySetError> {
    let (fetch, clock, timeout) = (fetch, clock, options.fetchTimeout)
    let bytes: Result<[UInt8], KeySetError> = await withTaskGroup(of: Result<[UInt8], KeySetError>.self) { group in
      group.addTask {
        do { return .success(try await fetch()) } catch { return .failure(.unreachable("\(error)")) }
      }
      group.addTask {
        do { try await clock.sleep(for: timeout) } catch { return .failure(Self.cancelled) }
        return .failure(.unreachable("no reply within \(timeout)"))
      }
      let first = await group.next()
      group.cancelAll()
      return first ?? .failure(Self.cancelled)
    }
    return bytes.flatMap { bytes in
      do throws(KeySetError) { return .success(try KeySet(json: bytes)) } catch { return .failure(error) }
    }
  }
}

extension [RemoteKeySet.Waiter] {
  fileprivate mutating func remove(_ id: UInt64) -> RemoteKeySet.Waiter? {
    firstIndex { $0.id == id }.map { remove(at: $0) }
  }
}
