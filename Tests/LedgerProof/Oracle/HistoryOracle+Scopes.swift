internal import TokenLedger

/// Calls that are about many sessions at once.
extension HistoryOracle {
  /// A wide revocation of this life.
  struct WideRevocation: Sendable {
    let scope: SessionScope
    let invoked: Int
    var answered: Int?
    /// One for each session that was known when it was asked for.
    let questions: [Question]
  }

  /// An access token that somebody asked to have refused.
  struct RevokedAccess: Sendable {
    let session: Session
    let end: Int64
    var isAnswered = false
    var isDurable = false
  }

  /// Nil where a session's history has no room for it.
  func askForRevocation(of scope: SessionScope) -> Int? {
    let concerned = sessions.indices.filter { sessions[$0].facts.opened.isOf(scope) }
    guard concerned.allSatisfy({ !sessions[$0].isFull }) else { return nil }
    let questions = concerned.map { ask(.session($0), action(on: scope)) }
    // A mark is later than every opening, by a millisecond if need be.
    bounds.allowMark()
    wideRevocations.append(WideRevocation(scope: scope, invoked: moment(), answered: nil, questions: questions))
    return wideRevocations.count - 1
  }

  private func action(on scope: SessionScope) -> TimedCall.Action {
    switch scope {
    case .subject, .subjectAtClient: endsSubjectsOneByOne ? .revokeLive : .revokeAll
    case .client, .all: .revokeAll
    }
  }

  /// Every session that was opened before it was asked for has ended by now.
  func answerRevocation(_ number: Int) {
    for question in wideRevocations[number].questions { answer(question, .done) }
    wideRevocations[number].answered = moment()
  }

  func withdrawRevocation(_ number: Int) {
    for question in wideRevocations[number].questions { withdraw(question) }
    wideRevocations[number].answered = 0
  }

  /// What was going on while the session was opened may have ended it already, or may do so yet.
  func noteOverlaps(of number: Int, opened invoked: Int, subjectsAreCapped: Bool) {
    for wide in wideRevocations where (wide.answered ?? .max) > invoked {
      guard sessions[number].facts.opened.isOf(wide.scope) else { continue }
      askUnanswered(number, action(on: wide.scope), invoked: invoked)
    }
    if subjectsAreCapped { askUnanswered(number, .evict, invoked: invoked) }
  }

  /// An opening may evict any session of its subject.
  func noteCap() {
    for number in sessions.indices { askUnanswered(number, .evict, invoked: moment()) }
  }
}
