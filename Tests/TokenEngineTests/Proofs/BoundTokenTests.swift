import LedgerTesting
import Testing
import TokenLedger
import TokenTesting

@testable import TokenEngine

/// An engine on a ledger, and a client with a key.
private struct BoundFixture {
  let fixture: EngineFixture
  let key = DPoPKey()
  static let uri = "https://tokens.example/token"

  init(on ledger: TestedLedger = .refreshLedger, _ change: (inout EngineOptions) -> Void = { _ in }) async throws {
    fixture = try await EngineFixture(on: ledger, change)
  }

  var engine: RotationEngine { fixture.engine }

  func proof(
    _ identifier: String, of key: DPoPKey? = nil, method: String = "POST", uri: String = uri,
    accessToken: String? = nil, nonce: String? = nil
  ) -> PresentedProof {
    let text = (key ?? self.key).proof(
      method: method, uri: uri, identifier: identifier, issuedAt: fixture.clock.now.seconds, accessToken: accessToken,
      nonce: nonce)
    return PresentedProof(text: text, method: method, uri: uri)
  }

  func logIn(_ proof: PresentedProof?, client: Client = EngineFixture.client) async throws -> GrantOutcome {
    try await engine.logIn(name: "ann", password: "ann", client: client, proof: proof)
  }
}

@Suite("Tokens that are bound to a key")
struct BoundTokenTests {
  @Test("a log-in with a proof binds both tokens, and says so", arguments: TestedLedger.allCases)
  func logIn(on ledger: TestedLedger) async throws {
    let bound = try await BoundFixture(on: ledger)
    let pair = try await bound.logIn(bound.proof("1")).pair()
    #expect(pair.keyThumbprint == bound.key.thumbprint && pair.tokenType == "DPoP")
    #expect(try await bound.engine.session(pair.session)?.keys.lifelong?.description == bound.key.thumbprint)
    guard case .access(let access) = try await bound.engine.introspect(pair.accessToken) else {
      Issue.record("the token is not active")
      return
    }
    #expect(access.keyThumbprint == bound.key.thumbprint)
    #expect(try await bound.logIn(bound.proof("1")).refusal?.reason == "proof_replayed")
    #expect(try await bound.fixture.logIn().tokenType == "Bearer")
  }

  @Test("a lost reply is answered with the identical pair for a new proof", arguments: TestedLedger.allCases)
  func retry(on ledger: TestedLedger) async throws {
    let bound = try await BoundFixture(on: ledger) { $0.grace = .seconds(30) }
    let first = try await bound.logIn(bound.proof("1")).pair()
    func refresh(_ number: String, of key: DPoPKey? = nil) async throws -> GrantOutcome {
      try await bound.engine.refresh(
        first.refreshToken, client: EngineFixture.client, proof: bound.proof(number, of: key))
    }
    let next = try await refresh("2").pair()
    #expect(try await refresh("2").refusal?.errorCode == "invalid_dpop_proof")
    #expect(try await refresh("3").pair() == next)
    #expect(try await refresh("4", of: DPoPKey()).refusal == .otherKey)
    #expect(try await bound.engine.session(first.session)?.generation == 1)
  }

