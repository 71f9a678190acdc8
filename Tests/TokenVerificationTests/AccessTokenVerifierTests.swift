import Testing
import TokenTestInputs

@testable import TokenSigning
@testable import TokenVerification

@Suite("A verifier in another process")
struct AccessTokenVerifierTests {
  private let issuer = Issuer()

  private func refusal(of token: String, by verifier: AccessTokenVerifier? = nil) async throws -> BadToken? {
    let verifier = try verifier ?? issuer.verifier()
    do throws(BadToken) {
      _ = try await verifier.verify(token)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "accepts a token that one of the published keys has signed", arguments: [SignatureAlgorithm.es256, .edDSA, .rs256])
  func accepts(algorithm: SignatureAlgorithm) async throws {
    let issuer = Issuer(algorithm)
    let token = try await issuer.verifier().verify(issuer.access())
    #expect(token.subject == "ann" && token.client == "app" && token.scopes == ["orders.read"])
    #expect(token.tokenID == TokenID(Issuer.identifier()))
    #expect(token.issuedAt == issuer.now && token.expiresAt == issuer.now + 900)
  }

  @Test("gives the claims of the issuer's own, which the engine gives too")
  func custom() async throws {
    var claims = issuer.claims()
    claims.extraMembers = Array(#""plan":"gold""#.utf8)
    struct Own: Decodable { var plan: String }
    let token = try await issuer.verifier().verify(issuer.access(claims))
    #expect(try token.customClaims(as: Own.self).plan == "gold")
  }

  @Test("refuses another issuer and another audience, and takes the issuer for the audience if none is named")
  func parties() async throws {
    #expect(try await refusal(of: issuer.access(issuer: "https://other.example")) == .wrongIssuer)
    #expect(try await refusal(of: issuer.access(audience: "https://other.example")) == .wrongAudience)
    let named = AccessTokenVerifier(
      keys: try KeySet(json: issuer.jwks), issuer: Issuer.name, audience: "orders", clock: issuer.clock.sessionClock)
    #expect(try await refusal(of: issuer.access(audience: "orders"), by: named) == nil)
    #expect(try await refusal(of: issuer.access(), by: named) == .wrongAudience)
  }

  @Test("refuses a refresh token, whose key nobody publishes")
  func refreshToken() async throws {
    #expect(try await refusal(of: issuer.refresh) == .wrongType)
  }

  @Test("refuses the key of another issuer under the same name, and a token that was changed")
  func signature() async throws {
    #expect(try await refusal(of: Issuer().access()) == .unknownKey)
    var letters = Array(issuer.access())
    let place = letters.count - 10
    letters[place] = letters[place] == "A" ? "B" : "A"
    #expect(try await refusal(of: String(letters)) == .badSignature)
    #expect(try await refusal(of: "not.a.token") == .malformed)
  }

  @Test("refuses a token from the millisecond of its end on, by its own wall clock")
  func expiry() async throws {
    let token = issuer.access()
    issuer.clock.advance(milliseconds: 899_999)
    #expect(try await refusal(of: token) == nil)
    issuer.clock.advance(milliseconds: 1)
    #expect(try await refusal(of: token) == .expired)
  }

  @Test("goes by the wall clock with a token of an issuer whose own time is ahead")
  func shift() async throws {
    let token = issuer.access(issuer.claims(shift: 86_400))
    #expect(try await refusal(of: token) == nil)
    issuer.clock.advance(milliseconds: 900_000)
    #expect(try await refusal(of: token) == .expired)
  }

  @Test("reads the header as the engine does: no bearer, one bearer, more than one")
  func header() async throws {
    let (verifier, token) = (try issuer.verifier(), issuer.access())
    func reason(_ values: [String]) async -> String? {
      do throws(AuthorizationError) {
        _ = try await verifier.verify(PresentedBearer(authorization: values))
        return nil
      } catch {
        return error.reason
      }
    }
    #expect(await reason([]) == "absent")
    #expect(await reason(["Basic YTpi"]) == "absent")
    #expect(await reason(["bearer \(token)"]) == nil)
    #expect(await reason(["Bearer \(token)", "Bearer \(token)"]) == "malformed")
    #expect(await reason(["Bearer \(token),\(token)"]) == "malformed")
    #expect(await reason(["Bearer x.y.z"]) == "malformed")
    #expect("\(PresentedBearer(authorization: ["Bearer \(token)"]))".contains(token) == false)
  }

  @Test("does not read a set without a key that tokens can name")
  func emptySets() {
    let unnamed = #"{"keys":[{"kty":"oct","k":"\#(String(repeating: "A", count: 43))"}]}"#
    for text in [#"{"keys":[]}"#, "{}", "no JSON", unnamed] {
      #expect(throws: KeySetError.self, "\(text)") { try KeySet(json: Array(text.utf8)) }
    }
    #expect(throws: KeySetError.self) { try KeySet(file: "/nowhere/jwks.json") }
  }
}
