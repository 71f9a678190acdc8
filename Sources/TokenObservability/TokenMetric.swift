internal import TokenEngine

/// The metrics of a token server, under their names in Prometheus and swift-metrics; see docs/metrics.md.
///
/// Every value of every label comes from an enumeration or from the server's own routes, never from a request.
@nonexhaustive
public enum TokenMetric: String, Sendable, CaseIterable {
  case sessionsOpened = "refresh_ledger_sessions_opened_total"
  case rotations = "refresh_ledger_rotations_total"
  case unrotatedRefreshes = "refresh_ledger_unrotated_refreshes_total"
  case clientTokens = "refresh_ledger_client_tokens_total"
  case replays = "refresh_ledger_replays_total"
  case reuses = "refresh_ledger_reuses_total"
  case refusals = "refresh_ledger_refusals_total"
  case proofsRefused = "refresh_ledger_proofs_refused_total"
  case loginFailures = "refresh_ledger_login_failures_total"
  case loginsPutOff = "refresh_ledger_logins_put_off_total"
  case revocations = "refresh_ledger_revocations_total"
  case oneTimeTokensIssued = "refresh_ledger_one_time_tokens_issued_total"
  case oneTimeTokensConsumed = "refresh_ledger_one_time_tokens_consumed_total"
  case oneTimeTokenRefusals = "refresh_ledger_one_time_token_refusals_total"
  case checkpoints = "refresh_ledger_checkpoints_total"
  case overloads = "refresh_ledger_overloads_total"
  case requests = "refresh_ledger_http_requests_total"
  case requestSeconds = "refresh_ledger_http_request_duration_seconds"
  case rotateSeconds = "refresh_ledger_rotate_duration_seconds"
  case commitSeconds = "refresh_ledger_commit_duration_seconds"
  case revocationStreams = "refresh_ledger_revocation_streams"
  case revocationStreamEnds = "refresh_ledger_revocation_stream_ends_total"
  case ready = "refresh_ledger_ready"
  case liveSessions = "refresh_ledger_live_sessions"
  case entries = "refresh_ledger_entries"
  case logBytes = "refresh_ledger_log_bytes"
  case stagedSequence = "refresh_ledger_log_staged_sequence"
  case durableSequence = "refresh_ledger_log_durable_sequence"
  case sequenceLag = "refresh_ledger_log_sequence_lag"
  case clockShift = "refresh_ledger_clock_shift_seconds"
  case clockSteps = "refresh_ledger_clock_steps_total"
  case store = "refresh_ledger_store_info"
  case databaseAvailable = "refresh_ledger_database_available"
  case databaseUnavailableSeconds = "refresh_ledger_database_unavailable_seconds"
  case databaseOutages = "refresh_ledger_database_outages_total"
  case outcomesUnknown = "refresh_ledger_outcomes_unknown_total"
  case feedAge = "refresh_ledger_feed_age_seconds"
  case feedCurrent = "refresh_ledger_feed_current"
  case feedStale = "refresh_ledger_feed_stale_total"
  case databaseFenced = "refresh_ledger_database_fenced"

  /// The kind of store behind the server's ledger.
  ///
  /// A server has no metrics of the other kind, rather than meaningless zeros.
  @nonexhaustive
  public enum Store: String, Sendable, Hashable, CaseIterable {
    /// This process alone, with a log.
    case embedded
    /// A PostgreSQL database that several instances share.
    case postgres
  }

  /// The stores that have this metric.
  public var stores: Set<Store> {
    switch self {
    case .checkpoints, .commitSeconds, .logBytes, .stagedSequence, .durableSequence, .sequenceLag: [.embedded]
    case .databaseAvailable, .databaseUnavailableSeconds, .databaseOutages, .outcomesUnknown, .feedAge, .feedCurrent,
      .feedStale, .databaseFenced:
      [.postgres]
    default: Set(Store.allCases)
    }
  }

  public enum Kind: String, Sendable {
    case counter
    case gauge
    /// A histogram of seconds, which is a timer of swift-metrics.
    case histogram
  }

  public var kind: Kind {
    switch self {
    case .requestSeconds, .rotateSeconds, .commitSeconds: .histogram
    case .revocationStreams, .ready, .liveSessions, .entries, .logBytes, .stagedSequence, .durableSequence,
      .sequenceLag, .clockShift, .store, .databaseAvailable, .databaseUnavailableSeconds, .feedAge, .feedCurrent,
      .databaseFenced:
      .gauge
    default: .counter
    }
  }

