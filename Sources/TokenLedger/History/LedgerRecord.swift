internal import Platform

/// A description of one record of a log, or of one entry of its checkpoint, for people and programs that read it.
package struct LedgerRecord: Sendable, Hashable {
  /// The sequence of the record or, for an entry, of the last record that the checkpoint covers.
  package var sequence: UInt64
  /// The time of the record or, for a session or one-time token of a checkpoint, of its last rotation, revocation or
  /// issue.
  package var time: Timestamp
  /// The kind in the words of docs/wal-format.md, sections 5 and 6: `opened`, `rotated`, `revoked`, ...
  package var kind: String
  /// The session or one-time token that the record concerns.
  package var session: SessionID?
  /// The subject of ``session``.
  package var subject: String?
  /// The further facts in a fixed order: generation, client, scope, cause, ...
  ///
  /// The facts never hold a payload.
  package var facts: [Fact]
  /// The entries that an `expired` record concerns.
  package var ended: [Ended] = []
  /// The scope of a wide revocation.
  package var revokes: SessionScope?

  package struct Fact: Sendable, Hashable {
    package var name: String
    package var value: String

    init(_ name: String, _ value: some CustomStringConvertible) {
      self.name = name
      self.value = value.description
    }
  }

  /// A session or one-time token that has expired.
  package struct Ended: Sendable, Hashable {
    package var session: SessionID
    package var subject: String
  }

  /// Checks whether the record belongs to the history of this session.
  package func concerns(_ id: SessionID) -> Bool {
    session == id || ended.contains { $0.session == id }
  }

  /// Checks whether the record belongs to the history of one of the subject's sessions or one-time tokens.
  package func concerns(subject name: String) -> Bool {
    subject.hasSameBytes(as: name) || ended.contains { $0.subject.hasSameBytes(as: name) }
  }
}

extension LedgerRecord {
  /// Describes an event.
  ///
  /// `state` is the state before the event.
  init(_ event: LedgerEvent, sequence: UInt64, time: Timestamp, before state: borrowing LedgerState) {
    self.init(sequence: sequence, time: state.shifts.wallTime(of: time), kind: event.word, facts: [])
    switch event {
    case .named(let number, let text):
      facts = [Fact("number", number), Fact("text", text)]
    case .profiled(let number, let profile):
      facts = [
        Fact("number", number), Fact("client", state.name(profile.client)), Fact("scope", state.name(profile.scope)),
        Fact("idle_ms", profile.terms.lifetimes.idleMilliseconds),
        Fact("absolute_ms", profile.terms.lifetimes.absoluteMilliseconds), Fact("rotation", profile.terms.rotation),
      ]
    case .opened(_, let id, let number, let profile, let label, _, let keys, let attributes):
      (session, subject) = (id, state.name(number))
      facts = [Fact("subject", state.name(number))] + Self.facts(ofProfile: profile, in: state)
      if label != LabelTable.none { facts.append(Fact("label", state.name(label))) }
      facts += Self.facts(of: keys, attributes)
    case .rotated(let slot, let generation, let narrowedScope, let key):
      about(state.table[slot], in: state)
      if state.profiles[state.table[slot].detail]?.terms.rotation == .never { kind = "refreshed" }
      facts = [Fact("generation", generation)]
      if narrowedScope != SessionEntry.notNarrowed { facts.append(Fact("scope", state.name(narrowedScope))) }
      facts += Self.facts(of: SessionKeys(ofLastUse: key), [])
    case .proofUsed(_, let end):
      facts = [Fact("lifetime_ms", end.millisecondsSince(time))]
    case .retried, .reused, .successorSeen, .reprofiled, .revokedBefore, .markEnded, .accessRevoked:
      describe(event, before: state)
    case .revoked(let slot, let cause):
      about(state.table[slot], in: state)
      facts = [Fact("cause", cause)]
    case .expired(let slots):
      facts = [Fact("count", slots.count)]
      for slot in slots {
        ended.append(Ended(session: state.table[slot].id, subject: state.name(state.table[slot].subject)))
      }
    case .oneTimeIssued(_, let id, let number, let purpose, let endsAt, let payload):
      (session, subject) = (id, state.name(number))
      facts = [
        Fact("subject", state.name(number)), Fact("purpose", state.name(purpose)),
        Fact("lifetime_ms", endsAt.millisecondsSince(time)), Fact("payload_bytes", payload.count),
      ]
    case .oneTimeConsumed(let slot):
      about(state.table[slot], in: state)
    case .clockSeen:
      break
    case .shifted(let seconds):
      // The wall clock has this time from here on.
      self.time = time.advanced(byMilliseconds: -1000 * seconds)
      facts = [Fact("seconds", seconds)]
    }
  }

