/// A reader of claims that are written exactly as `TokenMinter` writes them, as nearly all are.
///
/// The reader needs one pass and no tree of values. It returns nil for any other notation, including an escape or a
/// character outside ASCII, and leaves those to `ClaimReader`. All claims that it reads, `ClaimReader` reads as equal.
/// It must only be used for payloads whose signature is valid.
struct MintedClaims {
  private let bytes: [UInt8]
  private var position: Int

  /// Creates a reader that is at the end of `members`, or returns nil if the claims do not begin with them.
  ///
  /// The members reach from the brace up to a comma.
  private init?(_ bytes: [UInt8], after members: [UInt8]) {
    guard bytes.starts(with: members) else { return nil }
    self.bytes = bytes
    position = members.count
  }

  static func refresh(_ payload: [UInt8], after members: [UInt8]) -> RefreshClaims? {
    guard var claims = MintedClaims(payload, after: members), let grant = claims.grant(),
      let identifier = claims.identifier(), claims.isAtEnd("\"}")
    else { return nil }
    return RefreshClaims(
      subject: grant.subject, clientID: grant.clientID, scope: grant.scope, issuedAt: grant.issuedAt,
      expiresAt: grant.expiresAt, identifier: identifier)
  }

  /// Reads claims without extra members and without an end to the millisecond.
  static func access(_ payload: [UInt8], after members: [UInt8]) -> AccessClaims? {
    guard var claims = MintedClaims(payload, after: members), let grant = claims.grant() else { return nil }
    let start = claims.position + MintedClaims.identifierName.utf8CodeUnitCount
    guard let identifier = claims.identifier(), claims.takes("\",\"sid\":\""),
      claims.repeats(start..<(start + TokenIdentifier.sessionTextBytes))
    else { return nil }
    var thumbprint: String?
    if claims.takes("\",\"cnf\":{\"jkt\":\"") {
      guard let text = claims.text(), KeyThumbprint(text: text) != nil, claims.isAtEnd("\"}}") else { return nil }
      thumbprint = text
    } else {
      guard claims.isAtEnd("\"}") else { return nil }
    }
    return AccessClaims(
      subject: grant.subject, clientID: grant.clientID, scope: grant.scope, issuedAt: grant.issuedAt,
      expiresAt: grant.expiresAt, expiresAtMilliseconds: nil, identifier: identifier, keyThumbprint: thumbprint,
      extraMembers: [])
  }

  private struct Grant {
    var subject: String
    var clientID: String
    var scope: String
    var issuedAt: Int64
    var expiresAt: Int64
  }

  private mutating func grant() -> Grant? {
    guard takes(",\"sub\":\""), let subject = text(), takes("\",\"client_id\":\""), let clientID = text() else {
      return nil
    }
    var scope = ""
    if takes("\",\"scope\":\"") {
      guard let granted = text() else { return nil }
      scope = granted
    }
    guard takes("\",\"iat\":"), let issuedAt = seconds(), takes(",\"exp\":"), let expiresAt = seconds() else {
      return nil
    }
    return Grant(subject: subject, clientID: clientID, scope: scope, issuedAt: issuedAt, expiresAt: expiresAt)
  }

  private static let identifierName: StaticString = ",\"jti\":\""

  private mutating func identifier() -> TokenIdentifier? {
    guard takes(MintedClaims.identifierName), bytes.count - position >= TokenIdentifier.textBytes else { return nil }
    let identifier = TokenIdentifier(text: bytes.span.extracting(position..<(position + TokenIdentifier.textBytes)))
    position += TokenIdentifier.textBytes
    return identifier
  }

  private mutating func takes(_ literal: StaticString) -> Bool {
    let count = literal.utf8CodeUnitCount
    guard bytes.count - position >= count else { return false }
    for index in 0..<count {
      guard unsafe literal.utf8Start[index] == bytes[position + index] else { return false }
    }
    position += count
    return true
  }

  private mutating func isAtEnd(_ literal: StaticString) -> Bool { takes(literal) && position == bytes.count }

  private mutating func repeats(_ range: Range<Int>) -> Bool {
    guard bytes.count - position >= range.count, bytes[range] == bytes[position..<(position + range.count)] else {
      return false
    }
    position += range.count
    return true
  }

  /// Reads the text up to the next quote, which is left unread.
  private mutating func text() -> String? {
    let start = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""): return String(decoding: bytes[start..<position], as: UTF8.self)
      case UInt8(ascii: "\\"), 0..<0x20, 0x80...: return nil
      default: position += 1
      }
    }
    return nil
  }

  private mutating func seconds() -> Int64? {
    let start = position
    var value: Int64 = 0
    // A time has no more digits than these.
    while position < bytes.count, position - start < 13, case let digit = bytes[position] &- UInt8(ascii: "0"),
      digit < 10
    {
      value = value * 10 + Int64(digit)
      position += 1
    }
    let isPlain = position > start && (bytes[start] != UInt8(ascii: "0") || position == start + 1)
    return isPlain && ClaimTime.seconds.contains(value) ? value : nil
  }
}