  /// The help text of the metric, one line.
  public var help: String {
    switch self {
    case .sessionsOpened: "Sessions opened."
    case .rotations: "Refresh tokens rotated."
    case .unrotatedRefreshes: "Refreshes of sessions whose refresh token is never rotated."
    case .clientTokens: "Access tokens for clients themselves, by the grant client_credentials."
    case .replays: "Predecessors in their grace window that were answered with the identical pair."
    case .reuses: "Refresh tokens that were presented again after they had been consumed."
    case .refusals: "Grants refused, of every type."
    case .proofsRefused: "Proofs of keys that were refused with a good access token."
    case .loginFailures: "Grants of type password that were refused."
    case .loginsPutOff: "Log-ins put off with 429, since too many from there failed."
    case .revocations: "Revocations, each counted once however many sessions it ended."
    case .oneTimeTokensIssued: "One-time tokens issued."
    case .oneTimeTokensConsumed: "One-time tokens consumed."
    case .oneTimeTokenRefusals: "Presentations of one-time tokens that were refused."
    case .checkpoints: "Checkpoints, by what became of them."
    case .overloads: "Requests put off with 503 for too much work."
    case .requests: "HTTP requests answered."
    case .requestSeconds: "Time from the head of a request to its reply."
    case .rotateSeconds: "Time of a refresh grant in the engine, the wait for the disk included."
    case .commitSeconds: "Time of a commit of the log: write and sync of a batch of records."
    case .revocationStreams: "Other processes that follow the revocations now."
    case .revocationStreamEnds: "Streams of revocations that ended, by the reason."
    case .ready: "1 while changes are accepted and access tokens judged, 0 otherwise."
    case .liveSessions: "Sessions that are neither revoked nor swept away since their end."
    case .entries: "Entries in memory: sessions, revoked ones and one-time tokens until their end."
    case .logBytes: "Bytes of log that a restart would read besides the last checkpoint."
    case .stagedSequence: "Number of the last record that was given to the log."
    case .durableSequence: "Number of the last record that is as safe as log.durability promises."
    case .sequenceLag: "Records that were given to the log and are not durable yet."
    case .clockShift: "Whole seconds by which the ledger's time is ahead of the wall clock, which was set back."
    case .clockSteps: "Times that the wall clock was set by more than two seconds."
    case .store: "1; the label says what the ledger stands on."
    case .databaseAvailable: "1 while the database answers, 0 otherwise."
    case .databaseUnavailableSeconds: "For how long the database has not been reached; 0 while it answers."
    case .databaseOutages: "Times that the database could not be reached any more."
    case .outcomesUnknown: "Changes of which it is not known if they were made; each was answered 503."
    case .feedAge: "Time since this instance last heard what other instances have revoked."
    case .feedCurrent: "1 while that time is within store.staleAfter, 0 otherwise."
    case .feedStale: "Times that it exceeded store.staleAfter."
    case .databaseFenced: "1 while the database lacks changes that this instance acknowledged: nothing is served."
    }
  }

  /// The labels with all their values, except for those of `route`, which are the templates of the existing routes and
  /// ``otherRoute``.
  ///
  /// Of ``store`` a server has only its own value.
  public var labels: [(name: String, values: [String])] {
    switch self {
    case .replays, .reuses: [("class", ReuseLabel.all)]
    case .refusals: [("reason", GrantRefusal.reasons)]
    case .proofsRefused: [("reason", BadProof.Fault.allCases.map(\.rawValue))]
    case .oneTimeTokenRefusals: [("reason", OneTimeTokenRefusal.reasons)]
    case .revocations: [("kind", RevocationKind.allCases.map(\.rawValue))]
    case .checkpoints: [("outcome", CheckpointOutcome.allCases.map(\.rawValue))]
    case .clockSteps: [("direction", ClockDirection.allCases.map(\.rawValue))]
    case .overloads: [("cause", OverloadCause.allCases.map(\.rawValue))]
    case .revocationStreamEnds: [("reason", StreamEnd.allCases.map(\.rawValue))]
    case .store: [("kind", Store.allCases.map(\.rawValue))]
    case .requests, .requestSeconds: [("route", []), ("status", StatusClass.allCases.map(\.rawValue))]
    default: []
    }
  }

  /// The route of every request that matches no route.
  public static let otherRoute = "other"
}

/// The classes of replay and reuse as label values.
enum ReuseLabel {
  static let all = ReuseClass.allCases.map(text)

  static func text(_ reuse: ReuseClass) -> String {
    switch reuse {
    case .retry: "retry"
    case .race: "race"
    case .lateParent: "late_parent"
    case .staleLineage: "stale_lineage"
    }
  }
}

/// The scope of a revocation.
enum RevocationKind: String, CaseIterable {
  case session
  case subject
  case client
  case subjectAtClient = "subject_at_client"
  case all
  case accessToken = "access_token"
  /// A session, together with the refusal of its reused token.
  case reuse
  /// A session, together with the refusal of a token that is ahead of the log.
  case rollback

  init(_ scope: SessionScope) {
    switch scope {
    case .subject: self = .subject
    case .client: self = .client
    case .subjectAtClient: self = .subjectAtClient
    case .all: self = .all
    }
  }
}

enum CheckpointOutcome: String, CaseIterable {
  case written
  case failed
}

/// The direction in which the wall clock was set.
enum ClockDirection: String, CaseIterable {
  case forward
  case back
}

/// The part that had more work than it can take.
package enum OverloadCause: String, Sendable, CaseIterable {
  /// Too many requests were being answered at the same time.
  case requestsInFlight = "requests_in_flight"
  case log
  /// The password pool, or another store of subjects.
  case store

  init(_ overload: EngineError.Overload) {
    switch overload {
    case .log: self = .log
    case .store: self = .store
    }
  }
}

/// The reason that a stream of revocations has ended, as its last event and the metrics name it.
package enum StreamEnd: String, Sendable, CaseIterable {
  /// The client has hung up, or did not take what was sent in time.
  case client
  case shutdown
  /// The client has fallen behind what is kept for it.
  case tooSlow = "too_slow"
  /// This instance itself does not know what other instances have revoked of late.
  case stale
  /// The client was removed or changed, or may introspect no more.
  case withdrawn
}

/// The class of an HTTP status.
package enum StatusClass: String, Sendable, CaseIterable {
  /// Every status below 400, where the server has no other class.
  case success = "2xx"
  case clientError = "4xx"
  case serverError = "5xx"

  package init(code: Int) {
    self = code < 400 ? .success : code < 500 ? .clientError : .serverError
  }
}
