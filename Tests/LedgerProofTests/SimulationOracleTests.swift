import Testing

@testable import LedgerProof
@testable import TokenLedger

@Suite("The oracle refuses a history in which")
struct SimulationOracleRefusalTests {
  @Test("The oracle refuses a history in which one token is consumed twice at once")
  func doubleConsume() throws {
    let history = try HandWrittenHistory()
    let first = history.ask(history.presenting(0))
    let second = history.ask(history.presenting(0))
    history.answer(first, .rotation(.rotated(history.session(1, refreshedAt: 5))), time: 0...10)
    history.answer(second, .rotation(.rotated(history.session(1, refreshedAt: 5))), time: 0...10)
    #expect(!history.holds())
  }

  @Test("The oracle refuses a history in which one token is consumed twice, with a crash in between")
  func resurrection() throws {
    let history = try HandWrittenHistory()
    history.rotate(0)
    #expect(history.holds())
    history.rotate(0, refreshedAt: 7)
    #expect(!history.holds())
  }

  @Test(
    "The oracle refuses a history in which an acknowledged token is refused",
    arguments: [
      .unknown, .revoked(generationsBehind: 0), .reused(.race, generationsBehind: 1, revokedSession: false),
      .expired(generationsBehind: 0),
    ]
      as [RotationRefusal])
  func acknowledgedTokenRefused(refusal: RotationRefusal) throws {
    let history = try HandWrittenHistory()
    history.rotate(0)
    history.call(history.presenting(1), .rotation(.refused(refusal)))
    #expect(!history.holds())
  }

  @Test("The oracle refuses a history in which a session is gone that was opened, after a crash")
  func openedSessionIsGone() throws {
    let history = try HandWrittenHistory()
    #expect(history.holds())
    history.call(.look, .looked(nil))
    #expect(!history.holds())
  }

  @Test("The oracle refuses a history in which a token works after its session was revoked", arguments: [false, true])
  func successAfterRevocation(crashes: Bool) throws {
    let history = try HandWrittenHistory()
    history.call(.revoke, .revocation(true))
    if crashes { #expect(history.holds()) }
    history.rotate(0)
    #expect(!history.holds())
  }

  @Test("The oracle refuses a history in which a token works after a reuse that revoked its session")
  func successAfterReuse() throws {
    let history = try HandWrittenHistory()
    history.rotate(0)
    let refusal = RotationRefusal.reused(.race, generationsBehind: 1, revokedSession: true)
    history.call(history.presenting(0, reuse: .revokeSession), .rotation(.refused(refusal)))
    history.rotate(1, refreshedAt: 9)
    #expect(!history.holds())
  }

  @Test("The oracle refuses a history in which a token works at its end, and no sooner was it refused")
  func successAfterExpiry() throws {
    let history = try HandWrittenHistory()
    history.rotate(0, refreshedAt: 1_000)
    #expect(!history.holds())
    let inTime = try HandWrittenHistory()
    inTime.rotate(0, refreshedAt: 999)
    #expect(inTime.holds())
  }

  @Test(
    "The oracle refuses that a token works after somebody was told that it has expired, the clock having gone back"
  )
  func successAfterExpiredVerdict() throws {
    let history = try HandWrittenHistory()
    history.call(history.presenting(0), .rotation(.refused(.expired(generationsBehind: 0))), time: 0...2_000)
    #expect(history.holds())
    history.rotate(0, refreshedAt: 5)
    #expect(!history.holds())
  }

  @Test("The oracle refuses a history in which somebody is told of an expiry before it")
  func expiredTooSoon() throws {
    let history = try HandWrittenHistory()
    history.call(history.presenting(0), .rotation(.refused(.expired(generationsBehind: 0))), time: 0...999)
    #expect(!history.holds())
  }

  @Test("The oracle refuses a history in which the grace window gives a sibling, not the identical session")
  func siblingInGrace() throws {
    for sibling in try [
      HandWrittenHistory().session(2, refreshedAt: 5), HandWrittenHistory().session(1, refreshedAt: 6),
      HandWrittenHistory().session(1, refreshedAt: 5, scope: "read"),
    ] {
      let history = try HandWrittenHistory()
      history.rotate(0)
      history.call(history.presenting(0, grace: 100), .rotation(.retried(sibling, .race)))
      #expect(!history.holds())
    }
  }

  @Test("The oracle refuses a history in which the grace window is longer than it was asked to be")
  func replayAfterGrace() throws {
    let history = try HandWrittenHistory()
    history.rotate(0)
    let replayed = TimedCall.Outcome.rotation(.retried(history.session(1, refreshedAt: 5), .race))
    history.call(history.presenting(0, grace: 100), replayed, time: 105...200)
    #expect(!history.holds())
  }

  @Test("The oracle refuses a history in which a reuse is told before the rotation was asked for")
  func reuseBeforeRotation() throws {
    let history = try HandWrittenHistory()
    let refusal = RotationRefusal.reused(.race, generationsBehind: 1, revokedSession: false)
    history.call(history.presenting(0), .rotation(.refused(refusal)))
    history.rotate(0)
    #expect(!history.holds())
  }

  @Test("The oracle refuses a history in which an unanswered call resolves both ways, one after the other")
  func unknownResolvesTwice() throws {
    let history = try HandWrittenHistory()
    _ = history.ask(.revoke)
    #expect(history.holds())
    history.call(.look, .looked(history.session(0, refreshedAt: 0)))
    #expect(history.holds())
    history.call(.look, .looked(nil))
    #expect(!history.holds())
  }

  @Test(
    "The oracle refuses that what a clean close made durable is lost, although the log is not synced otherwise"
  )
  func lostAfterClose() throws {
    let history = try HandWrittenHistory()
    history.rotate(0)
    #expect(history.holds(.all))
    #expect(history.holds(.anyPrefix))
    history.call(.look, .looked(history.session(0, refreshedAt: 0)))
    #expect(!history.holds())
  }
}

@Suite("The oracle accepts a history in which")
struct SimulationOracleAcceptanceTests {
  @Test("The oracle accepts a history in which one of several presenters succeeds, whoever is answered first")
  func oneSucceeds() throws {
    let history = try HandWrittenHistory()
    let questions = (0..<3).map { _ in history.ask(history.presenting(0)) }
    let refusal = TimedCall.Outcome.rotation(.refused(.reused(.race, generationsBehind: 1, revokedSession: false)))
    history.answer(questions[0], refusal, time: 0...10)
    history.answer(questions[1], refusal, time: 0...10)
    history.answer(questions[2], .rotation(.rotated(history.session(1, refreshedAt: 5))), time: 0...10)
    #expect(history.holds())
  }

