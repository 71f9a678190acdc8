import MetricsTestKit
import Testing
import TokenEngine
import TokenTesting

@testable import TokenObservability

/// An engine's metrics in a backend that can be read.
private struct CountedEvents {
  let backend = TestMetrics()
  let observer: EngineMetricsObserver

  init(store: TokenMetric.Store = .embedded) {
    observer = EngineMetricsObserver(factory: backend, store: store)
  }

  /// The counters that are not 0, without the names' common beginning, as `name{values}`.
  var counts: [String: Int64] {
    var counts: [String: Int64] = [:]
    for counter in backend.counters where counter.totalValue != 0 {
      let values = counter.dimensions.isEmpty ? "" : "{\(counter.dimensions.map(\.1).joined(separator: ","))}"
      counts["\(counter.label.dropFirst("refresh_ledger_".count))\(values)"] = counter.totalValue
    }
    return counts
  }

  /// The commits that were timed, in nanoseconds.
  var commits: [Int64] { backend.timers(label: TokenMetric.commitSeconds.rawValue).flatMap(\.values) }
}

@Suite("The engine's counters")
struct EngineMetricsTests {
  private static let token = TokenID(session: SessionID(high: 1, low: 2), generation: 3)

  /// What an event counts, and that it counts nothing else.
  private static let events: [(EngineEvent, [String: Int64])] = [
    (.opened(token, subject: "ann", client: "web"), ["sessions_opened_total": 1]),
    (.rotated(token, subject: "ann", client: "web"), ["rotations_total": 1]),
    (.refreshed(token, subject: "ann", client: "web"), ["unrotated_refreshes_total": 1]),
    (.clientGranted(token, client: "web"), ["client_tokens_total": 1]),
    (.retried(token, subject: "ann", client: "web", .retry), ["replays_total{retry}": 1]),
    (.retried(token, subject: "ann", client: "web", .race), ["replays_total{race}": 1]),
    (
      .refused(.reused(.lateParent, generationsBehind: 1, revokedSession: false), token: token, client: "web"),
      ["refusals_total{reused}": 1, "reuses_total{late_parent}": 1]
    ),
    (
      .refused(.reused(.staleLineage, generationsBehind: 9, revokedSession: true), token: token, client: "web"),
      ["refusals_total{reused}": 1, "reuses_total{stale_lineage}": 1, "revocations_total{reuse}": 1]
    ),
    (
      .refused(.neverIssued(generationsAhead: 1), token: token, client: "web"),
      ["refusals_total{never_issued}": 1, "revocations_total{rollback}": 1]
    ),
    (.revoked(token.session), ["revocations_total{session}": 1]),
    (.revokedAll(.subject("ann")), ["revocations_total{subject}": 1]),
    (.revokedAll(.client("web")), ["revocations_total{client}": 1]),
    (.revokedAll(.subjectAtClient(subject: "ann", client: "web")), ["revocations_total{subject_at_client}": 1]),
    (.revokedAll(.all), ["revocations_total{all}": 1]),
    (.accessRevoked(token), ["revocations_total{access_token}": 1]),
    (.oneTimeIssued(token.session, subject: "ann", purpose: "reset"), ["one_time_tokens_issued_total": 1]),
    (.oneTimeConsumed(token.session, subject: "ann", purpose: "reset"), ["one_time_tokens_consumed_total": 1]),
    (.checkpointed(sequence: 1, entries: 1, bytes: 1, segmentsRemoved: 1), ["checkpoints_total{written}": 1]),
    (.checkpointFailed("disk full"), ["checkpoints_total{failed}": 1]),
  ]

  @Test("count each event as what it is, and nothing else with it", arguments: events)
  func event(event: EngineEvent, expected: [String: Int64]) {
    let counted = CountedEvents()
    counted.observer.engine(observed: event)
    #expect(counted.counts == expected)
    counted.observer.engine(observed: event)
    #expect(counted.counts == expected.mapValues { $0 * 2 })
  }

  /// The same with a database.
  private static let databaseEvents: [(EngineEvent, [String: Int64])] = [
    (.databaseUnavailable("no route to it"), ["database_outages_total": 1]),
    (.databaseAvailable, [:]),
    (.feedStale(.seconds(6)), ["feed_stale_total": 1]),
    (.feedCaughtUp, [:]),
    (.outcomeUnknown("the connection broke"), ["outcomes_unknown_total": 1]),
    (.databaseFenced("run database fence"), [:]),
    (.databaseDamaged("row 7 of `event`"), [:]),
    (.rotated(token, subject: "ann", client: "web"), ["rotations_total": 1]),
  ]

  @Test("count what happens to a database, and have none of a log beside it", arguments: databaseEvents)
  func databaseEvent(event: EngineEvent, expected: [String: Int64]) {
    let counted = CountedEvents(store: .postgres)
    counted.observer.engine(observed: event)
    #expect(counted.counts == expected)
    counted.observer.engine(observed: .checkpointFailed("there is none"))
    counted.observer.engine(committedWithin: .seconds(1))
    #expect(counted.counts == expected && counted.commits.isEmpty)
    let embedded = CountedEvents()
    embedded.observer.engine(observed: event)
    #expect(embedded.counts.keys.allSatisfy { $0 == "rotations_total" })
  }

