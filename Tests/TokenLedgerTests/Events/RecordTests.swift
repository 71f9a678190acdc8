import LedgerTesting
import Testing

@testable import TokenLedger
@testable import WriteAheadLog

@Suite("Records")
struct RecordTests {
  static let time = Timestamp(milliseconds: 1_767_225_600_123)
  static let id = SessionID(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C)

  static let key = Digest256(Array(1...32))
  static let digest = Digest256(Array(repeating: 255, count: 32)) ?? .zeroes

  static let events: [LedgerEvent] = [
    .named(number: 0, text: "ann"),
    .named(number: 300, text: "ünïcode ☃"),
    .opened(slot: 70_000, id: id, subject: 0, profile: 1, label: LabelTable.none, version: .none),
    .opened(slot: 70_000, id: id, subject: 0, profile: 1, label: 300, version: AccountVersion("2")),
    .opened(
      slot: 70_000, id: id, subject: 0, profile: 1, label: 300, version: .none, keys: SessionKeys(lifelong: key),
      attributes: Array(repeating: 7, count: SessionGrant.attributesBytesMax)),
    .opened(
      slot: 70_000, id: id, subject: 0, profile: 1, label: LabelTable.none, version: .none,
      keys: SessionKeys(ofLastUse: key)),
    .opened(
      slot: 70_000, id: id, subject: 0, profile: 1, label: LabelTable.none, version: .none, attributes: [0]),
    .rotated(slot: 70_000, generation: 8, narrowedScope: SessionEntry.notNarrowed, key: key),
    .rotated(slot: 70_000, generation: 8, narrowedScope: 300, key: key),
    .proofUsed(digest, end: time.advanced(byMilliseconds: KeyProof.millisecondsMax)),
    .proofUsed(digest, end: time.advanced(byMilliseconds: 1)),
    .retried(slot: 5, .retry), .retried(slot: 5, .race), .successorSeen(slot: 5),
    .reused(slot: 5, .lateParent, generationsBehind: 1, revokes: false),
    .reused(slot: 5, .staleLineage, generationsBehind: 4_000_000_000, revokes: true),
    .reprofiled(slot: 5, profile: 300),
    .revokedBefore(.subject(300)), .revokedBefore(.client(0)), .revokedBefore(.all),
    .revokedBefore(.subjectAtClient(subject: 1, client: 300)), .markEnded(.subjectAtClient(subject: 300, client: 2)),
    .accessRevoked(TokenID(session: id, generation: .max), end: time.advanced(byMilliseconds: 1)),
    .rotated(slot: 70_000, generation: 8, narrowedScope: SessionEntry.notNarrowed),
    .rotated(slot: 70_000, generation: 8, narrowedScope: 300),
    .revoked(slot: 3, cause: .requested), .revoked(slot: 3, cause: .rollback), .revoked(slot: 3, cause: .evicted),
    .expired(slots: [1, 2, 4_000_000_000]),
    .oneTimeIssued(
      slot: 9, id: id, subject: 0, purpose: 300, endsAt: time.advanced(byMilliseconds: 12_345), payload: [1, 2, 3]),
    .oneTimeConsumed(slot: 9),
    .clockSeen, .shifted(seconds: 86_400),
  ]

  private func encode(_ events: [LedgerEvent], stepMilliseconds: Int64 = 0) -> [UInt8] {
    var encoder = RecordEncoder()
    var bytes: [UInt8] = []
    for (position, event) in events.enumerated() {
      let time = Self.time.advanced(byMilliseconds: Int64(position) * stepMilliseconds)
      encoder.encode(event, at: time, into: &bytes, startsFrame: position == 0)
    }
    return bytes
  }

  private func decode(_ bytes: [UInt8]) throws(RecordError) -> [(event: LedgerEvent, time: Timestamp)] {
    var decoder = try RecordDecoder(startOf: bytes.span)
    var decoded: [(event: LedgerEvent, time: Timestamp)] = []
    while decoder.offset < bytes.count { decoded.append(try decoder.next(in: bytes.span) { _ in 7 }) }
    return decoded
  }

  @Test("Every kind of record decodes to what was encoded", arguments: events)
  func everyKindRoundTrips(event: LedgerEvent) throws {
    let decoded = try decode(encode([event]))
    #expect(decoded.map(\.event) == [event])
    #expect(decoded.map(\.time) == [Self.time])
  }

  @Test("A profile decodes to what was encoded")
  func profileRoundTrips() throws {
    let lifetimes = try #require(
      Lifetimes(idleMilliseconds: 1, absoluteMilliseconds: Lifetimes.millisecondsMax))
    let profile = SessionProfile(
      client: 0, scope: 300, terms: SessionTerms(lifetimes: lifetimes, rotation: .never))
    let event = LedgerEvent.profiled(number: 1, profile: profile)
    #expect(try decode(encode([event])).map(\.event) == [event])
  }

  @Test("Records carry their times as differences")
  func timesAreDifferences() throws {
    let clocks = Array(repeating: LedgerEvent.clockSeen, count: 4)
    let decoded = try decode(encode(clocks, stepMilliseconds: 1000))
    #expect(decoded.map { $0.time.millisecondsSince(Self.time) } == [0, 1000, 2000, 3000])
  }

  @Test("A rotation among a hundred costs at most seven bytes with a million sessions")
  func rotationsAreSmall() {
    let rotations = (0..<100).map {
      LedgerEvent.rotated(slot: 1_000_000 + UInt32($0), generation: 3, narrowedScope: SessionEntry.notNarrowed)
    }
    #expect(encode(rotations, stepMilliseconds: 1).count <= 8 + 700)
  }

  @Test("A payload cut at any byte is refused or ends at a record, and never traps")
  func truncationNeverTraps() {
    let whole = encode(Self.events)
    for length in 0..<whole.count {
      do throws(RecordError) {
        let decoded = try decode(Array(whole.prefix(length)))
        #expect(decoded.count < Self.events.count)
        #expect(encode(decoded.map(\.event)).count == length || decoded.isEmpty)
      } catch {
        #expect(error.byteOffsetInPayload <= length)
      }
    }
  }

  @Test("A frame that says another number of records than it holds is refused", arguments: [0, 2, Int(UInt32.max)])
  func recordCountIsChecked(count: Int) {
    let payload = encode([.clockSeen])
    let frame = LogFrame(
      kind: .records, firstSequence: 1, recordCount: count, epoch: 1, watermark: 0,
      place: LogPlace(segment: "wal", offset: 64), fileBytes: payload.count)
    var replay = LedgerReplay()
    #expect(throws: RecordError.self) { () throws in try replay.apply(frame, payload.span) }
  }

  @Test("Random bytes are refused or decoded, and never trap", arguments: 0..<200 as Range<UInt64>)
  func randomBytesNeverTrap(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var bytes = encode([.clockSeen])
    bytes.append(contentsOf: (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) })
    bytes[8] = UInt8.random(in: 1...10, using: &generator)
    var replay = LedgerReplay()
    do throws(RecordError) {
      try replay.apply(bytes.span)
    } catch {
      #expect(error.byteOffsetInPayload <= bytes.count)
    }
  }
}
