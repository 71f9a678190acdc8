#if Postgres
import Platform
import PostgresTesting
import RotationModel
import Synchronization
import Testing
import TokenLedgerPostgres

/// A feed on its thread: what it hears and what is said where it hears nothing.
@Suite(.fewAtOnce, .serialized) struct FeedHealthTests {
  private let fixture: LedgerFixture

  init() async throws { fixture = try await LedgerFixture() }

  /// Waits until something holds; the suite's own limit ends a wait in vain.
  private func wait(until isSo: () throws -> Bool) async throws {
    while try !isSo() { try await Task.sleep(for: .milliseconds(5)) }
  }

  @Test func whatOneInstanceRevokesTheOtherOneHearsOf() async throws {
    try await fixture.withLedger { one in
      try await fixture.withLedger { other in
        let session = try await one.open()
        func isRefused(_ ledger: PostgresLedger) -> Bool {
          ledger.register.isRefused(
            session.tokenID, subject: session.subject, client: session.client, issuedAt: session.refreshedAt.seconds)
        }
        #expect(!isRefused(one) && !isRefused(other))
        #expect(try await one.revoke(session.id))
        #expect(isRefused(one))
        try await wait { isRefused(other) }
      }
    }
  }

  @Test func anInstanceThatIsCutOffSaysSoAndCatchesUp() async throws {
    let proxy = try FaultProxy(to: fixture.database.server)
    var options = fixture.options
    options.staleAfter = .milliseconds(200)
    options.onStale = .refuse
    try await fixture.withLedger { one in
      try await fixture.withLedger(options, by: proxy) { cut in
        let told = ToldNotices()
        let running = Task { await cut.run(told.note) }
        defer { running.cancel() }
        let (live, revoked) = (try await one.open("ann"), try await one.open("boris"))
        func refuses(_ session: Session) -> Bool {
          cut.register.isRefused(
            session.tokenID, subject: session.subject, client: session.client, issuedAt: session.refreshedAt.seconds)
        }
        // Also where the machine is so busy that a look takes long.
        try await wait { !refuses(live) }
        try await wait { !cut.health.refusesAccess && cut.health.isServing }

        proxy.isRefusing = true
        proxy.cutAll()
        try await wait { cut.health.isFeedStale }
        #expect(cut.health.refusesAccess && !cut.health.isServing)
        #expect(refuses(live))
        _ = try await one.revoke(revoked.id)
        try await wait { told.all.contains { if case .feedBecameStale = $0 { true } else { false } } }
        try await wait { told.all.contains { if case .becameUnavailable = $0 { true } else { false } } }

        proxy.isRefusing = false
        try await wait { !cut.health.isFeedStale && !refuses(live) }
        #expect(refuses(revoked))
        try await wait { told.all.contains(.feedCaughtUp) && told.all.contains(.becameAvailable) }
      }
    }
  }

  @Test func anInstanceThatServesOnGoesOnAcceptingWhileItSaysThatItsNewsAreOld() async throws {
    let proxy = try FaultProxy(to: fixture.database.server)
    var options = fixture.options
    options.staleAfter = .milliseconds(200)
    try await fixture.withLedger(options, by: proxy) { cut in
      let session = try await cut.open()
      proxy.isRefusing = true
      proxy.cutAll()
      try await wait { cut.health.isFeedStale }
      #expect(!cut.health.refusesAccess && cut.health.isServing)
      #expect(
        !cut.register.isRefused(
          session.tokenID, subject: session.subject, client: session.client, issuedAt: session.refreshedAt.seconds))
      proxy.isRefusing = false
      try await wait { !cut.health.isFeedStale }
    }
  }

  @Test func anInstanceWhoseDatabaseLacksSomethingAcceptsNoAccessTokenUntilTheFence() async throws {
    try await fixture.withLedger { ledger in
      let session = try await ledger.open("ann")
      func refuses(_ session: Session) -> Bool {
        ledger.register.isRefused(
          session.tokenID, subject: session.subject, client: session.client, issuedAt: session.refreshedAt.seconds)
      }
      #expect(!refuses(session))
      try fixture.execute("delete from event")
      try fixture.execute(
        """
        select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()
        """)
      try await wait { ledger.health.refusesAccess }
      #expect(refuses(session) && !ledger.health.isServing)
      try fixture.execute("update ledger set fence = fence + 1, state = 'open'")
      try await wait { !ledger.health.refusesAccess }
      #expect(!refuses(session))
    }
  }

  @Test func aFeedThatFindsNoLedgerSaysWhatToDo() async throws {
    let empty = try await TestedDatabase.make()
    let error = await #expect(throws: DatabaseError.self) {
      try await PostgresLedger.open(empty.address, options: fixture.options)
    }
    #expect(error?.description.contains("database init") == true)
  }

  @Test func theLastLookWritesWhatVerifiersSaw() async throws {
    let ledger = try await PostgresLedger.open(fixture.database.address, options: fixture.options)
    let opened = try await ledger.open()
    let session = try #require(try await ledger.rotate(opened.tokenID, grace: 30_000).granted)
    ledger.register.noteUse(of: session.tokenID, issuedAt: session.refreshedAt.seconds, now: ledger.now())
    try await ledger.close()
    #expect(try fixture.value("select successor_seen from ledger.session") == "true")
  }
}
#endif
