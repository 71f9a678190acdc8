/// An open-addressing hash index from keys to the slots of a table that holds the keys itself.
///
/// Four bytes a position, linear probing, at most three quarters full, deletion by shifting back (no tombstones).
/// It is split by the top eight bits of the hash into 256 shards that grow one at a time: a growth step touches
/// 1/256 of the keys, so that no single insertion stalls at any size. The caller supplies hashes and compares keys.
struct SlotIndex {
  private var shards: [Shard]

  static let absent = UInt32.max

  init() {
    shards = Array(repeating: Shard(), count: 256)
  }

  @inline(__always)
  func find(hash: UInt64, matches: (UInt32) -> Bool) -> UInt32? {
    shards[Int(hash >> 56)].find(hash: hash, matches: matches)
  }

  /// The key must not be present. `hashOf` gives the hash of a slot already in the index, for growth.
  mutating func insert(_ slot: UInt32, hash: UInt64, hashOf: (UInt32) -> UInt64) {
    shards[Int(hash >> 56)].insert(slot, hash: hash, hashOf: hashOf)
  }

  /// Removes `slot`; nothing happens where it is absent.
  mutating func remove(_ slot: UInt32, hash: UInt64, hashOf: (UInt32) -> UInt64) {
    shards[Int(hash >> 56)].remove(slot, hash: hash, hashOf: hashOf)
  }

  private struct Shard {
    var positions: ContiguousArray<UInt32> = []
    var count = 0

    @inline(__always)
    func find(hash: UInt64, matches: (UInt32) -> Bool) -> UInt32? {
      guard !positions.isEmpty else { return nil }
      let mask = positions.count - 1
      var position = Int(truncatingIfNeeded: hash) & mask
      while true {
        let slot = positions[position]
        if slot == SlotIndex.absent { return nil }
        if matches(slot) { return slot }
        position = (position + 1) & mask
      }
    }

    mutating func insert(_ slot: UInt32, hash: UInt64, hashOf: (UInt32) -> UInt64) {
      if (count + 1) * 4 > positions.count * 3 { grow(hashOf: hashOf) }
      place(slot, hash: hash)
      count += 1
    }

    mutating func remove(_ slot: UInt32, hash: UInt64, hashOf: (UInt32) -> UInt64) {
      guard !positions.isEmpty else { return }
      let mask = positions.count - 1
      var hole = Int(truncatingIfNeeded: hash) & mask
      while positions[hole] != slot {
        if positions[hole] == SlotIndex.absent { return }
        hole = (hole + 1) & mask
      }
      count -= 1
      var next = (hole + 1) & mask
      while positions[next] != SlotIndex.absent {
        let home = Int(truncatingIfNeeded: hashOf(positions[next])) & mask
        // An entry may move back into the hole unless its home lies cyclically after the hole.
        if (next - home) & mask >= (next - hole) & mask {
          positions[hole] = positions[next]
          hole = next
        }
        next = (next + 1) & mask
      }
      positions[hole] = SlotIndex.absent
    }

    private mutating func place(_ slot: UInt32, hash: UInt64) {
      let mask = positions.count - 1
      var position = Int(truncatingIfNeeded: hash) & mask
      while positions[position] != SlotIndex.absent { position = (position + 1) & mask }
      positions[position] = slot
    }

    private mutating func grow(hashOf: (UInt32) -> UInt64) {
      let old = positions
      positions = ContiguousArray(repeating: SlotIndex.absent, count: max(8, old.count * 2))
      for slot in old where slot != SlotIndex.absent { place(slot, hash: hashOf(slot)) }
    }
  }
}
