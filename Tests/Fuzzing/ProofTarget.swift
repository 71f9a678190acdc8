import Platform

@testable import TokenSigning

/// The verifier of DPoP proofs, the URIs in them and the nonces.
///
/// Whatever is accepted was signed, byte for byte.
enum ProofTarget: OneInput {
  static func run(_ input: inout InputBytes) {
    switch input.byte() % 8 {
    case 0: runRaw(String(decoding: input.rest(), as: UTF8.self))
    case 1: runRight(&input)
    case 2: runDamaged(&input)
    case 3: runSignedClaims(&input)
    case 4: runSignedHeader(&input)
    case 5: runSignedMembers(&input)
    case 6: runTarget(&input)
    default: runNonce(&input)
    }
  }

  /// Nobody has signed it.
  private static func runRaw(_ proof: String) {
    require(accepted(proof) == nil, "a proof that nobody signed is accepted")
  }

  /// A proof that is asked for is accepted if it may be, and says just that.
  private static func runRight(_ input: inout InputBytes) {
    let signer = ProofSigner.any(&input)
    let age = Int64(input.byte()) - 128
    let identifier = input.text(255)
    let token = input.byte() % 2 == 0 ? nil : input.text(40)
    let nonce = input.byte() % 2 == 0 ? nil : input.text(40)
    let issuedAt = ProofSigner.now / 1000 - age
    let proof = signer.proof(
      method: "POST", uri: ProofSigner.uri, identifier: identifier, issuedAt: issuedAt, accessToken: token,
      nonce: nonce)
    let isRight =
      (1...256).contains(identifier.utf8.count) && (-5...60).contains(age) && proof.utf8.count <= 4096
    var request = ProofSigner.request
    request.accessToken = token
    let found = accepted(proof, for: request)
    require((found != nil) == isRight, "a right proof is refused, or a wrong one accepted")
    if let found {
      require(found.identifier.hasSameBytes(as: identifier), "a proof says another jti")
      require(found.thumbprint == signer.thumbprint, "a proof is of another key")
      require(found.issuedAt == issuedAt, "a proof says another time")
      require((found.nonce ?? "-").hasSameBytes(as: nonce ?? "-"), "a proof says another nonce")
    }
    request.accessToken = (token ?? "") + "x"
    require(accepted(proof, for: request) == nil, "a proof is accepted with another token")
  }

  /// A good proof with any part changed is good no more; an ECDSA signature has a second form over the same text.
  private static func runDamaged(_ input: inout InputBytes) {
    let signer = ProofSigner.any(&input)
    let good = signer.signed(header: signer.header, claims: ProofSigner.claims)
    var bytes = Array(good.utf8)
    let place = Int(input.integer(UInt16.self)) % bytes.count
    switch input.byte() % 5 {
    case 0: bytes[place] = input.byte()
    case 1: bytes.insert(input.byte(), at: place)
    case 2: bytes.remove(at: place)
    case 3: bytes.removeLast(bytes.count - place)
    default: bytes += input.take(8)
    }
    let changed = String(decoding: bytes, as: UTF8.self)
    if changed.hasSameBytes(as: good) { return require(accepted(good) != nil, "a good proof is refused") }
    guard accepted(changed) != nil else { return }
    let signed = good.prefix(upTo: good.lastIndex(of: ".") ?? good.endIndex)
    require(changed.utf8.starts(with: signed.utf8), "a changed proof is accepted")
  }

  /// Any bytes as claims, under a good signature.
  private static func runSignedClaims(_ input: inout InputBytes) {
    let signer = ProofSigner.any(&input)
    let claims = input.rest()
    let proof = signer.signed(header: Array(signer.header.utf8), claims: claims)
    if let found = accepted(proof) { check(found, signed: claims) }
  }

  /// Any header, under a good signature over good claims.
  private static func runSignedHeader(_ input: inout InputBytes) {
    let signer = ProofSigner.any(&input)
    let header = input.rest()
    guard let found = accepted(signer.signed(header: header, claims: Array(ProofSigner.claims.utf8))) else { return }
    require(found.thumbprint == signer.thumbprint, "another key than the signer's is accepted")
    require(found.algorithm == signer.algorithm, "another algorithm than the signer's is accepted")
    let text = String(decoding: header, as: UTF8.self)
    require(text.contains("\\") || text.contains("\"dpop+jwt\""), "another type is accepted")
    require(text.contains("\\") || !text.contains("\"crit\":"), "a critical extension is ignored")
  }

