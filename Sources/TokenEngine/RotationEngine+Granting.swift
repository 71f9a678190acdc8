public import RotationModel

/// The grants, which open a session, renew it, or issue a token that is consumed once.
extension RotationEngine {
  /// Authenticates the subject and opens a session, as the grant `password` asks for (RFC 6749 §4.3).
  ///
  /// The cost is one password verification, and a second reading of the subject once the session is open. A refusal
  /// writes nothing, unless the subject changed meanwhile: then the session was opened and is revoked.
  ///
  /// - Parameters:
  ///   - name: The login name, as the store of the subjects knows it.
  ///   - password: The password, which only that store sees.
  ///   - client: The client, which must be authenticated unless it is public.
  ///   - scope: The request's `scope` parameter, or nil for everything that the subject and the client may have.
  ///   - label: The name that the subject gives the session, or nil for none; see ``SessionGrant/label``.
  ///   - attributes: Bytes that stay with the session, at most 1024; see ``OpeningRequest/attributes``.
  ///   - proof: The proof of a key that came along with the request (RFC 9449), or nil for none. It binds the access
  ///     tokens of the session and, if the client is public, the session itself for its life. It is judged before the
  ///     name and the password, and counts once across all instances on the ledger.
  /// - Returns: The first tokens of the session, or the refusal, which is the same for an unknown name and a wrong
  ///   password.
  /// - Throws: ``EngineError/store(_:)`` or ``EngineError/foreign(_:)`` if the store or the claims closure fails, and
  ///   ``EngineError/ledger(_:)`` if the ledger does. ``EngineError/invalid(field:limit:)`` for a value outside its
  ///   limit, and with the field `subjects` if the engine has no store.
  public func logIn(
    name: String, password: String, client: Client, scope: String? = nil, label: String? = nil,
    attributes: [UInt8] = [], proof: PresentedProof? = nil
  ) async throws(EngineError) -> GrantOutcome {
    let wishes = SessionWishes(scope: scope, label: label, attributes: attributes, proof: proof)
    return try await openings.logIn(name: name, password: password, client: client, wishes)
  }

  /// Returns the login name as ``SubjectStore/loginName(ignoringCase:)`` gives it, or the name itself without a store.
  package func loginName(ignoringCase name: String) async throws(EngineError) -> String {
    do { return try await subjects?.loginName(ignoringCase: name) ?? name } catch { throw .store(from: error) }
  }

  /// Opens a session for a subject that the caller has authenticated, if it is enabled and the scope is within what the
  /// subject and the client may have.
  ///
  /// The session belongs to the given ``Subject/version``. If the engine has a store, the subject is read again once
  /// the session is open. If it has another version by then, is disabled or gone, the session is revoked and the
  /// outcome is a refusal.
  public func openSession(
    for subject: Subject, client: Client, scope: String? = nil, label: String? = nil, attributes: [UInt8] = [],
    proof: PresentedProof? = nil
  ) async throws(EngineError) -> GrantOutcome {
    let wishes = SessionWishes(scope: scope, label: label, attributes: attributes, proof: proof)
    return try await openings.open(for: subject, client: client, wishes)
  }

  /// Opens a session for a subject by its id, which the store must know.
  ///
  /// - Throws: ``EngineError/invalid(field:limit:)`` with the field `subject` if the store does not know it.
  public func openSession(
    forSubject id: String, client: Client, scope: String? = nil, label: String? = nil, attributes: [UInt8] = [],
    proof: PresentedProof? = nil
  ) async throws(EngineError) -> GrantOutcome {
    let wishes = SessionWishes(scope: scope, label: label, attributes: attributes, proof: proof)
    return try await openings.open(forSubject: id, client: client, wishes)
  }

  /// The most UTF-8 bytes in a subject and a client id: with the most scopes their tokens stay under 4 KiB.
  public static let subjectBytesMax = Limits.subjectID.range.upperBound
  public static let clientBytesMax = Limits.clientID.range.upperBound

