/// The live sessions and one-time tokens: entries in slots, found by id.
///
/// A slot number is the short handle by which the log speaks of a session after its opening.
package struct SessionTable {
  /// To be read; a copy is a snapshot.
  private(set) var entries = PagedArray<SessionEntry>(filler: SessionEntry())
  private var index = SlotIndex()
  private var freeSlots = FreeNumbers()

  /// Slots in use: live, revoked and consumed entries that have not ended yet.
  package private(set) var count = 0

  static let slotsMax = TimingWheel.slotsMax

  /// Slots ever made; every slot number is below it.
  package var slotCount: Int { entries.count }

  package subscript(slot: UInt32) -> SessionEntry {
    @inline(__always) get { entries[Int(slot)] }
    @inline(__always) _modify { yield &entries[Int(slot)] }
  }

  @inline(__always)
  func slot(of id: SessionID) -> UInt32? {
    index.find(hash: id.high) { slot in
      let entry = entries[Int(slot)]
      return entry.idHigh == id.high && entry.idLow == id.low
    }
  }

  /// The slot that the next entry goes into; nil when the table is full.
  package func nextFree() -> UInt32? {
    if let slot = freeSlots.lowest() { return UInt32(slot) }
    return entries.count < Self.slotsMax ? UInt32(entries.count) : nil
  }

  func hasRoom(for count: Int) -> Bool { freeSlots.count + Self.slotsMax - entries.count >= count }

  /// Makes at least `count` slots, the new ones free.
  mutating func extend(to count: Int) {
    guard count > entries.count else { return }
    entries.grow(toInclude: count - 1)
    freeSlots.extend(to: count)
  }

  /// Whether `insert` would accept the slot: free, and at most one past the highest.
  func isFree(_ slot: UInt32) -> Bool {
    Int(slot) == entries.count && Int(slot) < Self.slotsMax
      || Int(slot) < entries.count && entries[Int(slot)].status == .free
  }

  mutating func insert(_ entry: SessionEntry, at slot: UInt32) {
    place(entry, at: slot)
    if index.isFull(for: entry.idHigh) {
      index.grow(for: entry.idHigh) { [entries] in entries[Int($0)].idHigh }
    }
    index.insert(slot, hash: entry.idHigh)
  }

  /// Makes every entry of a table that was filled by `place` alone findable; returns a slot whose id another has.
  mutating func indexAll() -> UInt32? {
    let keys = (0..<entries.count).lazy.filter { [entries] in entries[$0].status != .free }
      .map { [entries] in (hash: entries[$0].idHigh, slot: UInt32($0)) }
    return index.fill(keys) { [entries] in entries[Int($0)].id == entries[Int($1)].id }
  }

  /// An entry that is not found by its id before ``indexAll()``.
  mutating func place(_ entry: SessionEntry, at slot: UInt32) {
    precondition(isFree(slot), "an entry goes into a free slot")
    if Int(slot) < entries.count { freeSlots.remove(Int(slot)) } else { freeSlots.raiseLimit() }
    entries.grow(toInclude: Int(slot))
    entries[Int(slot)] = entry
    count += 1
  }

  mutating func remove(_ slot: UInt32) {
    let entry = entries[Int(slot)]
    precondition(entry.status != .free, "an entry is removed once")
    index.remove(slot, hash: entry.idHigh) { [entries] in entries[Int($0)].idHigh }
    entries[Int(slot)] = SessionEntry()
    freeSlots.insert(Int(slot))
    count -= 1
  }
}
