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

/// One place with the accounts of one test. Each value that is opened in it is as of a program of its own.
protocol AccountHome: Sendable {
  func openUsers(pool: PasswordPool) async throws -> any SubjectDirectory
  func openClients() async throws -> any ClientDirectory
  /// Lets every value that is open see what was changed.
  func settle() async
  /// What the place holds, all in one text.
  func contents() -> String
  /// What all values were told.
  var told: [AccountFileEvent] { get }
}

extension AccountHome {
  func openUsers() async throws -> any SubjectDirectory { try await openUsers(pool: PasswordPool()) }
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

/// The failure that `change` throws, nil where it throws none.
func changeFailure(_ change: () async throws(AccountError) -> Void) async -> AccountError? {
  do throws(AccountError) {
    try await change()
    return nil
  } catch {
    return error
  }
}
