import RotationModel
import Synchronization
import Testing
import TokenTesting

/// What `SessionLedger` says of replies, of waiting, and of the end of a wait.
@Suite("Any ledger", .fewAtOnce, .timeLimit(.minutes(10)))
struct LedgerReplyTests {
  @Test("makes a reply once, of the outcome and of its moment, and hands it out", arguments: ConformingLedger.allCases)
  func once(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let calls = Mutex(0)
      func counted<Outcome>(_ outcome: Outcome, _ moment: LedgerMoment) -> Outcome {
        calls.withLock { $0 += 1 }
        #expect(moment == LedgerMoment(time: stage.clock.now))
        return outcome
      }
      let ledger = stage.ledger
      let session = try await ledger.open(LedgerStage.grant(), deadline: nil) { counted($0, $1) }
      #expect(session.openedAt == stage.clock.now && session.generation == 0)
      let others = try await ledger.open([LedgerStage.grant("bob")], deadline: nil) { counted($0, $1) }
      #expect(others.map(\.subject) == ["bob"])
      stage.clock.advance(milliseconds: 5)
      let request = RotationRequest(token: session.tokenID, client: "web", reuse: .refuse)
      guard case .rotated(let next) = try await ledger.rotate(request, deadline: nil, reply: { counted($0, $1) }) else {
        Issue.record("a live token was not rotated")
        return
      }
      #expect(next.generation == 1 && next.refreshedAt == stage.clock.now)
      let refused = try await ledger.rotate([request], deadline: nil) { counted($0, $1) }
      #expect(refused == [.refused(.reused(.race, generationsBehind: 1, revokedSession: false))])
      let item = SessionImport(id: SessionID(high: 7, low: 7), grant: try LedgerStage.grant())
      let imported = try await ledger.importSessions([item]) { counted($0, $1) }
      #expect(imported.count == 1)
      let oneTime = OneTimeGrant(purpose: "reset", subject: "ann", lifetimeMilliseconds: 1_000)
      _ = try await ledger.issue(oneTime) { counted($0, $1) }
      #expect(calls.withLock { $0 } == 6)
    }
  }

  @Test(
    "makes no reply and changes nothing where a value is outside its limit, also one in a batch",
    arguments: ConformingLedger.allCases)
  func invalid(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let ledger = stage.ledger
      let session = try await stage.open()
      let good = RotationRequest(token: session.tokenID, client: "web")
      var bad = good
      bad.graceMilliseconds = RotationRequest.graceMillisecondsMax + 1
      let grant = try LedgerStage.grant()
      let longNamed = try LedgerStage.grant(String(repeating: "a", count: SessionGrant.textBytesMax + 1))
      let oneTime = OneTimeGrant(purpose: "", subject: "ann", lifetimeMilliseconds: 1)
      let before = await ledger.statistics.sequence
      let made = Flag()
      func expect(_ field: String, _ call: () async throws -> Void) async {
        await #expect {
          try await call()
        } throws: { error in
          if case .invalid(field, _)? = error as? LedgerError { true } else { false }
        }
      }
      let (badRequest, many) = (bad, Limits.batch.range.upperBound + 1)
      await expect("grace") { try await ledger.rotate(badRequest, deadline: nil) { _, _ in made.set() } }
      await expect("grace") { try await ledger.rotate([good, badRequest], deadline: nil) { _, _ in made.set() } }
      await expect("batch") {
        try await ledger.rotate(Array(repeating: good, count: many), deadline: nil) { _, _ in made.set() }
      }
      await expect("subject") { try await ledger.open(longNamed, deadline: nil) { _, _ in made.set() } }
      await expect("subject") { try await ledger.open([grant, longNamed], deadline: nil) { _, _ in made.set() } }
      await expect("batch") {
        try await ledger.open(Array(repeating: grant, count: many), deadline: nil) { _, _ in made.set() }
      }
      await expect("subject") {
        let item = SessionImport(id: SessionID(high: 1, low: 1), grant: longNamed)
        try await ledger.importSessions([item]) { _, _ in made.set() }
      }
      await expect("purpose") { try await ledger.issue(oneTime) { _, _ in made.set() } }
      #expect(!made.isSet)
      #expect(await ledger.statistics.sequence == before)
      #expect(try await ledger.session(session.id)?.generation == 0)
    }
  }

  @Test(
    "tells nobody of an outcome until it is durable, whenever it makes the reply: not the second presenter, and no reader",
    arguments: ConformingLedger.allCases)
  func waits(kind: ConformingLedger) async throws {
    try await kind.play(holding: true) { stage in
      let (ledger, session, made) = (stage.ledger, try await stage.open(), Flag())
      let request = RotationRequest(token: session.tokenID, client: "web", reuse: .refuse)
      await stage.hold()
      let first = try await stage.begin { () async throws(LedgerError) in
        try await ledger.rotate(request, deadline: nil) { outcome, _ in
          made.set()
          return outcome
        }
      }
      let second = try await stage.begin { () async throws(LedgerError) in
        try await ledger.rotate(request, deadline: nil) { outcome, _ in outcome }
      }
      let look = HeldCall { () async throws(LedgerError) in try await ledger.session(session.id) }
      #expect(await !first.hasReturned())
      #expect(await !second.hasReturned())
      #expect(await !look.hasReturned())
      #expect(made.isSet == stage.decidesBeforeDurable)
      if stage.decidesBeforeDurable {
        let statistics = await ledger.statistics
        #expect(statistics.durableSequence < statistics.sequence)
      }
      await stage.release()
      guard case .success(.rotated) = await first.task.value else {
        Issue.record("the live token was not rotated")
        return
      }
      let refusal = RotationRefusal.reused(.race, generationsBehind: 1, revokedSession: false)
      #expect(await second.task.value == .success(.refused(refusal)))
      // A database reads what was committed when the look began.
      let seen = try await look.task.value.get()?.generation
      #expect(seen == 1 || (seen == 0 && !stage.decidesBeforeDurable))
    }
  }

  @Test(
    "answers at once what rests on nothing that is not durable yet, where the instance itself knows it",
    arguments: ConformingLedger.decidingInMemory)
  func restsOnNothing(kind: ConformingLedger) async throws {
    try await kind.play(holding: true) { stage in
      let session = try await stage.open()
      await stage.hold()
      let unknown = TokenID(session: SessionID(high: 1, low: 2), generation: 0)
      #expect(try await stage.rotate(RotationRequest(token: unknown, client: "web")) == .refused(.unknown))
      #expect(try await stage.ledger.session(session.id)?.id == session.id)
    }
  }

  @Test(
    "ends the wait of whoever has a deadline and is cancelled, and not the work: its reply is dropped, and a retry gets the same successor",
    arguments: ConformingLedger.allCases)
  func cancelled(kind: ConformingLedger) async throws {
    try await kind.play(holding: true) { stage in
      let (ledger, session, made) = (stage.ledger, try await stage.open(), Flag())
      let request = RotationRequest(token: session.tokenID, client: "web", graceMilliseconds: 10_000)
      await stage.hold()
      let call = try await stage.begin { () async throws(LedgerError) in
        try await ledger.rotate(request, deadline: .now + .seconds(3600)) { _, _ in made.set() }
      }
      call.task.cancel()
      guard case .outcomeUnknown = await call.failure else {
        Issue.record("\(await call.task.value)")
        return
      }
      #expect(made.isSet == stage.decidesBeforeDurable)
      await stage.release()
      guard case .retried(let successor, .race) = try await stage.rotate(request) else {
        Issue.record("what was decided was not kept")
        return
      }
      #expect(successor.generation == 1 && successor.refreshedAt == stage.clock.now)
    }
  }

  @Test(
    "ends the wait at its deadline, or with the heartbeat after it, and not the work: without a grace window a retry is a reuse",
    arguments: ConformingLedger.allCases)
  func deadline(kind: ConformingLedger) async throws {
    try await kind.play(holding: true) { stage in
      let (ledger, session) = (stage.ledger, try await stage.open())
      let request = RotationRequest(token: session.tokenID, client: "web")
      let later = ContinuousClock.now.advanced(by: .seconds(600))
      await stage.hold()
      // What asks another machine asks nothing at all where no time is left.
      let soon = ContinuousClock.now.advanced(by: stage.decidesBeforeDurable ? .zero : .seconds(1))
      let overdue = try await stage.begin { () async throws(LedgerError) in
        try await ledger.rotate(request, deadline: soon) { _, _ in }
      }
      let grant = try LedgerStage.grant("bob")
      let patient = try await stage.begin { () async throws(LedgerError) in
        try await ledger.open(grant, deadline: later) { session, _ in session }
      }
      while await !overdue.hasReturned() {
        if stage.decidesBeforeDurable { try await stage.heartbeat() }
      }
      guard case .outcomeUnknown = await overdue.failure else {
        Issue.record("\(await overdue.task.value)")
        return
      }
      #expect(await !patient.hasReturned())
      await stage.release()
      #expect(try await patient.task.value.get().subject == "bob")
      let refusal = RotationRefusal.reused(.race, generationsBehind: 1, revokedSession: true)
      #expect(try await stage.rotate(request) == .refused(refusal))
    }
  }

  @Test("grants one of 64 presenters of a token", arguments: ConformingLedger.allCases)
  func oneOfMany(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let session = try await stage.open()
      let request = RotationRequest(token: session.tokenID, client: "web", reuse: .refuse)
      let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<64 {
          group.addTask { if case .rotated = try await stage.rotate(request) { true } else { false } }
        }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(granted == 1)
    }
  }

  @Test(
    "takes a batch in its order, in one moment, each as it would be taken alone", arguments: ConformingLedger.allCases)
  func batch(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let grants = try ["ann", "bob", "ann"].map { try LedgerStage.grant($0) }
      let sessions = try await stage.ledger.open(grants, deadline: nil) { sessions, _ in sessions }
      #expect(sessions.map(\.subject) == ["ann", "bob", "ann"])
      #expect(Set(sessions.map(\.id)).count == 3)
      let requests = [sessions[0], sessions[1], sessions[0]].map {
        RotationRequest(token: $0.tokenID, client: $0.subject == "bob" ? "app" : "web")
      }
      stage.clock.advance(milliseconds: 2_000)
      let outcomes = try await stage.ledger.rotate(requests, deadline: nil) { outcomes, _ in outcomes }
      guard case .rotated(let next) = outcomes[0] else {
        Issue.record("\(outcomes)")
        return
      }
      #expect(next.id == sessions[0].id && next.refreshedAt == stage.clock.now)
      #expect(outcomes[1] == .refused(.wrongClient))
      #expect(outcomes[2] == .refused(.reused(.race, generationsBehind: 1, revokedSession: true)))
      #expect(try await stage.ledger.session(sessions[1].id)?.generation == 0)
      #expect(try await stage.ledger.rotate([], deadline: nil) { outcomes, _ in outcomes }.isEmpty)
    }
  }
}
