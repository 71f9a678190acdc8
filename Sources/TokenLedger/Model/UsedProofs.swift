/// The proofs of keys that were accepted, each until its end, after which it is too old anyway.
///
/// A proof takes 52 bytes and an index entry. A wheel of their own frees them, and the log does not record that: a
/// proof whose end has come is refused by its time, remembered or not, so no outcome depends on when it is forgotten.
package struct UsedProofs {
  package struct Entry: Sendable, Equatable {
    package var digest = Digest256.zeroes
    package var end = Timestamp.zero
  }

  /// The entries by place, for reading; a copy is a snapshot.
  ///
  /// A free place holds the digest of zeroes.
  private(set) var entries = PagedArray<Entry>(filler: Entry())
  private var index = SlotIndex()
  private var freePlaces = FreeNumbers()
  private var wheel = TimingWheel(startingAt: 0)

  /// The number of proofs in memory.
  package private(set) var count = 0

  /// The most places that one insertion frees.
  private static let freedPerInsertion = 8

  package init() {}

  /// Returns the end of a proof in memory.
  package func end(of digest: Digest256) -> Timestamp? {
    place(of: digest).map { entries[Int($0)].end }
  }

  private func place(of digest: Digest256) -> UInt32? {
    index.find(hash: Self.hash(digest)) { entries[Int($0)].digest == digest }
  }

  /// Adds a proof, or moves the end of one that is still in memory.
  mutating func insert(_ digest: Digest256, until end: Timestamp, at now: Timestamp) {
    forget(at: now, budget: Self.freedPerInsertion)
    if let place = place(of: digest) { return entries[Int(place)].end = end }
    let place = freePlaces.lowest() ?? entries.count
    if place < entries.count { freePlaces.remove(place) } else { freePlaces.raiseLimit() }
    entries.grow(toInclude: place)
    entries[place] = Entry(digest: digest, end: end)
    count += 1
    let hash = Self.hash(digest)
    if index.isFull(for: hash) {
      index.grow(for: hash) { [entries] in Self.hash(entries[Int($0)].digest) }
    }
    index.insert(UInt32(place), hash: hash)
    wheel.arm(UInt32(place), due: Self.tick(end))
  }

  /// Frees proofs whose end has come, touching at most `budget` places.
  ///
  /// Returns true if none is left.
  @discardableResult
  mutating func forget(at now: Timestamp, budget: Int) -> Bool {
    guard count > 0, wheel.currentTick < now.tick else { return true }
    var ended: [UInt32] = []
    let isCaughtUp = wheel.advance(
      to: now.tick, budget: budget, due: { [entries] in Self.tick(entries[Int($0)].end) }, fire: { ended.append($0) })
    for place in ended { free(place) }
    return isCaughtUp
  }

  private mutating func free(_ place: UInt32) {
    let hash = Self.hash(entries[Int(place)].digest)
    index.remove(place, hash: hash) { [entries] in Self.hash(entries[Int($0)].digest) }
    entries[Int(place)] = Entry()
    freePlaces.insert(Int(place))
    count -= 1
  }

  private static func tick(_ end: Timestamp) -> UInt64 { UInt64(max(0, end.secondsRoundedUp)) }

  /// Returns the hash of a digest, with a key of its own in each process: whoever makes proofs can choose among
  /// digests.
  private static func hash(_ digest: Digest256) -> UInt64 {
    var hasher = Hasher()
    hasher.combine(digest)
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }
}

extension PagedArray<UsedProofs.Entry> {
  /// The proofs whose end is after a time, in the order in which a checkpoint holds them.
  func live(after time: Timestamp) -> [UsedProofs.Entry] {
    var live: [UsedProofs.Entry] = []
    for place in 0..<count where self[place].end > time { live.append(self[place]) }
    return live.sorted { ($0.end, $0.digest) < ($1.end, $1.digest) }
  }
}

/// The keys of sessions by slot.
package typealias KeyTable = SparseTable<Digest256>

extension Digest256: SparseValue {
  package static var absent: Digest256 { .zeroes }
  package var isAbsent: Bool { self == .zeroes }
}
