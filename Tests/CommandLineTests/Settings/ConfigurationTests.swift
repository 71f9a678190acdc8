import Testing

@Suite struct ConfigurationTests {
  struct Refused: Sendable, CustomTestStringConvertible {
    var text: String
    /// What the one line must hold.
    var says: [String]
    var testDescription: String { text }

    init(_ text: String, _ says: String...) {
      self.text = text
      self.says = says
    }
  }

  static let refused: [Refused] = [
    Refused("tokens:\n  accessTTL: 0s\n", "config.yaml:2: tokens.accessTTL \"0s\"", "from 1ms to 30d"),
    Refused("tokens: { accessTTL: -5m }", "config.yaml:1: tokens.accessTTL", "whole number"),
    Refused("tokens: { accessTTL: 1.5h }", "tokens.accessTTL", "whole number"),
    Refused("tokens: { accessTTL: 90 }", "tokens.accessTTL", "a unit (ms, s, m, h or d)"),
    Refused("tokens: { accessTTL: 31d }", "tokens.accessTTL", "from 1ms to 30d"),
    Refused("tokens: { accessTTL: 99999999999999999d }", "tokens.accessTTL"),
    Refused("tokens: { issuer: \"\" }", "tokens.issuer", "write 1 to 256"),
    Refused("tokens: { issuer: \"a\\nb\" }", "tokens.issuer", "control character"),
    Refused("tokens: { algorithm: none }", "tokens.algorithm", "HS256"),
    Refused("tokens: { algorithm: es256 }", "tokens.algorithm", "ES256"),
    Refused("sessions: { refreshTTL: 0ms }", "sessions.refreshTTL", "from 1ms"),
    Refused("sessions: { refreshTTL: 10d, maxAge: 5d }", "sessions.refreshTTL", "sessions.maxAge"),
    Refused("sessions: { refreshTTL: 400d }", "sessions.refreshTTL", "sessions.maxAge"),
    Refused("sessions: { maxAge: 10m }\ntokens: { accessTTL: 20m }", "config.yaml:2: tokens.accessTTL", "outlive"),
    Refused("sessions: { perSubjectMax: 10001 }", "sessions.perSubjectMax"),
    Refused("sessions: { existing: lengthen }", "sessions.existing", "keep"),
    Refused("rotation: { grace: 301s }", "rotation.grace", "from 0s to 300s"),
    Refused("sessions: { refreshTTL: 10s }\nrotation: { grace: 10s }", "rotation.grace", "sessions.refreshTTL"),
    Refused("rotation: { reuse: revoke }", "rotation.reuse", "revoke-session or refuse"),
    Refused("dpop: { mode: on }", "dpop.mode \"on\"", "off or optional or required"),
    Refused("dpop: { window: 0s }", "dpop.window", "from 1s to 1h"),
    Refused("dpop:\n  window: 1500ms\n", "config.yaml:2: dpop.window", "whole seconds"),
    Refused("dpop: { mode: off, nonce: true }", "dpop.nonce", "dpop.mode off"),
    Refused("dpop: { mode: required }\nwire: romm", "config.yaml:1: dpop.mode", "wire: romm"),
    Refused("dpop: { nonces: true }", "unknown key dpop.nonces; did you mean dpop.nonce?"),
    Refused("log: { durability: sometimes }", "log.durability", "always or interval or none"),
    Refused("log: { syncInterval: 0s }", "log.syncInterval"),
    Refused("log: { segmentBytes: 64MB }", "log.segmentBytes", "KiB, MiB, GiB or TiB"),
    Refused("log: { segmentBytes: 65535 }", "log.segmentBytes \"65535\"", "from 64KiB"),
    Refused("log: { segmentBytes: -65536 }", "log.segmentBytes", "whole number of bytes"),
    Refused("log: { segmentBytes: 65536.0 }", "log.segmentBytes", "whole number of bytes"),
    Refused("log: { segmentBytes: 64k }", "log.segmentBytes", "whole number of bytes"),
    Refused("log: { syncInterval: 1 }", "log.syncInterval \"1\"", "a unit (ms, s, m, h or d)"),
    Refused("http: { drain: 25 }", "http.drain \"25\"", "a unit (ms, s, m, h or d)"),
    Refused("log: { segmentBytes: 1KiB }", "log.segmentBytes", "from 64KiB"),
    Refused("log: { checkpointEvery: 1KiB }", "log.checkpointEvery", "from 1MiB to 1TiB"),
    Refused("store: { kind: postgresql }", "store.kind", "did you mean postgres?"),
    Refused("store:\n  kind: postgres\n", "config.yaml:2: store.kind", "store.database"),
    Refused(
      "store:\n  kind: embedded\n  database: \"host=db\"\n", "config.yaml:2: store.kind", "config.yaml:3", "postgres"),
    Refused(
      "log: { durability: always }\nstore: { database: \"host=db\" }", "config.yaml:1: log.durability", "delete it"),
    Refused("store: { database: \"host=db\", masterKey: a, keyFolder: b }", "store.keyFolder", "store.masterKey"),
    Refused("store: { masterKey: \"a,,b\" }", "store.masterKey", "new.key, old.key"),
    Refused("store: { masterKey: \"a, a\" }", "store.masterKey", "twice"),
    Refused("store: { masterKey: [a, b] }", "store.masterKey is a single value"),
    Refused("store: { schema: \"\" }", "store.schema", "1 to 63"),
    Refused("store: { schema: Tokens }", "store.schema \"Tokens\"", "lower case"),
    Refused("store: { schema: pg_tokens }", "store.schema"),
    Refused("store: { schema: 1st }", "store.schema"),
    Refused("store: { schema: \"a;b\" }", "store.schema"),
    Refused("store: { connections: 0 }", "store.connections", "1 to 16"),
    Refused("store: { connections: 17 }", "store.connections", "1 to 16"),
    Refused("store: { standby: maybe }", "store.standby", "required or none"),
    Refused("store: { requestDeadline: 99ms }", "store.requestDeadline", "from 100ms to 1m"),
    Refused("store: { staleAfter: 0s }", "store.staleAfter", "from 200ms to 1h"),
    Refused("store: { onStale: stop }", "store.onStale", "serve or refuse"),
    Refused("store: { eventRetention: 59m }", "store.eventRetention", "from 1h to 3660d"),
    Refused("limits: { bodyBytes: 0B }", "limits.bodyBytes"),
    Refused("limits: { requestsInFlight: 0 }", "limits.requestsInFlight", "from 1 to 100000"),
    Refused("limits: { loginPerMinute: -1 }", "limits.loginPerMinute"),
    Refused("limits:\n  tokenBytes: 4KiB\n", "config.yaml:2: unknown key limits.tokenBytes", "delete it"),
    Refused("http: { port: 65536 }", "http.port", "0 to 65535"),
    Refused("http: { port: }", "http.port has no value"),
    Refused("http: { port: [80] }", "http.port is a single value"),
    Refused("http: { host: 0.0.0.0 }", "http.host", "http.allowPlaintext"),
    Refused("http: { host: \"::\" }", "http.host", "http.allowPlaintext"),
    Refused("http: { host: 127.evil.example }", "http.host", "http.allowPlaintext"),
    Refused("http: { host: \"[::1\" }", "http.host", "[::1]"),
    Refused("http: { host: \"[127.0.0.1]\" }", "http.host", "not an address"),
    Refused("http: { host: \"http://[::1]\" }", "http.host", "not an address"),
    Refused("http: { pathPrefix: auth }", "http.pathPrefix", "/auth"),
    Refused("http: { pathPrefix: /auth/ }", "http.pathPrefix"),
    Refused("http: { pathPrefix: \"/a/../b\" }", "http.pathPrefix"),
    Refused("http: { http2: perhaps }", "http.http2", "true nor false"),
    Refused("http: { drain: 11m }", "http.drain", "from 1ms to 10m"),
    Refused("http: { trustProxy: perhaps }", "http.trustProxy", "true nor false"),
    Refused("http: { tls: { certificate: cert.pem } }", "http.tls.certificate", "without http.tls.key"),
    Refused("http: { tls: { key: key.pem } }", "http.tls.key", "without http.tls.certificate"),
    Refused("http: { headerTimeout: 5ms }", "http.headerTimeout", "from 10ms to 10m"),
    Refused("http: { bodyTimeout: 11m }", "http.bodyTimeout", "from 10ms to 10m"),
    Refused("http: { idleTimeout: 0s }", "http.idleTimeout", "from 10ms to 10m"),
    Refused("http: { allowedOrigins: \"*\" }", "http.allowedOrigins", "https://app.example"),
    Refused("http: { allowedOrigins: \"https://a.example/\" }", "http.allowedOrigins", "not an origin"),
    Refused(
      "http: { allowedOrigins: \"https://a.example  https://b.example\" }", "http.allowedOrigins", "single spaces"),
    Refused("http: { allowedHeaders: \"*\" }", "http.allowedHeaders", "traceparent"),
    Refused("http: { allowedHeaders: \"a  b\" }", "http.allowedHeaders", "single spaces"),
    Refused("cookies: { path: /session }", "cookies.path \"/session\"", "without cookies.client"),
    Refused("cookies: { everywhere: true }", "cookies.everywhere", "without cookies.client"),
    Refused("cookies: { client: app, path: session }", "cookies.path", "not a path"),
    Refused("cookies: { client: app, path: /auth/session }", "cookies.path", "is not above /session/refresh"),
    Refused("cookies: { client: app, path: /sess }", "cookies.path", "write /session"),
    Refused("console: { enabled: true, path: /session }", "console.path", "a path of other routes"),
    Refused("limits: { connections: 0 }", "limits.connections", "from 1"),
    Refused("limits: { connectionsPerAddress: -1 }", "limits.connectionsPerAddress"),
    Refused("http: 8080", "http is a section"),
    Refused("wire: rom", "wire \"rom\"", "did you mean romm?"),
    Refused("wire: standard\nhtttp: { port: 1 }", "config.yaml:2: unknown key htttp; did you mean http?"),
    Refused("tokens: { acessTTL: 1m }", "unknown key tokens.acessTTL; did you mean tokens.accessTTL?"),
    Refused("grace: 30s", "unknown key grace; did you mean rotation.grace?"),
    Refused("tokens: { access_ttl: 1m }", "did you mean tokens.accessTTL?"),
    Refused("entirely: { other: 1 }", "unknown key entirely", "docs/configuration.md"),
    Refused("http: { port: 1, port: 2 }", "port twice"),
    Refused("http:\n  port: 1\n bad: indent\n", "config.yaml:3"),
    Refused("- a list\n", "list"),
    Refused("{\"http\": {\"port\": 80a}}", "http.port \"80a\""),
    Refused("\u{FEFF}http: { port: x }", "http.port"),
  ]

