#if Postgres
package import RotationModel
package import TokenLedger

/// The reason that a ledger was not moved, or not completely.
///
/// Each text is one line with the fix.
package enum MoveError: Error, Sendable, Hashable {
  /// The folder or the database is not as required. This call moved nothing.
  case refused(String)
  /// The progress closure stopped the move. What was copied stays; the same call continues there.
  case stopped
  case folder(LogError)
  case ledger(LedgerError)
  /// The database failed. The same call continues with what was copied, or finds the move complete.
  case database(DatabaseError)
}

extension MoveError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .refused(let text): text
    case .stopped: "stopped before the end: run the same command again to go on"
    case .folder(let failure): failure.description
    case .ledger(let failure): failure.description
    case .database(.unsuitable(let text)), .database(.unready(let text)): text
    case .database(let failure): "\(failure): run the same command again, which goes on where it stopped"
    }
  }
}

extension MoveError {
  /// Creates the error of a move from any that it can meet.
  init(_ failure: any Error) {
    self =
      switch failure {
      case let failure as MoveError: failure
      case let failure as DatabaseError: Self.database(failure)
      case let failure as LogError: Self.folder(failure)
      case let failure as LedgerError: Self.ledger(failure)
      default: Self.refused("\(failure)")
      }
  }
}

/// The numbers of entries that a move has copied.
package struct MoveCounts: Sendable, Hashable {
  /// The number of live sessions.
  package var sessions = 0
  /// The number of revoked sessions, whose tokens stay refused.
  package var revokedSessions = 0
  package var oneTimeTokens = 0
  /// The number of wide revocations under which access tokens can still be alive.
  package var marks = 0
  package var revokedAccessTokens = 0
  package var events = 0
  /// The number of records of users, clients and keys.
  package var records = 0

  package init() {}
}

/// The progress of a move.
package struct MoveProgress: Sendable, Hashable {
  package enum Step: String, Sendable, Hashable, CaseIterable {
    /// The target is set apart.
    case begun
    /// The source refuses to open.
    case marked
    case events, revocations, sessions, records
    /// Everything is copied; the next step completes the move.
    case ready
  }

  package var step: Step
  package var counts: MoveCounts
  /// The approximate number of sessions and one-time tokens, or 0 if it is unknown.
  package var entriesTotal = 0
}

/// A record of keys or accounts that is moved.
package struct MovedRecord: Sendable, Hashable {
  package var kind: String
  package var name: String
  package var body: [UInt8]

  package init(kind: String, name: String, body: [UInt8]) {
    (self.kind, self.name, self.body) = (kind, name, body)
  }
}
#endif
