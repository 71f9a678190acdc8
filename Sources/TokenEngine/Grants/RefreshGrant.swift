internal import Platform
internal import RotationModel
internal import TokenSigning

/// The grant `refresh_token` (RFC 6749 §6), which consumes the token and answers its successor.
struct RefreshGrant: Sendable {
  let minting: Minting
  let proofs: ProofChecks
  let verifier: TokenVerifier
  let lookups: KeyLookups?
  let subjects: (any SubjectStore)?
  let register: any AccessRegister
  let observer: any EngineObserver

  /// The number of requests in a batch for which the store is asked at a time.
  static let tasksMax = 64

  /// Refreshes a session; one of another account version is revoked only once subject and client were read anew.
  func refresh(_ request: RefreshRequest, isLastLook: Bool = false) async throws(EngineError) -> GrantOutcome {
    switch try await prepare(request, isLastLook: isLastLook) {
    case .refused(let refusal, let tokenID):
      return observer.refuse(refusal, tokenID, request.client)
    case .ready(let prepared):
      let answer: Answer
      do {
        answer = try await minting.hot.rotate(prepared.request) { self.answer(prepared, $0, at: $1) }
      } catch {
        throw EngineError(error)
      }
      if let outcome = outcome(of: answer, prepared) { return outcome }
      if case .needsProof = answer { return try await refreshTakingProof(request, isLastLook: isLastLook) }
      return try await refreshAnew(request)
    }
  }

  /// Repeats the refresh with the proof, which the mode ignores, since the session is bound to a key.
  private func refreshTakingProof(
    _ request: RefreshRequest, isLastLook: Bool = false
  ) async throws(EngineError) -> GrantOutcome {
    var request = request
    request.takesProof = true
    return try await refresh(request, isLastLook: isLastLook)
  }

  /// Repeats the refresh, for the last time, with the subject and the client as they are behind their stores' caches.
  private func refreshAnew(_ request: RefreshRequest) async throws(EngineError) -> GrantOutcome {
    var request = request
    if let clients = request.clients {
      let found: Client?
      do { found = try await clients.latestClient(id: request.client.id) } catch { throw .store(from: error) }
      guard let client = found else { return observer.refuse(.unauthorizedClient, nil, request.client) }
      // The secret was compared with that of a client that no longer exists.
      guard client.version == request.client.version || client.isPublic && request.client.isPublic else {
        throw .store(.unreadable("the client was replaced a moment ago: try again"))
      }
      request.client = client
    }
    return try await refresh(request, isLastLook: true)
  }

  /// Refreshes each session as ``refresh(_:isLastLook:)`` does, in this order, in one step and with one commit.
  func refresh(_ batch: [RefreshRequest]) async throws(EngineError) -> [Result<GrantOutcome, EngineError>] {
    let preparations = await prepare(batch)
    let ready = preparations.compactMap { if case .success(.ready(let prepared)) = $0 { prepared } else { nil } }
    var answers: ArraySlice<Answer>
    do {
      answers = try await minting.ledger.rotate(ready.map(\.request), deadline: nil) { outcomes, moment in
        zip(ready, outcomes).map { answer($0, $1, at: moment) }
      }[...]
    } catch {
      throw EngineError(error)
    }
    var outcomes: [Result<GrantOutcome, EngineError>] = []
    outcomes.reserveCapacity(batch.count)
    for (request, preparation) in zip(batch, preparations) {
      do throws(EngineError) {
        switch try preparation.get() {
        case .refused(let refusal, let tokenID):
          outcomes.append(.success(observer.refuse(refusal, tokenID, request.client)))
        case .ready(let prepared):
          let answer = answers.removeFirst()
          if let outcome = outcome(of: answer, prepared) {
            outcomes.append(.success(outcome))
          } else if case .needsProof = answer {
            outcomes.append(.success(try await refreshTakingProof(request)))
          } else {
            outcomes.append(.success(try await refreshAnew(request)))
          }
        }
      } catch {
        outcomes.append(.failure(error))
      }
    }
    return outcomes
  }

  /// A presentation of which everything but the ledger's verdict is known.
  private struct Prepared: Sendable {
    var request: RotationRequest
    var client: Client
    var subject: String
    var scopes: Scopes
    var claims: CustomClaims
    var issuedAt: Int64
    var ignoresProof: Bool
  }

