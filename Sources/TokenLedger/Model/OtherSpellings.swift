/// The names in a state that are not in NFC.
///
/// Only logs of older releases have such subjects or clients; none is added while a ledger is open.
struct OtherSpellings: Sendable {
  /// The lists of spellings by name; a key in any form finds its list.
  private var byName: [String: [String]] = [:]

  init(in state: borrowing LedgerState) {
    for number in 0..<UInt32(state.names.values.count) {
      guard let name = state.names[number], !NameForm.isKept(name) else { continue }
      byName[name, default: []].append(name)
    }
  }

  /// Returns the other spellings that a request for the name means.
  func meant(by name: String) -> [String] {
    guard !byName.isEmpty, NameForm.isKept(name) else { return [] }
    return byName[name] ?? []
  }

  /// All names that are not in NFC.
  var names: [String] { byName.values.flatMap(\.self).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
}

extension LedgerState {
  /// Returns the scope and the other scopes that it means: those of the same subject or client in other spellings, if
  /// such have live sessions.
  func scopes(meantBy scope: SessionScope, _ others: OtherSpellings) -> [SessionScope] {
    func subjects(_ name: String) -> [String] { [name] + others.meant(by: name).filter { hasSessions(ofSubject: $0) } }
    func clients(_ name: String) -> [String] { [name] + others.meant(by: name).filter { hasSessions(ofClient: $0) } }
    return switch scope {
    case .all: [.all]
    case .subject(let subject): subjects(subject).map { .subject($0) }
    case .client(let client): clients(client).map { .client($0) }
    case .subjectAtClient(let subject, let client):
      subjects(subject).flatMap { subject in
        clients(client).map { client in .subjectAtClient(subject: subject, client: client) }
      }
    }
  }

  private func hasSessions(ofSubject name: String) -> Bool {
    names.number(of: name).map { bySubject.count(of: $0) > 0 } ?? false
  }

  private func hasSessions(ofClient name: String) -> Bool {
    names.number(of: name).map { profiles(of: $0).contains { byProfile.count(of: $0) > 0 } } ?? false
  }
}
