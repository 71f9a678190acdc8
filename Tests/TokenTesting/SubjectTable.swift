internal import Synchronization
package import TokenEngine

/// Subjects that a test can disable, remove and put out of reach.
package final class SubjectTable: SubjectStore {
  private struct State {
    var subjects: [String: (subject: Subject, password: String)] = [:]
    var failure: StoreFailure?
  }

  private let state = Mutex(State())

  package init() {}

  package func set(_ subject: Subject, password: String) {
    state.withLock { $0.subjects[subject.id] = (subject, password) }
  }

  package func setEnabled(_ id: String, _ isEnabled: Bool) {
    state.withLock { $0.subjects[id]?.subject.isEnabled = isEnabled }
  }

  package func remove(_ id: String) {
    state.withLock { $0.subjects[id] = nil }
  }

  /// What every look-up throws from now on; nil for none.
  package func fail(with failure: StoreFailure?) {
    state.withLock { $0.failure = failure }
  }

  package func authenticate(name: String, password: String) async throws -> Subject? {
    try entry(name).flatMap { $0.password == password ? $0.subject : nil }
  }

  package func subject(id: String) async throws -> Subject? {
    try entry(id)?.subject
  }

  private func entry(_ name: String) throws(StoreFailure) -> (subject: Subject, password: String)? {
    let (entry, failure) = state.withLock { ($0.subjects[name], $0.failure) }
    if let failure { throw failure }
    return entry
  }
}
