/// The 12 random bytes that name a session, and with it every token that descends from one grant.
public struct SessionID: Sendable, Hashable, Comparable {
  public let high: UInt64
  public let low: UInt32

  public init(high: UInt64, low: UInt32) {
    self.high = high
    self.low = low
  }

  /// An order for lists; it means nothing.
  public static func < (left: SessionID, right: SessionID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  /// Never one whose text begins with `-`, the 62nd letter of base64url: a command line would take it for an option.
  package init(from random: inout some RandomNumberGenerator) {
    var high: UInt64 = random.next()
    while high >> 58 == 62 { high = random.next() }
    self.init(high: high, low: UInt32(truncatingIfNeeded: random.next() as UInt64))
  }
}

/// The `jti` of a token (RFC 7519 §4.1.7): its session and its generation.
///
/// The first token of a session has generation 0; each rotation adds one.
public struct TokenID: Sendable, Hashable {
  public let session: SessionID
  public let generation: UInt32

  public init(session: SessionID, generation: UInt32) {
    self.session = session
    self.generation = generation
  }
}