  private enum Preparation: Sendable {
    case ready(Prepared)
    case refused(GrantRefusal, TokenID?)
  }

  private enum Answer: Sendable {
    case granted(TokenPair, EngineEvent)
    case refused(GrantRefusal)
    /// The session is bound to a key, and the request has a proof that the mode ignores.
    case needsProof
    /// The account may have changed since it was read; it must be read anew before the ledger is asked again.
    case lookAgain
  }
}

// MARK: - Steps that can fail, before the token is consumed

extension RefreshGrant {
  private func prepare(
    _ request: RefreshRequest, isLastLook: Bool
  ) async throws(EngineError) -> Preparation {
    let client = request.client
    guard client.grants.contains(.refreshToken) else { return .refused(.unauthorizedClient, nil) }
    try minting.check(accessLifetimeOf: client)
    let proof: KeyProof?
    do { proof = try proofs.proof(request.proof, of: client, isTaken: request.takesProof) } catch {
      switch error {
      case .refused(let bad): return .refused(.badProof(bad), nil)
      case .failed(let error): throw error
      }
    }
    let claims: RefreshClaims
    do {
      claims = try verifier.verifyRefresh(request.token, nowMilliseconds: minting.now().milliseconds)
    } catch {
      guard let lookups, error.mayBeForNewKey else { return .refused(error.asGrantRefusal, nil) }
      try await lookups.readAgain()
      do { claims = try verifier.verifyRefresh(request.token, nowMilliseconds: minting.now().milliseconds) } catch {
        return .refused(error.asGrantRefusal, nil)
      }
    }
    let tokenID = TokenID(claims.identifier)
    guard claims.clientID.hasSameBytes(as: client.id) else { return .refused(.wrongClient, tokenID) }
    guard let granted = Scopes(claims.scope) else { return .refused(.badToken(.malformed), tokenID) }
    var allowed = client.scopes.map(granted.intersection) ?? granted
    var (version, notBefore) = (request.subjectVersion, client.sessionsNotBefore)
    if let subjects {
      guard let subject = try await subjects.look(up: claims.subject, anew: isLastLook) else {
        return .refused(.subjectGone, tokenID)
      }
      guard subject.isEnabled else { return .refused(.subjectDisabled, tokenID) }
      allowed = allowed.intersection(subject.scopes)
      version = subject.version
      notBefore = [notBefore, subject.sessionsNotBefore].compactMap(\.self).max()
    }
    guard let scopes = refreshed(request.scope, granted: granted, allowed: allowed) else {
      return .refused(.invalidScope, tokenID)
    }
    let options = minting.options
    var rotation = RotationRequest(
      token: tokenID, client: client.id, graceMilliseconds: (client.grace ?? options.grace).wholeMilliseconds,
      reuse: options.reuse, narrowedScope: scopes == granted ? nil : scopes.text, subjectVersion: version,
      clientVersion: client.version, notBefore: notBefore,
      revokesOutdated: isLastLook || subjects == nil && request.clients == nil,
      terms: options.existingSessions == .follow ? try minting.terms(for: client) : nil,
      accessMilliseconds: minting.accessMilliseconds(of: client))
    rotation.proof = proof
    rotation.needsBoundSession = client.isPublic && proofs.areNeeded(by: client)
    return .ready(
      Prepared(
        request: rotation, client: client, subject: claims.subject, scopes: scopes,
        claims: try await customClaims(of: claims, client, scopes, proof), issuedAt: claims.issuedAt,
        ignoresProof: proof == nil && request.proof != nil))
  }

  /// Returns the claims that the embedder's closure makes for the ledger's session, or none for one that has ended.
  private func customClaims(
    of claims: RefreshClaims, _ client: Client, _ scopes: Scopes, _ proof: KeyProof?
  ) async throws(EngineError) -> CustomClaims {
    guard minting.options.customClaims != nil else { return .empty }
    let found: Session?
    do { found = try await minting.ledger.session(TokenID(claims.identifier).session) } catch {
      throw EngineError(error)
    }
    guard let session = found else { return .empty }
    let context = ClaimsContext(
      subject: claims.subject, client: client.id, scopes: scopes, session: session.id,
      openedAt: session.openedAt.shifted(back: session.shifts.ofOpening), label: session.label,
      attributes: session.attributes)
    return try await minting.customClaims(for: context, isBound: proof != nil)
  }

