public import RotationModel
internal import TokenSigning

/// A session that ``RotationEngine/openUncheckedSessions(_:)`` opens, for a subject that the caller has authenticated
/// and with exactly these scopes.
public struct OpeningRequest: Sendable {
  public var subject: String
  public var client: Client
  public var scopes: Scopes
  /// The name that the subject gives the session; see ``SessionGrant/label``.
  public var label: String?
  /// The version of the subject's account as it was authenticated.
  ///
  /// Nil stands for the version in the engine's store at the opening, or for ``AccountVersion/none`` without a store.
  public var version: AccountVersion?
  /// Bytes that stay with the session for its life, at most 1024, and are handed to the closure of
  /// ``EngineOptions/customClaims``: such as the tenant, or how the subject was authenticated.
  ///
  /// No secrets: the ledger keeps them readable.
  public var attributes: [UInt8]
  /// The proof of a key to which the session is bound (RFC 9449), or nil for none.
  ///
  /// Neither the mode of ``EngineOptions/dpop`` nor ``Client/requiresProof`` asks for one here.
  public var proof: PresentedProof?

  public init(
    subject: String, client: Client, scopes: Scopes, label: String? = nil, version: AccountVersion? = nil,
    attributes: [UInt8] = [], proof: PresentedProof? = nil
  ) {
    self.subject = subject
    self.client = client
    self.scopes = scopes
    self.label = label
    self.version = version
    self.attributes = attributes
    self.proof = proof
  }
}

/// The request for a session beside the subject and the client, as grants pass it on.
struct SessionWishes: Sendable {
  var scope: String?
  var label: String?
  var attributes: [UInt8] = []
  var proof: PresentedProof?
}

/// The opening of sessions: by password (RFC 6749 §4.3), for a subject that the caller has authenticated, and
/// unchecked.
struct SessionOpenings: Sendable {
  let minting: Minting
  let proofs: ProofChecks
  let subjects: (any SubjectStore)?
  let observer: any EngineObserver

  func logIn(
    name: String, password: String, client: Client, _ wishes: SessionWishes
  ) async throws(EngineError) -> GrantOutcome {
    guard client.grants.contains(.password) else { return observer.refuse(.unauthorizedClient, nil, client) }
    let proof: KeyProof?
    do { proof = try proofs.proof(wishes.proof, of: client) } catch { return try observer.refuse(error, client) }
    guard let subjects else { throw .invalid(field: "subjects", limit: "at least one store, to log in by password") }
    let found: Subject?
    do { found = try await subjects.authenticate(name: name, password: password) } catch { throw .store(from: error) }
    guard var subject = found else { return observer.refuse(.badCredentials, nil, client) }
    if !subject.isEnabled, let now = try await subjects.look(up: subject.id, anew: true), now.isEnabled {
      // The password was compared with that of the former account.
      guard now.version == subject.version else {
        throw .store(.unreadable("the subject was changed a moment ago: try again"))
      }
      subject = now
    }
    return try await open(for: subject, client: client, wishes, proof)
  }

  func open(
    for subject: Subject, client: Client, _ wishes: SessionWishes
  ) async throws(EngineError) -> GrantOutcome {
    let proof: KeyProof?
    do { proof = try proofs.proof(wishes.proof, of: client) } catch { return try observer.refuse(error, client) }
    return try await open(for: subject, client: client, wishes, proof)
  }

  private func open(
    for subject: Subject, client: Client, _ wishes: SessionWishes, _ proof: KeyProof?
  ) async throws(EngineError) -> GrantOutcome {
    guard subject.isEnabled else { return observer.refuse(.subjectDisabled, nil, client) }
    let allowed = client.scopes.map(subject.scopes.intersection) ?? subject.scopes
    guard let granted = minting.requested(wishes.scope, within: allowed) else {
      return observer.refuse(.invalidScope, nil, client)
    }
    let request = OpeningRequest(
      subject: subject.id, client: client, scopes: granted, label: wishes.label, version: subject.version,
      attributes: wishes.attributes)
    let pair: TokenPair
    do { pair = try await open([request], [proof])[0] } catch { return try observer.refuse(error, client) }
    guard let subjects, let refusal = try await refusal(of: subject, in: subjects, since: pair.session) else {
      return .granted(pair)
    }
    return observer.refuse(refusal, nil, client)
  }

  func open(
    forSubject id: String, client: Client, _ wishes: SessionWishes
  ) async throws(EngineError) -> GrantOutcome {
    guard let subjects else { throw .invalid(field: "subjects", limit: "at least one store, to look subjects up") }
    guard let subject = try await subjects.look(up: id) else {
      throw .invalid(field: "subject", limit: "a subject that the store knows")
    }
    return try await open(for: subject, client: client, wishes)
  }

