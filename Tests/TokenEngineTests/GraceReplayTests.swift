import Foundation
import SystemPackage
import Testing
import TokenEngine
import TokenLedger
import TokenSigning
import TokenTesting

/// A folder of its own for one test.
final class EngineFolder: Sendable {
  let path = FilePath(FileManager.default.temporaryDirectory.appendingPathComponent("engine-\(UUID().uuidString)").path)

  deinit { try? FileManager.default.removeItem(atPath: path.string) }
}

@Suite("A retry in the grace window", .fewAtOnce)
struct GraceReplayTests {
  static let web = Client(id: "web", isPublic: true)

  static func options(_ algorithm: SignatureAlgorithm = .hs256) -> EngineOptions {
    var options = EngineOptions()
    options.algorithm = algorithm
    options.grace = .seconds(30)
    options.accessLifetime = .seconds(10)
    return options
  }

  @Test(
    "after a restart is answered with the pair that was answered before it, byte for byte",
    arguments: [.hs256, .edDSA] as [SignatureAlgorithm])
  func acrossARestart(algorithm: SignatureAlgorithm) async throws {
    let folder = EngineFolder()
    let clock = ManualClock()
    let options = Self.options(algorithm)
    var engine = try await RotationEngine.open(folder: folder.path, options: options, clock: clock.sessionClock)
    let first = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    clock.advance(milliseconds: 1_234)
    let next = try await engine.refresh(first.refreshToken, client: Self.web).pair()
    clock.advance(milliseconds: 5_000)
    try await engine.close()

    engine = try await RotationEngine.open(folder: folder.path, options: options, clock: clock.sessionClock)
    let again = try await engine.refresh(first.refreshToken, client: Self.web).pair()
    #expect(again.accessToken == next.accessToken)
    #expect(again.refreshToken == next.refreshToken)
    #expect(again.expiresInSeconds == next.expiresInSeconds - 5)
    #expect(try engine.verify(again.accessToken).subject == "ann")
    try await engine.close()
  }

  @Test("after a restart and after the access token's end differs in the access token alone")
  func acrossARestartAfterTheAccessTokensEnd() async throws {
    let folder = EngineFolder()
    let clock = ManualClock()
    var engine = try await RotationEngine.open(folder: folder.path, options: Self.options(), clock: clock.sessionClock)
    let first = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    let next = try await engine.refresh(first.refreshToken, client: Self.web).pair()
    try await engine.close()
    clock.advance(milliseconds: 20_000)

    engine = try await RotationEngine.open(folder: folder.path, options: Self.options(), clock: clock.sessionClock)
    #expect(throws: BadToken.expired) { try engine.verify(next.accessToken) }
    let again = try await engine.refresh(first.refreshToken, client: Self.web).pair()
    #expect(again.refreshToken == next.refreshToken)
    #expect(again.accessToken != next.accessToken)
    let (old, new) = (TokenID(session: next.session, generation: 1), try engine.verify(again.accessToken).tokenID)
    #expect(new == old)
    try await engine.close()
  }

  @Test("after a restart is refused if the successor had been used as an access token before it")
  func closedBeforeTheRestart() async throws {
    let folder = EngineFolder()
    let clock = ManualClock()
    var engine = try await RotationEngine.open(folder: folder.path, options: Self.options(), clock: clock.sessionClock)
    let first = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    let next = try await engine.refresh(first.refreshToken, client: Self.web).pair()
    clock.advance(milliseconds: 2_000)
    _ = try engine.verify(next.accessToken)
    // The ledger takes the note at its next step, whatever that is.
    _ = try await engine.openUncheckedSession(subject: "bob", client: Self.web, scopes: [])
    try await engine.close()

    engine = try await RotationEngine.open(folder: folder.path, options: Self.options(), clock: clock.sessionClock)
    let reused = GrantRefusal.reused(.lateParent, generationsBehind: 1, revokedSession: true)
    #expect(try await engine.refresh(first.refreshToken, client: Self.web) == .refused(reused))
    try await engine.close()
  }

  @Test(
    "is not refused for a use of the successor's access token within the first second, from 1 s on it is",
    arguments: [(999, true), (1_999, true), (2_000, false)] as [(Int64, Bool)])
  func parallelCallersShareASecond(after: Int64, isAnswered: Bool) async throws {
    let clock = ManualClock()
    let engine = try RotationEngine.inMemory(options: Self.options(), clock: clock.sessionClock)
    let first = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    let next = try await engine.refresh(first.refreshToken, client: Self.web).pair()
    clock.advance(milliseconds: after)
    _ = try engine.verify(next.accessToken)
    let again = try? await engine.refresh(first.refreshToken, client: Self.web).pair()
    #expect(again?.accessToken == (isAnswered ? next.accessToken : nil))
    #expect((try await engine.session(next.session) != nil) == isAnswered)
  }

  @Test(
    "by 40 tasks at once that hold one token gives all of them one pair, and one rotation",
    arguments: TestedLedger.allCases)
  func fortyTasks(on ledger: TestedLedger) async throws {
    let observer = RecordingObserver()
    let engine = try await ledger.engine(clock: ManualClock(), options: Self.options(), observer: observer)
    let first = try await engine.openUncheckedSession(subject: "ann", client: Self.web, scopes: [])
    let pairs = try await withThrowingTaskGroup(of: TokenPair.self) { group in
      for _ in 0..<40 {
        group.addTask { try await engine.refresh(first.refreshToken, client: Self.web).pair() }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(pairs.count == 40)
    #expect(Set(pairs).count == 1)
    let rotations = observer.events.count { if case .rotated = $0 { true } else { false } }
    let races = observer.events.count { if case .retried(_, _, _, .race) = $0 { true } else { false } }
    #expect(rotations == 1)
    #expect(races == 39)
    #expect(try await engine.session(first.session)?.generation == 1)
  }
}
