internal import TokenEngine

/// A broken invariant with its evidence, in which a token is a fingerprint.
public struct LoadViolation: Sendable, Codable, Equatable, CustomStringConvertible {
  /// The kind of violation; the raw values are the names in reports.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// One token was granted twice, with different successors.
    case twoSuccessors = "two successors"
    /// A consumed token was granted again after the grace window.
    case reuseAccepted = "replay accepted"
    /// A token that was received and never presented was refused.
    case acknowledgedRefused = "acknowledged token refused"
    /// A token was answered with itself.
    case notRotated = "not rotated"
  }

  public let kind: Kind
  public let evidence: String
  /// The seconds since the start of the load.
  public let seconds: Double

  public var description: String { "\(kind.rawValue): \(evidence)" }

  init(_ kind: Kind, at time: Duration, _ evidence: String) {
    self.kind = kind
    self.evidence = evidence
    seconds = time.inSeconds
  }

  static func twoSuccessors(
    of token: String, _ first: String, _ second: String, after: Duration, at time: Duration, by way: String
  ) -> Self {
    func name(_ token: String) -> String { TokenFingerprint.of(token) }
    return Self(
      .twoSuccessors, at: time,
      "token \(name(token)) was granted twice, by \(way): the successors are \(name(first)) and, \(milliseconds(after)) later, \(name(second))"
    )
  }

  static func reuseAccepted(_ token: String, after: Duration, grace: Duration, at time: Duration) -> Self {
    Self(
      .reuseAccepted, at: time,
      "consumed token \(TokenFingerprint.of(token)) was granted again, asked \(milliseconds(after)) after its rotation was answered; the grace window is \(milliseconds(grace)) (--grace)"
    )
  }

  static func acknowledgedRefused(_ token: String, rotation: Int, age: Duration, at time: Duration) -> Self {
    Self(
      .acknowledgedRefused, at: time,
      "token \(TokenFingerprint.of(token)), received \(milliseconds(age)) before as the answer to \(rotation == 0 ? "the log-in" : "rotation \(rotation) of its session") and not presented since, was refused"
    )
  }

  static func notRotated(_ token: String, at time: Duration) -> Self {
    Self(.notRotated, at: time, "token \(TokenFingerprint.of(token)) was answered with itself: it goes on working")
  }

  private static func milliseconds(_ time: Duration) -> String {
    let microseconds = Int(time / .microseconds(1))
    return microseconds < 1000 ? "\(microseconds) us" : "\(Double(microseconds / 10) / 100) ms"
  }
}