  /// Returns the scopes of a refresh (RFC 6749 §6), those of the request that the subject and the client still have, or
  /// nil if none is left, or if the request is malformed or names more than was ever granted.
  private func refreshed(_ scope: String?, granted: Scopes, allowed: Scopes) -> Scopes? {
    guard let scope, !scope.isEmpty else { return allowed }
    guard let named = Scopes(scope), named.isSubset(of: granted) else { return nil }
    let rest = named.intersection(allowed)
    return rest.isEmpty ? nil : rest
  }

  /// Prepares each request, in order; without a store and a claims closure this waits for nothing and starts no task.
  private func prepare(_ batch: [RefreshRequest]) async -> [Result<Preparation, EngineError>] {
    guard batch.count > 1, subjects != nil || minting.options.customClaims != nil else {
      var prepared: [Result<Preparation, EngineError>] = []
      for request in batch { prepared.append(await preparation(of: request)) }
      return prepared
    }
    return await withTaskGroup(of: (Int, Result<Preparation, EngineError>).self) { group in
      var prepared: [Result<Preparation, EngineError>?] = Array(repeating: nil, count: batch.count)
      for (index, request) in batch.enumerated() {
        if index >= Self.tasksMax, let (place, preparation) = await group.next() {
          prepared[place] = preparation
        }
        group.addTask { (index, await self.preparation(of: request)) }
      }
      for await (place, preparation) in group { prepared[place] = preparation }
      return prepared.compactMap(\.self)
    }
  }

  private func preparation(of request: RefreshRequest) async -> Result<Preparation, EngineError> {
    do throws(EngineError) { return .success(try await prepare(request, isLastLook: false)) } catch {
      return .failure(error)
    }
  }
}

// MARK: - Steps after the verdict

extension RefreshGrant {
  /// Makes the answer while the ledger waits for its disk, so that signing overlaps the wait.
  private func answer(_ prepared: Prepared, _ outcome: Rotation, at moment: LedgerMoment) -> Answer {
    func granted(_ session: Session, _ event: EngineEvent) -> Answer {
      let pair = minting.pair(
        for: session, scopes: prepared.scopes, claims: prepared.claims, client: prepared.client.lifetimes, at: moment)
      return .granted(pair, event)
    }
    let client = prepared.client.id
    switch outcome {
    case .rotated(let session):
      return granted(session, .rotated(session.tokenID, subject: session.subject, client: client))
    case .refreshed(let session):
      return granted(session, .refreshed(session.tokenID, subject: session.subject, client: client))
    case .retried(let session, let reuse):
      return granted(session, .retried(session.tokenID, subject: session.subject, client: client, reuse))
    case .refused(.missingKey) where prepared.ignoresProof:
      return .needsProof
    case .refused(.outdated(_, revokedSession: false)):
      return .lookAgain
    case .refused(.unknown)
    where register.isMarked(subject: prepared.subject, client: client, issuedAt: prepared.issuedAt):
      return .refused(.revoked(generationsBehind: nil))
    case .refused(let refusal):
      return .refused(refusal.asGrantRefusal)
    }
  }

  /// Informs the observer and returns the outcome for the caller, or nil if the refresh must be repeated.
  private func outcome(of answer: Answer, _ prepared: Prepared) -> GrantOutcome? {
    switch answer {
    case .granted(let pair, let event):
      observer.engine(observed: event)
      return .granted(pair)
    case .refused(let refusal):
      return observer.refuse(refusal, prepared.request.token, prepared.client)
    case .lookAgain, .needsProof:
      return nil
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
    // The caller is told no more than of any other revocation.
    case .outdated(let behind, _): .revoked(generationsBehind: behind)
    case .wrongClient: .wrongClient
    case .replayedProof: .badProof(.replayed)
    case .lateProof: .badProof(.late)
    case .missingKey: .missingKey
    case .otherKey: .otherKey
    }
  }
}
