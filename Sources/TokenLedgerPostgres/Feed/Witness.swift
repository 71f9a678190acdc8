#if Postgres
internal import RotationModel
internal import Synchronization

/// The memory of what an instance has seen of its ledger, with which each new connection is compared: a database that
/// was set back, or an old primary that continues by itself, must not decide.
package final class Witness: Sendable {
  /// An event that was committed, and is on the standby if one is required.
  private struct Seen {
    var number: Int64
    /// The ledger's time when the event became known.
    var at: Timestamp
  }

  private struct State {
    var server: String?
    var timeline: Int64 = 0
    var fence: Int64?
    var newest: Seen?
    /// The newest event whose time is known as well, since a number can be given out again.
    var newestTimed: (number: Int64, milliseconds: Int64)?
    /// True if the last examined database lacks what was acknowledged.
    var isFenced = false
  }

  let clock: DatabaseClock
  let queries: FeedQueries
  private let retentionMilliseconds: Int64
  private let state = Mutex(State())

  init(clock: DatabaseClock, queries: FeedQueries, eventRetention: Duration) {
    (self.clock, self.queries) = (clock, queries)
    retentionMilliseconds = eventRetention.components.seconds * 1000
  }

  /// Notes that the event with this number is committed for good: an outcome with it was acknowledged, or a reading has
  /// seen it.
  ///
  /// - Parameters:
  ///   - number: The number of the event.
  ///   - milliseconds: The ledger's time of the event, if it is known.
  ///   - fence: The fence of the connection. Events from before the last fence are not missed.
  package func acknowledge(_ number: Int64, milliseconds: Int64? = nil, under fence: Int64) {
    let now = clock.now()
    state.withLock { state in
      guard fence >= state.fence ?? fence else { return }
      if state.newest.map({ $0.number < number }) ?? true { state.newest = Seen(number: number, at: now) }
      guard let milliseconds, state.newestTimed.map({ $0.number < number }) ?? true else { return }
      state.newestTimed = (number, milliseconds)
    }
  }

  /// True if the database lacks what this instance or another one acknowledged, and nobody has run `database fence`
  /// since.
  var isFenced: Bool { state.withLock { $0.isFenced } }

  /// Checks whether another connection has found a later timeline of the same server, or a fence, since these facts
  /// were read.
  func isLeftBehind(_ facts: LedgerFacts) -> Bool {
    state.withLock { state in
      guard let server = state.server, let fence = state.fence else { return false }
      return facts.fence < fence || facts.fence == fence && facts.server == server && facts.timeline < state.timeline
    }
  }

  /// Examines the server of a new connection before anything is asked of it.
  ///
  /// On a timeline that is new to the ledger the numbers are advanced by 2^20, so that no number that an instance
  /// received from the former primary, and that this one does not have, is given out twice. The ledger's time is raised
  /// if it would be behind what this instance knows.
  ///
  /// - Throws: `.unsuitable` for a database that must not be used, `.unready` for a server that must not decide, with
  ///   the reason and the fix.
  package func examine(
    _ connection: DatabaseConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) {
    let estimate = clock.estimate()
    let remembered = state.withLock { $0 }
    let timed = remembered.newestTimed
    let seen: [Parameter] = [
      .int64(remembered.newest?.number), .int64(timed?.number), .int64(timed?.milliseconds),
    ]
    let rows = try connection.transaction(queries.time() + [Query(queries.facts, seen)], deadline: deadline)
    let boot = clock.bootMilliseconds()
    guard let row = rows.last, row.count == 1 else {
      throw .unsuitable("The ledger's row is gone from the database; restore it from a backup.")
    }
    let found = try ServerFacts(row)
    do throws(DatabaseError) {
      try check(found, remembered)
    } catch {
      if error == StepRefusal.lacking { tellOthers(found, over: connection, deadline: deadline) }
      throw error
    }
    try take(found, over: connection, deadline: deadline)
    let moment = found.moment
    // What was known before the look is less than what is true of its time. That is too little where the time is behind
    // by less than a look takes: the ledger is raised by what is too much then, by a look's time at most.
    let known = clock.wasRefused(underShift: moment.shift) ? clock.estimate() : estimate
    if let target = clock.timeToRaise(moment.now, over: max(known ?? .min, moment.high), isNewConnection: true) {
      try ClockRaise(clock: clock, queries: queries).raise(
        connection, from: moment.shift, by: target - moment.now, deadline: deadline)
    }
    clock.note(ledgerMilliseconds: moment.now, bootAtReply: boot)
  }

  /// Checks the findings against the memory; `remembered` is the state for which the server was asked.
  ///
  /// Another connection can have found a fence since.
  private func check(_ found: ServerFacts, _ remembered: State) throws(DatabaseError) {
    let state = state.withLock { $0 }
    let isSameServer = state.server == found.server
    let isNewFence = state.fence.map { found.fence > $0 } ?? true
    // Whoever runs a fence has decided which server is the right one, even if it is a backup of an earlier timeline.
    guard !isSameServer || isNewFence || found.serverTimeline >= state.timeline else {
      throw .unready(
        "The server is on timeline \(found.serverTimeline) and this instance has seen \(state.timeline): it is an old "
          + "primary that others have left behind; stop it, and make it a standby of the new one.")
    }
    guard let fence = state.fence else {
      // An instance that has acknowledged nothing learns it from the ledger, whose state refuses it.
      self.state.withLock { $0.isFenced = found.isLacking }
      return
    }
    let isMissing =
      remembered.fence == found.fence
      && remembered.newest.map { seen in
        found.moment.now - seen.at.milliseconds < retentionMilliseconds && !found.hasNewest
      } ?? false
    let isSound = found.fence > fence || (found.fence == fence && !isMissing)
    self.state.withLock { $0.isFenced = !isSound || found.isLacking }
    guard isSound else { throw StepRefusal.lacking }
  }

  /// Records in the ledger that something is missing, since an instance that is started now remembers nothing itself.
  ///
  /// If the server does not record it, the next connection tries again.
  private func tellOthers(
    _ found: ServerFacts, over connection: DatabaseConnection, deadline: ContinuousClock.Instant
  ) {
    guard !found.isLacking else { return }
    _ = try? connection.transaction([Query(queries.markLacking, [.int64(found.fence)])], deadline: deadline)
  }

  /// Remembers the findings, and records a timeline that is new to the ledger.
  private func take(
    _ found: ServerFacts, over connection: DatabaseConnection, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) {
    if found.serverTimeline != found.timeline || found.server != found.knownServer {
      guard found.serverTimeline > found.timeline || found.server != found.knownServer else {
        throw .unsuitable(
          "The server is on timeline \(found.serverTimeline) and the ledger was on \(found.timeline): its files are not one "
            + "server's; restore the database from a backup.")
      }
      _ = try connection.transaction(
        [Query(queries.timelineLock), Query(queries.advanceNumbers), Query(queries.advanceTimeline)], deadline: deadline
      )
    }
    remember(server: found.server, timeline: found.serverTimeline, fence: found.fence)
  }

  /// Remembers a server, timeline and fence.
  ///
  /// Several connections are made at a time, and none takes back what another has found.
  func remember(server: String, timeline: Int64, fence: Int64) {
    state.withLock { state in
      guard fence >= state.fence ?? fence else { return }
      let isNewFence = fence > state.fence ?? fence
      if isNewFence { (state.newest, state.newestTimed) = (nil, nil) }
      let isContinuation = state.server == server && !isNewFence
      state.timeline = isContinuation ? max(state.timeline, timeline) : timeline
      (state.fence, state.server) = (fence, server)
    }
  }
}

