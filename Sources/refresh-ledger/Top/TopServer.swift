import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import TokenObservability

/// A running server, read by its metrics.
struct TopServer: TopSource {
  let url: String
  private let http: HTTPClient
  private var last: MetricsScrape?

  init(url: String, certificates: String?) throws(CommandError) {
    self.url = url
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    if let certificates {
      // The file is read here, so that its fault is reported for the file and not for the server.
      _ = try InputFile.read(certificates, "file of certificates", bytesMax: 1 << 20)
      var trust = TLSConfiguration.makeClientConfiguration()
      trust.trustRoots = .file(certificates)
      configuration.tlsConfiguration = trust
    }
    http = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
  }

  func close() async { try? await http.shutdown() }

  var title: String { url }
  var rowHeader: String { TopServerReading.rowHeader }

  mutating func begin() async throws(CommandError) {
    last = try await scrape()
  }

  mutating func read() async throws(CommandError) -> TopServerReading {
    let now = try await scrape()
    let before = last ?? now
    last = now
    return TopServerReading(now, since: before)
  }

  private func scrape() async throws(CommandError) -> MetricsScrape {
    let (status, text): (UInt, String)
    do {
      let response = try await http.execute(HTTPClientRequest(url: "\(url)/metrics"), timeout: .seconds(5))
      status = response.status.code
      text = String(buffer: try await response.body.collect(upTo: 8 << 20))
    } catch {
      throw CommandError.noReply(error, from: url)
    }
    let scrape = MetricsScrape(text)
    guard status == 200, scrape[.ready] != nil else {
      let what = status == 200 ? "its metrics are not those of refresh-ledger" : "/metrics answers \(status)"
      throw CommandError(
        .bad, "\(url): \(what); check the address, its path prefix, and whether a proxy refuses /metrics")
    }
    return scrape
  }
}

/// The state of a server: its gauges at a moment, and its counts a second between two readings.
struct TopServerReading: TopReading {
  struct Latency: Encodable {
    var p50: Double
    var p99: Double
  }

  var seconds: Double
  var ready: Bool
  var liveSessions: Double
  var entries: Double
  /// The rates a second.
  var opened, rotations, replays, reuses, refusals, revocations, loginFailures, overloads, requests: Double
  /// The rates a second, without values that did not occur.
  var refusalsByReason: [String: Double]
  var reusesByClass: [String: Double]
  /// The counts since the server's start.
  var reusesSinceStart, refusalsSinceStart, rotationsSinceStart: Double
  var commits: Double
  /// The latencies, or nil if there were none.
  var commitMilliseconds, rotateMilliseconds: Latency?
  var logBytes: Double
  /// The growth a second, less than 0 after a checkpoint.
  var logGrowthBytes: Double
  var durableSequence: Double
  var sequenceLag: Double

  init(_ now: MetricsScrape, since before: MetricsScrape) {
    let seconds = max(0.001, (now.moment - before.moment) / .seconds(1))
    func rate(_ metric: TokenMetric) -> Double {
      TopServerReading.rounded(now.rise(of: metric, since: before) / seconds)
    }
    func rates(_ metric: TokenMetric, by label: String) -> [String: Double] {
      let earlier = before.values(of: metric, by: label)
      return now.values(of: metric, by: label).reduce(into: [:]) { rates, value in
        let rise = MetricsScrape.rise(value.value, since: earlier[value.key] ?? 0)
        if rise > 0 { rates[value.key] = TopServerReading.rounded(rise / seconds) }
      }
    }
    func latency(_ metric: TokenMetric) -> Latency? {
      guard let half = now.quantile(0.5, of: metric, since: before),
        let most = now.quantile(0.99, of: metric, since: before)
      else { return nil }
      return Latency(p50: TopServerReading.rounded(half * 1000), p99: TopServerReading.rounded(most * 1000))
    }
    self.seconds = TopServerReading.rounded(seconds)
    ready = now[.ready] == 1
    liveSessions = now[.liveSessions] ?? 0
    entries = now[.entries] ?? 0
    opened = rate(.sessionsOpened)
    rotations = rate(.rotations)
    replays = rate(.replays)
    reuses = rate(.reuses)
    refusals = rate(.refusals)
    revocations = rate(.revocations)
    loginFailures = rate(.loginFailures)
    overloads = rate(.overloads)
    requests = rate(.requests)
    refusalsByReason = rates(.refusals, by: "reason")
    reusesByClass = rates(.reuses, by: "class")
    reusesSinceStart = now[.reuses] ?? 0
    refusalsSinceStart = now[.refusals] ?? 0
    rotationsSinceStart = now[.rotations] ?? 0
    let counted = (
      now.buckets(of: .commitSeconds).last?.count ?? 0, before.buckets(of: .commitSeconds).last?.count ?? 0
    )
    commits = TopServerReading.rounded(MetricsScrape.rise(counted.0, since: counted.1) / seconds)
    commitMilliseconds = latency(.commitSeconds)
    rotateMilliseconds = latency(.rotateSeconds)
    logBytes = now[.logBytes] ?? 0
    logGrowthBytes = TopServerReading.rounded((logBytes - (before[.logBytes] ?? logBytes)) / seconds)
    durableSequence = now[.durableSequence] ?? 0
    sequenceLag = now[.sequenceLag] ?? 0
  }

