/// How a run was asked for, as its report says it.
public struct LoadReportOptions: Sendable, Codable, Equatable {
  /// `closed` or `open`.
  public var loop: String
  public var sessions: Int
  public var connections: Int
  public var durationSeconds: Double
  public var replayRate: Double
  /// Requests a second of an open loop.
  public var rate: Double?
  public var race: Int
  public var raceRate: Double
  public var lossRate: Double
  public var thinkSeconds: Double
  public var rampUpSeconds: Double
  public var graceSeconds: Double
  /// Of the embedded engine; absent for an endpoint.
  public var durability: String?

  enum CodingKeys: String, CodingKey {
    case loop, sessions, connections, rate, race, durability
    case durationSeconds = "duration_seconds"
    case replayRate = "replay_rate"
    case raceRate = "race_rate"
    case lossRate = "loss_rate"
    case thinkSeconds = "think_seconds"
    case rampUpSeconds = "ramp_up_seconds"
    case graceSeconds = "grace_seconds"
  }

  init(_ options: LoadOptions) {
    loop = options.rate == nil ? "closed" : "open"
    sessions = options.sessions
    connections = options.connections
    durationSeconds = options.duration.inSeconds
    replayRate = options.replayRate
    rate = options.rate
    race = options.race
    raceRate = options.race > 1 ? options.raceRate : 0
    lossRate = options.lossRate
    thinkSeconds = options.think.inSeconds
    rampUpSeconds = options.rampUp.inSeconds
    graceSeconds = options.grace.inSeconds
  }
}
