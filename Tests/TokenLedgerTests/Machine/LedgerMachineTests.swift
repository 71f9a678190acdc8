import LedgerTesting
import Testing

@testable import TokenLedger

/// The events of a machine, in their order.
private struct EventList: LedgerEventSink {
  private(set) var events: [(event: LedgerEvent, sequence: UInt64, time: Timestamp)] = []

  mutating func take(_ event: LedgerEvent, sequence: UInt64, at time: Timestamp, before state: borrowing LedgerState) {
    events.append((event, sequence, time))
  }
}

@Suite("A ledger's machine")
struct LedgerMachineTests {
  private static let lifetimes = Lifetimes(idleMilliseconds: 60_000, absoluteMilliseconds: 600_000)

  private func machine(_ clock: ManualClock, seed: UInt64 = 1) -> LedgerMachine {
    LedgerMachine(
      state: LedgerState(), sequence: 0, clock: clock.sessionClock, random: SeededGenerator(seed: seed))
  }

  private func grant(_ subject: String) throws -> SessionGrant {
    SessionGrant(subject: subject, client: "web", scope: "read", lifetimes: try #require(Self.lifetimes))
  }

  /// Sessions that are opened, rotated, presented again, revoked and swept away; the same for the same seed.
  private func play(_ clock: ManualClock, _ machine: inout LedgerMachine, _ list: inout EventList) throws {
    var tokens: [TokenID] = []
    for index in 0..<40 {
      tokens.append(try machine.open(grant("user\(index % 7)"), into: &list).outcome.tokenID)
      clock.advance(milliseconds: 700)
      let token = tokens[index * 5 % tokens.count]
      let request = RotationRequest(token: token, client: "web", graceMilliseconds: 2_000)
      if case .rotated(let session) = machine.rotate(request, into: &list).outcome {
        tokens[index * 5 % tokens.count] = session.tokenID
      }
      _ = machine.rotate(request, into: &list)
      if index % 9 == 0 { _ = try machine.revoke(.subject("user\(index % 7)"), into: &list) }
      if index % 4 == 0 { while !machine.sweepStep(into: &list) {} }
    }
  }

  @Test("A machine comes to the same events for the same times and random numbers, without a log or an executor")
  func isDeterministic() throws {
    var lists: [EventList] = []
    for _ in 0..<2 {
      let clock = ManualClock()
      var machine = machine(clock)
      var list = EventList()
      try play(clock, &machine, &list)
      lists.append(list)
    }
    #expect(lists[0].events.map(\.event) == lists[1].events.map(\.event))
    #expect(lists[0].events.map(\.time) == lists[1].events.map(\.time))
    #expect(lists[0].events.count > 100)
  }

  @Test("A machine's events, applied to an empty state, lead to the state that it has")
  func eventsAreTheState() throws {
    let clock = ManualClock()
    var machine = self.machine(clock)
    var list = EventList()
    try play(clock, &machine, &list)
    var state = LedgerState()
    for (event, sequence, time) in list.events {
      #expect(state.contradiction(in: event, at: time) == nil, "event \(sequence)")
      state.apply(event, at: time)
    }
    #expect(list.events.map(\.sequence) == Array(1...UInt64(list.events.count)))
    #expect(machine.sequence == UInt64(list.events.count))
    #expect(picture(state) == picture(machine.state))
  }

  @Test("A machine's answer rests on its last event, and a retry's on the rotation that it repeats")
  func restsOnEvents() throws {
    let clock = ManualClock()
    var machine = self.machine(clock)
    var list = EventList()
    let opened = try machine.open(grant("ann"), into: &list)
    #expect(opened.sequence == UInt64(list.events.count))
    let request = RotationRequest(token: opened.outcome.tokenID, client: "web", graceMilliseconds: 10_000)
    let rotated = machine.rotate(request, into: &list)
    #expect(rotated.sequence == UInt64(list.events.count))
    let again = machine.rotate(request, into: &list)
    #expect(again.sequence == rotated.sequence && machine.sequence == rotated.sequence + 1)
    let unknown = RotationRequest(token: TokenID(session: SessionID(high: 1, low: 1), generation: 0), client: "web")
    #expect(machine.rotate(unknown, into: &list).sequence == machine.sequence)
  }

  private func picture(_ state: LedgerState) -> [String] {
    let entries = (0..<UInt32(state.table.slotCount)).map { "\(state.table[$0])" }
    return entries + [
      "\(state.highestTime)", "\(state.names.count)", "\(state.profiles.count)", "\(state.liveSessionCount)",
      "\(state.marks.sorted().map { "\($0)" })",
    ]
  }
}
