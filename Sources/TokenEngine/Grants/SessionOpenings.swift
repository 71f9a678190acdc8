public import RotationModel

/// A session that ``RotationEngine/openUncheckedSessions(_:)`` opens, for a subject that the caller has authenticated
/// and with exactly these scopes.
public struct OpeningRequest: Sendable {
  public var subject: String
  public var client: Client
  public var scopes: Scopes
  /// The name that the subject gives the session; see ``SessionGrant/label``.
  public var label: String?
  /// The version of the subject's account as it was authenticated. Nil stands for the version in the engine's store at
  /// the opening, or for ``AccountVersion/none`` without a store.
  public var version: AccountVersion?

  public init(
    subject: String, client: Client, scopes: Scopes, label: String? = nil, version: AccountVersion? = nil
  ) {
    self.subject = subject
    self.client = client
    self.scopes = scopes
    self.label = label
    self.version = version
  }
}

/// The opening of sessions: by password (RFC 6749 §4.3), for a subject that the caller has authenticated, and
/// unchecked.
struct SessionOpenings: Sendable {
  let minting: Minting
  let subjects: (any SubjectStore)?
  let observer: any EngineObserver

  func logIn(
    name: String, password: String, client: Client, scope: String?, label: String?
  ) async throws(EngineError) -> GrantOutcome {
    guard client.grants.contains(.password) else { return observer.refuse(.unauthorizedClient, nil, client) }
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
    return try await open(for: subject, client: client, scope: scope, label: label)
  }

  func open(
    for subject: Subject, client: Client, scope: String?, label: String?
  ) async throws(EngineError) -> GrantOutcome {
    guard subject.isEnabled else { return observer.refuse(.subjectDisabled, nil, client) }
    let allowed = client.scopes.map(subject.scopes.intersection) ?? subject.scopes
    guard let granted = minting.requested(scope, within: allowed) else {
      return observer.refuse(.invalidScope, nil, client)
    }
    let request = OpeningRequest(
      subject: subject.id, client: client, scopes: granted, label: label, version: subject.version)
    let pair = try await openUnchecked([request])[0]
    guard let subjects, let refusal = try await refusal(of: subject, in: subjects, since: pair.session) else {
      return .granted(pair)
    }
    return observer.refuse(refusal, nil, client)
  }

  func open(
    forSubject id: String, client: Client, scope: String?, label: String?
  ) async throws(EngineError) -> GrantOutcome {
    guard let subjects else { throw .invalid(field: "subjects", limit: "at least one store, to look subjects up") }
    guard let subject = try await subjects.look(up: id) else {
      throw .invalid(field: "subject", limit: "a subject that the store knows")
    }
    return try await open(for: subject, client: client, scope: scope, label: label)
  }

  func openUnchecked(_ batch: [OpeningRequest]) async throws(EngineError) -> [TokenPair] {
    var grants: [SessionGrant] = []
    var claims: [CustomClaims] = []
    for request in batch {
      try minting.check(subject: request.subject, client: request.client.id)
      let terms = try minting.terms(for: request.client)
      claims.append(
        try await minting.customClaims(subject: request.subject, client: request.client.id, scopes: request.scopes))
      grants.append(
        SessionGrant(
          subject: request.subject, client: request.client.id, scope: request.scopes.text, lifetimes: terms.lifetimes,
          rotation: terms.rotation, label: request.label, subjectVersion: try await version(for: request),
          clientVersion: request.client.version, accessMilliseconds: minting.accessMilliseconds(of: request.client)))
    }
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

  /// Returns the refusal if the subject has changed since it was authenticated, and revokes the session in that case. A
  /// revocation of all its sessions may have come before this session was opened and have missed it.
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
  /// Returns the subject. One that would be refused is read anew, since it may have been added or enabled without this
  /// store having heard of it yet.
  func look(up id: String, anew: Bool = false) async throws(EngineError) -> Subject? {
    do {
      if !anew, let subject = try await subject(id: id), subject.isEnabled { return subject }
      return try await latestSubject(id: id)
    } catch {
      throw .store(from: error)
    }
  }
}
