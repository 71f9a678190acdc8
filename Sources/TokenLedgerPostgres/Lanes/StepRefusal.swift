#if Postgres
/// The database's refusal to begin a step: an error that the ledger's own statements raise before anything is
/// written.
///
/// SQL has no statement that raises an error of its own; a cast that fails does, and its text comes back in the
/// message.
enum StepRefusal: Sendable, Hashable {
  /// No synchronous standby is named, or commits do not wait for it.
  case standby
  /// The ledger's row is gone.
  case noLedger
  /// The database's clock was set back: the ledger's time is raised before anything else happens. With the shift that
  /// was in force, in milliseconds.
  case clock(underShift: Int64)
  /// Another program changed the schema, moved the ledger away, fenced it, or a standby was promoted: what the
  /// connection found is no longer so.
  case changed(String)

  private static let marker = "refresh-ledger: "

  /// An expression that fails with a word.
  ///
  /// `varying` is text that the planner cannot work out beforehand.
  static func sql(_ word: String, _ varying: String) -> String { "('\(marker)\(word) ' || \(varying))::int4" }

  /// Makes nil of an error that is not ours.
  init?(code: String, text: String) {
    guard code == "22P02", let place = text.firstRange(of: Self.marker) else { return nil }
    let said = text[place.upperBound...].prefix { $0 != "\"" }
    let words = said.split(separator: " ")
    switch words.first {
    case "standby": self = .standby
    case "ledger": self = .noLedger
    case "clock": self = .clock(underShift: words.last.flatMap { Int64($0) } ?? 0)
    default: self = .changed(String(said))
    }
  }

  /// The refusal of a database that was set back: by the instance that misses something, and from then on by all.
  static let lacking = DatabaseError.unsuitable(
    "The database lacks what this instance acknowledged, or another one: it was restored to an earlier moment, or a standby "
      + "that lagged was promoted; connect to the right one, or run `refresh-ledger database fence`, which ends every session."
  )

  /// The error that whoever waits is told.
  var error: DatabaseError {
    switch self {
    case .standby:
      .unready(
        "The primary names no synchronous standby, so a change could be lost with it; set synchronous_standby_names and "
          + "synchronous_commit = on, or `store.standby: none` where the storage itself is replicated.")
    case .noLedger:
      .unsuitable("The ledger's row is gone from the database; restore it from a backup.")
    case .clock: .unreachable("its clock was set back, and the ledger's time is raised before it goes on")
    case .changed(let what):
      .unsuitable("The ledger in the database was changed meanwhile (\(what)); the instance looks at it anew.")
    }
  }
}
#endif
