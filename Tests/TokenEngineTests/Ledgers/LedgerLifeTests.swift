import RotationModel
import Testing
import TokenTesting

/// What `SessionLedger` says of time, health, figures and the end.
@Suite("Any ledger's life", .fewAtOnce, .timeLimit(.minutes(10)))
struct LedgerLifeTests {
  @Test(
    "goes on to the millisecond where the wall clock is set back, and says by how much it is ahead of it",
    arguments: ConformingLedger.allCases, [1, 999, 3_600_000] as [Int64])
  func setBack(kind: ConformingLedger, milliseconds: Int64) async throws {
    try await kind.play { stage in
      let start = stage.clock.now
      let session = try await stage.open(LedgerStage.grant(idle: 10_002))
      stage.clock.step(milliseconds: -milliseconds)
      #expect(kind.timesAfterSetBack(start).contains(stage.ledger.now()))
      stage.clock.advance(milliseconds: 9_999)
      let times = kind.timesAfterSetBack(start.advanced(byMilliseconds: 9_999))
      #expect(times.contains(stage.ledger.now()))
      #expect(try await stage.ledger.session(session.id)?.id == session.id)
      let (next, moment) = try await stage.ledger.rotate(
        RotationRequest(token: session.tokenID, client: "web"), deadline: nil
      ) { ($0, $1) }
      #expect(times.contains(moment.time))
      let ahead = moment.time.milliseconds - stage.clock.now.milliseconds
      #expect((milliseconds...milliseconds + 1).contains(ahead))
      let shift = ahead < 1_000 ? 0 : (ahead + 999) / 1_000
      #expect(moment.shift == shift)
      guard case .rotated(let rotated) = next else {
        Issue.record("\(next)")
        return
      }
      #expect(rotated.shifts.atUse == shift && rotated.shifts.current == shift)
      #expect(rotated.onWallClock.refreshedAt == rotated.refreshedAt.shifted(back: shift))
      #expect(await stage.ledger.statistics.clockShiftSeconds == shift)
      stage.clock.advance(milliseconds: 10_002)
      #expect(try await stage.ledger.session(session.id) == nil)
    }
  }

  @Test(
    "keeps what is over by a wall clock that was set forwards over, also when that is taken back",
    arguments: ConformingLedger.allCases)
  func setForwards(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let session = try await stage.open(LedgerStage.grant(idle: 10_000))
      stage.clock.step(milliseconds: 10_000)
      #expect(try await stage.ledger.session(session.id) == nil)
      stage.clock.step(milliseconds: -10_000)
      #expect(try await stage.ledger.session(session.id) == nil)
      let outcome = try await stage.rotate(RotationRequest(token: session.tokenID, client: "web"))
      #expect(outcome == .refused(.expired(generationsBehind: 0)) || outcome == .refused(.unknown))
    }
  }

  @Test(
    "gives the identical session to a retry, with the shift of the rotation, whatever the clock did since",
    arguments: ConformingLedger.allCases)
  func retryUnderAnotherShift(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let session = try await stage.open()
      let request = RotationRequest(token: session.tokenID, client: "web", graceMilliseconds: 10_000)
      guard case .rotated(let first) = try await stage.rotate(request) else { return }
      stage.clock.step(milliseconds: -60_000)
      guard case .retried(let again, _) = try await stage.rotate(request) else {
        Issue.record("a retry in the window was refused")
        return
      }
      #expect(again.refreshedAt == first.refreshedAt && again.shifts.atUse == first.shifts.atUse)
      #expect(again.shifts.atUse == 0)
      // Where many share a ledger its time is a millisecond further: later than whatever was issued.
      #expect((60...61).contains(again.shifts.current))
    }
  }

  @Test(
    "has figures of what it holds, and gives back what has ended with its heartbeat",
    arguments: ConformingLedger.allCases)
  func figures(kind: ConformingLedger) async throws {
    try await kind.play { stage in
      let ledger = stage.ledger
      #expect(await ledger.statistics.entries == 0)
      _ = try await stage.open(LedgerStage.grant(idle: 1_000))
      let revoked = try await stage.open("bob")
      #expect(try await ledger.revoke(revoked.id))
      _ = try await ledger.issue(OneTimeGrant(purpose: "reset", subject: "ann", lifetimeMilliseconds: 1_000)) {
        id, _ in id
      }
      var statistics = await ledger.statistics
      #expect(statistics.liveSessions == 1 && statistics.entries == 3)
      #expect(statistics.isWritable)
      // A ledger that instances share hears a little later how far it is whole.
      while await ledger.statistics.durableSequence != statistics.sequence { await Task.yield() }
      stage.clock.advance(milliseconds: 1_000)
      try await stage.heartbeat()
      statistics = await ledger.statistics
      // Access tokens of what was revoked may live on.
      #expect(statistics.liveSessions == 0 && statistics.entries == 1)
    }
  }

  @Test(
    "ends with its close: what was decided is kept, changes are refused and make no reply, and health says so",
    arguments: ConformingLedger.allCases)
  func close(kind: ConformingLedger) async throws {
    try await kind.play(holding: true) { stage in
      let (ledger, made) = (stage.ledger, Flag())
      let session = try await stage.open()
      #expect(ledger.health.state == .acceptsChanges)
      await stage.hold()
      let call = try await stage.begin { () async throws(LedgerError) in
        try await ledger.rotate(RotationRequest(token: session.tokenID, client: "web"), deadline: nil) { outcome, _ in
          outcome
        }
      }
      let closing = HeldCall { () async throws(LedgerError) in try await ledger.close() }
      _ = await closing.hasReturned()
      await stage.release()
      #expect(await closing.failure == nil)
      guard case .success(.rotated) = await call.task.value else {
        Issue.record("\(await call.task.value)")
        return
      }
      guard case .closed = ledger.health.state else {
        Issue.record("\(ledger.health)")
        return
      }
      #expect(await !ledger.statistics.isWritable)
      func isClosed(_ call: () async throws -> Void) async -> Bool {
        do {
          try await call()
          return false
        } catch LedgerError.closed {
          return true
        } catch {
          return false
        }
      }
      let next = RotationRequest(token: TokenID(session: session.id, generation: 1), client: "web")
      let grant = try LedgerStage.grant()
      #expect(await isClosed { try await ledger.rotate(next, deadline: nil) { _, _ in made.set() } })
      #expect(await isClosed { try await ledger.rotate([next], deadline: nil) { _, _ in made.set() } })
      #expect(await isClosed { try await ledger.open(grant, deadline: nil) { _, _ in made.set() } })
      #expect(await isClosed { _ = try await ledger.revoke(session.id) })
      #expect(await isClosed { _ = try await ledger.revoke(.all) })
      #expect(await isClosed { try await ledger.revokeAccess(next.token, until: .distantFuture) })
      #expect(await isClosed { _ = try await ledger.issueAccess(client: "web") })
      #expect(await isClosed { _ = try await ledger.consume(session.id, purpose: "reset") })
      #expect(!made.isSet)
      do {
        #expect(try await ledger.session(session.id)?.generation == 1)
      } catch LedgerError.closed {
        #expect(ledger.store != .embedded)
      }
      try await ledger.close()
    }
  }
}
