import TokenEngine
import TokenHTTP
import TokenSigning

extension Setting {
  /// All settings, in the order of the configuration that `init` writes.
  ///
  /// The defaults are those of ``ServerSettings/standard``.
  static let all = http + tokens + sessions + rotation + dpop + log + store + limits + cookies + console

  private static let http = [
    Setting(
      .httpHost, flag: "--host", .line(\.http.host, bytes: 1...255, SettingText.host),
      "The address to listen on. Without tls only a loopback address is accepted, unless allowPlaintext is true."),
    Setting(.httpPort, flag: "--port", .count(\.http.port, 0...65535), "0 takes any free port."),
    Setting(
      .httpPathPrefix, .line(\.http.pathPrefix, bytes: 0...256, SettingText.pathPrefix),
      "A prefix of every route: with /auth, the token endpoint is /auth/token."),
    Setting(
      .httpCertificate, .line(\.certificatePath, bytes: 0...4096),
      "PEM files. If both are set, the server speaks TLS only. SIGHUP reads them again."),
    Setting(.httpKey, .line(\.certificateKeyPath, bytes: 0...4096)),
    Setting(.httpVersion2, .flag(\.http.offersHTTP2), "With tls, offer HTTP/2 beside HTTP/1.1."),
    Setting(
      .httpTrustProxy, .flag(\.http.trustsProxy),
      "Take the client's address from the last X-Forwarded-For, and the server's address as the client used it, which",
      "proofs of keys name, from -Proto and -Host. Only if every connection comes from a proxy that sets these headers."
    ),
    Setting(
      .httpAllowPlaintext, .flag(\.allowsPlaintext),
      "Listen without tls even if other machines can connect: passwords cross the network in the clear."),
    Setting(
      .httpAllowedOrigins, .words(\.http.allowedOrigins, bytes: 0...4096, SettingText.origins),
      "Origins whose pages may ask for tokens, such as \"https://app.example https://other.example\"."),
    Setting(
      .httpAllowedHeaders, .words(\.http.allowedHeaders, bytes: 0...1024, SettingText.headers),
      "Headers that these pages may send too, such as \"traceparent tracestate baggage x-requested-with\"."),
    Setting(
      .httpHeaderTimeout, .duration(\.http.headerTimeout, timeout, example: "10s"),
      "How long a client may take to send the header of a request."),
    Setting(
      .httpBodyTimeout, .duration(\.http.bodyTimeout, timeout, example: "10s"),
      "How long a client may take to send the body of a request, and to take the reply."),
    Setting(
      .httpIdleTimeout, .duration(\.http.idleTimeout, timeout, example: "60s"),
      "How long a connection may be idle."),
    Setting(
      .httpDrain, .duration(\.drain, .durations(.milliseconds(1)...(.seconds(600))), example: "25s"),
      "How long SIGTERM waits for requests under way."),
  ]

  private static let timeout = Limit.durations(.milliseconds(10)...(.seconds(600)))

  static let tokens = [
    Setting(
      .tokensIssuer, .line(\.engine.issuer, bytes: 1...256), isOnlyShown: true,
      "The claim iss, and the issuer of the metadata. Changing it invalidates every token issued so far. If not set,",
      "the first start takes the address that it serves and keeps it in the data folder."),
    Setting(
      .tokensAudience, .line(\.engine.audience, bytes: 0...256),
      "The claim aud of access tokens; the issuer if this is empty."),
    Setting(
      .tokensAccessTTL, .duration(\.engine.accessLifetime, Limits.accessLifetime, example: "15m"),
      "How long an access token is accepted."),
    Setting(
      .tokensAlgorithm, .choice(\.engine.algorithm),
      "The algorithm of new keys for access tokens: \(SettingValue.sentence(of: SignatureAlgorithm.self))."),
  ]

  private static let sessions = [
    Setting(
      .sessionsRefreshTTL, .duration(\.engine.idleLifetime, Limits.lifetime, example: "30d"),
      "How long a refresh token can stay unused: the idle lifetime of its session."),
    Setting(
      .sessionsMaxAge, .duration(\.engine.absoluteLifetime, Limits.lifetime, example: "365d"),
      "The age at which a session ends, even if it is in use: its absolute lifetime."),
    Setting(
      .sessionsPerSubjectMax, .count(\.engine.sessionsPerSubjectMax, Limits.sessionsPerSubject.range),
      "How many sessions a subject may have; the next log-in ends the one unused the longest. 0 for any number."),
    Setting(
      .sessionsExisting, .choice(\.engine.existingSessions),
      "What a change of these two lifetimes does to open sessions: \(SettingValue.sentence(of: ExistingSessions.self))."
    ),
  ]

  private static let rotation = [
    Setting(
      .rotationGrace, .duration(\.engine.grace, Limits.grace, example: "30s"),
      "How long after a rotation the consumed token is answered with the same pair, up to \(Limits.grace.most)."),
    Setting(
      .rotationReuse, .choice(\.engine.reuse),
      "What else happens when a consumed token is refused: \(SettingValue.sentence(of: ReusePolicy.self))."),
  ]

  private static let dpop = [
    Setting(
      .dpopMode, .choice(\.engine.dpop.mode),
      "Proofs of a client's key, to which its tokens are bound (RFC 9449): optional binds the tokens if there is a proof;",
      "required refuses requests without one; off ignores proofs, except for sessions that are already bound."),
    Setting(
      .dpopNonce, .flag(\.engine.dpop.asksForNonces),
      "Require a nonce of this server in each proof, so that proofs cannot be made long in advance."),
    Setting(
      .dpopWindow, .duration(\.engine.dpop.window, Limits.proofWindow, example: "60s"),
      "How old a proof may be, in whole seconds; accepted ones are remembered that long. The same on every instance."),
  ]

