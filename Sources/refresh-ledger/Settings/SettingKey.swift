/// A key of the configuration.
///
/// The raw value is its path in the file; ``Setting/all`` has the rest.
enum SettingKey: String, CaseIterable {
  case httpHost = "http.host"
  case httpPort = "http.port"
  case httpPathPrefix = "http.pathPrefix"
  case httpCertificate = "http.tls.certificate"
  case httpKey = "http.tls.key"
  case httpVersion2 = "http.http2"
  case httpTrustProxy = "http.trustProxy"
  case httpAllowPlaintext = "http.allowPlaintext"
  case httpAllowedOrigins = "http.allowedOrigins"
  case httpAllowedHeaders = "http.allowedHeaders"
  case httpHeaderTimeout = "http.headerTimeout"
  case httpBodyTimeout = "http.bodyTimeout"
  case httpIdleTimeout = "http.idleTimeout"
  case httpDrain = "http.drain"
  case tokensIssuer = "tokens.issuer"
  case tokensAudience = "tokens.audience"
  case tokensAccessTTL = "tokens.accessTTL"
  case tokensAlgorithm = "tokens.algorithm"
  case sessionsRefreshTTL = "sessions.refreshTTL"
  case sessionsMaxAge = "sessions.maxAge"
  case sessionsPerSubjectMax = "sessions.perSubjectMax"
  case sessionsExisting = "sessions.existing"
  case rotationGrace = "rotation.grace"
  case rotationReuse = "rotation.reuse"
  case dpopMode = "dpop.mode"
  case dpopNonce = "dpop.nonce"
  case dpopWindow = "dpop.window"
  case logDurability = "log.durability"
  case logSyncInterval = "log.syncInterval"
  case logSegmentBytes = "log.segmentBytes"
  case logCheckpointEvery = "log.checkpointEvery"
  case storeKind = "store.kind"
  case storeDatabase = "store.database"
  case storeSchema = "store.schema"
  case storeConnections = "store.connections"
  case storeStandby = "store.standby"
  case storeMasterKey = "store.masterKey"
  case storeKeyFolder = "store.keyFolder"
  case storeRequestDeadline = "store.requestDeadline"
  case storeStaleAfter = "store.staleAfter"
  case storeOnStale = "store.onStale"
  case storeEventRetention = "store.eventRetention"
  case limitsBodyBytes = "limits.bodyBytes"
  case limitsRequestsInFlight = "limits.requestsInFlight"
  case limitsConnections = "limits.connections"
  case limitsConnectionsPerAddress = "limits.connectionsPerAddress"
  case limitsLoginPerMinute = "limits.loginPerMinute"
  case cookiesClient = "cookies.client"
  case cookiesPath = "cookies.path"
  case cookiesEverywhere = "cookies.everywhere"
  case consoleEnabled = "console.enabled"
  case consolePath = "console.path"
  case wire = "wire"

  /// True if the value can hold a password and must never be shown.
  var isSecret: Bool { self == .storeDatabase }

  /// True if the setting concerns the log of an embedded ledger.
  var isOfLog: Bool { rawValue.hasPrefix("log.") }

  static let environmentPrefix = "REFRESH_LEDGER_"

  /// Returns the fix for a key that only an earlier release had, or nil for any other key.
  static func fix(ofRemoved name: String) -> String? {
    removed[name].map { "this release has none, \($0); delete it" }
  }

  /// Returns the fix for an environment variable that only an earlier release had, or nil for any other.
  static func fix(ofRemovedVariable name: String) -> String? {
    removed.first { environmentName(of: $0.key) == name }.map { "this release has none, \($0.value); unset it" }
  }

  private static let removed = ["limits.tokenBytes": "a token always has at most 4KiB"]

  /// The paths of the mappings that hold the keys.
  static let sections: Set<String> = {
    var sections: Set<String> = []
    for key in allCases {
      let parts = key.rawValue.split(separator: ".").dropLast()
      for count in parts.indices { sections.insert(parts[...count].joined(separator: ".")) }
    }
    return sections
  }()

  /// The environment variable: that of `http.pathPrefix` is `REFRESH_LEDGER_HTTP_PATH_PREFIX`.
  var environmentName: String { SettingKey.environmentName(of: rawValue) }

  private static func environmentName(of key: String) -> String {
    var name = environmentPrefix
    var previousIsLowercase = false
    for character in key {
      if character.isUppercase && previousIsLowercase { name += "_" }
      name += character == "." ? "_" : character.uppercased()
      previousIsLowercase = character.isLowercase
    }
    return name
  }
}
