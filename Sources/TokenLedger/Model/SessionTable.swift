/// The entry in one slot of the table: 56 bytes for a session or a one-time token.
package struct SessionEntry: Sendable, Equatable {
  package var idHigh: UInt64 = 0
  package var openedAt = Timestamp.zero
  /// The time at which a session's live token was issued or the session was revoked, or the end of a one-time token.
  package var refreshedAt = Timestamp.zero
  /// The version of the subject's account, for a session.
  package var version = AccountVersion.unknown
  package var idLow: UInt32 = 0
  package var generation: UInt32 = 0
  /// The number of the subject's name.
  package var subject: UInt32 = 0
  /// The number of a session's profile, or of the name of a one-time token's purpose.
  package var detail: UInt32 = 0
  /// The number of the name of the scope that the live access token was narrowed to.
  package var narrowedScope: UInt32 = SessionEntry.notNarrowed
  package var status = Status.free
  /// True if the live generation was seen as an access token, so that its predecessor is no longer answered.
  package var hasSeenSuccessor = false

  package static let notNarrowed = UInt32.max

  package enum Status: UInt8, Sendable {
    case free
    case live
    case revoked
    case oneTimeLive
    case oneTimeConsumed
  }

  package var id: SessionID { SessionID(high: idHigh, low: idLow) }

  package var isSession: Bool { status == .live || status == .revoked }
}

/// The properties that many sessions share, kept once.
package struct SessionProfile: Hashable, Sendable {
  /// The number of the client's name.
  package var client: UInt32
  /// The number of the scope's name.
  package var scope: UInt32
  package var terms: SessionTerms
  package var clientVersion = AccountVersion.unknown
}

extension SessionProfile: ExactValue {
  package func hasSameBytes(as other: SessionProfile) -> Bool { self == other }
  package func hashExactly(into hasher: inout Hasher) { hash(into: &hasher) }
}

/// The live sessions and one-time tokens: entries in slots, found by id.
///
/// A slot number is the short handle by which the log refers to a session after its opening.
package struct SessionTable {
  /// The entries, for reading; a copy is a snapshot.
  private(set) var entries = PagedArray<SessionEntry>(filler: SessionEntry())
  private var index = SlotIndex()
  private var freeSlots = FreeNumbers()

  /// The number of slots in use: live, revoked and consumed entries that have not ended yet.
  package private(set) var count = 0

  static let slotsMax = TimingWheel.slotsMax

  /// The number of slots ever made, which is above every slot number.
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

  /// Returns the slot for the next entry, or nil if the table is full.
  package func nextFree() -> UInt32? {
    if let slot = freeSlots.lowest() { return UInt32(slot) }
    return entries.count < Self.slotsMax ? UInt32(entries.count) : nil
  }

  func hasRoom(for count: Int) -> Bool { freeSlots.count + Self.slotsMax - entries.count >= count }

  /// Extends the table to at least `count` slots; the new ones are free.
  mutating func extend(to count: Int) {
    guard count > entries.count else { return }
    entries.grow(toInclude: count - 1)
    freeSlots.extend(to: count)
  }

  /// Checks whether `insert` accepts the slot: it is free, and at most one past the highest.
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

  /// Indexes every entry of a table that was filled by `place` alone.
  ///
  /// Returns a slot whose id another entry has.
  mutating func indexAll() -> UInt32? { index(keys) }

  /// The keys of all entries, for an index.
  var keys: SlotIndex.Keys {
    var keys = SlotIndex.Keys()
    for slot in 0..<entries.count where entries[slot].status != .free {
      keys.append(UInt32(slot), hash: entries[slot].idHigh)
    }
    return keys
  }

  /// Indexes the entries with these keys, which have shards of the index for themselves.
  ///
  /// Returns a slot whose id another entry has.
  mutating func index(_ keys: SlotIndex.Keys) -> UInt32? {
    index.fill(keys) { [entries] in entries[Int($0)].id == entries[Int($1)].id }
  }

  /// Returns an index of the entries with these keys, and a slot whose id another entry has.
  func index(of keys: SlotIndex.Keys) -> (index: SlotIndex, doubled: UInt32?) {
    var index = SlotIndex()
    let doubled = index.fill(keys) { entries[Int($0)].id == entries[Int($1)].id }
    return (index, doubled)
  }

  /// Adds an index of entries whose shards are empty here.
  mutating func merge(_ other: SlotIndex) { index.merge(other) }

  /// Puts an entry into a slot.
  ///
  /// The entry cannot be found by its id before ``indexAll()``.
  mutating func place(_ entry: SessionEntry, at slot: UInt32) {
    precondition(isFree(slot), "an entry goes into a free slot")
    if Int(slot) < entries.count { freeSlots.remove(Int(slot)) } else { freeSlots.raiseLimit() }
    entries.grow(toInclude: Int(slot))
    entries[Int(slot)] = entry
    count += 1
  }

  /// Puts an entry into a slot of a table that is being restored, and extends the table to it.
  ///
  /// The entry cannot be found by its id before ``indexAll()``.
  mutating func restore(_ entry: SessionEntry, at slot: UInt32) {
    extend(to: Int(slot))
    place(entry, at: slot)
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
