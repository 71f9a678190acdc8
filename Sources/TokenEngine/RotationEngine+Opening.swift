internal import Platform
public import TokenLedger

/// What ``RotationEngine/openUncheckedSessions(_:)`` is to open, for a subject that the caller has authenticated and with just these scopes.
public struct OpeningRequest: Sendable {
  public var subject: String
  public var client: Client
  public var scopes: Scopes
  /// What the subject calls the session; see ``SessionGrant/label``.
  public var label: String?
  /// Of the subject's account, as it was authenticated. Nil for that of the engine's store at the opening, and ``AccountVersion/none`` without one.
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

extension RotationEngine {
  /// The grant `password` (RFC 6749 §4.3): authenticates the subject and opens a session.
  ///
  /// `scope` is the request's parameter; nil asks for all that subject and client may have. Costs a password
  /// verification, and a second look at the subject once the session is open. Nothing is written where the outcome is a refusal, unless
  /// the subject changed meanwhile: then its session was opened and is revoked.
  public func logIn(
    name: String, password: String, client: Client, scope: String? = nil, label: String? = nil
  ) async throws(EngineFailure) -> GrantOutcome {
    guard client.grants.contains(.password) else { return refuse(.unauthorizedClient, nil, client) }
    guard let subjects else { throw .invalid(field: "subjects", limit: "at least one store, to log in by password") }
    let found: Subject?
    do { found = try await subjects.authenticate(name: name, password: password) } catch { throw .store(from: error) }
    guard let subject = found else { return refuse(.badCredentials, nil, client) }
    return try await openSession(for: subject, client: client, scope: scope, label: label)
  }

  /// See ``SubjectStore/loginName(ignoringCase:)``; the same name where there is no store.
  package func loginName(ignoringCase name: String) async throws(EngineFailure) -> String {
    do { return try await subjects?.loginName(ignoringCase: name) ?? name } catch { throw .store(from: error) }
  }

