import TokenHTTP

extension ServerSettings {
  /// Of a server that listens on `port`, with the path prefix.
  func url(port: Int) -> String { url(host: http.host, port: port) }

  /// The same where clients of this machine find it: an address that stands for all of a machine's is none to connect to.
  func reachableURL(port: Int) -> String { url(host: Self.loopbacks[http.host] ?? http.host, port: port) }

  /// Whether the server listens on every address of the machine.
  var listensEverywhere: Bool { Self.loopbacks[http.host] != nil }

  private static let loopbacks = ["0.0.0.0": "127.0.0.1", "::": "::1"]

  private func url(host: String, port: Int) -> String {
    // The zone of an address has its percent sign escaped (RFC 6874).
    let written = host.contains(":") ? "[\(host.replacing("%", with: "%25"))]" : host
    return "\(certificate == nil ? "http" : "https")://\(written):\(port)\(http.pathPrefix)"
  }

  /// Files that the settings name, which may lie in the data folder.
  var namedFiles: [String] { certificate.map { [$0.certificate, $0.key] } ?? [] }

  /// Without the brackets that an address of IPv6 has in a URL.
  private static func host(_ sources: SettingSources, default standard: String) throws(CommandFailure) -> String {
    let host = try sources.line(.httpHost, default: standard, bytes: 1...255)
    guard host.contains(where: { "[]/ ".contains($0) }) else { return host }
    let inner = host.dropFirst().dropLast()
    guard host.hasPrefix("["), host.hasSuffix("]"), inner.contains(":"), !inner.contains(where: { "[]/ ".contains($0) })
    else {
      throw sources.fault(.httpHost, "is not an address; write a name, or an address as 127.0.0.1, ::1 or [::1]")
    }
    return String(inner)
  }

  /// Both paths or none; the files are read when the server starts.
  static func certificatePaths(
    _ sources: SettingSources
  ) throws(CommandFailure) -> (certificate: String, key: String)? {
    let certificate = try sources.line(.httpCertificate, default: "", bytes: 0...4096)
    let key = try sources.line(.httpKey, default: "", bytes: 0...4096)
    switch (certificate.isEmpty, key.isEmpty) {
    case (true, true): return nil
    case (false, false): return (certificate, key)
    case (false, true):
      throw sources.fault(.httpCertificate, "stands without http.tls.key; name the certificate's private key too")
    case (true, false):
      throw sources.fault(.httpKey, "stands without http.tls.certificate; name the certificate too")
    }
  }

  static func serverOptions(_ sources: SettingSources, speaksTLS: Bool) throws(CommandFailure) -> ServerOptions {
    var options = ServerOptions()
    options.host = try host(sources, default: options.host)
    options.port = try sources.count(.httpPort, default: options.port, in: 0...65535)
    options.pathPrefix = try pathPrefix(sources)
    options.wire = try sources.choice(.wire, default: options.wire)
    options.offersHTTP2 = try sources.flag(.httpVersion2, default: true)
    options.trustsProxy = try sources.flag(.httpTrustProxy, default: false)
    options.allowedOrigins = try allowedOrigins(sources)
    options.allowedHeaders = try allowedHeaders(sources)
    let timeouts = Duration.milliseconds(10)...(.seconds(600))
    options.headerTimeout = try sources.duration(
      .httpHeaderTimeout, default: options.headerTimeout, in: timeouts, "from 10ms to 10m, for example 10s")
    options.bodyTimeout = try sources.duration(
      .httpBodyTimeout, default: options.bodyTimeout, in: timeouts, "from 10ms to 10m, for example 10s")
    options.idleTimeout = try sources.duration(
      .httpIdleTimeout, default: options.idleTimeout, in: timeouts, "from 10ms to 10m, for example 60s")
    options.bodyBytesMax = try sources.bytes(
      .limitsBodyBytes, default: options.bodyBytesMax, in: (1 << 10)...(1 << 20),
      "from 1KiB to 1MiB, for example 16KiB")
    options.requestsInFlightMax = try sources.count(
      .limitsRequestsInFlight, default: options.requestsInFlightMax, in: 1...100_000)
    options.connectionsMax = try sources.count(.limitsConnections, default: options.connectionsMax, in: 1...1_000_000)
    let isExposed = !isLoopback(options.host)
    options.connectionsPerAddressMax = try sources.count(
      .limitsConnectionsPerAddress, default: isExposed && !options.trustsProxy ? 1000 : 0, in: 0...1_000_000)
    options.failedLoginsPerMinute = try sources.count(
      .limitsLoginPerMinute, default: options.failedLoginsPerMinute, in: 0...100_000)
    let allowsPlaintext = try sources.flag(.httpAllowPlaintext, default: false)
    guard speaksTLS || !isExposed || allowsPlaintext else {
      throw sources.fault(
        .httpHost,
        "is reachable from other machines, and passwords would cross the network in the clear; name a certificate in "
          + "http.tls, write 127.0.0.1 with a TLS proxy in front of it, or set http.allowPlaintext to true in a network you trust"
      )
    }
    return options
  }

