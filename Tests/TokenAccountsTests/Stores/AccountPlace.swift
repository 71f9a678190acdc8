import Synchronization
import Testing

@testable import TokenAccounts

/// The places where accounts are kept: what is a rule of accounts is true in each of them.
enum AccountPlace: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case files
  #if Postgres
  case records
  #endif

  var testDescription: String { "in \(rawValue)" }

  /// A place of this kind for one test, with nothing in it.
  func empty() async throws -> any AccountHome {
    switch self {
    case .files: try AccountsFolder()
    #if Postgres
    case .records: RecordTable()
    #endif
    }
  }
}

extension AccountsFolder: AccountHome {
  func openUsers(pool: PasswordPool) async throws -> any SubjectDirectory { try users(pool: pool) }
  func openClients() async throws -> any ClientDirectory { try clients() }
  func settle() async { advance(milliseconds: 10) }
  func contents() -> String {
    [usersPath, clientsPath].map { (try? text(of: $0)) ?? "" }.joined()
  }
  var told: [AccountFileEvent] { events.withLock { $0 } }
}
