/// The reason that the stream of revocations is not followed at a moment.
@nonexhaustive
public enum RevocationFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// The closure threw when it opened the stream or while it was read; the text is that of its error.
  case closure(String)
  /// The stream ended without a reason.
  case ended
  /// The server closed the stream and gave the reason as a word, such as `shutdown` or `too_slow`.
  case closed(String)
  /// Not even a heartbeat came for ``FollowerOptions/silenceMax``.
  case silent
  /// The bytes are no stream of revocations of this version; the text says why.
  case malformed(String)
  /// More was revoked than ``FollowerOptions/entriesMax``.
  case tooMany
  /// The wall clock of this machine was set, so that everything that is in force is asked for anew.
  case clockSet

  public var description: String {
    switch self {
    case .closure(let reason): "the stream of revocations broke: \(reason)"
    case .ended: "the stream of revocations ended"
    case .closed(let reason): "the server closed the stream of revocations: \(reason)"
    case .silent: "the stream of revocations is silent"
    case .malformed(let fault): "the stream of revocations cannot be read: \(fault)"
    case .tooMany: "the server tells more revocations than entriesMax allows"
    case .clockSet: "the clock of this machine was set: all revocations are read anew"
    }
  }
}

/// The times and bounds of following.
public struct FollowerOptions: Sendable {
  /// The answer about access tokens while the stream is away.
  public var whenAway = AwayPolicy.serve
  /// The longest silence before the stream is opened anew.
  ///
  /// The server sends a heartbeat each 15 seconds.
  public var silenceMax = Duration.seconds(40)
  /// The shortest and the longest pause before the stream is opened anew.
  ///
  /// The pause doubles with each failure, and is shortened by up to a half at random, so that many followers do not
  /// come back at once.
  public var backOff: ClosedRange<Duration> = .milliseconds(100)...(.seconds(10))
  /// The longest lifetime of an access token of the server.
  ///
  /// A revocation is forgotten this long, and five minutes for the difference of two clocks, after it was heard, or
  /// earlier if the server says so.
  public var accessLifetimeMax = Duration.milliseconds(Lifetimes.accessMillisecondsMax)
  /// The most revocations that are kept, about 150 bytes each.
  ///
  /// While there are more, the follower is behind.
  public var entriesMax = 2_000_000

  public init() {}
}

/// The treatment of access tokens while nobody tells what was revoked.
@nonexhaustive
public enum AwayPolicy: Sendable, Hashable {
  /// Tokens are accepted by what is known: one that was revoked since can be accepted until it ends, and before the
  /// first list is complete every revoked token is.
  case serve
  /// Once the stream has been away for this long, and before it was first followed, every token is
  /// ``BadToken/unverifiable``.
  ///
  /// A stream that is open and silent counts as away after 20 seconds at the earliest, since the server sends a
  /// heartbeat each 15 seconds.
  case refuse(after: Duration)
}

/// The state of a follower.
@nonexhaustive
public enum FollowerState: Sendable, Hashable {
  /// Nothing is known yet: ``RevocationFollower/run()`` has not been called, or the first list is not complete.
  ///
  /// The fault is that of the last attempt.
  case starting(RevocationFault?)
  /// Everything that the server has told is known; since that time by the wall clock.
  case following(since: Timestamp)
  /// Nothing was heard since that time by the wall clock, for this reason.
  case behind(since: Timestamp, RevocationFault)
}
