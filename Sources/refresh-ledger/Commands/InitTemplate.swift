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
