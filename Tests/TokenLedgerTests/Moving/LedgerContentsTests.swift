import LedgerTesting
import Testing
import WriteAheadLog

@testable import TokenLedger

@Suite("The contents of a ledger")
struct LedgerContentsTests {
  /// All of the contents, in an order of its own.
  private struct Told: Equatable {
    var time: Timestamp
    var shifts: [TimeShifts.Change]
    var entries: Set<MovedEntry>
    var marks: [SessionScope: Timestamp]
    var revokedTokens: [TokenID: Timestamp]
    var usedProofs: [Digest256: Timestamp]

    init(_ contents: LedgerContents) {
      (time, shifts) = (contents.highestTime, contents.shifts)
      marks = Dictionary(uniqueKeysWithValues: contents.marks.map { ($0.scope, $0.time) })
      revokedTokens = contents.revokedTokens
      usedProofs = Dictionary(uniqueKeysWithValues: contents.usedProofs.map { ($0.digest, $0.end) })
      entries = []
      var place: Int? = 0
      while let from = place {
        let (found, next) = contents.entries(from: from, most: 7)
        entries.formUnion(found)
        place = next
      }
    }
  }

  private func write(_ contents: LedgerContents, to storage: FakeStorage) throws {
    var writer = try LedgerFolderWriter(time: contents.highestTime, shifts: contents.shifts)
    var place: Int? = 0
    while let from = place {
      let (found, next) = contents.entries(from: from, most: 100)
      for entry in found {
        switch entry {
        case .session(let session): try writer.append(session)
        case .oneTimeToken(let token): try writer.append(token)
        }
      }
      place = next
    }
    for (scope, time) in contents.marks { try writer.mark(scope, at: time) }
    for (token, end) in contents.revokedTokens { writer.revoke(token, until: end) }
    for (digest, end) in contents.usedProofs { writer.noteUse(of: digest, until: end) }
    try writer.finish(in: storage)
  }

  @Test("are the same in a log that was made of them, whatever happened before", arguments: 0..<30 as Range<UInt64>)
  func comeBack(seed: UInt64) async throws {
    let (clock, executor) = (ManualClock(), SteppedExecutor())
    try await executor.driving {
      let ledger = try await RefreshLedger.open(
        storage: FakeStorage(seed: seed), executor: executor, options: .small, clock: clock.sessionClock,
        random: SeededGenerator(seed: seed)
      ).ledger
      var history = RandomHistory(seed: seed)
      for _ in 0..<150 { try await history.step(ledger, clock) }
      let contents = await ledger.contents()
      let target = FakeStorage(seed: seed)
      try write(contents, to: target)
      let (copy, recovery) = try await RefreshLedger.open(
        storage: target, executor: executor, options: .small, clock: clock.sessionClock,
        random: SeededGenerator(seed: seed + 1))
      #expect(!recovery.isNew, "seed \(seed)")
      #expect(Told(await copy.contents()) == Told(contents), "seed \(seed)")
      // It goes on: what is live is rotated, and found after another start.
      for case .session(let session) in Told(contents).entries where !session.isRevoked {
        guard try await copy.session(session.id) != nil else { continue }
        let generation = session.grant.terms.rotation == .never ? 0 : session.generation
        var request = RotationRequest(
          token: TokenID(session: session.id, generation: generation), client: session.grant.client)
        if let key = session.grant.keys.lifelong, let use = Digest256(Array((session.id.text + session.id.text).utf8)) {
          request.proof = KeyProof(key: key, useDigest: use, end: clock.now.advanced(byMilliseconds: 1_000_000_000))
        }
        let outcome = try await copy.rotate(request, deadline: nil) { outcome, _ in outcome }
        switch outcome {
        case .rotated(let next), .refreshed(let next): #expect(next.generation == session.generation + 1)
        case .retried, .refused: Issue.record("seed \(seed): \(outcome)")
        }
      }
      let before = Told(await copy.contents())
      try await copy.close()
      let again = try await RefreshLedger.open(
        storage: target, executor: executor, options: .small, clock: clock.sessionClock,
        random: SeededGenerator(seed: seed + 2)
      ).ledger
      #expect(Told(await again.contents()).entries == before.entries, "seed \(seed)")
    }
  }

  @Test("are not written over a log that is there")
  func refusesALog() async throws {
    let (storage, executor) = (FakeStorage(seed: 1), SteppedExecutor())
    try await executor.driving {
      let ledger = try await RefreshLedger.open(
        storage: storage, executor: executor, options: .small, clock: ManualClock().sessionClock,
        random: SeededGenerator(seed: 1)
      ).ledger
      let contents = await ledger.contents()
      try await ledger.close()
      #expect {
        try write(contents, to: storage)
      } throws: { error in
        if case .io? = error as? LogError { true } else { false }
      }
    }
  }

  @Test("that do not fit together are refused, with the field that does not")
  func refusesContradictions() throws {
    let time = Timestamp(milliseconds: 1_000_000)
    let lifetimes = try #require(Lifetimes(idleMilliseconds: 60_000, absoluteMilliseconds: 60_000))
    let session = MovedSession(
      id: SessionID(high: 1, low: 1),
      grant: SessionGrant(subject: "ann", client: "web", scope: "", lifetimes: lifetimes),
      generation: 3, openedAt: time, refreshedAt: time.advanced(byMilliseconds: 1), narrowedScope: nil,
      hasSeenSuccessor: false, isRevoked: false)
    func field(_ body: (inout LedgerFolderWriter) throws -> Void) throws -> String? {
      var writer = try LedgerFolderWriter(time: time, shifts: [])
      do { try body(&writer) } catch LedgerError.invalid(let field, _) { return field }
      return nil
    }
    #expect(try field { try $0.append(session) } == "session")
    #expect(try field { try $0.mark(.all, at: time.advanced(byMilliseconds: 1)) } == "mark")
    var doubled = session
    doubled.refreshedAt = time
    #expect(throws: LogError.self) {
      var writer = try LedgerFolderWriter(time: time, shifts: [])
      try writer.append(doubled)
      try writer.append(doubled)
      try writer.finish(in: FakeStorage(seed: 1))
    }
  }
}
