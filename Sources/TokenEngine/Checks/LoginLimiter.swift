internal import Synchronization

/// A bound of failed log-ins that slows down password guessing and locks nobody out: failures are counted by where they
/// come from, not by the name that is tried.
///
///     let limiter = LoginLimiter(failuresPerMinute: 60)
///     switch try await limiter.logIn(
///       client: web.id, address: address, name: name, { () async throws(EngineError) in
///         try await engine.logIn(name: name, password: password, client: web)
///       })
///     {
///     case .answered(let outcome): ...
///     case .putOff(let wait): ... // 429 with Retry-After
///     }
///
/// A failure draws on two buckets: that of the client at the address, and that of the address, which has four times as
/// much. Whoever logged in from there before with that client and name draws on a bucket of their own instead, so that
/// guesses of others behind the same address do not delay them. A name that is tried from elsewhere is not affected at
/// all.
///
/// Everything is kept in this process and forgotten with it; no name or address is kept in the clear. A call costs some
/// hashes under one lock. All routes that take passwords of the same subjects share one limiter.
public final class LoginLimiter: Sendable {
  /// A log-in in progress.
  public struct Attempt: Hashable, Sendable {
    fileprivate let atClient: Int
    fileprivate let atAddress: Int
    fileprivate let own: Int
    fileprivate var isFamiliar = false
  }

  private struct State {
    var clients: TokenBuckets<Int>
    var addresses: TokenBuckets<Int>
    var familiar: TokenBuckets<Int>
    /// The time of the last success of those who logged in before.
    var lastSuccess: [Int: ContinuousClock.Instant] = [:]
  }

  private let state: Mutex<State>
  private let now: @Sendable () -> ContinuousClock.Instant
  private let familiarMax: Int

  private static let addressFactor = 4
  private static let familiarFor = Duration.seconds(30 * 86_400)

  /// Creates a limiter.
  ///
  /// - Parameters:
  ///   - failuresPerMinute: The failures of one address with one client, at least 1: as many can come at once, and as
  ///     many are regained in a minute.
  ///   - keysMax: The most addresses, and clients at them, and familiar names that are told apart; at least 3.
  ///   - now: The clock.
  public init(
    failuresPerMinute: Int, keysMax: Int = 100_000,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
  ) {
    let buckets = TokenBuckets<Int>(capacity: failuresPerMinute, countMax: keysMax)
    state = Mutex(
      State(
        clients: buckets,
        addresses: TokenBuckets(capacity: failuresPerMinute * Self.addressFactor, countMax: keysMax),
        familiar: buckets))
    familiarMax = keysMax
    self.now = now
  }

  /// The answer to whoever wants to log in.
  public enum Turn: Sendable, Hashable {
    /// The password can be looked at; ``LoginLimiter/end(_:_:)`` is to be told how it ended.
    case taken(Attempt)
    /// Too many log-ins from there failed, so that nothing is looked at for this long.
    case putOff(Duration)

    package var attempt: Attempt? { if case .taken(let attempt) = self { attempt } else { nil } }
    package var wait: Duration { if case .putOff(let wait) = self { wait } else { .zero } }
  }

  /// Takes one from the buckets before the answer is known, so that simultaneous guesses count too.
  ///
  /// This is for log-ins that the engine does not decide; the others are better passed to
  /// ``logIn(client:address:name:_:)``.
  ///
  /// - Parameters:
  ///   - client: The id of the client that the log-in is for.
  ///   - address: The address of the caller, or nil if it is not known; all unknown ones are one address.
  ///   - name: The login name that is tried.
  /// - Returns: The attempt to end with ``end(_:_:)``, or the time for which the log-in is put off.
  public func begin(client: String, address: PeerAddress?, name: String) -> Turn {
    var attempt = Attempt(
      atClient: Self.key(client, address, nil), atAddress: Self.key(nil, address, nil),
      own: Self.key(client, address, name))
    let now = now()
    return state.withLock { state in
      let last = state.lastSuccess[attempt.own]
      attempt.isFamiliar = last.map { now - $0 <= Self.familiarFor } ?? false
      if attempt.isFamiliar {
        let wait = state.familiar.wait(attempt.own, at: now)
        guard wait == .zero else { return .putOff(wait) }
        state.familiar.take(attempt.own, at: now)
      } else {
        let wait = max(state.clients.wait(attempt.atClient, at: now), state.addresses.wait(attempt.atAddress, at: now))
        guard wait == .zero else { return .putOff(wait) }
        state.clients.take(attempt.atClient, at: now)
        state.addresses.take(attempt.atAddress, at: now)
      }
      return .taken(attempt)
    }
  }

  /// The end of a log-in.
  public enum Outcome: Sendable, Hashable {
    case succeeded
    case failed
    /// It is not known if the password was right, or it was and the log-in was refused for another reason.
    case undecided
  }

