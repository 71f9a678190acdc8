#if Postgres
import Foundation
import PostgresTesting
import Synchronization
import Testing
import TokenLedger
import TokenTestInputs

@testable import TokenLedgerPostgres

@Suite("A database whose ledger leaves for a folder", .fewAtOnce)
struct DepartureTests {
  @Test(
    "gives back what a folder had brought, whatever that was", .timeLimit(.minutes(5)),
    arguments: 0..<6 as Range<UInt64>)
  func goesAround(seed: UInt64) async throws {
    let fixture = try await MoveFixture()
    var past = MovedPast(seed: seed)
    let before = try await fixture.withFolder { ledger in
      for _ in 0..<120 { try await past.step(ledger, fixture.clock) }
      return await ToldContents(ledger)
    }
    _ = try await fixture.adoption().run()
    let refusal = await fixture.refusalOfInstance()
    #expect(refusal == nil, "seed \(seed)")
    _ = try await fixture.departure().run { _ in }
    let after = try await fixture.withFolder(fixture.target) { await ToldContents($0) }
    let now = fixture.clock.now
    #expect(after.shifts == before.shifts, "seed \(seed)")
    #expect(after.marks == before.marks, "seed \(seed)")
    #expect(after.usedProofs == before.usedProofs.filter { $0.value > now }, "seed \(seed)")
    #expect(after.revokedTokens == before.revokedTokens.filter { $0.value > now }, "seed \(seed)")
    // When a one-time token was issued, a database does not say of one that it had not issued.
    #expect(after.entries.compared == before.entries.filter { $0.isGood(at: now) }.compared, "seed \(seed)")
  }

  @Test(
    "has every token of its instances go on in the folder as it would have gone on there", .timeLimit(.minutes(5)),
    arguments: 0..<6 as Range<UInt64>)
  func goesOn(seed: UInt64) async throws {
    let fixture = try await MoveFixture()
    var past = MovedPast(seed: seed)
    let rows = try await fixture.withInstance { instance in
      for _ in 0..<100 { try await past.step(instance, fixture.clock) }
      var live: [SessionID: Session] = [:]
      for session in past.handedOut { live[session.id] = try await instance.session(session.id) }
      return live
    }
    fixture.clock.advance(milliseconds: 20)
    let report = try await fixture.departure().run { _ in }
    try await fixture.withFolder(fixture.target) { folder in
      var count = 0
      for (id, live) in rows {
        let known = try await folder.session(id)
        guard live.expiresAt > fixture.clock.now else { continue }
        count += 1
        #expect(known?.generation == live.generation && known?.absoluteEnd == live.absoluteEnd, "seed \(seed)")
        let request = RotationRequest(token: live.refreshTokenID, client: live.client)
        let outcome = try await folder.rotate(request, deadline: nil) { outcome, _ in outcome }
        #expect(outcome.granted?.generation == live.generation + 1, "seed \(seed): \(outcome)")
      }
      #expect(report.counts.sessions == count, "seed \(seed)")
      for session in past.handedOut where rows[session.id] == nil {
        let request = RotationRequest(token: session.refreshTokenID, client: session.client)
        let outcome = try await folder.rotate(request, deadline: nil) { outcome, _ in outcome.words }
        #expect(outcome.hasPrefix("refused"), "seed \(seed): \(outcome)")
      }
    }
  }

  @Test("that was stopped at any step is begun again: until the end no folder opens, and no instance serves")
  func stopsAnywhere() async throws {
    for step in 0..<100 {
      let fixture = try await MoveFixture()
      var past = MovedPast(seed: 6)
      try await fixture.withInstance { instance in
        for _ in 0..<60 { try await past.step(instance, fixture.clock) }
      }
      try fixture.database.execute("insert into refresh_ledger.record values ('user', 'ann', 'x', 1)")
      var departure = fixture.departure()
      let (stop, kept) = (StopAt(step), KeptRecords())
      departure.onProgress = stop.take
      do throws(MoveError) {
        _ = try await departure.run { kept.take($0) }
      } catch {
        #expect(error == .stopped, "step \(step)")
        #expect(await fixture.refusalOfInstance()?.contains("has left") == true, "step \(step)")
        #expect(throws: (any Error).self) { try FileManager.default.attributesOfItem(atPath: fixture.target.string) }
        departure.onProgress = { _ in true }
        #expect(try await departure.run { kept.take($0) }.wasDone == false, "step \(step)")
      }
      #expect(kept.records == [MovedRecord(kind: "user", name: "ann", body: [120])])
      #expect(await fixture.refusalOfInstance()?.contains("has left") == true)
      #expect(try await departure.run { _ in }.wasDone)
      try await fixture.withFolder(fixture.target) { _ in }
      let other = LedgerDeparture(from: fixture.database.address, options: fixture.options, to: fixture.log)
      await #expect { _ = try await other.run { _ in } } throws: { "\($0)".contains("has left for another folder") }
      if stop.steps.count <= step { return }
    }
    Issue.record("a move has no end")
  }

