import Testing

@testable import RefreshRotationLoad

@Suite("The judge of a session") struct SessionJudgeTests {
  private static let grace = Duration.seconds(30)

  private static func judge(lifetime: Duration? = nil) -> SessionJudge {
    SessionJudge(IssuedToken("t0", lifetime: lifetime), at: .zero)
  }

  private static func granted(_ text: String) -> RotationReply { .granted(IssuedToken(text)) }

  /// After one rotation at 1 s.
  private static func rotatedOnce() -> SessionJudge {
    var judge = judge()
    _ = judge.answered(granted("t1"), sent: .seconds(1), at: .seconds(1), grace: .zero)
    return judge
  }

  @Test("follows the chain from each token to its successor")
  func chain() {
    var judge = Self.judge()
    for number in 1...5 {
      let time = Duration.seconds(number)
      #expect(judge.answered(Self.granted("t\(number)"), sent: time, at: time, grace: .zero) == .init())
      #expect(judge.token == "t\(number)" && judge.rotations == number)
    }
  }

  @Test("finds that a token which was received and never presented is refused")
  func acknowledgedRefused() throws {
    var judge = Self.rotatedOnce()
    let judgement = judge.answered(.refused, sent: .seconds(2), at: .seconds(2), grace: .zero)
    #expect(judgement.violation?.kind == .acknowledgedRefused && !judgement.goesOn)
    let evidence = try #require(judgement.violation?.evidence)
    #expect(evidence.contains("rotation 1 of its session") && evidence.contains("1000.0 ms"), "\(evidence)")
  }

  @Test("finds that the token of a log-in is refused")
  func loginRefused() {
    var judge = Self.judge()
    let judgement = judge.answered(.refused, sent: .seconds(1), at: .seconds(1), grace: .zero)
    #expect(judgement.violation?.evidence.contains("the answer to the log-in") == true)
  }

  @Test(
    "says where the token is written down that a session was to start from and that was spent: nobody broke anything")
  func spentStart() {
    func judge() -> SessionJudge { SessionJudge(IssuedToken("t0", place: "tokens:3"), at: .zero) }
    let spent = SessionJudge.Judgement(goesOn: false, refusedStart: "tokens:3")
    var (alone, raced, lost, good) = (judge(), judge(), judge(), judge())
    #expect(alone.answered(.refused, sent: .zero, at: .zero, grace: .zero) == spent)
    #expect(raced.raced([.refused, .refused], sent: .zero, at: .zero, grace: .zero) == spent)
    #expect(lost.lost(.refused, sent: .zero, at: .zero) == spent)
    // Once it was granted, its successor is as good as any.
    _ = good.answered(Self.granted("t1"), sent: .zero, at: .zero, grace: .zero)
    let refused = good.answered(.refused, sent: .seconds(1), at: .seconds(1), grace: .zero)
    #expect(refused.violation?.kind == .acknowledgedRefused && refused.refusedStart == nil)
  }

  @Test("finds that a token is answered with itself")
  func notRotated() {
    var judge = Self.judge()
    let judgement = judge.answered(Self.granted("t0"), sent: .zero, at: .zero, grace: .zero)
    #expect(judgement.violation?.kind == .notRotated && judgement.goesOn)
  }

  @Test("takes the refusal of a token that may be consumed for right", arguments: [0, 1, 59])
  func refusedAfterSilence(seconds: Int) {
    var judge = Self.rotatedOnce()
    #expect(judge.lost(nil, sent: .seconds(2), at: .seconds(2)) == .init())
    let time = Duration.seconds(2 + seconds)
    #expect(judge.answered(.refused, sent: time, at: time, grace: .zero) == .init(goesOn: false))
  }

  @Test("takes any successor for right where the reply before was lost unseen")
  func grantedAfterSilence() {
    var judge = Self.rotatedOnce()
    _ = judge.lost(nil, sent: .seconds(2), at: .seconds(2))
    #expect(judge.answered(Self.granted("t2"), sent: .seconds(3), at: .seconds(3), grace: .zero) == .init())
  }

  @Test("does not blame the next token for a request that may still be on its way, and does once it cannot be")
  func lateRequest() {
    for (seconds, isViolation) in [(50, false), (70, true)] {
      var judge = Self.rotatedOnce()
      _ = judge.lost(nil, sent: .seconds(2), at: .seconds(2))
      _ = judge.answered(Self.granted("t2"), sent: .seconds(3), at: .seconds(3), grace: .zero)
      let time = Duration.seconds(seconds)
      let judgement = judge.answered(.refused, sent: time, at: time, grace: .zero)
      #expect((judgement.violation != nil) == isViolation && !judgement.goesOn)
    }
  }

  @Test("takes the identical pair after a lost reply for right in the grace window or without one, not after one")
  func repeatedReply() {
    let cases: [(Duration, LoadViolation.Kind?)] = [(Self.grace, nil), (.zero, nil), (.seconds(1), .reuseAccepted)]
    for (grace, kind) in cases {
      var judge = Self.rotatedOnce()
      _ = judge.lost(Self.granted("t2"), sent: .seconds(2), at: .seconds(2))
      let judgement = judge.answered(Self.granted("t2"), sent: .seconds(4), at: .seconds(4), grace: grace)
      #expect(judgement.violation?.kind == kind && judgement.goesOn && judge.token == "t2")
    }
  }

  @Test("finds another successor after a lost reply, however long the grace window is")
  func siblingAfterLoss() {
    var judge = Self.rotatedOnce()
    _ = judge.lost(Self.granted("t2"), sent: .seconds(2), at: .seconds(2))
    let judgement = judge.answered(Self.granted("s2"), sent: .seconds(2), at: .seconds(2), grace: Self.grace)
    #expect(judgement.violation?.kind == .twoSuccessors && !judgement.goesOn)
    #expect(judgement.violation?.evidence.contains("a retry after a lost reply") == true)
  }

