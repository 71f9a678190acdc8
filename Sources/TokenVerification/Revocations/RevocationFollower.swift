public import ServiceLifecycle
internal import Synchronization
internal import TokenSigning

/// A follower of `GET /admin/revocations`: it knows what the token server has revoked, within milliseconds, in any
/// other process.
///
///     let follower = RevocationFollower { cursor in
///       var request = HTTPClientRequest(url: "https://login.example/admin/revocations")
///       if let cursor { request.headers.add(name: "Last-Event-ID", value: cursor) }
///       request.setBasicAuth(username: "orders-service", password: secret)
///       return try await client.execute(request, timeout: .hours(24)).body.map { Array($0.readableBytesView) }
///     }
///     let verifier = AccessTokenVerifier(keys: keys, issuer: issuer, revocations: follower)
///
/// Run it in the service group, or in a task. After a break it goes on where it was; a server that no longer has that
/// place, such as one that was started again, tells everything that is in force first, and what was known until then
/// holds meanwhile. It remembers each revocation for as long as access tokens that it concerns can live.
///
/// A question of a verifier costs one atomic load while nothing is revoked.
public final class RevocationFollower: Service {
  private struct Progress {
    var state = FollowerState.starting(nil)
    var cursor: String?
    /// The reading of the boot clock since which nothing was heard, or nil while the stream is followed.
    var awaySinceBoot: Int64?
    var heardAtBoot: Int64 = 0
    /// The milliseconds by which the wall clock was ahead of the boot clock at the last look.
    var wallLead: Int64?
    /// The revocations that were heard last, with the reading of the boot clock of each: a list of another instance can
    /// lack them for a moment.
    var recent: [(revocation: Revocation, atBoot: Int64)] = []
  }

  /// Opens the stream and hands its bytes to a closure.
  private typealias Opening = @Sendable (_ cursor: String?, _ take: ([UInt8]) throws -> Void) async throws -> Void

  private let options: FollowerOptions
  private let clock: PacedClock
  private let onState: @Sendable (FollowerState) -> Void
  private let opening: Opening
  private let random: Mutex<any RandomNumberGenerator & Sendable>
  private let table = RevocationTable()
  private let progress = Mutex(Progress())

  /// Creates a follower, which follows nothing before ``run()``.
  ///
  /// - Parameters:
  ///   - options: The times and bounds of following.
  ///   - clock: The clock of pauses and silences, and of the times at which revocations end.
  ///   - random: The source of the randomness of pauses.
  ///   - onState: Is called with each new state, and must return at once.
  ///   - open: Sends the request, with the cursor as `Last-Event-ID` if there is one, and returns the bytes of the body
  ///     as they come. It throws for any other status than 200, and when its task is cancelled, as does its sequence.
  ///     The text of its errors is shown, so it must hold no secret.
  public init<Bytes: AsyncSequence & Sendable>(
    options: FollowerOptions = FollowerOptions(), clock: PacedClock = .system,
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
    onState: @escaping @Sendable (FollowerState) -> Void = { _ in },
    open: @escaping @Sendable (_ cursor: String?) async throws -> Bytes
  ) where Bytes.Element: Sequence<UInt8> {
    self.options = options
    self.clock = clock
    self.random = Mutex(random)
    self.onState = onState
    opening = { cursor, take in
      for try await bytes in try await open(cursor) { try take(Array(bytes)) }
    }
  }

  public var state: FollowerState { progress.withLock(\.state) }

  /// The number of sessions, access tokens and scopes that are refused.
  public var entryCount: Int { table.entryCount }

  /// Follows the stream until the task is cancelled or the service group shuts down.
  public func run() async {
    await cancelWhenGracefulShutdown { await self.follow() }
  }

  // MARK: - For the verifier

  /// Checks verified claims for revocation.
  func check(_ claims: AccessClaims) throws(BadToken) {
    if case .refuse(let patience) = options.whenAway, isAway(for: patience) { throw .unverifiable }
    let isRefused = table.isRefused(
      TokenID(claims.identifier), subject: claims.subject, client: claims.clientID, issuedAt: claims.ownIssuedAt)
    if isRefused { throw .revoked }
  }

  private func isAway(for patience: Duration) -> Bool {
    progress.withLock { progress in
      if case .starting = progress.state { return true }
      if let away = progress.awaySinceBoot { return clock.elapsed(sinceBoot: away) >= patience }
      // The task that watches for silence looks seldom, and not at all while the process is suspended.
      return clock.elapsed(sinceBoot: progress.heardAtBoot) >= max(patience, Self.heartbeatMax)
    }
  }

  /// The server's heartbeat of 15 seconds, with room for its delay.
  private static let heartbeatMax = Duration.seconds(20)
  /// The time for which a revocation outlives a list without it, and the most that do.
  private static let (recentMilliseconds, recentMax): (Int64, Int) = (60_000, 16_384)
  /// The least change of the wall clock against the boot clock that is taken for a clock that was set.
  private static let stepMilliseconds: Int64 = 2_000

  // MARK: - Following

