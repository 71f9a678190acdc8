import Synchronization
import Testing
import TokenLedger
import TokenTesting

@testable import TokenEngine

/// Stores whose instance has not heard of the newest change yet: what they say first is old, and the last look is not.
@Suite("A store that hears of a change late")
struct LateStoreTests {
  private static let ann = Subject(id: "ann", scopes: ["read"])
  private static let old = Client(id: "web", isPublic: true, version: AccountVersion("1"))
  private static let new = Client(id: "web", isPublic: true, version: AccountVersion("2"))

  private func engine(
    _ subjects: (any SubjectStore)?, openedWith client: Client
  ) async throws -> (RotationEngine, TokenPair) {
    let engine = try RotationEngine.inMemory(subjects: subjects, clock: ManualClock().sessionClock)
    let pair = try await engine.openUncheckedSession(
      subject: "ann", client: client, scopes: ["read"], version: AccountVersion.none)
    return (engine, pair)
  }

  @Test("does not end the session of a subject that was added or enabled elsewhere", arguments: [true, false])
  func subject(isKnown: Bool) async throws {
    let subjects = LateSubjects()
    var disabled = Self.ann
    disabled.isEnabled = false
    subjects.set(isKnown ? disabled : nil, latest: Self.ann)
    let (engine, pair) = try await engine(subjects, openedWith: Self.new)
    let next = try await engine.refresh(pair.refreshToken, client: Self.new).pair()
    let batch = [RefreshRequest(token: next.refreshToken, client: Self.new)]
    guard case .granted = try await engine.refresh(batch)[0].get() else { throw Unexpected() }
    _ = try await engine.openSession(forSubject: "ann", client: Self.new).pair()
  }

  @Test("has a subject refused that is gone or disabled by the last look too, or that cannot be looked at")
  func goneSubject() async throws {
    let subjects = LateSubjects()
    subjects.set(nil, latest: nil)
    let (engine, pair) = try await engine(subjects, openedWith: Self.new)
    #expect(try await engine.refresh(pair.refreshToken, client: Self.new) == .refused(.subjectGone))
    var disabled = Self.ann
    disabled.isEnabled = false
    subjects.set(Self.ann, latest: disabled)
    // What is known to be enabled is not looked at again: the change is heard of soon.
    _ = try await engine.refresh(pair.refreshToken, client: Self.new).pair()
    subjects.set(disabled, latest: disabled)
    #expect(try await engine.refresh(pair.refreshToken, client: Self.new) == .refused(.subjectDisabled))
    subjects.fail()
    let failure = await #expect(throws: EngineError.self) {
      try await engine.refresh(pair.refreshToken, client: Self.new)
    }
    #expect(failure?.isTemporary == true)
  }

  @Test("has a subject log in that was enabled elsewhere, unless its password is another now")
  func logIn() async throws {
    let subjects = LateSubjects()
    var disabled = Self.ann
    disabled.isEnabled = false
    subjects.set(disabled, latest: Self.ann)
    let (engine, _) = try await engine(subjects, openedWith: Self.new)
    _ = try await engine.logIn(name: "ann", password: "ann", client: Self.new).pair()
    var renewed = Self.ann
    renewed.version = AccountVersion("2")
    subjects.set(disabled, latest: renewed)
    await #expect(throws: EngineError.self) { try await engine.logIn(name: "ann", password: "ann", client: Self.new) }
  }

  @Test("does not end a session of the client that is in the place of the one it knows", arguments: [true, false])
  func client(hasSubjects: Bool) async throws {
    let subjects = hasSubjects ? LateSubjects() : nil
    subjects?.set(Self.ann, latest: Self.ann)
    let (engine, pair) = try await engine(subjects, openedWith: Self.new)
    let clients = LateClients(known: Self.old, latest: .success(Self.new))
    let next = try await engine.refresh(pair.refreshToken, client: Self.old, clients: clients).pair()
    #expect(next.session == pair.session)
    let batch = [RefreshRequest(token: next.refreshToken, client: Self.old, clients: clients)]
    guard case .granted = try await engine.refresh(batch)[0].get() else { throw Unexpected() }
  }

  @Test("ends the session of a client that was replaced")
  func replacedClient() async throws {
    let (engine, pair) = try await engine(nil, openedWith: Self.old)
    let clients = LateClients(known: Self.new, latest: .success(Self.new))
    #expect(
      try await engine.refresh(pair.refreshToken, client: Self.new, clients: clients)
        == .refused(.revoked(generationsBehind: 0)))
    #expect(try await engine.session(pair.session) == nil)
  }

  @Test("neither grants nor ends anything for a client with a secret that was replaced, or that cannot be looked at")
  func secretOfBefore() async throws {
    var (old, new) = (Self.old, Self.new)
    (old.isPublic, new.isPublic) = (false, false)
    let (engine, pair) = try await engine(nil, openedWith: new)
    for latest in [.success(new), .failure(.unreadable("the database does not answer"))] as [LateClients.Answer] {
      let clients = LateClients(known: old, latest: latest)
      let failure = await #expect(throws: EngineError.self) {
        try await engine.refresh(pair.refreshToken, client: old, clients: clients)
      }
      #expect(failure?.isTemporary == true)
    }
    let clients = LateClients(known: old, latest: .success(nil))
    #expect(
      try await engine.refresh(pair.refreshToken, client: old, clients: clients) == .refused(.unauthorizedClient))
    _ = try await engine.refresh(pair.refreshToken, client: new, clients: clients).pair()
  }
}

private struct Unexpected: Error {}

private final class LateSubjects: SubjectStore {
  private let state = Mutex<(known: Subject?, latest: Subject?, fails: Bool)>((nil, nil, false))

  func set(_ known: Subject?, latest: Subject?) { state.withLock { $0 = (known, latest, false) } }
  func fail() { state.withLock { $0.fails = true } }

  func subject(id: String) async throws -> Subject? { state.withLock { $0.known } }
  func authenticate(name: String, password: String) async throws -> Subject? { state.withLock { $0.known } }

  func latestSubject(id: String) async throws -> Subject? {
    let now = state.withLock { $0 }
    if now.fails { throw StoreError.unreadable("the database does not answer") }
    return now.latest
  }
}

private struct LateClients: ClientStore {
  typealias Answer = Result<Client?, StoreError>

  var known: Client
  var latest: Answer

  func client(id: String) async throws -> Client? { known }
  func latestClient(id: String) async throws -> Client? { try latest.get() }
  func authenticate(id: String, secretCandidates: [[UInt8]]) async throws -> Client? { known }
}
