internal import Synchronization
public import TokenEngine

/// Clients in a dictionary, their secrets in the clear and compared in any time: for tests only.
public final class ClientTable: ClientStore {
  private struct State {
    var clients: [String: (client: Client, secret: [UInt8]?)] = [:]
    var failure: StoreFailure?
  }

  private let state = Mutex(State())

  public init() {}

  /// Without a secret the client is public.
  public func set(_ client: Client, secret: String? = nil) {
    state.withLock { $0.clients[client.id] = (client, secret.map { Array($0.utf8) }) }
  }

  /// What every look-up throws from now on; nil for none.
  public func fail(with failure: StoreFailure?) {
    state.withLock { $0.failure = failure }
  }

  public func client(id: String) async throws -> Client? {
    try entry(id)?.client
  }

  public func authenticate(id: String, secretCandidates: [[UInt8]]) async throws -> Client? {
    guard let entry = try entry(id), let secret = entry.secret, secretCandidates.contains(secret) else { return nil }
    return entry.client
  }

  private func entry(_ id: String) throws(StoreFailure) -> (client: Client, secret: [UInt8]?)? {
    let (entry, failure) = state.withLock { ($0.clients[id], $0.failure) }
    if let failure { throw failure }
    return entry
  }
}
