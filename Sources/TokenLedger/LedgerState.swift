/// Everything the ledger knows, and the one way in which it changes: ``apply(_:at:)``.
///
/// A live ledger and a replay call the same `apply` with the same events, so that they cannot drift apart.
package struct LedgerState {
  package var table = SessionTable()
  package var names = InternTable<String>()
  package var profiles = InternTable<SessionProfile>()
  /// The payloads of live one-time tokens.
  package var payloads = PayloadTable()
  /// The highest time that any event carried; the ledger's clock never reads less.
  package var highestTime = Timestamp.zero
  /// Sessions that can still be rotated.
  var liveSessionCount = 0

  /// Applies an event that ``check(_:)`` would accept.
  @inline(__always)
  mutating func apply(_ event: LedgerEvent, at time: Timestamp) {
    highestTime = max(highestTime, time)
    switch event {
    case .rotated(let slot, let generation, let narrowedScope):
      applyRotation(slot: slot, generation: generation, narrowedScope: narrowedScope, at: time)
    case .named(let number, let text):
      names.define(text, as: number)
    case .profiled(let number, let profile):
      profiles.define(profile, as: number)
      names.retain(profile.client)
      names.retain(profile.scope)
    case .opened(let slot, let id, let subject, let profile):
      applyOpening(slot: slot, id: id, subject: subject, profile: profile, at: time)
    case .revoked(let slot, _):
      if table[slot].status == .live { liveSessionCount -= 1 }
      table[slot].status = .revoked
      table[slot].usedAt = time
    case .expired(let slots):
      for slot in slots { free(slot) }
    case .oneTimeIssued(let slot, let id, let subject, let purpose, let endsAt, let payload):
      table.insert(
        SessionEntry(
          idHigh: id.high, openedAt: time, usedAt: endsAt, idLow: id.low, subject: subject, detail: purpose,
          status: .oneTimeLive),
        at: slot)
      names.retain(subject)
      names.retain(purpose)
      if !payload.isEmpty { payloads[slot] = payload }
    case .oneTimeConsumed(let slot):
      table[slot].status = .oneTimeConsumed
      payloads[slot] = nil
    case .clockSeen:
      break
    }
  }

  private mutating func applyRotation(slot: UInt32, generation: UInt32, narrowedScope: UInt32, at time: Timestamp) {
    let previous = table[slot].narrowedScope
    table[slot].generation = generation
    table[slot].usedAt = time
    guard previous != narrowedScope else { return }
    table[slot].narrowedScope = narrowedScope
    if narrowedScope != SessionEntry.notNarrowed { names.retain(narrowedScope) }
    if previous != SessionEntry.notNarrowed { names.release(previous) }
  }

  private mutating func applyOpening(slot: UInt32, id: SessionID, subject: UInt32, profile: UInt32, at time: Timestamp)
  {
    table.insert(
      SessionEntry(
        idHigh: id.high, openedAt: time, usedAt: time, idLow: id.low, subject: subject, detail: profile,
        status: .live),
      at: slot)
    names.retain(subject)
    profiles.retain(profile)
    liveSessionCount += 1
  }

  private mutating func free(_ slot: UInt32) {
    let entry = table[slot]
    if entry.isSession {
      if entry.narrowedScope != SessionEntry.notNarrowed { names.release(entry.narrowedScope) }
      if let profile = profiles.release(entry.detail) { release(profile) }
      if entry.status == .live { liveSessionCount -= 1 }
    } else {
      names.release(entry.detail)
      payloads[slot] = nil
    }
    names.release(entry.subject)
    table.remove(slot)
  }

  private mutating func release(_ profile: SessionProfile) {
    names.release(profile.client)
    names.release(profile.scope)
  }
}

extension LedgerState {
  /// The moment from which the entry in this slot counts as ended.
  @inline(__always)
  func expiry(of entry: SessionEntry) -> Timestamp {
    guard entry.isSession, let profile = profiles[entry.detail] else { return entry.usedAt }
    let idle = entry.usedAt.advanced(byMilliseconds: profile.lifetimes.idleMilliseconds)
    let absolute = entry.openedAt.advanced(byMilliseconds: profile.lifetimes.absoluteMilliseconds)
    let end = min(idle, absolute)
    guard entry.status == .revoked else { return end }
    return max(end, entry.usedAt.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax))
  }

  /// The session in a slot that holds one.
  func session(at slot: UInt32) -> Session {
    let entry = table[slot]
    let profile = profiles[entry.detail]
    return Session(
      id: entry.id,
      generation: entry.generation,
      subject: names[entry.subject] ?? "",
      client: profile.flatMap { names[$0.client] } ?? "",
      scope: profile.flatMap { names[$0.scope] } ?? "",
      narrowedScope: entry.narrowedScope == SessionEntry.notNarrowed ? nil : names[entry.narrowedScope],
      openedAt: entry.openedAt,
      usedAt: entry.usedAt,
      expiresAt: expiry(of: entry))
  }
}
