import TokenClient
import TokenVerification

/// Verifies a token by keys that stand in the program, at two times, and asks a server that is not there for another.
@main
struct PlainExample {
  static func main() async throws {
    let keys = try KeySet(json: Array(Fixture.keys.utf8))
    // A token ends by the clock: these two show the time at which it was good, and that it no longer is.
    let then = SessionClock { Timestamp(milliseconds: 1_767_225_900_000) }
    for clock in [then, .system] {
      // docs:plain
      let verifier = AccessTokenVerifier(keys: keys, issuer: "https://login.example", clock: clock)
      do {
        let caller = try await verifier.verify(authorization: "Bearer \(Fixture.token)")
        print("accepted: \(caller.subject) at \(caller.client) with \(caller.scopes)")
      } catch {
        print("refused: \(error.reason)")
      }
      // docs:end
    }

    let client = TokenServerClient(id: "app") { _ in throw RequestNotSent("there is no server in this program") }
    do { _ = try await client.refresh("a refresh token") } catch { print(error) }
  }
}

/// A key set, and a token of the first minutes of 2026.
enum Fixture {
  static let keys = """
    {"keys":[{"kty":"EC","crv":"P-256","kid":"example-1","alg":"ES256","use":"sig",
    "x":"p66OoU-wHKPB2Bi8DxzruIOSDJiiHFrXlwmYY-YsyZs","y":"J8K01fnoGxXW9I4yNpGpLb3VAkB7blDFLVu9ZBB0N2Y"}]}
    """
  static let token = [
    "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImV4YW1wbGUtMSJ9.eyJpc3MiOiJodHRwczovL2xvZ2luLmV",
    "4YW1wbGUiLCJhdWQiOiJodHRwczovL2xvZ2luLmV4YW1wbGUiLCJzdWIiOiJhbm4iLCJjbGllbnRfaWQiOiJhcHAiLCJzY29",
    "wZSI6Im9yZGVycy5yZWFkIiwiaWF0IjoxNzY3MjI1NjAwLCJleHAiOjE3NjcyMjY1MDAsImp0aSI6IkFRSURCQVVHQndnSkN",
    "nc01BQUFBQUEiLCJzaWQiOiJBUUlEQkFVR0J3Z0pDZ3NNIn0.eDggVtmcllKS1pjMKvhoRBR6x17-a2cRmQ0epZOGR5qdNKv",
    "3BO_p4YcF0vhCqnS9go0QFohrvohFmF41xCEZzw",
  ].joined()
}
