/// What a run measured. Encoded as the JSON that `load --json` writes.
public struct LoadReport: Sendable, Codable {
  /// Rotations that were granted.
  public var rotations: Int
  /// Seconds from the first request to the last reply.
  public var seconds: Double
  public var rotationsPerSecond: Double
  /// Requests that got no proper answer: overload, a broken connection, a reply that is none.
  public var errors: Int
  /// The same by `ErrorKind`.
  public var errorsByKind: [String: Int]
  /// What the first of each kind was.
  public var errorSamples: [String: String]
  public var invariantViolations: Int
  /// The first hundred.
  public var violations: [LoadViolation]
  /// Of plain rotations; in an open loop from the moment each was due, so that what waited behind a slow one counts.
  public var latencyMilliseconds: LatencySummary
  /// In an open loop: from the moment each went out.
  public var serviceMilliseconds: LatencySummary?
  /// In an open loop: how late requests went out though their caller was free. What the load generator itself adds.
  public var latenessMilliseconds: LatencySummary?
  public var distribution: LatencyDistribution
  public var serviceDistribution: LatencyDistribution?
  public var checks: LoadChecks
  /// Log-ins that succeeded.
  public var sessionsOpened: Int
  public var series: LoadSeries
  public var options: LoadReportOptions
  /// What was put under load.
  public var server: String
  /// Why the run did not last as long as it should; nil if it did.
  public var endedEarly: String?
  /// In UTC, as RFC 3339 writes it.
  public var startedAt: String?
  public var version: String?
  public var machine: LoadMachine?
  /// What is to be said of the first token that was given for a start and was not good; nil if all were. Not in the JSON.
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

  /// Without an interval of its own for the replies that came a moment after the end: they count to the last one.
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

/// What a run tried beside plain rotations, and how the server took it.
public struct LoadChecks: Sendable, Codable, Equatable {
  /// Consumed tokens that were presented again.
  public var reuses: Int
  public var reusesRefused: Int
  /// Answered with a pair: right in the grace window and with the same successor.
  public var reusesAnswered: Int
  public var races: Int
  public var lostReplies: Int
  /// Retries after a lost reply that were granted.
  public var lostRepliesRecovered: Int
  /// Sessions that the server ended where it may: after a reuse, a race, a lost reply or at their time.
  public var sessionsEnded: Int
  /// Requests that were due in an open loop when no session was free to make them.
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

/// On what a run was measured. Names no host.
public struct LoadMachine: Sendable, Codable, Equatable {
  public var system: String
  public var processor: String
  public var cores: Int
  public var memoryBytes: Int64
  /// Seconds of processor time that the load generator used: near the seconds of the run times the cores, it was the bottleneck.
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
