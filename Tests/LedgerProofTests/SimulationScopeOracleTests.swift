import Testing

@testable import LedgerProof
@testable import TokenLedger

@Suite("The oracle refuses a history of wide revocations, terms and seen successors in which")
struct SimulationScopeOracleTests {
  private let revoked = TimedCall.Outcome.rotation(.refused(.revoked(generationsBehind: 0)))

  @Test(
    "The oracle refuses a history in which a session that a wide revocation covers works again",
    arguments: [false, true])
  func coveredWorks(crashes: Bool) throws {
    let history = try HandWrittenHistory()
    history.call(.revokeAll, .done)
    if crashes { #expect(history.holds()) }
    history.rotate(0)
    #expect(!history.holds())
  }

  @Test(
    "The oracle refuses a history in which a session under a wide revocation is revoked once more, or listed as live"
  )
  func coveredIsLive() throws {
    let revokedAgain = try HandWrittenHistory()
    revokedAgain.call(.revokeAll, .done)
    revokedAgain.call(.revoke, .revocation(true))
    #expect(!revokedAgain.holds())
    let seen = try HandWrittenHistory()
    seen.call(.revokeAll, .done)
    seen.call(.look, .looked(seen.session(0, refreshedAt: 0)))
    #expect(!seen.holds())
  }

  @Test(
    "The oracle refuses a history in which a covered session is known again after it was forgotten"
  )
  func coveredReturns() throws {
    let history = try HandWrittenHistory()
    history.call(.revokeAll, .done)
    history.call(history.presenting(0), revoked)
    history.call(history.presenting(0), .rotation(.refused(.unknown)))
    #expect(history.holds())
    history.call(history.presenting(0), revoked)
    #expect(!history.holds())
  }

  @Test(
    "The oracle refuses a history in which a predecessor is answered although its successor was seen before"
  )
  func replayAfterUse() throws {
    let history = try HandWrittenHistory()
    history.rotate(0)
    history.call(.noteSuccessor(generation: 1, grace: 100), .done, time: 5...10)
    history.call(history.presenting(0, grace: 100), .rotation(.retried(history.session(1, refreshedAt: 5), .race)))
    #expect(!history.holds())
  }

  @Test(
    "The oracle refuses a history in which a predecessor is answered after its successor's use was told, across a crash"
  )
  func replayAfterProvenUse() throws {
    let history = try HandWrittenHistory()
    history.rotate(0)
    history.call(.noteSuccessor(generation: 1, grace: 100), .done, time: 5...10)
    history.call(
      history.presenting(0, grace: 100),
      .rotation(.refused(.reused(.lateParent, generationsBehind: 1, revokedSession: false))))
    #expect(history.holds())
    history.call(history.presenting(0, grace: 100), .rotation(.retried(history.session(1, refreshedAt: 5), .race)))
    #expect(!history.holds())
  }

  @Test(
    "The oracle refuses a history in which a reuse is taken for another kind than it is",
    arguments: [.retry, .lateParent, .staleLineage] as [ReuseClass])
  func wrongClass(reuse: ReuseClass) throws {
    let history = try HandWrittenHistory()
    history.rotate(0)
    history.call(
      history.presenting(0), .rotation(.refused(.reused(reuse, generationsBehind: 1, revokedSession: false))))
    #expect(!history.holds())
  }

  @Test(
    "The oracle refuses that a token without rotation is consumed, goes back a generation, or is said to be another's"
  )
  func neverRotated() throws {
    let consumed = try HandWrittenHistory(.never)
    consumed.call(consumed.presenting(0), .rotation(.rotated(consumed.session(1, refreshedAt: 5))))
    #expect(!consumed.holds())
    let back = try HandWrittenHistory(.never)
    back.call(back.presenting(0), .rotation(.refreshed(back.session(1, refreshedAt: 5))))
    back.call(back.presenting(0), .rotation(.refreshed(back.session(1, refreshedAt: 6))))
    #expect(!back.holds())
    let ahead = try HandWrittenHistory(.never)
    ahead.call(ahead.presenting(0), .rotation(.refreshed(ahead.session(1, refreshedAt: 5))))
    ahead.call(ahead.presenting(1), .rotation(.refreshed(ahead.session(2, refreshedAt: 6))))
    #expect(!ahead.holds())
  }

  @Test(
    "The oracle refuses a history in which a session that is too old for its request goes on"
  )
  func outdated() throws {
    let history = try HandWrittenHistory()
    history.call(history.presenting(0, notBefore: 1), .rotation(.rotated(history.session(1, refreshedAt: 5))))
    #expect(!history.holds())
    let ended = try HandWrittenHistory()
    ended.call(ended.presenting(0, notBefore: 1), revoked)
    ended.rotate(0)
    #expect(!ended.holds())
  }

  @Test(
    "The oracle refuses a history in which a refresh by other terms leaves the lifetimes as they were"
  )
  func termsIgnored() throws {
    let history = try HandWrittenHistory()
    let terms = SessionTerms(lifetimes: try #require(Lifetimes(idleMilliseconds: 50, absoluteMilliseconds: 500)))
    history.call(history.presenting(0, terms: terms), .rotation(.rotated(history.session(1, refreshedAt: 5))))
    #expect(!history.holds())
  }

  @Test("The oracle refuses a history in which a label is lost")
  func labelLost() throws {
    let history = try HandWrittenHistory()
    var session = history.session(1, refreshedAt: 5)
    session.label = nil
    history.call(history.presenting(0), .rotation(.rotated(session)))
    #expect(!history.holds())
  }
}

@Suite("The oracle accepts a history of wide revocations, terms and seen successors in which")
struct SimulationScopeOracleAcceptanceTests {
  @Test(
    "The oracle accepts a history in which a token that is never rotated goes on working, whoever is answered first"
  )
  func neverRotated() throws {
    let history = try HandWrittenHistory(.never)
    let (first, second) = (history.ask(history.presenting(0)), history.ask(history.presenting(0)))
    history.answer(second, .rotation(.refreshed(history.session(2, refreshedAt: 6))), time: 0...6)
    history.answer(first, .rotation(.refreshed(history.session(1, refreshedAt: 5))), time: 0...6)
    #expect(history.holds())
  }

  @Test(
    "The oracle accepts that a successor is seen while its rotation is under way, as one of an earlier life can be"
  )
  func seenAmidItsRotation() throws {
    let history = try HandWrittenHistory()
    let rotation = history.ask(history.presenting(0))
    history.call(.noteSuccessor(generation: 1, grace: 0), .done, time: 5...10)
    history.answer(rotation, .rotation(.rotated(history.session(1, refreshedAt: 5))), time: 0...10)
    let refusal = RotationRefusal.reused(.lateParent, generationsBehind: 1, revokedSession: false)
    history.call(history.presenting(0), .rotation(.refused(refusal)), time: 5...10)
    #expect(history.holds())
  }

  @Test(
    "The oracle accepts a history in which a crash takes what was seen of a successor, or keeps it",
    arguments: [false, true])
  func useLost(isLost: Bool) throws {
    let history = try HandWrittenHistory()
    history.rotate(0)
    history.call(.noteSuccessor(generation: 1, grace: 100), .done, time: 5...10)
    #expect(history.holds())
    let outcome: Rotation =
      isLost
      ? .retried(history.session(1, refreshedAt: 5), .race)
      : .refused(.reused(.lateParent, generationsBehind: 1, revokedSession: false))
    history.call(history.presenting(0, grace: 100), .rotation(outcome))
    #expect(history.holds())
  }

  @Test(
    "The oracle accepts a history in which another opening evicts the session, or does not",
    arguments: [false, true])
  func evicted(isEvicted: Bool) throws {
    let history = try HandWrittenHistory()
    _ = history.ask(.evict)
    let outcome: Rotation =
      isEvicted ? .refused(.revoked(generationsBehind: 0)) : .rotated(history.session(1, refreshedAt: 5))
    history.call(history.presenting(0), .rotation(outcome))
    #expect(history.holds())
  }
}
