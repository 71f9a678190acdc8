import TokenEngine
import TokenHTTP
import TokenLedger
import TokenSigning
import WriteAheadLog

/// All settings of the server, checked one by one and against each other.
struct ServerSettings {
  var host: String
  var port: Int
  var pathPrefix: String
  var allowPlaintext: Bool
  /// How long a shutdown waits for requests under way.
  var drain: Duration
  var engine: EngineOptions
  var bodyBytesMax: Int
  var requestsInFlightMax: Int
  /// Failed log-ins a minute and name; 0 for no limit.
  var loginPerMinute: Int
  var wire: WireFormat

  init(_ sources: SettingSources) throws(CommandFailure) {
    host = try sources.line(.httpHost, default: "127.0.0.1", bytes: 1...255)
    port = try sources.count(.httpPort, default: 8080, in: 0...65535)
    pathPrefix = try ServerSettings.pathPrefix(sources)
    allowPlaintext = try sources.flag(.httpAllowPlaintext, default: false)
    drain = try sources.duration(
      .httpDrain, default: .seconds(25), in: (.milliseconds(1))...(.seconds(600)), "from 1ms to 10m, for example 25s")
    engine = try ServerSettings.engineOptions(sources)
    bodyBytesMax = try sources.bytes(
      .limitsBodyBytes, default: 16 << 10, in: (1 << 10)...(1 << 20), "from 1KiB to 1MiB, for example 16KiB")
    requestsInFlightMax = try sources.count(
      .limitsRequestsInFlight, default: ServerOptions.requestsInFlightStandard, in: 1...100_000)
    loginPerMinute = try sources.count(.limitsLoginPerMinute, default: 60, in: 0...100_000)
    wire = try sources.choice(.wire, default: WireFormat.standard)
    _ = try sources.flag(.httpVersion2, default: true)
    try ServerSettings.refuseUnbuilt(sources)
    try refuseContradictions(sources)
  }

  /// Whether only this machine can connect.
  var isLoopback: Bool {
    let octets = host.split(separator: ".", omittingEmptySubsequences: false)
    let isIPv4 = octets.count == 4 && octets.allSatisfy { UInt8($0) != nil }
    return (isIPv4 && octets[0] == "127") || host == "::1" || host.lowercased() == "localhost"
  }

  private static func pathPrefix(_ sources: SettingSources) throws(CommandFailure) -> String {
    let prefix = try sources.line(.httpPathPrefix, default: "", bytes: 0...256)
    guard !prefix.isEmpty else { return prefix }
    let segments = prefix.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    let isPlain = segments.allSatisfy { segment in
      !segment.isEmpty && segment != "." && segment != ".."
        && segment.utf8.allSatisfy { Character(Unicode.Scalar($0)).isLetter || "0123456789-._~".utf8.contains($0) }
    }
    guard prefix.hasPrefix("/"), isPlain else {
      throw sources.fault(.httpPathPrefix, "is no path; write it as /auth, without a slash at its end")
    }
    return prefix
  }

  private static func engineOptions(_ sources: SettingSources) throws(CommandFailure) -> EngineOptions {
    var options = EngineOptions()
    let aMillisecond = Duration.milliseconds(1)
    let aDay = Duration.seconds(86_400)
    options.issuer = try sources.line(.tokensIssuer, default: options.issuer, bytes: 1...256)
    options.audience = try sources.line(.tokensAudience, default: options.audience, bytes: 0...256)
    options.algorithm = try sources.choice(.tokensAlgorithm, default: options.algorithm)
    options.accessLifetime = try sources.duration(
      .tokensAccessTTL, default: options.accessLifetime, in: aMillisecond...(aDay * 30),
      "from 1ms to 30d, for example 15m")
    options.refreshLifetime = try sources.duration(
      .sessionsRefreshTTL, default: options.refreshLifetime, in: aMillisecond...(aDay * 36_600),
      "from 1ms to 36600d, for example 30d")
    options.sessionLifetime = try sources.duration(
      .sessionsMaxAge, default: options.sessionLifetime, in: aMillisecond...(aDay * 36_600),
      "from 1ms to 36600d, for example 365d")
    options.sessionsPerSubjectMax = try sources.count(.sessionsPerSubjectMax, default: 0, in: 0...10_000)
    options.existingSessions = try sources.choice(.sessionsExisting, default: options.existingSessions)
    options.grace = try sources.duration(
      .rotationGrace, default: options.grace, in: .zero...(.seconds(300)), "from 0s to 300s, for example 30s")
    options.reuse = try sources.choice(.rotationReuse, default: options.reuse)
    let syncInterval = try sources.duration(
      .logSyncInterval, default: .seconds(1), in: aMillisecond...(.seconds(3600)), "from 1ms to 1h, for example 1s")
    options.durability = try sources.choice(.logDurability, default: DurabilitySetting.always).durability(syncInterval)
    options.segmentBytesMax = try sources.bytes(
      .logSegmentBytes, default: options.segmentBytesMax, in: (64 << 10)...(4 << 30),
      "from 64KiB to 4GiB, for example 64MiB")
    options.checkpointEvery = try sources.bytes(
      .logCheckpointEvery, default: options.checkpointEvery, in: (1 << 20)...(1 << 40),
      "from 1MiB to 1TiB, for example 1GiB")
    return options
  }

  private static func refuseUnbuilt(_ sources: SettingSources) throws(CommandFailure) {
    let tls = "it does not speak TLS yet, a proxy in front of it does"
    try sources.refuseUnbuilt(.httpCertificate, unless: "", tls)
    try sources.refuseUnbuilt(.httpKey, unless: "", tls)
    try sources.refuseUnbuilt(.httpTrustProxy, unless: "false", "it reads no headers of proxies")
    try sources.refuseUnbuilt(.limitsTokenBytes, unless: "4KiB", "its limit of a token's size is fixed")
  }

  /// Only what was written down can contradict: a default gives way.
  private func refuseContradictions(_ sources: SettingSources) throws(CommandFailure) {
    if sources.text(.sessionsRefreshTTL) != nil, engine.refreshLifetime > engine.sessionLifetime {
      throw sources.fault(
        .sessionsRefreshTTL, "is longer than sessions.maxAge, which ends the session first; shorten it or raise maxAge")
    }
    if sources.text(.tokensAccessTTL) != nil, engine.accessLifetime > engine.sessionLifetime {
      throw sources.fault(
        .tokensAccessTTL,
        "is longer than sessions.maxAge: the token would outlive its session; shorten it or raise maxAge")
    }
    if engine.grace > .zero, engine.grace >= engine.refreshLifetime {
      throw sources.fault(
        .rotationGrace, "is not shorter than sessions.refreshTTL; shorten it or raise refreshTTL")
    }
    guard isLoopback || allowPlaintext else {
      throw sources.fault(
        .httpHost,
        "is reachable from other machines, and passwords would cross the network in the clear; "
          + "write 127.0.0.1 with a TLS proxy in front of it, or set http.allowPlaintext to true in a network you trust"
      )
    }
  }
}

private enum DurabilitySetting: String, CaseIterable {
  case always
  case interval
  case none

  func durability(_ syncInterval: Duration) -> Durability {
    switch self {
    case .always: .always
    case .interval: .interval(syncInterval)
    case .none: .none
    }
  }
}
