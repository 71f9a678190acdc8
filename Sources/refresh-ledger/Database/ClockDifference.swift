#if Postgres
import TokenEngine
import TokenLedgerPostgres

/// By how much a database's clock differs from this machine's: tokens carry the database's time, and others judge them
/// by their own.
struct ClockDifference {
  /// Negative if the database's is behind.
  let ahead: Duration

  /// Below this it is the time that an answer takes.
  static let notable = Duration.seconds(2)
  /// From here on verifiers refuse tokens.
  static let harmful = Duration.seconds(60)
  static let fix = "set both by NTP: timedatectl set-ntp true"

  init(ahead: Duration) {
    self.ahead = ahead
  }

  /// Makes nil if they differ by so little that nobody notices.
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
