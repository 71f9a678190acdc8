import Testing

@testable import LedgerProof
@testable import TokenLedger

/// A history of one one-time token, written by hand: issued between times 0 and 10 for 100 ms.
final class OneTimeHistory {
  private var line: Linearization<OneTimeState>

  init() {
    let grant = OneTimeGrant(purpose: "reset", subject: "ann", payload: [1], lifetimeMilliseconds: 100)
    let facts = OneTimeState.Facts(grant: grant)
    line = Linearization(OneTimeState(facts, issuedFrom: 0, to: 10), facts)
  }

  func call(_ outcome: TimedCall.Outcome?, at event: Int, latest: Int64 = 50) {
    let question = line.ask(TimedCall(.consume(purpose: "reset"), invoked: event))
    guard let outcome else { return line.boundUnanswered({ _ in 0 }, latest) }
    line.answer(question, outcome, at: event + 1, earliest: 0, latest: latest)
  }

  func holds() -> Bool { line.endLife(.all) == nil }
}

@Suite("The oracle of one-time tokens")
struct SimulationOneTimeOracleTests {
  private let consumed = TimedCall.Outcome.consumption(.consumed(subject: "ann", payload: [1]))

  @Test("The oracle of one-time tokens refuses a second consumption", arguments: [false, true])
  func secondConsumption(crashes: Bool) {
    let history = OneTimeHistory()
    history.call(consumed, at: 1)
    if crashes { #expect(history.holds()) }
    history.call(consumed, at: 3)
    #expect(!history.holds())
  }

  @Test("The oracle of one-time tokens refuses a consumption after an expiry that somebody was told of")
  func consumptionAfterExpiry() {
    let history = OneTimeHistory()
    history.call(.consumption(.refused(.expired)), at: 1, latest: 500)
    history.call(consumed, at: 3)
    #expect(!history.holds())
  }

  @Test("The oracle of one-time tokens refuses another payload than was issued")
  func otherPayload() {
    let history = OneTimeHistory()
    history.call(.consumption(.consumed(subject: "ann", payload: [2])), at: 1)
    #expect(!history.holds())
  }

  @Test("The oracle of one-time tokens refuses that a live token is unknown, or consumed by nobody")
  func liveTokenRefused() {
    for refusal in [.unknown, .alreadyConsumed, .wrongPurpose, .expired] as [OneTimeRefusal] {
      let history = OneTimeHistory()
      history.call(.consumption(.refused(refusal)), at: 1)
      #expect(!history.holds(), "\(refusal)")
    }
  }

  @Test("The oracle of one-time tokens lets an unanswered consumption have happened or not", arguments: [false, true])
  func unknownConsumption(happened: Bool) {
    let history = OneTimeHistory()
    history.call(nil, at: 1)
    #expect(history.holds())
    history.call(happened ? .consumption(.refused(.alreadyConsumed)) : consumed, at: 3)
    #expect(history.holds())
  }
}
