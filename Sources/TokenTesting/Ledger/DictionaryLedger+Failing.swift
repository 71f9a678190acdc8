public import RotationModel
internal import Synchronization

/// How it misbehaves: it fails and is slow where a test says so.
extension DictionaryLedger {
  /// Has calls fail, after what was ordered before.
  ///
  /// | error | the calls that meet it |
  /// |---|---|
  /// | ``LedgerError/unavailable(_:)`` | all |
  /// | ``LedgerError/overloaded`` | those that change something |
  /// | ``LedgerError/full`` | those that open a session or issue a one-time token |
  /// | ``LedgerError/outcomeUnknown(_:)`` | those that change something; with `afterEffect` the change is made, without it none |
  /// | ``LedgerError/closed(_:)`` | the same; from the first of them on the ledger is closed for good |
  ///
  /// ``LedgerError/invalid(field:limit:)`` cannot be ordered: it is said of what a caller passed.
  ///
  /// - Parameters:
  ///   - times: so many calls; nil for all until ``recover()``. While that is so ``health`` says it: unavailable, or stalled where it is overloaded.
  ///   - afterEffect: whether the call takes effect before it fails, as where a connection breaks between a commit and its answer. Only for
  ///     ``LedgerError/outcomeUnknown(_:)`` and ``LedgerError/closed(_:)``: of the others the caller may rely on it that nothing has changed.
  public func fail(_ error: LedgerError, times: Int? = nil, afterEffect: Bool = false) {
    let now = time()
    books.withLock { $0.faults.order(error, times: times, afterEffect: afterEffect, at: now) }
  }

  /// Ends all failures that were ordered. A closed ledger stays closed.
  public func recover() {
    books.withLock { $0.faults.end() }
  }

  /// Makes it look like one of several instances on one database, whose ``health`` says how old its news of the others is.
  ///
  /// - Parameters:
  ///   - age: nil as at the beginning: it is alone.
  ///   - isStale: whether that counts as too old.
  ///   - refusesAccess: whether all access tokens are refused because of it.
  public func setFeed(age: Duration?, isStale: Bool = false, refusesAccess: Bool = false) {
    books.withLock { $0.feed = Feed(age: age, isStale: isStale, refusesAccess: refusesAccess) }
  }

  /// Makes the ledger slow: what is decided from now on is not durable, and whoever waits for it waits, until ``release()``, its deadline or its
  /// cancellation where there is a deadline. What rests on nothing new is answered at once.
  public func hold() {
    let sequence = books.withLock { $0.sessions.sequence }
    held.hold(after: sequence)
  }

  /// Makes all that was decided durable, and ends what ``hold()`` began.
  public func release() {
    held.release()
  }

  /// How many calls are decided and wait because of ``hold()``.
  public var heldCalls: Int { held.count }

  /// Returns once at least so many calls wait.
  public func waitForHeldCalls(_ count: Int = 1) async {
    while held.count < count, !Task.isCancelled { await Task.yield() }
  }
}
