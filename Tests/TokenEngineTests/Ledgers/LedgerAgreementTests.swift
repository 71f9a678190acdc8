import RotationModel
import Testing
import TokenLedger
import TokenTesting

/// `RefreshLedger`, which keeps indexes, marks, a wheel and slots, beside `DictionaryLedger`, which looks through all.
@Suite("Two ledgers")
struct LedgerAgreementTests {
  @Test(
    "that are asked the same at the same times answer, refuse and tell the same, whatever that is",
    .timeLimit(.minutes(10)), arguments: 0..<60 as Range<UInt64>)
  func agree(seed: UInt64) async throws {
    var pair = try await LedgerPair(seed: seed)
    for step in 0..<120 {
      let (question, first, second) = try await pair.step()
      guard first != second else { continue }
      Issue.record("seed \(seed), step \(step): \(question)\n  log: \(first)\n  dictionary: \(second)")
      return
    }
    let (first, second) = try await pair.facts()
    #expect(first == second, "seed \(seed)")
  }
}

/// A question to both ledgers.
private enum LedgerQuestion {
  case open([SessionGrant])
  case rotate([RotationRequest])
  case importSessions([SessionImport])
  case revoke(SessionID)
  case revokeScope(SessionScope)
  case revokeOutdated(subject: String, version: AccountVersion, moment: Timestamp?)
  case revokeAccess(TokenID, until: Timestamp)
  case issueAccess(client: String)
  case issue(OneTimeGrant)
  case consume(SessionID, purpose: String)
  case noteUse(TokenID, issuedAt: Int64)
  case count(KeyProof)
  case sweep
}

/// The answer of one ledger in words, and the parts of it that are asked about later.
private struct LedgerAnswer: Equatable {
  var words: String
  var sessions: [Session]
  var ids: [SessionID]
  var time = Timestamp.zero
  var live: [Session] = []
  var subjects: [String] = []
  var clients: Set<SessionHolders.ClientHolding> = []
  var figures: [Int64] = []
  /// The findings about the last tokens that were handed out: if each is refused, and if it is marked.
  var refusals: [Bool] = []

  init(_ outcome: some Any, sessions: [Session] = [], ids: [SessionID] = []) {
    words = String(describing: outcome)
    self.sessions = sessions
    self.ids = ids
  }
}

/// Two ledgers on one clock that draw the same ids, and what they handed out so far.
private struct LedgerPair {
  private let clock = ManualClock()
  private let log: RefreshLedger
  private let dictionary: DictionaryLedger
  private let told: [AuditEvents]
  /// True if a subject can have two sessions at most; a step then asks for one, as either of two used at once could go.
  private let hasCap: Bool
  private var generator: SeededGenerator
  /// Sessions as they were handed out, and with them each token that was ever live.
  private var handedOut: [Session] = []
  private var oneTimeTokens: [SessionID] = []

  private static let end = "end of the events"

  init(seed: UInt64) async throws {
    generator = SeededGenerator(seed: seed)
    hasCap = seed % 3 == 0
    let (cap, random) = (hasCap ? 2 : 0, SeededGenerator(seed: seed ^ 0xFF))
    log = RefreshLedger.inMemory(sessionsPerSubjectMax: cap, clock: clock.sessionClock, random: random)
    dictionary = DictionaryLedger(clock: clock, sessionsPerSubjectMax: cap, random: random)
    told = [try await log.events(), try await dictionary.events()]
  }

  mutating func step() async throws -> (question: LedgerQuestion, first: LedgerAnswer, second: LedgerAnswer) {
    passTime()
    let question = question()
    var first = try await answer(question, of: log)
    var second = try await answer(question, of: dictionary)
    if case .importSessions = question {
      // Of one that was brought in again nothing is asked about the life before.
      for session in first.sessions { handedOut.removeAll { $0.id == session.id } }
    }
    handedOut += first.sessions
    oneTimeTokens += first.ids
    try await look(at: log, &first)
    try await look(at: dictionary, &second)
    return (question, first, second)
  }

  private mutating func passTime() {
    let milliseconds: [Int64] = [hasCap ? 1 : 0, 1, 7, 400, 1_000, 1_500, 9_000, 31_000]
    clock.advance(milliseconds: pick(milliseconds))
    if one(in: 25) { clock.step(milliseconds: pick([-90_000, -2_500, -300, 800, 40_000])) }
  }

  private mutating func pick<Element>(_ choices: [Element]) -> Element {
    choices[Int(generator.next() % UInt64(choices.count))]
  }

  private mutating func one(in count: UInt64) -> Bool { generator.next() % count == 0 }

