#if Postgres
internal import RotationModel

/// The reading of the stream of events.
///
/// Each reading is a step that writes, so that its result is on the standby if one is required.
enum EventReading {
  /// The beginning of a stream of the events from now on.
  struct Start: Sendable {
    /// The last number that was given out.
    var last: Int64
    var floor: Int64
    /// The numbers of events above the floor that exist already, while steps with lower numbers are under way.
    var known: Set<Int64>
  }

  /// Some of the events after a given number.
  struct Batch: Sendable {
    var events: [AuditEvent] = []
    /// The number up to which there is nothing left to deliver.
    var end: Int64
    /// The last number that was dropped with its partition, if that is after the given number.
    var missedThrough: Int64?
    /// The numbers of damaged events, which are delivered as missed, with the fault of each.
    var faults: [(number: Int64, text: String)] = []
  }

  static let rowsMax = 1024
  /// The size of one partition, as a number of bits.
  static let partitionBits = 24

  static func start(
    _ connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Start {
    let floor = try floor(connection, deadline: deadline)
    let rows = try connection.step([Query(numbersAbove, [.int64(floor.floor)]), barrier], deadline: deadline).rows[0]
    var known: Set<Int64> = []
    for row in 0..<rows.count { known.insert(try rows.int64(row, 0)) }
    return Start(last: floor.last, floor: floor.floor, known: known)
  }

  /// Returns the last number, and the floor: the number up to which every event exists or never will.
  static func floor(
    _ connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> (last: Int64, floor: Int64) {
    let rows = try connection.step([Query(lastNumber), Query(lowestStep), barrier], deadline: deadline).rows
    guard rows[0].count == 1, rows[1].count == 1 else { throw .malformed("the ledger's sequence is gone") }
    let last = try rows[0].int64(0, 0)
    return (last, min(last, try rows[1].int64IfPresent(0, 0) ?? last))
  }

  /// Returns the next events after a number, at most ``rowsMax``.
  ///
  /// `floor` is the number up to which every event exists or never will; no event after it is read.
  static func batch(
    after place: Int64, through floor: Int64, _ connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Batch {
    // An event that is dropped between the two statements is reported as missed although it was read, never the
    // reverse.
    let rows = try connection.step(
      [Query(read, [.int64(place), .int64(floor)]), Query(oldestPartition), barrier], deadline: deadline
    ).rows
    let (found, oldest) = (rows[0], rows[1])
    var batch = Batch(end: floor)
    for row in 0..<found.count {
      do throws(DatabaseError) {
        if let event = try AuditEvent(found, row) { batch.events.append(event) }
      } catch {
        let number = try found.int64(row, 0)
        batch.faults.append((number, error.description))
        batch.events.append(missed(number, at: (try? found.int64(row, 1)).map { Timestamp(milliseconds: $0) } ?? .zero))
      }
    }
    if found.count == rowsMax { batch.end = try found.int64(found.count - 1, 0) }
    guard oldest.count == 1, let start = try oldest.int64IfPresent(0, 0) else { return batch }
    let first = found.count > 0 ? try found.int64(0, 0) : Int64.max
    if place &+ 1 < start, first >= start {
      batch.missedThrough = start - 1
      batch.end = max(batch.end, start - 1)
    }
    return batch
  }

  /// Returns the event for one of which only the number is known.
  private static func missed(_ number: Int64, at time: Timestamp) -> AuditEvent {
    let sequence = UInt64(clamping: number)
    return AuditEvent(sequence: sequence, time: time, fact: .missed(from: sequence))
  }

  static let barrier = Query(Statement(name: "event_barrier", sql: "select \(LedgerSQL.barrier)::text"))

  private static let lastNumber = Statement(
    name: "event_last_number", sql: "select \(LedgerSQL.lastNumber) from ledger_number")
  private static let lowestStep = Statement(name: "event_lowest_step", sql: StreamFloor.lowestStep)
  private static let numbersAbove = Statement(
    name: "event_numbers_above", sql: "select number from event where number > $1")

  private static let read = Statement(
    name: "event_read",
    sql: """
      select \(AuditEvent.columns) from event e where e.number > $1 and e.number <= $2 order by e.number limit \(rowsMax)
      """)

  private static let oldestPartition = Statement(name: "event_oldest_partition", sql: "select \(oldestNumber)")

  /// The first number that the oldest existing partition can have, taken from its name.
  static let oldestNumber = """
    (select min(substring(c.relname from '^event_([0-9]+)$')::int8) << \(partitionBits) from pg_inherits i
      join pg_class c on c.oid = i.inhrelid where i.inhparent = 'event'::regclass)
    """
}
#endif
