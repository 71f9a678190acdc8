/// The names in a state that are not in NFC. Only logs of older releases hold some as subjects or clients: while a ledger is open none is added.
struct OtherSpellings: Sendable {
  /// Each list by what it spells: one key in any form finds it.
  private var byName: [String: [String]] = [:]

  init(in state: borrowing LedgerState) {
    for number in 0..<UInt32(state.names.values.count) {
      guard let name = state.names[number], !NameForm.isKept(name) else { continue }
      byName[name, default: []].append(name)
    }
  }

  /// The spellings that somebody means who asks for the name, beside its own.
  func meant(by name: String) -> [String] {
    guard !byName.isEmpty, NameForm.isKept(name) else { return [] }
    return byName[name] ?? []
  }

  /// All of them.
  var names: [String] { byName.values.flatMap(\.self).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
}

extension LedgerState {
  /// The scope, and what else it means: the same subject or client in other spellings, where such have live sessions.
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

  /// The sessions of several scopes that share none, one scope after another; nil where the cursor's place is lost.
  func page(
    of scopes: [SessionScope], after cursor: SessionCursor?, limit: Int, at now: Timestamp
  ) -> SessionPage? {
    if scopes.count == 1 { return page(of: scopes[0], after: cursor, limit: limit, at: now) }
    var page = SessionPage(sessions: [])
    var rest = scopes.filter { key(of: $0) != nil }[...]
    guard !rest.isEmpty else { return page }
    if let cursor {
      rest = rest.drop { self.page(of: $0, after: cursor, limit: 1, at: now) == nil }
      guard !rest.isEmpty else { return nil }
    }
    var cursor = cursor
    while let scope = rest.popFirst() {
      let most = limit - page.sessions.count
      guard let part = self.page(of: scope, after: cursor, limit: most, at: now) else { return nil }
      page.sessions += part.sessions
      page.next = part.next
      if page.next == nil, page.sessions.count == limit, !rest.isEmpty {
        page.next = page.sessions.last.flatMap { last in
          table.slot(of: last.id).map { SessionCursor(slot: $0, session: last.id) }
        }
      }
      if page.next != nil { return page }
      cursor = nil
    }
    return page
  }
}