  private mutating func many<Element>(_ make: (inout LedgerPair) -> Element) -> [Element] {
    let count = hasCap ? 1 : pick([1, 1, 2, 3])
    return (0..<count).map { _ in make(&self) }
  }

  private mutating func subject() -> String { pick(["ann", "bob", "cy"]) }
  private mutating func client() -> String { pick(["web", "app"]) }
  private mutating func version() -> AccountVersion {
    pick([.none, .unknown, AccountVersion("1"), AccountVersion("1"), AccountVersion("2")])
  }

  private mutating func session() -> Session? {
    guard !handedOut.isEmpty else { return nil }
    return one(in: 3) ? pick(handedOut) : pick(handedOut.suffix(6).map { $0 })
  }

  private static let lifetimes = [(20_000, 90_000), (45_000, 300_000), (120_000, 60_000)].compactMap {
    Lifetimes(idleMilliseconds: $0.0, absoluteMilliseconds: $0.1)
  }
  /// Terms no shorter than any other: the log forgets by the lifetimes that it had before.
  private static let longerTerms = Lifetimes(idleMilliseconds: 200_000, absoluteMilliseconds: 400_000).map {
    SessionTerms(lifetimes: $0)
  }

  // MARK: Questions

  private mutating func question() -> LedgerQuestion {
    switch generator.next() % 20 {
    case 0...3: .open(many { $0.grant() })
    case 4...10: .rotate(many { $0.request() })
    case 11:
      .importSessions(many { SessionImport(id: SessionID(high: $0.generator.next() % 8, low: 1), grant: $0.grant()) })
    case 12: .revoke(session()?.id ?? SessionID(high: 1, low: 1))
    case 13: .revokeScope(scope())
    case 14:
      .revokeOutdated(
        subject: subject(), version: version(), moment: one(in: 2) ? clock.now.advanced(byMilliseconds: -500) : nil)
    case 15: .revokeAccess(token(), until: clock.now.advanced(byMilliseconds: 86_400_000))
    case 16: .issueAccess(client: client())
    case 17:
      one(in: 2)
        ? .issue(OneTimeGrant(purpose: "reset", subject: subject(), payload: [1], lifetimeMilliseconds: 20_000))
        : .consume(oneTimeTokens.last ?? SessionID(high: 1, low: 1), purpose: pick(["reset", "reset", "invite"]))
    case 18 where one(in: 2): .count(proof())
    case 18: .noteUse(token(), issuedAt: clock.now.seconds)
    default: .sweep
    }
  }

  private mutating func key() -> Digest256 { digest(pick([1, 2])) }

  private func digest(_ byte: UInt8) -> Digest256 { Digest256(repeating: byte) }

  private mutating func proof() -> KeyProof {
    KeyProof(
      key: key(), useDigest: digest(UInt8(truncatingIfNeeded: 1 + generator.next() % 60)),
      end: clock.now.advanced(byMilliseconds: pick([-1, 500, 20_000, 60_000, 400_000_000])))
  }

  private mutating func grant() -> SessionGrant {
    var grant = bareGrant()
    grant.attributes = pick([[], [], [1, 2, 3]])
    switch generator.next() % 6 {
    case 0, 1: grant.keys.lifelong = key()
    case 2: grant.keys.ofLastUse = key()
    default: break
    }
    return grant
  }

  private mutating func bareGrant() -> SessionGrant {
    SessionGrant(
      subject: subject(), client: client(), scope: pick(["read", "read write"]), lifetimes: pick(Self.lifetimes),
      rotation: pick([.always, .always, .always, .never]), label: pick([nil, "phone"]), subjectVersion: version(),
      clientVersion: pick([.unknown, .none, AccountVersion("1")]))
  }

  private mutating func token() -> TokenID {
    guard let session = session() else { return TokenID(session: SessionID(high: 1, low: 1), generation: 1) }
    return one(in: 15) ? TokenID(session: session.id, generation: session.generation + 2) : session.refreshTokenID
  }

  private mutating func request() -> RotationRequest {
    let token = token()
    let own = handedOut.first { $0.id == token.session }?.client ?? "web"
    var request = RotationRequest(
      token: token, client: one(in: 12) ? client() : own, graceMilliseconds: pick([0, 10_000, 300_000]),
      reuse: pick([.refuse, .refuse, .revokeSession]), narrowedScope: pick([nil, nil, "read"]),
      subjectVersion: one(in: 6) ? version() : nil, clientVersion: one(in: 8) ? AccountVersion("1") : nil,
      notBefore: one(in: 10) ? clock.now.advanced(byMilliseconds: -5_000) : nil, revokesOutdated: one(in: 2),
      terms: one(in: 8) ? Self.longerTerms : nil)
    if one(in: 2) { request.proof = proof() }
    return request
  }

