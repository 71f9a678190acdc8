public import TokenLedger
internal import TokenSigning

// How sessions and tokens are named outside: in claims, on command lines and in queries.

extension TokenID {
  init(_ identifier: TokenIdentifier) {
    self.init(
      session: SessionID(high: identifier.sessionHigh, low: identifier.sessionLow), generation: identifier.generation)
  }

  /// The `jti` claim: 22 base64url characters.
  public var text: String { TokenIdentifier(self).text }
}

extension SessionID {
  /// The `sid` claim: 16 base64url characters.
  public var text: String { TokenIdentifier(TokenID(session: self, generation: 0)).sessionText }

  /// Nil unless `text` is 16 canonical base64url characters.
  public init?(text: String) {
    guard let identifier = TokenIdentifier(sessionText: text) else { return nil }
    self.init(high: identifier.sessionHigh, low: identifier.sessionLow)
  }

  /// Throws ``EngineFailure/invalid(field:limit:)`` with the field `session` unless `text` is the text of one.
  public init(validating text: String) throws(EngineFailure) {
    guard let id = SessionID(text: text) else {
      throw .invalid(field: "session", limit: "16 base64url characters")
    }
    self = id
  }
}

extension SessionCursor {
  /// For a query: the session's id and the slot, joined by a dot.
  public var text: String { "\(session.text).\(slot)" }

  /// Nil unless `text` is the text of one.
  public init?(text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let session = SessionID(text: String(parts[0])), let slot = UInt32(parts[1]) else {
      return nil
    }
    self.init(slot: slot, session: session)
  }
}

extension TokenIdentifier {
  init(_ token: TokenID) {
    self.init(sessionHigh: token.session.high, sessionLow: token.session.low, generation: token.generation)
  }
}
