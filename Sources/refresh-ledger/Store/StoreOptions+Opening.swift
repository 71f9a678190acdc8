import TokenAccounts
import TokenEngine
import TokenSigning

extension StoreOptions {
  /// Runs `work` on what the options name, which is closed afterwards. What it throws becomes a failure of the command.
  func use<Outcome>(_ work: (any CommandStore) async throws -> Outcome) async throws -> Outcome {
    let store = try await open()
    do {
      let outcome = try await work(store)
      await store.close()
      return outcome
    } catch {
      await store.close()
      switch error {
      case let failure as AccountError: throw CommandError(failure)
      case let failure as LedgerError: throw CommandError(failure)
      case let failure as EngineError: throw CommandError(failure)
      case let failure as KeyError: throw CommandError(failure)
      case let failure as KeyChangeError: throw CommandError(failure)
      default: throw error
      }
    }
  }

  /// Runs `work` on the users.
  func users<Outcome>(_ work: (any SubjectDirectory) async throws -> Outcome) async throws -> Outcome {
    try await use { try await work($0.users()) }
  }

  /// Runs `work` on the clients.
  func clients<Outcome>(_ work: (any ClientDirectory) async throws -> Outcome) async throws -> Outcome {
    try await use { try await work($0.clients()) }
  }

  /// Runs `work` on the signing keys.
  func keys<Outcome>(_ work: (any KeySource) throws -> Outcome) async throws -> Outcome {
    try await use { try await work($0.keys()) }
  }

  private func open() async throws(CommandError) -> any CommandStore {
    let store = try store()
    guard store.kind == .postgres else { return FolderStore(data: data) }
    throw CommandError.withoutPostgres
  }
}