  private mutating func scope() -> SessionScope {
    pick([
      .all, .subject(subject()), .client(client()), .subjectAtClient(subject: subject(), client: client()),
      .subject(subject()),
    ])
  }

  // MARK: Answers

  private func answer(
    _ question: LedgerQuestion, of ledger: any OneTimeLedger & EventLedger
  ) async throws -> LedgerAnswer {
    switch question {
    case .open(let grants):
      let opened = try await ledger.open(grants, deadline: nil) { ($0, $1) }
      return LedgerAnswer(opened, sessions: opened.0)
    case .rotate(let requests):
      let rotated = try await ledger.rotate(requests, deadline: nil) { ($0, $1) }
      return LedgerAnswer(rotated, sessions: rotated.0.compactMap(\.session))
    case .importSessions(let batch):
      let imported = try await ledger.importSessions(batch) { ($0, $1) }
      let opened = imported.0.compactMap { outcome -> Session? in
        if case .opened(let session) = outcome { session } else { nil }
      }
      let told = imported.0.map { outcome -> String in
        if case .present(let session) = outcome { "present: \(session.map { bare($0) } as Any)" } else { "\(outcome)" }
      }
      return LedgerAnswer((told, imported.1), sessions: opened)
    case .revoke(let id): return LedgerAnswer(try await ledger.revoke(id))
    case .revokeScope(let scope): return LedgerAnswer(try await ledger.revoke(scope))
    case .revokeOutdated(let subject, let version, let moment):
      let ended = try await ledger.revoke(subject: subject, openedUnderOtherThan: version, orBefore: moment)
      return LedgerAnswer(ended.sorted())
    case .revokeAccess(let token, let end): return LedgerAnswer(try await ledger.revokeAccess(token, until: end))
    case .issueAccess(let client): return LedgerAnswer(try await ledger.issueAccess(client: client))
    case .issue(let grant):
      let issued = try await ledger.issue(grant) { ($0, $1) }
      return LedgerAnswer(issued, ids: [issued.0])
    case .consume(let id, let purpose): return LedgerAnswer(try await ledger.consume(id, purpose: purpose))
    case .noteUse(let token, let issuedAt):
      return LedgerAnswer(ledger.register.noteUse(of: token, issuedAt: issuedAt, now: ledger.now()))
    case .count(let proof): return LedgerAnswer(try await (ledger as? any ProofLedger)?.count(proof) as Any)
    case .sweep: return LedgerAnswer(try await TestedLedger.sweep(ledger))
    }
  }

  /// Returns a session without the shifts of its past, which follow from records, some of which only a log has.
  private func bare(_ session: Session) -> Session {
    var bare = session
    bare.shifts.ofOpening = 0
    bare.shifts.ofUse = 0
    return bare
  }

  private func look(at ledger: any OneTimeLedger & EventLedger, _ answer: inout LedgerAnswer) async throws {
    answer.time = ledger.now()
    let listed = try await ledger.sessions(of: .all, after: nil, limit: 1000)
    answer.live = listed.sessions.map { bare($0) }.sorted { $0.id < $1.id }
    let holders = try await ledger.holders()
    answer.subjects = holders.subjects.sorted()
    answer.clients = Set(holders.clients)
    let statistics = await ledger.statistics
    answer.figures = [Int64(statistics.liveSessions), Int64(statistics.entries), statistics.clockShiftSeconds]
    for session in handedOut.suffix(40) {
      let (subject, client, issuedAt) = (session.subject, session.client, session.refreshedAt.seconds)
      answer.refusals.append(
        ledger.register.isRefused(session.tokenID, subject: subject, client: client, issuedAt: issuedAt))
      answer.refusals.append(ledger.register.isMarked(subject: subject, client: client, issuedAt: issuedAt))
    }
  }

  /// Returns what both have told, each sorted: several sessions that end in one step do so in any order.
  func facts() async throws -> (first: [String], second: [String]) {
    var facts: [[String]] = []
    for (ledger, events) in zip([log, dictionary] as [any OneTimeLedger & EventLedger], told) {
      let end = OneTimeGrant(purpose: Self.end, subject: "ann", lifetimeMilliseconds: 1)
      _ = try await ledger.issue(end) { id, _ in id }
      var (iterator, lines): (AuditEvents.Iterator, [String]) = (events.makeAsyncIterator(), [])
      while let event = try await iterator.next() {
        if case .oneTimeIssued(_, _, Self.end) = event.fact { break }
        var event = event
        // The log counts records that are nobody's business too.
        event.sequence = 0
        lines.append("\(event)")
      }
      facts.append(lines.sorted())
    }
    return (facts[0], facts[1])
  }
}
