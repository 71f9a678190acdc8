import TokenEngine
import TokenHTTP
import TokenLedger
import TokenSigning
import WriteAheadLog

/// All settings of the server, checked one by one and against each other.
struct ServerSettings {
  /// All but the certificate, which is not read yet.
  var http: ServerOptions
  /// The paths of the certificate and its key; nil for plaintext.
  var certificate: (certificate: String, key: String)?
  /// Where the console is; nil for none.
  var consolePath: String?
  /// How long a shutdown waits for requests under way.
  var drain: Duration
  var engine: EngineOptions

  /// Whether `tokens.issuer` is set. Where it is not, ``IssuerChoice`` decides.
  let isIssuerSet: Bool
  private let isAudienceSet: Bool

  static let syncIntervalStandard = Duration.seconds(1)

  init(_ sources: SettingSources) throws(CommandFailure) {
    certificate = try ServerSettings.certificatePaths(sources)
    http = try ServerSettings.serverOptions(sources, speaksTLS: certificate != nil)
    drain = try sources.duration(
      .httpDrain, default: .seconds(25), in: (.milliseconds(1))...(.seconds(600)), "from 1ms to 10m, for example 25s")
    engine = try ServerSettings.engineOptions(sources)
    let path = try ServerSettings.consolePath(sources)
    consolePath = try sources.flag(.consoleEnabled, default: false) ? path : nil
    isIssuerSet = sources.text(.tokensIssuer) != nil
    isAudienceSet = !engine.audience.isEmpty
    issue(as: engine.issuer)
    try refuseContradictions(sources)
  }

  /// Takes the issuer of all tokens, which is their audience too where no other is set.
  mutating func issue(as issuer: String) {
    engine.issuer = issuer
    if !isAudienceSet { engine.audience = issuer }
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
      .logSyncInterval, default: ServerSettings.syncIntervalStandard, in: aMillisecond...(.seconds(3600)),
      "from 1ms to 1h, for example 1s")
    options.durability = try sources.choice(.logDurability, default: DurabilitySetting.always).durability(syncInterval)
    options.segmentBytesMax = try sources.bytes(
      .logSegmentBytes, default: options.segmentBytesMax, in: (64 << 10)...(4 << 30),
      "from 64KiB to 4GiB, for example 64MiB")
    options.checkpointEvery = try sources.bytes(
      .logCheckpointEvery, default: options.checkpointEvery, in: (1 << 20)...(1 << 40),
      "from 1MiB to 1TiB, for example 1GiB")
    return options
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
  }
}

/// log.durability, and the option of `load`.
enum DurabilitySetting: String, CaseIterable {
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