/// The facts of the server and the ledger of a connection.
private struct ServerFacts {
  struct Moment {
    var now: Int64
    var shift: Int64
    var high: Int64
  }

  /// The timeline that the ledger has recorded.
  var timeline: Int64
  var fence: Int64
  var knownServer: String
  /// The timeline of the server.
  var serverTimeline: Int64
  var server: String
  var moment: Moment
  var hasNewest: Bool
  /// True if an instance has found that something is missing, and nobody has fenced since.
  var isLacking: Bool

  init(_ rows: Rows) throws(DatabaseError) {
    (timeline, fence, knownServer) = (try rows.int64(0, 0), try rows.int64(0, 1), try rows.text(0, 2))
    (serverTimeline, server) = (try rows.int64(0, 3), try rows.text(0, 4))
    moment = Moment(
      now: try rows.int64(0, 5), shift: try rows.int64(0, 6),
      high: min(try rows.int64(0, 7), DatabaseClock.millisecondsMax))
    (hasNewest, isLacking) = (try rows.bool(0, 8), try rows.bool(0, 9))
  }
}

/// A raise of the ledger's time if the database's clock is behind what was known before.
struct ClockRaise {
  let clock: DatabaseClock
  let queries: FeedQueries

  /// Raises the shift, after every step that is under way, so that none of them has a later time under the shift
  /// before.
  ///
  /// `shift` is the shift that was in force when the ledger's time was found to be behind by `difference`, both in
  /// milliseconds. If another instance has raised it by as much since, nothing changes.
  ///
  /// - Throws: `.nothingHappened` if the steps under way do not end within a second.
  func raise(
    _ connection: DatabaseConnection, from shift: Int64, by difference: Int64, deadline: ContinuousClock.Instant
  ) throws(DatabaseError) {
    let target = shift + difference
    _ = try connection.transaction(
      queries.time() + [
        Query(queries.raisingLock), Query(queries.raiseShift, [.int64(target)]),
      ], deadline: deadline)
    try learn(connection, deadline: deadline)
  }

  /// Reads the shifts.
  func learn(_ connection: DatabaseConnection, deadline: ContinuousClock.Instant) throws(DatabaseError) {
    let rows = try connection.transaction([Query(queries.shifts)], deadline: deadline)[0]
    try learn(rows)
  }

  /// Learns the shifts from the rows of ``FeedQueries/shifts``.
  func learn(_ rows: Rows) throws(DatabaseError) {
    var (shift, changes): (Int64, [(from: Int64, seconds: Int64)]) = (0, [])
    for row in 0..<rows.count {
      shift = try rows.int64(row, 0)
      guard let from = try rows.int64IfPresent(row, 1) else { continue }
      changes.append((from, try rows.int64(row, 2)))
    }
    if rows.count > 0 { clock.learn(shiftMilliseconds: shift, changes: changes) }
  }
}
#endif
