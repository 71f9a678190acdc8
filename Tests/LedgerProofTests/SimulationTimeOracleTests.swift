import Testing

@testable import LedgerProof
@testable import TokenLedger

/// The oracle's bounds of the ledger's time: each rule refuses what breaks it.
@Suite("The oracle of time")
struct SimulationTimeOracleTests {
  private let oracle = HistoryOracle()

  private func set(wall: Int64, boot: Int64) { oracle.noteTime(wall: wall, boot: boot) }

  private func isRefused(_ time: Int64) -> Bool {
    let before = oracle.violations.count
    oracle.noteReading(time, asked: oracle.askForNew(), before: oracle.bounds.bootNow)
    return oracle.violations.count > before
  }

  @Test(
    "The oracle of time refuses a time that is behind the wall clock, and one that nobody's clock has shown",
    arguments: [(999, true), (1_000, false), (1_010, true)])
  func wall(time: Int64, isWrong: Bool) {
    set(wall: 1_000, boot: 0)
    #expect(isRefused(time) == isWrong)
  }

  @Test(
    "The oracle of time refuses a time that stands still after a step back, or gains",
    arguments: [(5_000, true), (5_699, true), (5_700, false), (5_710, true)])
  func stepBack(time: Int64, isWrong: Bool) {
    set(wall: 5_000, boot: 100)
    #expect(!isRefused(5_000))
    set(wall: 1_000, boot: 100)
    set(wall: 1_700, boot: 800)
    #expect(isRefused(time) == isWrong)
  }

  @Test(
    "The oracle of time refuses a start before what the log knows, or after it with the time that the process was down",
    arguments: [(4_999, true), (5_000, false), (5_700, true)])
  func restart(time: Int64, isWrong: Bool) {
    set(wall: 5_000, boot: 100)
    #expect(!isRefused(5_000))
    oracle.noteClosed(asked: oracle.askForNew())
    oracle.endLife(.all)
    oracle.bounds.endProcess()
    set(wall: 1_000, boot: 100)
    set(wall: 1_700, boot: 800)
    oracle.bounds.beginProcess()
    #expect(isRefused(time) == isWrong)
  }

  @Test(
    "The oracle of time lets a crash take what no answer and no heartbeat has had the log know",
    arguments: [(false, 139_999, false), (true, 139_999, true), (true, 140_000, false)] as [(Bool, Int64, Bool)])
  func crash(isSwept: Bool, time: Int64, isWrong: Bool) {
    set(wall: 100_000, boot: 0)
    #expect(!isRefused(100_000))
    set(wall: 200_000, boot: 100_000)
    if isSwept { oracle.noteSweep(asked: oracle.askForNew()) }
    oracle.bounds.noteDurableCall(askedAt: oracle.moment())
    oracle.endLife(.all)
    oracle.bounds.endProcess()
    set(wall: 0, boot: 100_000)
    oracle.bounds.beginProcess()
    #expect(isRefused(time) == isWrong)
  }

  private func session(refreshedAt: Int64, shift: Int64) throws -> Session {
    var session = try HandWrittenHistory().session(1, refreshedAt: refreshedAt)
    session.shifts.atUse = shift
    return session
  }

  @Test(
    "The oracle of time refuses a pair that is shown in the future, or needlessly long ago",
    arguments: [(0, true), (3, true), (4, false), (6, false), (7, true)] as [(Int64, Bool)])
  func shift(seconds: Int64, isWrong: Bool) throws {
    set(wall: 10_000, boot: 0)
    set(wall: 6_000, boot: 0)
    oracle.judgeShift(of: try session(refreshedAt: 10_500, shift: seconds), askedAt: oracle.moment())
    #expect(oracle.violations.isEmpty != isWrong)
  }

  @Test("The oracle of time refuses another shift of the identical pair")
  func samePair() throws {
    set(wall: 6_000, boot: 0)
    oracle.judgeShift(of: try session(refreshedAt: 10_000, shift: 4), askedAt: oracle.moment())
    oracle.endLife(.all)
    oracle.judgeSameShift(of: try session(refreshedAt: 10_000, shift: 4))
    #expect(oracle.violations.isEmpty)
    oracle.judgeSameShift(of: try session(refreshedAt: 10_000, shift: 0))
    #expect(!oracle.violations.isEmpty)
  }
}
