import Testing

@testable import TokenSigning

/// Tokens of ours under each algorithm, and what must not pass for one.
@Suite struct SigningAlgorithmTests {
  static let pairs: [SignatureAlgorithm] = [.es256, .edDSA, .rs256, .ps256]

  private func keys(_ algorithm: SignatureAlgorithm) throws -> TokenKeys {
    let numbers =
      switch algorithm {
      case .rs256, .ps256: try PEMKey.numbers(PrivateKeyFixtures.pem(PrivateKeyFixtures.rsa))
      case .es256: try PEMKey.numbers(PrivateKeyFixtures.pem(PrivateKeyFixtures.p256))
      case .edDSA: try PEMKey.numbers(PrivateKeyFixtures.pem(PrivateKeyFixtures.ed25519))
      case .hs256: throw KeyError(.malformed, "no pair")
      }
    return try TokenKeys(
      access: [SigningKey(numbers, algorithm: algorithm, state: .current)],
      refresh: [SigningKey(secret: TokenFixtures.secret(2), state: .current)])
  }

  private func refusal(_ token: String, _ keys: TokenKeys) -> TokenVerificationError? {
    TokenFixtures.refusal { () throws(TokenVerificationError) in
      _ = try TokenFixtures.verifier(keys).verifyAccess(token, nowMilliseconds: TokenFixtures.now)
    }
  }

  /// The token with another signature.
  private func resigned(_ token: String, _ signature: [UInt8]) -> String {
    let end = token.lastIndex(of: ".") ?? token.endIndex
    return "\(token[..<end]).\(Base64URL.text(of: signature))"
  }

  private func signature(_ token: String) throws -> [UInt8] {
    try #require(Base64URL.decode(String(token.split(separator: ".")[2])))
  }