  @Test("a bound access token is accepted with the scheme DPoP and a proof of its key for it, once")
  func verify() async throws {
    let bound = try await BoundFixture()
    let (pair, uri) = (try await bound.logIn(bound.proof("1")).pair(), "https://api.example/me")
    func refusal(_ scheme: String, _ proof: PresentedProof?) -> String {
      do {
        return try bound.engine.verify(authorization: "\(scheme) \(pair.accessToken)", proof: proof).subject
      } catch {
        return error.reason
      }
    }
    func proof(_ number: String, of key: DPoPKey? = nil, token: String? = nil) -> PresentedProof {
      bound.proof(number, of: key, method: "GET", uri: uri, accessToken: token ?? pair.accessToken)
    }
    #expect(refusal("Bearer", proof("a")) == "bound_to_key")
    #expect(refusal("DPoP", nil) == "proof_missing")
    #expect(refusal("DPoP", proof("b", of: DPoPKey())) == "proof_other_key")
    #expect(refusal("DPoP", proof("c", token: "other")) == "proof_other_token")
    #expect(refusal("DPoP", bound.proof("d", method: "GET", uri: uri)) == "proof_other_token")
    #expect(refusal("dpop", proof("e")) == "ann")
    #expect(refusal("DPoP", proof("e")) == "proof_replayed")
    bound.fixture.clock.advance(milliseconds: 120_000)
    #expect(refusal("DPoP", proof("e")) == "ann")
    #expect(throws: BadToken.unproven) { try bound.engine.verify(pair.accessToken) }
    let bearer = try await bound.fixture.logIn().accessToken
    #expect(throws: AuthorizationError.badToken(.notBound)) {
      try bound.engine.verify(authorization: "DPoP \(bearer)", proof: proof("f", token: bearer))
    }
    #expect(try bound.engine.verify(authorization: "Bearer \(bearer)", proof: proof("g")).keyThumbprint == nil)
  }

  @Test("a presentation without the key closes no grace window", arguments: TestedLedger.allCases)
  func window(on ledger: TestedLedger) async throws {
    let bound = try await BoundFixture(on: ledger) { $0.grace = .seconds(30) }
    let first = try await bound.logIn(bound.proof("1")).pair()
    let client = EngineFixture.client
    let next = try await bound.engine.refresh(first.refreshToken, client: client, proof: bound.proof("2")).pair()
    bound.fixture.clock.advance(milliseconds: 3_000)
    #expect(throws: AuthorizationError.self) {
      try bound.engine.verify(authorization: "DPoP \(next.accessToken)", proof: nil)
    }
    #expect(
      try await bound.engine.refresh(first.refreshToken, client: client, proof: bound.proof("3")).pair().refreshToken
        == next.refreshToken)
  }

  @Test("a proof is asked for where the mode or the client's account says so, and ignored where the mode is off")
  func modes() async throws {
    let required = try await BoundFixture { $0.dpop.mode = .required }
    #expect(try await required.logIn(nil).refusal?.reason == "proof_missing")
    let machine = Client(id: "machine", isPublic: false, scopes: ["read"], grants: [.clientCredentials])
    #expect(try await required.engine.clientToken(for: machine).refusal?.errorCode == "invalid_dpop_proof")
    let token = try await required.engine.clientToken(for: machine, proof: required.proof("1"))
    guard case .granted(let granted) = token else {
      Issue.record("\(token)")
      return
    }
    #expect(granted.keyThumbprint == required.key.thumbprint && granted.tokenType == "DPoP")
    #expect(
      try await required.engine.clientToken(for: machine, proof: required.proof("1")).refusal?.reason
        == "proof_replayed")
    let optional = try await BoundFixture()
    var strict = EngineFixture.client
    strict.requiresProof = true
    #expect(try await optional.logIn(nil, client: strict).refusal?.reason == "proof_missing")
    let off = try await BoundFixture { $0.dpop.mode = .off }
    let bad = PresentedProof(text: "nonsense", method: "POST", uri: BoundFixture.uri)
    #expect(try await off.logIn(bad).pair().tokenType == "Bearer")
    #expect(try await optional.logIn(bad).refusal?.reason == "proof_malformed")
  }

  @Test(
    "a public session without a key is not refreshed where proofs are required, and its old tokens are still known as reused",
    arguments: TestedLedger.allCases)
  func unboundWhereRequired(on ledger: TestedLedger) async throws {
    let bound = try await BoundFixture(on: ledger)
    let (client, first) = (EngineFixture.client, try await bound.fixture.logIn())
    let live = try await bound.fixture.refresh(first.refreshToken).pair()
    var strict = client
    strict.requiresProof = true
    #expect(
      try await bound.engine.refresh(live.refreshToken, client: strict, proof: bound.proof("1")).refusal == .missingKey)
    #expect(try await bound.engine.session(live.session)?.generation == 1)
    bound.fixture.clock.advance(milliseconds: 5_000)
    let reused = try await bound.engine.refresh(first.refreshToken, client: strict, proof: bound.proof("2")).refusal
    #expect(reused == .reused(.lateParent, generationsBehind: 1, revokedSession: true))
    #expect(try await bound.engine.session(live.session) == nil)
  }

  @Test(
    "an introspection of a bound token closes no grace window, since it shows no key", arguments: TestedLedger.allCases)
  func introspection(on ledger: TestedLedger) async throws {
    let bound = try await BoundFixture(on: ledger) { $0.grace = .seconds(30) }
    let first = try await bound.logIn(bound.proof("1")).pair()
    let client = EngineFixture.client
    let next = try await bound.engine.refresh(first.refreshToken, client: client, proof: bound.proof("2")).pair()
    bound.fixture.clock.advance(milliseconds: 3_000)
    #expect(try await bound.engine.introspect(next.accessToken) != .inactive)
    #expect(
      try await bound.engine.refresh(first.refreshToken, client: client, proof: bound.proof("3")).pair().refreshToken
        == next.refreshToken)
  }

  @Test("a session that was bound before the mode was turned off is refreshed with its key alone")
  func turnedOff() async throws {
    let bound = try await BoundFixture()
    let pair = try await bound.logIn(bound.proof("1")).pair()
    let off = try bound.fixture.sibling {
      $0.dpop.mode = .off
      // Nobody is given a nonce, so none is asked for.
      $0.dpop.asksForNonces = true
    }
    let client = EngineFixture.client
    #expect(try await off.refresh(pair.refreshToken, client: client).refusal == .missingKey)
    #expect(
      try await off.refresh(pair.refreshToken, client: client, proof: bound.proof("2", of: DPoPKey())).refusal
        == .otherKey)
    let next = try await off.refresh(pair.refreshToken, client: client, proof: bound.proof("3")).pair()
    #expect(next.tokenType == "DPoP")
    let request = RefreshRequest(token: next.refreshToken, client: client, proof: bound.proof("4"))
    #expect(try await off.refresh([request])[0].get().pair().tokenType == "DPoP")
  }

  @Test("a nonce that is asked for is good for its minute and the next, at every engine with the same keys")
  func nonces() async throws {
    let bound = try await BoundFixture { $0.dpop.asksForNonces = true }
    let other = try bound.fixture.sibling { $0.dpop.asksForNonces = true }
    let missing = try await bound.logIn(bound.proof("1")).refusal
    #expect(missing?.errorCode == "use_dpop_nonce" && missing?.reason == "proof_nonce_missing")
    let nonce = other.dpopNonce()
    #expect(try await bound.logIn(bound.proof("2", nonce: nonce)).pair().tokenType == "DPoP")
    bound.fixture.clock.advance(milliseconds: 120_000)
    #expect(nonce != bound.engine.dpopNonce())
    let old = try await bound.logIn(bound.proof("3", nonce: nonce)).refusal
    #expect(old?.errorCode == "use_dpop_nonce" && old?.reason == "proof_other_nonce")
  }

  @Test("attributes are handed to the claims closure with the session, and come back from listings")
  func attributes() async throws {
    let bound = try await BoundFixture {
      $0.customClaims = { context in
        let tenant = String(decoding: context.attributes, as: UTF8.self)
        return try CustomClaims(["tenant": tenant, "label": context.label ?? "", "own": context.session?.text ?? ""])
      }
    }
    let first = try await bound.engine.logIn(
      name: "ann", password: "ann", client: EngineFixture.client, label: "phone", attributes: Array("acme".utf8)
    ).pair()
    let next = try await bound.engine.refresh(first.refreshToken, client: EngineFixture.client).pair()
    for pair in [first, next] {
      let claims = try bound.engine.verify(pair.accessToken).customClaims(as: [String: String].self)
      #expect(claims == ["tenant": "acme", "label": "phone", "own": first.session.text])
    }
    let listed = try await bound.engine.sessions(of: .subject("ann")).sessions.map(\.attributes)
    #expect(listed == [Array("acme".utf8)])
  }

  @Test("an opening without checks takes a proof too, and says what is wrong with one")
  func unchecked() async throws {
    let bound = try await BoundFixture { $0.dpop.mode = .required }
    func open(_ proof: PresentedProof?) async throws(EngineError) -> TokenPair {
      try await bound.engine.openUncheckedSession(
        subject: "ann", client: EngineFixture.client, scopes: ["read"], proof: proof)
    }
    #expect(try await open(nil).tokenType == "Bearer")
    #expect(try await open(bound.proof("1")).keyThumbprint == bound.key.thumbprint)
    let error = await #expect(throws: EngineError.self) { try await open(bound.proof("1")) }
    guard case .badProof(let bad) = error else {
      Issue.record("\(error as Any)")
      return
    }
    #expect(bad.fault == .replayed)
  }

  @Test("nothing that is printed holds a proof")
  func redaction() async throws {
    let bound = try await BoundFixture()
    let proof = bound.proof("secret")
    var printed = "\(proof) \(String(reflecting: proof))"
    dump(proof, to: &printed)
    let request = RefreshRequest(token: "t", client: EngineFixture.client, proof: proof)
    printed += "\(request) \(String(reflecting: request))"
    dump(request, to: &printed)
    #expect(!printed.contains(proof.text) && !printed.contains(BoundFixture.uri))
  }

  @Test("a full list of accepted proofs forgets none early, and takes no more until some are over")
  func list() throws {
    let list = CountedProofs(countMax: 16)
    let now = Timestamp(milliseconds: 1_767_225_600_000)
    func proof(_ number: UInt8, until seconds: Int64 = 60) -> KeyProof {
      var bytes = [UInt8](repeating: 1, count: 32)
      (bytes[0], bytes[31]) = (number, 16)
      let key = Digest256(bytes) ?? Digest256(repeating: 1)
      return KeyProof(key: key, useDigest: key, end: now.advanced(byMilliseconds: seconds * 1000))
    }
    #expect(list.count(proof(1), at: now) == .counted)
    #expect(list.count(proof(1), at: now) == .replayed)
    #expect(list.count(proof(2), at: now) == .full)
    let later = now.advanced(byMilliseconds: 71_000)
    #expect(list.count(proof(1), at: later) == .replayed)
    #expect(list.count(proof(2, until: 120), at: later) == .counted)
  }

  @Test("a clock that was ahead for a moment does not keep the list from forgetting")
  func clockBack() {
    let list = CountedProofs(countMax: 32)
    let now = Timestamp(milliseconds: 1_767_225_600_000)
    func count(_ number: UInt8, after milliseconds: Int64) -> CountedProofs.Outcome {
      var bytes = [UInt8](repeating: 1, count: 32)
      (bytes[0], bytes[31]) = (number, 16)
      let digest = Digest256(bytes) ?? Digest256(repeating: 1)
      let time = now.advanced(byMilliseconds: milliseconds)
      return list.count(KeyProof(key: digest, useDigest: digest, end: time.advanced(byMilliseconds: 60_000)), at: time)
    }
    #expect(count(1, after: 86_400_000) == .counted)
    #expect(count(2, after: 0) == .counted)
    #expect(count(3, after: 1_000) == .full)
    #expect(count(3, after: 71_000) == .counted)
  }
}
