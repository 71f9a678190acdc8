import LedgerTesting
import TokenLedger
import TokenSigning
import TokenTesting

@testable import TokenEngine

/// An engine with one subject, one client and a clock that stands still, on a ledger that writes nothing.
struct EngineFixture {
  static let client = Client(id: "web", isPublic: true, scopes: Scopes("read write"))

  let clock = ManualClock()
  let observer = RecordingObserver()
  let subjects = SubjectTable()
  let keys: TokenKeys
  let ledger: any OneTimeLedger & EventLedger
  let engine: RotationEngine

  init(
    on tested: TestedLedger = .refreshLedger, _ change: (inout EngineOptions) -> Void = { _ in }
  ) async throws {
    var options = EngineOptions()
    change(&options)
    try options.validate()
    subjects.set(Subject(id: "ann", scopes: ["read", "write", "admin"]), password: "ann")
    keys = TokenKeys.generate()
    ledger = try await tested.make(clock: clock, sessionsPerSubjectMax: options.sessionsPerSubjectMax)
    engine = RotationEngine(
      options: options, keys: KeyRing(keys), ledger: ledger, recovery: nil, subjects: subjects,
      clock: clock.sessionClock,
      observer: observer)
  }

  /// An engine with the same keys, sessions and clock, and other options.
  func sibling(_ change: (inout EngineOptions) -> Void) throws -> RotationEngine {
    var options = EngineOptions()
    change(&options)
    return RotationEngine(
      options: options, keys: KeyRing(keys), ledger: ledger, recovery: nil, subjects: subjects,
      clock: clock.sessionClock,
      observer: observer)
  }

  func logIn(scope: String? = nil) async throws -> TokenPair {
    try await engine.logIn(name: "ann", password: "ann", client: Self.client, scope: scope).pair()
  }

  func refresh(_ token: String, scope: String? = nil) async throws -> GrantOutcome {
    try await engine.refresh(token, client: Self.client, scope: scope)
  }
}

extension GrantOutcome {
  struct Refused: Error {
    var refusal: GrantRefusal
  }

  func pair() throws -> TokenPair {
    switch self {
    case .granted(let pair): pair
    case .refused(let refusal): throw Refused(refusal: refusal)
    }
  }
}
