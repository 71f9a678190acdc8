internal import Histogram

/// One caller of a load: goes round its sessions, one request at a time.
struct Caller {
  /// A session's chain of tokens, as far as it was acknowledged.
  struct Chain: Sendable {
    var token: String
    /// Rotations acknowledged since the log-in.
    var length = 0
  }

  private(set) var tally = Tally()
  private var chains: [Chain]
  private let target: any RotationTarget
  private let replayRate: Double
  private let onViolation: @Sendable (LoadViolation) -> Void
  /// Replays owed: grows by the rate with each rotation.
  private var replaysDue = 0.0

  init(
    chains: [Chain], target: any RotationTarget, replayRate: Double,
    onViolation: @escaping @Sendable (LoadViolation) -> Void
  ) {
    self.chains = chains
    self.target = target
    self.replayRate = replayRate
    self.onViolation = onViolation
  }

  mutating func run(until end: ContinuousClock.Instant) async {
    let clock = ContinuousClock()
    var position = 0
    while clock.now < end {
      await step(position, clock: clock)
      position = position + 1 == chains.count ? 0 : position + 1
    }
  }

  private mutating func step(_ position: Int, clock: ContinuousClock) async {
    let presented = chains[position].token
    let start = clock.now
    do throws(TargetFailure) {
      let reply = try await target.rotate(presented)
      tally.latency.record(UInt64((clock.now - start) / .nanoseconds(1)))
      switch reply {
      case .granted(let successor) where successor == presented:
        violate("a rotation answered the token that it was given, after \(chains[position].length) rotations")
      case .granted(let successor):
        tally.rotations += 1
        chains[position].token = successor
        chains[position].length += 1
        replaysDue += replayRate
        if replaysDue >= 1 { try await replay(presented, at: position) }
      case .refused:
        violate("an acknowledged token was refused, after \(chains[position].length) rotations of its session")
        try await reopen(position)
      }
    } catch {
      tally.errors += 1
      // A request without an answer may have consumed the token: its chain cannot be judged any more.
      try? await reopen(position)
    }
  }

  /// Presents a consumed token again: it must be refused, or answered with the very successor (a grace window).
  private mutating func replay(_ consumed: String, at position: Int) async throws(TargetFailure) {
    replaysDue -= 1
    let reply = try await target.rotate(consumed)
    if case .granted(let successor) = reply {
      guard successor != chains[position].token else { return }
      violate("a consumed token was granted again with another successor, at rotation \(chains[position].length)")
    }
    // Reuse may have ended the session, by the server's policy.
    try await reopen(position)
  }

  private mutating func reopen(_ position: Int) async throws(TargetFailure) {
    chains[position] = Chain(token: try await target.open())
  }

  private mutating func violate(_ what: String) {
    tally.violations += 1
    onViolation(LoadViolation(description: what))
  }
}
