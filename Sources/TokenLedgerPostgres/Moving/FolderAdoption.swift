#if Postgres
package import RotationModel
package import TokenLedger

/// A move of a folder's ledger to a database that has none.
///
/// Every token that was issued before stays valid, and everything that was revoked stays refused.
///
/// The folder's lock is held. The folder refuses to open before the first row is copied, instances refuse to serve
/// while rows are copied, and the last commit opens the ledger in the database. Until then everything can be undone. A
/// call that ended early can be repeated: nothing is copied twice.
package struct FolderAdoption: Sendable {
  package var address: DatabaseAddress
  package var options: PostgresOptions
  /// The folder of the log.
  package var log: FilePath
  package var clock = SessionClock.system
  /// The issuer of the tokens; if the database has one already, it must be the same.
  package var issuer: String?
  /// The longest lifetime of access tokens that were issued from the folder.
  ///
  /// Revocations are kept at least that long.
  package var accessMilliseconds = Lifetimes.accessMillisecondsMax
  /// The records of users, clients and keys.
  package var records: [MovedRecord] = []
  /// A closure that is called after each step; if it returns false, the call ends with ``MoveError/stopped``.
  package var onProgress: @Sendable (MoveProgress) -> Bool = { _ in true }

  package init(_ log: FilePath, to address: DatabaseAddress, options: PostgresOptions) {
    (self.log, self.address, self.options) = (log, address, options)
  }

  package struct Report: Sendable, Hashable {
    package var counts: MoveCounts
    /// True if an earlier call had completed the move.
    package var wasDone: Bool
  }

  /// The database for messages, without a password.
  var place: String {
    options.schema == PostgresOptions().schema ? "\(address)" : "\(address), schema \(options.schema)"
  }
}
#endif
