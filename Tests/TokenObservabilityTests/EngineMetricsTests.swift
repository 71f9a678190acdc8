import MetricsTestKit
import Testing
import TokenEngine
import TokenLedger
import TokenTesting

@testable import TokenHTTP

@Suite("The engine's counters")
struct EngineMetricsTests {
  private static let token = TokenID(session: SessionID(high: 1, low: 2), generation: 3)

  /// What an event counts, and that it counts nothing else.
  private static let events: [(EngineEvent, [String: Int64])] = [
    (.opened(token, subject: "ann", client: "web"), ["sessions_opened_total": 1]),
    (.rotated(token, subject: "ann", client: "web"), ["rotations_total": 1]),
    (.used(token, subject: "ann", client: "web"), ["unrotated_refreshes_total": 1]),
    (.clientGranted(token, client: "web"), ["client_tokens_total": 1]),
    (.replayed(token, subject: "ann", client: "web", .retry), ["replays_total{retry}": 1]),
    (.replayed(token, subject: "ann", client: "web", .race), ["replays_total{race}": 1]),
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
    let counted = CountedMetrics()
    counted.server.observer.engine(observed: event)
    #expect(counted.counts == expected)
    counted.server.observer.engine(observed: event)
    #expect(counted.counts == expected.mapValues { $0 * 2 })
  }

  @Test("know every reason that a grant can be refused for")
  func refusals() {
    let others: [GrantRefusal] = [
      .unknown, .expired(generationsBehind: nil), .revoked(generationsBehind: 1), .wrongClient, .subjectGone,
      .subjectDisabled, .badCredentials, .invalidScope, .unauthorizedClient,
      .clientNamedAsSubject,
    ]
    let refusals = BadToken.allCases.map { GrantRefusal.badToken($0) } + others
    for refusal in refusals {
      let counted = CountedMetrics()
      counted.server.observer.engine(observed: .refused(refusal, token: nil, client: "web"))
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
      let counted = CountedMetrics()
      counted.server.observer.engine(observed: .oneTimeRefused(refusal, nil, purpose: "reset"))
      #expect(counted.counts == ["one_time_token_refusals_total{\(refusal.reason)}": 1])
    }
    let reasons = Set(refusals.map(\.reason))
    #expect(reasons == Set(OneTimeTokenRefusal.reasons) && OneTimeTokenRefusal.reasons.count == reasons.count)
  }

  @Test("record the time of every commit")
  func commits() {
    let counted = CountedMetrics()
    counted.server.observer.engine(committedWithin: .microseconds(1500))
    let values = counted.backend.timers(label: TokenMetric.commitSeconds.rawValue).flatMap(\.values)
    #expect(values == [1_500_000])
  }

  @Test("are beside another observer that is told the same, in order")
  func group() {
    let (counted, recorder) = (CountedMetrics(), RecordingObserver())
    let group = EngineObserverGroup(recorder, counted.server.observer)
    for (event, _) in Self.events { group.engine(observed: event) }
    group.engine(committedWithin: .seconds(1))
    #expect(recorder.events == Self.events.map(\.0))
    #expect(counted.counts["rotations_total"] == 1)
    #expect(counted.recordings(of: .commitSeconds) == 1)
  }
}
