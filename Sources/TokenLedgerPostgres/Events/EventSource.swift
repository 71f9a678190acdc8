#if Postgres
internal import RotationModel

/// The events of all instances from a given number on, in the order of their numbers.
///
/// The feed reports how far they go, and the source reads them a thousand at a time as they are taken. A slow consumer
/// occupies no memory here, and loses only what the database has dropped since. The source waits while the database is
/// away. An event whose row is damaged is delivered as missed, and the stream continues.
struct EventSource: AuditEventSource {
  private let steps: any StepPerformer
  private let knowledge: InstanceKnowledge
  /// The number up to which all events were delivered.
  private var place: Int64
  /// The numbers after `place` that must not be delivered.
  private var known: Set<Int64>
  private var read: ArraySlice<AuditEvent> = []
  private var hasEnded = false

  private static let patience = Duration.milliseconds(200)

  init(_ steps: any StepPerformer, _ knowledge: InstanceKnowledge, after place: Int64, known: Set<Int64> = []) {
    (self.steps, self.knowledge, self.place, self.known) = (steps, knowledge, place, known)
  }

  mutating func next() async throws(LedgerError) -> AuditEvent? {
    while !hasEnded {
      if let event = read.popFirst() { return event }
      guard await knowledge.eventFloor.wait(after: place) else { return nil }
      do throws(LedgerError) {
        try await readOn()
      } catch {
        guard try await isPassing(error) else { return nil }
      }
    }
    return nil
  }

  private mutating func readOn() async throws(LedgerError) {
    let (place, floor) = (place, knowledge.eventFloor.value)
    let batch = try await steps.perform { (connection, deadline) throws(DatabaseError) in
      try EventReading.batch(after: place, through: floor, connection, deadline: deadline)
    }
    var events = batch.events
    if !known.isEmpty {
      events.removeAll { known.contains(Int64(clamping: $0.sequence)) }
      known = known.filter { $0 > batch.end }
    }
    tell(batch.faults)
    if let last = batch.missedThrough {
      let now = knowledge.clock.now()
      let missed = AuditEvent(
        sequence: UInt64(clamping: last), time: now.shifted(back: knowledge.clock.shift(at: now)),
        fact: .missed(from: UInt64(clamping: place &+ 1)))
      events.insert(missed, at: 0)
    }
    read = events[...]
    self.place = batch.end
  }

  private func tell(_ faults: [(number: Int64, text: String)]) {
    guard let first = faults.first else { return }
    let rest = faults.count == 1 ? "" : " Damaged rows after it: \(faults.count - 1)."
    knowledge.tell(
      .damaged(
        "Row \(first.number) of the table `event` is damaged (\(first.text)): its event is told as missed; repair it, or "
          + "delete it.\(rest)"))
  }

  /// Returns whether to continue after an error: it waits if the error can pass, and returns false at the end.
  private mutating func isPassing(_ error: LedgerError) async throws(LedgerError) -> Bool {
    switch error {
    case .unavailable, .outcomeUnknown, .overloaded:
      do { try await Task.sleep(for: Self.patience) } catch { return false }
      return true
    case .closed:
      hasEnded = true
      return false
    default:
      hasEnded = true
      throw error
    }
  }
}
#endif
