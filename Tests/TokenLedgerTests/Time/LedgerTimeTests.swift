import LedgerTesting
import Testing

@testable import TokenLedger

/// 2026-01-01T00:00:00Z, where a manual clock begins.
private let start: Int64 = 1_767_225_600_000
private let hour: Int64 = 3_600_000

@Suite("The ledger's time")
struct LedgerTimeTests {
  private let clock = ManualClock()

  private func time(after highest: Int64 = 0) -> LedgerTime {
    LedgerTime(clock.sessionClock, notBefore: Timestamp(milliseconds: highest))
  }

  @Test(
    "The ledger's time goes on to the millisecond after the wall clock is set back",
    arguments: [1, 999, hour, 40 * 24 * hour])
  func stepBack(milliseconds: Int64) {
    let time = time()
    clock.step(milliseconds: -milliseconds)
    #expect(time.now().milliseconds == start)
    clock.advance(milliseconds: 1)
    #expect(time.now().milliseconds == start + 1)
    clock.advance(milliseconds: hour)
    #expect(time.now().milliseconds == start + hour + 1)
  }

  @Test("The ledger's time counts a step forward at once, and keeps it when the step is taken back")
  func stepForward() {
    let time = time()
    clock.step(milliseconds: hour)
    #expect(time.now().milliseconds == start + hour)
    clock.step(milliseconds: -hour)
    clock.advance(milliseconds: 5)
    #expect(time.now().milliseconds == start + hour + 5)
  }

  @Test("The ledger's time does not gain what passes between the two readings")
  func pause() {
    let time = time()
    clock.pause(after: .wall, milliseconds: hour)
    #expect(time.now().milliseconds == start + hour)
    #expect(time.now().milliseconds == start + hour)
    #expect(time.now() == clock.now)
  }

  @Test("The ledger's time may lose what passes between the two readings of its making, until it is read again")
  func pauseAtStart() {
    clock.pause(after: .wall, milliseconds: hour)
    let time = time()
    #expect(time.now() == clock.now)
  }

  @Test(
    "The ledger's time begins with the later of the wall clock and the log, whatever the boot clock says",
    arguments: [-hour, 0, hour])
  func beginning(ahead: Int64) {
    clock.reboot()
    let time = time(after: start + ahead)
    #expect(time.now().milliseconds == start + max(0, ahead))
    clock.advance(milliseconds: 7)
    #expect(time.now().milliseconds == start + max(0, ahead) + 7)
  }

  @Test("The ledger's time does not grow with the number of boots of a machine whose clock is set late")
  func boots() {
    var highest = start
    for _ in 0..<5 {
      clock.reboot()
      clock.step(milliseconds: -hour)
      let time = time(after: highest)
      clock.step(milliseconds: hour)
      highest = time.now().milliseconds
    }
    #expect(highest == start)
  }

  @Test("The ledger's time goes on from a wall clock before 1970")
  func before1970() {
    clock.step(milliseconds: -start - hour)
    let time = time()
    #expect(time.now().milliseconds == 0)
    clock.advance(milliseconds: 3)
    #expect(time.now().milliseconds == 3)
  }

  @Test("The ledger's time keeps the year 2300 that was read for a moment, and goes on from there")
  func year2300() {
    let time = time()
    let year2300: Int64 = 10_413_792_000_000
    clock.step(milliseconds: year2300 - start)
    #expect(time.now().milliseconds == year2300)
    clock.step(milliseconds: start - year2300)
    clock.advance(milliseconds: 2)
    #expect(time.now().milliseconds == year2300 + 2)
  }

  @Test("The ledger's time ends a day before the end of the year 9999, for readings beyond it and for what passes then")
  func cap() {
    let last = Timestamp.latestMilliseconds - 86_400_000
    clock.step(milliseconds: last - 1 - start)
    let time = time()
    #expect(time.now().milliseconds == last - 1)
    clock.advance(milliseconds: hour)
    #expect(time.now().milliseconds == last)
    clock.step(milliseconds: 1 << 60)
    #expect(time.now().milliseconds == last)
    // What must be later than what came before still is.
    #expect(time.now(notBefore: Timestamp(milliseconds: last + 1)).milliseconds == last + 1)
  }

  @Test("The ledger's time is the same for all who ask once it was raised")
  func floor() {
    let time = time()
    #expect(time.now(notBefore: Timestamp(milliseconds: start + 10)).milliseconds == start + 10)
    #expect(time.now().milliseconds == start + 10)
    clock.advance(milliseconds: 1)
    #expect(time.now(notBefore: .zero).milliseconds == start + 11)
  }

  @Test(
    "The ledger's time survives every reading that a clock can give", arguments: [.min, -1, 0, .max] as [Int64],
    [.min, 0, .max] as [Int64])
  func extremes(wall: Int64, boot: Int64) {
    let clock = ManualClock(Timestamp(milliseconds: wall), bootMilliseconds: boot)
    let time = LedgerTime(clock.sessionClock, notBefore: .zero)
    #expect(time.now().milliseconds <= Timestamp.latestMilliseconds)
    #expect(time.shift(of: time.now(), inForce: TimeShifts.secondsMax) <= TimeShifts.secondsMax)
  }
}

