import LedgerTesting
import Testing

@testable import TokenLedger

@Suite("The timing wheel")
struct TimingWheelTests {
  @Test("The timing wheel fires every slot at its tick, as a sorted list would", arguments: 0..<300 as Range<UInt64>)
  func firesLikeASortedList(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let start = UInt64.random(in: 0...5_000_000, using: &generator)
    var wheel = TimingWheel(startingAt: start)
    var due: [UInt32: UInt64] = [:]
    var nextSlot: UInt32 = 0
    var now = start
    for _ in 0..<200 {
      for _ in 0..<Int.random(in: 0...8, using: &generator) {
        let reach: UInt64 = [3, 300, 70_000, 20_000_000].randomElement(using: &generator) ?? 3
        due[nextSlot] = now + 1 + UInt64.random(in: 0...reach, using: &generator)
        wheel.arm(nextSlot, due: due[nextSlot] ?? 0)
        nextSlot += 1
      }
      // Some are freed before their time, and some of these given away again.
      for slot in due.keys.sorted().shuffled(using: &generator).prefix(3) {
        wheel.disarm(slot)
        due[slot] = nil
        guard Bool.random(using: &generator) else { continue }
        due[slot] = now + 1 + UInt64.random(in: 0...500, using: &generator)
        wheel.arm(slot, due: due[slot] ?? 0)
      }
      // A session that is used is due later; the wheel is not told.
      for slot in due.keys.sorted().prefix(2) { due[slot, default: 0] += UInt64.random(in: 0...400, using: &generator) }
      now += UInt64.random(in: 0...600, using: &generator)
      var fired: Set<UInt32> = []
      while !wheel.advance(to: now, budget: 7, due: { due[$0] ?? 0 }, fire: { fired.insert($0) }) {}
      let expected = Set(due.filter { $0.value <= now }.keys)
      #expect(fired == expected, "seed \(seed)")
      for slot in fired { due[slot] = nil }
    }
  }

  @Test("The timing wheel touches no more slots in a step than its budget")
  func keepsToItsBudget() {
    var wheel = TimingWheel(startingAt: 0)
    for slot in 0..<1000 as Range<UInt32> { wheel.arm(slot, due: 5) }
    var fired = 0
    let caughtUp = wheel.advance(to: 5, budget: 100, due: { _ in 5 }, fire: { _ in fired += 1 })
    #expect(!caughtUp)
    #expect((90...100).contains(fired))
    while !wheel.advance(to: 5, budget: 100, due: { _ in 5 }, fire: { _ in fired += 1 }) {}
    #expect(fired == 1000)
  }

  @Test("The timing wheel forgets a slot that is freed while the list of its tick is half gone through")
  func disarmsWhatIsPending() {
    for freed in 0..<10 as Range<UInt32> {
      var wheel = TimingWheel(startingAt: 0)
      for slot in 0..<10 as Range<UInt32> { wheel.arm(slot, due: 5) }
      var fired: Set<UInt32> = []
      let isDone = wheel.advance(to: 5, budget: 5, due: { _ in 5 }, fire: { fired.insert($0) })
      #expect(!isDone)
      let early = fired
      wheel.disarm(freed)
      while !wheel.advance(to: 5, budget: 5, due: { _ in 5 }, fire: { fired.insert($0) }) {}
      #expect(fired == Set(0..<10).subtracting(early.contains(freed) ? [] : [freed]))
    }
  }

  @Test("The timing wheel keeps a slot that is due beyond its reach and fires it in the end")
  func reachesBeyondItsLastLevel() {
    let farther = UInt64(1) << 33
    var wheel = TimingWheel(startingAt: (1 << 32) - 10)
    wheel.arm(0, due: farther)
    var fired = 0
    while !wheel.advance(to: farther - 1, budget: 1 << 20, due: { _ in farther }, fire: { _ in fired += 1 }) {}
    #expect(fired == 0)
    while !wheel.advance(to: farther, budget: 1 << 20, due: { _ in farther }, fire: { _ in fired += 1 }) {}
    #expect(fired == 1)
  }
}
