#if Postgres
import PostgresTesting
import SystemPackage
import Testing
import TokenLedgerPostgres
import TokenTesting

@testable import TokenEngine

@Suite("Engines on one database", .timeLimit(.minutes(5)), .fewAtOnce)
struct SharedEngineTests {
  private let instances: EngineInstances

  init() async throws {
    instances = try await EngineInstances()
  }

  @Test("go on with each other's sessions: a log-in at one, a refresh at the next, a replay at the third")
  func threeInstances() async throws {
    let first = try await instances.engine()
    let second = try await instances.engine()
    let observer = RecordingObserver()
    let third = try await instances.engine(observer: observer)
    let pair = try await first.tokens()
    let next = try await second.refresh(pair.refreshToken).pair()
    #expect(try third.verify(next.accessToken).tokenID.session == pair.session)

    guard case .refused(.reused(_, _, revokedSession: true)) = try await third.refresh(pair.refreshToken) else {
      Issue.record("the replay was not seen")
      return
    }
    #expect(throws: BadToken.revoked) { try third.verify(next.accessToken) }
    #expect(try await second.refresh(next.refreshToken) == .refused(.revoked(generationsBehind: 0)))
    for engine in [first, second] {
      try await eventually { (try? engine.verify(next.accessToken)) == nil }
      #expect(throws: BadToken.revoked) { try engine.verify(next.accessToken) }
    }
    for engine in [first, second, third] { try await engine.close() }
  }

