/// The 32 bytes of a SHA-256 digest, held without memory of their own.
///
/// The digest of zeroes alone stands for none.
public struct Digest256: Sendable, Hashable, Comparable {
  private let first: UInt64
  private let second: UInt64
  private let third: UInt64
  private let fourth: UInt64

  public static let byteCount = 32

  private init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
    self.first = first
    self.second = second
    self.third = third
    self.fourth = fourth
  }

  /// Creates a digest from its bytes, or returns nil unless there are 32, not all of them zero.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    func word(_ number: Int) -> UInt64 { bytes[(8 * number)..<(8 * number + 8)].reduce(0) { $0 << 8 | UInt64($1) } }
    self.init(word(0), word(1), word(2), word(3))
    guard self != Self.zeroes else { return nil }
  }

  public var bytes: [UInt8] {
    [first, second, third, fourth].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
    }
  }

  /// The last byte, which is as random as any other.
  package var lastByte: UInt8 { UInt8(truncatingIfNeeded: fourth) }

  /// Orders digests by their bytes; the order has no meaning.
  public static func < (left: Digest256, right: Digest256) -> Bool {
    (left.first, left.second, left.third, left.fourth) < (right.first, right.second, right.third, right.fourth)
  }

  /// The digest that no key and no proof has.
  package static let zeroes = Digest256(0, 0, 0, 0)
}

extension Digest256: CustomStringConvertible {
  /// The digest as `cnf.jkt` has it (RFC 9449 §6.1): 43 base64url characters.
  public var description: String { IdentifierText.text([(first, 8), (second, 8), (third, 8), (fourth, 8)]) }
}

/// A proof that a client has the private half of a key (RFC 9449), as far as a ledger must know it: its signature, its
/// request and its time have been checked.
public struct KeyProof: Sendable, Hashable {
  /// The thumbprint of the key (RFC 7638).
  public var key: Digest256
  /// The digest by which the proof is remembered: the same each time that the proof is presented, and another for every
  /// other proof.
  public var useDigest: Digest256
  /// The moment from which on the proof is too old to be accepted, in the ledger's time.
  ///
  /// Until then, and for 10 seconds more, a ledger remembers that it was accepted; a use is remembered for at most
  /// ``millisecondsMax``.
  public var end: Timestamp

  /// The longest time for which the use of a proof is remembered: two days.
  public static let millisecondsMax: Int64 = 2 * 86_400_000

  public init(key: Digest256, useDigest: Digest256, end: Timestamp) {
    self.key = key
    self.useDigest = useDigest
    self.end = end
  }

  /// The time for which the use of a proof is remembered after its end, in milliseconds.
  ///
  /// The end is made of the shift of the ledger's time, which can have risen when the proof is shown again.
  package static let memoryMilliseconds: Int64 = 10_000

  /// The end of the memory of a use at `now`.
  package func rememberedEnd(at now: Timestamp) -> Timestamp {
    min(end.advanced(byMilliseconds: Self.memoryMilliseconds), now.advanced(byMilliseconds: Self.millisecondsMax))
  }
}

/// The keys that a session is bound to.
public struct SessionKeys: Sendable, Hashable {
  /// The thumbprint of the key that the session is bound to for its whole life: its refresh token is accepted with a
  /// proof of this key alone.
  ///
  /// Nil for a session of a confidential client, and for one that was opened without a proof.
  public var lifelong: Digest256?
  /// The thumbprint of the key that the live access token of any other session is bound to: that of the last rotation
  /// or of the opening, or nil if it came without a proof.
  public var ofLastUse: Digest256?

  public init(lifelong: Digest256? = nil, ofLastUse: Digest256? = nil) {
    self.lifelong = lifelong
    self.ofLastUse = ofLastUse
  }

  /// The thumbprint of the key that the live access token is bound to, or nil if it is a bearer token.
  @inlinable public var ofAccess: Digest256? { lifelong ?? ofLastUse }

  package var isEmpty: Bool { lifelong == nil && ofLastUse == nil }
}
