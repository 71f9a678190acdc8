import Testing

@testable import TokenSigning

@Suite struct PEMKeyTests {
  private func failure(_ text: [UInt8], algorithm: SignatureAlgorithm? = nil) -> KeyError? {
    do {
      let numbers = try PEMKey.numbers(text)
      _ = try PrivateKey(numbers, algorithm: algorithm ?? numbers.kind.usualAlgorithm)
      return nil
    } catch {
      return error
    }
  }

  @Test("PKCS #8 of each kind is read, and the public half with it")
  func kinds() throws {
    let ed25519 = try PEMKey.numbers(PrivateKeyFixtures.pem(PrivateKeyFixtures.ed25519))
    // RFC 8410 §10.1 prints the public half.
    #expect(Base64URL.text(of: ed25519.values[0]) == "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE")
    #expect(ed25519.kind == .ed25519)
    let p256 = try PEMKey.numbers(PrivateKeyFixtures.pem(PrivateKeyFixtures.p256))
    #expect(p256.kind == .p256)
    #expect(p256.values.map(\.count) == [32, 32, 32])
    let rsa = try PEMKey.numbers(PrivateKeyFixtures.pem(PrivateKeyFixtures.rsa))
    #expect(rsa.kind == .rsa)
    #expect(rsa.values[0].count == 256 && rsa.values[1] == [1, 0, 1])
    for numbers in [ed25519, p256, rsa] {
      #expect(KeyNumbers(of: try #require(numbers.cryptoKey()))?.values == numbers.values)
    }
  }

  @Test("An RSA key of 1024 bits and a curve that no algorithm is for are refused")
  func weakKeys() {
    #expect(failure(PrivateKeyFixtures.pem(PrivateKeyFixtures.weakRSA))?.kind == .weak)
    #expect(failure(PrivateKeyFixtures.pem(PrivateKeyFixtures.p384))?.kind == .malformed)
  }

  @Test("A key is refused for an algorithm of another kind")
  func otherAlgorithm() {
    #expect(failure(PrivateKeyFixtures.pem(PrivateKeyFixtures.rsa), algorithm: .ps256) == nil)
    for algorithm in [SignatureAlgorithm.hs256, .es256, .edDSA] {
      #expect(failure(PrivateKeyFixtures.pem(PrivateKeyFixtures.rsa), algorithm: algorithm)?.kind == .malformed)
    }
  }

  @Test(
    "What is not an unencrypted PKCS #8 key is refused in one line with the command that mends it",
    arguments: [
      ("RSA PRIVATE KEY", "openssl pkcs8 -topk8 -nocrypt"), ("EC PRIVATE KEY", "openssl pkcs8 -topk8 -nocrypt"),
      ("ENCRYPTED PRIVATE KEY", "is encrypted; write it again with: openssl pkcs8 -topk8 -nocrypt"),
      ("PUBLIC KEY", "is no private key"), ("CERTIFICATE", "is no private key"),
    ])
  func otherBlocks(label: String, says: String) throws {
    let refused = try #require(failure(PrivateKeyFixtures.pem(PrivateKeyFixtures.p256, label: label)))
    #expect(refused.description.contains(says))
    #expect(!refused.description.contains("\n"))
  }

  @Test("Damaged, empty and over-long texts are refused without a word of them")
  func damaged() throws {
    let good = PrivateKeyFixtures.pem(PrivateKeyFixtures.p256)
    for text in [[], Array("not a key".utf8), Array(good.prefix(good.count / 2)), PrivateKeyFixtures.pem("AAAA")] {
      let refused = try #require(failure(text))
      #expect(refused.kind == .malformed)
      #expect(!refused.description.contains("MIG"))
    }
    #expect(failure(good + [UInt8](repeating: 0x0A, count: PEMKey.bytesMax))?.kind == .malformed)
  }
}
