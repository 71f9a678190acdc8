import LedgerTesting
import Platform
import Testing

@testable import TokenLedger

@Suite("The tables")
struct TableTests {
  @Test("An index finds what a dictionary finds", arguments: 0..<50 as Range<UInt64>)
  func indexMatchesADictionary(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let hashes = Self.fewHashes(&generator)
    var index = SlotIndex()
    var model: Set<UInt32> = []
    for step in 0..<2000 {
      let slot = UInt32.random(in: 0..<400, using: &generator)
      if model.contains(slot) {
        index.remove(slot, hash: hashes[Int(slot)]) { hashes[Int($0)] }
        model.remove(slot)
      } else {
        let hash = hashes[Int(slot)]
        if index.isFull(for: hash) { index.grow(for: hash) { hashes[Int($0)] } }
        index.insert(slot, hash: hash)
        model.insert(slot)
      }
      let probe = UInt32.random(in: 0..<400, using: &generator)
      let found = index.find(hash: hashes[Int(probe)]) { $0 == probe }
      #expect((found != nil) == model.contains(probe), "seed \(seed), step \(step)")
    }
  }

  @Test("An index that is filled at once is as one that was filled step by step", arguments: 0..<20 as Range<UInt64>)
  func filledIndexMatches(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let hashes = Self.fewHashes(&generator)
    let slots = (0..<400 as Range<UInt32>).filter { _ in Bool.random(using: &generator) }
    var index = SlotIndex()
    #expect(index.fill(Self.keys(slots.map { (hash: hashes[Int($0)], slot: $0) }), areSame: ==) == nil)
    for slot in 0..<400 as Range<UInt32> {
      let found = index.find(hash: hashes[Int(slot)]) { $0 == slot }
      #expect(found == (slots.contains(slot) ? slot : nil), "seed \(seed)")
    }
    for slot in slots { index.remove(slot, hash: hashes[Int(slot)]) { hashes[Int($0)] } }
    for slot in slots { #expect(index.find(hash: hashes[Int(slot)]) { $0 == slot } == nil, "seed \(seed)") }
  }

  @Test("An index is not filled with two slots of one key")
  func filledIndexNamesTwins() {
    var index = SlotIndex()
    let keys = Self.keys([(7, 0), (7, 1), (9, 2), (7, 3)])
    // 1 and 3 hold the same key, 0 another one of the same hash.
    #expect(index.fill(keys) { ($0, $1) == (1, 3) || ($0, $1) == (3, 1) } == 3)
  }

  @Test("An index that is filled in halves has the keys of both")
  func filledInHalves() {
    let hashes = [1, 2, 200, 255].map { UInt64($0) << 56 }
    var lower = Self.keys(hashes.enumerated().map { (hash: $1, slot: UInt32($0)) })
    let upper = lower.removeUpperHalf()
    var (index, other) = (SlotIndex(), SlotIndex())
    #expect(index.fill(lower, areSame: ==) == nil && other.fill(upper, areSame: ==) == nil)
    func places(_ index: SlotIndex) -> [UInt32?] { hashes.map { index.find(hash: $0) { _ in true } } }
    #expect(places(index) == [0, 1, nil, nil])
    #expect(places(other) == [nil, nil, 2, 3])
    index.merge(other)
    #expect(places(index) == [0, 1, 2, 3])
  }

  private static func keys(_ keys: [(hash: UInt64, slot: UInt32)]) -> SlotIndex.Keys {
    var sorted = SlotIndex.Keys()
    for key in keys { sorted.append(key.slot, hash: key.hash) }
    return sorted
  }

  /// Few distinct ones, so that probing, wrapping and shifting back are exercised, in one shard and with four tags.
  private static func fewHashes(_ generator: inout SeededGenerator) -> [UInt64] {
    (0..<400).map { _ in
      let tag = UInt64.random(in: 0...3, using: &generator)
      return 3 << 56 | tag << 49 | UInt64.random(in: 0...63, using: &generator)
    }
  }

  @Test("Free numbers are found by the lowest, as in a sorted list", arguments: 0..<20 as Range<UInt64>)
  func freeNumbersMatchAList(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var numbers = FreeNumbers()
    var model: Set<Int> = []
    for step in 0..<500 {
      switch Int.random(in: 0..<10, using: &generator) {
      case 0:
        let end = numbers.limit + Int.random(in: 0...100, using: &generator)
        model.formUnion(numbers.limit..<end)
        numbers.extend(to: end)
      case 1: numbers.raiseLimit()
      case 2...5:
        guard let number = model.min() else { break }
        numbers.remove(number)
        model.remove(number)
      default:
        guard numbers.limit > 0 else { break }
        let number = Int.random(in: 0..<numbers.limit, using: &generator)
        if model.insert(number).inserted { numbers.insert(number) }
      }
      let start = Int.random(in: 0...(numbers.limit + 70), using: &generator)
      #expect(numbers.count == model.count, "seed \(seed), step \(step)")
      #expect(numbers.lowest() == model.min(), "seed \(seed), step \(step)")
      #expect(numbers.lowest(from: start) == model.filter { $0 >= start }.min(), "seed \(seed), step \(step)")
    }
  }

  @Test("A copy of a paged array keeps its elements while the original changes")
  func pagedArrayCopiesAreSnapshots() {
    var original = PagedArray<Int>(filler: 0)
    original.grow(toInclude: 10_000)
    original[9_999] = 1
    let copy = original
    original[9_999] = 2
    original[0] = 3
    #expect(copy[9_999] == 1)
    #expect(copy[0] == 0)
    #expect(original[9_999] == 2)
  }

  @Test("A name's number is free again once its last user is gone, and not before")
  func internedNumbersAreReused() {
    var names = InternTable<String>()
    names.define("ann", as: names.nextFree())
    let number = names.number(of: "ann") ?? .max
    names.retain(number)
    names.retain(number)
    names.release(number)
    #expect(names[number] == "ann")
    names.release(number)
    #expect(names[number] == nil)
    #expect(names.number(of: "ann") == nil)
    #expect(names.nextFree() == number)
  }

  @Test("Numbers that are skipped are the ones that later definitions take")
  func skippedNumbersAreThoseTakenLater() {
    var names = InternTable<Int>()
    for value in 0..<4 {
      names.define(value, as: names.nextFree())
      names.retain(UInt32(value))
    }
    names.release(1)
    names.release(3)
    let planned = (0..<3).map { names.nextFree(skipping: $0) }
    var taken: [UInt32] = []
    for value in 10..<13 {
      taken.append(names.nextFree())
      names.define(value, as: names.nextFree())
    }
    #expect(planned == taken)
  }
}

extension Int: ExactValue {
  package func hasSameBytes(as other: Int) -> Bool { self == other }
  package func hashExactly(into hasher: inout Hasher) { hasher.combine(self) }
}
