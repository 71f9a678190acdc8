public import TokenLedger
internal import TokenSigning

extension SessionID {
  /// Throws ``EngineFailure/invalid(field:limit:)`` with the field `session` unless `text` is the text of one.
  public init(validating text: String) throws(EngineFailure) {
    guard let id = SessionID(text: text) else {
      throw .invalid(field: "session", limit: "16 base64url characters")
    }
    self = id
  }
}

extension TokenID {
  init(_ identifier: TokenIdentifier) {
    self.init(
      session: SessionID(high: identifier.sessionHigh, low: identifier.sessionLow), generation: identifier.generation)
  }
}

extension TokenIdentifier {
  init(_ token: TokenID) {
    self.init(sessionHigh: token.session.high, sessionLow: token.session.low, generation: token.generation)
  }
}