  @Test("know every reason that a grant can be refused for")
  func refusals() {
    let others: [GrantRefusal] = [
      .unknown, .expired(generationsBehind: nil), .revoked(generationsBehind: 1), .wrongClient, .subjectGone,
      .subjectDisabled, .badCredentials, .invalidScope, .unauthorizedClient,
      .clientNamedAsSubject, .missingKey, .otherKey,
    ]
    let proofs = BadProof.Fault.allCases.map { GrantRefusal.badProof(BadProof($0, "a bad proof")) }
    let refusals = BadToken.allCases.map { GrantRefusal.badToken($0) } + others + proofs
    for refusal in refusals {
      let counted = CountedEvents()
      counted.observer.engine(observed: .refused(refusal, token: nil, client: "web"))
      #expect(counted.counts == ["refusals_total{\(refusal.reason)}": 1])
    }
    let reasons = Set(refusals.map(\.reason) + ["reused", "never_issued"])
    #expect(reasons == Set(GrantRefusal.reasons) && GrantRefusal.reasons.count == reasons.count)
  }

  @Test("know every reason that a one-time token can be refused for")
  func oneTimeRefusals() {
    let others: [OneTimeTokenRefusal] = [.expired, .alreadyConsumed, .wrongPurpose, .unknown]
    let refusals = BadToken.allCases.map { OneTimeTokenRefusal.badToken($0) } + others
    for refusal in refusals {
      let counted = CountedEvents()
      counted.observer.engine(observed: .oneTimeRefused(refusal, nil, purpose: "reset"))
      #expect(counted.counts == ["one_time_token_refusals_total{\(refusal.reason)}": 1])
    }
    let reasons = Set(refusals.map(\.reason))
    #expect(reasons == Set(OneTimeTokenRefusal.reasons) && OneTimeTokenRefusal.reasons.count == reasons.count)
  }

  @Test("record the time of every commit")
  func commits() {
    let counted = CountedEvents()
    counted.observer.engine(committedWithin: .microseconds(1500))
    #expect(counted.commits == [1_500_000])
  }

  @Test("are beside another observer that is told the same, in order")
  func group() {
    let (counted, recorder) = (CountedEvents(), RecordingObserver())
    let group = EngineObserverGroup(recorder, counted.observer)
    for (event, _) in Self.events { group.engine(observed: event) }
    group.engine(committedWithin: .seconds(1))
    #expect(recorder.events == Self.events.map(\.0))
    #expect(counted.counts["rotations_total"] == 1)
    #expect(counted.commits.count == 1)
  }

  @Test("have gauges beside them that are read of an engine without a server")
  func gauges() async throws {
    let backend = TestMetrics()
    let engine = try RotationEngine.inMemory(clock: ManualClock())
    let gauges = EngineGauges(factory: backend)
    func value(_ metric: TokenMetric) throws -> Double? { try backend.expectMeter(metric.rawValue).lastValue }
    _ = try await engine.openUncheckedSession(subject: "ann", client: Client(id: "web", isPublic: true), scopes: [])
    await gauges.read(engine)
    #expect(try value(.ready) == 1)
    #expect(try value(.liveSessions) == 1)
    #expect(try value(.sequenceLag) == 0)
    try await engine.close()
    await gauges.read(engine)
    #expect(try value(.ready) == 0)
  }

  @Test("have gauges of a database in place of those of a log, without one zero that means nothing")
  func databaseGauges() async throws {
    let (backend, clock) = (TestMetrics(), ManualClock())
    let ledger = DictionaryLedger(clock: clock)
    let engine = try RotationEngine(ledger: ledger, clock: clock.sessionClock)
    let gauges = EngineGauges(factory: backend, store: .postgres)
    let metrics: [TokenMetric] = [.ready, .databaseAvailable, .databaseUnavailableSeconds, .feedAge, .feedCurrent]
    func read() async throws -> [Double?] {
      await gauges.read(engine)
      return try metrics.map { try backend.expectMeter($0.rawValue).lastValue }
    }
    ledger.setFeed(age: .milliseconds(40))
    #expect(try await read() == [1, 1, 0, 0.04, 1])
    ledger.fail(.unavailable("away"))
    ledger.setFeed(age: .milliseconds(6_500), isStale: true)
    clock.advance(milliseconds: 6_500)
    #expect(try await read() == [0, 0, 6.5, 6.5, 0])
    ledger.recover()
    ledger.setFeed(age: .seconds(6), isStale: true, refusesAccess: true)
    #expect(try await read() == [0, 1, 0, 6, 0])
    #expect(backend.meters.first { $0.label == TokenMetric.store.rawValue }?.dimensions.map(\.1) == ["postgres"])
  }

  @Test("are those of the store alone, each there from the beginning", arguments: TokenMetric.Store.allCases)
  func stores(store: TokenMetric.Store) {
    let counted = CountedEvents(store: store)
    _ = EngineGauges(factory: counted.backend, store: store)
    _ = GrantMetrics(factory: counted.backend)
    let backend = counted.backend
    let there = Set(backend.counters.map(\.label) + backend.meters.map(\.label) + backend.timers.map(\.label))
    let ofTheServer: Set<TokenMetric> = [.requests, .requestSeconds, .revocationStreams, .revocationStreamEnds]
    let expected = TokenMetric.allCases.filter { $0.stores.contains(store) && !ofTheServer.contains($0) }
    #expect(there == Set(expected.map(\.rawValue)))
  }
}
