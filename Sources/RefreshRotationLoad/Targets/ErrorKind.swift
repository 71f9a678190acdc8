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
