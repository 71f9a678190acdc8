import Foundation
import LedgerTesting
import SystemPackage
import Testing
import WriteAheadLog

@testable import TokenLedger

@Suite("What was said once holds, also after a restart")
struct RememberedVerdictTests {
  private func open(_ folder: TemporaryFolder, _ clock: ManualClock) async throws -> RefreshLedger {
    try await RefreshLedger.open(
      folder: folder.path, options: LedgerOptions(durability: .none), clock: clock.sessionClock,
      random: SeededGenerator(seed: 1)
    ).ledger
  }

  private func session(_ ledger: RefreshLedger, idleMilliseconds: Int64 = 600_000) async throws -> Session {
    let lifetimes = try #require(
      Lifetimes(idleMilliseconds: idleMilliseconds, absoluteMilliseconds: idleMilliseconds))
    return try await ledger.open(SessionGrant(subject: "ann", client: "web", scope: "", lifetimes: lifetimes))
  }

  @Test("A grace window that was said to be over stays over after a restart with the clock set back into it")
  func graceEnd() async throws {
    let folder = try TemporaryFolder()
    let clock = ManualClock()
    let first = try await open(folder, clock)
    let token = try await session(first).tokenID
    let request = RotationRequest(token: token, client: "web", graceMilliseconds: 1_000, reuse: .refuse)
    _ = try await first.rotate(request)
    clock.advance(milliseconds: 1_000)
    let verdict = try await first.rotate(request)
    #expect(verdict == .refused(.reused(.lateParent, generationsBehind: 1, revokedSession: false)))
    try await first.close()
    clock.step(milliseconds: -500)
    #expect(try await open(folder, clock).rotate(request) == verdict)
  }

  @Test("What was said to have expired has so after a crash with the clock set back", arguments: [false, true])
  func expiry(isOneTime: Bool) async throws {
    let (folder, left) = (try TemporaryFolder(), try TemporaryFolder())
    let clock = ManualClock()
    let first = try await open(folder, clock)
    let session = try await session(first, idleMilliseconds: 500)
    let token = try await first.issue(OneTimeGrant(purpose: "reset", subject: "ann", lifetimeMilliseconds: 500))
    func isExpired(_ ledger: RefreshLedger) async throws -> Bool {
      if isOneTime { return try await ledger.consume(token, purpose: "reset") == .refused(.expired) }
      let request = RotationRequest(token: session.tokenID, client: "web")
      return try await ledger.rotate(request).refusal == .expired(generationsBehind: 0)
    }
    clock.advance(milliseconds: 600)
    #expect(try await isExpired(first))
    // What a crash at this moment would leave.
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path.string) {
      try FileManager.default.copyItem(
        atPath: folder.path.appending(name).string, toPath: left.path.appending(name).string)
    }
    try await first.close()
    clock.step(milliseconds: -600)
    let second = try await open(left, clock)
    #expect(try await isExpired(second))
    try await second.close()
  }

  @Test("A session that was said to be revoked is so after a restart, for as long as its access tokens may live")
  func revocationOfAnOldSession() async throws {
    let folder = try TemporaryFolder()
    let clock = ManualClock()
    let day: Int64 = 86_400_000
    let first = try await open(folder, clock)
    let id = try await session(first, idleMilliseconds: 90 * day).id
    clock.advance(milliseconds: 29 * day)
    _ = try await first.revoke(id)
    try await first.close()
    clock.advance(milliseconds: 29 * day)
    let second = try await open(folder, clock)
    try await second.sweepExpired()
    #expect(second.revocations.contains(id))
  }

  @Test("Another client is told of a token no more than that it is not its own")
  func strangers() async throws {
    let folder = try TemporaryFolder()
    let clock = ManualClock()
    let ledger = try await open(folder, clock)
    let (revoked, ended) = (try await session(ledger), try await session(ledger, idleMilliseconds: 5))
    _ = try await ledger.revoke(revoked.id)
    clock.advance(milliseconds: 6)
    for session in [revoked, ended] {
      let request = RotationRequest(token: session.tokenID, client: "other")
      #expect(try await ledger.rotate(request) == .refused(.wrongClient))
    }
  }
}
