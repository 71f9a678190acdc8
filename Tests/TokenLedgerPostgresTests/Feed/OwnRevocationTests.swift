#if Postgres
import PostgresTesting
import RotationModel
import Testing
@testable import TokenLedgerPostgres

/// Whoever is told that something has ended finds it refused where it asked, also if another call or an earlier try has
/// ended it, and the feed has not heard of that.
@Suite(.fewAtOnce, .serialized) struct OwnRevocationTests {
  private let database: TestedDatabase
  private let one: TestedInstance
  /// Its feed never looks.
  private let other: TestedInstance
  /// Of a call whose first try is made at one instance, and its retry at the other, which knows nothing of it.
  private let attempt = Attempt.newID()

  init() async throws {
    let clock = SteppedClock()
    database = try await TestedDatabase.withLedger()
    (one, other) = (
      try TestedInstance(database, TestedInstance.options(clock)),
      try TestedInstance(database, TestedInstance.options(clock))
    )
  }

  private func revoke(_ id: SessionID, at instance: TestedInstance, isRetry: Bool) throws -> Bool {
    try RevokingSteps.session(
      id, attempt: Attempt(id: attempt, isRetry: isRetry), on: instance.connection, deadline: .long)
  }

  @Test func aRetryOfARevocationTellsTheInstancesVerifiers() throws {
    let session = try one.open("anna")
    #expect(try revoke(session.id, at: one, isRetry: false))
    #expect(try revoke(session.id, at: other, isRetry: true))
    #expect(other.refuses(session))
  }

  @Test func aRevocationThatComesAfterAnotherOneTellsThemToo() throws {
    let session = try one.open("anna")
    try one.revoke(session.id)
    #expect(try !other.revoke(session.id))
    #expect(other.refuses(session))
  }

  @Test func aRetryOfAReuseTellsThemToo() throws {
    let session = try one.open("anna")
    let request = RotationRequest(token: session.tokenID, client: session.client)
    _ = try one.rotate(session.tokenID)
    for (instance, isRetry) in [(one, false), (other, true)] {
      let presentation = SlowRotation.Presentation(
        request: request, attempt: Attempt(id: attempt, isRetry: isRetry))
      let refused = try SlowRotation.run([presentation], on: instance.connection, deadline: .long).0[0]
      #expect(refused == .refused(.reused(.race, generationsBehind: 1, revokedSession: true)))
      #expect(instance.refuses(session))
    }
  }

  @Test func aRetryOfASubjectsRevocationTellsThemToo() throws {
    let session = try one.open("anna")
    for (instance, isRetry) in [(one, false), (other, true)] {
      let count = try RevokingSteps.subject(
        "anna", client: nil, attempt: Attempt(id: attempt, isRetry: isRetry), on: instance.connection, deadline: .long)
      #expect(count == 1)
      #expect(instance.refuses(session))
    }
  }

  @Test func aRetryOfTheEndOfOutdatedSessionsTellsThemToo() throws {
    let session = try one.open("anna")
    for (instance, isRetry) in [(one, false), (other, true)] {
      let ended = try RevokingSteps.outdated(
        subject: "anna", version: AccountVersion("2"), orBefore: session.openedAt.advanced(byMilliseconds: 1),
        attempt: Attempt(id: attempt, isRetry: isRetry), on: instance.connection, deadline: .long)
      #expect(ended == [session.id])
      #expect(instance.refuses(session))
    }
  }

  @Test func anAccessTokenThatWasRevokedBeforeIsRefusedAtOnceToo() throws {
    let session = try one.open("anna")
    let end = session.refreshedAt.advanced(byMilliseconds: 900_000)
    for instance in [one, other] {
      try RevokingSteps.access(session.tokenID, until: end, on: instance.connection, deadline: .long)
      #expect(instance.refuses(session))
    }
    #expect(try database.number("select count(*) from refresh_ledger.revocation") == 1)
  }
}
#endif
