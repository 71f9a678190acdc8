@testable import TokenSigning

/// The claims of a token that is accepted by both verifiers, with some of them replaced.
struct ClaimMembers {
  private var members: [(name: String, value: String)] = [
    ("iss", "\"\(TokenSigner.issuer)\""), ("aud", "\"\(TokenSigner.audience)\""), ("sub", "\"ann\""),
    ("client_id", "\"web\""), ("scope", "\"read\""), ("iat", "\(TokenSigner.now / 1000)"),
    ("exp", "\(TokenSigner.now / 1000 + 900)"), ("jti", "\"\(TokenSigner.identifier.text)\""),
    ("sid", "\"\(TokenSigner.identifier.sessionText)\""),
  ]

  var text: String { "{" + members.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ",") + "}" }

  /// Returns whether anything was changed that either verifier may refuse.
  mutating func breakSome(_ input: inout InputBytes) -> Bool {
    var isBroken = false
    while !input.isEmpty, members.count < 80 {
      let place = input.choice(members.count)
      switch input.byte() % 8 {
      case 0:
        members.remove(at: place)
        if members.isEmpty { return true }
      case 1: members[place].value = String(decoding: input.take(Int(input.byte() % 24)), as: UTF8.self)
      case 2: members[place].value = "\(Int64(bitPattern: input.anyInteger()))"
      case 3: members[place].value = "[\(members[place].value)]"
      case 4: members.insert(members[place], at: 0)
      case 5: members[place].name = String(decoding: input.take(Int(input.byte() % 12)), as: UTF8.self)
      case 6: members.append(("exp_ms", "\(TokenSigner.now + 899_000 + Int64(input.integer(UInt16.self)))"))
      default: members[place].value += String(decoding: input.take(1), as: UTF8.self)
      }
      isBroken = true
    }
    return isBroken
  }
}

/// Another look at accepted claims, that shares no code with the verifiers: each must stand in the text that was
/// signed.
enum ClaimText {
  static func says(_ payload: [UInt8], _ claims: AccessClaims) -> Bool {
    holds(payload, "\(claims.expiresAt)") && holds(payload, "\(claims.issuedAt)")
      && holdsText(payload, TokenSigner.issuer) && holdsText(payload, claims.identifier.text)
      && holdsText(payload, claims.subject) && holdsText(payload, claims.clientID) && holdsText(payload, claims.scope)
      && (claims.expiresAtMilliseconds.map { holds(payload, "\($0)") } ?? true)
  }

  static func says(_ payload: [UInt8], _ claims: RefreshClaims) -> Bool {
    holds(payload, "\(claims.expiresAt)") && holds(payload, "\(claims.issuedAt)")
      && holdsText(payload, TokenSigner.issuer) && holdsText(payload, claims.identifier.text)
      && holdsText(payload, claims.subject) && holdsText(payload, claims.clientID) && holdsText(payload, claims.scope)
  }

  /// With an escape anywhere the text may be spelled otherwise.
  private static func holdsText(_ payload: [UInt8], _ text: String) -> Bool {
    text.isEmpty || payload.contains(UInt8(ascii: "\\")) || holds(payload, text)
  }

  private static func holds(_ payload: [UInt8], _ text: String) -> Bool {
    let wanted = Array(text.utf8)
    guard payload.count >= wanted.count else { return false }
    return (0...(payload.count - wanted.count)).contains { start in
      payload[start..<(start + wanted.count)].elementsEqual(wanted)
    }
  }
}