  /// Ends an attempt, once: only a failure stays counted.
  public func end(_ attempt: Attempt, _ outcome: Outcome) {
    guard outcome != .failed else { return }
    let now = now()
    state.withLock { state in
      if attempt.isFamiliar {
        state.familiar.giveBack(attempt.own, at: now)
      } else {
        state.clients.giveBack(attempt.atClient, at: now)
        state.addresses.giveBack(attempt.atAddress, at: now)
      }
      guard outcome == .succeeded else { return }
      if state.lastSuccess[attempt.own] == nil && state.lastSuccess.count >= familiarMax {
        // Keeps those who were there more recently than the average.
        let ages = state.lastSuccess.mapValues { ($0.duration(to: now)) / .seconds(1) }
        let average = ages.values.reduce(0, +) / Double(ages.count)
        state.lastSuccess = state.lastSuccess.filter { ages[$0.key, default: 0] < average }
      }
      state.lastSuccess[attempt.own] = now
    }
  }

  /// The answer to a log-in under the bound.
  public enum Answer: Sendable, Hashable {
    case answered(GrantOutcome)
    /// Too many log-ins from there failed, so that the call was not made; it can be after this time.
    case putOff(Duration)
  }

  /// Logs in under the bound: wrong credentials count as a failure, and tokens as a success.
  ///
  /// Every other outcome, and an error, counts for nothing.
  ///
  /// - Parameters:
  ///   - client: The id of the client that the log-in is for.
  ///   - address: The address of the caller, or nil if it is not known; all unknown ones are one address.
  ///   - name: The login name that is tried.
  ///   - call: The log-in by the engine; not called if it is put off.
  /// - Returns: The outcome of `call`, or the time after which it can be tried again.
  /// - Throws: The ``EngineError`` that `call` throws.
  public func logIn(
    client: String, address: PeerAddress?, name: String, _ call: () async throws(EngineError) -> GrantOutcome
  ) async throws(EngineError) -> Answer {
    let attempt: Attempt
    switch begin(client: client, address: address, name: name) {
    case .taken(let taken): attempt = taken
    case .putOff(let wait): return .putOff(wait)
    }
    let outcome: GrantOutcome
    do { outcome = try await call() } catch {
      end(attempt, .undecided)
      throw error
    }
    switch outcome {
    case .granted: end(attempt, .succeeded)
    case .refused(.badCredentials): end(attempt, .failed)
    case .refused: end(attempt, .undecided)
    }
    return .answered(outcome)
  }

  /// Returns a hash with this process's random seed, so that nobody outside can choose two that collide.
  private static func key(_ client: String?, _ address: PeerAddress?, _ name: String?) -> Int {
    var hasher = Hasher()
    hasher.combine(client.map { Array($0.utf8) })
    hasher.combine(address)
    hasher.combine(name.map { Array($0.utf8) })
    return hasher.finalize()
  }
}

/// Token buckets by key: each holds `capacity`, loses one at an attempt and regains `capacity` in a minute.
///
/// A full bucket is forgotten. Past `countMax` those that have lost less than the average are too, in one pass over
/// all.
struct TokenBuckets<Key: Hashable & Sendable>: Sendable {
  private struct Bucket {
    var left: Double
    var updated: ContinuousClock.Instant
  }

  private let capacity: Double
  private let countMax: Int
  private var buckets: [Key: Bucket] = [:]

  /// Makes buckets that are all full; `capacity` is at least 1, `countMax` at least 3.
  init(capacity: Int, countMax: Int) {
    precondition(capacity >= 1 && countMax >= 3, "buckets that hold nothing")
    self.capacity = Double(capacity)
    self.countMax = countMax
  }

  /// Returns the time until the bucket has one to take, or zero if it has.
  func wait(_ key: Key, at now: ContinuousClock.Instant) -> Duration {
    let left = left(in: key, at: now)
    return left >= 1 ? .zero : .seconds((1 - left) * 60 / capacity)
  }

  /// Takes one, even if the bucket has none.
  mutating func take(_ key: Key, at now: ContinuousClock.Instant) {
    let left = left(in: key, at: now)
    if buckets[key] == nil && buckets.count >= countMax { forget(at: now) }
    buckets[key] = Bucket(left: max(0, left - 1), updated: now)
  }

  mutating func giveBack(_ key: Key, at now: ContinuousClock.Instant) {
    guard buckets[key] != nil else { return }
    let left = left(in: key, at: now) + 1
    buckets[key] = left >= capacity ? nil : Bucket(left: left, updated: now)
  }

  private func left(in key: Key, at now: ContinuousClock.Instant) -> Double {
    guard let bucket = buckets[key] else { return capacity }
    return min(capacity, bucket.left + (now - bucket.updated) / .seconds(60) * capacity)
  }

  private mutating func forget(at now: ContinuousClock.Instant) {
    buckets = buckets.filter { left(in: $0.key, at: now) < capacity }
    guard buckets.count >= countMax else { return }
    let average = buckets.keys.reduce(0) { $0 + left(in: $1, at: now) } / Double(buckets.count)
    let emptiest = buckets.filter { left(in: $0.key, at: now) < average }
    // If all have lost the same, it does not matter which go.
    buckets = emptiest.isEmpty ? Dictionary(uniqueKeysWithValues: buckets.dropFirst(countMax / 3).map { $0 }) : emptiest
  }
}
