/// The error of a target that did not answer as a token endpoint does.
///
/// It says nothing about the presented token.
@nonexhaustive
public enum TargetError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Status 503: the server has too much to do or cannot write.
  case overloaded(retryAfter: Duration?)
  /// Status 429.
  case throttled(retryAfter: Duration?)
  case timeout(String)
  /// The server was not reached, or closed the connection in the middle.
  case connection(String)
  case tls(String)
  /// The status or the body is not one of a token endpoint, or says that the client or the grant is wrong.
  case reply(String)
  /// The log-in was refused; the text says what to check.
  case login(String)
  /// No further session is available.
  case exhausted
  /// The load was ended from outside.
  case cancelled

  public var description: String {
    switch self {
    case .overloaded: "the server is overloaded or cannot write (503)"
    case .throttled: "the server puts requests off (429)"
    case .timeout(let what), .connection(let what), .tls(let what), .reply(let what), .login(let what): what
    case .exhausted: "there is no further refresh token to start a session with"
    case .cancelled: "ended from outside"
    }
  }

  /// Returns the error for a given refresh token that was refused when it was first presented.
  static func refusedStart(at place: String) -> TargetError {
    .login(
      "\(place): the server refuses this refresh token: it is consumed, revoked, expired or another client's; give fresh ones"
    )
  }

  /// The time for which the target asks the client to wait.
  var retryAfter: Duration? {
    switch self {
    case .overloaded(let time), .throttled(let time): time
    default: nil
    }
  }

  /// The kind of the error, or nil if it is not one of the target.
  var kind: ErrorKind? {
    switch self {
    case .overloaded: .overloaded
    case .throttled: .throttled
    case .timeout: .timeout
    case .connection: .connection
    case .tls: .tls
    case .reply: .reply
    case .login: .login
    case .exhausted, .cancelled: nil
    }
  }
}

/// The reason that a request got no proper answer.
///
/// The raw values are the names in reports.
public enum ErrorKind: String, Sendable, Codable, CaseIterable {
  case overloaded = "overload 503"
  case throttled = "throttled 429"
  case timeout
  case connection
  case tls
  case reply = "unexpected reply"
  case login = "log-in refused"

  /// True if the server did not answer at all.
  var isSilence: Bool {
    switch self {
    case .timeout, .connection, .tls: true
    case .overloaded, .throttled, .reply, .login: false
    }
  }
}