@Suite("The shift of the ledger's time")
struct TimeShiftTests {
  private let clock = ManualClock()

  /// With the wall clock so far behind.
  private func shift(behind milliseconds: Int64, inForce: Int64 = 0) -> Int64 {
    let time = LedgerTime(clock.sessionClock, notBefore: .zero)
    let now = time.now()
    clock.step(milliseconds: -milliseconds)
    return time.shift(of: now, inForce: inForce)
  }

  @Test(
    "The shift is the wall clock's arrears in seconds, rounded up, and 0 below one second",
    arguments: [(0, 0), (999, 0), (1_000, 1), (1_001, 2), (2_000, 2), (86_400_001, 86_401), (-5_000, 0)]
      as [(Int64, Int64)])
  func rounding(behind: Int64, seconds: Int64) {
    #expect(shift(behind: behind) == seconds)
  }

  @Test(
    "The shift stays while it is right to two seconds and shows nothing in the future",
    arguments: [(5_000, 5), (4_999, 5), (3_001, 5), (3_000, 3), (5_001, 6), (1, 0), (0, 0), (-1, 0)] as [(Int64, Int64)]
  )
  func hysteresis(behind: Int64, seconds: Int64) {
    #expect(shift(behind: behind, inForce: 5) == seconds)
  }

  @Test(
    "A shift of one second stays below one second, and ends with the arrears",
    arguments: [(1_000, 1), (1, 1), (0, 0)] as [(Int64, Int64)])
  func lastSecond(behind: Int64, seconds: Int64) {
    #expect(shift(behind: behind, inForce: 1) == seconds)
  }

  @Test(
    "The shift takes a wall clock before 1970 for one in the first day after, and does not change with every second"
  )
  func before1970() {
    let seconds = start / 1_000
    #expect(shift(behind: start + 86_400_000) == seconds)
    let time = LedgerTime(clock.sessionClock, notBefore: Timestamp(milliseconds: start))
    for passed in [0, 1_000, 86_399_000] as [Int64] {
      #expect(time.shift(of: Timestamp(milliseconds: start + passed), inForce: seconds) == seconds)
    }
    #expect(time.shift(of: Timestamp(milliseconds: start + 86_400_000), inForce: seconds) == seconds + 86_400)
    #expect(time.shift(of: Timestamp(milliseconds: start), inForce: 5) == seconds)
  }

  @Test("The shift is the smaller for a pause after the time was read")
  func pause() {
    let time = LedgerTime(clock.sessionClock, notBefore: .zero)
    let now = time.now()
    clock.step(milliseconds: -10_000)
    clock.advance(milliseconds: 4_000)
    #expect(time.shift(of: now, inForce: 0) == 6)
  }

  @Test("The shift at a time is that of the last change until then")
  func changes() {
    var shifts = TimeShifts()
    shifts.change(to: 7, from: Timestamp(milliseconds: 100))
    shifts.change(to: 0, from: Timestamp(milliseconds: 200))
    for (time, seconds) in [(99, 0), (100, 7), (199, 7), (200, 0)] as [(Int64, Int64)] {
      #expect(shifts.seconds(at: Timestamp(milliseconds: time)) == seconds)
    }
    #expect(shifts.wallTime(of: Timestamp(milliseconds: 150)) == Timestamp(milliseconds: -6_850))
  }

  @Test("The shift keeps its last 256 changes")
  func forgetting() {
    var shifts = TimeShifts()
    for number in 1...300 as ClosedRange<Int64> { shifts.change(to: number, from: Timestamp(milliseconds: number)) }
    #expect(shifts.changes.count == TimeShifts.changesMax)
    #expect(shifts.seconds(at: Timestamp(milliseconds: 45)) == 45)
    #expect(shifts.seconds == 300)
  }

  @Test(
    "The shift is refused where it is out of range, no change, or not later than the change before"
  )
  func contradictions() {
    var shifts = TimeShifts()
    #expect(shifts.contradiction(in: 0, from: .zero) != nil)
    #expect(shifts.contradiction(in: -1, from: .zero) != nil)
    #expect(shifts.contradiction(in: TimeShifts.secondsMax + 1, from: .zero) != nil)
    #expect(shifts.contradiction(in: TimeShifts.secondsMax, from: .zero) == nil)
    shifts.change(to: 7, from: .zero)
    #expect(shifts.contradiction(in: 8, from: .zero) != nil)
    #expect(shifts.contradiction(in: 7, from: Timestamp(milliseconds: 1)) != nil)
    #expect(shifts.contradiction(in: 8, from: Timestamp(milliseconds: 1)) == nil)
  }
}