  /// Right header, key and claims but for the members that the fuzzer breaks.
  private static func runSignedMembers(_ input: inout InputBytes) {
    let signer = ProofSigner.any(&input)
    var (key, claims) = (signer.publicJWK, ProofSigner.claims)
    var header = signer.header.replacing(key, with: "KEY")
    while !input.isEmpty {
      let name = ProofSigner.names[input.choice(ProofSigner.names.count)]
      let value = ProofSigner.value(&input)
      switch input.byte() % 3 {
      case 0: key = ProofSigner.replacing(name, with: value, in: key)
      case 1: header = ProofSigner.replacing(name, with: value, in: header)
      default: claims = ProofSigner.replacing(name, with: value, in: claims)
      }
    }
    header = header.replacing("KEY", with: key)
    guard let found = accepted(signer.signed(header: header, claims: claims)) else { return }
    require(found.thumbprint == signer.thumbprint, "another key than the signer's is accepted")
    check(found, signed: Array(claims.utf8))
    guard let object = try? JSONReader.object(Array(key.utf8)) else {
      return require(false, "a key that is no strict object is accepted")
    }
    require(!["d", "p", "q", "dp", "dq", "qi", "oth", "k"].contains { object.has($0) }, "a private key is accepted")
  }

  /// A URI stays what it is under a query, a fragment and capitals of its scheme, and is another with one byte more.
  private static func runTarget(_ input: inout InputBytes) {
    let uri = "https://\(String(decoding: input.rest(), as: UTF8.self))"
    guard let target = try? DPoPTarget(uri) else { return }
    require(uri.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "a URI with other bytes is read")
    let plain = uri.prefix { $0 != "?" && $0 != "#" }
    for same in ["\(plain)?\(plain)", "\(plain)#/../a", "HTTPS\(plain.dropFirst(5))"] {
      require((try? DPoPTarget(same)) == target, "another spelling is another URI: \(same)")
    }
    for other in ["http\(plain.dropFirst(5))", "\(plain)/a", "\(plain)a", "https://a.\(plain.dropFirst(8))"] {
      require((try? DPoPTarget(other)) != target, "two URIs are one: \(uri) \(other)")
    }
    require(!plain.dropFirst(8).contains("@") || plain.dropFirst(8).contains("/"), "user information is read")
  }

  /// No text but two nonces is good at a time.
  private static func runNonce(_ input: inout InputBytes) {
    guard let nonces = DPoPNonces(secret: [UInt8](repeating: 7, count: 32), stepSeconds: 1 + Int64(input.byte())) else {
      return require(false, "a secret of 32 bytes is refused")
    }
    let now = Int64(bitPattern: input.anyInteger())
    let nonce = nonces.nonce(nowMilliseconds: now)
    require(nonces.accepts(nonce, nowMilliseconds: now), "a server's own nonce is refused")
    let other = String(decoding: input.rest(), as: UTF8.self)
    require(!nonces.accepts(other, nowMilliseconds: now), "a nonce that nobody gave out is accepted")
  }

  /// Another look at accepted claims, that shares no code with the verifier: each must stand in the text that was
  /// signed.
  private static func check(_ proof: DPoPProof, signed claims: [UInt8]) {
    let text = String(decoding: claims, as: UTF8.self)
    require(text.contains("\(proof.issuedAt)"), "a proof says a time that was not signed")
    if text.contains("\\") { return }
    require(text.contains("\"\(proof.identifier)\""), "a proof says a jti that was not signed")
    require(text.contains("\"POST\""), "a proof of another method is accepted")
    require(text.lowercased().contains("tokens.example"), "a proof for another host is accepted")
    if let nonce = proof.nonce { require(text.contains("\"\(nonce)\""), "a proof says a nonce that was not signed") }
  }

  private static func accepted(_ proof: String, for request: DPoPRequest = ProofSigner.request) -> DPoPProof? {
    try? DPoPProofVerifier().verify(proof, for: request, nowMilliseconds: ProofSigner.now)
  }
}