  private static let log = [
    Setting(
      .logDurability, .choice(\.durability),
      "When an answer is sent: always, once it is on disk; interval, once the system has it, with regular syncs;",
      "none, without regular syncs."),
    Setting(
      .logSyncInterval, .duration(\.syncInterval, LedgerOptions.syncIntervalLimit, example: "1s"),
      "With durability: interval only; a power loss can lose about this much."),
    Setting(
      .logSegmentBytes, .bytes(\.engine.segmentBytesMax, LedgerOptions.segmentBytesLimit, example: "64MiB"),
      "The size at which a file of the log is followed by a new one."),
    Setting(
      .logCheckpointEvery, .bytes(\.engine.checkpointEvery, LedgerOptions.checkpointBytesLimit, example: "1GiB"),
      "How much the log grows until a checkpoint replaces it."),
  ]

  static let store = [
    Setting(
      .storeKind, .choice(\.store.kind),
      "Where sessions are: embedded, in the data folder of one server; postgres, in a database that any number of",
      "instances share (docs/multi-instance.md). The settings below are for postgres only, those of log for embedded",
      "only."
    ),
    Setting(
      .storeDatabase, flag: "--database", .line(\.store.database, bytes: 0...4096, StoreSettings.checked(database:)),
      "The database: a URL of libpq, such as \"postgresql://user@db1,db2,db3/tokens\", or a connection string.",
      "Best without a password, which libpq finds in ~/.pgpass or PGPASSWORD."),
    Setting(
      .storeSchema, flag: "--schema", .line(\.store.schema, bytes: 1...63, SettingText.schema),
      "The schema that has the tables."),
    Setting(
      .storeConnections, .count(\.store.connections, StoreSettings.connectionsLimit),
      "How many connections change sessions; one more listens for what other instances did."),
    Setting(
      .storeStandby, flag: "--standby", .choice(\.store.standby),
      "required: log-ins, refreshes and revocations are answered only while PostgreSQL makes each commit wait for a",
      "synchronous standby. none is for storage that is replicated below PostgreSQL, or if a failover may make",
      "consumed tokens valid again."),
    Setting(
      .storeMasterKey, flag: "--master-key", .files(\.store.masterKeys, count: 0...StoreSettings.masterKeysMax),
      "Files of 32 bytes, separated by commas. The first seals the signing keys that are kept in the database; each can",
      "open them. To make one: openssl rand -out FILE 32."),
    Setting(
      .storeKeyFolder, flag: "--key-folder", .line(\.store.keyFolder, bytes: 0...4096),
      "In place of masterKey: a folder of key files, like keys in a data folder, that is the same on every instance."),
    Setting(
      .storeRequestDeadline, .duration(\.store.requestDeadline, StoreSettings.requestDeadlineLimit, example: "10s"),
      "How long a request waits for the database, retries included, before it is answered 503."),
    Setting(
      .storeStaleAfter, .duration(\.store.staleAfter, StoreSettings.staleAfterLimit, example: "5s"),
      "How long an instance may not have heard of revocations by others before it reports this in health and metrics."),
    Setting(
      .storeOnStale, .choice(\.store.onStale),
      "What an instance does with access tokens after that time: serve accepts them, refuse does not."),
    Setting(
      .storeEventRetention, .duration(\.store.eventRetention, StoreSettings.eventRetentionLimit, example: "90d"),
      "How long events are kept; histories and streams are read from them."),
  ]

  private static let limits = [
    Setting(
      .limitsBodyBytes, .bytes(\.http.bodyBytesMax, .bytes((1 << 10)...(1 << 20)), example: "16KiB"),
      "A longer body of a request is answered 413."),
    Setting(
      .limitsRequestsInFlight, .count(\.http.requestsInFlightMax, 1...100_000),
      "Requests that may wait for the disk or a password at once; further ones are answered 503."),
    Setting(
      .limitsConnections, .count(\.http.connectionsMax, 1...1_000_000),
      "Open connections; further ones wait. Needs as many open files (ulimit -n) and \(DescriptorLimit.reserve) more."),
    Setting(
      .limitsConnectionsPerAddress, .count(\.http.connectionsPerAddressMax, 0...1_000_000), isOnlyShown: true,
      "Open connections from one address; 0 for any number. If not set, it is 0 on a loopback address and with trustProxy,",
      "and \(ServerSettings.exposedConnectionsPerAddress) if other machines can connect."),
    Setting(
      .limitsLoginPerMinute, .count(\.http.failedLoginsPerMinute, 0...100_000),
      "How many log-ins may fail per minute, from one address with one client; 0 for any number."),
  ]

  private static let cookies = [
    Setting(
      .cookiesClient, .line(\.cookies.client, bytes: 0...256, SettingText.name),
      "The public client whose pages get their refresh token in a cookie, at /session (docs/browsers.md); empty for none.",
      "Its grace, or rotation.grace, must be 5s at least."),
    Setting(
      .cookiesPath, .line(\.cookies.path, bytes: 0...256, SettingText.pathPrefix),
      "The cookie's path as browsers see it, like /session; empty for every path, and the safer name __Host-."),
    Setting(
      .cookiesEverywhere, .flag(\.cookies.endsEverywhere), "A log-out ends all sessions of its subject, not only one."),
  ]

  private static let console = [
    Setting(
      .consoleEnabled, .flag(\.isConsoleServed),
      "Serve the console: pages with figures, sessions and their history, revocation, keys and the log."),
    Setting(
      .consolePath, .line(\.consolePlace, bytes: 1...256, SettingText.consolePath),
      "The path of the console, below pathPrefix."),
    Setting(
      .wire, .choice(\.http.wire), "standard speaks OAuth (RFC 6749); romm answers as rommapp/romm's /api/token does."),
  ]
}
