internal import TokenLedger

/// The history of all sessions and one-time tokens as their clients saw it, through every life of the ledger, and the
/// judgement on it.
///
/// It is told what was asked and what was answered, by nobody but those who asked. One thread uses it.
final class HistoryOracle {
  /// A question that waits for its answer.
  struct Question: Sendable {
    enum Subject: Sendable {
      case session(Int)
      case oneTime(Int)
    }

    let subject: Subject
    let index: Int
    let invoked: Int
    /// The ledger's time was at least this when it was asked.
    let knownTime: Int64
  }

  private(set) var sessions: [Linearization<SessionState>] = []
  private(set) var oneTimeTokens: [Linearization<OneTimeState>] = []
  private(set) var oneTimeIDs: [SessionID] = []
  private(set) var event = 0
  /// Of this life.
  var wideRevocations: [WideRevocation] = []
  private(set) var revokedAccess: [RevokedAccess] = []
  /// By session, in this life: whether an opening may have evicted it.
  private var mayBeEvicted: Set<Int> = []
  private(set) var violations: [(what: String, evidence: [String])] = []
  /// Whether the ledger ends a subject's sessions one by one.
  var endsSubjectsOneByOne = false
  /// What the ledger's time can be.
  var bounds = TimeBounds()
  /// By the pair's token and time: the shift that it was minted under.
  var shiftsOfPairs: [PairKey: Int64] = [:]
  /// In this life, and before it as far as that is durable: the ends of the proofs that were accepted.
  private var acceptedProofs: [Digest256: Int64] = [:]
  /// The ledger's time is no later.
  var highestTime: Int64 { bounds.most }

  func moment() -> Int {
    event += 1
    return event
  }

  func violate(_ what: String, _ evidence: [String] = []) {
    violations.append((what, evidence))
  }
}

// MARK: - Questions and answers

extension HistoryOracle {
  /// What is known when a session or token is asked for, which nobody knows yet.
  func askForNew() -> (invoked: Int, knownTime: Int64) { (moment(), bounds.least) }

  func opened(_ session: Session, for grant: SessionGrant, asked: (invoked: Int, knownTime: Int64)) {
    _ = moment()
    let used = session.refreshedAt.milliseconds
    let lifetimes = grant.terms.lifetimes
    let isAsGranted =
      session.generation == 0 && session.subject == grant.subject && session.client == grant.client
      && session.scope == grant.scope && session.narrowedScope == nil && session.openedAt == session.refreshedAt
      && session.keys == grant.keys && session.attributes == grant.attributes && session.label == grant.label
      && session.rotation == grant.terms.rotation
      && session.idleEnd.milliseconds == used + lifetimes.idleMilliseconds
      && session.absoluteEnd.milliseconds == used + lifetimes.absoluteMilliseconds
    let earliest = bounds.earliest(since: asked.invoked, least: asked.knownTime)
    if !isAsGranted || used < earliest || used > highestTime {
      violate("a session was opened that is not what was granted", ["\(session)", "time \(earliest)…\(highestTime)"])
    }
    if sessions.contains(where: { $0.facts.opened.id == session.id }) {
      violate("a session's id was given twice", ["\(session)"])
    }
    let facts = SessionState.Facts(
      opened: session, terms: grant.terms, subjectVersion: grant.subjectVersion, clientVersion: grant.clientVersion)
    sessions.append(Linearization(SessionState(facts), facts))
    bounds.noteDurableCall(askedAt: asked.invoked)
    bounds.noteAnswer(used)
    judgeShift(of: session, askedAt: asked.invoked)
  }

  func issued(_ id: SessionID, for grant: OneTimeGrant, asked: (invoked: Int, knownTime: Int64)) {
    _ = moment()
    if oneTimeIDs.contains(id) { violate("a one-time token's id was given twice", ["\(id)"]) }
    let earliest = bounds.earliest(since: asked.invoked, least: asked.knownTime)
    let facts = OneTimeState.Facts(grant: grant)
    oneTimeIDs.append(id)
    oneTimeTokens.append(Linearization(OneTimeState(facts, issuedFrom: earliest, to: highestTime), facts))
    bounds.noteDurableCall(askedAt: asked.invoked)
    bounds.noteAnswer(earliest)
  }

  func ask(_ subject: Question.Subject, _ action: TimedCall.Action) -> Question {
    let invoked = moment()
    let call = TimedCall(action, invoked: invoked, earliest: bounds.least)
    let index =
      switch subject {
      case .session(let number): sessions[number].ask(call)
      case .oneTime(let number): oneTimeTokens[number].ask(call)
      }
    return Question(subject: subject, index: index, invoked: invoked, knownTime: bounds.least)
  }

