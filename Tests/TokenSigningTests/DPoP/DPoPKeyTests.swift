import Testing

@testable import TokenSigning

/// The key that a proof brings along.
@Suite struct DPoPKeyTests {
  private func refusal(_ proof: String) -> DPoPError? { DPoPFixtures.refusal(proof) }

  private static func number(_ bytes: [UInt8]) -> String { "\"\(Base64URL.text(bytes.span))\"" }

  /// A big-endian number of so many bits, all of them set.
  private static func ones(_ bits: Int) -> [UInt8] {
    let rest = bits % 8
    return (rest == 0 ? [] : [UInt8(1 << rest - 1)]) + [UInt8](repeating: 0xFF, count: bits / 8)
  }

  private func member(_ name: String, of signer: DPoPSigner) throws -> [UInt8] {
    guard case .string(let text) = try JSONReader.object(Array(signer.publicJWK.utf8))[name] else { return [] }
    return try #require(Base64URL.decode(text))
  }

  @Test(
    "A header without a key as an object is refused",
    arguments: [nil, "null", "1", "\"\"", "[]", "[{}]", "\"{\\\"kty\\\":\\\"EC\\\"}\""])
  func missing(value: String?) throws {
    #expect(refusal(try DPoPFixtures.proof(header: "jwk", value)) == .keyMissing)
  }

  @Test(
    "A key with any member of a private or secret key is refused, whatever its value",
    arguments: ["d", "p", "q", "dp", "dq", "qi", "oth", "k"], ["\"AQAB\"", "null"])
  func privateMembers(name: String, value: String) throws {
    #expect(refusal(try DPoPFixtures.proof(key: name, value)) == .keyPrivate)
  }

  @Test("A private member under an escape is refused too")
  func escapedPrivateMember() throws {
    #expect(refusal(try DPoPFixtures.proof(key: "\\u0064", "\"AQAB\"")) == .keyPrivate)
  }

  @Test(
    "A key of another type than the algorithm's is refused",
    arguments: [nil, "null", "1", "\"ec\"", "\"oct\"", "\"RSA\"", "\"OKP\"", "\"\""])
  func type(value: String?) throws {
    #expect(refusal(try DPoPFixtures.proof(key: "kty", value)) == .keyType)
  }

  @Test("A type that Unicode takes for OKP is not OKP")
  func typeInUnicode() throws {
    #expect(refusal(try DPoPFixtures.proof(key: "kty", "\"O\u{212A}P\"", by: DPoPFixtures.ed)) == .keyType)
  }

  @Test(
    "A right key under an algorithm of another type is refused",
    arguments: [(DPoPFixtures.ec, "\"EdDSA\""), (DPoPFixtures.ed, "\"RS256\""), (DPoPFixtures.rsa, "\"ES256\"")])
  func otherAlgorithm(signer: DPoPSigner, algorithm: String) throws {
    #expect(refusal(try DPoPFixtures.proof(header: "alg", algorithm, by: signer)) == .keyType)
  }

  @Test(
    "A key on another curve than the algorithm's is refused",
    arguments: [
      (DPoPFixtures.ec, nil), (DPoPFixtures.ec, "\"P-384\""), (DPoPFixtures.ec, "\"secp256k1\""),
      (DPoPFixtures.ec, "\"p-256\""), (DPoPFixtures.ec, "256"), (DPoPFixtures.ed, "\"Ed448\""),
      (DPoPFixtures.ed, "\"X25519\""), (DPoPFixtures.ed, "\"P-256\""),
    ])
  func curve(signer: DPoPSigner, value: String?) throws {
    #expect(refusal(try DPoPFixtures.proof(key: "crv", value, by: signer)) == .keyCurve)
  }

  @Test(
    "A number that is missing, no text, padded or no base64url is refused",
    arguments: [
      nil, "null", "7", "[]", "\"\"", "\"A\"", "\"AQAB=\"", "\"A+/A\"", "\"AQ AB\"",
    ])
  func badNumbers(value: String?) throws {
    for (signer, name) in [
      (DPoPFixtures.ec, "x"), (DPoPFixtures.ec, "y"), (DPoPFixtures.ed, "x"), (DPoPFixtures.rsa, "n"),
      (DPoPFixtures.rsa, "e"),
    ] {
      #expect(refusal(try DPoPFixtures.proof(key: name, value, by: signer)) == .keyNumbers)
    }
  }

  @Test("A point that is not on the curve is refused")
  func offCurve() throws {
    var y = try member("y", of: DPoPFixtures.ec)
    y[31] ^= 1
    #expect(refusal(try DPoPFixtures.proof(key: "y", Self.number(y))) == .keyNumbers)
  }