  @Test("that was cut off right after the commit that counts finds its log and names it")
  func finds() async throws {
    let fixture = try await MoveFixture()
    let session = try await fixture.withInstance { try await $0.open() }
    let departure = fixture.departure()
    _ = try await departure.run { _ in }
    try FileManager.default.moveItem(atPath: fixture.target.string, toPath: departure.unfinishedLog.string)
    #expect(try await departure.run { _ in }.wasDone == false)
    try await fixture.withFolder(fixture.target) { folder in
      let known = try await folder.session(session.id)
      #expect(known != nil)
    }
  }

  @Test("keeps refused what was revoked, also where the session's row has been swept")
  func keepsRevocations() async throws {
    let fixture = try await MoveFixture()
    let (swept, covered, spared) = try await fixture.withInstance { instance in
      let swept = try await instance.open("ann")
      _ = try await instance.revoke(swept.id)
      let covered = try await instance.open("bob")
      fixture.clock.advance(milliseconds: 2_000)
      _ = try await instance.revoke(.client("web"))
      return (swept, covered, try await instance.open("bob"))
    }
    try fixture.database.execute("delete from refresh_ledger.session where subject = 'ann'")
    _ = try await fixture.departure().run { _ in }
    try await fixture.withFolder(fixture.target) { folder in
      func isRefused(_ session: Session) -> Bool {
        folder.register.isRefused(
          session.tokenID, subject: session.subject, client: session.client, issuedAt: session.openedAt.seconds)
      }
      #expect(isRefused(swept) && isRefused(covered) && !isRefused(spared))
      let live = try await folder.session(spared.id)
      #expect(live != nil)
    }
  }

  @Test("leaves for no folder that has a log, and not while it is being filled")
  func refuses() async throws {
    let fixture = try await MoveFixture()
    try await fixture.withFolder { _ in }
    try await fixture.withFolder(fixture.target) { _ in }
    let departure = fixture.departure()
    await #expect { _ = try await departure.run { _ in } } throws: { "\($0)".contains("there is a log already") }
    #expect(await fixture.refusalOfInstance() == nil)
    var adoption = fixture.adoption()
    adoption.onProgress = { $0.step != .marked }
    await #expect(throws: MoveError.stopped) { _ = try await adoption.run() }
    let other = LedgerDeparture(
      from: fixture.database.address, options: fixture.options, to: fixture.target.appending("new"))
    await #expect { _ = try await other.run { _ in } } throws: { "\($0)".contains("is not open (copying)") }
  }
}

/// What was to be put in files.
private final class KeptRecords: Sendable {
  private let kept = Mutex<[MovedRecord]>([])

  var records: [MovedRecord] { kept.withLock { $0 } }

  func take(_ surroundings: LedgerDeparture.Surroundings) {
    kept.withLock { $0 = surroundings.records }
  }
}

extension MovedEntry {
  /// Whether a folder would still have it: its time is not over, or its access tokens can live.
  fileprivate func isGood(at now: Timestamp) -> Bool {
    switch self {
    case .session(let session):
      let end = session.grant.terms.lifetimes.end(openedAt: session.openedAt, refreshedAt: session.refreshedAt)
      let last = session.refreshedAt.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax)
      return session.isRevoked ? max(end, last) > now : end > now
    case .oneTimeToken(let token): return token.expiresAt > now
    }
  }
}

extension Set<MovedEntry> {
  /// Without when one-time tokens were issued and what is in those that are consumed.
  fileprivate var compared: Set<MovedEntry> {
    Set(
      map { entry in
        guard case .oneTimeToken(var token) = entry else { return entry }
        token.issuedAt = .zero
        if token.isConsumed { token.payload = [] }
        return .oneTimeToken(token)
      })
  }
}
#endif
