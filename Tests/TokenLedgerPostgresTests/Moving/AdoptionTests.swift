#if Postgres
import Foundation
import PostgresTesting
import Testing
import TokenLedger
import TokenTestInputs

@testable import TokenLedgerPostgres

@Suite("A folder that moves to a database", .fewAtOnce)
struct AdoptionTests {
  @Test(
    "has every token go on there as it would have gone on in the folder, whatever happened before",
    .timeLimit(.minutes(5)), arguments: 0..<6 as Range<UInt64>)
  func goesOn(seed: UInt64) async throws {
    let fixture = try await MoveFixture()
    var past = MovedPast(seed: seed)
    try await fixture.withFolder { ledger in
      for _ in 0..<120 { try await past.step(ledger, fixture.clock) }
    }
    let copy = fixture.target
    try copyFolder(fixture.log, to: copy)
    fixture.clock.advance(milliseconds: 50)
    let report = try await fixture.adoption().run()
    #expect(!report.wasDone)
    try await fixture.withFolder(copy) { folder in
      let known = Set(await ToldContents(folder).sessions.map(\.id))
      try await fixture.withInstance { instance in
        for session in past.handedOut {
          func isRefused(_ register: any AccessRegister) -> Bool {
            register.isRefused(
              session.tokenID, subject: session.subject, client: session.client, issuedAt: session.refreshedAt.seconds)
          }
          #expect(isRefused(folder.register) == isRefused(instance.register), "seed \(seed): \(session)")
        }
        for session in past.handedOut.shuffled(seed: seed) {
          let request = past.rotation(of: session.refreshTokenID, client: session.client)
          let first = try await folder.rotate(request, deadline: nil) { outcome, _ in outcome.words }
          let second = try await instance.rotate(request, deadline: nil) { outcome, _ in outcome.words }
          // What a mark ended is forgotten, as the folder forgets it bit by bit.
          let isForgotten = !known.contains(session.id) && second == "refused unknown"
          #expect(first == second || isForgotten && first.hasPrefix("refused"), "seed \(seed)")
        }
        for id in past.oneTimeTokens {
          let first = try await folder.consume(id, purpose: "reset")
          #expect(try await instance.consume(id, purpose: "reset") == first, "seed \(seed)")
        }
      }
    }
  }

  @Test("that was stopped at any step goes on where it stopped, and refuses to open from the second on")
  func stopsAnywhere() async throws {
    var whole: MoveCounts?
    for step in 0..<100 {
      let fixture = try await MoveFixture()
      var past = MovedPast(seed: 4)
      try await fixture.withFolder { ledger in
        for _ in 0..<60 { try await past.step(ledger, fixture.clock) }
      }
      var adoption = fixture.adoption()
      adoption.records = [
        MovedRecord(kind: "user", name: "ann", body: [1]), MovedRecord(kind: "key", name: "access", body: [2]),
      ]
      let stop = StopAt(step)
      adoption.onProgress = stop.take
      var counts: MoveCounts?
      do throws(MoveError) {
        counts = try await adoption.run().counts
      } catch {
        #expect(error == .stopped, "step \(step)")
        let refusal = await fixture.refusalOfFolder()
        if step == 0 {
          #expect(refusal == nil)
        } else {
          #expect(refusal?.contains("is being moved to") == true, "step \(step)")
        }
        #expect(await fixture.refusalOfInstance()?.contains("is being filled") == true, "step \(step)")
        adoption.onProgress = { _ in true }
        counts = try await adoption.run().counts
      }
      whole = whole ?? counts
      #expect(counts == whole, "step \(step)")
      let (sessions, revoked) = (counts?.sessions ?? 0, counts?.revokedSessions ?? 0)
      #expect(try fixture.count("session") == sessions + revoked, "step \(step)")
      #expect(try fixture.count("one_time_token") == counts?.oneTimeTokens)
      #expect(try fixture.count("event") == counts?.events)
      #expect(try fixture.count("record where kind in ('user', 'key')") == 2)
      #expect(await fixture.refusalOfFolder()?.contains("has moved to") == true)
      #expect(await fixture.refusalOfInstance() == nil)
      let again = try await fixture.adoption().run()
      #expect(again.wasDone && again.counts == counts)
      if stop.steps.count <= step { return }
    }
    Issue.record("a move has no end")
  }

  @Test("that was stopped at any step is taken back: the folder opens with all that it had, and the database is empty")
  func undoes() async throws {
    for step in 0..<100 {
      let fixture = try await MoveFixture()
      var past = MovedPast(seed: 5)
      let before = try await fixture.withFolder { ledger in
        for _ in 0..<60 { try await past.step(ledger, fixture.clock) }
        return await ToldContents(ledger)
      }
      var adoption = fixture.adoption()
      let stop = StopAt(step)
      adoption.onProgress = stop.take
      guard (try? await adoption.run()) == nil else {
        await #expect(throws: MoveError.self) { try await adoption.undo() }
        return
      }
      try await adoption.undo()
      for table in [
        "session", "one_time_token", "event", "revocation", "mark", "time_shift", "record where kind = 'user'",
      ] {
        #expect(try fixture.count(table) == 0, "step \(step): \(table)")
      }
      #expect(try await fixture.withFolder { await ToldContents($0) } == before, "step \(step)")
      // And again, to the end.
      adoption.onProgress = { _ in true }
      #expect(try await adoption.run().wasDone == false)
      #expect(await fixture.refusalOfInstance() == nil)
    }
    Issue.record("a move has no end")
  }