  private func follow() async {
    var pause = options.backOff.lowerBound
    while !Task.isCancelled {
      let began = clock.clock.bootMilliseconds()
      let fault = await readOnce()
      // Also when it is told to end: whoever verifies on must know that nothing is heard any more.
      let wasFollowing = note(Task.isCancelled ? .ended : fault)
      if Task.isCancelled { return }
      // A stream that breaks at once, again and again, is not asked for more and more often.
      if wasFollowing, clock.elapsed(sinceBoot: began) >= options.backOff.upperBound {
        pause = options.backOff.lowerBound
      }
      let share = random.withLock { random in Double.random(in: 0.5...1, using: &random) }
      guard (try? await clock.sleep(for: pause * share)) != nil else { return }
      pause = min(options.backOff.upperBound, pause * 2)
    }
  }

  /// Opens the stream and reads it to its end; returns why it ended.
  private func readOnce() async -> RevocationFault {
    let cursor = progress.withLock { progress in
      progress.heardAtBoot = clock.clock.bootMilliseconds()
      return progress.cursor
    }
    return await withTaskGroup(of: RevocationFault.self) { group in
      group.addTask { await self.read(from: cursor) }
      group.addTask { await self.watchSilence() }
      let first = await group.next() ?? .ended
      group.cancelAll()
      return first
    }
  }

  private func read(from cursor: String?) async -> RevocationFault {
    var parser = EventStreamParser()
    var reading = RevocationReading(options: options)
    do {
      try await opening(cursor) { bytes in
        progress.withLock { $0.heardAtBoot = clock.clock.bootMilliseconds() }
        try parser.take(bytes) { event in try apply(try reading.take(event, at: clock.now())) }
      }
      return .ended
    } catch let fault as RevocationFault {
      return fault
    } catch is EventStreamParser.Fault {
      return .malformed("an event has more than \(EventStreamParser.eventBytesMax) bytes")
    } catch {
      return .closure("\(error)")
    }
  }

  private func apply(_ change: RevocationReading.Change?) throws(RevocationFault) {
    guard let change else { return }
    switch change {
    case .revoked(let revocation, let cursor):
      // Before the cursor moves on: what there is no room for is told again.
      guard table.size < options.entriesMax else { throw .tooMany }
      table.insert([revocation])
      let boot = clock.clock.bootMilliseconds()
      progress.withLock { progress in
        if let cursor { progress.cursor = cursor }
        if progress.recent.count >= 2 * Self.recentMax { progress.recent.removeFirst(Self.recentMax) }
        progress.recent.append((revocation, boot))
      }
    case .listed(let lists, let cursor):
      table.replace(with: withRecent(lists))
      nowFollows(from: cursor)
    case .resumed(let cursor):
      guard table.size < options.entriesMax else { throw .tooMany }
      nowFollows(from: cursor)
    }
  }

  /// Returns the lists with what was heard in the last minute.
  ///
  /// Another instance of the server can hear of a revocation later than this process did; one that was taken back by a
  /// crash is forgotten a minute after the list.
  private func withRecent(_ lists: RevocationLists) -> RevocationLists {
    let (boot, end) = (clock.clock.bootMilliseconds(), clock.now().advanced(byMilliseconds: Self.recentMilliseconds))
    var lists = lists
    for heard in progress.withLock({ $0.recent.suffix(Self.recentMax) })
    where boot - heard.atBoot < Self.recentMilliseconds {
      var revocation = heard.revocation
      revocation.until = min(revocation.until, end)
      lists.insert(revocation)
    }
    return lists
  }

  private func nowFollows(from cursor: String?) {
    let state = FollowerState.following(since: clock.now())
    progress.withLock { progress in
      if let cursor { progress.cursor = cursor }
      (progress.state, progress.awaySinceBoot) = (state, nil)
    }
    onState(state)
  }

  /// Notes that the stream has ended; returns true if it was being followed.
  private func note(_ fault: RevocationFault) -> Bool {
    let now = clock.now()
    let (state, wasFollowing) = progress.withLock { progress in
      var wasFollowing = false
      switch progress.state {
      case .starting: progress.state = .starting(fault)
      case .following:
        wasFollowing = true
        // What was revoked since the last bytes may be unknown here.
        progress.awaySinceBoot = progress.heardAtBoot
        let silence = max(0, clock.clock.bootMilliseconds() - progress.heardAtBoot)
        progress.state = .behind(since: now.advanced(byMilliseconds: -silence), fault)
      case .behind(let since, _): progress.state = .behind(since: since, fault)
      }
      return (progress.state, wasFollowing)
    }
    onState(state)
    return wasFollowing
  }

  /// Returns true if the wall clock was set since the last look.
  ///
  /// Some revocations may have been forgotten too early, so the next stream begins with all of them.
  private func noteStep() -> Bool {
    let lead = clock.now().milliseconds - clock.clock.bootMilliseconds()
    return progress.withLock { progress in
      defer { progress.wallLead = lead }
      guard let before = progress.wallLead, abs(lead - before) > Self.stepMilliseconds else { return false }
      progress.cursor = nil
      return true
    }
  }

  /// Returns once nothing was heard for too long or the wall clock was set, and forgets meanwhile what has ended.
  private func watchSilence() async -> RevocationFault {
    while true {
      guard !noteStep() else { return .clockSet }
      // Nothing is forgotten before the first list, and between a clock that was set and the list after it.
      if progress.withLock({ $0.cursor != nil }) { table.forgetEnded(at: clock.now()) }
      let silence = progress.withLock { clock.elapsed(sinceBoot: $0.heardAtBoot) }
      guard silence < options.silenceMax else { return .silent }
      guard (try? await clock.sleep(for: options.silenceMax - silence)) != nil else { return .ended }
    }
  }
}
