public import RotationModel

/// The grants: what opens a session, renews it, or is good once.
extension RotationEngine {
  /// The grant `password` (RFC 6749 §4.3): authenticates the subject and opens a session.
  ///
  /// `scope` is the request's parameter; nil asks for all that subject and client may have. Costs a password
  /// verification, and a second look at the subject once the session is open. Nothing is written where the outcome is a refusal, unless
  /// the subject changed meanwhile: then its session was opened and is revoked.
  public func logIn(
    name: String, password: String, client: Client, scope: String? = nil, label: String? = nil
  ) async throws(EngineError) -> GrantOutcome {
    try await openings.logIn(name: name, password: password, client: client, scope: scope, label: label)
  }

  /// See ``SubjectStore/loginName(ignoringCase:)``; the same name where there is no store.
  package func loginName(ignoringCase name: String) async throws(EngineError) -> String {
    do { return try await subjects?.loginName(ignoringCase: name) ?? name } catch { throw .store(from: error) }
  }

  /// Opens a session for a subject that the caller has authenticated, if it is enabled and within what subject and client may have.
  ///
  /// The session belongs to ``Subject/version`` as it is given here. With a store the subject is looked at once more when the session is open: where it
  /// has another version by then, is disabled or gone, the session is revoked and the outcome is a refusal.
  public func openSession(
    for subject: Subject, client: Client, scope: String? = nil, label: String? = nil
  ) async throws(EngineError) -> GrantOutcome {
    try await openings.open(for: subject, client: client, scope: scope, label: label)
  }

  /// The same for a subject by its id, which the store must know.
  ///
  /// - Throws: ``EngineError/invalid(field:limit:)`` with the field `subject` where it does not.
  public func openSession(
    forSubject id: String, client: Client, scope: String? = nil, label: String? = nil
  ) async throws(EngineError) -> GrantOutcome {
    try await openings.open(forSubject: id, client: client, scope: scope, label: label)
  }

  /// The most UTF-8 bytes in a subject and a client id: with the most scopes their tokens stay under 4 KiB.
  public static let subjectBytesMax = Limits.subjectID.range.upperBound
  public static let clientBytesMax = Limits.clientID.range.upperBound

  /// Opens a session with exactly these scopes, and checks nothing: neither whether the subject exists and is enabled, nor what it or the
  /// client may have. The caller has decided all that. A store is asked for the subject's version alone, where none is passed.
  ///
  /// - Parameter version: of the subject's account, as the caller authenticated it; see ``OpeningRequest/version``.
  /// - Throws: ``EngineError/invalid(field:limit:)`` for a text or lifetime outside its limit.
  public func openUncheckedSession(
    subject: String, client: Client, scopes: Scopes, label: String? = nil, version: AccountVersion? = nil
  ) async throws(EngineError) -> TokenPair {
    let request = OpeningRequest(subject: subject, client: client, scopes: scopes, label: label, version: version)
    return try await openings.openUnchecked([request])[0]
  }

  @available(
    *, unavailable, renamed: "openUncheckedSession(subject:client:scopes:label:version:)",
    message: "it looks at nothing; openSession(forSubject:client:scope:label:) asks the store"
  )
  public func openSession(
    subject: String, client: Client, scopes: Scopes, label: String? = nil
  ) async throws(EngineError) -> TokenPair {
    try await openUncheckedSession(subject: subject, client: client, scopes: scopes, label: label)
  }

  /// Opens sessions with one step and one commit for all: as many calls of ``openUncheckedSession(subject:client:scopes:label:version:)`` in this order.
  ///
  /// - Parameter batch: as many as ``Limits/batch`` allows.
  /// - Throws: ``EngineError/invalid(field:limit:)`` where one of them is outside its limits; then none was opened.
  public func openUncheckedSessions(_ batch: [OpeningRequest]) async throws(EngineError) -> [TokenPair] {
    try await openings.openUnchecked(batch)
  }

