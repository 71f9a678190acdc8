extension InitTemplate {
  /// What a setting does, in lines.
  static func comment(_ key: SettingKey) -> [String] {
    switch key {
    case .httpHost:
      ["Where to listen. Without tls only a loopback address is accepted, unless allowPlaintext is true."]
    case .httpPort: ["0 takes any free port."]
    case .httpPathPrefix: ["Stands before every route: with /auth the token endpoint is /auth/token."]
    case .httpCertificate: ["PEM files. With both, TLS and nothing else is spoken; SIGHUP reads them again."]
    case .httpKey: []
    case .httpVersion2: ["With tls, offer HTTP/2 beside HTTP/1.1."]
    case .httpTrustProxy:
      ["Take the last address in X-Forwarded-For for the client's: only where every connection comes from a proxy."]
    case .httpAllowPlaintext:
      ["Listen without tls where other machines can connect: passwords cross the network in the clear."]
    case .httpAllowedOrigins:
      ["Origins whose pages may ask for tokens, as \"https://app.example https://other.example\"."]
    case .httpAllowedHeaders:
      ["Headers that these pages may send too, as \"traceparent tracestate baggage x-requested-with dpop\"."]
    case .httpHeaderTimeout: ["How long a client may take for the header of a request,"]
    case .httpBodyTimeout: ["for its body, and for taking the reply,"]
    case .httpIdleTimeout: ["and how long a connection may lie still."]
    case .httpDrain: ["How long SIGTERM waits for requests under way."]
    case .tokensIssuer:
      [
        "The claim iss, and the issuer of the metadata. Changing it ends every token that is out. Left out, the first",
        "start takes the address that it serves and keeps it in the data folder.",
      ]
    case .tokensAudience: ["The claim aud of access tokens; the issuer where it is empty."]
    case .tokensAccessTTL: ["How long an access token is accepted."]
    case .tokensAlgorithm: ["What new keys of access tokens are for: HS256, ES256, EdDSA, RS256 or PS256."]
    case .sessionsRefreshTTL: ["How long a refresh token may lie unused."]
    case .sessionsMaxAge: ["When a session ends whatever happens."]
    case .sessionsPerSubjectMax:
      ["How many sessions a subject may have; the next log-in ends the one unused the longest. 0 for any number."]
    case .sessionsExisting: ["What a change of both lifetimes does to open sessions: keep or follow."]
    case .rotationGrace: ["How long after a rotation the consumed token is answered with the same pair, up to 300s."]
    case .rotationReuse: ["What else happens when a consumed token is refused: revoke-session or refuse."]
    case .logDurability:
      [
        "When an answer goes out: always, once it is on disk; interval, once the system has it, with regular syncs;",
        "none, without those.",
      ]
    case .logSyncInterval: ["With durability: interval only; about what a power loss may cost."]
    case .logSegmentBytes: ["The size at which a file of the log is followed by a new one."]
    case .logCheckpointEvery: ["How much the log grows until a checkpoint replaces it."]
    case .limitsBodyBytes: ["A longer body of a request is answered 413."]
    case .limitsRequestsInFlight:
      ["Requests that may wait for the disk or a password at once; further ones are answered 503."]
    case .limitsConnections: ["Open connections; further ones wait. Needs as many open files (ulimit -n) and 64 more."]
    case .limitsConnectionsPerAddress:
      [
        "Open connections from one address; 0 for any number. Left out it is 0 on a loopback address and with trustProxy,",
        "and 1000 where other machines can connect.",
      ]
    case .limitsLoginPerMinute: ["Log-ins from one address with one client that may fail a minute; 0 for any number."]
    case .consoleEnabled:
      ["Serve the console: a page with figures, sessions and their lives, revocation, keys and the log."]
    case .consolePath: ["Where it is, below pathPrefix."]
    case .wire: ["standard speaks OAuth (RFC 6749); romm answers as rommapp/romm's /api/token does."]
    }
  }
}
