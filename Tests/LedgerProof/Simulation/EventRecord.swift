internal import TokenLedger

/// What one consumer was told.
struct EventRecord: Sendable {
  /// From the record after this one on.
  let after: UInt64
  private(set) var told: [AuditEvent] = []

  init(after: UInt64) {
    self.after = after
  }

  mutating func add(_ event: AuditEvent) { told.append(event) }

  /// Of events past this record the log knows nothing any more.
  mutating func lose(after sequence: UInt64) { told.removeAll { $0.sequence > sequence } }

  /// Returns the difference between what was told and `log`, the events of the log's records, or nil for none.
  ///
  /// `first` is the first record of which the log still knows.
  func breach(_ log: [AuditEvent], from first: UInt64) -> String? {
    for (one, next) in zip(told, told.dropFirst()) where next.sequence <= one.sequence {
      return "an event is told twice, or out of its order"
    }
    var missed: [ClosedRange<UInt64>] = []
    for event in told { if case .missed(let from) = event.fact { missed.append(from...event.sequence) } }
    let whole = told.filter { if case .missed = $0.fact { false } else { true } }.filter { $0.sequence >= first }
    guard let last = told.last?.sequence else { return nil }
    let expected = log.filter { event in
      event.sequence > after && event.sequence >= first && event.sequence <= last
        && !missed.contains { $0.contains(event.sequence) }
    }
    return whole == expected ? nil : "the events that were told are not those of the log"
  }
}
