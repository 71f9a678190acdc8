/// What the presentations of one session's live tokens and their answers prove. A value: it knows no clock and no network, and times
/// are since the start of the load.
///
/// A request without an answer proves nothing. It may have consumed its token, or may still do so: until that is settled, a refusal
/// is no violation. Two different successors of one token are one at any time.
struct SessionJudge: Sendable {
  /// How long a request without an answer may still be on its way.
  static let settling = Duration.seconds(60)

  /// A lifetime is told in whole seconds, and began before its reply was received.
  private static let expirySlack = Duration.seconds(2)

  /// The newest that was acknowledged.
  private(set) var token: String
  /// Acknowledged since the log-in.
  private(set) var rotations = 0
  private var acknowledged: Duration
  private var expiry: Duration?
  /// A presentation was answered that may have ended the session (a reuse, the losers of a race): the next answer tells.
  private var mayBeRevoked = false
  private var unsettledUntil: Duration?
  /// What the client lost and the load generator saw: the reply to an earlier presentation of the live token.
  private var seen: ConsumedToken?
  /// Where the token was written down that the session starts from, until it was granted once: nobody has acknowledged it.
  private var start: String?

  /// What an answer means.
  struct Judgement: Sendable, Equatable {
    var violation: LoadViolation?
    /// Whether the session can be followed further.
    var goesOn = true
    /// Where the token is written down that the session was to start from, and that was not good to begin with.
    var refusedStart: String?
  }

  init(_ issued: IssuedToken, at time: Duration) {
    token = issued.text
    acknowledged = time
    expiry = issued.lifetime.map { time + $0 }
    start = issued.place
  }

  /// The live token was presented, and this was the reply.
  mutating func answered(_ reply: RotationReply, sent: Duration, at time: Duration, grace: Duration) -> Judgement {
    switch reply {
    case .granted(let next):
      if next.text == token { return Judgement(violation: .notRotated(token, at: time)) }
      return advance(to: next, sent: sent, at: time, grace: grace, by: "a retry after a lost reply")
    case .refused:
      return refused(sent: sent, at: time)
    }
  }

  /// The live token was presented by several at once. Nil stands for no answer.
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
      // One without an answer may be the winner.
      return silent ? Judgement() : refused(sent: sent, at: time)
    }
    if successors.count > 1 {
      let violation = LoadViolation.twoSuccessors(
        of: token, first.text, successors[1].text, after: time - sent, at: time, by: "a race of \(replies.count)")
      return Judgement(violation: violation, goesOn: false)
    }
    return advance(to: first, sent: sent, at: time, grace: grace, by: "a race of \(replies.count)")
  }

  /// The live token was presented and the client does not know the reply; `reply` is what the load generator saw of it.
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

  /// A consumed token of this session was presented again; nil stands for no answer.
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
      // The client did not get that reply, so without a window of its own it may still be right to repeat it.
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
