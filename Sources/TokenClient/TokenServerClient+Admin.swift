/// The admin routes, for a client with `--admin`.
extension TokenServerClient {
  /// Opens a session for a subject that the caller has authenticated itself.
  ///
  /// - Parameters:
  ///   - subject: The subject's id.
  ///   - scopes: The session's scopes; nil for all that the subject and the client may have.
  ///   - client: The id of the client that the session is for; nil for this one.
  ///   - label: The name that the subject gives the session, such as `Ann's phone`.
  ///   - isBound: True to bind the session to the key that this client proves, if it makes proofs.
  /// - Returns: The tokens of the new session.
  /// - Throws: ``TokenClientError``. If the outcome is unknown, there can be a session that nobody holds
  ///   (``LostReply/Consequence/mayExist``).
  public func openSession(
    subject: String, scopes: Scopes? = nil, client: String? = nil, label: String? = nil, isBound: Bool = false
  ) async throws(TokenClientError) -> IssuedTokens {
    struct Opening: Encodable {
      var subject: String
      var scope: Scopes?
      var client: String?
      var label: String?

      enum CodingKeys: String, CodingKey {
        case subject, scope, label
        case client = "client_id"
      }
    }
    let body = try Self.encoded(Opening(subject: subject, scope: scopes, client: client, label: label))
    let reply = try await perform("POST", "/admin/sessions", body, proven: isBound, losing: .mayExist)
    return try decoded(reply, as: IssuedTokens.self, losing: .mayExist)
  }

  /// Lists live sessions, in pages of at most `limit`.
  ///
  /// - Parameters:
  ///   - scope: The sessions to list.
  ///   - cursor: The ``SessionListing/next`` of the page before.
  ///   - limit: The most sessions in the page, from 1 to 1000.
  /// - Returns: The page, with the cursor of the next one if there are more. A session that is opened meanwhile can be
  ///   left out.
  /// - Throws: ``TokenClientError``; the server refuses another limit, and a cursor whose place it no longer knows.
  public func sessions(
    of scope: SessionScope = .all, after cursor: String? = nil, limit: Int = 100
  ) async throws(TokenClientError) -> SessionListing {
    let query = Self.query(scope) + [("limit", "\(limit)")] + (cursor.map { [("after", $0)] } ?? [])
    let reply = try await perform("GET", "/admin/sessions", query: query, losing: .none)
    return try decoded(reply, as: SessionListing.self, losing: .none)
  }

  /// Returns the session if it is live.
  public func session(_ id: SessionID) async throws(TokenClientError) -> ListedSession? {
    do {
      let reply = try await perform("GET", "/admin/sessions/\(id.text)", losing: .none)
      return try decoded(reply, as: ListedSession.self, losing: .none)
    } catch .refused(let refusal) where refusal.isNotFound {
      return nil
    }
  }

  /// Ends a session, durably.
  ///
  /// - Returns: True if it was live.
  /// - Throws: ``TokenClientError``; the same call can be made again.
  @discardableResult
  public func endSession(_ id: SessionID) async throws(TokenClientError) -> Bool {
    do {
      _ = try await perform("DELETE", "/admin/sessions/\(id.text)", losing: .none)
      return true
    } catch .refused(let refusal) where refusal.isNotFound {
      return false
    }
  }

  /// Ends all sessions of a scope, durably.
  ///
  /// - Returns: The number of sessions that were live; of a client or all, as counted just before.
  /// - Throws: ``TokenClientError``; the same call can be made again.
  @discardableResult
  public func endSessions(of scope: SessionScope) async throws(TokenClientError) -> Int {
    struct Ended: Decodable {
      var ended: Int
    }
    let query = scope == .all ? [(name: "all", value: "true")] : Self.query(scope)
    let reply = try await perform("DELETE", "/admin/sessions", query: query, losing: .none)
    return try decoded(reply, as: Ended.self, losing: .none).ended
  }

  private static func query(_ scope: SessionScope) -> [(name: String, value: String)] {
    switch scope {
    case .subject(let subject): [("subject", subject)]
    case .client(let client): [("client_id", client)]
    case .subjectAtClient(let subject, let client): [("subject", subject), ("client_id", client)]
    case .all: []
    }
  }

  /// Issues a token that is good once, for one purpose.
  ///
  /// - Parameters:
  ///   - purpose: The purpose, 1 to 256 bytes; the token is accepted for no other.
  ///   - subject: The id of the subject that consumption hands back.
  ///   - payload: The text that consumption hands back, at most 1024 bytes; nil for an empty one.
  ///   - lifetime: The lifetime, from one millisecond to less than 36600 days, to the millisecond.
  /// - Returns: The token with its id and its end.
  /// - Throws: ``TokenClientError``. If the outcome is unknown, there can be a token that nobody holds, which ends by
  ///   itself (``LostReply/Consequence/mayExist``).
  public func issueOneTimeToken(
    purpose: String, subject: String, payload: String? = nil, lifetime: Duration
  ) async throws(TokenClientError) -> OneTimeIssue {
    struct Issue: Encodable {
      var purpose: String
      var subject: String
      var payload: String?
      var lifetime: Int64

      enum CodingKeys: String, CodingKey {
        case purpose, subject, payload
        case lifetime = "ttl_ms"
      }
    }
    guard lifetime < .seconds(100 * 366 * 86_400) else { throw .notSent("the lifetime is longer than any token's") }
    let body = try Self.encoded(
      Issue(purpose: purpose, subject: subject, payload: payload, lifetime: lifetime.wholeMilliseconds))
    let reply = try await perform("POST", "/admin/one-time-tokens", body, losing: .mayExist)
    return try decoded(reply, as: OneTimeIssue.self, losing: .mayExist)
  }

  /// Consumes a one-time token.
  ///
  /// - Returns: The subject and the payload for one caller of any number; nil for all others, whatever the reason.
  /// - Throws: ``TokenClientError``. If the outcome is unknown, the token can be consumed
  ///   (``LostReply/Consequence/mayBeSpent``).
  public func consumeOneTimeToken(
    _ token: String, purpose: String
  ) async throws(TokenClientError) -> OneTimeUse? {
    struct Consumption: Encodable {
      var token: String
      var purpose: String
    }
    let body = try Self.encoded(Consumption(token: token, purpose: purpose))
    do {
      let reply = try await perform("POST", "/admin/one-time-tokens/consume", body, losing: .mayBeSpent)
      return try decoded(reply, as: OneTimeUse.self, losing: .mayBeSpent)
    } catch .refused(let refusal) where refusal.code == "invalid_grant" {
      return nil
    }
  }
}
