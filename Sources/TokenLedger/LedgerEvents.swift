/// The events that a decision leads to, with the definitions that must come before them. Pure, as decisions are.
extension LedgerState {
  func events(opening grant: SessionGrant, as id: SessionID, in slot: UInt32) -> [LedgerEvent] {
    var definitions = Definitions()
    let subject = definitions.number(of: grant.subject, in: names)
    let client = definitions.number(of: grant.client, in: names)
    let scope = definitions.number(of: grant.scope, in: names)
    let profile = SessionProfile(client: client, scope: scope, lifetimes: grant.lifetimes)
    let number = definitions.number(of: profile, in: profiles)
    return definitions.events + [.opened(slot: slot, id: id, subject: subject, profile: number)]
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

  /// For a rotation whose access token has all that was granted.
  @inline(__always)
  func rotation(of slot: UInt32) -> LedgerEvent {
    .rotated(slot: slot, generation: table[slot].generation + 1, narrowedScope: SessionEntry.notNarrowed)
  }

  func events(rotating slot: UInt32, narrowedTo scope: String) -> [LedgerEvent] {
    var definitions = Definitions()
    let number = definitions.number(of: scope, in: names)
    return definitions.events + [
      .rotated(slot: slot, generation: table[slot].generation + 1, narrowedScope: number)
    ]
  }
}

/// Numbers names and profiles that are new to the state, in the order in which they will be applied.
private struct Definitions {
  private(set) var events: [LedgerEvent] = []
  private var newNames: [String] = []
  private var newNumbers: [UInt32] = []

  mutating func number(of text: String, in names: InternTable<String>) -> UInt32 {
    if let number = names.number(of: text) { return number }
    if let position = newNames.firstIndex(where: { $0.isSame(as: text) }) { return newNumbers[position] }
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