  /// Whether only this machine can connect.
  private static func isLoopback(_ host: String) -> Bool {
    let octets = host.split(separator: ".", omittingEmptySubsequences: false)
    let isIPv4 = octets.count == 4 && octets.allSatisfy { UInt8($0) != nil }
    return (isIPv4 && octets[0] == "127") || host == "::1" || host.lowercased() == "localhost"
  }

  private static func pathPrefix(_ sources: SettingSources) throws(CommandFailure) -> String {
    let prefix = try sources.line(.httpPathPrefix, default: "", bytes: 0...256)
    guard prefix.isEmpty || isPlainPath(prefix) else {
      throw sources.fault(.httpPathPrefix, "is not a path; write it as /auth, without a slash at its end")
    }
    return prefix
  }

  static let consolePathStandard = "/console"

  /// Checked also where the console is not served.
  static func consolePath(_ sources: SettingSources) throws(CommandFailure) -> String {
    let path = try sources.line(.consolePath, default: consolePathStandard, bytes: 1...256)
    guard isPlainPath(path) else {
      throw sources.fault(.consolePath, "is not a path; write it as /console, without a slash at its end")
    }
    let first = path.dropFirst().prefix { $0 != "/" }
    guard !TokenApplication.firstSegments.contains(String(first)) else {
      throw sources.fault(.consolePath, "is where other routes are; write one that begins otherwise, as /console")
    }
    return path
  }

  private static func isPlainPath(_ path: String) -> Bool {
    let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    return path.hasPrefix("/")
      && segments.allSatisfy { segment in
        !segment.isEmpty && segment != "." && segment != ".."
          && segment.utf8.allSatisfy { Character(Unicode.Scalar($0)).isLetter || "0123456789-._~".utf8.contains($0) }
      }
  }

  /// Origins as browsers write them (RFC 6454 §6.2), separated by single spaces.
  private static func allowedOrigins(_ sources: SettingSources) throws(CommandFailure) -> Set<String> {
    let text = try sources.line(.httpAllowedOrigins, default: "", bytes: 0...4096)
    guard !text.isEmpty else { return [] }
    let origins = text.split(separator: " ", omittingEmptySubsequences: false).map { WebOrigin(String($0)) }
    guard !origins.contains(nil) else {
      throw sources.fault(
        .httpAllowedOrigins,
        "holds what is no origin; write them as https://app.example or capacitor://localhost, in lower case, separated by "
          + "single spaces")
    }
    return Set(origins.compactMap { $0?.text })
  }

  /// Names of headers, separated by single spaces or commas.
  private static func allowedHeaders(_ sources: SettingSources) throws(CommandFailure) -> Set<String> {
    let text = try sources.line(.httpAllowedHeaders, default: "", bytes: 0...1024)
    guard !text.isEmpty else { return [] }
    let names = text.replacing(", ", with: " ").replacing(",", with: " ").split(
      separator: " ", omittingEmptySubsequences: false)
    let isFine = names.allSatisfy { name in
      !name.isEmpty
        && name.utf8.allSatisfy {
          Character(Unicode.Scalar($0)).isLetter && $0 < 0x80 || "0123456789-_".utf8.contains($0)
        }
    }
    guard isFine else {
      throw sources.fault(
        .httpAllowedHeaders,
        "holds what is no header's name; write them as traceparent tracestate, separated by single spaces or commas")
    }
    return Set(names.map { $0.lowercased() })
  }
}