  var rate: Double { rotations }

  /// Returns the value rounded to a thousandth.
  private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}

extension TopServerReading {
  static let widths = [9, 9, 9, 9, 9, 9, 10, 10, 10, 10]

  static var rowHeader: String {
    line([
      "SESSIONS", "OPENED/s", "ROTATED/s", "RETRY/s", "REUSED/s", "REFUSED/s", "COMMIT p50", "COMMIT p99", "LOG",
      "GROWTH/s",
    ]) + "  STATE"
  }

  var row: String {
    func time(_ latency: Double?) -> String { latency.map { FigureText.latency(seconds: $0 / 1000) } ?? "-" }
    return Self.line([
      FigureText.number(liveSessions), Self.number(opened), Self.number(rotations), Self.number(replays),
      Self.number(reuses),
      Self.number(refusals), time(commitMilliseconds?.p50), time(commitMilliseconds?.p99), FigureText.bytes(logBytes),
      FigureText.bytes(logGrowthBytes),
    ]) + "  \(ready ? "ready" : "not ready")"
  }

  func lines(history: [Double]) -> [String] {
    func row(_ name: String, _ rate: Double, _ rest: String = "") -> String {
      Self.named(name, FigureText.number(rate, decimals: 1)) + "  \(rest)"
    }
    func times(_ name: String, _ latency: Latency?) -> String {
      guard let latency else { return Self.named(name, "-") }
      let (half, most) = (latency.p50 / 1000, latency.p99 / 1000)
      return Self.named(name, FigureText.latency(seconds: half)) + " half, "
        + "\(FigureText.latency(seconds: most)) all but 1 %"
    }
    func since(_ count: Double) -> String { "\(FigureText.number(count)) since its start" }
    func words(_ rates: [String: Double]) -> [String] {
      let most = rates.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3)
      guard !most.isEmpty else { return [] }
      return ["    " + most.map { "\($0.key) \(FigureText.number($0.value, decimals: 1))" }.joined(separator: ", ")]
    }
    let head = [
      ready ? "ready: changes are accepted" : "NOT READY: changes are refused; its log says why",
      "live sessions: \(FigureText.number(liveSessions)), entries in memory: \(FigureText.number(entries))", "",
      "A SECOND", row("rotations", rotations, since(rotationsSinceStart)),
      "  " + Sparkline.text(history, width: TopScreen.historyCount),
      row("sessions opened", opened), row("retries in grace", replays),
    ]
    let refused =
      [row("reuses", reuses, since(reusesSinceStart))] + words(reusesByClass)
      + [row("refusals", refusals, since(refusalsSinceStart))] + words(refusalsByReason)
    let rest = [
      row("log-in failures", loginFailures), row("revocations", revocations), row("requests", requests),
      row("refused, too busy", overloads), "",
      times("a commit", commitMilliseconds), times("a refresh", rotateMilliseconds),
      row("commits a second", commits), "",
      "  the log: \(FigureText.bytes(logBytes)) since the checkpoint, growing \(FigureText.bytes(logGrowthBytes)) a second",
      "  record \(FigureText.number(durableSequence)) is durable; \(FigureText.number(sequenceLag)) wait for the disk",
    ]
    return head + refused + rest
  }
}