  /// Opens a session with exactly these scopes, without any check: neither whether the subject exists and is enabled,
  /// nor what it or the client may have.
  ///
  /// The caller must have decided all that. A store is asked only for the subject's version, if none is passed.
  ///
  /// - Parameters:
  ///   - subject: The id of the subject, 1 to 512 bytes without control characters.
  ///   - client: The client, whose id has 1 to 256 bytes without control characters.
  ///   - scopes: The scopes of the session.
  ///   - label: The name that the subject gives the session, or nil for none; see ``SessionGrant/label``.
  ///   - version: The version of the subject's account as the caller authenticated it; see ``OpeningRequest/version``.
  ///   - attributes: Bytes that stay with the session, at most 1024; see ``OpeningRequest/attributes``.
  ///   - proof: The proof of a key, or nil for none; see ``OpeningRequest/proof``.
  /// - Returns: The first tokens of the session, once it is durable.
  /// - Throws: ``EngineError/invalid(field:limit:)`` for a text or lifetime outside its limit.
  ///   ``EngineError/badProof(_:)`` for a proof that is bad or was used before. ``EngineError/store(_:)``,
  ///   ``EngineError/foreign(_:)`` or ``EngineError/ledger(_:)`` if the store, the claims closure or the ledger fails.
  public func openUncheckedSession(
    subject: String, client: Client, scopes: Scopes, label: String? = nil, version: AccountVersion? = nil,
    attributes: [UInt8] = [], proof: PresentedProof? = nil
  ) async throws(EngineError) -> TokenPair {
    let request = OpeningRequest(
      subject: subject, client: client, scopes: scopes, label: label, version: version, attributes: attributes,
      proof: proof)
    return try await openings.openUnchecked([request])[0]
  }

  @available(
    *, unavailable, renamed: "openUncheckedSession(subject:client:scopes:label:version:attributes:proof:)",
    message: "it looks at nothing; openSession(forSubject:client:scope:label:attributes:proof:) asks the store"
  )
  public func openSession(
    subject: String, client: Client, scopes: Scopes, label: String? = nil
  ) async throws(EngineError) -> TokenPair {
    try await openUncheckedSession(subject: subject, client: client, scopes: scopes, label: label)
  }

  /// Opens sessions as ``openUncheckedSession(subject:client:scopes:label:version:attributes:proof:)`` does, in this
  /// order, in one step and with one commit.
  ///
  /// - Parameter batch: The requests, at most as many as ``Limits/batch`` allows.
  /// - Returns: The first tokens of each session, in the order of the requests.
  /// - Throws: ``EngineError/invalid(field:limit:)`` if one of them is outside its limits; no session was opened then.
  public func openUncheckedSessions(_ batch: [OpeningRequest]) async throws(EngineError) -> [TokenPair] {
    try await openings.openUnchecked(batch)
  }

  /// Consumes the token and answers its successor, as the grant `refresh_token` asks for (RFC 6749 §6).
  ///
  /// Everything that can fail is checked before the token is consumed: signature, type, issuer, client, subject and
  /// scope. The rest is one step in the ledger. If several calls present one token at the same time, exactly one is
  /// granted, and within the grace window the others are answered with the same pair.
  ///
  /// A proof is judged before the token is looked at, and the session's key before the token's age: a bad proof, one
  /// that was used before, a missing one and another key consume nothing and revoke nothing. The proof counts once, in
  /// the same durable change as the rotation.
  ///
  /// - Parameters:
  ///   - token: The refresh token.
  ///   - client: The client that presents it, which must be authenticated unless it is public.
  ///   - scope: The request's `scope` parameter, or nil for the whole scope; see ``RefreshRequest/scope``.
  ///   - clients: The store from which `client` comes, if its news may be late; see ``RefreshRequest/clients``.
  ///   - proof: The proof of a key that came along with the request (RFC 9449), or nil for none.
  /// - Returns: The successor with its access token, or the refusal, which says if the session was revoked because of a
  ///   reuse (``EngineOptions/reuse``).
  /// - Throws: ``EngineError/store(_:)`` or ``EngineError/foreign(_:)`` if a store or the claims closure fails, and
  ///   ``EngineError/invalid(field:limit:)`` for a lifetime or claims outside their limits; nothing was consumed then.
  ///   ``EngineError/ledger(_:)`` if the ledger fails; ``LedgerError`` says in which cases the outcome is unknown.
  public func refresh(
    _ token: String, client: Client, scope: String? = nil, clients: (any ClientStore)? = nil,
    proof: PresentedProof? = nil
  ) async throws(EngineError) -> GrantOutcome {
    try await refreshing.refresh(
      RefreshRequest(token: token, client: client, scope: scope, clients: clients, proof: proof))
  }

