internal import TokenLedger
internal import TokenSigning

/// One presentation of a refresh token.
public struct RefreshRequest: Sendable {
  public var token: String
  /// Authenticated, unless it is public.
  public var client: Client
  /// The request's parameter (RFC 6749 §6): the access token is narrowed to it, the session keeps what was granted. Nil for all. What was
  /// withdrawn since is left out.
  public var scope: String?

  public init(token: String, client: Client, scope: String? = nil) {
    self.token = token
    self.client = client
    self.scope = scope
  }
}

extension RotationEngine {
  /// The grant `refresh_token` (RFC 6749 §6): consumes the token and answers its successor.
  ///
  /// All that can fail is checked before the token is consumed: signature, type, issuer, client, subject, scope. What
  /// is left is one step in the ledger, so of any number of simultaneous calls with one token one is granted, and
  /// within the grace window the others are answered with the identical pair.
  public func refresh(
    _ token: String, client: Client, scope: String? = nil
  ) async throws(EngineFailure) -> GrantOutcome {
    switch try await prepare(RefreshRequest(token: token, client: client, scope: scope)) {
    case .refused(let refusal, let tokenID):
      return refuse(refusal, tokenID, client)
    case .ready(let prepared):
      do throws(LedgerFailure) {
        let staged = try await ledger.stageRotation(prepared.request)
        let reply = reply(to: prepared, staged.outcome, at: staged.time)
        try await ledger.durable(through: staged.sequence)
        return tell(reply, prepared)
      } catch {
        throw EngineFailure(error)
      }
    }
  }

  /// As many calls of ``refresh(_:client:scope:)`` in this order, with one step and one commit for all.
  ///
  /// - Parameter batch: at most ``RefreshLedger/batchMax``.
  public func refresh(_ batch: [RefreshRequest]) async throws(EngineFailure) -> [GrantOutcome] {
    var preparations: [Preparation] = []
    for request in batch { preparations.append(try await prepare(request)) }
    let ready = preparations.compactMap { if case .ready(let prepared) = $0 { prepared } else { nil } }
    do throws(LedgerFailure) {
      let staged = try await ledger.stageRotations(ready.map(\.request))
      var replies = zip(ready, staged.outcome).map { reply(to: $0, $1, at: staged.time) }[...]
      try await ledger.durable(through: staged.sequence)
      return zip(batch, preparations).map { request, preparation in
        switch preparation {
        case .refused(let refusal, let tokenID): refuse(refusal, tokenID, request.client)
        case .ready(let prepared): tell(replies.removeFirst(), prepared)
        }
      }
    } catch {
      throw EngineFailure(error)
    }
  }

  /// A presentation of which everything but the ledger's verdict is known.
  private struct Prepared {
    var request: RotationRequest
    var client: Client
    var subject: String
    var scopes: Scopes
    var claims: CustomClaims
    var issuedAt: Int64
  }

  private enum Preparation {
    case ready(Prepared)
    case refused(GrantRefusal, TokenID?)
  }

  private enum Reply {
    case granted(TokenPair, EngineEvent)
    case refused(GrantRefusal)
  }

  private func prepare(_ request: RefreshRequest) async throws(EngineFailure) -> Preparation {
    let client = request.client
    guard client.grants.contains(.refreshToken) else { return .refused(.unauthorizedClient, nil) }
    try check(accessLifetimeOf: client)
    let claims: RefreshClaims
    do {
      claims = try verifier.verifyRefresh(request.token, nowMilliseconds: now().milliseconds)
    } catch {
      return .refused(error.asGrantRefusal, nil)
    }
    let tokenID = TokenID(claims.identifier)
    guard claims.clientID.isSame(as: client.id) else { return .refused(.wrongClient, tokenID) }
    guard let granted = Scopes(claims.scope) else { return .refused(.badToken(.malformed), tokenID) }
    var allowed = client.scopes.map(granted.intersection) ?? granted
    var notBefore = client.sessionsNotBefore
    if let subjects {
      let found: Subject?
      do { found = try await subjects.subject(id: claims.subject) } catch { throw .store(from: error) }
      guard let subject = found else { return .refused(.subjectGone, tokenID) }
      guard subject.isEnabled else { return .refused(.subjectDisabled, tokenID) }
      allowed = allowed.intersection(subject.scopes)
      notBefore = [notBefore, subject.sessionsNotBefore].compactMap(\.self).max()
    }
    guard let scopes = refreshed(request.scope, granted: granted, allowed: allowed) else {
      return .refused(.invalidScope, tokenID)
    }
    let rotation = RotationRequest(
      token: tokenID, client: client.id, graceMilliseconds: (client.grace ?? options.grace).wholeMilliseconds,
      reuse: options.reuse, narrowedScope: scopes == granted ? nil : scopes.text, notBefore: notBefore,
      terms: options.existingSessions == .follow ? try terms(for: client) : nil)
    return .ready(
      Prepared(
        request: rotation, client: client, subject: claims.subject, scopes: scopes,
        claims: try await customClaims(subject: claims.subject, client: client.id, scopes: scopes),
        issuedAt: claims.issuedAt))
  }

  /// The scopes of a refresh (RFC 6749 §6): of what it names, what subject and client may still have; nil where that is nothing, or it is
  /// malformed or more than was ever granted.
  private func refreshed(_ scope: String?, granted: Scopes, allowed: Scopes) -> Scopes? {
    guard let scope, !scope.isEmpty else { return allowed }
    guard let named = Scopes(scope), named.isSubset(of: granted) else { return nil }
    let rest = named.intersection(allowed)
    return rest.isEmpty ? nil : rest
  }

  /// Signing overlaps the wait for the disk.
  private func reply(to prepared: Prepared, _ outcome: Rotation, at time: Timestamp) -> Reply {
    func granted(_ session: Session, _ event: EngineEvent) -> Reply {
      let pair = pair(
        for: session, scopes: prepared.scopes, claims: prepared.claims, client: prepared.client.lifetimes, at: time)
      return .granted(pair, event)
    }
    let client = prepared.client.id
    switch outcome {
    case .rotated(let session):
      return granted(session, .rotated(session.tokenID, subject: session.subject, client: client))
    case .used(let session):
      return granted(session, .used(session.tokenID, subject: session.subject, client: client))
    case .replayed(let session, let reuse):
      return granted(session, .replayed(session.tokenID, subject: session.subject, client: client, reuse))
    case .refused(.unknown)
    where ledger.revocations.isMarked(subject: prepared.subject, client: client, issuedAt: prepared.issuedAt):
      return .refused(.revoked(generationsBehind: nil))
    case .refused(let refusal):
      return .refused(refusal.asGrantRefusal)
    }
  }

  private func tell(_ reply: Reply, _ prepared: Prepared) -> GrantOutcome {
    switch reply {
    case .granted(let pair, let event):
      observer.engine(observed: event)
      return .granted(pair)
    case .refused(let refusal):
      return refuse(refusal, prepared.request.token, prepared.client)
    }
  }
}

extension RotationRefusal {
  fileprivate var asGrantRefusal: GrantRefusal {
    switch self {
    case .unknown: .unknown
    case .expired(let behind): .expired(generationsBehind: behind)
    case .revoked(let behind): .revoked(generationsBehind: behind)
    case .reused(let reuse, let behind, let revoked):
      .reused(reuse, generationsBehind: behind, revokedSession: revoked)
    case .neverIssued(let ahead): .neverIssued(generationsAhead: ahead)
    case .wrongClient: .wrongClient
    }
  }
}
