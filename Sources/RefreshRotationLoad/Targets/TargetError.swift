/// The target did not answer as a token endpoint does. Says nothing about the presented token.
@nonexhaustive
public enum TargetError: Error, Sendable, Equatable, CustomStringConvertible {
  /// 503: it has too much to do or cannot write.
  case overloaded(retryAfter: Duration?)
  /// 429.
  case throttled(retryAfter: Duration?)
  case timeout(String)
  /// Not reached, or closed in the middle.
  case connection(String)
  case tls(String)
  /// A status or a body that a token endpoint does not send, or one that says that the client or the grant is wrong.
  case reply(String)
  /// The log-in was refused, with what to check.
  case login(String)
  /// There is no further session to be had.
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

  /// A refresh token that was given to start from was refused when it was presented first.
  static func refusedStart(at place: String) -> TargetError {
    .login(
      "\(place): the server refuses this refresh token: it is spent, revoked, expired or another client's; give fresh ones"
    )
  }

  /// How long the target asks to be left alone.
  var retryAfter: Duration? {
    switch self {
    case .overloaded(let time), .throttled(let time): time
    default: nil
    }
  }

  /// Nil if it is no error of the target.
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

/// By what a request got no proper answer. The raw values are the names in reports.
public enum ErrorKind: String, Sendable, Codable, CaseIterable {
  case overloaded = "overload 503"
  case throttled = "throttled 429"
  case timeout
  case connection
  case tls
  case reply = "unexpected reply"
  case login = "log-in refused"

  /// Whether the server was not heard at all.
  var isSilence: Bool {
    switch self {
    case .timeout, .connection, .tls: true
    case .overloaded, .throttled, .reply, .login: false
    }
  }
}