  /// Refreshes sessions as ``refresh(_:client:scope:clients:proof:)`` does, in this order, in one step and with one
  /// commit.
  ///
  /// The store and the claims closure are asked concurrently, ``batchTasksMax`` at a time. An error that they throw for
  /// one request is that request's outcome: its token is not consumed, and the other requests continue.
  ///
  /// - Parameter batch: The requests, at most as many as ``Limits/batch`` allows.
  /// - Returns: The outcome of each request, in the order of the batch.
  /// - Throws: The error that fails all requests: that of the ledger, or of a batch over its limit. No request is
  ///   answered then.
  public func refresh(
    _ batch: [RefreshRequest]
  ) async throws(EngineError) -> [Result<GrantOutcome, EngineError>] {
    try await refreshing.refresh(batch)
  }

  /// The number of requests in a batch for which the store is asked at a time.
  public static let batchTasksMax = RefreshGrant.tasksMax

  /// Returns an access token whose subject is the client (RFC 9068 §2.2), as the grant `client_credentials` asks for
  /// (RFC 6749 §4.4).
  ///
  /// The caller must have authenticated the client. `scope` is the request's parameter; nil asks for everything that
  /// the client may have, which is nothing if ``Client/scopes`` is nil. The cost is one signature. Nothing is written
  /// but the count of a `proof`, which binds the token to its key (RFC 9449), so the token ends by its lifetime, by
  /// ``revoke(token:client:endsSession:)``, or with the sessions of its client.
  ///
  /// A client that has the id of a subject is refused with ``GrantRefusal/clientNamedAsSubject``: a resource server
  /// that checks only `sub` would take it for that subject (RFC 9068 §5).
  public func clientToken(
    for client: Client, scope: String? = nil, proof: PresentedProof? = nil
  ) async throws(EngineError) -> ClientGrantOutcome {
    try await clientCredentials.token(for: client, scope: scope, proof: proof)
  }

  /// Issues a one-time token, which is durable before it is returned.
  ///
  /// Revoking the sessions of its subject does not end the token.
  ///
  /// - Parameters:
  ///   - purpose: The purpose, 1 to 256 bytes; the token is accepted for no other.
  ///   - subject: The id of the subject, 1 to 512 bytes; consumption hands it back.
  ///   - payload: The bytes that consumption hands back, at most 1024. The ledger keeps them; the token does not hold
  ///     them.
  ///   - lifetime: The lifetime, from 1 ms to 100 years, to the millisecond.
  /// - Returns: The token, with the text to hand out.
  /// - Throws: ``EngineError/invalid(field:limit:)`` for a value outside its limit, and with the field `ledger` if the
  ///   engine's ledger keeps no one-time tokens. ``EngineError/ledger(_:)`` if the ledger fails.
  public func issueOneTimeToken(
    purpose: String, subject: String, payload: [UInt8] = [], lifetime: Duration
  ) async throws(EngineError) -> OneTimeToken {
    try await withOneTimeTokens().issue(purpose: purpose, subject: subject, payload: payload, lifetime: lifetime)
  }

  /// Consumes a one-time token.
  ///
  /// However often it is presented, only one call is told that it was consumed, once that is durable.
  public func consumeOneTimeToken(
    _ token: String, purpose: String
  ) async throws(EngineError) -> OneTimeTokenOutcome {
    try await withOneTimeTokens().consume(token, purpose: purpose)
  }

  private func withOneTimeTokens() throws(EngineError) -> OneTimeTokens {
    guard let oneTimeTokens else { throw .invalid(field: "ledger", limit: "one that keeps one-time tokens") }
    return oneTimeTokens
  }

  /// Opens sessions, those of one call with one commit.
  ///
  /// An interrupted call can be repeated: a session that it had opened is found by its id, and the same token is made
  /// again.
  ///
  /// The caller must have checked that the subject and the client exist and may have the scopes.
  package func importSessions(_ batch: [ForeignSession]) async throws(EngineError) -> [ImportOutcome] {
    try await imports.open(batch)
  }
}
