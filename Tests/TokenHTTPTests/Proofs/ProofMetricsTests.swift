import HummingbirdTesting
import InMemoryLogging
import Logging
import Testing
import TokenEngine
import TokenObservability
import TokenTesting

@testable import TokenHTTP

@Suite("A refused proof")
struct ProofMetricsTests {
  @Test("is counted by its reason: as a refusal of the grant, and apart where an access token came along")
  func counted() async throws {
    let metrics = CountedMetrics()
    let fixture = try ServerFixture(metrics: metrics.server)
    let maker = ProofMaker(fixture)
    try await fixture.run { client async throws in
      let token = try #require(try await client.logIn(proofs: [maker.proof()])["access_token"])
      _ = try await client.logIn(proofs: [maker.proof("POST", "/other")])
      _ = try await client.get("/me", dpop: token, proofs: [])
      _ = try await client.get("/me", dpop: token, proofs: [maker.proof("GET", "/me")])
      _ = try await client.get("/me", dpop: token, proofs: [maker.proof("GET", "/me", accessToken: token)])
    }
    #expect(
      metrics.counts == [
        "sessions_opened_total": 1, "refusals_total{proof_other_request}": 1, "login_failures_total": 1,
        "proofs_refused_total{proof_missing}": 1, "proofs_refused_total{proof_other_token}": 1,
      ])
  }

  @Test("is told by its reason in a line of the log that holds nothing of it")
  func told() async throws {
    let kept = InMemoryLogHandler()
    var logger = Logger(label: "test", factory: { _ in kept })
    logger.logLevel = .trace
    let fixture = try ServerFixture(logger: logger)
    let maker = ProofMaker(fixture)
    let proof = maker.proof("GET", "/other")
    try await fixture.run { client async throws in
      let token = try #require(try await client.logIn(proofs: [maker.proof()])["access_token"])
      _ = try await client.get("/me", dpop: token, proofs: [proof])
    }
    let lines = kept.entries.map { "\($0.level) \($0.message) \($0.metadata)" }
    #expect(lines.contains { $0.hasPrefix("notice proof of a key refused") && $0.contains("proof_other_request") })
    for part in proof.split(separator: ".") { #expect(!lines.contains { $0.contains(part) }) }
  }
}
