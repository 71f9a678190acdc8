internal import Platform

/// The events that follow from a decision, with the definitions that must come before them. The functions are pure, as
/// decisions are.
extension LedgerState {
  func events(opening grant: SessionGrant, as id: SessionID, in slot: UInt32) -> [LedgerEvent] {
    var definitions = Definitions()
    let subject = definitions.number(of: grant.subject, in: names)
    let client = definitions.number(of: grant.client, in: names)
    let scope = definitions.number(of: grant.scope, in: names)
    let label = grant.label.map { definitions.number(of: $0, in: names) } ?? LabelTable.none
    let profile = SessionProfile(client: client, scope: scope, terms: grant.terms, clientVersion: grant.clientVersion)
    let number = definitions.number(of: profile, in: profiles)
    return definitions.events + [
      .opened(
        slot: slot, id: id, subject: subject, profile: number, label: label, version: grant.subjectVersion,
        keys: grant.keys, attributes: grant.attributes)
    ]
  }

  func events(
    issuing grant: OneTimeGrant, as id: SessionID, in slot: UInt32, at now: Timestamp
  ) -> [LedgerEvent] {
    var definitions = Definitions()
    let subject = definitions.number(of: grant.subject, in: names)
    let purpose = definitions.number(of: grant.purpose, in: names)
    let issued = LedgerEvent.oneTimeIssued(
      slot: slot, id: id, subject: subject, purpose: purpose,
      endsAt: now.advanced(byMilliseconds: grant.lifetimeMilliseconds), payload: grant.payload)
    return definitions.events + [issued]
  }

  /// Returns the event for a rotation whose access token has the whole granted scope.
  ///
  /// `key` is the key of the request's proof, or nil for none.
  @inline(__always)
  func rotation(of slot: UInt32, provenBy key: Digest256?) -> LedgerEvent {
    .rotated(
      slot: slot, generation: table[slot].generation + 1, narrowedScope: SessionEntry.notNarrowed,
      key: accessKey(of: slot, provenBy: key))
  }

  func events(rotating slot: UInt32, narrowedTo scope: String, provenBy key: Digest256?) -> [LedgerEvent] {
    var definitions = Definitions()
    let number = definitions.number(of: scope, in: names)
    return definitions.events + [
      .rotated(
        slot: slot, generation: table[slot].generation + 1, narrowedScope: number,
        key: accessKey(of: slot, provenBy: key))
    ]
  }

  /// Returns the key that only the next access token is bound to: none without a proof, and none for a session that is
  /// bound to a key for its life.
  @inline(__always)
  private func accessKey(of slot: UInt32, provenBy key: Digest256?) -> Digest256? {
    guard key != nil, keys[slot] == nil else { return nil }
    return key
  }
}

extension LedgerState {
  /// Returns the events that give a session other terms from its next refresh on, or none if the terms are the same.
  ///
  /// A session whose token is consumed at each refresh keeps that rule, since its holders know the older tokens.
  func events(moving slot: UInt32, to terms: SessionTerms) -> [LedgerEvent] {
    guard let old = profiles[table[slot].detail] else { return [] }
    var new = old
    new.terms.lifetimes = terms.lifetimes
    if terms.rotation == .always { new.terms.rotation = .always }
    guard new != old else { return [] }
    var definitions = Definitions()
    let number = definitions.number(of: new, in: profiles)
    return definitions.events + [.reprofiled(slot: slot, profile: number)]
  }

  func events(revoking scope: SessionScope) -> [LedgerEvent] {
    var definitions = Definitions()
    let key: MarkKey
    switch scope {
    case .subject(let subject): key = .subject(definitions.number(of: subject, in: names))
    case .client(let client): key = .client(definitions.number(of: client, in: names))
    case .subjectAtClient(let subject, let client):
      key = .subjectAtClient(
        subject: definitions.number(of: subject, in: names), client: definitions.number(of: client, in: names))
    case .all: key = .all
    }
    return definitions.events + [.revokedBefore(key)]
  }

  /// Returns the live sessions of a subject that must end for one more to keep within `most`: the least recently used
  /// ones.
  ///
  /// `subject` holds the scope of the subject in each of its spellings.
  func evictions(of subject: [SessionScope], keeping most: Int, at now: Timestamp) -> [UInt32] {
    let numbers = subject.compactMap { key(of: $0)?.subject }
    guard numbers.reduce(0, { $0 + bySubject.count(of: $1) }) >= most else { return [] }
    let usable = numbers.flatMap { bySubject.slots(of: $0) }.filter { isUsable($0, at: now) }
    guard usable.count >= most else { return [] }
    let byUse = usable.sorted { (table[$0].refreshedAt, $0) < (table[$1].refreshedAt, $1) }
    return Array(byUse.prefix(usable.count - most + 1))
  }
}

/// The numbers for names and profiles that are new to the state, in the order in which they will be applied.
private struct Definitions {
  private(set) var events: [LedgerEvent] = []
  private var newNames: [String] = []
  private var newNumbers: [UInt32] = []

  mutating func number(of text: String, in names: InternTable<String>) -> UInt32 {
    if let number = names.number(of: text) { return number }
    if let position = newNames.firstIndex(where: { $0.hasSameBytes(as: text) }) { return newNumbers[position] }
    let number = names.nextFree(skipping: newNames.count)
    newNames.append(text)
    newNumbers.append(number)
    events.append(.named(number: number, text: text))
    return number
  }

  mutating func number(of profile: SessionProfile, in profiles: InternTable<SessionProfile>) -> UInt32 {
    if let number = profiles.number(of: profile) { return number }
    let number = profiles.nextFree()
    events.append(.profiled(number: number, profile: profile))
    return number
  }
}
