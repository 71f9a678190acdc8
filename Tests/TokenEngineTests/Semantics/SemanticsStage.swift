import LedgerTesting
import Testing
import TokenLedger
import TokenSigning
import TokenTesting

@testable import TokenEngine

#if Postgres
import TokenLedgerPostgres
#endif

/// The stage on which a row of the table is played: an engine under one policy, and the pairs that were answered so
/// far.
final class SemanticsStage {
  let policy: SemanticsPolicy
  let ledger: TestedLedger
  let fixture: EngineFixture
  /// The fixture's engine, or another one after a change of the configuration.
  var engine: RotationEngine
  var client = EngineFixture.client
  var pairs: [TokenPair] = []
  let key = DPoPKey()
  let otherKey = DPoPKey()
  private var proofCount = 0
  /// The pair that was presented last, which can be of another session than the last pair.
  private var presented: TokenPair?

  init(_ policy: SemanticsPolicy, on ledger: TestedLedger, _ change: (inout EngineOptions) -> Void) async throws {
    self.policy = policy
    self.ledger = ledger
    fixture = try await EngineFixture(on: ledger) {
      policy.apply(to: &$0)
      change(&$0)
    }
    engine = fixture.engine
  }

  /// The last pair that was answered.
  var last: TokenPair { get throws { try #require(pairs.last) } }
  var first: TokenPair { get throws { try #require(pairs.first) } }
  /// The pair before the last one.
  var predecessor: TokenPair { get throws { try #require(pairs.dropLast().last) } }

  func wait(_ milliseconds: Int64) { fixture.clock.advance(milliseconds: milliseconds) }

  func open() async throws {
    pairs.append(try await engine.logIn(name: "ann", password: "ann", client: client).pair())
  }

  /// Rotates the last pair's token this many times.
  func rotate(_ times: Int = 1) async throws {
    for _ in 0..<times {
      pairs.append(try await engine.refresh(try last.refreshToken, client: client).pair())
    }
  }

  /// Uses the last access token.
  ///
  /// If a grace window is open, this returns once the ledger has noted the use: one in a database does so beside its
  /// callers.
  func use() async throws {
    let token = try engine.verify(try last.accessToken).tokenID
    #if Postgres
    guard policy.graceSeconds > 0, let ledger = fixture.ledger as? PostgresLedger else { return }
    let statement = Statement(name: "stage_seen", sql: "select successor_seen from session where id = $1")
    while try await !ledger.perform({ connection, _, deadline throws(DatabaseError) in
      try connection.look(Query(statement, [.bytes(token.session.bytes)]), deadline: deadline).bool(0, 0)
    }) {}
    #endif
  }

  /// Makes a proof for a request for tokens at the present time; `method` is the one that it states.
  func proof(of key: DPoPKey? = nil, method: String = "POST", accessToken: String? = nil) -> PresentedProof {
    proofCount += 1
    let uri = "https://tokens.example/token"
    let text = (key ?? self.key).proof(
      method: method, uri: uri, identifier: "\(proofCount)", issuedAt: fixture.clock.now.seconds,
      accessToken: accessToken)
    return PresentedProof(text: text, method: "POST", uri: uri)
  }

  /// Presents a refresh token and says what the wire says.
  func present(
    _ pair: TokenPair, scope: String? = nil, as client: Client? = nil, proof: PresentedProof? = nil
  ) async throws -> String {
    presented = pair
    return try await present(pair.refreshToken, scope: scope, as: client, proof: proof)
  }

  func present(
    _ token: String, scope: String? = nil, as client: Client? = nil, proof: PresentedProof? = nil
  ) async throws -> String {
    let before = pairs.last
    do {
      let outcome = try await engine.refresh(token, client: client ?? self.client, scope: scope, proof: proof)
      if case .granted(let pair) = outcome { pairs.append(pair) }
      return SemanticsWording.reply(outcome, before: before)
    } catch {
      return error.isUnavailable ? "503, nothing consumed" : "500 (\(error))"
    }
  }

  /// Returns a refresh token that is signed by the engine's own key and that no ledger made.
  func mintRefresh(_ token: TokenID) throws -> String {
    let now = fixture.clock.now.seconds
    return engine.refreshing.minting.minter.mintRefresh(
      RefreshClaims(
        subject: "ann", clientID: client.id, scope: "read write", issuedAt: now, expiresAt: now + 86_400,
        identifier: TokenIdentifier(token)))
  }

  /// Describes the state at the end of a row.
  func state() async throws -> String {
    guard var pair = pairs.last else { return "no session" }
    if let presented, presented.session != pair.session { pair = presented }
    let session = try await engine.session(pair.session)
    let access: String
    do {
      let holder = pair.keyThumbprint == otherKey.thumbprint ? otherKey : key
      _ = try engine.verify(
        pair.accessToken, proof: pair.keyThumbprint.map { _ in proof(of: holder, accessToken: pair.accessToken) })
      access = "access token accepted"
    } catch {
      access = "access token \(error.rawValue)"
    }
    return "\(session.map { "generation \($0.generation) live" } ?? "no live session"); \(access)"
  }
}

/// The policy that a row is played under.
struct SemanticsPolicy: Hashable {
  var reuse: ReusePolicy
  var graceSeconds: Int

  static let all = [ReusePolicy.revokeSession, .refuse].flatMap { reuse in
    [0, 30].map { SemanticsPolicy(reuse: reuse, graceSeconds: $0) }
  }

  func apply(to options: inout EngineOptions) {
    options.reuse = reuse
    options.grace = .seconds(graceSeconds)
  }

  /// Returns the shortest words for some of all policies.
  static func words(for policies: [SemanticsPolicy]) -> String {
    if policies.count == all.count { return "any" }
    let graces = Set(policies.map(\.graceSeconds))
    let reuses = Set(policies.map(\.reuse))
    let isProduct = policies.count == graces.count * reuses.count
    if isProduct, graces.count == 1, reuses.count == 2 { return "grace \(policies[0].graceSeconds) s" }
    if isProduct, reuses.count == 1, graces.count == 2 { return policies[0].reuse.rawValue }
    return policies.map { "\($0.reuse.rawValue), grace \($0.graceSeconds) s" }.joined(separator: "; ")
  }
}
