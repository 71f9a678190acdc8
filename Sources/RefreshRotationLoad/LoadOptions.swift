/// How hard and for how long to rotate.
public struct LoadOptions: Sendable {
  /// Sessions that are opened before the clock starts; each follows its own chain of tokens.
  public var sessions: Int
  /// Callers that rotate at the same time, each one request at a time (closed loop).
  public var connections: Int
  public var duration: Duration
  /// Of how many rotations one is followed by a replay of the token that it consumed: 0…1.
  public var replayRate: Double

  public static let sessionsMax = 10_000_000
  public static let connectionsMax = 4096

  public init(sessions: Int, connections: Int, duration: Duration, replayRate: Double) {
    self.sessions = max(sessions, connections)
    self.connections = connections
    self.duration = duration
    self.replayRate = replayRate
  }

  /// Why these options cannot be run: the field and its limit; nil if they can.
  public var problem: String? {
    if !(1...Self.connectionsMax).contains(connections) { return "--connections goes from 1 to \(Self.connectionsMax)" }
    if !(1...Self.sessionsMax).contains(sessions) { return "--sessions goes from 1 to \(Self.sessionsMax)" }
    if duration <= .zero || duration > .seconds(86_400) { return "--duration goes from 1ms to 24h" }
    if !(0...1).contains(replayRate) { return "--replay-rate goes from 0 to 1" }
    return nil
  }
}
