import WriteAheadLog

/// The destination of a ledger's events: its log and the subscribers.
struct LedgerEventLog: LedgerEventSink {
  private let log: CommitLog?
  private var encoder = RecordEncoder()
  /// The subscribers to the events.
  var subscriptions = AuditSubscriptions()

  init(_ log: CommitLog?) {
    self.log = log
  }

  @inline(__always)
  mutating func take(_ event: LedgerEvent, sequence: UInt64, at time: Timestamp, before state: borrowing LedgerState) {
    if !subscriptions.isEmpty, let told = AuditEvent(event, sequence: sequence, time: time, before: state) {
      subscriptions.put(told)
    }
    log?.stage(sequence: sequence) { payload, startsFrame in
      encoder.encode(event, at: time, into: &payload, startsFrame: startsFrame)
    }
  }
}
