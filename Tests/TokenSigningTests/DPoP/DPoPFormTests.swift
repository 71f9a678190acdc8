import Testing

@testable import TokenSigning

/// The form of a proof, its header and its signature.
@Suite struct DPoPFormTests {
  private func refusal(_ proof: String) -> DPoPError? { DPoPFixtures.refusal(proof) }

  private static let good = DPoPFixtures.ec.signed(header: DPoPFixtures.ec.header, claims: DPoPFixtures.claims)

  @Test("A right proof is accepted, so each refusal here has the cause that its test names")
  func right() {
    #expect(refusal(Self.good) == nil)
  }

  @Test(
    "A text that is not three parts of canonical base64url is malformed",
    arguments: [
      "", ".", "..", "...", "e30.e30", good + ".", "." + good, good + ".e30", good + "=", good + " ", " " + good,
      good + "\n", "\"" + good + "\"", good.replacing(".", with: "+."), good.replacing(".", with: "/."),
      "{\"payload\":\"e30\",\"signatures\":[]}", good + "é", "\(good), \(good)",
    ])
  func malformed(text: String) {
    #expect(refusal(text) == (text == ".." ? .header : .malformed))
  }

  @Test("A part with bits beyond its last byte is malformed: one text stands for each byte string")
  func trailingBits() throws {
    let parts = Self.good.split(separator: ".").map(String.init)
    let last = try #require(parts[2].last)
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    let place = try #require(alphabet.firstIndex(of: last))
    let next = alphabet[(place + 1) % 64]
    #expect(refusal("\(parts[0]).\(parts[1]).\(parts[2].dropLast())\(next)") == .malformed)
  }

  @Test("A proof of 4096 bytes is read, and one of 4097 is too long, whatever it holds")
  func length() throws {
    func proof(padding count: Int) throws -> String {
      let padding = "\"\(String(repeating: "a", count: count))\""
      let claims = try DPoPFixtures.replacing("padding", with: padding, in: DPoPFixtures.claims)
      return DPoPFixtures.ec.signed(header: DPoPFixtures.ec.header, claims: claims)
    }
    let fixed = try proof(padding: 0).utf8.count
    let proofs = try (-4...4).map { try proof(padding: (4096 - fixed) * 3 / 4 + $0) }
    let longest = try #require(proofs.last { $0.utf8.count <= 4096 })
    #expect(longest.utf8.count == 4096)
    #expect(refusal(longest) == nil)
    #expect(refusal(longest + "A") == .tooLong)
    #expect(refusal(String(repeating: "A", count: 4097)) == .tooLong)
  }