  func openUnchecked(_ batch: [OpeningRequest]) async throws(EngineError) -> [TokenPair] {
    do throws(ProofFailure) {
      var given: [KeyProof?] = []
      for request in batch { given.append(try proofs.given(request.proof)) }
      return try await open(batch, given)
    } catch {
      switch error {
      case .refused(let bad): throw .badProof(bad)
      case .failed(let error): throw error
      }
    }
  }

  /// Opens sessions, each with its proof, which is counted once everything else that can fail was checked.
  private func open(_ batch: [OpeningRequest], _ given: [KeyProof?]) async throws(ProofFailure) -> [TokenPair] {
    var grants: [SessionGrant] = []
    var claims: [CustomClaims] = []
    do throws(EngineError) {
      for (request, proof) in zip(batch, given) {
        let (grant, made) = try await grant(for: request, proof)
        grants.append(grant)
        claims.append(made)
      }
    } catch {
      throw .failed(error)
    }
    for proof in given where proof != nil { try await proofs.count(proof) }
    do { return try await open(batch, grants, claims) } catch { throw .failed(error) }
  }

  private func grant(
    for request: OpeningRequest, _ proof: KeyProof?
  ) async throws(EngineError) -> (SessionGrant, CustomClaims) {
    try minting.check(subject: request.subject, client: request.client.id)
    let terms = try minting.terms(for: request.client)
    var grant = SessionGrant(
      subject: request.subject, client: request.client.id, scope: request.scopes.text, lifetimes: terms.lifetimes,
      rotation: terms.rotation, label: request.label, subjectVersion: try await version(for: request),
      clientVersion: request.client.version, accessMilliseconds: minting.accessMilliseconds(of: request.client))
    grant.keys = SessionKeys(of: proof, client: request.client)
    grant.attributes = request.attributes
    guard minting.options.customClaims != nil else { return (grant, .empty) }
    do { try grant.validate() } catch { throw EngineError(error) }
    // The closure is told the id before the session is opened, so that its failure opens none.
    var random = OpenSSLRandom()
    let id = SessionID(from: &random)
    grant.id = id
    let context = ClaimsContext(
      subject: request.subject, client: request.client.id, scopes: request.scopes, session: id, openedAt: minting.now(),
      label: request.label, attributes: request.attributes)
    return (grant, try await minting.customClaims(for: context, isBound: proof != nil))
  }

  private func open(
    _ batch: [OpeningRequest], _ grants: [SessionGrant], _ claims: [CustomClaims]
  ) async throws(EngineError) -> [TokenPair] {
    let opened: (sessions: [Session], pairs: [TokenPair])
    do {
      // Signing overlaps the wait for the disk.
      opened = try await minting.hot.open(grants) { sessions, moment in
        let pairs = sessions.indices.map { index in
          minting.pair(
            for: sessions[index], scopes: batch[index].scopes, claims: claims[index],
            client: batch[index].client.lifetimes, at: moment)
        }
        return (sessions, pairs)
      }
    } catch {
      throw EngineError(error)
    }
    for session in opened.sessions {
      observer.engine(observed: .opened(session.tokenID, subject: session.subject, client: session.client))
    }
    return opened.pairs
  }

  private func version(for request: OpeningRequest) async throws(EngineError) -> AccountVersion {
    if let version = request.version { return version }
    guard let subjects else { return .none }
    do { return try await subjects.subject(id: request.subject)?.version ?? .none } catch { throw .store(from: error) }
  }

  /// Returns the refusal if the subject has changed since it was authenticated, and revokes the session in that case.
  ///
  /// A revocation of all its sessions may have come before this session was opened and have missed it.
  private func refusal(
    of subject: Subject, in subjects: any SubjectStore, since session: SessionID
  ) async throws(EngineError) -> GrantRefusal? {
    let found: Subject?
    do { found = try await subjects.latestSubject(id: subject.id) } catch {
      try await revoke(session)
      throw .store(from: error)
    }
    var refusal: GrantRefusal?
    if let found {
      if !found.isEnabled { refusal = .subjectDisabled }
      if found.version != subject.version { refusal = .badCredentials }
    } else {
      refusal = .subjectGone
    }
    if refusal != nil { try await revoke(session) }
    return refusal
  }

  private func revoke(_ session: SessionID) async throws(EngineError) {
    do {
      if try await minting.ledger.revoke(session) { observer.engine(observed: .revoked(session)) }
    } catch {
      throw EngineError(error)
    }
  }
}

extension SubjectStore {
  /// Returns the subject.
  ///
  /// A subject that would be refused is read anew, since it may have been added or enabled without this store having
  /// heard of it yet.
  func look(up id: String, anew: Bool = false) async throws(EngineError) -> Subject? {
    do {
      if !anew, let subject = try await subject(id: id), subject.isEnabled { return subject }
      return try await latestSubject(id: id)
    } catch {
      throw .store(from: error)
    }
  }
}
