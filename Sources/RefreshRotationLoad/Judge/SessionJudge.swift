/// A judge of the presentations of one session's live tokens and their answers.
///
/// It is a value without a clock or a network, and its times are since the start of the load.
///
/// A request without an answer proves nothing. It may have consumed its token, or may still do so; until that is
/// settled, a refusal is no violation. Two different successors of one token are a violation at any time.
struct SessionJudge: Sendable {
  /// The time for which a request without an answer can still be on its way.
  static let settling = Duration.seconds(60)

  /// The tolerance for lifetimes, which are stated in whole seconds and began before the reply was received.
  private static let expirySlack = Duration.seconds(2)

  /// The newest acknowledged token.
  private(set) var token: String
  /// The number of acknowledged rotations since the log-in.
  private(set) var rotations = 0
  private var acknowledged: Duration
  private var expiry: Duration?
  /// True after an answer that may have ended the session (to a reuse, or to the losers of a race); the next answer
  /// tells.
  private var mayBeRevoked = false
  private var unsettledUntil: Duration?
  /// The reply to an earlier presentation of the live token, which the client lost and the load generator saw.
  private var seen: ConsumedToken?
  /// The place of the token from which the session starts, until it was granted once.
  ///
  /// Nobody has acknowledged it before.
  private var start: String?

  /// The meaning of an answer.
  struct Judgement: Sendable, Equatable {
    var violation: LoadViolation?
    /// True if the session can be followed further.
    var goesOn = true
    /// The place of the token from which the session was to start, if that was not good to begin with.
    var refusedStart: String?
  }

  init(_ issued: IssuedToken, at time: Duration) {
    token = issued.text
    acknowledged = time
    expiry = issued.lifetime.map { time + $0 }
    start = issued.place
  }

  /// Judges the reply to a presentation of the live token.
  mutating func answered(_ reply: RotationReply, sent: Duration, at time: Duration, grace: Duration) -> Judgement {
    switch reply {
    case .granted(let next):
      if next.text == token { return Judgement(violation: .notRotated(token, at: time)) }
      return advance(to: next, sent: sent, at: time, grace: grace, by: "a retry after a lost reply")
    case .refused:
      return refused(sent: sent, at: time)
    }
  }

  /// Judges the replies to simultaneous presentations of the live token; nil stands for no answer.
  mutating func raced(_ replies: [RotationReply?], sent: Duration, at time: Duration, grace: Duration) -> Judgement {
    var successors: [IssuedToken] = []
    var (losers, silent) = (false, false)
    for reply in replies {
      switch reply {
      case .granted(let next):
        if next.text == token { return Judgement(violation: .notRotated(token, at: time)) }
        if !successors.contains(where: { $0.text == next.text }) { successors.append(next) }
      case .refused: losers = true
      case nil: silent = true
      }
    }
    defer {
      if losers && !successors.isEmpty { mayBeRevoked = true }
      if silent { unsettledUntil = time + Self.settling }
    }
    guard let first = successors.first else {
      // A presentation without an answer can be the winner.
      return silent ? Judgement() : refused(sent: sent, at: time)
    }
    if successors.count > 1 {
      let violation = LoadViolation.twoSuccessors(
        of: token, first.text, successors[1].text, after: time - sent, at: time, by: "a race of \(replies.count)")
      return Judgement(violation: violation, goesOn: false)
    }
    return advance(to: first, sent: sent, at: time, grace: grace, by: "a race of \(replies.count)")
  }

  /// Judges a presentation of the live token whose reply the client lost; `reply` is what the load generator saw of it.
  mutating func lost(_ reply: RotationReply?, sent: Duration, at time: Duration) -> Judgement {
    defer { unsettledUntil = time + Self.settling }
    switch reply {
    case .granted(let next) where next.text == token: return Judgement(violation: .notRotated(token, at: time))
    case .granted(let next):
      if let seen, seen.successor != next.text {
        return contradiction(of: seen, next.text, at: time, by: "a retry after a lost reply")
      }
      if seen == nil { seen = ConsumedToken(token: token, successor: next.text, consumed: time) }
      return Judgement()
    case .refused: return refused(sent: sent, at: time)
    case nil: return Judgement()
    }
  }

  /// Notes the reply to another presentation of a consumed token of this session; nil stands for no answer.
  mutating func presentedConsumed(_ reply: RotationReply?, at time: Duration) {
    switch reply {
    case .granted: break
    case .refused: mayBeRevoked = true
    case nil: unsettledUntil = time + Self.settling
    }
  }

  private mutating func advance(
    to next: IssuedToken, sent: Duration, at time: Duration, grace: Duration, by way: String
  ) -> Judgement {
    var judgement = Judgement()
    if let seen {
      guard seen.successor == next.text else { return contradiction(of: seen, next.text, at: time, by: way) }
      // The client did not get that reply, so without a known grace window it may still be right to repeat it.
      if grace > .zero { judgement.violation = seen.violation(.granted(next), sent: sent, at: time, grace: grace) }
      self.seen = nil
    }
    token = next.text
    start = nil
    rotations += 1
    acknowledged = time
    expiry = next.lifetime.map { time + $0 }
    mayBeRevoked = false
    if let end = unsettledUntil, sent > end { unsettledUntil = nil }
    return judgement
  }

  private func contradiction(of seen: ConsumedToken, _ next: String, at time: Duration, by way: String) -> Judgement {
    let violation = LoadViolation.twoSuccessors(
      of: token, seen.successor, next, after: time - seen.consumed, at: time, by: way)
    return Judgement(violation: violation, goesOn: false)
  }

  private func refused(sent: Duration, at time: Duration) -> Judgement {
    let isUnsettled = unsettledUntil.map { sent <= $0 } ?? false
    let hasExpired = expiry.map { time + Self.expirySlack >= $0 } ?? false
    guard !mayBeRevoked, !isUnsettled, !hasExpired else { return Judgement(goesOn: false) }
    if let start { return Judgement(goesOn: false, refusedStart: start) }
    return Judgement(
      violation: .acknowledgedRefused(token, rotation: rotations, age: time - acknowledged, at: time), goesOn: false)
  }
}