  @Test(
    "A header that is no strict JSON object is refused",
    arguments: [
      "", "null", "[]", "\"dpop+jwt\"", "{", "{}{}", "{\"typ\":\"dpop+jwt\",}", "{'typ':'dpop+jwt'}",
      "{\"typ\":\"\u{1}\"}",
      "{\"a\":\(String(repeating: "[", count: 9))\(String(repeating: "]", count: 9))}",
      "{\((0...64).map { "\"\($0)\":0" }.joined(separator: ","))}",
    ])
  func header(text: String) {
    #expect(refusal(DPoPFixtures.ec.signed(header: text, claims: DPoPFixtures.claims)) == .header)
  }

  @Test("A header that is not UTF-8 is refused")
  func headerBytes() {
    let claims = Array(DPoPFixtures.claims.utf8)
    #expect(refusal(DPoPFixtures.ec.signed(header: [0x7B, 0xFF, 0x7D], claims: claims)) == .header)
  }

  @Test("A header that names a member twice is refused, also under an escape", arguments: ["alg", "\\u0061lg"])
  func duplicate(name: String) {
    let header = "{\"\(name)\":\"ES256\",\(DPoPFixtures.ec.header.dropFirst())"
    #expect(refusal(DPoPFixtures.ec.signed(header: header, claims: DPoPFixtures.claims)) == .header)
  }

  @Test(
    "Every type but dpop+jwt, byte for byte, is refused",
    arguments: [nil, "null", "1", "\"JWT\"", "\"DPoP+jwt\"", "\"application/dpop+jwt\"", "\"at+jwt\"", "\"dpop+jwt \""])
  func type(value: String?) throws {
    #expect(refusal(try DPoPFixtures.proof(header: "typ", value)) == .type)
  }

  @Test(
    "Every algorithm but ES256, EdDSA, RS256 and PS256 is refused",
    arguments: [
      nil, "null", "1", "\"none\"", "\"None\"", "\"\"", "\"HS256\"", "\"HS512\"", "\"ES384\"", "\"ES512\"",
      "\"ES256K\"",
      "\"RS384\"", "\"PS512\"", "\"RS1\"", "\"es256\"", "\"ES256 \"", "[\"ES256\"]",
    ])
  func algorithm(value: String?) throws {
    #expect(refusal(try DPoPFixtures.proof(header: "alg", value)) == .algorithm)
  }

  @Test("An unsigned proof is refused for its algorithm")
  func unsigned() throws {
    let header = try DPoPFixtures.replacing("alg", with: "\"none\"", in: DPoPFixtures.ec.header)
    let unsigned = Self.base64(header) + "." + Self.base64(DPoPFixtures.claims) + "."
    #expect(refusal(unsigned) == .algorithm)
  }

  @Test("A public key as the secret of HS256 opens nothing")
  func confusion() throws {
    let header = try DPoPFixtures.replacing("alg", with: "\"HS256\"", in: DPoPFixtures.ec.header)
    let secret = Array(DPoPFixtures.ec.publicJWK.utf8)
    let proof = try TokenFixtures.signed(header: header, payload: DPoPFixtures.claims, secret: secret)
    #expect(refusal(proof) == .algorithm)
  }

  @Test(
    "An extension that changes what is signed is refused",
    arguments: [
      ("crit", "[\"exp\"]"), ("crit", "[]"), ("crit", "null"), ("b64", "false"), ("b64", "true"), ("zip", "\"DEF\""),
      ("enc", "\"A128GCM\""),
    ])
  func extended(name: String, value: String) throws {
    #expect(refusal(try DPoPFixtures.proof(header: name, value)) == .extended)
  }

  @Test(
    "A parameter of the header that nobody knows changes nothing",
    arguments: [
      ("kid", "\"another\""), ("jku", "\"https://evil.example\""), ("x5c", "[\"AA\"]"), ("new", "{\"a\":[1]}"),
    ])
  func unknown(name: String, value: String) throws {
    #expect(refusal(try DPoPFixtures.proof(header: name, value)) == nil)
  }

  @Test(
    "Any byte of a signature changed is refused", arguments: [SignatureAlgorithm.es256, .edDSA, .rs256, .ps256])
  func changedSignature(algorithm: SignatureAlgorithm) throws {
    let signer = DPoPFixtures.signer(algorithm)
    let proof = signer.signed(header: signer.header, claims: DPoPFixtures.claims)
    let parts = proof.split(separator: ".").map(String.init)
    let signature = try #require(Base64URL.decode(parts[2]))
    for index in stride(from: 0, to: signature.count, by: 7) {
      var changed = signature
      changed[index] ^= 0x10
      #expect(refusal("\(parts[0]).\(parts[1]).\(Base64URL.text(changed.span))") == .signature)
    }
    for wrong in [[], Array(signature.dropLast()), signature + [0], [0] + signature] {
      #expect(refusal("\(parts[0]).\(parts[1]).\(Base64URL.text(wrong.span))") == .signature)
    }
  }

  @Test("A signature by another key than that of the proof is refused", arguments: [DPoPFixtures.ec, DPoPFixtures.ed])
  func otherSigner(signer: DPoPSigner) {
    let proof = DPoPSigner(signer.algorithm).signed(header: signer.header, claims: DPoPFixtures.claims)
    #expect(refusal(proof) == .signature)
  }

  @Test("An ES256 signature in DER is refused")
  func derSignature() throws {
    let parts = Self.good.split(separator: ".").map(String.init)
    let signature = try #require(Base64URL.decode(parts[2]))
    let der = try #require(P256Signature.der(signature))
    #expect(refusal("\(parts[0]).\(parts[1]).\(Base64URL.text(der.span))") == .signature)
  }

  @Test("An ES256 signature of zeroes is refused")
  func zeroSignature() {
    let parts = Self.good.split(separator: ".")
    #expect(refusal("\(parts[0]).\(parts[1]).\(Base64URL.text(of: [UInt8](repeating: 0, count: 64)))") == .signature)
  }

  @Test("An RS256 signature is not good for PS256, nor the other way round")
  func otherPadding() throws {
    for (signer, other) in [(DPoPFixtures.rsa, "\"PS256\""), (DPoPFixtures.signer(.ps256), "\"RS256\"")] {
      #expect(refusal(try DPoPFixtures.proof(header: "alg", other, by: signer)) == .signature)
    }
  }

  @Test("Claims and header of two good proofs make no third")
  func crossed() {
    let other = DPoPFixtures.ec.proof(method: "GET", uri: DPoPFixtures.uri, identifier: "two", issuedAt: 1_700_000_000)
    let (first, second) = (Self.good.split(separator: "."), other.split(separator: "."))
    #expect(refusal("\(first[0]).\(second[1]).\(first[2])") == .signature)
    #expect(refusal("\(first[0]).\(first[1]).\(second[2])") == .signature)
  }

  private static func base64(_ text: String) -> String { Base64URL.text(text.utf8.span) }
}
