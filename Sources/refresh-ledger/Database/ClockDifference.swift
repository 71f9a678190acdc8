#if Postgres
import TokenEngine
import TokenLedgerPostgres

/// The difference between a database's clock and this machine's.
///
/// Tokens carry the database's time, which others compare with their own.
struct ClockDifference {
  /// The time by which the database's clock is ahead, negative if it is behind.
  let ahead: Duration

  /// The smallest difference that counts; a smaller one can be the time of an answer.
  static let notable = Duration.seconds(2)
  /// The difference from which on verifiers refuse tokens.
  static let harmful = Duration.seconds(60)
  static let fix = "set both by NTP: timedatectl set-ntp true"

  init(ahead: Duration) {
    self.ahead = ahead
  }

  /// Creates the difference, or returns nil if it is too small to matter.
  init?(of ledger: PostgresLedger) {
    let database = ledger.now().advanced(byMilliseconds: -ledger.health.clockShiftSeconds * 1000)
    self.init(ahead: .milliseconds(database.millisecondsSince(SessionClock.system.now())))
    guard size >= Self.notable else { return nil }
  }

  var size: Duration { ahead < .zero ? .zero - ahead : ahead }

  var words: String {
    let size = FigureText.time(seconds: size / .seconds(1))
    return "the database's clock is \(size) \(ahead < .zero ? "behind" : "ahead of") this machine's"
  }

  var warning: String { "\(words), and tokens carry the database's time; \(Self.fix)" }
}
#endif
