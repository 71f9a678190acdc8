/// The queries of a state.
extension LedgerState {
  /// Returns the moment from which on the entry has ended and its slot can be used again.
  @inline(__always)
  func expiry(of entry: SessionEntry) -> Timestamp {
    guard entry.isSession, let profile = profiles[entry.detail] else { return entry.refreshedAt }
    let end = profile.terms.lifetimes.end(openedAt: entry.openedAt, refreshedAt: entry.refreshedAt)
    guard entry.status == .revoked else { return end }
    return max(end, entry.refreshedAt.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax))
  }

  /// Returns the first tick of the wheel at which the entry has ended.
  func dueTick(_ slot: UInt32) -> UInt64 { UInt64(max(0, expiry(of: table[slot]).secondsRoundedUp)) }

  /// Returns the facts for the rotation rule, or nil unless the slot holds a session.
  @inline(__always)
  func facts(at slot: UInt32) -> SessionFacts? {
    let entry = table[slot]
    guard entry.isSession, let profile = profiles[entry.detail] else { return nil }
    return SessionFacts(
      client: name(profile.client), generation: entry.generation,
      isRevoked: entry.status == .revoked || isCovered(entry), hasSeenSuccessor: entry.hasSeenSuccessor,
      terms: profile.terms, openedAt: entry.openedAt, refreshedAt: entry.refreshedAt,
      narrowedScope: entry.narrowedScope == SessionEntry.notNarrowed ? nil : names[entry.narrowedScope],
      subjectVersion: entry.version, clientVersion: profile.clientVersion, keys: keys(at: slot))
  }

  /// Returns the keys of a session, without a look into a table that is empty.
  @inline(__always)
  func keys(at slot: UInt32) -> SessionKeys {
    SessionKeys(
      lifelong: keys.isEmpty ? nil : keys[slot], ofLastUse: accessKeys.isEmpty ? nil : accessKeys[slot])
  }

  /// Returns the facts of a one-time token, or nil unless the slot holds one.
  func oneTimeFacts(at slot: UInt32) -> OneTimeFacts? {
    let entry = table[slot]
    switch entry.status {
    case .oneTimeLive, .oneTimeConsumed:
      return OneTimeFacts(
        purpose: name(entry.detail), isConsumed: entry.status == .oneTimeConsumed, expiresAt: entry.refreshedAt)
    case .free, .live, .revoked: return nil
    }
  }

  /// Checks whether the slot holds a session whose refresh token is accepted at `now`.
  func isUsable(_ slot: UInt32, at now: Timestamp) -> Bool {
    let entry = table[slot]
    return entry.status == .live && now < expiry(of: entry) && !isCovered(entry)
  }

  /// Returns the text of a name, empty if there is none.
  func name(_ number: UInt32) -> String { names[number] ?? "" }

  /// Returns the session in a slot that holds one.
  func session(at slot: UInt32) -> Session {
    let entry = table[slot]
    guard let profile = profiles[entry.detail] else { preconditionFailure("every session has a profile") }
    return Session(
      id: entry.id,
      generation: entry.generation,
      subject: name(entry.subject),
      client: name(profile.client),
      scope: name(profile.scope),
      narrowedScope: entry.narrowedScope == SessionEntry.notNarrowed ? nil : names[entry.narrowedScope],
      label: labels[slot].flatMap { names[$0] },
      terms: profile.terms,
      openedAt: entry.openedAt,
      refreshedAt: entry.refreshedAt,
      shifts: shifts.changes.isEmpty ? Session.Shifts() : sessionShifts(entry),
      keys: keys(at: slot),
      attributes: payloads.isEmpty ? [] : payloads[slot] ?? [])
  }

  private func sessionShifts(_ entry: SessionEntry) -> Session.Shifts {
    Session.Shifts(
      atUse: shifts.seconds(at: entry.refreshedAt), ofOpening: shifts.shownSeconds(of: entry.openedAt, at: highestTime),
      ofUse: shifts.shownSeconds(of: entry.refreshedAt, at: highestTime), current: shifts.seconds)
  }

  /// Returns the numbers of a scope, or nil if the state does not know a name of it and thus has no session of it.
  func key(of scope: SessionScope) -> MarkKey? {
    switch scope {
    case .all: return .all
    case .subject(let subject): return names.number(of: subject).map { .subject($0) }
    case .client(let client): return names.number(of: client).map { .client($0) }
    case .subjectAtClient(let subject, let client):
      guard let subject = names.number(of: subject), let client = names.number(of: client) else { return nil }
      return .subjectAtClient(subject: subject, client: client)
    }
  }

  /// Returns the scope of a key.
  func scope(of key: MarkKey) -> SessionScope {
    let subject = key.subject.map(name) ?? ""
    let client = key.client.map(name) ?? ""
    return switch key {
    case .subject: .subject(subject)
    case .client: .client(client)
    case .subjectAtClient: .subjectAtClient(subject: subject, client: client)
    case .all: .all
    }
  }
}
