import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing
import TokenEngine
import TokenLedger
import TokenTesting

@testable import TokenHTTP

@Suite("A proof of a key at POST /token")
struct ProofGrantTests {
  @Test(
    "binds the session of a public client: its tokens are of the type DPoP, and name the key wherever they are shown")
  func binds() async throws {
    let fixture = try ServerFixture()
    let maker = ProofMaker(fixture)
    fixture.clients.set(Client(id: "asker", isPublic: false, mayIntrospect: true), secret: ServerFixture.secret)
    try await fixture.run { client async throws in
      let first = try await client.logIn(proofs: [maker.proof()])
      #expect(first.status == 200 && first["token_type"] == "DPoP")
      let second = try await client.refresh(first["refresh_token"], proofs: [maker.proof()])
      #expect(second.status == 200 && second["token_type"] == "DPoP")
      for (name, hint, type) in [
        ("access_token", "access_token", "DPoP"), ("refresh_token", "refresh_token", "refresh_token"),
      ] {
        let shown = try await client.token(
          [
            "token": second[name] ?? "", "token_type_hint": hint, "client_id": "asker",
            "client_secret": ServerFixture.secret,
          ], path: "/introspect")
        #expect(shown["token_type"] == type)
        #expect((shown.members["cnf"] as? [String: String]) == ["jkt": maker.key.thumbprint])
      }
    }
  }

  @Test("is not needed by default, and without one tokens are bearer tokens that name no key")
  func optional() async throws {
    let fixture = try ServerFixture()
    fixture.clients.set(Client(id: "asker", isPublic: false, mayIntrospect: true), secret: ServerFixture.secret)
    try await fixture.run { client async throws in
      let reply = try await client.logIn(proofs: [])
      #expect(reply["token_type"] == "Bearer")
      let shown = try await client.token(
        ["token": reply["access_token"] ?? "", "client_id": "asker", "client_secret": ServerFixture.secret],
        path: "/introspect")
      #expect(shown["token_type"] == "Bearer" && shown.members["cnf"] == nil)
    }
  }

  @Test("binds a client's own token")
  func clientCredentials() async throws {
    let fixture = try ServerFixture()
    let maker = ProofMaker(fixture)
    fixture.clients.set(
      Client(id: "machine", isPublic: false, scopes: Scopes("read"), grants: [.clientCredentials]),
      secret: ServerFixture.secret)
    try await fixture.run { client async throws in
      let reply = try await client.grant(
        "grant_type=client_credentials", proofs: [maker.proof()],
        authorization: basic("machine:\(ServerFixture.secret)".utf8))
      #expect(reply["token_type"] == "DPoP")
      let me = try await client.get(
        "/me", dpop: reply["access_token"] ?? "",
        proofs: [maker.proof("GET", "/me", accessToken: reply["access_token"])])
      #expect(me.status == 200)
    }
  }

