public import RotationModel
internal import Synchronization

/// The faults of the ledger: it fails and is slow when a test asks for it.
extension DictionaryLedger {
  /// Makes calls fail with this error, after the failures that were ordered before.
  ///
  /// | error | calls that fail |
  /// |---|---|
  /// | ``LedgerError/unavailable(_:)`` | all |
  /// | ``LedgerError/overloaded`` | those that change something |
  /// | ``LedgerError/full`` | those that open a session or issue a one-time token |
  /// | ``LedgerError/outcomeUnknown(_:)`` | those that change something; see `afterEffect` |
  /// | ``LedgerError/closed(_:)`` | those that change something; the first one closes the ledger for good |
  ///
  /// - Parameters:
  ///   - error: The error, any but ``LedgerError/invalid(field:limit:)``, which concerns the arguments of a call.
  ///   - times: The number of calls that fail, at least 1, or nil for all until ``recover()``. With nil ``health``
  ///     shows it too: unavailable, or stalled if the error is overloaded.
  ///   - afterEffect: True if the call takes effect before it fails, as if a connection broke between a commit and its
  ///     answer; false if it changes nothing. True is only for ``LedgerError/outcomeUnknown(_:)`` and
  ///     ``LedgerError/closed(_:)``: with the other errors the caller can rely on it that nothing has changed.
  public func fail(_ error: LedgerError, times: Int? = nil, afterEffect: Bool = false) {
    let now = time()
    books.withLock { $0.faults.order(error, times: times, afterEffect: afterEffect, at: now) }
  }

  /// Ends all failures that were ordered.
  ///
  /// A closed ledger stays closed.
  public func recover() {
    books.withLock { $0.faults.end() }
  }

  /// Makes the ledger look like one of several instances on one database, whose ``health`` has the age of its news of
  /// the others.
  ///
  /// - Parameters:
  ///   - age: The age, or nil for a ledger that is alone, as at the beginning.
  ///   - isStale: True if the age counts as too old.
  ///   - refusesAccess: True if all access tokens are refused because of it.
  public func setFeed(age: Duration?, isStale: Bool = false, refusesAccess: Bool = false) {
    books.withLock { $0.feed = Feed(age: age, isStale: isStale, refusesAccess: refusesAccess) }
  }

  /// Makes the ledger slow: new decisions are not durable, and their callers wait until ``release()``, their deadline
  /// or, with a deadline, their cancellation.
  ///
  /// Calls that rest on nothing new are answered at once.
  public func hold() {
    let sequence = books.withLock { $0.sessions.sequence }
    held.hold(after: sequence)
  }

  /// Makes all decisions durable and ends the effect of ``hold()``.
  public func release() {
    held.release()
  }

  /// The number of decided calls that wait because of ``hold()``.
  public var heldCalls: Int { held.count }

  /// Returns once at least this many calls wait.
  public func waitForHeldCalls(_ count: Int = 1) async {
    while held.count < count, !Task.isCancelled { await Task.yield() }
  }
}