  /// Notes and judges the answer to a question.
  ///
  /// `mayBeRetried` is true if the ledger possibly tried the call again, since a connection broke meanwhile.
  func answer(_ question: Question, _ outcome: TimedCall.Outcome, mayBeRetried: Bool = false) {
    let now = moment()
    if mayBeRetried, case .session(let number) = question.subject, case .rotation(let rotation) = outcome {
      switch rotation {
      case .rotated: break
      case .refreshed, .retried, .refused: sessions[number].noteTries(question.index, latest: highestTime)
      }
    }
    let earliest = bounds.earliest(since: question.invoked, least: question.knownTime)
    if case .session(let number) = question.subject, case .rotation(let rotation) = outcome {
      judgeProof(of: number, question, rotation)
    }
    switch question.subject {
    case .session(let number):
      sessions[number].answer(question.index, outcome, at: now, earliest: earliest, latest: highestTime)
    case .oneTime(let number):
      oneTimeTokens[number].answer(question.index, outcome, at: now, earliest: earliest, latest: highestTime)
    }
    noteTime(of: outcome, askedAt: question.invoked, earliest)
  }

  /// A proof that was accepted once is not accepted again, as long as the ledger's time cannot have come to its end:
  /// after that it is good again for a ledger whose wall clock was set back.
  private func judgeProof(of number: Int, _ question: Question, _ rotation: Rotation) {
    guard case .rotate(let request) = sessions[number].calls[question.index].action, let proof = request.proof else {
      return
    }
    switch rotation {
    case .rotated, .refreshed, .retried:
      if let end = acceptedProofs[proof.useDigest], highestTime < end {
        violate(
          "a proof was accepted twice", ["\(proof.useDigest), until \(end)", "the time is at most \(highestTime)"])
      }
      acceptedProofs[proof.useDigest] = proof.end.milliseconds
    case .refused: break
    }
  }

  /// Something that may happen to a session, of which no answer will tell.
  func askUnanswered(_ number: Int, _ action: TimedCall.Action, invoked: Int) {
    if case .evict = action, !mayBeEvicted.insert(number).inserted { return }
    // Never the last room: a call that may have happened must not be left out.
    guard sessions[number].hasRoom(for: 1) else { return violate("a history has no room left") }
    _ = sessions[number].ask(TimedCall(action, invoked: invoked, earliest: bounds.least))
  }

  func askForAccessRevocation(of session: Session, until end: Int64) -> Int {
    revokedAccess.append(RevokedAccess(session: session, end: end))
    return revokedAccess.count - 1
  }

  func answerAccessRevocation(_ number: Int) { revokedAccess[number].isAnswered = true }

  /// The question was refused before it could have an effect.
  func withdraw(_ question: Question) {
    switch question.subject {
    case .session(let number): sessions[number].withdraw(question.index)
    case .oneTime(let number): oneTimeTokens[number].withdraw(question.index)
    }
  }
}

// MARK: - Lives

extension HistoryOracle {
  /// Judges the life that ends.
  func endLife(_ survival: Survival) {
    _ = moment()
    for number in sessions.indices {
      sessions[number].boundUnanswered(bounds.lowestWall(since:), highestTime)
      if let contradiction = sessions[number].endLife(survival) {
        report(contradiction, "session \(number)", sessions[number].earlier)
      }
    }
    for number in oneTimeTokens.indices {
      oneTimeTokens[number].boundUnanswered(bounds.lowestWall(since:), highestTime)
      if let contradiction = oneTimeTokens[number].endLife(survival) {
        report(contradiction, "one-time token \(number)", oneTimeTokens[number].earlier)
      }
    }
    bounds.endLife(survival)
    if survival == .anyPrefix { (shiftsOfPairs, acceptedProofs) = ([:], [:]) }
    wideRevocations = []
    mayBeEvicted = []
    for number in revokedAccess.indices {
      switch survival {
      case .all: revokedAccess[number].isDurable = revokedAccess[number].isAnswered
      case .allInMemory: break
      case .anyPrefix: revokedAccess[number].isAnswered = revokedAccess[number].isDurable
      }
    }
  }

  /// All that was answered is durable, whatever the durability: the ledger was closed, or has opened on it.
  func noteDurable() {
    for number in sessions.indices { sessions[number].noteDurable() }
    for number in oneTimeTokens.indices { oneTimeTokens[number].noteDurable() }
    for number in revokedAccess.indices { revokedAccess[number].isDurable = revokedAccess[number].isAnswered }
    bounds.noteDurable()
  }

  private func report(_ contradiction: Contradiction, _ subject: String, _ calls: [TimedCall]) {
    let history = calls.map { call in "\(call.invoked == contradiction.call.invoked ? ">" : " ") \(call)" }
    violate(
      "\(subject): no order of the calls explains this answer: \(contradiction.call)",
      ["it could have been:"] + contradiction.states + ["its history (question…answer time from…to):"] + history)
  }
}

extension Session {
  func isOf(_ scope: SessionScope) -> Bool {
    switch scope {
    case .all: true
    case .subject(let name): subject == name
    case .client(let name): client == name
    case .subjectAtClient(let subjectName, let clientName): subject == subjectName && client == clientName
    }
  }
}
