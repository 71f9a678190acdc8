#if Postgres
import TokenEngine

// What docs/embedding.md shows of a database, compiled.

// docs:database
/// Opens one of many instances that share the sessions.
func openInstance(on database: String, masterKey: FilePath) async throws -> RotationEngine {
  var options = EngineOptions()
  options.issuer = "https://id.example.com"
  options.grace = .seconds(30)
  var store = PostgresOptions()
  // For a managed database, whose storage is replicated. By default each change waits for a synchronous standby.
  store.standby = .none
  return try await RotationEngine.open(
    database: database, keys: .database(masterKeys: [masterKey]), options: options, store: store)
}
// docs:end
#endif
