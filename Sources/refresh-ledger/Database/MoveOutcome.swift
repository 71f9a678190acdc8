#if Postgres
import Synchronization
import TokenLedger
import TokenLedgerPostgres

/// The outcome of a move, for people and programs.
struct MoveOutcome: Encodable {
  var folder: String
  var database: String
  var schema: String
  var issuer: String?
  /// The number of live sessions.
  var sessions: Int
  var revokedSessions: Int
  var oneTimeTokens: Int
  var wideRevocations: Int
  var revokedAccessTokens: Int
  var events: Int
  /// The number of users, clients and keys.
  var records: Int
  /// True if an earlier call had completed the move.
  var wasDone: Bool

  init(_ counts: MoveCounts, wasDone: Bool, folder: String, _ store: StoreSettings, issuer: String?) {
    (self.folder, self.issuer, self.wasDone) = (folder, issuer, wasDone)
    (database, schema) = (store.databaseName, store.schema)
    (sessions, revokedSessions, oneTimeTokens) = (counts.sessions, counts.revokedSessions, counts.oneTimeTokens)
    (wideRevocations, revokedAccessTokens) = (counts.marks, counts.revokedAccessTokens)
    (events, records) = (counts.events, counts.records)
  }

  /// The numbers of copied entries as part of a sentence.
  var words: String {
    [
      FigureText.counted(sessions, "live session"), FigureText.counted(revokedSessions, "revoked one"),
      FigureText.counted(oneTimeTokens, "one-time token"), FigureText.counted(wideRevocations, "wide revocation"),
      FigureText.counted(revokedAccessTokens, "revoked access token"), FigureText.counted(events, "event"),
      FigureText.counted(records, "record") + " of users, clients and keys",
    ].joined(separator: ", ")
  }
}

/// A progress bar of a move on a terminal.
final class MoveBar: Sendable {
  private let bar: Mutex<ProgressBar>

  init(_ label: String) {
    bar = Mutex(ProgressBar(label: label, unit: .things("entries")))
  }

  @Sendable func show(_ progress: MoveProgress) -> Bool {
    let counts = progress.counts
    let done = counts.sessions + counts.revokedSessions + counts.oneTimeTokens
    if progress.entriesTotal > 0 { bar.withLock { $0.show(UInt64(done), of: UInt64(progress.entriesTotal)) } }
    return true
  }
}

extension CommandError {
  /// Creates the failure from an error of a move; `place` is the database without its password.
  init(_ failure: MoveError, at place: String) {
    switch failure {
    case .refused(let text): self.init(.configuration, text)
    case .stopped: self.init(.temporary, failure.description)
    case .folder(let failure): self.init(failure)
    case .ledger(let failure): self.init(failure)
    case .database(let failure):
      let known = CommandError(failure, at: place)
      self.init(known.status, "\(known.description); then run the same command again; it continues where it stopped")
    }
  }
}
#endif
