internal import TokenLedger

/// Listings: page by page, while others change what is listed, and while nothing else goes on.
extension SimulatedLife {
  /// Nil where it broke off.
  private func pages(of scope: SessionScope, _ limit: Int, _ ledger: RefreshLedger) async -> [Session]? {
    var cursor: SessionCursor?
    var listed: [Session] = []
    for _ in 0..<1_000 {
      let after = cursor
      let page = await answered(nil, isExpected: { if case .invalid("after", _) = $0 { true } else { false } }) {
        () async throws(LedgerError) in try await ledger.sessions(of: scope, after: after, limit: limit)
      }
      guard let page else { return nil }
      if page.sessions.count > limit { violate("a page holds more sessions than were asked for") }
      listed += page.sessions
      guard let next = page.next else { return listed }
      cursor = next
    }
    violate("a listing never ends")
    return nil
  }

  /// While others go on: only sessions of the scope, and none that had ended before.
  func list(_ ledger: RefreshLedger) async {
    let scope = world.plan.scope(using: &world.random)
    let ended = Set(endedInLife.map { world.newest[$0].id })
    guard let listed = await pages(of: scope, 1 + Int((world.random.next() as UInt64) % 3), ledger) else { return }
    note("listings amid changes", UInt32(listed.count))
    if let stranger = listed.first(where: { !$0.isOf(scope) || ended.contains($0.id) }) {
      violate("a listing holds a session of another scope, or one that had ended", ["\(scope) \(stranger)"])
    }
  }

  /// While nothing else goes on: exactly the live sessions, each once.
  func listQuietly(_ live: [SessionID: Session], _ ledger: RefreshLedger) async {
    let known = Set(world.newest.map(\.id))
    for scope in world.plan.scopes {
      guard let listed = await pages(of: scope, 1 + Int((world.random.next() as UInt64) % 4), ledger) else { continue }
      note("listings compared", UInt32(listed.count))
      let expected = live.values.filter { $0.isOf(scope) }
      let found = listed.filter { known.contains($0.id) }
      let isWhole =
        Set(found) == Set(expected) && Set(listed.map(\.id)).count == listed.count
        && listed.allSatisfy { $0.isOf(scope) } && listed.count - found.count <= world.unknownOpenings
      if !isWhole {
        violate("a listing is not the live sessions of its scope", ["\(scope)", "\(listed)", "\(expected)"])
      }
      let count = await ledger.sessionCount(of: scope)
      if count < listed.count { violate("\(count) sessions are counted and \(listed.count) listed", ["\(scope)"]) }
    }
  }

  /// While nothing else goes on: one more session evicts the least recently used ones past the cap, and no other.
  func openPastCap(_ ledger: RefreshLedger) async {
    let cap = world.plan.sessionsPerSubjectMax
    guard cap > 0, let grant = world.plan.grant(using: &world.random) else { return }
    guard let before = await pages(of: .subject(grant.subject), 100, ledger) else { return }
    guard let opened = await openSession(grant, ledger) else { return }
    guard let after = await pages(of: .subject(grant.subject), 100, ledger) else { return }
    note("openings under a cap", UInt32(after.count))
    if let breach = CapRule.breach(cap, before, opened, after) {
      violate(breach, ["\(before)", "\(after)"])
    }
  }
}

/// What an opening may do to the other sessions of its subject.
enum CapRule {
  static func breach(_ cap: Int, _ before: [Session], _ opened: Session, _ after: [Session]) -> String? {
    let left = Set(after.map(\.id))
    // What has ended meanwhile by its time was not evicted.
    let usable = before.filter { opened.openedAt < $0.expiresAt }
    let evicted = usable.filter { !left.contains($0.id) }
    let kept = usable.filter { left.contains($0.id) }
    if after.count > cap { return "a subject has more sessions than its cap" }
    if evicted.count > max(0, usable.count - cap + 1) { return "an opening evicts more sessions than it must" }
    if let last = evicted.map(\.refreshedAt).max(), let first = kept.map(\.refreshedAt).min(), last > first {
      return "an opening evicts a session that was used later than one that it keeps"
    }
    return nil
  }
}
