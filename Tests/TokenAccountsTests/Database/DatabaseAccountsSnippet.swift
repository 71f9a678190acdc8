#if Postgres
import TokenAccounts

// What docs/embedding.md shows of users in a database, compiled.

// docs:database-accounts
/// An engine whose users are in the same database.
///
/// The engine closes the ledger.
func openInstance(_ store: PostgresOptions, on database: String, keys: FilePath) async throws -> RotationEngine {
  let ledger = try await PostgresLedger.open(DatabaseAddress(database), options: store)
  return try await RotationEngine.open(
    ledger: ledger, keys: .folder(keys), subjects: try await DatabaseSubjects(ledger))
}
// docs:end
#endif