  /// What has become of a subject since it was authenticated: an end of all its sessions may have come before this one was opened, and have
  /// spared it. The session is revoked where it must not be.
  private func refusal(
    of subject: Subject, in subjects: any SubjectStore, since session: SessionID
  ) async throws(EngineFailure) -> GrantRefusal? {
    let found: Subject?
    do { found = try await subjects.subject(id: subject.id) } catch {
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

  /// Opens a session for a subject that the caller has authenticated, if it is enabled and within what subject and client may have.
  ///
  /// The session belongs to ``Subject/version`` as it is given here. With a store the subject is looked at once more when the session is open: where it
  /// has another version by then, is disabled or gone, the session is revoked and the outcome is a refusal.
  public func openSession(
    for subject: Subject, client: Client, scope: String? = nil, label: String? = nil
  ) async throws(EngineFailure) -> GrantOutcome {
    guard subject.isEnabled else { return refuse(.subjectDisabled, nil, client) }
    let allowed = client.scopes.map(subject.scopes.intersection) ?? subject.scopes
    guard let granted = requested(scope, within: allowed) else { return refuse(.invalidScope, nil, client) }
    let request = OpeningRequest(
      subject: subject.id, client: client, scopes: granted, label: label, version: subject.version)
    let pair = try await openUncheckedSessions([request])[0]
    guard let subjects else { return .granted(pair) }
    return try await refusal(of: subject, in: subjects, since: pair.session).map { refuse($0, nil, client) }
      ?? .granted(pair)
  }

  /// The same for a subject by its id, which the store must know.
  ///
  /// - Throws: ``EngineFailure/invalid(field:limit:)`` with the field `subject` where it does not.
  public func openSession(
    forSubject id: String, client: Client, scope: String? = nil, label: String? = nil
  ) async throws(EngineFailure) -> GrantOutcome {
    guard let subjects else { throw .invalid(field: "subjects", limit: "at least one store, to look subjects up") }
    let found: Subject?
    do { found = try await subjects.subject(id: id) } catch { throw .store(from: error) }
    guard let subject = found else { throw .invalid(field: "subject", limit: "a subject that the store knows") }
    return try await openSession(for: subject, client: client, scope: scope, label: label)
  }

  /// The most UTF-8 bytes in a subject and a client id: with the most scopes their tokens stay under 4 KiB.
  public static let subjectBytesMax = 512
  public static let clientBytesMax = 256

  /// Opens a session with exactly these scopes, and checks nothing: neither whether the subject exists and is enabled, nor what it or the
  /// client may have. The caller has decided all that. A store is asked for the subject's version alone, where none is passed.
  ///
  /// - Parameter version: of the subject's account, as the caller authenticated it; see ``OpeningRequest/version``.
  /// - Throws: ``EngineFailure/invalid(field:limit:)`` for a text or lifetime outside its limit.
  public func openUncheckedSession(
    subject: String, client: Client, scopes: Scopes, label: String? = nil, version: AccountVersion? = nil
  ) async throws(EngineFailure) -> TokenPair {
    let request = OpeningRequest(subject: subject, client: client, scopes: scopes, label: label, version: version)
    return try await openUncheckedSessions([request])[0]
  }

  @available(
    *, unavailable, renamed: "openUncheckedSession(subject:client:scopes:label:version:)",
    message: "it looks at nothing; openSession(forSubject:client:scope:label:) asks the store"
  )
  public func openSession(
    subject: String, client: Client, scopes: Scopes, label: String? = nil
  ) async throws(EngineFailure) -> TokenPair {
    try await openUncheckedSession(subject: subject, client: client, scopes: scopes, label: label)
  }

  /// Opens sessions with one step and one commit for all: as many calls of ``openUncheckedSession(subject:client:scopes:label:version:)`` in this order.
  ///
  /// - Parameter batch: at most ``RefreshLedger/batchMax``.
  /// - Throws: ``EngineFailure/invalid(field:limit:)`` where one of them is outside its limits; then none was opened.
  public func openUncheckedSessions(_ batch: [OpeningRequest]) async throws(EngineFailure) -> [TokenPair] {
    var grants: [SessionGrant] = []
    var claims: [CustomClaims] = []
    for request in batch {
      try check("subject", request.subject, bytesMax: Self.subjectBytesMax)
      try check("client", request.client.id, bytesMax: Self.clientBytesMax)
      let terms = try terms(for: request.client)
      claims.append(
        try await customClaims(subject: request.subject, client: request.client.id, scopes: request.scopes))
      grants.append(
        SessionGrant(
          subject: request.subject, client: request.client.id, scope: request.scopes.text, lifetimes: terms.lifetimes,
          rotation: terms.rotation, label: request.label, subjectVersion: try await version(for: request),
          clientVersion: request.client.version))
    }
    do throws(LedgerFailure) {
      let staged = try await ledger.stageOpenings(grants)
      // Signing overlaps the wait for the disk.
      let pairs = staged.outcome.indices.map { index in
        pair(
          for: staged.outcome[index], scopes: batch[index].scopes, claims: claims[index],
          client: batch[index].client.lifetimes, at: staged.time, shift: staged.shift)
      }
      try await ledger.durable(through: staged.sequence)
      for session in staged.outcome {
        observer.engine(observed: .opened(session.tokenID, subject: session.subject, client: session.client))
      }
      return pairs
    } catch {
      throw EngineFailure(error)
    }
  }

  private func version(for request: OpeningRequest) async throws(EngineFailure) -> AccountVersion {
    if let version = request.version { return version }
    guard let subjects else { return .none }
    do { return try await subjects.subject(id: request.subject)?.version ?? .none } catch { throw .store(from: error) }
  }

  /// The scopes to grant for a request's `scope` parameter; nil where it is malformed or asks for more than is allowed.
  func requested(_ scope: String?, within allowed: Scopes) -> Scopes? {
    guard let scope, !scope.isEmpty else { return allowed }
    guard let scopes = Scopes(scope), scopes.isSubset(of: allowed) else { return nil }
    return scopes
  }

  /// The rule of every id that comes from outside.
  package func check(_ field: String, _ text: String, bytesMax: Int) throws(EngineFailure) {
    guard (1...bytesMax).contains(text.utf8.count), !text.hasControlCharacters else {
      throw .invalid(field: field, limit: "from 1 to \(bytesMax) bytes without control characters")
    }
  }

  func refuse(_ refusal: GrantRefusal, _ token: TokenID?, _ client: Client) -> GrantOutcome {
    observer.engine(observed: .refused(refusal, token: token, client: client.id))
    return .refused(refusal)
  }
}

extension EngineFailure {
  /// What a store threw, as ours.
  static func store(from error: any Error) -> EngineFailure {
    (error as? StoreFailure).map { .store($0) } ?? .foreign(error)
  }

  /// What the caller passed is the caller's, whoever found it.
  init(_ failure: LedgerFailure) {
    switch failure {
    case .invalid(let field, let limit): self = .invalid(field: field, limit: limit)
    case .log, .full: self = .ledger(failure)
    }
  }
}
