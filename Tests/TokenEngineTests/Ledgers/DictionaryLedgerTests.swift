import RotationModel
import Testing
import TokenTesting

/// What a test can order of a `DictionaryLedger`.
@Suite("A dictionary ledger that is told to fail", .timeLimit(.minutes(10)))
struct DictionaryLedgerTests {
  private let clock = ManualClock()
  private let ledger: DictionaryLedger

  init() { ledger = DictionaryLedger(clock: clock) }

  private func open(_ subject: String = "ann") async throws(LedgerError) -> Session {
    guard let lifetimes = Lifetimes(idleMilliseconds: 60_000, absoluteMilliseconds: 600_000) else { throw .full }
    let grant = SessionGrant(subject: subject, client: "web", scope: "", lifetimes: lifetimes)
    return try await ledger.open(grant, deadline: nil) { session, _ in session }
  }

  private func failure(_ call: () async throws -> Void) async -> LedgerError? {
    do {
      try await call()
      return nil
    } catch {
      return error as? LedgerError
    }
  }

  @Test("fails as often as it was told, one order after the other, and then goes on")
  func times() async throws {
    ledger.fail(.unavailable("away"), times: 2)
    ledger.fail(.overloaded, times: 1)
    #expect(ledger.health.state == .acceptsChanges)
    #expect(await failure { _ = try await open() } == .unavailable("away"))
    #expect(await failure { _ = try await ledger.session(SessionID(high: 1, low: 1)) } == .unavailable("away"))
    #expect(await failure { _ = try await open() } == .overloaded)
    #expect(try await open().generation == 0)
  }

  @Test(
    "fails until it recovers, and its health says so meanwhile",
    arguments: [
      (LedgerError.unavailable("away"), LedgerHealth.State.unavailable(since: ManualClock().now)),
      (.overloaded, .stalled), (.full, .acceptsChanges), (.outcomeUnknown("cut"), .acceptsChanges),
    ])
  func untilFurtherNotice(error: LedgerError, state: LedgerHealth.State) async throws {
    ledger.fail(error)
    for _ in 0..<3 { #expect(await failure { _ = try await open() } == error) }
    #expect(ledger.health.state == state)
    #expect(await ledger.statistics.sequence == 0)
    ledger.recover()
    #expect(ledger.health.state == .acceptsChanges)
    #expect(try await open().generation == 0)
  }

  @Test("that is full opens and issues nothing, and goes on with what it has")
  func full() async throws {
    let session = try await open()
    ledger.fail(.full)
    #expect(await failure { _ = try await open() } == .full)
    let oneTime = OneTimeGrant(purpose: "reset", subject: "ann", lifetimeMilliseconds: 1_000)
    #expect(await failure { _ = try await ledger.issue(oneTime) { id, _ in id } } == .full)
    let outcome = try await ledger.rotate(
      RotationRequest(token: session.tokenID, client: "web"), deadline: nil
    ) { outcome, _ in outcome }
    guard case .rotated = outcome else {
      Issue.record("\(outcome)")
      return
    }
  }

  @Test(
    "with an unknown outcome has done nothing before the effect, and all of it after",
    arguments: [false, true])
  func unknown(afterEffect: Bool) async throws {
    let session = try await open()
    ledger.fail(.outcomeUnknown("cut"), times: 1, afterEffect: afterEffect)
    let made = Flag()
    let request = RotationRequest(token: session.tokenID, client: "web")
    #expect(
      await failure { try await ledger.rotate(request, deadline: nil) { _, _ in made.set() } } == .outcomeUnknown("cut")
    )
    #expect(made.isSet == afterEffect)
    #expect(try await ledger.session(session.id)?.generation == (afterEffect ? 1 : 0))
  }

  @Test("that is told to be closed is closed for good with the first change, which takes effect or not as told")
  func closed() async throws {
    let session = try await open()
    ledger.fail(.closed("the disk is gone"), afterEffect: true)
    #expect(try await ledger.session(session.id) != nil)
    #expect(await failure { _ = try await ledger.revoke(session.id) } == .closed("the disk is gone"))
    #expect(try await ledger.session(session.id) == nil)
    ledger.recover()
    #expect(await failure { _ = try await open() } == .closed("the disk is gone"))
    #expect(ledger.health.state == .closed("the disk is gone"))
    #expect(await !ledger.statistics.isWritable)
  }

  @Test("that is held counts who waits, and lets them go at its release; a later hold is another")
  func held() async throws {
    for round in 1...3 {
      ledger.hold()
      let calls = (0..<round).map { number in HeldCall { () async throws(LedgerError) in try await open("s\(number)") }
      }
      await ledger.waitForHeldCalls(round)
      #expect(ledger.heldCalls == round)
      for call in calls { #expect(await !call.hasReturned()) }
      ledger.release()
      for call in calls { #expect(await call.failure == nil) }
      #expect(ledger.heldCalls == 0)
    }
  }
}
