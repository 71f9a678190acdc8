#if Postgres
internal import RotationModel

/// The consecutive readings of a feed, with their position.
///
/// Only the feed's thread uses it.
struct FeedReader {
  private let knowledge: InstanceKnowledge
  private let queries: FeedQueries
  /// The number up to which all revocations are known.
  private var cursor: Int64 = 0
  /// The number up to which all visible rows were applied in this reading.
  ///
  /// Beyond the cursor, steps under way can still add rows in between, so that the next reading begins at the cursor
  /// again.
  private var place: Int64 = 0
  /// The numbers of damaged rows after the cursor that were reported.
  private var told: Set<Int64> = []
  /// The timeline to which the cursor belongs.
  private var timeline: Int64?
  private var fence: Int64 = 0
  private var isNewConnection = true
  private var nextPulse = ContinuousClock.now

  init(_ knowledge: InstanceKnowledge) {
    (self.knowledge, queries) = (knowledge, knowledge.queries)
  }

  /// Begins on a new connection.
  ///
  /// On a timeline or under a fence that was not seen before, everything is read again.
  mutating func begin(_ connection: LedgerConnection) {
    if timeline != connection.facts.timeline || fence != connection.facts.fence { cursor = 0 }
    (timeline, fence) = (connection.facts.timeline, connection.facts.fence)
    isNewConnection = true
  }

  /// Reads everything new, in one step or several, and writes what verifiers saw.
  ///
  /// Each step takes at most `patience`.
  mutating func look(_ connection: LedgerConnection, patience: Duration) throws(DatabaseError) {
    let boot = knowledge.clock.bootMilliseconds()
    place = cursor
    while try !lookOnce(connection, deadline: .now + patience) {}
    knowledge.age.noteLook(boot: boot)
  }

