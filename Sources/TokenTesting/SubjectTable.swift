internal import Synchronization
public import TokenEngine

/// Subjects in a dictionary that a test can disable, remove and put out of reach; their passwords stand in the clear, and what a
/// look-up costs tells whether a name exists: for tests only.
public final class SubjectTable: SubjectStore {
  private struct State {
    var subjects: [String: (subject: Subject, password: String)] = [:]
    var failure: StoreFailure?
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
  public func fail(with failure: StoreFailure?) {
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

  private func entry(_ name: String) throws(StoreFailure) -> (subject: Subject, password: String)? {
    let (entry, failure) = state.withLock { ($0.subjects[name], $0.failure) }
    if let failure { throw failure }
    return entry
  }
}
