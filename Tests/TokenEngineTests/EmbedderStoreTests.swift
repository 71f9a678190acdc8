import Synchronization
import Testing
import TokenEngine
import TokenTesting

@Suite("A store of an embedder", .fewAtOnce)
struct EmbedderStoreTests {
  private static let web = Client(id: "web", isPublic: true)

  /// Subjects of another system that signs them in.
  private struct Staff: SubjectStore {
    func subject(id: String) async throws -> Subject? { Subject(id: id, scopes: ["read"]) }
  }

  @Test("may have no passwords: then none is right, and sessions are opened by id", arguments: TestedLedger.allCases)
  func withoutPasswords(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: ManualClock(), subjects: Staff())
    #expect(
      try await engine.logIn(name: "ann", password: "x", client: Self.web) == .refused(.badCredentials))
    #expect(try await engine.openSession(forSubject: "ann", client: Self.web).pair().scopes == ["read"])
  }

  /// Answers only when as many ask at a time as are expected.
  private final class Meeting: SubjectStore {
    private let waiting = Mutex<[CheckedContinuation<Void, Never>]>([])
    private let expected: Int

    init(of expected: Int) { self.expected = expected }

    func subject(id: String) async throws -> Subject? {
      await withCheckedContinuation { continuation in
        let all = waiting.withLock { waiting in
          waiting.append(continuation)
          guard waiting.count == expected else { return [CheckedContinuation<Void, Never>]() }
          defer { waiting = [] }
          return waiting
        }
        for continuation in all { continuation.resume() }
      }
      return Subject(id: id, scopes: [])
    }
  }

  @Test("is asked for all refreshes of a batch at once", .timeLimit(.minutes(10)), arguments: TestedLedger.allCases)
  func batchInParallel(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: ManualClock(), subjects: Meeting(of: 64))
    let pairs = try await engine.openUncheckedSessions(
      (0..<64).map {
        OpeningRequest(subject: "subject \($0)", client: Self.web, scopes: [], version: AccountVersion.none)
      })
    let outcomes = try await engine.refresh(
      pairs.map { RefreshRequest(token: $0.refreshToken, client: Self.web) })
    #expect(try outcomes.map { try $0.get().pair().session } == pairs.map(\.session))
  }

  @Test("is asked for a larger batch in turns, and the order is kept", arguments: TestedLedger.allCases)
  func largeBatch(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: ManualClock(), subjects: Staff())
    let pairs = try await engine.openUncheckedSessions(
      (0..<200).map {
        OpeningRequest(subject: "subject \($0)", client: Self.web, scopes: [], version: AccountVersion.none)
      })
    let outcomes = try await engine.refresh(
      pairs.map { RefreshRequest(token: $0.refreshToken, client: Self.web) })
    #expect(try outcomes.map { try $0.get().pair().session } == pairs.map(\.session))
  }

  private struct Unreachable: Error {}

  /// Cannot tell of one subject.
  private struct Partial: SubjectStore {
    func subject(id: String) async throws -> Subject? {
      if id == "bob" { throw Unreachable() }
      return Subject(id: id, scopes: [])
    }
  }

  @Test(
    "that fails for one subject of a batch fails that request alone, and consumes nothing for it",
    arguments: TestedLedger.allCases)
  func oneFailure(on ledger: TestedLedger) async throws {
    let engine = try await ledger.engine(clock: ManualClock(), subjects: Partial())
    let pairs = try await engine.openUncheckedSessions(
      ["ann", "bob", "cat"].map {
        OpeningRequest(subject: $0, client: Self.web, scopes: [], version: AccountVersion.none)
      })
    let outcomes = try await engine.refresh(
      pairs.map { RefreshRequest(token: $0.refreshToken, client: Self.web) })
    #expect(try outcomes[0].get().pair().session == pairs[0].session)
    #expect(try outcomes[2].get().pair().session == pairs[2].session)
    guard case .failure(.foreign(let error)) = outcomes[1] else {
      Issue.record("\(outcomes[1])")
      return
    }
    #expect(error is Unreachable)
    #expect(try await engine.session(pairs[1].session)?.generation == 0)
  }
}
