import Testing

@testable import LedgerProof
@testable import TokenLedger

/// A history of one session, written by hand: idle lifetime 1000 ms, absolute 5000 ms, opened at time 0.
final class HandWrittenHistory {
  static let lifetimes = Lifetimes(idleMilliseconds: 1_000, absoluteMilliseconds: 5_000)
  private(set) var line: Linearization<SessionState>
  private var event = 0
  private let opened: Session

  init(_ rotation: RotationPolicy = .always) throws {
    let id = SessionID(high: 7, low: 9)
    let terms = SessionTerms(lifetimes: try #require(Self.lifetimes), rotation: rotation)
    opened = Session(
      id: id, generation: 0, subject: "ann", client: "web", scope: "read write", narrowedScope: nil, label: "phone",
      terms: terms, openedAt: .zero, refreshedAt: .zero)
    let facts = SessionState.Facts(opened: opened, terms: terms)
    line = Linearization(SessionState(facts), facts)
  }

  func session(_ generation: UInt32, refreshedAt: Int64, scope: String? = nil) -> Session {
    var session = opened
    session.generation = generation
    session.refreshedAt = Timestamp(milliseconds: refreshedAt)
    session.narrowedScope = scope
    session.idleEnd = Timestamp(milliseconds: refreshedAt + 1_000)
    return session
  }

  func presenting(
    _ generation: UInt32, grace: Int64 = 0, reuse: ReusePolicy = .refuse, scope: String? = nil,
    notBefore: Int64? = nil, terms: SessionTerms? = nil
  ) -> TimedCall.Action {
    .rotate(
      RotationRequest(
        token: TokenID(session: opened.id, generation: generation), client: "web", graceMilliseconds: grace,
        reuse: reuse, narrowedScope: scope, notBefore: notBefore.map(Timestamp.init(milliseconds:)), terms: terms))
  }

  /// A question that stays open for the moment.
  func ask(_ action: TimedCall.Action) -> Int {
    event += 1
    return line.ask(TimedCall(action, invoked: event))
  }

  func answer(_ question: Int, _ outcome: TimedCall.Outcome, time: ClosedRange<Int64>) {
    event += 1
    line.answer(question, outcome, at: event, earliest: time.lowerBound, latest: time.upperBound)
  }

  func call(_ action: TimedCall.Action, _ outcome: TimedCall.Outcome, time: ClosedRange<Int64> = 0...10) {
    answer(ask(action), outcome, time: time)
  }

  /// Ends the life; whether it can be explained.
  func holds(_ survival: Survival = .all) -> Bool {
    line.boundUnanswered({ _ in 0 }, 10)
    return line.endLife(survival) == nil
  }

  func rotate(_ generation: UInt32, refreshedAt: Int64 = 5) {
    call(
      presenting(generation), .rotation(.rotated(session(generation + 1, refreshedAt: refreshedAt))),
      time: 0...refreshedAt)
  }
}
