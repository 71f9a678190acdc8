/// A fact that verifiers of access tokens must know of while tokens that it concerns can live.
package struct Revocation: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    /// A session was ended by itself.
    case session(SessionID)
    /// One access token was.
    case token(TokenID)
    /// All sessions of a scope that were opened before.
    case scope(SessionScope)
    /// The session was opened after scopes that its first tokens, which say no more than their second, would fall
    /// under.
    case exemption(SessionID)
  }

  /// The place among marks and exemptions: a mark covers a session that is exempt by a lower number only.
  package var number: Int64 = 0
  /// The ledger's time of it.
  ///
  /// Only that of a scope is ever compared.
  package var time: Timestamp
  /// The time until which access tokens that it concerns can live, in the ledger's time.
  package var until: Timestamp
  package var kind: Kind

  package init(number: Int64 = 0, time: Timestamp, until: Timestamp, kind: Kind) {
    (self.number, self.time, self.until, self.kind) = (number, time, until, kind)
  }
}

/// The form in which `GET /admin/revocations` tells a revocation: a JSON object.
///
///     {"session": "q83vEjRWeJCrze8S", "until": 1798623188123}
///     {"token": "q83vEjRWeJCrze8SAAAAAQ", "until": 1798623188123}
///     {"subject": "ann", "client": "web", "before": 1796031188123, "number": 7, "until": 1798623188123}
///     {"all": true, "before": 1796031188123, "number": 8, "until": 1798623188123}
///     {"exempt": "q83vEjRWeJCrze8S", "number": 9, "until": 1798623188123}
///
/// Unknown members are ignored, so that a later version can add some.
extension Revocation: Codable {
  private enum Member: String, CodingKey {
    case session, token, subject, client, all, exempt, before, number, until
  }

  /// - Throws: `DecodingError` if a member is missing or has another type, or if the object tells none of the facts.
  package init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: Member.self)
    let kind: Kind
    if let id = try members.decodeIfPresent(SessionID.self, forKey: .session) {
      kind = .session(id)
    } else if let id = try members.decodeIfPresent(TokenID.self, forKey: .token) {
      kind = .token(id)
    } else if let id = try members.decodeIfPresent(SessionID.self, forKey: .exempt) {
      kind = .exemption(id)
    } else {
      let scope = TextScope(
        subject: try members.decodeIfPresent(String.self, forKey: .subject),
        client: try members.decodeIfPresent(String.self, forKey: .client)
      ).scope
      if scope == .all, try !members.decode(Bool.self, forKey: .all) {
        throw DecodingError.dataCorruptedError(forKey: .all, in: members, debugDescription: "it must be true")
      }
      kind = .scope(scope)
    }
    var number: Int64 = 0
    var time = Timestamp.zero
    switch kind {
    case .session, .token: break
    case .exemption: number = try members.decode(Int64.self, forKey: .number)
    case .scope:
      number = try members.decode(Int64.self, forKey: .number)
      time = try members.decode(Timestamp.self, forKey: .before)
    }
    self.init(number: number, time: time, until: try members.decode(Timestamp.self, forKey: .until), kind: kind)
  }

  package func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: Member.self)
    switch kind {
    case .session(let id): try members.encode(id, forKey: .session)
    case .token(let id): try members.encode(id, forKey: .token)
    case .exemption(let id):
      try members.encode(id, forKey: .exempt)
      try members.encode(number, forKey: .number)
    case .scope(let scope):
      switch scope {
      case .subject(let subject): try members.encode(subject, forKey: .subject)
      case .client(let client): try members.encode(client, forKey: .client)
      case .subjectAtClient(let subject, let client):
        try members.encode(subject, forKey: .subject)
        try members.encode(client, forKey: .client)
      case .all: try members.encode(true, forKey: .all)
      }
      try members.encode(time, forKey: .before)
      try members.encode(number, forKey: .number)
    }
    try members.encode(until, forKey: .until)
  }
}