  @Test("makes a session that an admin opens a bound one, for the request of the admin")
  func adminSession() async throws {
    let fixture = try ServerFixture()
    let maker = ProofMaker(fixture)
    fixture.clients.set(Client(id: "boss", isPublic: false, isAdmin: true), secret: ServerFixture.secret)
    try await fixture.run { client async throws in
      func open(_ proof: String) async throws -> Reply {
        var headers = HTTPFields(proofs: [proof], authorization: basic("boss:\(ServerFixture.secret)".utf8))
        headers[.contentType] = "application/json"
        let body = ByteBuffer(string: #"{"subject":"ann","client_id":"app"}"#)
        return try await client.send(.post, "/admin/sessions", headers: headers, body: body)
      }
      let wrong = try await open(maker.proof("POST", "/token"))
      #expect(wrong.status == 400 && wrong["error"] == "invalid_dpop_proof")
      let reply = try await open(maker.proof("POST", "/admin/sessions"))
      #expect(reply.status == 200 && reply["token_type"] == "DPoP")
      let list = try await client.send(
        .get, "/admin/sessions", headers: [.authorization: basic("boss:\(ServerFixture.secret)".utf8)])
      #expect(list.text.contains(#""cnf":{"jkt":"\#(maker.key.thumbprint)"}"#))
      #expect(try await client.refresh(reply["refresh_token"], proofs: []).status == 400)
      #expect(try await client.refresh(reply["refresh_token"], proofs: [maker.proof()]).status == 200)
    }
  }

  @Test("is answered with the identical pair in the grace window, if a new one comes along with the retry")
  func retry() async throws {
    let fixture = try ServerFixture { $0.grace = .seconds(10) }
    let maker = ProofMaker(fixture)
    try await fixture.run { client async throws in
      let first = try await client.logIn(proofs: [maker.proof()])
      let proof = maker.proof()
      let second = try await client.refresh(first["refresh_token"], proofs: [proof])
      let again = try await client.refresh(first["refresh_token"], proofs: [maker.proof()])
      #expect(second.status == 200 && again.text == second.text)
      let replayed = try await client.refresh(first["refresh_token"], proofs: [proof])
      #expect(replayed.status == 400 && replayed["error"] == "invalid_dpop_proof")
    }
  }

  @Test("of another key gets nothing for a stolen token, and the session lives")
  func stolen() async throws {
    let fixture = try ServerFixture()
    let (owner, thief) = (ProofMaker(fixture), ProofMaker(fixture))
    try await fixture.run { client async throws in
      let first = try await client.logIn(proofs: [owner.proof()])
      for proofs in [[], [thief.proof()]] {
        let refused = try await client.refresh(first["refresh_token"], proofs: proofs)
        #expect(refused.status == 400 && refused["error"] == "invalid_grant")
      }
      #expect(try await client.refresh(first["refresh_token"], proofs: [owner.proof()]).status == 200)
    }
  }

  @Test("that came twice or is empty is refused, and nothing is consumed", arguments: [0, 1, 2, 3])
  func oneHeader(form: Int) async throws {
    let fixture = try ServerFixture()
    let maker = ProofMaker(fixture)
    try await fixture.run { client async throws in
      let first = try await client.logIn(proofs: [maker.proof()])
      let proofs = [
        [maker.proof(), maker.proof()], [maker.proof(), ""], [""], ["\(maker.proof()), \(maker.proof())"],
      ][form]
      let refused = try await client.refresh(first["refresh_token"], proofs: proofs)
      #expect(refused.status == 400 && refused["error"] == "invalid_dpop_proof")
      #expect(refused.headers[.cacheControl] == "no-store")
      #expect(try await client.refresh(first["refresh_token"], proofs: [maker.proof()]).status == 200)
    }
  }

  @Test("is looked at only if the mode is not off, and needed if it is required or the client's account asks for one")
  func modes() async throws {
    let off = try ServerFixture { $0.dpop.mode = .off }
    #expect(try await off.run { try await $0.logIn(proofs: ["x"])["token_type"] } == "Bearer")
    let silent = try ServerFixture {
      $0.dpop.mode = .off
      $0.dpop.asksForNonces = true
    }
    #expect(try await silent.run { try await $0.logIn(proofs: []) }.headers.nonce == nil)
    let required = try ServerFixture { $0.dpop.mode = .required }
    let refused = try await required.run { try await $0.logIn(proofs: []) }
    #expect(refused.status == 400 && refused["error"] == "invalid_dpop_proof")
    let asked = try ServerFixture()
    asked.clients.set(Client(id: "bank", isPublic: true, scopes: Scopes("read"), requiresProof: true))
    let needed = try await asked.run { try await $0.logIn(proofs: [], client: "bank") }
    #expect(needed.status == 400 && needed["error"] == "invalid_dpop_proof")
  }

  @Test("has to hold the nonce of each reply, where nonces are asked for")
  func nonces() async throws {
    let fixture = try ServerFixture { $0.dpop.asksForNonces = true }
    let maker = ProofMaker(fixture)
    try await fixture.run { client async throws in
      let asked = try await client.logIn(proofs: [maker.proof()])
      #expect(asked.status == 400 && asked["error"] == "use_dpop_nonce")
      let nonce = try #require(asked.headers.nonce)
      let first = try await client.logIn(proofs: [maker.proof(nonce: nonce)])
      #expect(first.status == 200 && first.headers.nonce != nil)
      let other = try await client.refresh(first["refresh_token"], proofs: [maker.proof(nonce: "x" + nonce)])
      #expect(other.status == 400 && other["error"] == "use_dpop_nonce")
      fixture.clock.advance(milliseconds: 180_000)
      let old = try await client.refresh(first["refresh_token"], proofs: [maker.proof(nonce: nonce)])
      #expect(old["error"] == "use_dpop_nonce" && old.headers.nonce != nonce)
      let second = try await client.refresh(first["refresh_token"], proofs: [maker.proof(nonce: old.headers.nonce)])
      #expect(second.status == 200)
    }
  }

  @Test("is not looked at on rommapp/romm's wire, which has no type of token but bearer")
  func romm() async throws {
    let fixture = try ServerFixture(wire: .romm) { $0.dpop.asksForNonces = true }
    let reply = try await fixture.run { try await $0.logIn(proofs: ["x"]) }
    #expect(reply.status == 200 && reply["token_type"] == "bearer")
  }

  @Test("is refused with a reason that repeats nothing of it, and counted by it")
  func reasons() async throws {
    let fixture = try ServerFixture()
    let maker = ProofMaker(fixture)
    let marked = maker.key.signed(header: maker.key.header, claims: #"{"jti":"MARK","htm":"MARK","htu":"MARK"}"#)
    let reply = try await fixture.run { try await $0.logIn(proofs: [marked]) }
    #expect(reply["error_description"]?.hasPrefix("The DPoP proof is refused: ") == true)
    #expect(!reply.text.contains("MARK") && !reply.text.contains(marked))
    let refusals = fixture.recorder.events.compactMap { event -> String? in
      if case .refused(let refusal, _, _) = event { refusal.reason } else { nil }
    }
    #expect(refusals == ["proof_other_request"])
  }

  @Test("has its algorithms in the metadata, unless proofs are ignored")
  func metadata() async throws {
    let path = "/.well-known/oauth-authorization-server"
    let name = "dpop_signing_alg_values_supported"
    let told = try await ServerFixture().run { try await $0.get(path) }
    #expect(told.members[name] as? [String] == ["ES256", "EdDSA", "RS256", "PS256"])
    #expect(try await ServerFixture { $0.dpop.mode = .off }.run { try await $0.get(path) }.members[name] == nil)
    #expect(try await ServerFixture(wire: .romm).run { try await $0.get(path) }.members[name] == nil)
  }
}
