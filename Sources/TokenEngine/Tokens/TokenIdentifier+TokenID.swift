internal import RotationModel
internal import TokenSigning

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
