/// The terms of a token that is consumed exactly once, for any purpose: a password reset, an invitation, an e-mail
/// check.
public struct OneTimeGrant: Sendable, Hashable {
  /// The purpose of the token, 1 to 256 UTF-8 bytes.
  ///
  /// The token is consumed only for the purpose that it was issued for.
  public var purpose: String
  /// The subject of the token, at most ``SessionGrant/textBytesMax`` UTF-8 bytes.
  public var subject: String
  /// The bytes that consumption hands back, at most ``payloadBytesMax``.
  public var payload: [UInt8]
  /// The lifetime in milliseconds, from 1 to ``Lifetimes/millisecondsMax``.
  public var lifetimeMilliseconds: Int64

  public static let payloadBytesMax = 1024
  public static let purposeBytesMax = 256

  public init(purpose: String, subject: String, payload: [UInt8] = [], lifetimeMilliseconds: Int64) {
    self.purpose = purpose
    self.subject = subject
    self.payload = payload
    self.lifetimeMilliseconds = lifetimeMilliseconds
  }
}

/// The verdict on the presentation of a one-time token.
public enum OneTimeConsumption: Sendable, Hashable {
  case consumed(subject: String, payload: [UInt8])
  case refused(OneTimeRefusal)
}

/// The reason that a one-time token was not accepted.
@nonexhaustive
public enum OneTimeRefusal: Sendable, Hashable {
  case unknown
  case expired
  case alreadyConsumed
  /// The token was issued for another purpose. It is not consumed.
  case wrongPurpose
}