  @Test("A bad configuration is one line that names file, key and fix, and 78", arguments: refused)
  func refusal(_ refused: Refused) throws {
    let folder = try TestFolder()
    let config = try folder.write("config.yaml", refused.text)
    let result = try CommandResult.of("serve", "--config", config, "--data", "\(folder.path)/data")
    #expect(result.code == 78)
    #expect(result.isOneLineError && result.errors.contains(config), "\(result.errors)")
    for says in refused.says { #expect(result.errors.contains(says), "\(result.errors)") }
    #expect(try TestFolder.contents(of: folder.path).keys.sorted() == ["config.yaml"])
  }

  @Test("A bad environment variable is named, and an unknown one is refused")
  func environment() throws {
    func errors(_ environment: [String: String]) throws -> String {
      let folder = try TestFolder()
      let result = try CommandResult.of("serve", "--data", "\(folder.path)/data", environment: environment)
      #expect(result.code == 78 && result.isOneLineError)
      return result.errors
    }
    #expect(try errors(["REFRESH_LEDGER_HTTP_PORT": "x"]).contains("REFRESH_LEDGER_HTTP_PORT: http.port \"x\""))
    #expect(try errors(["REFRESH_LEDGER_TOKENS_ACCESS_TTL": "0s"]).contains("REFRESH_LEDGER_TOKENS_ACCESS_TTL"))
    #expect(try errors(["REFRESH_LEDGER_HTTP_TLS_CERTIFICATE": "x"]).contains("REFRESH_LEDGER_HTTP_TLS_CERTIFICATE"))
    #expect(try errors(["REFRESH_LEDGER_LOG_SEGMENT_BYTES": "1"]).contains("from 64KiB"))
    #expect(try errors(["REFRESH_LEDGER_LIMITS_TOKEN_BYTES": "4KiB"]).contains("unset it"))
    #expect(try errors(["REFRESH_LEDGER_HTTP_PROT": "1"]).contains("did you mean REFRESH_LEDGER_HTTP_PORT?"))
    #expect(try errors(["REFRESH_LEDGER_LOG_LEVEL": "loud"]).contains("REFRESH_LEDGER_LOG_LEVEL"))
  }

  @Test("The command line goes before the environment and the environment before the file")
  func precedence() throws {
    let folder = try TestFolder()
    let config = try folder.write("config.yaml", "http: { host: from.file, port: 70001 }")
    func errors(_ options: [String], _ environment: [String: String]) throws -> String {
      try CommandResult.of(
        BuiltCommand.path, ["serve", "--config", config, "--data", "\(folder.path)/data"] + options,
        environment: environment
      ).errors
    }
    #expect(try errors([], [:]).contains("\(config):1: http.port \"70001\""))
    let environment = ["REFRESH_LEDGER_HTTP_PORT": "70002"]
    #expect(try errors([], environment).contains("REFRESH_LEDGER_HTTP_PORT: http.port \"70002\""))
    #expect(try errors(["--port", "70003"], environment).contains("--port: http.port \"70003\""))
  }

  static let accepted = [
    """
    http:     { host: 127.0.0.1, pathPrefix: "", tls: { certificate: "", key: "" }, http2: true, trustProxy: false, allowedOrigins: "", allowedHeaders: "", headerTimeout: 10s, bodyTimeout: 10s, idleTimeout: 60s, drain: 25s }
    tokens:   { issuer: "http://127.0.0.1:8080", audience: "", accessTTL: 15m, algorithm: HS256 }   # HS256
    sessions: { refreshTTL: 30d, maxAge: 365d, perSubjectMax: 0, existing: keep }
    rotation: { grace: 0s, reuse: revoke-session }
    log:      { durability: always, syncInterval: 1s, segmentBytes: 64MiB, checkpointEvery: 1GiB }
    store:    { kind: embedded, database: "", schema: refresh_ledger, connections: 2, standby: required, masterKey: "", keyFolder: "", requestDeadline: 10s, staleAfter: 5s, onStale: serve, eventRetention: 90d }
    limits:   { bodyBytes: 16KiB, requestsInFlight: 1024, connections: 10000, connectionsPerAddress: 0, loginPerMinute: 60 }
    cookies:  { client: "", path: "", everywhere: false }
    console:  { enabled: false, path: /console }
    wire: standard
    """,
    "log: { segmentBytes: 65536, checkpointEvery: 1TiB }\nlimits: { bodyBytes: \"1024\" }",
    "{\"log\": {\"segmentBytes\": 65536}, \"http\": {\"host\": \"[::1]\"}}",
    "{\"tokens\": {\"accessTTL\": \"1s\"},\n\t\"log\": {\"durability\": \"interval\"}}",
    "# nothing but a comment\n",
    "http:\ntokens:\n",
    "sessions: { maxAge: 5s }",
    "http: { host: 0.0.0.0, allowPlaintext: true }",
    "http: { trustProxy: true, allowedOrigins: \"https://app.example http://localhost:3000\" }",
    "http: { allowedOrigins: \"capacitor://localhost tauri://localhost https://x:443\", allowedHeaders: \"traceparent, dpop\" }",
  ]

  @Test("A good configuration starts the server, in YAML and in JSON", arguments: accepted)
  func acceptance(_ text: String) throws {
    let folder = try TestFolder()
    let config = try folder.write("config.yaml", text)
    let arguments = ["serve", "--config", config, "--data", "\(folder.path)/data", "--port", "0"]
    let child = try ChildCommand(BuiltCommand.path, arguments)
    let banner = try child.read { $0.contains("listens on ") }
    #expect(banner.contains("listens on "), "\(child.errors)")
  }

  @Test("Lifetimes and prefix come through to the replies")
  func effect() throws {
    let folder = try TestFolder()
    let config = try folder.write(
      "config.json", "{\"tokens\": {\"accessTTL\": \"90s\"}, \"sessions\": {\"refreshTTL\": \"2h\"}}")
    let server = try TestServer(data: "\(folder.path)/data", config: config)
    let reply = try server.connect().logIn(TestClient(server.secret("CLIENT")), password: server.secret("PASSWORD"))
    #expect(
      reply.body.contains("\"expires_in\":90,") && reply.body.contains("\"refresh_expires_in\":7200,"), "\(reply)")
    let prefixed = try TestServer(
      data: "\(folder.path)/other", environment: ["REFRESH_LEDGER_HTTP_PATH_PREFIX": "/auth"])
    #expect(try prefixed.connect().get("/auth/health/ready").status == 200)
  }

  @Test("What Kubernetes sets for a service of this name is no setting")
  func containers() throws {
    let folder = try TestFolder()
    let environment = ["REFRESH_LEDGER_PORT": "tcp://10.0.0.1:8080", "REFRESH_LEDGER_SERVICE_HOST": "10.0.0.1"]
    let server = try TestServer(data: "\(folder.path)/data", environment: environment)
    #expect(try server.connect().get("/health/live").status == 200)
  }

  @Test("A configuration file that does not exist is 66")
  func missing() throws {
    let folder = try TestFolder()
    let result = try CommandResult.of("serve", "--config", "\(folder.path)/none.yaml", "--data", "\(folder.path)/data")
    #expect(result.code == 66)
    #expect(result.isOneLineError && result.errors.contains("none.yaml"))
  }
}
