internal import Synchronization
public import TokenEngine

/// Subjects in a dictionary that a test can disable, remove and put out of reach; their passwords stand in the clear, and what a
/// look-up costs tells whether a name exists: for tests only.
public final class SubjectTable: SubjectStore {
  private struct State {
    var subjects: [String: (subject: Subject, password: String)] = [:]
    var failure: StoreError?
  }

  private let state = Mutex(State())

  public init() {}

  /// Adds the subject, or replaces the one with its id, by which it also logs in.
  public func set(_ subject: Subject, password: String) {
    state.withLock { $0.subjects[subject.id] = (subject, password) }
  }

  /// Without effect where there is no such subject, as is ``remove(_:)``.
  public func setEnabled(_ id: String, _ isEnabled: Bool) {
    state.withLock { $0.subjects[id]?.subject.isEnabled = isEnabled }
  }

  public func remove(_ id: String) {
    state.withLock { $0.subjects[id] = nil }
  }

  /// What every look-up throws from now on; nil for none.
  public func fail(with failure: StoreError?) {
    state.withLock { $0.failure = failure }
  }

  public func authenticate(name: String, password: String) async throws -> Subject? {
    try entry(name).flatMap { $0.password == password ? $0.subject : nil }
  }

  public func subject(id: String) async throws -> Subject? {
    try entry(id)?.subject
  }

  public func loginName(ignoringCase name: String) async throws -> String {
    if try entry(name) != nil { return name }
    let alike = state.withLock { $0.subjects.keys.filter { $0.lowercased() == name.lowercased() } }
    return alike.count == 1 ? alike[0] : name
  }

  private func entry(_ name: String) throws(StoreError) -> (subject: Subject, password: String)? {
    let (entry, failure) = state.withLock { ($0.subjects[name], $0.failure) }
    if let failure { throw failure }
    return entry
  }
}

/// Clients in a dictionary, their secrets in the clear and compared in any time: for tests only.
public final class ClientTable: ClientStore {
  private struct State {
    var clients: [String: (client: Client, secret: [UInt8]?)] = [:]
    var failure: StoreError?
  }

  private let state = Mutex(State())

  public init() {}

  /// Without a secret the client is public.
  public func set(_ client: Client, secret: String? = nil) {
    state.withLock { $0.clients[client.id] = (client, secret.map { Array($0.utf8) }) }
  }

  /// What every look-up throws from now on; nil for none.
  public func fail(with failure: StoreError?) {
    state.withLock { $0.failure = failure }
  }

  public func client(id: String) async throws -> Client? {
    try entry(id)?.client
  }

  public func authenticate(id: String, secretCandidates: [[UInt8]]) async throws -> Client? {
    guard let entry = try entry(id), let secret = entry.secret, secretCandidates.contains(secret) else { return nil }
    return entry.client
  }

  private func entry(_ id: String) throws(StoreError) -> (client: Client, secret: [UInt8]?)? {
    let (entry, failure) = state.withLock { ($0.clients[id], $0.failure) }
    if let failure { throw failure }
    return entry
  }
}
