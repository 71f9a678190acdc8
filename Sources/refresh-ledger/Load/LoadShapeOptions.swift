import ArgumentParser
import RefreshRotationLoad
import TokenEngine

/// The options for the intensity, the length and the faults of a load.
struct LoadShapeOptions: ParsableArguments {
  @Option(help: "Sessions to open first, each with a chain of tokens of its own. (default: one per caller)")
  var sessions: Int?

  @Option(
    help: """
      Callers (connections) that rotate at the same time, one request each; at most one for each session. (default: 32)
      """)
  var connections: Int?

  @Option(help: "How long to rotate: 500ms, 30s, 5m. (default: 30s, in process 3s)")
  var duration: String?

  @Option(
    help: """
      Requests per second, due at fixed times whatever the server does (open loop); latencies are measured from \
      those times. \
      (default: each caller sends its next request when the last one was answered)
      """)
  var rate: Double?

  @Option(
    name: .customLong("replay-rate"),
    help: "Share of rotations, 0 to 1, after which a consumed token is presented again.")
  var replayRate = 0.01

  @Option(
    help: "How many callers present one token at the same moment, as often as --race-rate says. (default: no races)")
  var race: Int?

  @Option(name: .customLong("race-rate"), help: "Share of rotations, 0 to 1, that are a race, if --race is given.")
  var raceRate = 0.01

  @Option(
    name: .customLong("loss-rate"),
    help: "Share of rotations, 0 to 1, whose client drops the connection and tries again.")
  var lossRate = 0.0

  @Option(help: "How long a session waits after a reply before it asks again: 500ms, 10s. (default: 0s)")
  var think: String?

  @Option(name: .customLong("ramp-up"), help: "The time in which the load rises to its full level. (default: 0s)")
  var rampUp: String?

  @Option(
    help: """
      How long after a rotation the server answers the consumed token again, with the same successor. If it is granted \
      later than that, an invariant is broken. In process, this is also the engine's grace window. (default: 0s)
      """)
  var grace: String?

  /// Returns the options of the run.
  ///
  /// `isShort` is true for the engine in this process; there can be at most `available` sessions.
  func options(isShort: Bool, available: Int? = nil) throws -> LoadOptions {
    let callers = connections ?? 32
    let wanted = sessions ?? min(callers, available ?? callers)
    if let available, wanted > available {
      throw ValidationError("--tokens holds \(available) tokens, too few for \(wanted) sessions; lower --sessions")
    }
    var options = LoadOptions(
      sessions: wanted, connections: callers,
      duration: try Self.time(duration ?? (isShort ? "3s" : "30s"), "--duration"), reuseRate: replayRate)
    options.rate = rate
    options.race = race ?? 1
    options.raceRate = raceRate
    options.lossRate = lossRate
    options.think = try Self.time(think ?? "0s", "--think")
    options.rampUp = try Self.time(rampUp ?? "0s", "--ramp-up")
    options.grace = try Self.time(grace ?? "0s", "--grace")
    if let problem = options.problem { throw ValidationError(problem) }
    return options
  }

  static func time(_ text: String, _ name: String) throws -> Duration {
    guard let time = DurationText.parse(text) else {
      throw ValidationError("\(name) must be a whole number and a unit, such as 500ms, 30s or 5m")
    }
    return time
  }
}
