@testable import TokenLedger

/// Makes the events of a ledger as the fuzzer chooses: most of them follow from the state, some do not.
struct EventBuilder {
  private var time = Timestamp(milliseconds: 1_767_225_600_000)
  private var encoder = RecordEncoder()
  private(set) var payload: [UInt8] = []
  private(set) var count = 0

  mutating func build(from input: inout InputBytes) {
    while !input.isEmpty, count < 200 {
      time = time.advanced(byMilliseconds: Int64(input.byte() % 64) * (input.byte() % 16 == 0 ? 100_000 : 1))
      append(event(&input))
    }
  }

  /// What every ledger begins with, so that the first choices reach sessions.
  mutating func appendPreamble() {
    for (number, text) in ["ann", "web", "read", "reset"].enumerated() {
      append(.named(number: UInt32(number), text: text))
    }
    guard let lifetimes = Lifetimes(idleMilliseconds: 60_000, absoluteMilliseconds: 600_000) else { return }
    append(
      .profiled(number: 0, profile: SessionProfile(client: 1, scope: 2, terms: SessionTerms(lifetimes: lifetimes))))
  }

  private mutating func append(_ event: LedgerEvent) {
    encoder.encode(event, at: time, into: &payload, startsFrame: payload.isEmpty)
    count += 1
  }

  private func digest(_ input: inout InputBytes) -> Digest256 {
    Digest256(Array(repeating: 1 + input.byte() % 8, count: Digest256.byteCount)) ?? .zeroes
  }

  private func keys(_ input: inout InputBytes) -> SessionKeys {
    switch input.byte() % 8 {
    case 0: SessionKeys(lifelong: digest(&input))
    case 1: SessionKeys(ofLastUse: digest(&input))
    default: SessionKeys()
    }
  }

  private func event(_ input: inout InputBytes) -> LedgerEvent {
    switch input.byte() % 27 {
    case 0: .named(number: number(&input), text: input.text(12))
    case 1:
      .profiled(
        number: number(&input),
        profile: SessionProfile(
          client: number(&input), scope: number(&input), terms: terms(&input), clientVersion: version(&input)))
    case 2...5:
      .opened(
        slot: number(&input), id: id(&input), subject: number(&input), profile: number(&input),
        label: input.byte() % 4 == 0 ? number(&input) : LabelTable.none, version: version(&input),
        keys: keys(&input), attributes: input.byte() % 4 == 0 ? input.take(input.choice(9)) : [])
    case 6...8:
      .rotated(
        slot: number(&input), generation: UInt32(input.byte() % 8),
        narrowedScope: input.byte() % 4 == 0 ? number(&input) : SessionEntry.notNarrowed)
    case 25: .proofUsed(digest(&input), end: time.advanced(byMilliseconds: Int64(input.integer(UInt16.self))))
    case 26:
      .rotated(
        slot: number(&input), generation: UInt32(input.byte() % 8),
        narrowedScope: input.byte() % 4 == 0 ? number(&input) : SessionEntry.notNarrowed, key: digest(&input))
    case 9: .revoked(slot: number(&input), cause: [.requested, .rollback, .evicted][input.choice(3)])
    case 10, 11: .expired(slots: (0..<input.choice(5)).map { _ in number(&input) })
    case 12, 13:
      .oneTimeIssued(
        slot: number(&input), id: id(&input), subject: number(&input), purpose: number(&input),
        endsAt: time.advanced(byMilliseconds: Int64(input.integer(UInt16.self))), payload: input.take(input.choice(9)))
    case 14: .oneTimeConsumed(slot: number(&input))
    case 15: .retried(slot: number(&input), input.byte() % 2 == 0 ? .retry : .race)
    case 16:
      .reused(
        slot: number(&input), ReuseClass.allCases[input.choice(4)], generationsBehind: UInt32(input.byte() % 8),
        revokes: input.byte() % 2 == 0)
    case 17: .successorSeen(slot: number(&input))
    case 18: .revokedBefore(markKey(&input))
    case 19: .markEnded(markKey(&input))
    case 20:
      .accessRevoked(
        TokenID(session: id(&input), generation: UInt32(input.byte())),
        end: time.advanced(byMilliseconds: Int64(input.integer(UInt16.self))))
    case 21: .reprofiled(slot: number(&input), profile: number(&input))
    // Few of them, so that some are no change.
    case 22: .shifted(seconds: Int64(input.byte() % 4) * (input.byte() % 16 == 0 ? TimeShifts.secondsMax / 2 : 1))
    default: .clockSeen
    }
  }

  /// Small as a rule: a slot, name or profile that may exist.
  private func number(_ input: inout InputBytes) -> UInt32 {
    let choice = input.byte()
    return choice < 250 ? UInt32(choice % 10) : UInt32(truncatingIfNeeded: input.anyInteger()) % (.max - 1)
  }

  private func version(_ input: inout InputBytes) -> AccountVersion {
    AccountVersion(stored: UInt64(input.byte() % 4))
  }

  private func id(_ input: inout InputBytes) -> SessionID {
    // Few high words, so that the index has to probe.
    SessionID(high: UInt64(input.byte() % 3), low: UInt32(input.byte()))
  }

  private func markKey(_ input: inout InputBytes) -> MarkKey {
    switch input.byte() % 4 {
    case 0: .subject(number(&input))
    case 1: .client(number(&input))
    case 2: .subjectAtClient(subject: number(&input), client: number(&input))
    default: .all
    }
  }

  private func terms(_ input: inout InputBytes) -> SessionTerms {
    SessionTerms(lifetimes: lifetimes(&input), rotation: input.byte() % 4 == 0 ? .never : .always)
  }

  private func lifetimes(_ input: inout InputBytes) -> Lifetimes {
    let idle = Int64(truncatingIfNeeded: input.anyInteger() % UInt64(Lifetimes.millisecondsMax)) + 1
    let absolute = Int64(truncatingIfNeeded: input.anyInteger() % UInt64(Lifetimes.millisecondsMax)) + 1
    return Lifetimes(idleMilliseconds: idle, absoluteMilliseconds: absolute) ?? .fallback
  }
}

extension Lifetimes {
  fileprivate static var fallback: Lifetimes {
    guard let lifetimes = Lifetimes(idleMilliseconds: 1, absoluteMilliseconds: 1) else {
      preconditionFailure("one millisecond is a lifetime")
    }
    return lifetimes
  }
}
