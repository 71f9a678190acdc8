internal import TokenEngine
internal import TokenLedger

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

/// What a revocation ended.
enum RevocationKind: String, CaseIterable {
  case session
  case subject
  case client
  case subjectAtClient = "subject_at_client"
  case all
  case accessToken = "access_token"
  /// A session, with the refusal of its reused token.
  case reuse
  /// A session, with the refusal of a token that is ahead of the log.
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

/// Which way the wall clock was set.
enum ClockDirection: String, CaseIterable {
  case forward
  case back
}

/// What had more to do than it takes.
enum OverloadCause: String, CaseIterable {
  /// As many requests were being answered as may be.
  case requestsInFlight = "requests_in_flight"
  case log
  /// The password pool, or another store of subjects.
  case store

  init(_ overload: EngineFailure.Overload) {
    switch overload {
    case .log: self = .log
    case .store: self = .store
    }
  }
}

/// The class of an HTTP status.
enum StatusClass: String, CaseIterable {
  /// Everything below 400: the server answers nothing else there.
  case success = "2xx"
  case clientError = "4xx"
  case serverError = "5xx"

  init(code: Int) {
    self = code < 400 ? .success : code < 500 ? .clientError : .serverError
  }
}
