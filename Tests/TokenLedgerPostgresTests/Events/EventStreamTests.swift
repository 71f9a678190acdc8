#if Postgres
import Platform
import PostgresTesting
import RotationModel
import Testing
import TokenTestInputs
@testable import TokenLedgerPostgres

@Suite(.fewAtOnce, .serialized) struct EventStreamTests {
  private let fixture: LedgerFixture

  init() async throws { fixture = try await LedgerFixture() }

  private func instance() throws -> TestedInstance { try TestedInstance(fixture.database, fixture.options) }

  private static func take(_ count: Int, from events: AuditEvents) async throws -> [AuditEvent] {
    var taken: [AuditEvent] = []
    var iterator = events.makeAsyncIterator()
    while taken.count < count, let event = try await iterator.next() { taken.append(event) }
    return taken
  }

  private func numbersInOrder() throws -> [UInt64] {
    try fixture.database.rows("select number from refresh_ledger.event order by number").compactMap { row in
      row[0].flatMap { UInt64($0) }
    }
  }

  @Test func nothingIsMissedToldTwiceOrToldInTheWrongOrderUnderWritersWithOpenTransactions() async throws {
    let (seed, writers, steps) = (UInt64.random(in: 0..<(.max)), 6, 40)
    print("seed \(seed)")
    let sessions = try instance().openAll((0..<3).map { "s\($0)" })
    try await fixture.withLedger { ledger in
      let events = try await ledger.events(after: 0)
      let fixture = fixture
      let threads = try (0..<writers).map { writer in
        try Beside {
          var generator = SeededGenerator(seed: seed &+ UInt64(writer))
          let instance = try TestedInstance(fixture.database, fixture.options)
          for _ in 0..<steps { try Self.write(instance, sessions, &generator) }
        }
      }
      // Three openings, then three events a step.
      let told = try await Self.take(3 + writers * steps * 3, from: events)
      for thread in threads { try thread.answer() }
      let numbers = try numbersInOrder()
      #expect(told.map(\.sequence) == numbers)
      // The order of a session's events is that of its decisions: each step says which one it is.
      for session in sessions {
        let order = told.compactMap { event -> Int64? in
          guard case .accessRevoked(let token, let until) = event.fact, token.session == session.id else { return nil }
          return until.milliseconds
        }
        #expect(order == order.sorted())
        #expect(Set(order).count * 3 == order.count)
      }
    }
  }

  /// A step over two round trips that holds a session: an event before and two after the pause.
  private static func write(
    _ instance: TestedInstance, _ sessions: [Session], _ generator: inout SeededGenerator
  ) throws {
    let session = sessions[Int.random(in: 0..<sessions.count, using: &generator)]
    let pause = UInt32.random(in: 0...4000, using: &generator)
    while true {
      do throws(DatabaseError) {
        let rows = try instance.connection.begin(
          [
            query(
              "select attempt from refresh_ledger.session where subject = '\(session.subject)' for update")
          ], deadline: .long
        ).rows
        let order = try rows[0].int64(0, 0) & 0xFFFF_FFFF
        let fact = AuditEvent.Fact.accessRevoked(session.tokenID, until: Timestamp(milliseconds: order))
        let events = (0..<3).compactMap { _ in EventRow(fact, at: session.openedAt, shift: 0) }
        Program.pause(microseconds: pause)
        _ = try instance.connection.finish(
          [
            EventRow.insertion(of: [events[0]]), query("select pg_sleep(\(Double(pause) / 1_000_000))"),
            EventRow.insertion(of: Array(events[1...])),
            query(
              "update refresh_ledger.session set attempt = \(order + 1) where subject = '\(session.subject)'"),
          ], deadline: .long)
        return
      } catch {
        guard case .nothingHappened = error else { throw error }
      }
    }
  }

  @Test func aCursorByNumberAloneMisses() throws {
    // The self-test: what the floor is there for.
    let (slow, fast, reader) = (try instance(), try instance(), try instance())
    let event = EventRow(.expired(sessions: 1, oneTimeTokens: 0), at: slow.knowledge.clock.now(), shift: 0)!
    _ = try slow.connection.begin([EventRow.insertion(of: [event])], deadline: .long)
    try fast.open("anna")
    let greatest = try #require(try numbersInOrder().last)
    let floor = try EventReading.floor(reader.connection, deadline: .long).floor
    _ = try slow.connection.finish([], deadline: .long)
    let numbers = try numbersInOrder()
    #expect(numbers.count == 2)
    #expect(numbers.filter { $0 > greatest }.isEmpty)
    #expect(numbers.filter { $0 > floor } == numbers)
    #expect(try EventReading.floor(reader.connection, deadline: .long).floor >= Int64(greatest))
  }

  @Test func aStreamIsResumedAfterEachOfItsEvents() async throws {
    try await fixture.withLedger { ledger in
      let session = try await ledger.open()
      _ = try await ledger.rotate(session.tokenID)
      _ = try await ledger.revoke(session.id)
      _ = try await ledger.open("boris")
      let all = try await Self.take(4, from: ledger.events(after: 0))
      for place in 0..<3 {
        let rest = try await Self.take(3 - place, from: ledger.events(after: all[place].sequence))
        #expect(rest == Array(all[(place + 1)...]))
      }
    }
  }

