/// The whole state of a ledger, which changes only by ``apply(_:at:)``.
///
/// A live ledger and a replay call the same `apply` with the same events, so that they cannot drift apart.
package struct LedgerState {
  package var table = SessionTable()
  package var names = InternTable<String>()
  package var profiles = InternTable<SessionProfile>()
  /// The payloads of live one-time tokens, and the attributes of sessions.
  package var payloads = PayloadTable()
  /// The keys that sessions are bound to for their lives.
  package var keys = KeyTable()
  /// The keys that the live access tokens of other sessions are bound to.
  package var accessKeys = KeyTable()
  package var proofs = UsedProofs()
  /// The labels of the sessions, as numbers of names.
  package var labels = LabelTable()
  /// The live sessions of each subject, by the number of its name.
  var bySubject = SlotLists()
  /// The live sessions of each profile, by its number.
  var byProfile = SlotLists()
  package var marks = RevocationMarks()
  /// The access tokens that were revoked one by one, with their ends; those that have expired count for nothing.
  package var revokedTokens: [TokenID: Timestamp] = [:]
  /// The highest time of any event; the ledger's clock never reads less.
  package var highestTime = Timestamp.zero
  package var shifts = TimeShifts()
  /// The number of sessions that can still be rotated.
  var liveSessionCount = 0
  /// A time that is not before the latest opening or issue of an access token; every mark must be after it.
  var latestIssue = Timestamp.zero

  /// Applies an event in which ``contradiction(in:)`` finds no fault.
  @inline(__always)
  mutating func apply(_ event: LedgerEvent, at time: Timestamp) {
    highestTime = max(highestTime, time)
    switch event {
    case .rotated(let slot, let generation, let narrowedScope, let key):
      applyRotation(slot: slot, generation: generation, narrowedScope: narrowedScope, at: time)
      if key != nil || !accessKeys.isEmpty { accessKeys[slot] = key }
    case .proofUsed(let digest, let end):
      proofs.insert(digest, until: end, at: time)
    case .named(let number, let text):
      names.define(text, as: number)
    case .profiled(let number, let profile):
      profiles.define(profile, as: number)
      names.retain(profile.client)
      names.retain(profile.scope)
    case .opened(let slot, let id, let subject, let profile, let label, let version, let keys, let attributes):
      applyOpening(slot: slot, id: id, subject: subject, profile: profile, version: version, at: time)
      bind(slot, to: keys, attributes)
      if label != LabelTable.none {
        labels[slot] = label
        names.retain(label)
      }
    case .retried:
      // The answer may have held a fresh access token.
      latestIssue = max(latestIssue, time)
    case .clockSeen:
      break
    case .shifted(let seconds):
      shifts.change(to: seconds, from: time)
    case .successorSeen(let slot):
      table[slot].hasSeenSuccessor = true
    case .reused(let slot, _, _, let revokes):
      if revokes { applyRevocation(slot: slot, at: time) }
    case .reprofiled(let slot, let profile):
      applyProfile(profile, to: slot)
    case .revoked(let slot, _):
      applyRevocation(slot: slot, at: time)
    case .revokedBefore(let key):
      if marks[key] == nil { retain(key) }
      marks.set(key, to: time)
    case .markEnded(let key):
      marks.remove(key)
      release(key)
    case .accessRevoked(let token, let end):
      revokedTokens[token] = max(end, revokedTokens[token] ?? .zero)
    case .expired(let slots):
      for slot in slots { free(slot) }
    case .oneTimeIssued(let slot, let id, let subject, let purpose, let endsAt, let payload):
      table.insert(
        SessionEntry(
          idHigh: id.high, openedAt: time, refreshedAt: endsAt, idLow: id.low, subject: subject, detail: purpose,
          status: .oneTimeLive),
        at: slot)
      names.retain(subject)
      names.retain(purpose)
      if !payload.isEmpty { payloads[slot] = payload }
    case .oneTimeConsumed(let slot):
      table[slot].status = .oneTimeConsumed
      payloads[slot] = nil
    }
  }

  private mutating func applyRotation(slot: UInt32, generation: UInt32, narrowedScope: UInt32, at time: Timestamp) {
    let previous = table[slot].narrowedScope
    table[slot].generation = generation
    table[slot].refreshedAt = time
    latestIssue = max(latestIssue, time)
    table[slot].hasSeenSuccessor = false
    guard previous != narrowedScope else { return }
    table[slot].narrowedScope = narrowedScope
    if narrowedScope != SessionEntry.notNarrowed { names.retain(narrowedScope) }
    if previous != SessionEntry.notNarrowed { names.release(previous) }
  }

  private mutating func applyOpening(
    slot: UInt32, id: SessionID, subject: UInt32, profile: UInt32, version: AccountVersion, at time: Timestamp
  ) {
    table.insert(
      SessionEntry(
        idHigh: id.high, openedAt: time, refreshedAt: time, version: version, idLow: id.low, subject: subject,
        detail: profile, status: .live),
      at: slot)
    names.retain(subject)
    profiles.retain(profile)
    bySubject.append(slot, to: subject)
    byProfile.append(slot, to: profile)
    liveSessionCount += 1
    latestIssue = max(latestIssue, time)
  }

  /// Sets the keys and the attributes of a session that has none yet.
  mutating func bind(_ slot: UInt32, to keys: SessionKeys, _ attributes: [UInt8]) {
    if !attributes.isEmpty { payloads[slot] = attributes }
    if let key = keys.lifelong { self.keys[slot] = key }
    if let key = keys.ofLastUse { accessKeys[slot] = key }
  }

  private mutating func applyRevocation(slot: UInt32, at time: Timestamp) {
    unlist(slot)
    table[slot].status = .revoked
    table[slot].refreshedAt = time
  }

  private mutating func applyProfile(_ profile: UInt32, to slot: UInt32) {
    let previous = table[slot].detail
    table[slot].detail = profile
    byProfile.remove(slot, from: previous)
    byProfile.append(slot, to: profile)
    profiles.retain(profile)
    if let ended = profiles.release(previous) { release(ended) }
  }

  /// Removes a session that is no longer live from the lists.
  private mutating func unlist(_ slot: UInt32) {
    bySubject.remove(slot, from: table[slot].subject)
    byProfile.remove(slot, from: table[slot].detail)
    liveSessionCount -= 1
  }

  private mutating func free(_ slot: UInt32) {
    let entry = table[slot]
    if entry.isSession {
      if entry.status == .live { unlist(slot) }
      if let label = labels[slot] {
        labels[slot] = nil
        names.release(label)
      }
      if entry.narrowedScope != SessionEntry.notNarrowed { names.release(entry.narrowedScope) }
      if let profile = profiles.release(entry.detail) { release(profile) }
      if !keys.isEmpty { keys[slot] = nil }
      if !accessKeys.isEmpty { accessKeys[slot] = nil }
    } else {
      names.release(entry.detail)
    }
    if !payloads.isEmpty { payloads[slot] = nil }
    names.release(entry.subject)
    table.remove(slot)
  }

  private mutating func release(_ profile: SessionProfile) {
    names.release(profile.client)
    names.release(profile.scope)
  }

  private mutating func retain(_ key: MarkKey) {
    if let subject = key.subject { names.retain(subject) }
    if let client = key.client { names.retain(client) }
  }

  private mutating func release(_ key: MarkKey) {
    if let subject = key.subject { names.release(subject) }
    if let client = key.client { names.release(client) }
  }
}

extension LedgerState {
  /// Checks whether a wide revocation covers the session in the slot.
  @inline(__always)
  func isCovered(_ entry: SessionEntry) -> Bool {
    guard !marks.isSwept, let profile = profiles[entry.detail] else { return false }
    return marks.cover(subject: entry.subject, client: profile.client, openedAt: entry.openedAt)
  }

  /// Returns the covered ones of the first `most` sessions of a subject, and the number of sessions visited.
  ///
  /// The others are moved to the end of the list.
  mutating func takeCovered(of subject: UInt32, most: Int) -> (covered: [UInt32], seen: Int) {
    var (covered, seen) = ([UInt32](), 0)
    var next = bySubject.first(of: subject)
    while seen < most, let slot = next {
      next = bySubject.next(after: slot)
      seen += 1
      if isCovered(table[slot]) {
        covered.append(slot)
      } else {
        bySubject.remove(slot, from: subject)
        bySubject.append(slot, to: subject)
      }
    }
    return (covered, seen)
  }
}
