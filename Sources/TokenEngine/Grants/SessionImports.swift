package import RotationModel
internal import TokenSigning

/// A session of another system that continues here with a new refresh token.
package struct ForeignSession: Sendable {
  /// The id, which is derived from the origin, so that the same origin is never opened twice.
  package var id: SessionID
  package var subject: String
  package var client: Client
  package var scopes: Scopes
  package var label: String?
  /// The version of the subject's account.
  package var version: AccountVersion
  /// The longest time that the session can still live, or nil for that of a new session of its client.
  package var millisecondsLeft: Int64?
  /// The key that the session is bound to for its life, if its client is public.
  package var key: Digest256?
  package var attributes: [UInt8]

  package init(
    id: SessionID, subject: String, client: Client, scopes: Scopes, label: String? = nil,
    version: AccountVersion = .none, millisecondsLeft: Int64? = nil, key: Digest256? = nil, attributes: [UInt8] = []
  ) {
    self.id = id
    self.subject = subject
    self.client = client
    self.scopes = scopes
    self.label = label
    self.version = version
    self.millisecondsLeft = millisecondsLeft
    self.key = key
    self.attributes = attributes
  }
}

/// The outcome of importing a session, with its first refresh token.
package enum ImportOutcome: Sendable, Hashable {
  case opened(refreshToken: String, SessionID)
  /// An earlier import has opened the session and its first token is live; the token is the same.
  case present(refreshToken: String, SessionID)
  /// An earlier import has opened the session, and its first token was used since or the session has ended.
  case gone(SessionID)
}

extension ImportOutcome: RedactedValue {
  /// The outcome and the session, without the token.
  package var description: String {
    switch self {
    case .opened(_, let session): "opened(\(session), token redacted)"
    case .present(_, let session): "present(\(session), token redacted)"
    case .gone(let session): "gone(\(session))"
    }
  }
}

/// The opening of sessions that come from another system.
struct SessionImports: Sendable {
  let minting: Minting
  let observer: any EngineObserver

  func open(_ batch: [ForeignSession]) async throws(EngineError) -> [ImportOutcome] {
    var imports: [SessionImport] = []
    for item in batch {
      try minting.check(subject: item.subject, client: item.client.id)
      let terms = try minting.terms(for: item.client)
      let absolute = min(terms.lifetimes.absoluteMilliseconds, item.millisecondsLeft ?? .max)
      guard
        let lifetimes = Lifetimes(
          idleMilliseconds: terms.lifetimes.idleMilliseconds, absoluteMilliseconds: absolute)
      else { throw .invalid(field: "millisecondsLeft", limit: "at least 1") }
      var grant = SessionGrant(
        subject: item.subject, client: item.client.id, scope: item.scopes.text, lifetimes: lifetimes,
        rotation: terms.rotation, label: item.label, subjectVersion: item.version,
        clientVersion: item.client.version, accessMilliseconds: minting.accessMilliseconds(of: item.client))
      grant.attributes = item.attributes
      if item.client.isPublic { grant.keys.lifelong = item.key }
      imports.append(SessionImport(id: item.id, grant: grant))
    }
    let imported: (ledger: [SessionImportOutcome], outcomes: [ImportOutcome])
    do {
      imported = try await minting.ledger.importSessions(imports) { outcomes, _ in
        (outcomes, zip(imports, outcomes).map { outcome(of: $0.id, $1) })
      }
    } catch {
      throw EngineError(error)
    }
    for case .opened(let session) in imported.ledger {
      observer.engine(observed: .opened(session.tokenID, subject: session.subject, client: session.client))
    }
    return imported.outcomes
  }

  private func outcome(of id: SessionID, _ outcome: SessionImportOutcome) -> ImportOutcome {
    switch outcome {
    case .opened(let session):
      return .opened(refreshToken: minting.refreshToken(of: session), id)
    case .present(let session?) where session.generation == 0:
      return .present(refreshToken: minting.refreshToken(of: session), id)
    case .present:
      return .gone(id)
    }
  }
}

extension SessionID {
  /// Creates the id for what `origin` describes from 12 bytes of its SHA-256; the same bytes give the same id.
  package init(digestOf origin: [UInt8]) {
    let digest = Digest(of: Array("refresh-ledger import 1\n".utf8) + origin).bytes
    let high = digest[0..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let low = digest[8..<12].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    // Like a random id, it never has a text that begins with `-`.
    self.init(high: high >> 58 == 62 ? high ^ (1 << 58) : high, low: low)
  }
}