  @Test("grant one of any number of simultaneous refreshes of one token")
  func race() async throws {
    var options = EngineOptions()
    options.reuse = .refuse
    let engines = [
      try await instances.engine(options: options), try await instances.engine(options: options),
      try await instances.engine(options: options),
    ]
    for _ in 0..<10 {
      let pair = try await engines[0].tokens()
      let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
        for index in 0..<12 {
          group.addTask {
            if case .granted = try await engines[index % 3].refresh(pair.refreshToken) { true } else { false }
          }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(granted == 1)
    }
    for engine in engines { try await engine.close() }
  }

  @Test("that cannot have their keys fix no issuer, and commands leave the policy of the instances as it is")
  func terms() async throws {
    let none = SharedKeys.database(masterKeys: ["/nowhere/master"])
    await #expect(throws: EngineError.self) { try await instances.engine(keys: none) }
    let noted = "select coalesce(issuer, '') || ' ' || coalesce(policy, '') from refresh_ledger.ledger"
    #expect(try instances.database.value(noted) == " ")
    let server = try await instances.engine()
    let before = try instances.database.value(noted)
    let ledger = try await PostgresLedger.open(instances.database.address, options: EngineInstances.store)
    var options = EngineOptions()
    options.grace = .seconds(7)
    let observer = RecordingObserver()
    let command = try await RotationEngine.open(
      ledger: ledger, keys: instances.keyFolder, options: options, subjects: nil, observer: observer,
      announcesPolicy: false)
    #expect(try instances.database.value(noted) == before)
    #expect(observer.events.isEmpty)
    for engine in [server, command] { try await engine.close() }
  }

  @Test("spare the sessions of a client that is in the place of another, however late they hear of that")
  func replacedClient() async throws {
    let first = try await instances.engine()
    let late = try await instances.engine()
    let records = try #require(first.ledger as? PostgresLedger).records
    let (old, new) = (Self.client("1"), Self.client("2"))
    let change = try #require(try await records.put(.client, "web", [1], expecting: nil))
    let ended = try await first.openUncheckedSession(subject: "ann", client: old, scopes: [])
    #expect(try await records.put(.client, "web", [2], expecting: change) != nil)
    let clients = ClientTable()
    clients.set(new)
    #expect(try await first.revokeSessions(ofGone: "web", in: clients) == 1)
    let spared = try await first.openUncheckedSession(subject: "ann", client: new, scopes: [])
    // At an instance that has not heard of it.
    let behind = try await late.openUncheckedSession(subject: "bob", client: old, scopes: [])
    #expect(try await late.revokeSessions(ofGone: "web", in: clients) == 1)
    for pair in [ended, behind] {
      #expect(try await late.session(pair.session) == nil)
      try await eventually { (try? late.verify(pair.accessToken)) == nil }
    }
    try await eventually { (try? late.verify(spared.accessToken)) != nil }
    _ = try await late.refresh(spared.refreshToken, client: new).pair()
    for engine in [first, late] { try await engine.close() }
  }

  private static func client(_ version: String) -> Client {
    Client(id: "web", isPublic: true, version: AccountVersion(version))
  }

  @Test("hear of each other's revocations: of a token, a session, a subject, a client and all")
  func revocations() async throws {
    let first = try await instances.engine()
    let second = try await instances.engine()
    func isRefusedAtSecond(_ revoke: (TokenPair) async throws -> Void) async throws {
      let pair = try await second.tokens()
      #expect(try second.verify(pair.accessToken).subject == "ann")
      try await revoke(pair)
      try await eventually { (try? second.verify(pair.accessToken)) == nil }
      #expect(throws: BadToken.revoked) { try second.verify(pair.accessToken) }
    }
    try await isRefusedAtSecond { pair in
      _ = try await first.revoke(token: pair.accessToken, client: EngineInstances.web)
    }
    try await isRefusedAtSecond { pair in _ = try await first.revoke(pair.session) }
    try await isRefusedAtSecond { _ in try await first.revokeSessions(of: .subject("ann")) }
    try await isRefusedAtSecond { _ in try await first.revokeSessions(of: .client("web")) }
    try await isRefusedAtSecond { _ in try await first.revokeSessions(of: .all) }
    for engine in [first, second] { try await engine.close() }
  }

  @Test("revoke each other's tokens of clients, and those that are issued afterwards are good")
  func clientTokens() async throws {
    let first = try await instances.engine()
    let second = try await instances.engine()
    let before = try await second.clientToken(for: EngineInstances.robot).token()
    try await first.revokeSessions(of: .client("robot"))
    try await eventually { (try? second.verify(before.accessToken)) == nil }
    let after = try await second.clientToken(for: EngineInstances.robot).token()
    for engine in [first, second] {
      try await eventually { (try? engine.verify(after.accessToken)) != nil }
      #expect(throws: BadToken.revoked) { try engine.verify(before.accessToken) }
    }
    for engine in [first, second] { try await engine.close() }
  }

  @Test("tell the ledger how long access tokens live, with or without a session, before they issue one")
  func accessLifetimes() async throws {
    var options = EngineOptions()
    options.accessLifetime = .seconds(60)
    let engine = try await instances.engine(options: options)
    func known() throws -> String? { try instances.database.value("select access_ms from refresh_ledger.ledger") }
    _ = try await engine.tokens()
    #expect(try known() == "60000")
    var robot = EngineInstances.robot
    robot.lifetimes.access = .seconds(90)
    _ = try await engine.clientToken(for: robot).token()
    #expect(try known() == "90000")
    _ = try await engine.clientToken(for: EngineInstances.robot).token()
    #expect(try known() == "90000")
    try await engine.close()
  }

  @Test("are not opened with another bound on a subject's sessions than their ledger's")
  func otherBound() async throws {
    var options = EngineOptions()
    options.sessionsPerSubjectMax = 2
    let error = await #expect(throws: EngineError.self) { _ = try await instances.engine(options: options) }
    guard case .invalid(field: "sessionsPerSubjectMax", _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    var store = EngineInstances.store
    store.sessionsPerSubjectMax = 2
    let engine = try await instances.engine(options: options, store: store)
    for _ in 0..<3 { _ = try await engine.tokens() }
    #expect(try await engine.sessionCount(of: .subject("ann")) == 2)
    try await engine.close()
  }

  @Test("are one issuer's: an engine of another is refused in one line, and nothing is changed")
  func otherIssuer() async throws {
    var options = EngineOptions()
    options.issuer = "https://one"
    let first = try await instances.engine(options: options)
    options.issuer = "https://two"
    options.grace = .seconds(9)
    do {
      _ = try await instances.engine(options: options)
      Issue.record("it was opened")
    } catch let error as EngineError {
      guard case .invalid(field: "issuer", let limit) = error else { throw error }
      #expect(limit.contains("https://one") && limit.contains(instances.database.name) && !limit.contains("\n"))
      #expect(!error.isTemporary && !error.isUnavailable)
    }
    let observer = RecordingObserver()
    options.issuer = "https://one"
    options.grace = .zero
    let again = try await instances.engine(options: options, observer: observer)
    #expect(observer.events.isEmpty)
    for engine in [first, again] { try await engine.close() }
  }

  @Test("have one policy: another is told of once, with both, and is the one to compare with from then on")
  func otherPolicy() async throws {
    var options = EngineOptions()
    let first = try await instances.engine(options: options)
    options.grace = .seconds(9)
    options.algorithm = .es256
    options.accessLifetime = .milliseconds(1500)
    let observer = RecordingObserver()
    let second = try await instances.engine(options: options, observer: observer)
    #expect(
      observer.events == [
        .policyDiffers(
          before: "access=900s idle=30d absolute=365d grace=0s reuse=revoke-session algorithm=HS256",
          now: "access=1500ms idle=30d absolute=365d grace=9s reuse=revoke-session algorithm=ES256")
      ])
    let silent = RecordingObserver()
    let third = try await instances.engine(options: options, observer: silent)
    #expect(silent.events.isEmpty)
    for engine in [first, second, third] { try await engine.close() }
  }

  @Test("are opened in one call, by the address alone")
  func oneCall() async throws {
    var store = EngineInstances.store
    store.connections = 1
    let engine = try await RotationEngine.open(
      database: try instances.text, keys: .database(masterKeys: [try instances.masterKey("master")]), store: store)
    let pair = try await engine.tokens()
    guard case .granted = try await engine.refresh(pair.refreshToken) else {
      Issue.record("refused")
      return
    }
    guard case .postgres(let text) = engine.store else {
      Issue.record("\(engine.store)")
      return
    }
    #expect(text.contains(instances.database.name))
    try await engine.close()
    await #expect(throws: EngineError.self) { try await engine.tokens() }
  }

  @Test("are opened as docs/embedding.md shows it")
  func document() async throws {
    let engine = try await openInstance(on: try instances.text, masterKey: try instances.masterKey("master"))
    let pair = try await engine.tokens()
    #expect(try engine.verify(pair.accessToken).subject == "ann")
    try await engine.close()
  }

  @Test(
    "say in one line why they cannot be opened, and whether to try again",
    arguments: [
      ("postgresql://127.0.0.1:1/none", true), ("postgresql://127.0.0.1:99999/none", false), ("nonsense", false),
    ])
  func noDatabase(_ text: String, isTemporary: Bool) async throws {
    var store = EngineInstances.store
    store.requestDeadline = .milliseconds(200)
    let error = await #expect(throws: EngineError.self) {
      try await RotationEngine.open(database: text, keys: instances.keyFolder, store: store)
    }
    #expect(error?.isTemporary == isTemporary && error?.isUnavailable == true)
    #expect(error?.description.contains("\n") == false)
  }
}

extension ClientGrantOutcome {
  func token() throws -> ClientToken {
    switch self {
    case .granted(let token): token
    case .refused(let refusal): throw GrantOutcome.Refused(refusal: refusal)
    }
  }
}
#endif
