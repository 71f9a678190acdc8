import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing
import TokenEngine
import TokenLedger
import TokenTesting

@testable import TokenHTTP

@Suite("An access token that is bound to a key")
struct ProofBearerTests {
  private static let algorithms = "algs=\"ES256 EdDSA RS256 PS256\""

  private func token(_ client: any TestClientProtocol, _ maker: ProofMaker, nonce: String? = nil) async throws -> String
  {
    try #require(try await client.logIn(proofs: [maker.proof(nonce: nonce)])["access_token"])
  }

  @Test("is accepted under DPoP with a proof for this request and token, and shows its key on /me")
  func accepted() async throws {
    let fixture = try ServerFixture()
    let maker = ProofMaker(fixture)
    try await fixture.run { client async throws in
      let token = try await token(client, maker)
      let me = try await client.get("/me", dpop: token, proofs: [maker.proof("GET", "/me", accessToken: token)])
      #expect(me.status == 200 && (me.members["cnf"] as? [String: String]) == ["jkt": maker.key.thumbprint])
      let open = try await client.get(
        "/public?x=1", dpop: token, proofs: [maker.proof("GET", "/public", accessToken: token)])
      #expect(open.text == #"{"authenticated":true,"subject":"ann"}"#)
      let auth = try await client.get("/auth", dpop: token, proofs: [maker.proof("GET", "/auth", accessToken: token)])
      #expect(auth.status == 204)
    }
  }

