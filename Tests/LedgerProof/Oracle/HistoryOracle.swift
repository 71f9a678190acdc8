internal import TokenLedger

/// The history of all sessions and one-time tokens as their clients saw it, through every life of the ledger, and the
/// judgement on it.
///
/// It is told what was asked and what was answered, by nobody but those who asked. Used by one thread.
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
    /// Times that somebody had been told of before it was asked.
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
  /// The latest time that an answer rests on.
  private var knownTime: Int64 = 0
  private var durableKnownTime: Int64 = 0
  /// The clock's value from an event on.
  private var clockChanges: [(event: Int, value: Int64)] = [(0, 0)]
  private var highestReading: Int64 = 0
  /// How far the ledger's time may be ahead of all readings through what was asked in this life.
  private var ahead: Int64 = 0
  /// The ledger's time is no later.
  var highestTime: Int64 { highestReading + ahead }

  func noteClock(_ value: Int64) {
    clockChanges.append((event, value))
    highestReading = max(highestReading, value)
  }

  func allowAhead(milliseconds: Int64) { ahead += milliseconds }

  func moment() -> Int {
    event += 1
    return event
  }

  func violate(_ what: String, _ evidence: [String] = []) {
    violations.append((what, evidence))
  }

  /// The lowest value of the clock since an event.
  private func lowestTime(since start: Int) -> Int64 {
    var lowest = Int64.max
    for change in clockChanges.reversed() {
      lowest = min(lowest, change.value)
      if change.event < start { break }
    }
    return lowest
  }
}

// MARK: - Questions and answers

extension HistoryOracle {
  /// What is known when a session or token is asked for, which nobody knows yet.
  func askForNew() -> (invoked: Int, knownTime: Int64) { (moment(), knownTime) }

  func opened(_ session: Session, for grant: SessionGrant, asked: (invoked: Int, knownTime: Int64)) {
    _ = moment()
    let used = session.usedAt.milliseconds
    let lifetimes = grant.terms.lifetimes
    let isAsGranted =
      session.generation == 0 && session.subject == grant.subject && session.client == grant.client
      && session.scope == grant.scope && session.narrowedScope == nil && session.openedAt == session.usedAt
      && session.label == grant.label && session.rotation == grant.terms.rotation
      && session.idleEnd.milliseconds == used + lifetimes.idleMilliseconds
      && session.absoluteEnd.milliseconds == used + lifetimes.absoluteMilliseconds
    let earliest = max(asked.knownTime, lowestTime(since: asked.invoked))
    if !isAsGranted || used < earliest || used > highestTime {
      violate("a session was opened that is not what was granted", ["\(session)", "time \(earliest)…\(highestTime)"])
    }
    if sessions.contains(where: { $0.facts.opened.id == session.id }) {
      violate("a session's id was given twice", ["\(session)"])
    }
    let facts = SessionState.Facts(opened: session, terms: grant.terms)
    sessions.append(Linearization(SessionState(facts), facts))
    knownTime = max(knownTime, used)
  }

  func issued(_ id: SessionID, for grant: OneTimeGrant, asked: (invoked: Int, knownTime: Int64)) {
    _ = moment()
    if oneTimeIDs.contains(id) { violate("a one-time token's id was given twice", ["\(id)"]) }
    let earliest = max(asked.knownTime, lowestTime(since: asked.invoked))
    let facts = OneTimeState.Facts(grant: grant)
    oneTimeIDs.append(id)
    oneTimeTokens.append(Linearization(OneTimeState(facts, issuedFrom: earliest, to: highestTime), facts))
    knownTime = max(knownTime, earliest)
  }

  func ask(_ subject: Question.Subject, _ action: TimedCall.Action) -> Question {
    let invoked = moment()
    let call = TimedCall(action, invoked: invoked, earliest: knownTime)
    let index =
      switch subject {
      case .session(let number): sessions[number].ask(call)
      case .oneTime(let number): oneTimeTokens[number].ask(call)
      }
    return Question(subject: subject, index: index, invoked: invoked, knownTime: knownTime)
  }

  func answer(_ question: Question, _ outcome: TimedCall.Outcome) {
    let now = moment()
    let earliest = max(question.knownTime, lowestTime(since: question.invoked))
    switch question.subject {
    case .session(let number):
      sessions[number].answer(question.index, outcome, at: now, earliest: earliest, latest: highestTime)
    case .oneTime(let number):
      oneTimeTokens[number].answer(question.index, outcome, at: now, earliest: earliest, latest: highestTime)
    }
    switch outcome {
    case .rotation(.rotated(let session)), .rotation(.used(let session)):
      knownTime = max(knownTime, session.usedAt.milliseconds)
    default: break
    }
  }

  /// Something that may happen to a session, of which no answer will tell.
  func askUnanswered(_ number: Int, _ action: TimedCall.Action, invoked: Int) {
    if case .evict = action, !mayBeEvicted.insert(number).inserted { return }
    // Never the last room: a call that may have happened must not be left out.
    guard sessions[number].hasRoom(for: 1) else { return violate("a history has no room left") }
    _ = sessions[number].ask(TimedCall(action, invoked: invoked, earliest: knownTime))
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
      sessions[number].boundUnanswered(lowestTime(since:), highestTime)
      if let contradiction = sessions[number].endLife(survival) {
        report(contradiction, "session \(number)", sessions[number].earlier)
      }
    }
    for number in oneTimeTokens.indices {
      oneTimeTokens[number].boundUnanswered(lowestTime(since:), highestTime)
      if let contradiction = oneTimeTokens[number].endLife(survival) {
        report(contradiction, "one-time token \(number)", oneTimeTokens[number].earlier)
      }
    }
    switch survival {
    case .all: durableKnownTime = knownTime
    case .allInMemory: break
    case .anyPrefix: knownTime = durableKnownTime
    }
    clockChanges.removeFirst(clockChanges.count - 1)
    (highestReading, ahead) = (highestTime, 0)
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
    durableKnownTime = knownTime
  }

  private func report(_ contradiction: Contradiction, _ subject: String, _ calls: [TimedCall]) {
    let history = calls.map { call in "\(call.invoked == contradiction.call.invoked ? ">" : " ") \(call)" }
    violate(
      "\(subject): no order of the calls explains this answer: \(contradiction.call)",
      ["it could have been:"] + contradiction.states + ["its history (question…answer time from…to):"] + history)
  }
}
