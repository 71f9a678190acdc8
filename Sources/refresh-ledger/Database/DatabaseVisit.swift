#if Postgres
import TokenEngine
import TokenLedgerPostgres

extension StoreSettings {
  /// Returns the address of the database.
  func address() throws(CommandError) -> DatabaseAddress {
    do { return try DatabaseAddress(database) } catch {
      throw CommandError(.configuration, "store.database: \(error.description)")
    }
  }

  /// Returns a connection to the primary, whatever ledger it has, for a command that makes or inspects one.
  func connectToPrimary(deadline: ContinuousClock.Instant) throws(CommandError) -> DatabaseConnection {
    let address = try address()
    do throws(DatabaseError) {
      let setting = try LedgerSetting(options: PostgresOptions(self))
      return try Connector(address, setting: setting).connectToPrimary(deadline: deadline)
    } catch {
      throw CommandError(error, at: databaseName)
    }
  }

  /// Runs `work` on such a connection, which is closed afterwards.
  func visitPrimary<Outcome>(
    within patience: Duration = .seconds(10),
    _ work: (DatabaseConnection, SchemaName, ContinuousClock.Instant) throws(DatabaseError) -> Outcome
  ) throws(CommandError) -> Outcome {
    let deadline = ContinuousClock.now + patience
    let connection = try connectToPrimary(deadline: deadline)
    defer { connection.close() }
    do throws(DatabaseError) {
      return try work(connection, SchemaName(schema), deadline)
    } catch {
      throw CommandError(error, at: databaseName)
    }
  }

  /// Returns the issuer that the ledger records, or nil if it records none.
  func keptIssuer() throws(CommandError) -> String? {
    try visitPrimary { (connection, schema, deadline) throws(DatabaseError) in
      guard try !DatabaseSchema.missing(schema, on: connection, deadline: deadline).contains("ledger") else {
        throw .unsuitable(
          "the database has no ledger in the schema \(schema); run `refresh-ledger database init`, or set `store.schema`"
        )
      }
      return try LedgerIssuer(schema).settle(nil, replaces: false, on: connection, deadline: deadline)
    }
  }
}

extension PostgresOptions {
  init(_ settings: ServerSettings) {
    self.init(settings.store)
    sessionsPerSubjectMax = settings.engine.sessionsPerSubjectMax
  }

  init(_ settings: StoreSettings) {
    self.init()
    schema = settings.schema
    connections = settings.connections
    standby = settings.standby == .required ? .required : .none
    requestDeadline = settings.requestDeadline
    staleAfter = settings.staleAfter
    onStale = settings.onStale == .serve ? .serve : .refuse
    eventRetention = settings.eventRetention
  }
}
#endif
