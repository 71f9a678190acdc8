/// Between what the ledger's time must be: as follows from the two clocks, and from what was answered.
///
/// The least is exact to the millisecond while one process lives: what was seen of the ledger's time once has grown
/// since by as much as the boot clock. The most is the ledger's time as it would be if it were read all the time.
struct TimeBounds {
  /// No reading counts as later: a day before the end of the year 9999.
  static let last: Int64 = 253_402_300_799_999 - 86_400_000

  private var wall: Int64 = 0
  private var boot: Int64 = 0
  /// The wall clock's value from an event on.
  private var wallChanges: [(event: Int, value: Int64)] = [(0, 0)]
  private var highest: Int64 = 0
  /// By how many milliseconds more the ledger may have gone on by itself: a mark is later than every opening, a shift
  /// than what was issued before it.
  private var ahead: Int64 = 0
  /// The ledger's time less the boot clock is at least this; nil while no process has been seen.
  private var offset: Int64?
  private var isRunning = true
  /// The latest time that an answer rests on.
  private var known: Int64 = 0
  private var durable: Int64 = 0
  /// What a sweep has had the log know; it lasts once a later call is answered.
  private var swept: (event: Int, time: Int64)?

  /// The ledger's time is no later.
  var most: Int64 { highest + ahead }
  /// And no earlier.
  var least: Int64 { max(known, offset.map { min($0 + boot, Self.last) } ?? .min) }

  mutating func note(wall newWall: Int64, boot newBoot: Int64, isHeldUp: Bool, at event: Int) {
    let newWall = min(max(newWall, -1 << 60), 1 << 60)
    let passed = max(0, newBoot - boot)
    let isStep = newWall - wall != newBoot - boot
    (wall, boot) = (newWall, newBoot)
    wallChanges.append((event, min(wall, Self.last)))
    guard isRunning else { return }
    if highest < Self.last { highest = min(highest + passed, Self.last) }
    highest = max(highest, min(wall, Self.last))
    // Each may change the shift there and back, and over an edge.
    if isStep || isHeldUp || wall < 0 || highest >= Self.last { ahead += 3 }
  }

  /// A mark by one millisecond, which may take the shift over an edge.
  mutating func allowMark() { ahead += 2 }

  /// The lowest value of the wall clock since an event.
  func lowestWall(since start: Int) -> Int64 {
    var lowest = Int64.max
    for change in wallChanges.reversed() {
      lowest = min(lowest, change.value)
      if change.event < start { break }
    }
    return lowest
  }

  func highestWall(since start: Int) -> Int64 {
    var highest = Int64.min
    for change in wallChanges.reversed() {
      highest = max(highest, change.value)
      if change.event < start { break }
    }
    return highest
  }

  /// The least that a call can have read between its question, when the least was `least`, and now.
  func earliest(since start: Int, least: Int64) -> Int64 { max(least, lowestWall(since: start)) }

  /// The ledger read its time between a question and now, and got at least this.
  mutating func noteRead(_ time: Int64) { offset = max(offset ?? .min, time - boot) }

  /// The same of a time that an answer rests on.
  mutating func noteAnswer(_ time: Int64) {
    noteRead(time)
    known = max(known, time)
  }

  /// Somebody read the ledger's time itself, when the boot clock was between `before` and now.
  mutating func noteReading(_ time: Int64, before: Int64, pending: Int) {
    noteRead(time)
    // Marks that were asked for may come yet, and a shift that is due.
    let due = 2 * Int64(pending) + 3
    let seen = max(time + (boot - before), min(wall, Self.last))
    guard time < Self.last, seen + due < most else { return }
    (highest, ahead) = (seen, due)
  }

  var bootNow: Int64 { boot }
  var wallNow: Int64 { wall }
}

// MARK: - Lives and the disk

extension TimeBounds {
  /// A heartbeat's sweep has ended, which was asked for when the least was `least`: its newest record is no older than
  /// a minute, or than a second where the wall clock is behind.
  mutating func noteSweep(since start: Int, least: Int64, at event: Int) {
    let isShifted = least - highestWall(since: start) >= 1_000
    swept = (event, max(swept?.time ?? .min, least - (isShifted ? 1_000 : 60_000)))
  }

  /// A call that was asked at `start` waited for all records before it.
  mutating func noteDurableCall(askedAt start: Int) {
    guard let swept, swept.event < start else { return }
    known = max(known, swept.time)
  }

  mutating func endLife(_ survival: Survival) {
    switch survival {
    case .all: durable = known
    case .allInMemory: break
    case .anyPrefix: known = durable
    }
    wallChanges.removeFirst(wallChanges.count - 1)
    swept = nil
  }

  mutating func noteDurable() { durable = known }

  /// The process was there till now.
  mutating func endProcess() {
    (highest, ahead, offset, isRunning) = (most, 0, nil, false)
  }

  mutating func beginProcess() {
    isRunning = true
    highest = max(highest, min(wall, Self.last))
    ahead = 2
  }
}
