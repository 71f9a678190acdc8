internal import TokenEngine

/// A stay of a user in the console.
struct ConsoleSession: Sendable {
  let user: ConsoleUser
  /// What every form that changes anything must carry.
  let formToken: RandomSecret
  let openedAt: ContinuousClock.Instant
  var usedAt: ContinuousClock.Instant
}
