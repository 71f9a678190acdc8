#if Postgres
import PostgresTesting
import RotationModel
import Testing
import TokenLedger
import TokenTestInputs

@testable import TokenLedgerPostgres

/// The one statement against the rule: over sessions and requests of every kind it grants just what the rule grants.
@Suite("The statement that grants rotations", .fewAtOnce, .timeLimit(.minutes(10)))
struct FastRotationTests {
  private static let start = Timestamp(milliseconds: 1_767_225_600_000)

  /// Draws sessions, marks and requests in which what decides lies close together.
  private struct Cases {
    var random: SeededGenerator
    let now: Timestamp

    mutating func pick<Value>(_ values: Value...) -> Value { values[Int.random(in: 0..<values.count, using: &random)] }
    mutating func chance(_ part: Int) -> Bool { Int.random(in: 0..<part, using: &random) == 0 }

    mutating func version() -> AccountVersion { pick(.unknown, .none, AccountVersion("1"), AccountVersion("2")) }

    mutating func lifetimes() throws -> Lifetimes {
      let idle = pick(1, 59_999, 60_000, 60_001, 3_600_000, Lifetimes.millisecondsMax)
      let absolute = pick(1, 119_999, 120_000, 120_001, 36_000_000, Lifetimes.millisecondsMax)
      return try #require(Lifetimes(idleMilliseconds: idle, absoluteMilliseconds: absolute))
    }

    mutating func session(number: Int64) throws -> SessionRow {
      let hours = try #require(Lifetimes(idleMilliseconds: 3_600_000, absoluteMilliseconds: 36_000_000))
      var grant = SessionGrant(
        subject: pick("ann", "bob"), client: pick("web", "app", "", "é"), scope: "read write",
        lifetimes: chance(4) ? try lifetimes() : hours,
        rotation: chance(3) ? .never : .always, label: pick(nil, "phone"))
      (grant.subjectVersion, grant.clientVersion) = (version(), version())
      var row = SessionRow(id: SessionID(from: &random), grant: grant, at: now, attempt: 1)
      row.openedAt = now.advanced(byMilliseconds: pick(-120_000, -119_999, -1, 0))
      row.refreshedAt = max(row.openedAt, now.advanced(byMilliseconds: pick(-60_000, -59_999, -1000, 0)))
      row.generation = chance(8) ? pick(.max, .max - 1, .max - 2) : pick(0, 1, 2, 7)
      row.openedNumber = number
      row.status = chance(6) ? pick(.revoked, .expired) : .live
      row.hasSeenSuccessor = chance(2)
      row.narrowedScope = pick(nil, "read")
      return row
    }

    mutating func request(of row: SessionRow) throws -> RotationRequest {
      let live = row.terms.rotation == .never ? 0 : row.generation
      let generation = chance(3) ? pick(live &- 1, live &+ 1, 0, row.generation, .max) : live
      return try RotationRequest(
        token: TokenID(session: chance(15) ? SessionID(from: &random) : row.id, generation: generation),
        client: chance(6) ? pick("web", "app", "", "e\u{301}") : row.client, graceMilliseconds: pick(0, 300_000),
        narrowedScope: pick(nil, "read"), subjectVersion: chance(3) ? version() : pick(nil, row.subjectVersion),
        clientVersion: chance(3) ? version() : pick(nil, row.clientVersion),
        notBefore: chance(2) ? row.openedAt.advanced(byMilliseconds: pick(-1, 0, 1)) : nil, revokesOutdated: chance(2),
        terms: chance(2) ? SessionTerms(lifetimes: lifetimes(), rotation: pick(.always, .never)) : nil,
        accessMilliseconds: 900_000)
    }
  }