  @Test("The oracle accepts a history in which an unanswered rotation was done", arguments: [false, true])
  func unknownWasDone(wasDone: Bool) throws {
    let history = try HandWrittenHistory()
    _ = history.ask(history.presenting(0))
    #expect(history.holds())
    history.call(.look, .looked(wasDone ? history.session(1, refreshedAt: 5) : history.session(0, refreshedAt: 0)))
    #expect(history.holds())
  }

  @Test(
    "The oracle accepts that a predecessor is answered with the identical session in its window, after a crash too"
  )
  func replayInGrace() throws {
    let history = try HandWrittenHistory()
    history.rotate(0)
    #expect(history.holds())
    let replayed = TimedCall.Outcome.rotation(.retried(history.session(1, refreshedAt: 5), .race))
    history.call(history.presenting(0, grace: 100), replayed, time: 50...104)
    history.call(history.presenting(0, grace: 100), replayed, time: 50...300)
    #expect(history.holds())
  }

  @Test(
    "The oracle accepts that another scope is asked for in the grace window, and refused without a revocation"
  )
  func otherScopeInGrace() throws {
    let history = try HandWrittenHistory()
    history.rotate(0)
    let refusal = RotationRefusal.reused(.race, generationsBehind: 1, revokedSession: false)
    history.call(
      history.presenting(0, grace: 100, reuse: .revokeSession, scope: "read"), .rotation(.refused(refusal)))
    history.rotate(1, refreshedAt: 9)
    #expect(history.holds())
  }

  @Test(
    "The oracle accepts a history in which a power loss takes the end of what was not durable, and not its beginning")
  func prefixSurvives() throws {
    for lost in 0...3 as ClosedRange<UInt32> {
      let history = try HandWrittenHistory()
      #expect(history.holds())
      for generation in 0..<3 as Range<UInt32> { history.rotate(generation, refreshedAt: 5) }
      #expect(history.holds(.anyPrefix))
      let left = history.session(lost, refreshedAt: lost == 0 ? 0 : 5)
      history.call(.look, .looked(left))
      #expect(history.holds())
    }
  }

  @Test("The oracle accepts a history in which a session is forgotten once its end has come")
  func forgotten() throws {
    let history = try HandWrittenHistory()
    history.call(history.presenting(0), .rotation(.refused(.expired(generationsBehind: 0))), time: 1_000...1_200)
    history.call(history.presenting(0), .rotation(.refused(.unknown)), time: 1_000...2_000)
    #expect(history.holds())
  }
}
