import Testing

@testable import LedgerProof
@testable import TokenLedger

/// The rules beside the history of one session: each refuses what breaks it.
@Suite("A rule of the simulation")
struct SimulationRuleTests {
  private func session(_ number: UInt32, refreshedAt: Int64) throws -> Session {
    var session = try HandWrittenHistory().session(0, refreshedAt: refreshedAt)
    session.id = SessionID(high: 0, low: number)
    return session
  }

  private func request(_ generation: UInt32) -> RotationRequest {
    RotationRequest(token: TokenID(session: SessionID(high: 7, low: 9), generation: generation), client: "web")
  }

  @Test("The rule about batches refuses a second consumption, a retry before its rotation, and two moments")
  func batches() throws {
    let history = try HandWrittenHistory()
    let rotated = Rotation.rotated(history.session(1, refreshedAt: 5))
    let replayed = Rotation.retried(history.session(1, refreshedAt: 5), .race)
    #expect(BatchOrder.breach([request(0), request(0)], [rotated, replayed]) == nil)
    #expect(BatchOrder.breach([request(0), request(0)], [rotated, rotated]) != nil)
    #expect(BatchOrder.breach([request(0)], []) != nil)
    let later = Rotation.rotated(history.session(2, refreshedAt: 6))
    #expect(BatchOrder.breach([request(0), request(1)], [rotated, later]) != nil)
  }

  @Test(
    "The rule about the cap refuses too many sessions, too many evictions, and those of sessions that were used later"
  )
  func cap() throws {
    let (old, new, opened) = (
      try session(1, refreshedAt: 1), try session(2, refreshedAt: 2), try session(3, refreshedAt: 3)
    )
    #expect(CapRule.breach(2, [old, new], opened, [new, opened]) == nil)
    #expect(CapRule.breach(2, [old, new], opened, [old, opened]) != nil)
    #expect(CapRule.breach(2, [old, new], opened, [old, new, opened]) != nil)
    #expect(CapRule.breach(2, [old, new], opened, [opened]) != nil)
  }

  private func event(_ sequence: UInt64, _ fact: AuditEvent.Fact? = nil) -> AuditEvent {
    AuditEvent(sequence: sequence, time: .zero, fact: fact ?? .revokedAll(.all))
  }

  private func record(_ told: [AuditEvent]) -> EventRecord {
    var record = EventRecord(after: 2)
    for event in told { record.add(event) }
    return record
  }

  @Test("The rule about events refuses an event that is told twice, lost, or not the log's")
  func events() {
    let log = (1...6).map { event($0) }
    #expect(record([event(3), event(4), event(5)]).breach(log, from: 1) == nil)
    #expect(record([event(3), event(5)]).breach(log, from: 1) != nil)
    #expect(record([event(3), event(3), event(4)]).breach(log, from: 1) != nil)
    #expect(record([event(3), event(4, .revokedAll(.subject("eve")))]).breach(log, from: 1) != nil)
    #expect(record([event(3), event(4), event(5), event(6), event(7)]).breach(log, from: 1) != nil)
    #expect(record([event(3), event(5, .missed(from: 4)), event(6)]).breach(log, from: 1) == nil)
    #expect(record([event(3), event(4, .missed(from: 4)), event(6)]).breach(log, from: 1) != nil)
  }

  @Test("The rule about openings lets an opening and a wide revocation that overlaps it both be")
  func overlap() throws {
    for isCovered in [false, true] {
      let oracle = HistoryOracle()
      let history = try HandWrittenHistory()
      let opened = history.session(0, refreshedAt: 0)
      let asked = oracle.askForNew()
      let wide = try #require(oracle.askForRevocation(of: .subject("ann")))
      let lifetimes = try #require(HandWrittenHistory.lifetimes)
      let grant = SessionGrant(
        subject: "ann", client: "web", scope: "read write", lifetimes: lifetimes, label: "phone")
      oracle.opened(opened, for: grant, asked: asked)
      oracle.noteOverlaps(of: 0, opened: asked.invoked, subjectsAreCapped: false)
      oracle.answerRevocation(wide)
      let question = oracle.ask(.session(0), .look)
      oracle.answer(question, .looked(isCovered ? nil : opened))
      oracle.endLife(.all)
      #expect(oracle.violations.isEmpty, "\(oracle.violations)")
    }
  }

  @Test(
    "The rule about openings lets only one outcome be of an opening before or after a wide revocation",
    arguments: [false, true])
  func noOverlap(isBefore: Bool) throws {
    let oracle = HistoryOracle()
    let opened = try HandWrittenHistory().session(0, refreshedAt: 0)
    let lifetimes = try #require(HandWrittenHistory.lifetimes)
    let grant = SessionGrant(subject: "ann", client: "web", scope: "read write", lifetimes: lifetimes, label: "phone")
    func open() {
      let asked = oracle.askForNew()
      oracle.opened(opened, for: grant, asked: asked)
      oracle.noteOverlaps(of: 0, opened: asked.invoked, subjectsAreCapped: false)
    }
    if isBefore { open() }
    let wide = try #require(oracle.askForRevocation(of: .subjectAtClient(subject: "ann", client: "web")))
    oracle.answerRevocation(wide)
    if !isBefore { open() }
    let question = oracle.ask(.session(0), .look)
    oracle.answer(question, .looked(isBefore ? opened : nil))
    oracle.endLife(.all)
    #expect(!oracle.violations.isEmpty)
  }
}
