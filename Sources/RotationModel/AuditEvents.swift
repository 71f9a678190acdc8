/// The events of a ledger, from a place on, without end.
///
/// Each is told once it is durable. A slow consumer slows nothing: past its buffer events are dropped for it, and it is told which
/// (``AuditEvent/Fact/missed(from:)``). It ends when the ledger is closed or the task is cancelled, and throws when the ledger fails.
/// For one iteration.
public struct AuditEvents: AsyncSequence, Sendable {
  public typealias Element = AuditEvent
  public typealias Failure = LedgerError

  private let source: any AuditEventSource

  /// - Parameter source: where the iterations take their events from.
  public init(_ source: any AuditEventSource) {
    self.source = source
  }

  public func makeAsyncIterator() -> Iterator { Iterator(source: source) }

  public struct Iterator: AsyncIteratorProtocol {
    fileprivate var source: any AuditEventSource

    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(LedgerError) -> AuditEvent? {
      try await source.next()
    }
  }
}

/// What a ledger gives its events from.
public protocol AuditEventSource: Sendable {
  /// The next event; nil at the end and when the task is cancelled.
  mutating func next() async throws(LedgerError) -> AuditEvent?
}
