/// An open-addressing hash index from keys to the slots of a table, which holds the keys itself.
///
/// A position takes five bytes. The index uses linear probing, is at most three quarters full, and deletes by shifting
/// back (no tombstones). One of the five bytes is a tag, seven bits of the hash: a search compares tags, which are
/// adjacent in memory, and reads the key itself, which is probably in no cache, only if the tag matches.
///
/// The index is split by the top eight bits of the hash into 256 shards that grow one at a time: a growth step touches
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

  /// Checks whether the next insertion of such a hash needs `grow` first.
  @inline(__always)
  func isFull(for hash: UInt64) -> Bool { shards[Int(hash >> 56)].isFull }

  /// Makes room.
  ///
  /// `hashOf` returns the hash of a slot that is already in the index.
  mutating func grow(for hash: UInt64, hashOf: (UInt32) -> UInt64) {
    shards[Int(hash >> 56)].grow(hashOf: hashOf)
  }

  /// Inserts a slot.
  ///
  /// The key must not be present, and there must be room.
  @inline(__always)
  mutating func insert(_ slot: UInt32, hash: UInt64) {
    shards[Int(hash >> 56)].insert(slot, hash: hash)
  }

  /// The keys with which an empty index is filled, sorted by shard.
  struct Keys: Sendable {
    fileprivate var shards = Array(repeating: ContiguousArray<(hash: UInt64, slot: UInt32)>(), count: 256)

    @inline(__always)
    mutating func append(_ slot: UInt32, hash: UInt64) { shards[Int(hash >> 56)].append((hash, slot)) }

    /// Removes and returns the keys of half of the shards.
    mutating func removeUpperHalf() -> Keys {
      var upper = Keys()
      for number in shards.count / 2..<shards.count { swap(&shards[number], &upper.shards[number]) }
      return upper
    }
  }

  /// Fills the shards of these keys, which must be empty.
  ///
  /// This costs a fraction of as many insertions, since the memory written to is in the cache. Returns the second of
  /// two slots with one key.
  mutating func fill(_ keys: Keys, areSame: (UInt32, UInt32) -> Bool) -> UInt32? {
    for (number, shard) in keys.shards.enumerated() where !shard.isEmpty {
      shards[number].reserve(shard.count)
      for key in shard {
        if let slot = shards[number].find(hash: key.hash, matches: { areSame($0, key.slot) }) {
          return max(slot, key.slot)
        }
        shards[number].insert(key.slot, hash: key.hash)
      }
    }
    return nil
  }

  /// Takes the shards that are empty here from an index of other shards.
  mutating func merge(_ other: SlotIndex) {
    for number in shards.indices where shards[number].count == 0 { shards[number] = other.shards[number] }
  }

  /// Removes `slot`; an absent one is ignored.
  mutating func remove(_ slot: UInt32, hash: UInt64, hashOf: (UInt32) -> UInt64) {
    shards[Int(hash >> 56)].remove(slot, hash: hash, hashOf: hashOf)
  }

  private struct Shard {
    var slots: ContiguousArray<UInt32> = []
    /// The tags of the positions, 0 for an empty one.
    var tags: ContiguousArray<UInt8> = []
    var count = 0

    /// Returns the tag of a hash, which is never 0.
    ///
    /// The bits of a tag select neither the shard nor, below 2^48 positions, the position.
    @inline(__always)
    private static func tag(_ hash: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: hash >> 48) | 1 }

    @inline(__always)
    func find(hash: UInt64, matches: (UInt32) -> Bool) -> UInt32? {
      guard !tags.isEmpty else { return nil }
      let (mask, tag) = (tags.count - 1, Self.tag(hash))
      var position = Int(truncatingIfNeeded: hash) & mask
      while tags[position] != 0 {
        if tags[position] == tag, matches(slots[position]) { return slots[position] }
        position = (position + 1) & mask
      }
      return nil
    }

    @inline(__always)
    var isFull: Bool { (count + 1) * 4 > tags.count * 3 }

    @inline(__always)
    mutating func insert(_ slot: UInt32, hash: UInt64) {
      precondition(!isFull, "there is room before an insertion")
      place(slot, hash: hash)
      count += 1
    }

    /// Reserves room in an empty shard.
    mutating func reserve(_ number: Int) {
      var size = 8
      while (number + 1) * 4 > size * 3 { size *= 2 }
      resize(to: size)
    }

    mutating func remove(_ slot: UInt32, hash: UInt64, hashOf: (UInt32) -> UInt64) {
      guard !tags.isEmpty else { return }
      let mask = tags.count - 1
      var hole = Int(truncatingIfNeeded: hash) & mask
      while slots[hole] != slot {
        if tags[hole] == 0 { return }
        hole = (hole + 1) & mask
      }
      count -= 1
      var next = (hole + 1) & mask
      while tags[next] != 0 {
        let home = Int(truncatingIfNeeded: hashOf(slots[next])) & mask
        // An entry can move back into the hole unless its home lies cyclically after the hole.
        if (next - home) & mask >= (next - hole) & mask {
          slots[hole] = slots[next]
          tags[hole] = tags[next]
          hole = next
        }
        next = (next + 1) & mask
      }
      slots[hole] = SlotIndex.absent
      tags[hole] = 0
    }

    private mutating func place(_ slot: UInt32, hash: UInt64) {
      let mask = tags.count - 1
      var position = Int(truncatingIfNeeded: hash) & mask
      while tags[position] != 0 { position = (position + 1) & mask }
      slots[position] = slot
      tags[position] = Self.tag(hash)
    }

    mutating func grow(hashOf: (UInt32) -> UInt64) {
      let old = slots
      resize(to: max(8, old.count * 2))
      for slot in old where slot != SlotIndex.absent { place(slot, hash: hashOf(slot)) }
    }

    private mutating func resize(to size: Int) {
      slots = ContiguousArray(repeating: SlotIndex.absent, count: size)
      tags = ContiguousArray(repeating: 0, count: size)
    }
  }
}
