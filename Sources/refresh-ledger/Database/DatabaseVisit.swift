#if Postgres
import TokenEngine
import TokenLedgerPostgres

extension StoreSettings {
  /// The database's address.
  func address() throws(CommandError) -> DatabaseAddress {
    do { return try DatabaseAddress(database) } catch {
      throw CommandError(.configuration, "store.database: \(error.description)")
    }
  }

  /// A connection to the primary, whatever the ledger in it, for a command that makes one or looks at one.
  func connectToPrimary(deadline: ContinuousClock.Instant) throws(CommandError) -> DatabaseConnection {
    let address = try address()
    do throws(DatabaseError) {
      let setting = try LedgerSetting(options: PostgresOptions(self))
      return try Connector(address, setting: setting).connectToPrimary(deadline: deadline)
    } catch {
      throw CommandError(error, at: databaseName)
    }
  }
}

extension PostgresOptions {
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
