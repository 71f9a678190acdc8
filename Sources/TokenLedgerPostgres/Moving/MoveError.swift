#if Postgres
package import RotationModel
package import TokenLedger

/// Why a ledger was not moved, or not to its end. Each text is one line with the fix.
package enum MoveError: Error, Sendable, Hashable {
  /// Folder or database are not what they must be. This call moved nothing.
  case refused(String)
  /// Whoever watched had it stopped. What was copied stays; the same call goes on there.
  case stopped
  case folder(LogError)
  case ledger(LedgerError)
  /// The same call goes on with what was copied, or finds that all is done.
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
  /// Takes what a move can meet, in its words.
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

/// The numbers of things that a move has copied.
package struct MoveCounts: Sendable, Hashable {
  /// Live sessions.
  package var sessions = 0
  /// Sessions that were revoked, whose tokens stay refused.
  package var revokedSessions = 0
  package var oneTimeTokens = 0
  /// Wide revocations whose access tokens could still live.
  package var marks = 0
  package var revokedAccessTokens = 0
  package var events = 0
  /// Users, clients and keys.
  package var records = 0

  package init() {}
}

/// The progress of a move.
package struct MoveProgress: Sendable, Hashable {
  package enum Step: String, Sendable, Hashable, CaseIterable {
    /// The side that is filled is set apart.
    case begun
    /// The side that is left refuses to open.
    case marked
    case events, revocations, sessions, records
    /// All is there; the next step is the one that counts.
    case ready
  }

  package var step: Step
  package var counts: MoveCounts
  /// About how many sessions and one-time tokens there are; 0 if nobody knows.
  package var entriesTotal = 0
}

/// A record of keys or accounts on its way.
package struct MovedRecord: Sendable, Hashable {
  package var kind: String
  package var name: String
  package var body: [UInt8]

  package init(kind: String, name: String, body: [UInt8]) {
    (self.kind, self.name, self.body) = (kind, name, body)
  }
}
#endif