  @Test func aStreamFromNowOnTellsWhatCommitsLaterAndNotWhatWasThere() async throws {
    try await fixture.withLedger { ledger in
      let before = try await ledger.open("before")
      let slow = try instance()
      let late = EventRow(.expired(sessions: 7, oneTimeTokens: 0), at: ledger.now(), shift: 0)!
      _ = try slow.connection.begin([EventRow.insertion(of: [late])], deadline: .long)
      _ = try await ledger.open("meanwhile")
      let events = try await ledger.events()
      _ = try slow.connection.finish([], deadline: .long)
      _ = try await ledger.revoke(before.id)
      let told = try await Self.take(2, from: events).map(\.fact)
      #expect(told.first == .expired(sessions: 7, oneTimeTokens: 0))
      guard case .revoked(before.id, _, _, _) = told.last else {
        Issue.record("\(told)")
        return
      }
    }
  }

  @Test func aPlaceThatNoEventHasYetIsInvalid() async throws {
    try await fixture.withLedger { ledger in
      let session = try await ledger.open()
      let last = try #require(numbersInOrder().last)
      _ = try await ledger.events(after: last)
      await #expect(throws: LedgerError.self) { try await ledger.events(after: last + 1000) }
      #expect(try await ledger.session(session.id) != nil)
    }
  }

  @Test func whatWasDroppedWithItsPartitionIsToldAsMissed() async throws {
    let size = 1 << EventReading.partitionBits
    try await fixture.withLedger { ledger in
      _ = try await ledger.open("dropped")
      try fixture.execute("select setval('ledger_number', \(size + 5))")
      let keeping = try instance()
      #expect(try EventPartitions.makeAhead(keeping.connection, deadline: .long))
      _ = try await ledger.open("kept")
      try fixture.execute("drop table event_0")
      let told = try await Self.take(2, from: ledger.events(after: 0))
      #expect(told.first?.fact == .missed(from: 1))
      #expect(told.first?.sequence == UInt64(size - 1))
      guard case .opened(_, "kept", _, _, _) = told.last?.fact else {
        Issue.record("\(told)")
        return
      }
    }
  }

  @Test func anEventWhoseRowIsDamagedIsToldAsMissedAndWhy() async throws {
    try await fixture.withLedger { ledger in
      let told = ToldNotices()
      ledger.knowledge.setNotice(told.note)
      let session = try await ledger.open("anna")
      _ = try await ledger.rotate(session.tokenID)
      _ = try await ledger.open("boris")
      let numbers = try numbersInOrder()
      let damage = "update event set generation = null where number = \(numbers[1])"
      #expect(throws: (any Error).self) { try fixture.execute(damage) }
      try fixture.execute("alter table event drop constraint event_of_kind; \(damage)")
      let all = try await Self.take(3, from: ledger.events(after: 0))
      #expect(all.map(\.sequence) == numbers)
      #expect(all[1].fact == .missed(from: numbers[1]))
      guard case .damaged(let text) = told.all.last else {
        Issue.record("\(told.all)")
        return
      }
      #expect(text.contains("Row \(numbers[1]) of the table `event`") && !text.contains("\n"))
    }
  }

  @Test func theStreamEndsWithTheLedger() async throws {
    let ledger = try await PostgresLedger.open(fixture.database.address, options: fixture.options)
    let events = try await ledger.events()
    async let told = Self.take(1, from: events)
    try await ledger.close()
    #expect(try await told.isEmpty)
  }

  @Test func aStreamGoesOnAcrossAPromotionThatTookNumbersBack() async throws {
    let server = try await TestedServer.start()
    defer { server.end() }
    let fixture = try await LedgerFixture(on: server)
    try await fixture.withLedger { ledger in
      let revoked = try await ledger.open("anna")
      // Numbers that are given and taken back: the reader's floor passes them.
      try fixture.execute("begin; select nextval('ledger_number') from generate_series(1, 180); rollback")
      let events = try await ledger.events(after: 0)
      _ = try await Self.take(1, from: events)
      guard await ledger.knowledge.eventFloor.wait(after: 150) else { return #expect(Bool(false)) }
      // The standby had not heard of them.
      try fixture.execute("select setval('ledger_number', 33)")
      try await BlockingWork.run { () throws(any Error) in try server.restartOnNextTimeline() }
      _ = try await ledger.revoke(revoked.id)
      let told = try await Self.take(2, from: events)
      guard case .revoked(revoked.id, _, _, _) = told.last?.fact else {
        Issue.record("\(told)")
        return
      }
      #expect(told.last.map { $0.sequence > 1 << 20 } == true)
      #expect(try fixture.value("select timeline from ledger.ledger") == "2")
      // The other instance hears of it although its cursor was far ahead.
      #expect(
        ledger.register.isRefused(
          revoked.tokenID, subject: "anna", client: "web", issuedAt: revoked.refreshedAt.seconds))
    }
  }
}
#endif
