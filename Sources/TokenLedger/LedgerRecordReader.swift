package import WriteAheadLog

/// One record of a log in words, for people and programs that read it.
package struct LedgerRecord: Sendable, Hashable {
  package var sequence: UInt64
  package var time: Timestamp
  /// `opened`, `rotated`, `revoked`, ...: the word of docs/wal-format.md, section 5.
  package var kind: String
  /// The session or one-time token that it is about.
  package var session: SessionID?
  /// Further facts in a fixed order: generation, subject, client, scope, cause, ... Never a payload.
  package var facts: [Fact]

  package struct Fact: Sendable, Hashable {
    package var name: String
    package var value: String

    init(_ name: String, _ value: some CustomStringConvertible) {
      self.name = name
      self.value = value.description
    }
  }
}

/// Reads the frames of a log in order, checks every record against the ones before it, and puts it into words.
package struct LedgerRecordReader {
  private var replay = LedgerReplay()

  package init() {}

  /// Sessions that could still be rotated after the records read so far, if their time has not come.
  package var liveSessionCount: Int { replay.state.liveSessionCount }

  /// Reads one frame.
  package mutating func read(
    _ frame: LogFrame, _ payload: Span<UInt8>, visit: (LedgerRecord) -> Void = { _ in }
  ) throws(RecordRefusal) {
    var sequence = frame.firstSequence
    try replay.apply(frame, payload) { event, time, state in
      visit(Self.record(event, sequence: sequence, time: time, state: state))
      sequence += 1
    }
  }

  private static func record(
    _ event: LedgerEvent, sequence: UInt64, time: Timestamp, state: borrowing LedgerState
  ) -> LedgerRecord {
    typealias Fact = LedgerRecord.Fact
    func name(_ number: UInt32) -> String { state.names[number] ?? "" }
    func made(_ kind: String, _ session: SessionID?, _ facts: [Fact]) -> LedgerRecord {
      LedgerRecord(sequence: sequence, time: time, kind: kind, session: session, facts: facts)
    }
    switch event {
    case .named(let number, let text):
      return made("named", nil, [Fact("number", number), Fact("text", text)])
    case .profiled(let number, let profile):
      return made(
        "profiled", nil,
        [
          Fact("number", number), Fact("client", name(profile.client)), Fact("scope", name(profile.scope)),
          Fact("idle_ms", profile.lifetimes.idleMilliseconds),
          Fact("absolute_ms", profile.lifetimes.absoluteMilliseconds),
        ])
    case .opened(_, let id, let subject, let profile):
      let (client, scope) = state.profiles[profile].map { (name($0.client), name($0.scope)) } ?? ("", "")
      return made("opened", id, [Fact("subject", name(subject)), Fact("client", client), Fact("scope", scope)])
    case .rotated(let slot, let generation, let narrowedScope):
      var facts = [Fact("generation", generation)]
      if narrowedScope != SessionEntry.notNarrowed { facts.append(Fact("scope", name(narrowedScope))) }
      return made("rotated", state.table[slot].id, facts)
    case .revoked(let slot, let cause):
      return made("revoked", state.table[slot].id, [Fact("cause", cause)])
    case .expired(let slots):
      return made("expired", nil, [Fact("count", slots.count)])
    case .oneTimeIssued(_, let id, let subject, let purpose, let endsAt, let payload):
      return made(
        "one_time_issued", id,
        [
          Fact("subject", name(subject)), Fact("purpose", name(purpose)),
          Fact("lifetime_ms", endsAt.millisecondsSince(time)), Fact("payload_bytes", payload.count),
        ])
    case .oneTimeConsumed(let slot):
      return made("one_time_consumed", state.table[slot].id, [])
    case .clockSeen:
      return made("clock_seen", nil, [])
    }
  }
}

extension RevocationCause: CustomStringConvertible {
  public var description: String {
    switch self {
    case .requested: "requested"
    case .reuse: "reuse"
    }
  }
}