  /// Describes the kinds of events that carry out a session's rules.
  private mutating func describe(_ event: LedgerEvent, before state: borrowing LedgerState) {
    switch event {
    case .retried(let slot, let reuse):
      about(state.table[slot], in: state)
      facts = [Fact("class", reuse)]
    case .reused(let slot, let reuse, let behind, let revokes):
      about(state.table[slot], in: state)
      facts = [Fact("class", reuse), Fact("generations_behind", behind), Fact("revoked", revokes)]
    case .successorSeen(let slot):
      about(state.table[slot], in: state)
    case .reprofiled(let slot, let profile):
      about(state.table[slot], in: state)
      if let terms = state.profiles[profile]?.terms {
        facts = [
          Fact("idle_ms", terms.lifetimes.idleMilliseconds), Fact("absolute_ms", terms.lifetimes.absoluteMilliseconds),
          Fact("rotation", terms.rotation),
        ]
      }
    case .revokedBefore(let key), .markEnded(let key):
      revokes = state.scope(of: key)
      subject = key.subject.map(state.name)
      if let subject { facts.append(Fact("subject", subject)) }
      if let client = key.client { facts.append(Fact("client", state.name(client))) }
      if key == .all { facts.append(Fact("all", true)) }
    case .accessRevoked(let token, let end):
      session = token.session
      facts = [
        Fact("generation", token.generation), Fact("end", end.milliseconds - 1000 * state.shifts.seconds),
      ]
    case .named, .profiled, .opened, .rotated, .proofUsed, .revoked, .expired, .oneTimeIssued, .oneTimeConsumed,
      .clockSeen, .shifted:
      break
    }
  }

  /// Describes an entry, or returns nil for those that begin and end a checkpoint.
  ///
  /// `state` is the state with the entry added.
  init?(_ entry: CheckpointEntry, sequence: UInt64, in state: borrowing LedgerState) {
    switch entry {
    case .state, .end:
      return nil
    case .name(let number, let text):
      self.init(
        LedgerEvent.named(number: number, text: text), sequence: sequence, time: state.highestTime, before: state)
      kind = "name"
    case .profile(let number, let profile):
      self.init(
        LedgerEvent.profiled(number: number, profile: profile), sequence: sequence, time: state.highestTime,
        before: state)
      kind = "profile"
    case .mark(let key, let time):
      self.init(LedgerEvent.revokedBefore(key), sequence: sequence, time: time, before: state)
      kind = "mark"
    case .revokedToken(let token, let end):
      self.init(
        LedgerEvent.accessRevoked(token, end: end), sequence: sequence, time: state.highestTime, before: state)
      kind = "revoked_access_token"
    case .usedProof(let digest, let end):
      self.init(LedgerEvent.proofUsed(digest, end: end), sequence: sequence, time: state.highestTime, before: state)
      kind = "used_proof"
    case .slot(_, let held, let label, let payload, let keys):
      let used = state.shifts.wallTime(of: held.refreshedAt)
      self.init(sequence: sequence, time: used, kind: held.isSession ? "session" : "one_time_token", facts: [])
      about(held, in: state)
      facts = [Fact("subject", state.name(held.subject))]
      guard held.isSession else {
        time = state.shifts.wallTime(of: held.openedAt)
        facts += [
          Fact("purpose", state.name(held.detail)),
          Fact("lifetime_ms", held.refreshedAt.millisecondsSince(held.openedAt)),
          Fact("payload_bytes", payload.count), Fact("consumed", held.status == .oneTimeConsumed),
        ]
        return
      }
      facts += Self.facts(ofProfile: held.detail, in: state)
      facts += [Fact("generation", held.generation), Fact("revoked", held.status == .revoked)]
      if label != LabelTable.none { facts.append(Fact("label", state.name(label))) }
      facts += Self.facts(of: keys, payload)
    }
  }

  /// Describes the keys and the attributes of a session; of the latter only their number of bytes is told.
  private static func facts(of keys: SessionKeys, _ attributes: [UInt8]) -> [Fact] {
    var facts: [Fact] = []
    if let key = keys.lifelong { facts.append(Fact("key", key)) }
    if let key = keys.ofLastUse { facts.append(Fact("access_key", key)) }
    if !attributes.isEmpty { facts.append(Fact("attribute_bytes", attributes.count)) }
    return facts
  }

  private mutating func about(_ entry: SessionEntry, in state: borrowing LedgerState) {
    session = entry.id
    subject = state.names[entry.subject]
  }

  private static func facts(ofProfile number: UInt32, in state: borrowing LedgerState) -> [Fact] {
    guard let profile = state.profiles[number] else { return [] }
    return [Fact("client", state.name(profile.client)), Fact("scope", state.name(profile.scope))]
  }
}

extension LedgerEvent {
  fileprivate var word: String {
    switch self {
    case .named: "named"
    case .profiled: "profiled"
    case .opened: "opened"
    case .rotated: "rotated"
    case .proofUsed: "proof_used"
    case .revoked: "revoked"
    case .expired: "expired"
    case .oneTimeIssued: "one_time_issued"
    case .oneTimeConsumed: "one_time_consumed"
    case .clockSeen: "clock_seen"
    case .shifted: "shifted"
    case .retried: "retried"
    case .reused: "reused"
    case .successorSeen: "successor_seen"
    case .reprofiled: "reprofiled"
    case .revokedBefore: "revoked_before"
    case .markEnded: "mark_ended"
    case .accessRevoked: "access_revoked"
    }
  }
}
