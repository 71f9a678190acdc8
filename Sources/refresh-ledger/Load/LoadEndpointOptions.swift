import ArgumentParser
import AsyncHTTPClient
import NIOCore
import NIOSSL
import RefreshRotationLoad

/// The token endpoint that `load` uses, with the credentials for it.
struct LoadEndpointOptions: ParsableArguments {
  static let passwordVariable = "LOAD_PASSWORD"
  static let secretVariable = "LOAD_CLIENT_SECRET"

  @Option(help: "The server, such as http://127.0.0.1:8080.")
  var url: String?

  @Option(name: .customLong("token-path"), help: "The path of its token endpoint.")
  var tokenPath = "/token"

  @Option(help: "The name of the user that logs in.")
  var user: String?

  @Option(
    help: """
      The password. Other users of this machine can see it here; --password-stdin and the environment variable \
      LOAD_PASSWORD hide it from them.
      """)
  var password: String?

  @Flag(name: .customLong("password-stdin"), help: "Read the password as one line from the standard input.")
  var readsPassword = false

  @Option(name: .customLong("client-id"), help: "The client_id; without this, none is sent.")
  var clientID: String?

  @Option(
    name: .customLong("client-secret"),
    help:
      "The client's secret; without this, none is sent. The environment variable LOAD_CLIENT_SECRET hides it from other users."
  )
  var clientSecret: String?

  @Flag(name: .customLong("client-basic"), help: "Send id and secret in the header Authorization, not in the body.")
  var usesBasic = false

  @Option(help: "The scope to ask for at the log-in, such as \"openid offline_access\".")
  var scope: String?

  @Option(help: "A file of refresh tokens to start from, one per line, for a server that takes no passwords.")
  var tokens: String?

  @Option(name: .customLong("field-token"), help: "The member of the reply that holds the refresh token.")
  var tokenField = "refresh_token"

  @Option(
    name: .customLong("field-expires"), help: "The member that says in how many seconds the refresh token expires.")
  var expiryField = "refresh_expires_in"

  @Option(help: "A PEM file of the certificates to trust, if this system does not trust the server's.")
  var cacert: String?

  @Flag(
    help:
      "Bind each session to a key of its own, and send a proof of it with each request (DPoP, RFC 9449), with the server's nonce if it asks for one."
  )
  var dpop = false

  @Flag(help: "Use HTTP/2 if TLS and the server allow it: the callers then share a few connections, as streams.")
  var http2 = false

  @Option(help: "How long to wait for a reply.")
  var timeout = "30s"

  private static let tokensBytesMax = 1 << 30

  /// The first given option that only applies to a server, or nil if there is none.
  var strayOption: String? {
    let given = [
      ("--user", user != nil), ("--password", password != nil), ("--password-stdin", readsPassword),
      ("--client-id", clientID != nil), ("--client-secret", clientSecret != nil), ("--client-basic", usesBasic),
      ("--scope", scope != nil), ("--tokens", tokens != nil), ("--cacert", cacert != nil), ("--http2", http2),
      ("--dpop", dpop),
    ]
    return given.first { $0.1 }?.0
  }

  /// Refuses options that cannot be used.
  ///
  /// The command calls this once it knows that it uses a server.
  func check() throws {
    guard let url else { return }
    guard url.hasPrefix("http://") || url.hasPrefix("https://"), !url.contains(where: \.isWhitespace) else {
      throw ValidationError("--url is an address such as http://127.0.0.1:8080")
    }
    // The URL is printed, and written to reports.
    guard !url.contains("@") else {
      throw ValidationError("--url holds no user and password; give --user, and --client-basic for a header")
    }
    guard tokenPath.hasPrefix("/") else { throw ValidationError("--token-path begins with a slash") }
    guard password == nil || !readsPassword else {
      throw ValidationError("give either --password or --password-stdin")
    }
    if tokens != nil {
      guard !dpop else {
        throw ValidationError(
          "--dpop makes a key for each session at its log-in; --tokens gives sessions without their keys")
      }
      guard user == nil, password == nil, !readsPassword else {
        throw ValidationError("--tokens takes the place of --user and the password; leave those out")
      }
    } else {
      let isGiven = password != nil || readsPassword || Terminal.environment[Self.passwordVariable] != nil
      guard user != nil, isGiven else {
        throw ValidationError("--url needs --user and --password, --password-stdin or \(Self.passwordVariable)")
      }
    }
    _ = try LoadShapeOptions.time(timeout, "--timeout")
  }

  /// Reads the tokens in the file of `--tokens`, or returns nil if there is none.
  func startTokens() throws(CommandError) -> [IssuedToken]? {
    guard let tokens else { return nil }
    let bytes = try InputFile.read(tokens, "file of refresh tokens", bytesMax: Self.tokensBytesMax)
    return try LoadTokenList(bytes, path: tokens).tokens
  }

  func endpoint() throws -> Endpoint {
    let base = url ?? ""
    let secret = clientSecret ?? Terminal.environment[Self.secretVariable]
    var endpoint = Endpoint(
      url: (base.hasSuffix("/") ? String(base.dropLast()) : base) + tokenPath, user: user ?? "",
      password: try readPassword(), clientID: clientID, clientSecret: secret)
    endpoint.usesBasic = usesBasic
    endpoint.scope = scope
    endpoint.tokenField = tokenField
    endpoint.expiryField = expiryField
    endpoint.provesKeys = dpop
    endpoint.patience = try LoadShapeOptions.time(timeout, "--timeout")
    return endpoint
  }

  private func readPassword() throws(CommandError) -> String {
    if let password { return password }
    if readsPassword { return try InputLine.read("password") }
    return Terminal.environment[Self.passwordVariable] ?? ""
  }

  /// Returns a client that opens as many connections as there are requests under way.
  func client(for options: LoadOptions) throws(CommandError) -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    // A redirect would send the secrets to another place.
    configuration.redirectConfiguration = .disallow
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = options.requestsMax + Self.spare
    // A failed connection is a finding here.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.httpVersion = http2 ? .automatic : .http1Only
    configuration.timeout.connect = .seconds(10)
    if let cacert {
      // The file is read now, so that its fault is not found by every connection.
      _ = try InputFile.read(cacert, "file of certificates", bytesMax: 16 << 20)
      var trust = TLSConfiguration.makeClientConfiguration()
      trust.trustRoots = .file(cacert)
      configuration.tlsConfiguration = trust
    }
    return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
  }

  /// The number of connections for log-ins beside the load.
  private static let spare = 8
  /// The number of descriptors that are not connections.
  private static let reserve = 48

  /// Refuses more connections than the process can open, before anything is sent.
  func checkDescriptors(for options: LoadOptions) throws(CommandError) {
    guard !http2 else { return }
    let (most, needed) = (DescriptorLimit.raise(), options.requestsMax + Self.spare + Self.reserve)
    guard needed > most else { return }
    throw CommandError(
      .usage,
      "\(options.requestsMax) requests at once need \(needed) open files and the process may have \(most); raise the limit (ulimit -n) or lower --connections\(options.race > 1 ? " or --race" : "")"
    )
  }
}
