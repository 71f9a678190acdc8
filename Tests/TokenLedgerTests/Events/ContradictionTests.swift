import Testing
import WriteAheadLog

@testable import TokenLedger

@Suite("A log whose records contradict each other")
struct ContradictionTests {
  private static let id = SessionID(high: 1, low: 1)

  /// A name, a profile and a session in slot 0.
  private static var beginning: [LedgerEvent] {
    guard let lifetimes = Lifetimes(idleMilliseconds: 1_000, absoluteMilliseconds: 1_000) else { return [] }
    return [
      .named(number: 0, text: "ann"),
      .profiled(number: 0, profile: SessionProfile(client: 0, scope: 0, terms: SessionTerms(lifetimes: lifetimes))),
      .opened(slot: 0, id: id, subject: 0, profile: 0, label: LabelTable.none, version: .none),
    ]
  }

  /// Whether a replay takes these events, each a millisecond after the one before it.
  private func accepts(_ events: [LedgerEvent], stepMilliseconds: Int64 = 1) -> Bool {
    var encoder = RecordEncoder()
    var payload: [UInt8] = []
    for (index, event) in events.enumerated() {
      let time = Timestamp(milliseconds: 1_000_000 + Int64(index) * stepMilliseconds)
      encoder.encode(event, at: time, into: &payload, startsFrame: index == 0)
    }
    var replay = LedgerReplay()
    return (try? replay.apply(payload.span)) != nil
  }

  @Test("A log whose records contradict each other is refused, and one whose records follow from each other is not")
  func events() {
    let beginning = Self.beginning
    let other = SessionID(high: 2, low: 2)
    #expect(accepts(beginning))
    #expect(accepts(beginning + [.rotated(slot: 0, generation: 1, narrowedScope: 0), .expired(slots: [0])]))
    let contradictions: [LedgerEvent] = [
      .named(number: 1, text: "ann"), .named(number: 2, text: "bob"),
      .rotated(slot: 1, generation: 1, narrowedScope: SessionEntry.notNarrowed),
      .rotated(slot: 0, generation: 2, narrowedScope: SessionEntry.notNarrowed),
      .rotated(slot: 0, generation: 1, narrowedScope: 7),
      .proofUsed(RecordTests.digest, end: .zero),
      .proofUsed(RecordTests.digest, end: Timestamp(milliseconds: 2_000_000 + KeyProof.millisecondsMax)),
      .opened(
        slot: 1, id: other, subject: 0, profile: 0, label: LabelTable.none, version: .none,
        keys: SessionKeys(lifelong: RecordTests.key, ofLastUse: RecordTests.key)),
      .opened(slot: 1, id: Self.id, subject: 0, profile: 0, label: LabelTable.none, version: .none),
      .opened(slot: 0, id: other, subject: 0, profile: 0, label: LabelTable.none, version: .none),
      .opened(slot: 1, id: other, subject: 5, profile: 0, label: LabelTable.none, version: .none),
      .opened(slot: 1, id: other, subject: 0, profile: 5, label: LabelTable.none, version: .none),
      .expired(slots: [0, 0]), .expired(slots: [1]), .oneTimeConsumed(slot: 0), .revoked(slot: 1, cause: .requested),
    ]
    for event in contradictions { #expect(!accepts(beginning + [event]), "\(event)") }
  }

  private func clockSeen(milliseconds: Int64) -> [UInt8] {
    var encoder = RecordEncoder()
    var payload: [UInt8] = []
    encoder.encode(.clockSeen, at: Timestamp(milliseconds: milliseconds), into: &payload, startsFrame: true)
    return payload
  }

  @Test("A log whose records contradict each other in their time is refused")
  func time() throws {
    let (first, earlier) = (clockSeen(milliseconds: 2_000), clockSeen(milliseconds: 1_999))
    var replay = LedgerReplay()
    _ = try replay.apply(first.span)
    let count = try? replay.apply(earlier.span)
    #expect(count == nil)
  }
}

@Suite("A state")
struct LedgerStateTests {
  @Test("A state has no successor for the last generation that there is")
  func lastGeneration() throws {
    var state = LedgerState()
    let lifetimes = try #require(Lifetimes(idleMilliseconds: 1_000, absoluteMilliseconds: 1_000))
    let id = SessionID(high: 1, low: 1)
    state.apply(.named(number: 0, text: "ann"), at: .zero)
    state.apply(
      .profiled(number: 0, profile: SessionProfile(client: 0, scope: 0, terms: SessionTerms(lifetimes: lifetimes))),
      at: .zero)
    state.apply(.opened(slot: 0, id: id, subject: 0, profile: 0, label: LabelTable.none, version: .none), at: .zero)
    state.apply(.rotated(slot: 0, generation: .max, narrowedScope: SessionEntry.notNarrowed), at: .zero)
    let request = RotationRequest(token: TokenID(session: id, generation: .max), client: "ann")
    let slot = try #require(state.table.slot(of: request.token.session))
    #expect(
      RotationRule.verdict(on: request, for: state.facts(at: slot), at: .zero)
        == .refuse(.expired(generationsBehind: 0)))
  }

  @Test("A state keeps nothing of a one-time token's payload once it is consumed")
  func payload() {
    var state = LedgerState()
    let id = SessionID(high: 1, low: 1)
    state.apply(.named(number: 0, text: "reset"), at: .zero)
    state.apply(
      .oneTimeIssued(
        slot: 0, id: id, subject: 0, purpose: 0, endsAt: Timestamp(milliseconds: 5), payload: [1, 2, 3]), at: .zero)
    #expect(state.payloads[0] == [1, 2, 3])
    state.apply(.oneTimeConsumed(slot: 0), at: .zero)
    #expect(state.payloads.isEmpty)
  }
}