  @Test("What is minted under each algorithm is verified to the same claims, and its header names it", arguments: pairs)
  func roundTrip(algorithm: SignatureAlgorithm) throws {
    for keys in [try keys(algorithm), TokenKeys.generate(algorithm)] {
      let token = TokenFixtures.minter(keys).mintAccess(TokenFixtures.access())
      let verifier = TokenFixtures.verifier(keys)
      #expect(try verifier.verifyAccess(token, nowMilliseconds: TokenFixtures.now) == TokenFixtures.access())
      let header = try #require(Base64URL.decode(String(token.split(separator: ".")[0])))
      #expect(
        String(decoding: header, as: UTF8.self)
          == "{\"alg\":\"\(algorithm.rawValue)\",\"typ\":\"at+jwt\",\"kid\":\"\(keys.access[0].id)\"}")
      #expect(try signature(token).count == (algorithm == .es256 || algorithm == .edDSA ? 64 : 256))
      #expect(TokenFixtures.minter(keys).mintRefresh(TokenFixtures.refresh()).hasPrefix("eyJhbGciOiJIUzI1NiIs"))
    }
  }

  @Test(
    "The same claims give the same token under EdDSA and RS256, and another signature under ES256 and PS256",
    arguments: pairs)
  func determinism(algorithm: SignatureAlgorithm) throws {
    let keys = try keys(algorithm)
    let first = TokenFixtures.minter(keys).mintAccess(TokenFixtures.access())
    let second = TokenFixtures.minter(try self.keys(algorithm)).mintAccess(TokenFixtures.access())
    #expect((first == second) == (algorithm == .edDSA || algorithm == .rs256))
    #expect(refusal(first, keys) == nil && refusal(second, keys) == nil)
    #expect(first.split(separator: ".")[..<2] == second.split(separator: ".")[..<2])
  }

  @Test("A bad signature between good ones changes nothing for those", arguments: pairs)
  func reusedContexts(algorithm: SignatureAlgorithm) throws {
    let keys = try keys(algorithm)
    let verifier = TokenFixtures.verifier(keys)
    let token = TokenFixtures.minter(keys).mintAccess(TokenFixtures.access())
    var bad = try signature(token)
    bad[bad.count / 2] ^= 1
    for _ in 0..<20 {
      #expect(refusal(resigned(token, bad), keys) == .badSignature)
      _ = try verifier.verifyAccess(token, nowMilliseconds: TokenFixtures.now)
      #expect(throws: TokenVerificationError.badSignature) {
        try verifier.verifyAccess(resigned(token, bad), nowMilliseconds: TokenFixtures.now)
      }
    }
  }

  @Test("Sixteen callers at once sign and verify by one key", arguments: [SignatureAlgorithm.es256, .edDSA, .ps256])
  func concurrency(algorithm: SignatureAlgorithm) async throws {
    let keys = try keys(algorithm)
    let minter = TokenFixtures.minter(keys)
    let verifier = TokenFixtures.verifier(keys)
    let refused = await withTaskGroup(of: Int.self) { group in
      for caller in 0..<16 {
        group.addTask {
          (0..<10).count { round in
            let claims = TokenFixtures.access(subject: "\(caller) \(round)")
            let token = minter.mintAccess(claims)
            return (try? verifier.verifyAccess(token, nowMilliseconds: TokenFixtures.now)) != claims
          }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(refused == 0)
  }

  @Test("An ES256 signature of 63 or 65 bytes, in DER, or with r or s zero or not below the order is refused")
  func es256Forms() throws {
    let keys = try keys(.es256)
    let token = TokenFixtures.minter(keys).mintAccess(TokenFixtures.access())
    let good = try signature(token)
    let der = try #require(P256Signature.der(good))
    #expect(P256Signature.raw(der) == good)
    let order = try #require(Base64URL.decode("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE"))
    let zero = [UInt8](repeating: 0, count: 32)
    let high = [UInt8](repeating: 0xFF, count: 32)
    var wrong = [Array(good.dropLast()), good + [0], [0] + good, der, [], Array(good[32...] + good[..<32])]
    for number in [zero, order, high] { wrong += [number + good[32...], good[..<32] + number] }
    for signature in wrong { #expect(refusal(resigned(token, signature), keys) == .badSignature) }
  }

  @Test("DER signatures with short and with long numbers become 64 bytes and come back")
  func derForms() throws {
    for byte in [UInt8(1), 0x7F, 0x80, 0xFE] {
      for zeroes in [0, 1, 16, 31] {
        let number = [UInt8](repeating: 0, count: zeroes) + [UInt8](repeating: byte, count: 32 - zeroes)
        let raw = number + number.reversed().map { $0 == 0 ? 1 : $0 }
        #expect(P256Signature.raw(try #require(P256Signature.der(raw))) == raw)
      }
    }
    #expect(P256Signature.raw([0x30, 0]) == nil)
    #expect(P256Signature.raw([]) == nil)
  }

  @Test("An Ed25519 signature with the group's order added to s is another spelling of a good one, and refused")
  func malleability() throws {
    let keys = try keys(.edDSA)
    let token = TokenFixtures.minter(keys).mintAccess(TokenFixtures.access())
    var signature = try signature(token)
    // L, little-endian (RFC 8032 §5.1).
    let order: [UInt8] =
      [0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14]
      + [UInt8](repeating: 0, count: 15) + [0x10]
    var carry = 0
    for index in 0..<32 {
      carry += Int(signature[32 + index]) + Int(order[index])
      signature[32 + index] = UInt8(truncatingIfNeeded: carry)
      carry >>= 8
    }
    try #require(carry == 0)
    #expect(refusal(resigned(token, signature), keys) == .badSignature)
  }

  @Test("A public key as an HMAC secret signs nothing that is accepted", arguments: [SignatureAlgorithm.rs256, .es256])
  func algorithmConfusion(algorithm: SignatureAlgorithm) throws {
    let keys = try keys(algorithm)
    let published = try #require(keys.access[0].publicJWK)
    let id = keys.access[0].id
    for secret in [published, keys.publicJWKS()] {
      for header in [
        "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"\(id)\"}",
        "{\"alg\":\"\(algorithm.rawValue)\",\"typ\":\"at+jwt\",\"kid\":\"\(id)\"}",
      ] {
        let token = try TokenFixtures.signed(header: header, payload: TokenFixtures.claims(), secret: secret)
        #expect(refusal(token, keys) == (header.contains("HS256") ? .algorithm : .badSignature))
      }
    }
  }

  @Test("A header that names another algorithm for the key is not ours: RS256 and PS256 of one key do not mix")
  func algorithmOfKey() throws {
    let rs256 = try keys(.rs256)
    let ps256 = try keys(.ps256)
    #expect(rs256.access[0].id == ps256.access[0].id)
    let token = TokenFixtures.minter(ps256).mintAccess(TokenFixtures.access())
    #expect(refusal(token, rs256) == .algorithm)
    let header = TokenType.access.encodedHeader(for: rs256.access[0])
    let parts = token.split(separator: ".")
    #expect(refusal("\(String(decoding: header, as: UTF8.self)).\(parts[1]).\(parts[2])", rs256) == .badSignature)
  }

  @Test(
    "Our tokens pass by our published keys as another's, and our verifier takes none of another's", arguments: pairs)
  func published(algorithm: SignatureAlgorithm) throws {
    let keys = try keys(algorithm)
    let set = try JWKSet(json: keys.publicJWKS())
    #expect(set.ignored.isEmpty)
    #expect(set.keys.map(\.algorithms) == [[algorithm]])
    let foreign = ForeignTokenVerifier(
      keys: set.keys, issuer: TokenFixtures.issuer, audience: TokenFixtures.audience)
    let token = TokenFixtures.minter(keys).mintAccess(TokenFixtures.access())
    let claims = try foreign.verify(token, nowMilliseconds: TokenFixtures.now)
    #expect(claims.algorithm == algorithm && claims.keyID == keys.access[0].id && claims.subject == "alice")
    let refresh = TokenFixtures.minter(keys).mintRefresh(TokenFixtures.refresh())
    #expect(throws: TokenVerificationError.unknownKey) {
      try foreign.verify(refresh, nowMilliseconds: TokenFixtures.now)
    }
    let other = TokenFixtures.minter(TokenKeys.generate(algorithm)).mintAccess(TokenFixtures.access())
    #expect(throws: TokenVerificationError.unknownKey) { try foreign.verify(other, nowMilliseconds: TokenFixtures.now) }
    for token in [ForeignFixtures.rs256, ForeignFixtures.ps256, ForeignFixtures.es256, ForeignFixtures.edDSA] {
      #expect(refusal(token, keys) != nil)
    }
  }

  @Test("Any byte of a token changed is refused", arguments: [SignatureAlgorithm.es256, .edDSA, .rs256])
  func changedByte(algorithm: SignatureAlgorithm) throws {
    let keys = try keys(algorithm)
    let good = Array(TokenFixtures.minter(keys).mintAccess(TokenFixtures.access()).utf8)
    for index in stride(from: 0, to: good.count, by: 5) {
      var changed = good
      changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(refusal(String(decoding: changed, as: UTF8.self), keys) != nil)
    }
  }
}
