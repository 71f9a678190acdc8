/// A token for any purpose that is consumed exactly once: a password reset, an invitation, an e-mail check.
public struct OneTimeGrant: Sendable, Hashable {
  /// What the token is good for; a token is consumed only for the purpose that it was issued for. 1…256 UTF-8 bytes.
  public var purpose: String
  /// At most ``SessionGrant/textBytesMax`` UTF-8 bytes.
  public var subject: String
  /// Handed back at consumption. At most ``payloadBytesMax``.
  public var payload: [UInt8]
  /// From 1 to ``Lifetimes/millisecondsMax``.
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

/// Why a one-time token was not accepted.
@nonexhaustive
public enum OneTimeRefusal: Sendable, Hashable {
  case unknown
  case expired
  case alreadyConsumed
  /// Issued for another purpose; it is left unconsumed.
  case wrongPurpose
}
