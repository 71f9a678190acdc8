/// The lists of what is refused, by the keys of a verifier's question, with the time at which each entry can be
/// forgotten.
package struct RevocationLists: Sendable {
  private struct Mark: Sendable {
    var number: Int64
    var at: Timestamp
    var until: Timestamp
  }

  private enum Key: Hashable, Sendable {
    case session(SessionID)
    case token(TokenID)
    case scope(TextScope)
    case exemption(SessionID)
  }

  private var sessions: [SessionID: Timestamp] = [:]
  private var tokens: [TokenID: Timestamp] = [:]
  private var marks: [TextScope: Mark] = [:]
  private var exemptions: [SessionID: (number: Int64, until: Timestamp)] = [:]
  /// The keys of entries by the quarter of a minute in which they end.
  private var due: [Int64: [Key]] = [:]
  private var lastFreed = Int64.min

  package init() {}

  /// The number of entries that can refuse something.
  package var count: Int { sessions.count + tokens.count + marks.count }

  /// The number of all entries, which is what memory goes by.
  package var size: Int { count + exemptions.count }

  package func isRefused(_ token: TokenID, subject: String, client: String, issuedAt: Int64) -> Bool {
    if sessions[token.session] != nil || tokens[token] != nil { return true }
    return isMarked(subject: subject, client: client, issuedAt: issuedAt, session: token.session)
  }

  /// Checks whether something issued in this second can have been issued before a mark.
  package func isMarked(subject: String, client: String, issuedAt: Int64, session: SessionID? = nil) -> Bool {
    guard !marks.isEmpty else { return false }
    let since = issuedAt.multipliedReportingOverflow(by: 1000).partialValue
    let exemption = session.flatMap { exemptions[$0]?.number } ?? .min
    func meets(_ scope: TextScope) -> Bool {
      marks[scope].map { since < $0.at.milliseconds && exemption < $0.number } ?? false
    }
    return meets(.subject(subject)) || meets(.client(client)) || meets(.both(subject, client)) || meets(.all)
  }

  /// Inserts a revocation.
  ///
  /// The number of an exemption is after that of the opening and before that of every later mark, so that no mark with
  /// a lower number covers the session.
  ///
  /// - Returns: False if nothing is known by it that was not known before.
  @discardableResult
  package mutating func insert(_ revocation: Revocation) -> Bool {
    let until = revocation.until
    switch revocation.kind {
    case .session(let id):
      guard sessions[id].map({ $0 < until }) ?? true else { return false }
      sessions[id] = until
      expect(.session(id), until)
    case .token(let id):
      guard tokens[id].map({ $0 < until }) ?? true else { return false }
      tokens[id] = until
      expect(.token(id), until)
    case .scope(let scope):
      let scope = TextScope(scope)
      let mark = marks[scope]
      guard mark.map({ $0.number < revocation.number || $0.until < until }) ?? true else { return false }
      marks[scope] = Mark(
        number: max(revocation.number, mark?.number ?? .min), at: max(revocation.time, mark?.at ?? .zero),
        until: max(until, mark?.until ?? .zero))
      expect(.scope(scope), until)
    case .exemption(let id):
      let known = exemptions[id]
      guard known.map({ $0.number < revocation.number || $0.until < until }) ?? true else { return false }
      exemptions[id] = (max(revocation.number, known?.number ?? .min), max(until, known?.until ?? .zero))
      expect(.exemption(id), until)
    }
    return true
  }

  /// Forgets entries that have ended, visiting those that ended since the last call and not all entries.
  package mutating func forgetEnded(at now: Timestamp) {
    let current = Self.quarter(of: now)
    // Not only forwards: a clock that was ahead for a moment must not keep everything from being forgotten.
    guard current != lastFreed else { return }
    for quarter in due.keys.filter({ $0 < current }) {
      for key in due.removeValue(forKey: quarter) ?? [] { forget(key, at: now) }
    }
    lastFreed = current
  }

  /// Everything that is listed, marks before the exemptions from them.
  package var all: [Revocation] {
    func told(_ kind: Revocation.Kind, until: Timestamp, number: Int64 = 0, time: Timestamp = .zero) -> Revocation {
      Revocation(number: number, time: time, until: until, kind: kind)
    }
    return sessions.map { told(.session($0.key), until: $0.value) }
      + tokens.map { told(.token($0.key), until: $0.value) }
      + marks.map { told(.scope($0.key.scope), until: $0.value.until, number: $0.value.number, time: $0.value.at) }
      + exemptions.map { told(.exemption($0.key), until: $0.value.until, number: $0.value.number) }
  }

  private mutating func expect(_ key: Key, _ until: Timestamp) {
    due[Self.quarter(of: until), default: []].append(key)
  }

  /// Forgets an entry if it has ended.
  ///
  /// An entry whose end was postponed is also listed under the later end.
  private mutating func forget(_ key: Key, at now: Timestamp) {
    switch key {
    case .session(let id): if sessions[id].map({ $0 <= now }) ?? false { sessions[id] = nil }
    case .token(let id): if tokens[id].map({ $0 <= now }) ?? false { tokens[id] = nil }
    case .scope(let scope): if marks[scope].map({ $0.until <= now }) ?? false { marks[scope] = nil }
    case .exemption(let id): if exemptions[id].map({ $0.until <= now }) ?? false { exemptions[id] = nil }
    }
  }

  private static func quarter(of time: Timestamp) -> Int64 { time.milliseconds >> 14 }
}
