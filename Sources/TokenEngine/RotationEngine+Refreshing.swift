internal import Platform
public import TokenLedger
internal import TokenSigning

/// One presentation of a refresh token. Printed, dumped or interpolated it does not show it.
public struct RefreshRequest: Sendable {
  public var token: String
  /// Authenticated, unless it is public.
  public var client: Client
  /// The request's parameter (RFC 6749 §6): the access token is narrowed to it, the session keeps what was granted. Nil for all. What was
  /// withdrawn since is left out.
  public var scope: String?
  /// Of the subject's account as it is now, for an engine without a store: a session of another version is revoked. Nil for no comparison.
  public var subjectVersion: AccountVersion?

  public init(token: String, client: Client, scope: String? = nil, subjectVersion: AccountVersion? = nil) {
    self.token = token
    self.client = client
    self.scope = scope
    self.subjectVersion = subjectVersion
  }
}

extension RefreshRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Client and scope, without the token.
  public var description: String {
    "RefreshRequest(client: \(client.id.debugDescription), scope: \(scope?.debugDescription ?? "nil"), token redacted)"
  }

  public var debugDescription: String { description }

  public var customMirror: Mirror { Mirror(self, children: ["client": client, "scope": scope as Any]) }
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
    try await refresh(RefreshRequest(token: token, client: client, scope: scope), isLastLook: false)
  }

  /// A session of another version of an account is revoked only once the account was read anew: a store may have a cache.
  private func refresh(
    _ request: RefreshRequest, isLastLook: Bool
  ) async throws(EngineFailure) -> GrantOutcome {
    switch try await prepare(request, isLastLook: isLastLook) {
    case .refused(let refusal, let tokenID):
      return refuse(refusal, tokenID, request.client)
    case .ready(let prepared):
      do throws(LedgerFailure) {
        let staged = try await ledger.stageRotation(prepared.request)
        if !staged.outcome.wantsAnotherLook {
          let reply = reply(to: prepared, staged.outcome, at: staged.time, shift: staged.shift)
          try await ledger.durable(through: staged.sequence)
          return tell(reply, prepared)
        }
      } catch {
        throw EngineFailure(error)
      }
      return try await refresh(request, isLastLook: true)
    }
  }

  /// As many calls of ``refresh(_:client:scope:)``, with one step in this order and one commit for all.
  ///
  /// The store and the claims closure are asked for all of them at once, ``batchTasksMax`` at a time. What they throw for one request is that
  /// request's outcome: its token is not consumed, and the others go on.
  ///
  /// - Parameter batch: at most ``RefreshLedger/batchMax``.
  /// - Throws: what fails all of them: the log, a batch over its limit. Then none is answered.
  public func refresh(
    _ batch: [RefreshRequest]
  ) async throws(EngineFailure) -> [Result<GrantOutcome, EngineFailure>] {
    let preparations = await prepare(batch)
    let ready = preparations.compactMap { if case .success(.ready(let prepared)) = $0 { prepared } else { nil } }
    var replies: ArraySlice<Reply?>
    do throws(LedgerFailure) {
      let staged = try await ledger.stageRotations(ready.map(\.request))
      replies =
        zip(ready, staged.outcome).map { prepared, outcome in
          outcome.wantsAnotherLook ? nil : reply(to: prepared, outcome, at: staged.time, shift: staged.shift)
        }[...]
      try await ledger.durable(through: staged.sequence)
    } catch {
      throw EngineFailure(error)
    }
    var outcomes: [Result<GrantOutcome, EngineFailure>] = []
    for (request, preparation) in zip(batch, preparations) {
      do throws(EngineFailure) {
        switch try preparation.get() {
        case .refused(let refusal, let tokenID):
          outcomes.append(.success(refuse(refusal, tokenID, request.client)))
        case .ready(let prepared):
          if let reply = replies.removeFirst() {
            outcomes.append(.success(tell(reply, prepared)))
          } else {
            outcomes.append(.success(try await refresh(request, isLastLook: true)))
          }
        }
      } catch {
        outcomes.append(.failure(error))
      }
    }
    return outcomes
  }

  /// For how many requests of a batch the store is asked at a time.
  public static let batchTasksMax = 64

  /// Each request's preparation, in their order. Without a store and a closure nothing is waited for, and no task is made.
  private func prepare(_ batch: [RefreshRequest]) async -> [Result<Preparation, EngineFailure>] {
    guard batch.count > 1, subjects != nil || options.customClaims != nil else {
      var prepared: [Result<Preparation, EngineFailure>] = []
      for request in batch { prepared.append(await preparation(of: request)) }
      return prepared
    }
    return await withTaskGroup(of: (Int, Result<Preparation, EngineFailure>).self) { group in
      var prepared: [Result<Preparation, EngineFailure>?] = Array(repeating: nil, count: batch.count)
      for (index, request) in batch.enumerated() {
        if index >= Self.batchTasksMax, let (place, preparation) = await group.next() { prepared[place] = preparation }
        group.addTask { (index, await self.preparation(of: request)) }
      }
      for await (place, preparation) in group { prepared[place] = preparation }
      return prepared.compactMap(\.self)
    }
  }

  private func preparation(of request: RefreshRequest) async -> Result<Preparation, EngineFailure> {
    do throws(EngineFailure) { return .success(try await prepare(request, isLastLook: false)) } catch {
      return .failure(error)
    }
  }

  /// A presentation of which everything but the ledger's verdict is known.
  private struct Prepared: Sendable {
    var request: RotationRequest
    var client: Client
    var subject: String
    var scopes: Scopes
    var claims: CustomClaims
    var issuedAt: Int64
  }

  private enum Preparation: Sendable {
    case ready(Prepared)
    case refused(GrantRefusal, TokenID?)
  }

  private enum Reply {
    case granted(TokenPair, EngineEvent)
    case refused(GrantRefusal)
  }

  private func prepare(
    _ request: RefreshRequest, isLastLook: Bool
  ) async throws(EngineFailure) -> Preparation {
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
    guard claims.clientID.hasSameBytes(as: client.id) else { return .refused(.wrongClient, tokenID) }
    guard let granted = Scopes(claims.scope) else { return .refused(.badToken(.malformed), tokenID) }
    var allowed = client.scopes.map(granted.intersection) ?? granted
    var (version, notBefore) = (request.subjectVersion, client.sessionsNotBefore)
    if let subjects {
      let found: Subject?
      do { found = try await subjects.subject(id: claims.subject) } catch { throw .store(from: error) }
      guard let subject = found else { return .refused(.subjectGone, tokenID) }
      guard subject.isEnabled else { return .refused(.subjectDisabled, tokenID) }
      allowed = allowed.intersection(subject.scopes)
      version = subject.version
      notBefore = [notBefore, subject.sessionsNotBefore].compactMap(\.self).max()
    }
    guard let scopes = refreshed(request.scope, granted: granted, allowed: allowed) else {
      return .refused(.invalidScope, tokenID)
    }
    let rotation = RotationRequest(
      token: tokenID, client: client.id, graceMilliseconds: (client.grace ?? options.grace).wholeMilliseconds,
      reuse: options.reuse, narrowedScope: scopes == granted ? nil : scopes.text, subjectVersion: version,
      clientVersion: client.version, notBefore: notBefore, revokesOutdated: isLastLook || subjects == nil,
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
  private func reply(
    to prepared: Prepared, _ outcome: Rotation, at time: Timestamp, shift: Int64
  ) -> Reply {
    func granted(_ session: Session, _ event: EngineEvent) -> Reply {
      let pair = pair(
        for: session, scopes: prepared.scopes, claims: prepared.claims, client: prepared.client.lifetimes, at: time,
        shift: shift)
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
    // Whoever asks is told no more than of any other revocation.
    case .outdated(let behind, _): .revoked(generationsBehind: behind)
    case .wrongClient: .wrongClient
    }
  }
}

extension Rotation {
  fileprivate var wantsAnotherLook: Bool {
    if case .refused(.outdated(_, revokedSession: false)) = self { true } else { false }
  }
}
