/// The measurements of a run, encoded as the JSON that `load --json` writes.
public struct LoadReport: Sendable, Codable {
  /// The number of rotations that were granted.
  public var rotations: Int
  /// The seconds from the first request to the last reply.
  public var seconds: Double
  public var rotationsPerSecond: Double
  /// The number of requests without a proper answer: overload, a broken connection, an invalid reply.
  public var errors: Int
  /// The numbers of errors by `ErrorKind`.
  public var errorsByKind: [String: Int]
  /// The description of the first error of each kind.
  public var errorSamples: [String: String]
  public var invariantViolations: Int
  /// The first hundred violations.
  public var violations: [LoadViolation]
  /// The latencies of plain rotations.
  ///
  /// In an open loop they begin when each was due, so that requests that waited behind a slow one count.
  public var latencyMilliseconds: LatencySummary
  /// The latencies in an open loop from the moment each request was sent; nil in a closed loop.
  public var serviceMilliseconds: LatencySummary?
  /// The delays in an open loop with which requests were sent although their caller was free, which the load generator
  /// itself adds; nil in a closed loop.
  public var latenessMilliseconds: LatencySummary?
  public var distribution: LatencyDistribution
  public var serviceDistribution: LatencyDistribution?
  public var checks: LoadChecks
  /// The number of successful log-ins.
  public var sessionsOpened: Int
  public var series: LoadSeries
  public var options: LoadReportOptions
  /// The server under load.
  public var server: String
  /// The reason that the run ended early, or nil if it did not.
  public var endedEarly: String?
  /// The start in UTC, in the form of RFC 3339.
  public var startedAt: String?
  public var version: String?
  public var machine: LoadMachine?
  /// The message about the first given token that was not good, or nil if all were.
  ///
  /// It is not in the JSON.
  public var refusedStart: String? = nil

  enum CodingKeys: String, CodingKey {
    case rotations, seconds, errors, violations, distribution, checks, series, options, server, version, machine
    case rotationsPerSecond = "rotations_per_second"
    case errorsByKind = "errors_by_kind"
    case errorSamples = "error_samples"
    case invariantViolations = "invariant_violations"
    case latencyMilliseconds = "latency_ms"
    case serviceMilliseconds = "service_ms"
    case latenessMilliseconds = "lateness_ms"
    case serviceDistribution = "service_distribution"
    case sessionsOpened = "sessions_opened"
    case endedEarly = "ended_early"
    case startedAt = "started_at"
  }

  init(
    _ state: borrowing LoadCollector.State, options: LoadOptions, server: String, elapsed: Duration,
    intervalLength: Duration
  ) {
    let total = state.total
    rotations = total.rotations
    refusedStart = total.refusedStart
    seconds = elapsed.inSeconds
    rotationsPerSecond = seconds > 0 ? Double(total.rotations) / seconds : 0
    errors = total.errorCount
    errorsByKind = [:]
    for (kind, count) in total.errors { errorsByKind[kind.rawValue] = count }
    errorSamples = [:]
    for (kind, text) in total.firstErrors { errorSamples[kind.rawValue] = text }
    invariantViolations = total.violations
    violations = state.violations
    latencyMilliseconds = LatencySummary(state.latency)
    distribution = LatencyDistribution(state.latency)
    if options.rate != nil {
      serviceMilliseconds = LatencySummary(state.service)
      serviceDistribution = LatencyDistribution(state.service)
      latenessMilliseconds = LatencySummary(state.lateness)
    }
    checks = LoadChecks(total)
    sessionsOpened = options.sessions
    series = LoadSeries(
      Self.intervals(state.intervals, options: options, elapsed: elapsed, length: intervalLength),
      length: intervalLength)
    self.options = LoadReportOptions(options)
    self.server = server
  }

  /// Returns the intervals without an extra one for replies just after the end, which count to the last one.
  private static func intervals(
    _ intervals: [LoadInterval], options: LoadOptions, elapsed: Duration, length: Duration
  ) -> [LoadInterval] {
    let whole = max(1, Int((options.duration / length).rounded(.up)))
    guard intervals.count == whole + 1, elapsed < length * whole + length / 2 else { return intervals }
    var folded = Array(intervals.dropLast())
    folded[whole - 1].add(intervals[whole])
    return folded
  }
}

/// The checks that a run made beside plain rotations, and the server's answers.
public struct LoadChecks: Sendable, Codable, Equatable {
  /// The number of consumed tokens that were presented again.
  public var reuses: Int
  public var reusesRefused: Int
  /// The number that were answered with a pair, which is right in the grace window and with the same successor.
  public var reusesAnswered: Int
  public var races: Int
  public var lostReplies: Int
  /// The number of retries after a lost reply that were granted.
  public var lostRepliesRecovered: Int
  /// The number of sessions that the server rightly ended: after a reuse, a race, a lost reply or at their expiry.
  public var sessionsEnded: Int
  /// The number of requests that were due in an open loop when no session was free for them.
  public var skipped: Int

  enum CodingKeys: String, CodingKey {
    case races, skipped
    case reuses = "replays"
    case reusesRefused = "replays_refused"
    case reusesAnswered = "replays_answered"
    case lostReplies = "lost_replies"
    case lostRepliesRecovered = "lost_replies_recovered"
    case sessionsEnded = "sessions_ended"
  }

  init(_ tally: Tally) {
    reuses = tally.reuses
    reusesRefused = tally.reusesRefused
    reusesAnswered = tally.reusesAnswered
    races = tally.races
    lostReplies = tally.losses
    lostRepliesRecovered = tally.lossesRecovered
    sessionsEnded = tally.sessionsEnded
    skipped = tally.skipped
  }
}

/// The machine on which a run was measured, without its host name.
public struct LoadMachine: Sendable, Codable, Equatable {
  public var system: String
  public var processor: String
  public var cores: Int
  public var memoryBytes: Int64
  /// The seconds of processor time that the load generator used.
  ///
  /// The load generator was the bottleneck if these are close to the seconds of the run times the number of cores.
  public var generatorSeconds: Double

  enum CodingKeys: String, CodingKey {
    case system, processor, cores
    case memoryBytes = "memory_bytes"
    case generatorSeconds = "generator_cpu_seconds"
  }

  public init(system: String, processor: String, cores: Int, memoryBytes: Int64, generatorSeconds: Double) {
    self.system = system
    self.processor = processor
    self.cores = cores
    self.memoryBytes = memoryBytes
    self.generatorSeconds = generatorSeconds
  }
}
