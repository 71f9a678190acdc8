#if Postgres
internal import Platform
public import SystemPackage
package import TokenLedgerPostgres
package import TokenSigning

/// The place of the signing keys of instances that share a database.
public enum SharedKeys: Sendable, Hashable {
  /// In the files of a folder that every instance has alike: the same secret, mounted everywhere. Made with mode 0700
  /// if it is absent.
  case folder(FilePath)
  /// In the database, sealed with AES-256-GCM under master keys: files of 32 bytes that nobody else can read. The first
  /// seals, also what another has sealed, and each of them opens; at most eight.
  case database(masterKeys: [FilePath])
}

extension SharedKeys {
  /// The place of the keys, for instances on this ledger.
  ///
  /// - Throws: for a master key that cannot be read or is none.
  package func source(in ledger: PostgresLedger) throws(KeyError) -> any KeySource {
    // By the most patient instance as of each rotation, whoever rotates.
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
