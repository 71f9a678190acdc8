@testable import TokenLedger
@testable import WriteAheadLog

/// The replay of a ledger's records.
///
/// What it accepts leaves a state whose counts agree, whose verdicts keep the rules, and that the same events written
/// again lead to.
enum RecordTarget: OneInput {
  static func run(_ input: inout InputBytes) {
    let mode = input.byte()
    let payload: [UInt8]
    switch mode % 4 {
    case 0: payload = input.rest()
    case 1:
      var builder = EventBuilder()
      builder.appendPreamble()
      payload = builder.payload + input.rest()
    default:
      var builder = EventBuilder()
      if mode % 4 == 2 { builder.appendPreamble() }
      builder.build(from: &input)
      payload = builder.payload
    }
    replay(payload, writesAgain: mode & 4 != 0)
    if mode >= 192 { readWords(payload) }
  }

  private static func replay(_ payload: [UInt8], writesAgain: Bool) {
    var replay = LedgerReplay()
    var encoder = RecordEncoder()
    var again: [UInt8] = []
    var accepted = true
    do throws(RecordError) {
      try replay.apply(payload.span) { event, time, _ in
        if writesAgain { encoder.encode(event, at: time, into: &again, startsFrame: again.isEmpty) }
      }
    } catch {
      accepted = false
      require((0...payload.count).contains(error.byteOffsetInPayload), "a refusal outside the payload")
    }
    // Also what was applied before a refusal is whole.
    LedgerAccount.check(replay.state)
    decide(replay.state)
    guard writesAgain, !again.isEmpty else { return }
    var second = LedgerReplay()
    do throws(RecordError) {
      try second.apply(again.span)
    } catch {
      require(false, "accepted events are refused when written again: \(error.what)")
    }
    require(LedgerAccount(second.state) == LedgerAccount(replay.state), "the same events lead to another state")
    if accepted { require(again.count <= payload.count, "the writer's records are longer than those read") }
    var drained = replay.state
    LedgerAccount.drain(&drained)
  }

  /// Every kind of presentation of every entry, at the moments that matter.
  private static func decide(_ state: LedgerState) {
    for slot in 0..<UInt32(min(8, state.table.slotCount)) where state.table[slot].status != .free {
      let entry = state.table[slot]
      let end = state.expiry(of: entry)
      if entry.isSession {
        let client = state.session(at: slot).client
        for now in [state.highestTime, end.advanced(byMilliseconds: -1), end] {
          for generation in [entry.generation, entry.generation &- 1, entry.generation &- 2, entry.generation &+ 1] {
            let token = TokenID(session: entry.id, generation: generation)
            let request = RotationRequest(token: token, client: client, graceMilliseconds: 1_000)
            check(
              RotationRule.verdict(on: request, for: state.facts(at: slot), at: now), of: entry, generation: generation,
              isOver: now >= end || state.isCovered(entry),
              live: state.session(at: slot).refreshTokenID.generation)
          }
        }
        let stranger = RotationRequest(token: TokenID(session: entry.id, generation: 0), client: client + "x")
        let verdict = RotationRule.verdict(on: stranger, for: state.facts(at: slot), at: .zero)
        require(verdict == .refuse(.wrongClient), "another client gets a verdict")
      } else {
        let purpose = state.names[entry.detail] ?? ""
        let facts = state.oneTimeFacts(at: slot)
        let verdict = RotationRule.verdict(onOneTimeTokenFor: purpose, for: facts, at: end)
        if case .consume = verdict { require(false, "a one-time token is consumed after its end") }
        if entry.status == .oneTimeConsumed {
          let again = RotationRule.verdict(onOneTimeTokenFor: purpose, for: facts, at: .zero)
          require(again == .refuse(.alreadyConsumed), "a one-time token is consumed twice")
        }
      }
    }
  }

  private static func check(
    _ verdict: RotationVerdict, of entry: SessionEntry, generation: UInt32, isOver: Bool, live: UInt32
  ) {
    switch verdict {
    case .rotate:
      require(generation == live, "another token than the live one rotates")
      require(entry.status == .live && !isOver, "an ended or revoked session rotates")
    case .retry:
      require(generation &+ 1 == entry.generation, "another token than the predecessor is answered again")
      require(entry.status == .live && !isOver, "an ended or revoked session is answered again")
      require(!entry.hasSeenSuccessor, "a token is answered again whose successor was seen")
    case .revokeOutdated: require(false, "a session is outdated for nobody")
    case .refuseReuse(_, let behind, _):
      require(generation < entry.generation && behind == entry.generation - generation, "a reuse that is none")
    case .revokeRolledBack(let ahead):
      require(ahead == generation - live, "a session of another token is rolled back")
    case .refuse: break
    }
  }

  private static func readWords(_ payload: [UInt8]) {
    var reader = LedgerRecordReader()
    let frame = LogFrame(
      kind: .records, firstSequence: 1, recordCount: 3, epoch: 1, watermark: 0,
      place: LogPlace(segment: "wal", offset: 64), fileBytes: payload.count)
    var sequences: [UInt64] = []
    try? reader.read(frame, payload.span) { record in
      sequences.append(record.sequence)
      require(!record.kind.isEmpty, "a record without a word")
    }
    require(sequences == (0..<UInt64(sequences.count)).map { $0 + 1 }, "records are numbered with gaps")
  }
}