  @Test("A coordinate of 31 or 33 bytes is refused, though it is the same number", arguments: ["x", "y"])
  func coordinateLength(name: String) throws {
    let coordinate = try member(name, of: DPoPFixtures.ec)
    for wrong in [[0] + coordinate, Array(coordinate.dropFirst()), coordinate + [0]] {
      #expect(refusal(try DPoPFixtures.proof(key: name, Self.number(wrong))) == .keyNumbers)
    }
  }

  @Test("The point (0, 0), and a coordinate that is the field's prime, are refused")
  func oddPoints() throws {
    let zero = [UInt8](repeating: 0, count: 32)
    let jwk = "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\(Self.number(zero)),\"y\":\(Self.number(zero))}"
    #expect(refusal(try DPoPFixtures.proof(header: "jwk", jwk)) == .keyNumbers)
    let prime = try #require(Base64URL.decode("_____wAAAAEAAAAAAAAAAAAAAAD_______________8"))
    #expect(refusal(try DPoPFixtures.proof(key: "x", Self.number(prime))) == .keyNumbers)
  }

  @Test("An Ed25519 key by which anybody can sign is refused: a point of small order, or one written in a second way")
  func weakEd25519() throws {
    let zero = [UInt8](repeating: 0, count: 32)
    let one = [1] + [UInt8](repeating: 0, count: 31)
    let secondZero = [0xED] + [UInt8](repeating: 0xFF, count: 30) + [0x7F]
    for weak in [zero, one, secondZero, Array(zero.dropLast())] {
      #expect(refusal(try DPoPFixtures.proof(key: "x", Self.number(weak), by: DPoPFixtures.ed)) == .keyNumbers)
    }
  }

  @Test("An RSA modulus of 2048 to 8192 bits is taken, and one of a bit less or more is refused")
  func modulusLength() throws {
    func read(_ bits: Int) throws -> DPoPError? {
      let jwk = "{\"kty\":\"RSA\",\"n\":\(Self.number(Self.ones(bits))),\"e\":\"AQAB\"}"
      let object = try JSONReader.object(Array(jwk.utf8))
      do throws(DPoPError) {
        _ = try ProofKey(.object(object), for: .rs256)
        return nil
      } catch {
        return error
      }
    }
    for bits in [512, 1024, 2047, 8193, 16384] { #expect(try read(bits) == .keySize) }
    for bits in [2048, 2049, 4096, 8192] { #expect(try read(bits) == nil) }
  }

  @Test("An RSA modulus with a zero in front, or an even one, is refused")
  func oddModulus() throws {
    let modulus = try member("n", of: DPoPFixtures.rsa)
    for wrong in [[0] + modulus, modulus.dropLast() + [modulus.last.map { $0 & 0xFE } ?? 0]] {
      #expect(refusal(try DPoPFixtures.proof(key: "n", Self.number(wrong), by: DPoPFixtures.rsa)) == .keyNumbers)
    }
  }

  @Test("An RSA exponent of 1, an even one, one with a zero in front or of more than 64 bits is refused")
  func exponent() throws {
    for wrong in [[1], [2], [1, 0], [0, 1, 0, 1], [1] + [UInt8](repeating: 0, count: 7) + [1]] as [[UInt8]] {
      #expect(refusal(try DPoPFixtures.proof(key: "e", Self.number(wrong), by: DPoPFixtures.rsa)) == .keyNumbers)
    }
  }

  @Test(
    "A key that says that it is for another purpose or algorithm is refused",
    arguments: [
      ("use", "\"enc\""), ("use", "null"), ("alg", "\"ES384\""), ("alg", "\"EdDSA\""), ("alg", "1"),
      ("key_ops", "[]"), ("key_ops", "[\"sign\"]"), ("key_ops", "\"verify\""), ("key_ops", "null"),
    ])
  func otherPurpose(name: String, value: String) throws {
    #expect(refusal(try DPoPFixtures.proof(key: name, value)) == .keyPurpose)
  }

  @Test(
    "A key that says that it is for this purpose, or what nobody knows, is accepted and has the same thumbprint",
    arguments: [
      ("use", "\"sig\""), ("alg", "\"ES256\""), ("key_ops", "[\"verify\"]"), ("key_ops", "[\"a\",\"verify\"]"),
      ("kid", "\"mine\""), ("ext", "true"), ("x5c", "[\"AA\"]"),
    ])
  func samePurpose(name: String, value: String) throws {
    let proof = try DPoPFixtures.proof(key: name, value)
    let request = try DPoPFixtures.request()
    let accepted = try DPoPProofVerifier().verify(proof, for: request, nowMilliseconds: DPoPFixtures.now)
    #expect(accepted.thumbprint == DPoPFixtures.ec.thumbprint)
  }
}
