import Testing

@testable import TokenLedger
@testable import WriteAheadLog

@Suite("A checkpoint is refused")
struct CheckpointRefusalTests {
  private static let id = SessionID(high: 1, low: 1)
  /// What comes before the entries that a test tries.
  private static let beginning: [CheckpointEntry] = [
    .state(highestTime: Timestamp(milliseconds: 100), shifts: []), .name(number: 4, text: "ann"),
  ]

  /// A one-time token of that id.
  private static func token(_ slot: UInt32, _ id: SessionID) -> CheckpointEntry {
    let entry = SessionEntry(
      idHigh: id.high, openedAt: .zero, refreshedAt: Timestamp(milliseconds: 500), idLow: id.low, subject: 4, detail: 4,
      status: .oneTimeLive)
    return .slot(slot, entry, label: LabelTable.none, payload: [])
  }

  /// The result is the same if a thread fills the table.
  private func accepts(_ entries: [CheckpointEntry]) -> Bool {
    let results = [.max, 0].map { slotsAlone in
      var state = LedgerState()
      var restore = CheckpointRestore(slotsAlone: slotsAlone)
      return entries.allSatisfy { restore.apply($0, to: &state, covered: 8) == nil }
    }
    #expect(results[0] == results[1])
    return results[0]
  }

  @Test(
    "A checkpoint is refused where it holds more or less than it says",
    arguments: [
      [0, 0, 0, 0, 0], [2, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 0, 1, 0, 0], [1, 0, 0, 1, 0], [1, 0, 0, 0, 1],
      [1, 0, 0, 0, 0],
    ])
  func counts(said: [UInt32]) {
    let end = CheckpointEntry.end(
      CheckpointCounts(
        names: said[0], profiles: said[1], slots: said[2], marks: said[3], revokedTokens: said[4]))
    #expect(accepts(Self.beginning + [end]) == (said == [1, 0, 0, 0, 0]))
  }

  @Test("A checkpoint is refused where its entries are out of their order")
  func order() {
    let other = SessionID(high: 2, low: 2)
    #expect(accepts(Self.beginning + [Self.token(3, Self.id), Self.token(7, other)]))
    #expect(!accepts(Self.beginning + [Self.token(7, Self.id), Self.token(3, other)]))
    #expect(!accepts(Self.beginning + [Self.token(7, Self.id), Self.token(7, other)]))
    #expect(!accepts(Self.beginning + [.name(number: 4, text: "bob")]))
    #expect(!accepts(Self.beginning + [.name(number: 3, text: "bob")]))
    #expect(!accepts(Self.beginning + [Self.token(3, Self.id), .name(number: 5, text: "bob")]))
    #expect(!accepts(Self.beginning + [.state(highestTime: .zero, shifts: [])]))
  }

  @Test("A checkpoint is refused where a number is one that no record before it can have used")
  func numbersTooHigh() {
    #expect(accepts(Self.beginning + [Self.token(7, Self.id)]))
    #expect(!accepts(Self.beginning + [Self.token(8, Self.id)]))
    #expect(!accepts(Self.beginning + [.name(number: 8, text: "bob")]))
  }

  @Test("A checkpoint is refused where a consumed one-time token has a payload")
  func consumedPayload() {
    func token(_ status: SessionEntry.Status) -> CheckpointEntry {
      let entry = SessionEntry(
        idHigh: 1, openedAt: .zero, refreshedAt: Timestamp(milliseconds: 500), idLow: 1, subject: 4, detail: 4,
        status: status)
      return .slot(3, entry, label: LabelTable.none, payload: [1])
    }
    #expect(accepts(Self.beginning + [token(.oneTimeLive)]))
    #expect(!accepts(Self.beginning + [token(.oneTimeConsumed)]))
  }

  @Test("A checkpoint is refused where a mark or a revoked access token cannot be, or comes twice")
  func marks() {
    let (now, later) = (Timestamp(milliseconds: 100), Timestamp(milliseconds: 101))
    let token = TokenID(session: Self.id, generation: 1)
    let tooLate = later.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax)
    #expect(accepts(Self.beginning + [.mark(.subject(4), time: now), .mark(.all, time: now)]))
    #expect(accepts(Self.beginning + [.mark(.all, time: now), .revokedToken(token, end: later)]))
    #expect(!accepts(Self.beginning + [.mark(.all, time: now), .mark(.subject(4), time: now)]))
    #expect(!accepts(Self.beginning + [.mark(.all, time: now), .mark(.all, time: now)]))
    #expect(!accepts(Self.beginning + [.mark(.client(5), time: now)]))
    #expect(!accepts(Self.beginning + [.mark(.all, time: later)]))
    #expect(!accepts(Self.beginning + [.revokedToken(token, end: later), .mark(.all, time: now)]))
    #expect(!accepts(Self.beginning + [.revokedToken(token, end: later), .revokedToken(token, end: later)]))
    #expect(!accepts(Self.beginning + [.revokedToken(token, end: now)]))
    #expect(!accepts(Self.beginning + [.revokedToken(token, end: tooLate)]))
  }

  @Test("A checkpoint is refused where two entries have one id")
  func identifiers() {
    let end = CheckpointEntry.end(CheckpointCounts(names: 1, slots: 2))
    let other = SessionID(high: 1, low: 2)
    #expect(accepts(Self.beginning + [Self.token(3, Self.id), Self.token(7, other), end]))
    #expect(!accepts(Self.beginning + [Self.token(3, Self.id), Self.token(7, Self.id), end]))
  }

  @Test("A checkpoint is refused where it ends without its last entry")
  func end() {
    var payload: [UInt8] = []
    for entry in Self.beginning { payload.append(entry) }
    func frame(_ kind: LogFrame.Kind, _ count: Int) -> LogFrame {
      LogFrame(
        kind: kind, firstSequence: 8, recordCount: count, epoch: 1, watermark: 1,
        place: LogPlace(segment: "checkpoint", offset: 64), fileBytes: 0)
    }
    func isComplete(_ payload: [UInt8], _ count: Int) -> Bool {
      let nothing: [UInt8] = []
      var replay = LedgerReplay()
      do throws(RecordError) {
        try replay.apply(frame(.checkpoint, count), payload.span)
        try replay.apply(frame(.checkpointEnd, 0), nothing.span)
        return true
      } catch {
        return false
      }
    }
    #expect(!isComplete(payload, 2))
    payload.append(CheckpointEntry.end(CheckpointCounts(names: 1)))
    #expect(isComplete(payload, 3))
  }
}
