package import TokenLedger

/// One call of a client about one session or one-time token, seen from outside: what was asked, when, and what came
/// back.
package struct TimedCall: Sendable {
  package enum Action: Sendable {
    case rotate(RotationRequest)
    case revoke
    /// A wide revocation of which the session is.
    case revokeAll
    /// The same of a ledger that ends a subject's live sessions one by one, and leaves those alone that have ended.
    case revokeLive
    /// Another opening of its subject may have been one too many, of which nobody is told.
    case evict
    /// The access token of the generation was verified, `grace` after whose rotation its predecessor is answered.
    case noteSuccessor(generation: UInt32, grace: Int64)
    /// Asks for the session, while nothing else goes on.
    case look
    case consume(purpose: String)
  }

  package enum Outcome: Sendable, Hashable {
    case rotation(Rotation)
    case revocation(Bool)
    /// Nothing but that it was done.
    case done
    case looked(Session?)
    case consumption(OneTimeConsumption)
  }

  package var action: Action
  /// Events are counted through the whole history; a call whose answer comes before another's question came first.
  package var invoked: Int
  /// Nil if no answer came, or none that says what happened.
  package var answered: Int?
  package var outcome: Outcome?
  /// The ledger's time, when it decided, was at least this: the lowest reading of the wall clock meanwhile, or what was
  /// seen of it before the question and all that has passed since.
  package var earliest: Int64
  /// And at most this: the highest reading of the wall clock ever, and what has passed since.
  package var latest: Int64
  /// The tries of the ledger: possibly another, if a connection broke while the call was under way.
  ///
  /// A retry never revokes.
  package var tries = Tries.once

  package enum Tries: Sendable {
    case once
    case again
    /// The first try of a call that was tried again: it possibly refreshed the session, and others came between.
    case first
  }

  package init(
    _ action: Action, invoked: Int, answered: Int? = nil, outcome: Outcome? = nil, earliest: Int64 = 0,
    latest: Int64 = .max
  ) {
    self.action = action
    self.invoked = invoked
    self.answered = answered
    self.outcome = outcome
    self.earliest = earliest
    self.latest = latest
  }
}

extension TimedCall: CustomStringConvertible {
  package var description: String {
    let end = answered.map { "\($0)" } ?? "never"
    let result = outcome.map { "\($0)" } ?? "unknown"
    return "\(invoked)…\(end) time \(earliest)…\(latest) \(action) -> \(result)"
  }
}

extension TimedCall.Action: CustomStringConvertible {
  package var description: String {
    switch self {
    case .rotate(let request):
      "rotate generation \(request.token.generation) by \(request.client) grace \(request.graceMilliseconds) "
        + "\(request.reuse.rawValue) scope \(request.narrowedScope ?? "all")"
        + (request.notBefore.map { " not before \($0.milliseconds)" } ?? "")
        + (request.subjectVersion.map { " subject version \($0.digest)" } ?? "")
        + (request.clientVersion.map { " client version \($0.digest)" } ?? "")
        + (request.proof.map { " key \($0.key) proof \($0.useDigest) until \($0.end.milliseconds)" } ?? "")
        + (request.terms.map { " terms \($0.rotation) \($0.lifetimes)" } ?? "")
    case .revoke: "revoke"
    case .revokeAll: "revoke all of a scope"
    case .revokeLive: "revoke those of a subject that are live"
    case .evict: "another opening of the subject"
    case .noteSuccessor(let generation, let grace): "access token of generation \(generation) seen, grace \(grace)"
    case .look: "look"
    case .consume(let purpose): "consume for \(purpose)"
    }
  }
}

extension TimedCall.Outcome: CustomStringConvertible {
  package var description: String {
    switch self {
    case .rotation(.rotated(let session)): "rotated \(Self.text(session))"
    case .rotation(.refreshed(let session)): "used \(Self.text(session))"
    case .rotation(.retried(let session, let reuse)): "replayed as \(reuse) \(Self.text(session))"
    case .rotation(.refused(let refusal)): "refused \(refusal)"
    case .revocation(let wasLive): "revocation \(wasLive)"
    case .done: "done"
    case .looked(let session): session.map(Self.text) ?? "no session"
    case .consumption(.consumed(let subject, let payload)): "consumed \(subject) \(payload)"
    case .consumption(.refused(let refusal)): "refused \(refusal)"
    }
  }

  private static func text(_ session: Session) -> String {
    "generation \(session.generation) used \(session.refreshedAt.milliseconds) ends \(session.expiresAt.milliseconds) "
      + "scope \(session.narrowedScope ?? "all")"
  }
}
