#if Postgres
package import RotationModel
package import TokenLedger

/// Moves the ledger of a folder to a database that has none: every token that was issued before stays good, and what
/// was revoked stays refused.
///
/// The folder's lock is held. The folder refuses to open before the first row is copied, instances refuse to serve
/// while rows are, and one commit, the last, opens the ledger there. Until then all of it can be taken back. A call
/// that ended early is made again: what was copied is copied once.
package struct FolderAdoption: Sendable {
  package var address: DatabaseAddress
  package var options: PostgresOptions
  /// The folder of the log.
  package var log: FilePath
  package var clock = SessionClock.system
  /// The issuer of the tokens; the database's, if it has one already, must be the same.
  package var issuer: String?
  /// The longest lifetime of access tokens that were issued from the folder: for so long, at least, revocations are
  /// kept.
  package var accessMilliseconds = Lifetimes.accessMillisecondsMax
  /// Users, clients and keys.
  package var records: [MovedRecord] = []
  /// Told after each step; false ends the call with ``MoveError/stopped``.
  package var onProgress: @Sendable (MoveProgress) -> Bool = { _ in true }

  package init(_ log: FilePath, to address: DatabaseAddress, options: PostgresOptions) {
    (self.log, self.address, self.options) = (log, address, options)
  }

  package struct Report: Sendable, Hashable {
    package var counts: MoveCounts
    /// Whether an earlier call had done all of it.
    package var wasDone: Bool
  }

  /// The database in words, without a password.
  var place: String {
    options.schema == PostgresOptions().schema ? "\(address)" : "\(address), schema \(options.schema)"
  }
}
#endif
