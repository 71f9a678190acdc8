#if Postgres
import Foundation
import Platform
import PostgresTesting
import SystemPackage
import TokenLedgerPostgres
import TokenTesting

@testable import TokenEngine

/// A database of a test's own with the tables of a ledger, and engines on it.
final class EngineInstances: Sendable {
  static let web = Client(id: "web", isPublic: true)
  static let robot = Client(id: "robot", isPublic: false, scopes: ["read"], grants: [.clientCredentials])

  let database: TestedDatabase
  private let folder = EngineFolder()

  /// Makes the database on `server`, which the test changes, or else on the server that all tests share.
  init(on server: TestedServer? = nil) async throws {
    database = try await TestedDatabase.make(on: server)
    _ = try FileSystem.makeFolder(folder.path.string)
    try await BlockingWork.run { [database] () throws(any Error) in
      let connection = try database.connect()
      defer { connection.close() }
      _ = try DatabaseSchema.install(SchemaName("refresh_ledger"), on: connection, deadline: .now + .seconds(60))
    }
  }

  /// The place of keys in files that all instances have.
  var keyFolder: SharedKeys { .folder(folder.path.appending("keys")) }

  /// Returns the file of the master key of that name, the same each time.
  func masterKey(_ name: String) throws -> FilePath {
    let path = folder.path.appending(name)
    if FileStatus(path.string) == nil {
      let bytes = (0..<32).map { _ in UInt8.random(in: 0...255) }
      _ = FileManager.default.createFile(
        atPath: path.string, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
    }
    return path
  }

  static var store: PostgresOptions {
    var store = PostgresOptions()
    store.standby = .none
    // What a test waits for comes, however slow the machine.
    store.requestDeadline = .seconds(60)
    return store
  }

  /// Opens another instance, which reaches the database by way of `proxy`, or straight if there is none.
  func engine(
    keys: SharedKeys? = nil, options: EngineOptions = EngineOptions(), store: PostgresOptions = EngineInstances.store,
    by proxy: FaultProxy? = nil, observer: any EngineObserver = SilentObserver()
  ) async throws -> RotationEngine {
    let address = try proxy?.address(of: database) ?? database.address
    let ledger = try await Self.ledger(address, store)
    do {
      return try await RotationEngine.open(
        ledger: ledger, keys: keys ?? keyFolder, options: options, observer: observer)
    } catch {
      try await ledger.close()
      throw error
    }
  }

  /// Opens a ledger, which a slow machine may have to try several times if the test's deadline is short.
  private static func ledger(_ address: DatabaseAddress, _ store: PostgresOptions) async throws -> PostgresLedger {
    while true {
      do throws(DatabaseError) { return try await PostgresLedger.open(address, options: store) } catch {
        switch error {
        case .unreachable, .lost, .nothingHappened: try await Task.sleep(for: .milliseconds(100))
        default: throw error
        }
      }
    }
  }

  /// The database as embedders name it.
  var text: String {
    get throws { "host=\(database.server.folder) port=\(database.server.port) user=postgres dbname=\(database.name)" }
  }
}

extension RotationEngine {
  /// Opens a session and returns its tokens.
  func tokens(of subject: String = "ann") async throws -> TokenPair {
    try await openUncheckedSession(subject: subject, client: EngineInstances.web, scopes: [])
  }

  func refresh(_ token: String) async throws -> GrantOutcome {
    try await refresh(token, client: EngineInstances.web)
  }
}

/// Waits until a condition holds; a test that waits in vain ends by its time limit.
func eventually(_ holds: () async throws -> Bool) async throws {
  while try await !holds() { try await Task.sleep(for: .milliseconds(10)) }
}
#endif