  @Test("leaves the ledger's time no earlier than it was, where the folder's clock had been ahead")
  func keepsTime() async throws {
    let fixture = try await MoveFixture()
    let (clock, lifetimes) = (
      fixture.clock, try #require(Lifetimes(idleMilliseconds: 7_200_000, absoluteMilliseconds: 7_200_000))
    )
    let session = try await fixture.withFolder { ledger in
      clock.step(milliseconds: 3_600_000)
      let session = try await ledger.open(
        SessionGrant(subject: "ann", client: "web", scope: "", lifetimes: lifetimes), deadline: nil
      ) { session, _ in session }
      clock.step(milliseconds: -3_600_000)
      clock.advance(milliseconds: 1_000)
      _ = try await ledger.open(
        SessionGrant(subject: "bob", client: "web", scope: "", lifetimes: lifetimes), deadline: nil
      ) { session, _ in session }
      return session
    }
    _ = try await fixture.adoption().run()
    try await fixture.withInstance { instance in
      #expect(instance.now() > session.openedAt)
      let rotated = try await instance.rotate(session.refreshTokenID).granted
      #expect(rotated?.shifts.atUse == 3600)
      #expect(rotated?.absoluteEnd == session.absoluteEnd)
      clock.advance(milliseconds: 7_200_000)
      #expect(
        try await instance.rotate(TokenID(session: session.id, generation: 1)).refusal == .expired(generationsBehind: 0)
      )
    }
  }

  @Test(
    "keeps revoked what was revoked, until its last access token has ended, and spares what was opened in the very second of a mark"
  )
  func keepsRevocations() async throws {
    let fixture = try await MoveFixture()
    let clock = fixture.clock
    func open(_ ledger: RefreshLedger, _ subject: String) async throws -> Session {
      try await ledger.open(.tested(subject), deadline: nil) { session, _ in session }
    }
    let (revoked, covered, spared) = try await fixture.withFolder { ledger in
      let revoked = try await open(ledger, "ann")
      _ = try await ledger.revoke(revoked.id)
      clock.advance(milliseconds: 1_000 - clock.now.milliseconds % 1_000)
      let covered = try await open(ledger, "bob")
      clock.advance(milliseconds: 100)
      _ = try await ledger.revoke(.subject("bob"))
      clock.advance(milliseconds: 100)
      return (revoked, covered, try await open(ledger, "bob"))
    }
    clock.advance(milliseconds: 5_000)
    let report = try await fixture.adoption().run()
    #expect(report.counts.revokedSessions == 1 && report.counts.sessions == 1 && report.counts.marks == 1)
    try await fixture.withInstance { instance in
      func isRefused(_ session: Session) -> Bool {
        instance.register.isRefused(
          session.tokenID, subject: session.subject, client: session.client, issuedAt: session.openedAt.seconds)
      }
      #expect(isRefused(revoked) && isRefused(covered) && !isRefused(spared))
      let refusal = try await instance.rotate(revoked.refreshTokenID).refusal
      #expect(refusal == .revoked(generationsBehind: 0))
      let granted = try await instance.rotate(spared.refreshTokenID).granted
      #expect(granted != nil)
    }
  }

  @Test("takes along what is known of its sessions' lives")
  func takesHistory() async throws {
    let fixture = try await MoveFixture()
    let sessions = try await fixture.withFolder { ledger in
      var sessions: [Session] = []
      for subject in ["ann", "bob"] {
        let session = try await ledger.open(.tested(subject), deadline: nil) { session, _ in session }
        fixture.clock.advance(milliseconds: 10)
        let request = RotationRequest(token: session.refreshTokenID, client: "web")
        _ = try await ledger.rotate(request, deadline: nil) { _, _ in }
        sessions.append(session)
      }
      _ = try await ledger.revoke(sessions[1].id)
      return sessions
    }
    _ = try await fixture.adoption().run()
    try await fixture.withInstance { instance in
      let life = try await instance.history(of: sessions[0].id, within: HistoryLimits())
      #expect(life?.events.map(\.fact.word) == ["opened", "rotated"])
      #expect(life?.events.first?.time == sessions[0].openedAt)
      let ended = try await instance.endedSessions(ofSubject: "bob", within: HistoryLimits())
      #expect(ended?.sessions.map(\.session.id) == [sessions[1].id])
    }
  }

  private func copyFolder(_ folder: FilePath, to target: FilePath) throws {
    try FileManager.default.copyItem(atPath: folder.string, toPath: target.string)
  }
}

extension AuditEvent.Fact {
  fileprivate var word: String { String("\(self)".prefix { $0.isLetter }) }
}

extension Array {
  fileprivate func shuffled(seed: UInt64) -> [Element] {
    var generator = SeededGenerator(seed: seed)
    return shuffled(using: &generator)
  }
}
#endif