  /// Makes one step, and returns whether everything was read.
  private mutating func lookOnce(
    _ connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> Bool {
    let isPulse = ContinuousClock.now >= nextPulse
    let notes = knowledge.revocations.notes.take(most: FeedQueries.notesMax)
    let estimate = knowledge.clock.estimate()
    var rows: ArraySlice<Rows>
    do {
      rows = try connection.step(statements(notes, isPulse: isPulse), deadline: deadline).rows[...]
    } catch {
      knowledge.revocations.notes.putBack(notes)
      throw error
    }
    let boot = knowledge.clock.bootMilliseconds()
    // More notes can be waiting, unless they are those whose rows another transaction holds.
    var hasMoreNotes = notes.count == FeedQueries.notesMax
    if let left = notes.isEmpty ? nil : rows.popFirst() {
      try putBack(left)
      hasMoreNotes = hasMoreNotes && left.count < notes.count / 2
    }
    if isPulse {
      _ = rows.popFirst()
      if let newest = rows.popFirst(), newest.count == 1 {
        knowledge.witness.acknowledge(
          try newest.int64(0, 0), milliseconds: try newest.int64(0, 1), under: connection.facts.fence)
      }
      knowledge.revocations.forgetEnded(at: knowledge.clock.now())
      nextPulse = .now + .seconds(1)
    }
    guard rows.count == 3, let look = rows.popFirst(), let lowest = rows.popFirst(), let news = rows.popFirst() else {
      throw .malformed("a look of the feed has fewer answers than queries")
    }
    let seen = try FeedLook(look, lowest)
    try noteTime(seen, estimate: estimate, boot: boot, connection, deadline: deadline)
    return try apply(seen, RevocationPage(news)) && !hasMoreNotes
  }

  private func statements(_ notes: [TokenID], isPulse: Bool) -> [Query] {
    var statements: [Query] = []
    if !notes.isEmpty {
      statements.append(
        Query(
          queries.flush,
          [.bytesArray(notes.map(\.session.bytes)), .int64Array(notes.map { Int64($0.generation) })]))
    }
    if isPulse { statements += [Query(queries.pulse), Query(queries.newestEvent)] }
    return statements + [Query(queries.look), Query(queries.lowestStep), Query(queries.revocations, [.int64(place)])]
  }

  /// Puts back the notes on sessions whose rows another transaction held; the next reading tries again.
  private func putBack(_ rows: Rows) throws(DatabaseError) {
    var left: [TokenID] = []
    for row in 0..<rows.count {
      left.append(TokenID(session: try rows.sessionID(row, 0), generation: try rows.generation(row, 1)))
    }
    knowledge.revocations.notes.putBack(left)
  }

  private mutating func apply(_ seen: FeedLook, _ news: RevocationPage) -> Bool {
    knowledge.revocations.insert(news.rows)
    tell(news.faults)
    knowledge.revocations.notes.expectUse(untilMilliseconds: seen.windowsUntil)
    knowledge.recordChange.raise(to: seen.recordChange)
    knowledge.staleMilliseconds.raise(to: seen.staleMilliseconds)
    guard seen.lastNumber >= cursor else {
      // The numbers went back, so this is not the history to which the cursor belongs.
      (cursor, place) = (0, 0)
      return false
    }
    let isWhole = news.count < FeedQueries.revocationsMax
    let last = news.lastNumber ?? place
    // A later page has a later floor, which says nothing about rows that an earlier page may have been too early to
    // see.
    if place <= cursor { cursor = max(cursor, isWhole ? seen.floor : min(seen.floor, last)) }
    place = max(place, last)
    knowledge.eventFloor.raise(to: seen.floor)
    return isWhole
  }

  /// Reports each damaged row once, those of one page together.
  private mutating func tell(_ faults: [RevocationPage.Fault]) {
    let cursor = cursor
    told = told.filter { $0 > cursor }
    let new = faults.filter { !told.contains($0.number) }
    guard let first = new.first else { return }
    told.formUnion(new.map(\.number))
    knowledge.tell(.damaged(new.count == 1 ? first.text : "\(first.text) Damaged rows after it: \(new.count - 1)."))
  }

  /// Compares the database's time with the known one, and raises it if it is behind.
  private mutating func noteTime(
    _ seen: FeedLook, estimate: Int64?, boot: Int64, _ connection: LedgerConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) {
    let clock = knowledge.clock
    let raise = ClockRaise(clock: clock, queries: queries)
    let before = clock.currentShiftMilliseconds
    let target = clock.timeToRaise(
      seen.now, over: max(estimate ?? .min, seen.high), isNewConnection: isNewConnection)
    isNewConnection = false
    if let target {
      try raise.raise(connection.database, from: seen.shift, by: target - seen.now, deadline: deadline)
    } else if seen.shift != before {
      try raise.learn(connection.database, deadline: deadline)
    }
    clock.note(ledgerMilliseconds: seen.now, bootAtReply: boot)
    let shift = DatabaseClock.seconds(ofShiftMilliseconds: clock.currentShiftMilliseconds)
    let step = clock.step(ofWallMilliseconds: seen.now - seen.shift, bootAtReply: boot)
    if let step {
      knowledge.tell(.clockStepped(byMilliseconds: step, shiftSeconds: shift))
    } else if shift != DatabaseClock.seconds(ofShiftMilliseconds: before) {
      knowledge.tell(.clockStepped(byMilliseconds: before - clock.currentShiftMilliseconds, shiftSeconds: shift))
    }
  }
}

/// The findings of one reading of the ledger.
private struct FeedLook {
  var now: Int64
  var shift: Int64
  var high: Int64
  var windowsUntil: Int64
  var recordChange: Int64
  var lastNumber: Int64
  var staleMilliseconds: Int64
  var floor: Int64

  init(_ look: Rows, _ lowest: Rows) throws(DatabaseError) {
    guard look.count == 1, lowest.count == 1 else { throw .malformed("the ledger's row is gone") }
    (now, shift) = (try look.int64(0, 0), try look.int64(0, 1))
    high = min(try look.int64(0, 2), DatabaseClock.millisecondsMax)
    (windowsUntil, recordChange, lastNumber) = (try look.int64(0, 3), try look.int64(0, 4), try look.int64(0, 5))
    staleMilliseconds = try look.int64(0, 7)
    floor = min(lastNumber, try lowest.int64IfPresent(0, 0) ?? lastNumber)
  }
}
#endif
