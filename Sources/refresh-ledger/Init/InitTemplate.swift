import TokenEngine
import TokenHTTP
import TokenLedger
import TokenSigning
import WriteAheadLog

/// A configuration file with every setting, its default and what it does.
struct InitTemplate {
  /// The defaults.
  private let standard: ServerSettings

  init(_ standard: ServerSettings) {
    self.standard = standard
  }

  var text: String {
    var text = """
      # Settings of refresh-ledger \(Release.version): every one, with its default. docs/configuration.md says more.
      # Durations are written 500ms, 30s, 15m, 12h, 30d; sizes 65536, 16KiB, 64MiB, 1GiB.
      # The environment and the command line go before this file: http.port is REFRESH_LEDGER_HTTP_PORT and --port.

      """
    var open: [Substring] = []
    for key in SettingKey.allCases {
      let parts = key.rawValue.split(separator: ".")
      let sections = Array(parts.dropLast())
      let kept = zip(open, sections).prefix { $0 == $1 }.count
      for depth in kept..<max(kept, sections.count) {
        text += (depth == 0 ? "\n" : "") + InitTemplate.indented("\(sections[depth]):", depth)
      }
      if sections.isEmpty { text += "\n" }
      open = sections
      for line in InitTemplate.comment(key) { text += InitTemplate.indented("# \(line)", sections.count) }
      let mark = isLeftOut(key) ? "# " : ""
      text += InitTemplate.indented("\(mark)\(parts.last ?? ""): \(value(key))", sections.count)
    }
    return text
  }

  /// Written down it would not follow other settings any more.
  private func isLeftOut(_ key: SettingKey) -> Bool { [.limitsConnectionsPerAddress, .tokensIssuer].contains(key) }

  private static func indented(_ line: String, _ depth: Int) -> String {
    String(repeating: "  ", count: depth) + line + "\n"
  }

  private func value(_ key: SettingKey) -> String {
    let (http, engine) = (standard.http, standard.engine)
    switch key {
    case .httpHost: return http.host
    case .httpPort: return "\(http.port)"
    case .httpPathPrefix: return InitTemplate.quoted(http.pathPrefix)
    case .httpCertificate: return InitTemplate.quoted(standard.certificate?.certificate ?? "")
    case .httpKey: return InitTemplate.quoted(standard.certificate?.key ?? "")
    case .httpVersion2: return "\(http.offersHTTP2)"
    case .httpTrustProxy: return "\(http.trustsProxy)"
    case .httpAllowPlaintext: return "false"
    case .httpAllowedOrigins: return InitTemplate.quoted(http.allowedOrigins.sorted().joined(separator: " "))
    case .httpAllowedHeaders: return InitTemplate.quoted(http.allowedHeaders.sorted().joined(separator: " "))
    case .httpHeaderTimeout: return InitTemplate.duration(http.headerTimeout)
    case .httpBodyTimeout: return InitTemplate.duration(http.bodyTimeout)
    case .httpIdleTimeout: return InitTemplate.duration(http.idleTimeout)
    case .httpDrain: return InitTemplate.duration(standard.drain)
    case .tokensIssuer: return InitTemplate.quoted(standard.url(port: http.port))
    case .tokensAudience: return InitTemplate.quoted("")
    case .tokensAccessTTL: return InitTemplate.duration(engine.accessLifetime)
    case .tokensAlgorithm: return engine.algorithm.rawValue
    case .sessionsRefreshTTL: return InitTemplate.duration(engine.refreshLifetime)
    case .sessionsMaxAge: return InitTemplate.duration(engine.sessionLifetime)
    case .sessionsPerSubjectMax: return "\(engine.sessionsPerSubjectMax)"
    case .sessionsExisting: return engine.existingSessions.rawValue
    case .rotationGrace: return InitTemplate.duration(engine.grace)
    case .rotationReuse: return engine.reuse.rawValue
    case .logDurability: return InitTemplate.word(engine.durability)
    case .logSyncInterval: return InitTemplate.duration(ServerSettings.syncIntervalStandard)
    case .logSegmentBytes: return InitTemplate.bytes(engine.segmentBytesMax)
    case .logCheckpointEvery: return InitTemplate.bytes(engine.checkpointEvery)
    case .limitsBodyBytes: return InitTemplate.bytes(http.bodyBytesMax)
    case .limitsRequestsInFlight: return "\(http.requestsInFlightMax)"
    case .limitsConnections: return "\(http.connectionsMax)"
    case .limitsConnectionsPerAddress: return "\(http.connectionsPerAddressMax)"
    case .limitsLoginPerMinute: return "\(http.failedLoginsPerMinute)"
    case .consoleEnabled: return "\(standard.consolePath != nil)"
    case .consolePath: return standard.consolePath ?? ServerSettings.consolePathStandard
    case .wire: return http.wire.rawValue
    }
  }

  private static func quoted(_ text: String) -> String { "\"\(text)\"" }

  private static func word(_ durability: Durability) -> String {
    switch durability {
    case .always: "always"
    case .interval: "interval"
    case .none: "none"
    }
  }

  /// In the largest unit that it is a whole number of.
  static func duration(_ duration: Duration) -> String {
    let milliseconds = duration.wholeMilliseconds
    let units: [(Int64, String)] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")]
    for (size, name) in units where milliseconds >= size && milliseconds % size == 0 {
      return "\(milliseconds / size)\(name)"
    }
    return milliseconds == 0 ? "0s" : "\(milliseconds)ms"
  }

  static func bytes(_ count: Int) -> String {
    for (shift, name) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] where count >= 1 << shift && count % (1 << shift) == 0
    {
      return "\(count >> shift)\(name)"
    }
    return "\(count)B"
  }
}

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