  @Test("is refused as a bearer token, with both challenges, and so is a bearer token under DPoP")
  func schemes() async throws {
    let fixture = try ServerFixture()
    let maker = ProofMaker(fixture)
    let bearer = try await fixture.pair().accessToken
    try await fixture.run { client async throws in
      let token = try await token(client, maker)
      let bound = try await client.send(
        .get, "/me",
        headers: HTTPFields(
          proofs: [maker.proof("GET", "/me", accessToken: token)], authorization: "Bearer \(token)"))
      #expect(bound.status == 401 && bound["error"] == "invalid_token")
      let challenge = try #require(bound.headers[.wwwAuthenticate])
      #expect(
        challenge.hasPrefix("Bearer error=\"invalid_token\", ") && challenge.hasSuffix(", DPoP \(Self.algorithms)"))
      let unbound = try await client.get("/me", dpop: bearer, proofs: [maker.proof("GET", "/me", accessToken: bearer)])
      #expect(unbound.status == 401 && unbound["error"] == "invalid_token")
      #expect(unbound.headers[.wwwAuthenticate]?.hasPrefix("Bearer error=\"invalid_token\"") == true)
      #expect(try await client.get("/public", bearer: token).text == #"{"authenticated":false}"#)
    }
  }

  @Test(
    "is refused without a good proof, with a challenge that names the error and the algorithms",
    arguments: ["none", "replayed", "other token", "no token", "other path", "other method", "old", "other key", "two"])
  func proofs(fault: String) async throws {
    let fixture = try ServerFixture()
    let (maker, other) = (ProofMaker(fixture), ProofMaker(fixture))
    try await fixture.run { client async throws in
      let token = try await token(client, maker)
      func right(_ maker: ProofMaker) -> String { maker.proof("GET", "/me", accessToken: token) }
      let replayed = right(maker)
      #expect(try await client.get("/me", dpop: token, proofs: [replayed]).status == 200)
      let proofs: [String] =
        switch fault {
        case "none": []
        case "replayed": [replayed]
        case "other token": [maker.proof("GET", "/me", accessToken: token + "x")]
        case "no token": [maker.proof("GET", "/me")]
        case "other path": [maker.proof("GET", "/auth", accessToken: token)]
        case "other method": [maker.proof("POST", "/me", accessToken: token)]
        case "old": [maker.proof("GET", "/me", accessToken: token, secondsAgo: 61)]
        case "other key": [right(other)]
        default: [right(maker), right(maker)]
        }
      let reply = try await client.get("/me", dpop: token, proofs: proofs)
      // RFC 9449 §7.1: with another key it is the token that is wrong for the request.
      let error = fault == "other key" ? "invalid_token" : "invalid_dpop_proof"
      #expect(reply.status == 401 && reply["error"] == error)
      let challenge = try #require(reply.headers[.wwwAuthenticate])
      #expect(challenge.hasPrefix("DPoP error=\"\(error)\", error_description=\""))
      #expect(challenge.hasSuffix(", \(Self.algorithms)"))
      #expect(try await client.get("/public", dpop: token, proofs: proofs).text == #"{"authenticated":false}"#)
      #expect(try await client.get("/me", dpop: token, proofs: [right(maker)]).status == 200)
    }
  }

  @Test(
    "is refused where the host or a prefix would end the path that the proof is for",
    arguments: ["localhost/me?", "localhost/me#", "localhost/me", "x@localhost", "localhost\\me"])
  func hosts(host: String) async throws {
    let fixture = try ServerFixture()
    let maker = ProofMaker(fixture)
    let addressing = RequestAddressing(trustsProxy: true)
    try await fixture.run { client async throws in
      let token = try await token(client, maker)
      let proof = maker.proof("GET", "/me", accessToken: token)
      var fields = HTTPFields(proofs: [proof], authorization: "DPoP \(token)")
      if let name = HTTPField.Name("X-Forwarded-Host") { fields[name] = host }
      for authority in ["localhost", host] {
        let head = HTTPRequest(
          method: .get, scheme: "http", authority: authority, path: "/public", headerFields: fields)
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        for addressing in [addressing, RequestAddressing()] where addressing.trustsProxy || authority == host {
          let presented = try #require(addressing.proof(of: request))
          #expect(presented.uri.isEmpty)
          #expect(throws: AuthorizationError.self) {
            try fixture.engine.verify(authorization: "DPoP \(token)", proof: presented)
          }
        }
      }
    }
  }

  @Test("is refused with a description that ends no quoted text")
  func quotes() async throws {
    let fixture = try ServerFixture()
    let maker = ProofMaker(fixture)
    let keyless = maker.key.signed(header: #"{"typ":"dpop+jwt","alg":"ES256"}"#, claims: "{}")
    try await fixture.run { client async throws in
      let reply = try await client.get("/me", dpop: try await token(client, maker), proofs: [keyless])
      let challenge = try #require(reply.headers[.wwwAuthenticate])
      #expect(challenge.contains("'jwk'") && challenge.count(where: { $0 == "\"" }) == 6)
    }
  }

  @Test("is challenged under its scheme when it has expired, lacks a scope, or is none")
  func otherFaults() async throws {
    let fixture = try ServerFixture()
    let maker = ProofMaker(fixture)
    try await fixture.run { client async throws in
      let token = try await token(client, maker)
      let narrow = try await client.get(
        "/auth?scope=write", dpop: token, proofs: [maker.proof("GET", "/auth", accessToken: token)])
      #expect(narrow.status == 403)
      #expect(narrow.headers[.wwwAuthenticate]?.hasPrefix("DPoP error=\"insufficient_scope\"") == true)
      fixture.clock.advance(milliseconds: 900_000)
      let late = try await client.get("/me", dpop: token, proofs: [maker.proof("GET", "/me", accessToken: token)])
      #expect(late.status == 401 && late["error"] == "invalid_token")
      #expect(late.headers[.wwwAuthenticate]?.hasPrefix("DPoP error=\"invalid_token\"") == true)
    }
  }

  @Test(
    "is what a request without a token is told of, as far as the mode lets it be",
    arguments: [
      (DPoPOptions.Mode.off, "Bearer realm=\"refresh-ledger\""),
      (.optional, "Bearer realm=\"refresh-ledger\", DPoP realm=\"refresh-ledger\", \(algorithms)"),
      (.required, "DPoP realm=\"refresh-ledger\", \(algorithms)"),
    ])
  func challenges(mode: DPoPOptions.Mode, challenge: String) async throws {
    let fixture = try ServerFixture { $0.dpop.mode = mode }
    let reply = try await fixture.run { try await $0.get("/me") }
    #expect(reply.status == 401 && reply["error"] == nil && reply.headers[.wwwAuthenticate] == challenge)
  }

  @Test("needs a nonce where nonces are asked for, and each reply to a proof has the next")
  func nonces() async throws {
    let fixture = try ServerFixture { $0.dpop.asksForNonces = true }
    let maker = ProofMaker(fixture)
    try await fixture.run { client async throws in
      #expect(try await client.get("/public").headers.nonce == nil)
      let nonce = try #require(try await client.get("/me").headers.nonce)
      let token = try await token(client, maker, nonce: nonce)
      let asked = try await client.get("/me", dpop: token, proofs: [maker.proof("GET", "/me", accessToken: token)])
      #expect(asked.status == 401 && asked["error"] == "use_dpop_nonce" && asked.headers.nonce == nonce)
      #expect(asked.headers[.wwwAuthenticate]?.hasPrefix("DPoP error=\"use_dpop_nonce\"") == true)
      let good = try await client.get(
        "/me", dpop: token, proofs: [maker.proof("GET", "/me", accessToken: token, nonce: nonce)])
      #expect(good.status == 200 && good.headers.nonce == nonce)
    }
  }

  @Test("is checked for the request that a proxy names at /auth, and for no other")
  func forwarded() async throws {
    let fixture = try ServerFixture()
    let maker = ProofMaker(fixture)
    var headers = HTTPFields()
    for (name, value) in [
      ("X-Forwarded-Method", "DELETE"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "api.example"),
      ("X-Forwarded-Uri", "/albums/1,2?x=1"),
    ] {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    let forwarded = headers
    try await fixture.run { client async throws in
      let token = try await token(client, maker)
      for (method, base, path, status) in [
        ("DELETE", "https://api.example", "/albums/1,2", 204), ("DELETE", "https://api.example", "/albums/2", 401),
        ("GET", "https://api.example", "/albums/1,2", 401), ("DELETE", "http://api.example", "/albums/1,2", 401),
        ("DELETE", "https://localhost", "/albums/1,2", 401), ("GET", "http://localhost", "/auth", 401),
      ] {
        let proof = maker.proof(method, path, base: base, accessToken: token)
        let reply = try await client.get("/auth", dpop: token, proofs: [proof], headers: forwarded)
        #expect(reply.status == status, "\(method) \(base)\(path)")
      }
      let proof = maker.proof("DELETE", "/albums/1,2", base: "https://api.example", accessToken: token)
      #expect(try await client.get("/me", dpop: token, proofs: [proof], headers: forwarded).status == 401)
    }
  }

  @Test("is told to a route of an embedder with the fault of its proof")
  func state() async throws {
    let fixture = try ServerFixture()
    let maker = ProofMaker(fixture)
    let token = try await fixture.run { client in try await self.token(client, maker) }
    let router = Router(context: TokenRequestContext.self)
    router.add(middleware: BearerAuthenticator(engine: fixture.engine))
    router.get("state") { _, context -> String in
      if case .unproven(let bad) = context.bearer { bad.fault.rawValue } else { "other" }
    }
    router.get("needed") { _, context in try context.requireAccessToken().subject }
    try await Application(router: router, logger: fixture.logger).test(.router) { client async throws in
      #expect(try await client.get("/state", dpop: token, proofs: []).text == "proof_missing")
      let refused = try await client.get("/needed", dpop: token, proofs: [])
      #expect(refused.status == 401)
      #expect(refused.headers[.wwwAuthenticate]?.hasPrefix("DPoP error=\"invalid_dpop_proof\"") == true)
      let proof = maker.proof("GET", "/needed", accessToken: token)
      #expect(try await client.get("/needed", dpop: token, proofs: [proof]).text == "ann")
    }
  }
}
