import Platform
import TokenAccounts
import TokenEngine
import TokenSigning

extension StoreOptions {
  /// Runs `work` on the store that the options name, which is closed afterwards.
  ///
  /// An error becomes a failure of the command.
  func use<Outcome>(_ work: (any CommandStore) async throws -> Outcome) async throws -> Outcome {
    let store = try await open()
    do {
      return try await store.whileOpen { try await work(store) }
    } catch {
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

  /// Runs `work` on the signing keys, on a thread that can wait for them.
  func keys<Outcome: Sendable>(
    _ work: @escaping @Sendable (any KeySource) throws -> Outcome
  ) async throws -> Outcome {
    try await use { store in
      let keys = try await store.keys()
      return try await BlockingWork.run { () throws(any Error) in try work(keys) }
    }
  }

  private func open() async throws(CommandError) -> any CommandStore {
    let settings = try storeSettings()
    switch settings.store.kind {
    case .embedded: return FolderStore(data: data)
    case .postgres:
      #if Postgres
      return try await DatabaseStore.open(settings)
      #else
      throw .withoutPostgres
      #endif
    }
  }
}
