#if Postgres
internal import Platform
public import SystemPackage
package import TokenLedgerPostgres
package import TokenSigning

/// The place of the signing keys of instances that share a database.
public enum SharedKeys: Sendable, Hashable {
  /// Files in a folder that every instance has with the same contents, such as one secret mounted everywhere. The
  /// folder is created with mode 0700 if it does not exist.
  case folder(FilePath)
  /// Records in the database, sealed with AES-256-GCM under master keys: files of 32 bytes that nobody else can read,
  /// at most eight. The first one seals, including what another has sealed, and each of them opens.
  case database(masterKeys: [FilePath])
}

extension SharedKeys {
  /// Returns the source of the keys for instances on this ledger.
  ///
  /// - Throws: `KeyError` for a master key that cannot be read or is not usable.
  package func source(in ledger: PostgresLedger) throws(KeyError) -> any KeySource {
    // The publication delay follows the instance with the longest limit at each rotation, whichever instance rotates.
    switch self {
    case .folder(let folder):
      FolderKeys(folder: folder.string, publication: KeyPublication(staleAfter: ledger.greatestStaleAfter))
    case .database(let paths):
      SealedKeys(
        DatabaseKeyRecords(ledger.records), masterKeys: try MasterKeys(files: paths.map(\.string)),
        publication: KeyPublication(staleAfter: ledger.greatestStaleAfter))
    }
  }
}
#endif
