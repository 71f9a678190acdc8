public import TokenLedger
internal import TokenSigning

extension RotationEngine {
  /// The grant `password` (RFC 6749 §4.3): authenticates the subject and opens a session.
  ///
  /// `scope` is the request's parameter; nil asks for all that subject and client may have. Costs a password
  /// verification. Nothing is written where the outcome is a refusal.
  public func logIn(
    name: String, password: String, client: Client, scope: String? = nil
  ) async throws(EngineFailure) -> GrantOutcome {
    guard client.grants.contains(.password) else { return refuse(.unauthorizedClient, nil, client) }
    guard let subjects else { throw .invalid(field: "subjects", limit: "at least one store, to log in by password") }
    let found: Subject?
    do { found = try await subjects.authenticate(name: name, password: password) } catch { throw .store(from: error) }
    guard let subject = found else { return refuse(.badCredentials, nil, client) }
    return try await openSession(for: subject, client: client, scope: scope)
  }

  /// Opens a session for a subject that the caller has authenticated, within what subject and client may have.
  public func openSession(
    for subject: Subject, client: Client, scope: String? = nil
  ) async throws(EngineFailure) -> GrantOutcome {
    guard subject.isEnabled else { return refuse(.subjectDisabled, nil, client) }
    let allowed = client.scopes.map(subject.scopes.intersection) ?? subject.scopes
    guard let granted = requested(scope, within: allowed) else { return refuse(.invalidScope, nil, client) }
    return .granted(try await openSession(subject: subject.id, client: client.id, scopes: granted))
  }

  /// The most UTF-8 bytes in a subject and a client id: with the most scopes their tokens stay under 4 KiB.
  public static let subjectBytesMax = 512
  public static let clientBytesMax = 256

  /// Opens a session with exactly these scopes: the caller has decided all that is to be decided.
  public func openSession(
    subject: String, client: String, scopes: Scopes
  ) async throws(EngineFailure) -> TokenPair {
    try check("subject", subject, bytesMax: Self.subjectBytesMax)
    try check("client", client, bytesMax: Self.clientBytesMax)
    let grant = SessionGrant(subject: subject, client: client, scope: scopes.text, lifetimes: lifetimes)
    do {
      let staged = try await ledger.stageOpening(grant)
      let pair = pair(for: staged.outcome, scopes: scopes)
      try await ledger.durable(through: staged.sequence)
      observer.engine(observed: .opened(staged.outcome.tokenID, subject: subject, client: client))
      return pair
    } catch {
      throw .ledger(error)
    }
  }

  /// The grant `refresh_token` (RFC 6749 §6): consumes the token and answers its successor.
  ///
  /// All that can fail is checked before the token is consumed: signature, type, issuer, client, subject, scope. What
  /// is left is one step in the ledger, so of any number of simultaneous calls with one token one is granted, and
  /// within the grace window the others are answered with the identical pair.
  public func refresh(
    _ token: String, client: Client, scope: String? = nil
  ) async throws(EngineFailure) -> GrantOutcome {
    guard client.grants.contains(.refreshToken) else { return refuse(.unauthorizedClient, nil, client) }
    let claims: RefreshClaims
    do {
      claims = try verifier.verifyRefresh(token, nowMilliseconds: now().milliseconds)
    } catch {
      return refuse(error.asGrantRefusal, nil, client)
    }
    let tokenID = TokenID(claims.identifier)
    guard claims.clientID.isSame(as: client.id) else { return refuse(.wrongClient, tokenID, client) }
    guard let granted = Scopes(claims.scope) else { return refuse(.badToken(.malformed), tokenID, client) }
    var allowed = client.scopes.map(granted.intersection) ?? granted
    if let subjects {
      let found: Subject?
      do { found = try await subjects.subject(id: claims.subject) } catch { throw .store(from: error) }
      guard let subject = found else { return refuse(.subjectGone, tokenID, client) }
      guard subject.isEnabled else { return refuse(.subjectDisabled, tokenID, client) }
      allowed = allowed.intersection(subject.scopes)
    }
    guard let effective = requested(scope, within: allowed) else { return refuse(.invalidScope, tokenID, client) }
    let request = RotationRequest(
      token: tokenID, client: client.id, graceMilliseconds: (client.grace ?? options.grace).wholeMilliseconds,
      reuse: options.reuse, narrowedScope: effective == granted ? nil : effective.text)
    return try await rotate(request, scopes: effective, client: client)
  }

  private func rotate(
    _ request: RotationRequest, scopes: Scopes, client: Client
  ) async throws(EngineFailure) -> GrantOutcome {
    do {
      let staged = try await ledger.stageRotation(request)
      switch staged.outcome {
      case .rotated(let session):
        // Signing overlaps the wait for the disk.
        let pair = pair(for: session, scopes: scopes)
        try await ledger.durable(through: staged.sequence)
        observer.engine(observed: .rotated(session.tokenID, subject: session.subject, client: client.id))
        return .granted(pair)
      case .replayed(let session):
        let pair = pair(for: session, scopes: scopes)
        try await ledger.durable(through: staged.sequence)
        observer.engine(observed: .replayed(session.tokenID, subject: session.subject, client: client.id))
        return .granted(pair)
      case .refused(let refusal):
        try await ledger.durable(through: staged.sequence)
        return refuse(refusal.asGrantRefusal, request.token, client)
      }
    } catch {
      throw .ledger(error)
    }
  }

  /// Ends a session: its refresh token and, in this process, its access tokens are refused from now on.
  /// Returns whether it was live.
  @discardableResult
  public func revoke(_ session: SessionID) async throws(EngineFailure) -> Bool {
    do {
      let wasLive = try await ledger.revoke(session)
      if wasLive { observer.engine(observed: .revoked(session)) }
      return wasLive
    } catch {
      throw .ledger(error)
    }
  }

  /// The scopes to grant for a request's `scope` parameter; nil where it is malformed or asks for more than is allowed.
  private func requested(_ scope: String?, within allowed: Scopes) -> Scopes? {
    guard let scope, !scope.isEmpty else { return allowed }
    guard let scopes = Scopes(scope), scopes.isSubset(of: allowed) else { return nil }
    return scopes
  }

  private func check(_ field: String, _ text: String, bytesMax: Int) throws(EngineFailure) {
    let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    guard (1...bytesMax).contains(text.utf8.count), isPlain else {
      throw .invalid(field: field, limit: "from 1 to \(bytesMax) bytes without control characters")
    }
  }

  private func refuse(_ refusal: GrantRefusal, _ token: TokenID?, _ client: Client) -> GrantOutcome {
    observer.engine(observed: .refused(refusal, token: token, client: client.id))
    return .refused(refusal)
  }
}

extension EngineFailure {
  /// What a store threw, as ours.
  fileprivate static func store(from error: any Error) -> EngineFailure {
    (error as? StoreFailure).map { .store($0) } ?? .foreign(error)
  }
}

extension RotationRefusal {
  fileprivate var asGrantRefusal: GrantRefusal {
    switch self {
    case .unknown: .unknown
    case .expired: .expired
    case .revoked: .revoked
    case .reused(let behind, let revoked): .reused(generationsBehind: behind, revokedSession: revoked)
    case .neverIssued(let ahead): .neverIssued(generationsAhead: ahead)
    case .wrongClient: .wrongClient
    }
  }
}
