/// The intensity, the length and the faults of a load.
public struct LoadOptions: Sendable {
  /// The number of sessions that are opened before the clock starts; each follows its own chain of tokens.
  public var sessions: Int
  /// The number of concurrent callers, each with one request at a time.
  public var connections: Int
  public var duration: Duration
  /// The share of rotations, 0 to 1, after which a consumed token is presented again.
  public var reuseRate: Double
  /// The requests a second of an open loop, or nil for a closed loop, in which each caller asks again once it was
  /// answered.
  public var rate: Double?
  /// The number of simultaneous presentations of one token in a race; 1 for no races.
  public var race = 1
  /// The share of rotations, 0 to 1, that are a race.
  public var raceRate = 0.01
  /// The share of rotations, 0 to 1, that lose their reply and are retried.
  public var lossRate = 0.0
  /// The time for which a session waits after a reply before its next request, in a closed loop.
  public var think = Duration.zero
  /// The time in which the load grows to its full rate.
  public var rampUp = Duration.zero
  /// The grace window of the server, in which it answers a consumed token again with the same successor.
  public var grace = Duration.zero
  /// True if each session is bound to a key of its own, of which each request has a proof (DPoP, RFC 9449).
  public var provesKeys = false

  public static let sessionsMax = 10_000_000
  public static let connectionsMax = 65_536
  public static let raceMax = 1024

  /// Creates options.
  ///
  /// Connections are limited to the number of sessions, since a session has one request at a time.
  public init(sessions: Int, connections: Int, duration: Duration, reuseRate: Double) {
    self.sessions = sessions
    self.connections = min(connections, sessions)
    self.duration = duration
    self.reuseRate = reuseRate
  }

  /// The most requests that are under way at the same moment.
  public var requestsMax: Int { connections * race }

  /// The reason that these options cannot be run, with the field and its limit, or nil if they can.
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

/// The options of a run as its report states them.
public struct LoadReportOptions: Sendable, Codable, Equatable {
  /// The kind of loop: `closed` or `open`.
  public var loop: String
  public var sessions: Int
  public var connections: Int
  public var durationSeconds: Double
  public var reuseRate: Double
  /// The requests a second of an open loop.
  public var rate: Double?
  public var race: Int
  public var raceRate: Double
  public var lossRate: Double
  public var thinkSeconds: Double
  public var rampUpSeconds: Double
  public var graceSeconds: Double
  /// The durability of the embedded engine; absent for an endpoint.
  public var durability: String?
  /// True if each session was bound to a key of its own (DPoP, RFC 9449); absent if not.
  public var dpop: Bool?

  enum CodingKeys: String, CodingKey {
    case loop, sessions, connections, rate, race, durability, dpop
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
    dpop = options.provesKeys ? true : nil
  }
}
