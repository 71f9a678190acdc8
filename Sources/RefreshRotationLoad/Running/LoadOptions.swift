/// How hard, how long and how rudely to rotate.
public struct LoadOptions: Sendable {
  /// Sessions that are opened before the clock starts; each follows its own chain of tokens.
  public var sessions: Int
  /// Callers that rotate at the same time, each one request at a time.
  public var connections: Int
  public var duration: Duration
  /// Of how many rotations one is followed by a consumed token that is presented again: 0…1.
  public var reuseRate: Double
  /// Requests a second of an open loop; nil for a closed loop, in which each caller asks again when it was answered.
  public var rate: Double?
  /// How many present one token at the same moment in a race; 1 for no races.
  public var race = 1
  /// Of how many rotations one is a race: 0…1.
  public var raceRate = 0.01
  /// Of how many rotations one loses its reply and is retried: 0…1.
  public var lossRate = 0.0
  /// How long a session waits after a reply before its next request, in a closed loop.
  public var think = Duration.zero
  /// The time in which the load grows to its full height.
  public var rampUp = Duration.zero
  /// How long the server answers a consumed token again, with the same successor.
  public var grace = Duration.zero

  public static let sessionsMax = 10_000_000
  public static let connectionsMax = 65_536
  public static let raceMax = 1024

  /// More connections than sessions could not be used: a session has one request at a time.
  public init(sessions: Int, connections: Int, duration: Duration, reuseRate: Double) {
    self.sessions = sessions
    self.connections = min(connections, sessions)
    self.duration = duration
    self.reuseRate = reuseRate
  }

  /// The most requests that are under way at the same moment.
  public var requestsMax: Int { connections * race }

  /// Why these options cannot be run: the field and its limit; nil if they can.
  public var problem: String? {
    let day = Duration.seconds(86_400)
    if !(1...Self.connectionsMax).contains(connections) { return "--connections goes from 1 to \(Self.connectionsMax)" }
    if !(1...Self.sessionsMax).contains(sessions) { return "--sessions goes from 1 to \(Self.sessionsMax)" }
    if duration <= .zero || duration > day { return "--duration goes from 1ms to 24h" }
    for (name, share) in [("replay", reuseRate), ("race", raceRate), ("loss", lossRate)] where !(0...1).contains(share)
    {
      return "--\(name)-rate goes from 0 to 1"
    }
    if let rate, !(0.01...10_000_000).contains(rate) { return "--rate goes from 0.01 to 10000000 requests a second" }
    if !(1...Self.raceMax).contains(race) { return "--race goes from 1 (no races) to \(Self.raceMax)" }
    if think < .zero || think > day { return "--think goes from 0s to 24h" }
    if think > .zero && rate != nil { return "--think goes without --rate, which says when each request is due" }
    if rampUp < .zero || rampUp >= duration, rampUp != .zero { return "--ramp-up must be shorter than --duration" }
    if grace < .zero || grace > day { return "--grace goes from 0s to 24h" }
    return nil
  }
}

/// How a run was asked for, as its report says it.
public struct LoadReportOptions: Sendable, Codable, Equatable {
  /// `closed` or `open`.
  public var loop: String
  public var sessions: Int
  public var connections: Int
  public var durationSeconds: Double
  public var reuseRate: Double
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
    case reuseRate = "replay_rate"
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
    reuseRate = options.reuseRate
    rate = options.rate
    race = options.race
    raceRate = options.race > 1 ? options.raceRate : 0
    lossRate = options.lossRate
    thinkSeconds = options.think.inSeconds
    rampUpSeconds = options.rampUp.inSeconds
    graceSeconds = options.grace.inSeconds
  }
}