  /// The grant `refresh_token` (RFC 6749 §6): consumes the token and answers its successor.
  ///
  /// All that can fail is checked before the token is consumed: signature, type, issuer, client, subject, scope. What
  /// is left is one step in the ledger, so of any number of simultaneous calls with one token one is granted, and
  /// within the grace window the others are answered with the identical pair.
  ///
  /// - Parameter clients: the store that `client` comes from, where it may have heard of a change last; see ``RefreshRequest/clients``.
  public func refresh(
    _ token: String, client: Client, scope: String? = nil, clients: (any ClientStore)? = nil
  ) async throws(EngineError) -> GrantOutcome {
    try await refreshing.refresh(RefreshRequest(token: token, client: client, scope: scope, clients: clients))
  }

  /// As many calls of ``refresh(_:client:scope:clients:)``, with one step in this order and one commit for all.
  ///
  /// The store and the claims closure are asked for all of them at once, ``batchTasksMax`` at a time. What they throw for one request is that
  /// request's outcome: its token is not consumed, and the others go on.
  ///
  /// - Parameter batch: as many as ``Limits/batch`` allows.
  /// - Throws: what fails all of them: the ledger, a batch over its limit. Then none is answered.
  public func refresh(
    _ batch: [RefreshRequest]
  ) async throws(EngineError) -> [Result<GrantOutcome, EngineError>] {
    try await refreshing.refresh(batch)
  }

  /// For how many requests of a batch the store is asked at a time.
  public static let batchTasksMax = RefreshGrant.tasksMax

  /// The grant `client_credentials` (RFC 6749 §4.4): an access token whose subject is the client (RFC 9068 §2.2).
  ///
  /// The caller has authenticated the client. `scope` is the request's parameter; nil asks for all that the client may have, which is
  /// none where ``Client/scopes`` is nil. Costs one signature: nothing is written, so the token ends by its lifetime, by
  /// ``revoke(token:client:endsSession:)`` or with the sessions of its client.
  ///
  /// A client that has the id of a subject is refused with ``GrantRefusal/clientNamedAsSubject``: a resource server that looks at `sub` alone would
  /// take it for that subject (RFC 9068 §5).
  public func clientToken(
    for client: Client, scope: String? = nil
  ) async throws(EngineError) -> ClientGrantOutcome {
    try await clientCredentials.token(for: client, scope: scope)
  }

  /// Issues a one-time token; durable before it is returned. Revoking its subject's sessions does not end it.
  ///
  /// - Parameters:
  ///   - purpose: 1 to 256 bytes; the token is good for nothing else.
  ///   - payload: handed back at consumption, at most 1024 bytes. The ledger keeps it; the token does not hold it.
  ///   - lifetime: from 1 ms to 100 years, to the millisecond.
  /// - Throws: ``EngineError/invalid(field:limit:)`` with the field `ledger` where the engine's ledger keeps no one-time tokens.
  public func issueOneTimeToken(
    purpose: String, subject: String, payload: [UInt8] = [], lifetime: Duration
  ) async throws(EngineError) -> OneTimeToken {
    try await withOneTimeTokens().issue(purpose: purpose, subject: subject, payload: payload, lifetime: lifetime)
  }

  /// Consumes a one-time token: of any number of presentations one is told so, once that is durable.
  public func consumeOneTimeToken(
    _ token: String, purpose: String
  ) async throws(EngineError) -> OneTimeTokenOutcome {
    try await withOneTimeTokens().consume(token, purpose: purpose)
  }

  private func withOneTimeTokens() throws(EngineError) -> OneTimeTokens {
    guard let oneTimeTokens else { throw .invalid(field: "ledger", limit: "one that keeps one-time tokens") }
    return oneTimeTokens
  }

  /// Opens sessions, those of one call with one commit. A call that was cut off can be made again: what it had opened is found
  /// by its id, and its token is made again, the same.
  ///
  /// The caller has checked that subject and client exist and may have the scopes.
  package func importSessions(_ batch: [ForeignSession]) async throws(EngineError) -> [ImportOutcome] {
    try await imports.open(batch)
  }
}