  /// A ledger with these sessions and marks, and a connection to it.
  private static func prepare(
    _ rows: [SessionRow], marks: [(client: String, number: Int64)], clock: ManualClock
  ) async throws -> (LedgerFixture, LedgerConnection) {
    let fixture = try await LedgerFixture(clock: clock)
    let connector = Connector(fixture.database.address, setting: try LedgerSetting(options: fixture.options))
    let connection = try connector.connect(deadline: .now + .seconds(20))
    _ = try connection.begin([], deadline: .now + .seconds(20))
    _ = try connection.finish([OpeningStep.insertion(of: rows)], deadline: .now + .seconds(20))
    for mark in marks {
      try fixture.execute("insert into mark(client, number, at_ms) values ('\(mark.client)', \(mark.number), 0)")
    }
    // An insertion gives numbers of its own, and leaves what later changes make.
    for row in rows {
      try fixture.execute("update session set opened_number = \(row.openedNumber) where id = \(row.id.literal)")
    }
    var changes = StepChanges()
    for row in rows { changes.change(row) }
    _ = try connection.begin([], deadline: .now + .seconds(20))
    _ = try connection.finish(changes.queries, deadline: .now + .seconds(20))
    return (fixture, connection)
  }

  private static let columns = """
    select id::text, generation, opened_at, refreshed_at, idle_ms, absolute_ms, status, rotation, successor_seen, narrowed, attempt
    from refresh_ledger.session where id = any(array[%]::bytea[]) order by id
    """

  @Test("grants just what the rule grants, with the same outcome, row and event as the slow step", arguments: 0..<4)
  func property(round: Int) async throws {
    let seed = UInt64.random(in: 0 ... .max)
    var cases = Cases(random: SeededGenerator(seed: seed), now: Self.start)
    let rows = try (0..<150).map { try cases.session(number: 100 + Int64($0)) }
    let marks = (0..<round).map { _ in
      (client: cases.pick("", "=web", "=", "=app"), number: cases.pick(0, 130, 200) as Int64)
    }
    let distinct = Dictionary(marks.map { ($0.client, $0) }, uniquingKeysWith: { first, _ in first }).values
    let requests = try rows.map { try cases.request(of: $0) }.sorted { $0.token.session < $1.token.session }
    let clock = ManualClock(Self.start)
    let (fast, fastConnection) = try await Self.prepare(rows, marks: Array(distinct), clock: clock)
    let (slow, slowConnection) = try await Self.prepare(rows, marks: Array(distinct), clock: clock)
    defer {
      fastConnection.database.close()
      slowConnection.database.close()
    }

    let query = FastRotation.query(requests.map { ($0, 7) }, time: .simulated)
    let answer = try fastConnection.step([query], deadline: .now + .seconds(20))
    let grants = try FastRotation.grants(answer.rows[0], of: requests, shifts: TimeShifts())
    let presentations = requests.map {
      SlowRotation.Presentation(request: $0, attempt: Attempt(id: 7, isRetry: false))
    }
    let (outcomes, moment) = try SlowRotation.run(presentations, on: slowConnection, deadline: .now + .seconds(20))
    var granted: [SessionID] = []
    for (index, outcome) in outcomes.enumerated() {
      let expected = outcome.granted == nil ? nil : outcome
      #expect(grants[index]?.rotation == expected, "seed \(seed): \(requests[index])")
      if let grant = grants[index] {
        #expect(grant.moment == moment, "seed \(seed)")
        granted.append(requests[index].token.session)
      }
    }
    // The cases are worth something.
    #expect(granted.count > 10 && granted.count < 120, "seed \(seed): \(granted.count) granted")
    let sql = Self.columns.replacing("%", with: granted.map(\.literal).joined(separator: ","))
    #expect(try fast.database.rows(sql) == slow.database.rows(sql), "seed \(seed)")
    let events = """
      select at_ms, shown_ms, kind, session::text, generation, subject, client from refresh_ledger.event
      where kind in (2, 3) order by session
      """
    #expect(try fast.database.rows(events) == slow.database.rows(events), "seed \(seed)")
    #expect(try fast.value("select count(*) from ledger.event") == "\(granted.count)", "seed \(seed)")
  }
}
#endif
