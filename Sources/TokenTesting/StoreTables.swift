internal import Synchronization
public import TokenEngine

/// A store of subjects in a dictionary, whom a test can disable, remove and make unreachable.
///
/// Passwords are in the clear, and the time of a look-up reveals whether a name exists, so it is for tests only.
public final class SubjectTable: SubjectStore {
  private struct State {
    var subjects: [String: (subject: Subject, password: String)] = [:]
    var failure: StoreError?
  }

  private let state = Mutex(State())

  public init() {}

  /// Adds the subject, or replaces the one with its id, which is also its login name.
  public func set(_ subject: Subject, password: String) {
    state.withLock { $0.subjects[subject.id] = (subject, password) }
  }

  /// Enables or disables the subject.
  ///
  /// This and ``remove(_:)`` have no effect if there is no such subject.
  public func setEnabled(_ id: String, _ isEnabled: Bool) {
    state.withLock { $0.subjects[id]?.subject.isEnabled = isEnabled }
  }

  public func remove(_ id: String) {
    state.withLock { $0.subjects[id] = nil }
  }

  /// Sets the error that every look-up throws from now on, or nil for none.
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

/// A store of clients in a dictionary.
///
/// Secrets are in the clear and not compared in constant time, so it is for tests only.
public final class ClientTable: ClientStore {
  private struct State {
    var clients: [String: (client: Client, secret: [UInt8]?)] = [:]
    var failure: StoreError?
  }

  private let state = Mutex(State())

  public init() {}

  /// Adds the client, or replaces the one with its id.
  ///
  /// A client without a secret is public.
  public func set(_ client: Client, secret: String? = nil) {
    state.withLock { $0.clients[client.id] = (client, secret.map { Array($0.utf8) }) }
  }

  /// Removes the client with this id, if there is one.
  public func remove(_ id: String) {
    state.withLock { $0.clients[id] = nil }
  }

  /// Sets the error that every look-up throws from now on, or nil for none.
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
