#if Postgres
import Platform
import PostgresTesting
import RotationModel
import Synchronization
import TokenLedgerPostgres

/// Runs steps one after the other, on one connection to a database of its own.
final class SingleConnection: AttemptPerformer {
  /// `@unchecked`: it is reached under a lock alone, so one thread at a time uses the connection, as it asks for.
  private final class Held: @unchecked Sendable {
    let connection: LedgerConnection

    init(_ connection: LedgerConnection) { self.connection = connection }
  }

  let database: TestedDatabase
  private let held: Mutex<Held>
  private let losing = Atomic(false)

  /// Makes a database with a ledger.
  static func open() async throws -> SingleConnection {
    let database = try await TestedDatabase.make()
    return try await BlockingWork.run { () throws(any Error) in try SingleConnection(database) }
  }

  private init(_ database: TestedDatabase) throws {
    self.database = database
    var options = PostgresOptions()
    options.standby = .none
    let setting = try LedgerSetting(options: options)
    let connector = Connector(database.address, setting: setting)
    let deadline = ContinuousClock.now + .seconds(30)
    let plain = try connector.connectToPrimary(deadline: deadline)
    _ = try DatabaseSchema.install(setting.schema, on: plain, deadline: deadline)
    plain.close()
    held = Mutex(Held(try connector.connect(deadline: deadline)))
  }

  deinit { held.withLock { $0.connection.database.close() } }

  /// Whether each call is carried out once without its answer, and then tried again.
  var losesAnswers: Bool {
    get { losing.load(ordering: .relaxed) }
    set { losing.store(newValue, ordering: .relaxed) }
  }

  func perform<Outcome: Sendable>(
    _ body:
      @escaping @Sendable (LedgerConnection, Attempt, _ deadline: ContinuousClock.Instant) throws(DatabaseError) ->
      Outcome
  ) async throws(LedgerError) -> Outcome {
    let isLosing = losesAnswers
    return try await BlockingWork.run { () throws(LedgerError) in
      try self.held.withLock { (held) throws(LedgerError) in
        let id = Attempt.newID()
        do throws(DatabaseError) {
          if isLosing {
            _ = try body(held.connection, Attempt(id: id, isRetry: false), .now + .seconds(30))
          }
          return try body(held.connection, Attempt(id: id, isRetry: isLosing), .now + .seconds(30))
        } catch {
          throw .unavailable("\(error)")
        }
      }
    }
  }
}
#endif
