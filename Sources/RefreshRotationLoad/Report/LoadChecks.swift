/// What a run tried beside plain rotations, and how the server took it.
public struct LoadChecks: Sendable, Codable, Equatable {
  /// Consumed tokens that were presented again.
  public var replays: Int
  public var replaysRefused: Int
  /// Answered with a pair: right in the grace window and with the same successor.
  public var replaysAnswered: Int
  public var races: Int
  public var lostReplies: Int
  /// Retries after a lost reply that were granted.
  public var lostRepliesRecovered: Int
  /// Sessions that the server ended where it may: after a replay, a race, a lost reply or at their time.
  public var sessionsEnded: Int
  /// Requests that were due in an open loop when no session was free to make them.
  public var skipped: Int

  enum CodingKeys: String, CodingKey {
    case replays, races, skipped
    case replaysRefused = "replays_refused"
    case replaysAnswered = "replays_answered"
    case lostReplies = "lost_replies"
    case lostRepliesRecovered = "lost_replies_recovered"
    case sessionsEnded = "sessions_ended"
  }

  init(_ tally: Tally) {
    replays = tally.replays
    replaysRefused = tally.replaysRefused
    replaysAnswered = tally.replaysRepeated
    races = tally.races
    lostReplies = tally.losses
    lostRepliesRecovered = tally.lossesRecovered
    sessionsEnded = tally.sessionsEnded
    skipped = tally.skipped
  }
}
