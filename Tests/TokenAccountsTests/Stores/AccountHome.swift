@testable import TokenAccounts

/// One place with the accounts of one test.
///
/// Each value that is opened in it is as of a program of its own.
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

/// The failure that `change` throws, nil where it throws none.
func changeFailure(_ change: () async throws(AccountError) -> Void) async -> AccountError? {
  do throws(AccountError) {
    try await change()
    return nil
  } catch {
    return error
  }
}