  @Test("takes a refused retry after a lost reply for right")
  func refusedRetry() {
    var judge = Self.rotatedOnce()
    _ = judge.lost(Self.granted("t2"), sent: .seconds(2), at: .seconds(2))
    #expect(judge.answered(.refused, sent: .seconds(2), at: .seconds(2), grace: .zero) == .init(goesOn: false))
  }

  @Test("takes one winner of a race for right, and a session that ends after it")
  func race() {
    var judge = Self.rotatedOnce()
    let replies: [RotationReply?] = [.refused, Self.granted("t2"), .refused, nil]
    #expect(judge.raced(replies, sent: .seconds(2), at: .seconds(2), grace: .zero) == .init())
    #expect(judge.token == "t2")
    #expect(judge.answered(.refused, sent: .seconds(3), at: .seconds(3), grace: .zero) == .init(goesOn: false))
  }

  @Test("takes the same successor for all of a race for right, and holds the server to it")
  func raceInGrace() {
    var judge = Self.rotatedOnce()
    let replies = [Self.granted("t2"), Self.granted("t2")]
    #expect(judge.raced(replies, sent: .seconds(2), at: .seconds(2), grace: .zero) == .init())
    let judgement = judge.answered(.refused, sent: .seconds(3), at: .seconds(3), grace: .zero)
    #expect(judgement.violation?.kind == .acknowledgedRefused)
  }

  @Test("finds two winners of a race")
  func twoWinners() {
    var judge = Self.rotatedOnce()
    let replies = [Self.granted("t2"), .refused, Self.granted("s2")]
    let judgement = judge.raced(replies, sent: .seconds(2), at: .seconds(2), grace: Self.grace)
    #expect(judgement.violation?.kind == .twoSuccessors && !judgement.goesOn)
    #expect(judgement.violation?.evidence.contains("a race of 3") == true)
  }

  @Test("finds a race that nobody won, unless one had no answer")
  func noWinner() {
    let cases: [([RotationReply?], LoadViolation.Kind?)] = [
      ([.refused, .refused], .acknowledgedRefused), ([.refused, nil], nil),
    ]
    for (replies, kind) in cases {
      var judge = Self.rotatedOnce()
      let judgement = judge.raced(replies, sent: .seconds(2), at: .seconds(2), grace: .zero)
      #expect(judgement.violation?.kind == kind && judgement.goesOn == (kind == nil))
    }
  }

  @Test("takes a session's end after a refused reuse for right, but only until it has gone on once")
  func endAfterReuse() {
    var judge = Self.rotatedOnce()
    judge.presentedConsumed(.refused, at: .seconds(2))
    #expect(judge.answered(.refused, sent: .seconds(3), at: .seconds(3), grace: .zero) == .init(goesOn: false))

    judge = Self.rotatedOnce()
    judge.presentedConsumed(.refused, at: .seconds(2))
    _ = judge.answered(Self.granted("t2"), sent: .seconds(3), at: .seconds(3), grace: .zero)
    let judgement = judge.answered(.refused, sent: .seconds(4), at: .seconds(4), grace: .zero)
    #expect(judgement.violation?.kind == .acknowledgedRefused)
  }

  @Test("takes the refusal of an expired token for right")
  func expired() {
    let cases: [(Int, LoadViolation.Kind?)] = [(10, .acknowledgedRefused), (60, nil)]
    for (seconds, kind) in cases {
      var judge = Self.judge(lifetime: .seconds(60))
      let time = Duration.seconds(seconds)
      #expect(judge.answered(.refused, sent: time, at: time, grace: .zero).violation?.kind == kind)
    }
  }

  @Test("judges a consumed token by its successor and by when it was sent")
  func presentedAgain() {
    let consumed = ConsumedToken(token: "t0", successor: "t1", consumed: .seconds(10))
    let cases: [(RotationReply, Int, LoadViolation.Kind?)] = [
      (.refused, 11, nil), (.refused, 100, nil), (Self.granted("t1"), 11, nil), (Self.granted("t1"), 40, nil),
      (Self.granted("t1"), 41, .reuseAccepted), (Self.granted("s1"), 11, .twoSuccessors),
      (Self.granted("s1"), 100, .twoSuccessors), (Self.granted("t0"), 11, .notRotated),
    ]
    for (reply, seconds, kind) in cases {
      let violation = consumed.violation(reply, sent: .seconds(seconds), at: .seconds(seconds), grace: Self.grace)
      #expect(violation?.kind == kind, "\(reply) at \(seconds) s")
    }
  }

  @Test("takes no reuse for right without a grace window, not even one of the moment in which the reply came")
  func reuseAtOnce() {
    let consumed = ConsumedToken(token: "t0", successor: "t1", consumed: .seconds(10))
    let violation = consumed.violation(Self.granted("t1"), sent: .seconds(10), at: .seconds(11), grace: .zero)
    #expect(violation?.kind == .reuseAccepted)
  }

  @Test("names a token by the first digits of its SHA-256 and never by its text")
  func fingerprints() throws {
    var judge = SessionJudge(IssuedToken("a-secret-token"), at: .zero)
    let replies = [Self.granted("secret-one"), Self.granted("secret-two")]
    let judgement = judge.raced(replies, sent: .zero, at: .zero, grace: .zero)
    let evidence = try #require(judgement.violation?.description)
    // printf %s a-secret-token | sha256sum
    #expect(evidence.contains("4b4254175bde") && !evidence.contains("secret"), "\(evidence)")
  }
}
