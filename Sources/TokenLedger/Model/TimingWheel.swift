/// A hierarchical timing wheel over slot numbers: four levels of 256 lists, one tick a second, 136 years in all.
///
/// The lists are linked by slot number in both directions, so that a timer costs eight bytes and no object. A slot is
/// armed once. When its time comes, the wheel asks when it is really due and arms it again if that has moved (lazy
/// re-arming), so that using a session costs the wheel nothing. A slot that is freed early is disarmed, since its next
/// entry has a time of its own. The wheel only frees memory: a token's own time decides, to the millisecond, whether it
/// is expired.
struct TimingWheel {
  /// The last tick to which the wheel was turned; slots of it and of earlier ticks can still wait in `pending`.
  private(set) var currentTick: UInt64
  private var heads: [UInt32]
  private var links = PagedArray<Link>(filler: Link())
  /// The number of lists on each level that hold a slot, so that stretches of empty ticks are skipped.
  private var occupied = Array(repeating: 0, count: TimingWheel.levelCount)
  /// The lists that were taken out of the wheel and not yet gone through.
  private var pending: [UInt32] = []

  private struct Link {
    var next = TimingWheel.unarmed
    /// The previous slot or, for the first slot in a list, the list: `firstHead` plus its head, or `pendingList`.
    var previous = TimingWheel.end
  }

  /// The upper bound of slot numbers; numbers from here on stand for lists.
  static let slotsMax = Int(firstHead)

  private static let firstHead = pendingList - UInt32(levelCount * levelSlots)
  private static let pendingList = UInt32.max - 2
  private static let levelCount = 4
  private static let levelBits = 8
  private static let levelSlots = 1 << levelBits
  private static let end = UInt32.max
  private static let unarmed = UInt32.max - 1
  /// The number of empty ticks that cost as much of a step's budget as one slot.
  private static let ticksPerBudget = 64

  init(startingAt tick: UInt64) {
    currentTick = tick
    heads = Array(repeating: Self.end, count: Self.levelCount * Self.levelSlots)
  }

  /// Puts a slot into the list of its tick; one that is in a list stays there.
  ///
  /// A past tick fires at the next step.
  mutating func arm(_ slot: UInt32, due tick: UInt64) {
    links.grow(toInclude: Int(slot))
    guard links[Int(slot)].next == Self.unarmed else { return }
    let due = max(tick, currentTick + 1)
    let distance = due - currentTick
    var level = 0
    while level < Self.levelCount - 1, distance >> UInt64(Self.levelBits * (level + 1)) != 0 { level += 1 }
    // A tick beyond the last level goes into the farthest list, from which it is armed again.
    let reachable = min(due, currentTick + (1 << UInt64(Self.levelBits * Self.levelCount)) - 1)
    let position = Int(truncatingIfNeeded: reachable >> UInt64(Self.levelBits * level)) & (Self.levelSlots - 1)
    let head = level * Self.levelSlots + position
    let next = heads[head]
    if next == Self.end { occupied[level] += 1 } else { links[Int(next)].previous = slot }
    links[Int(slot)] = Link(next: next, previous: Self.firstHead + UInt32(head))
    heads[head] = slot
  }

  /// Removes a slot from its list; a slot in no list is ignored.
  mutating func disarm(_ slot: UInt32) {
    guard Int(slot) < links.count, links[Int(slot)].next != Self.unarmed else { return }
    let link = links[Int(slot)]
    switch link.previous {
    case Self.pendingList:
      guard let place = pending.lastIndex(of: slot) else { preconditionFailure("a pending list begins with its first") }
      if link.next == Self.end { pending.remove(at: place) } else { pending[place] = link.next }
    case Self.firstHead..<Self.pendingList:
      let head = Int(link.previous - Self.firstHead)
      heads[head] = link.next
      if link.next == Self.end { occupied[head / Self.levelSlots] -= 1 }
    default:
      links[Int(link.previous)].next = link.next
    }
    if link.next != Self.end { links[Int(link.next)].previous = link.previous }
    links[Int(slot)] = Link()
  }

  /// Turns the wheel towards `tick`, touching at most `budget` slots.
  ///
  /// `due` returns the tick at which a slot is due now. `fire` is called with each slot whose tick has come, which is
  /// then in no list. Returns true if the wheel has caught up with `tick`.
  mutating func advance(
    to tick: UInt64, budget: Int, due: (UInt32) -> UInt64, fire: (UInt32) -> Void
  ) -> Bool {
    var budget = budget * Self.ticksPerBudget
    while budget > 0 {
      if let slot = popPending() {
        let dueTick = due(slot)
        if dueTick <= currentTick { fire(slot) } else { arm(slot, due: dueTick) }
        budget -= Self.ticksPerBudget
      } else if currentTick < tick {
        skipEmptyTicks(before: tick)
        turn()
        budget -= 1
      } else {
        return true
      }
    }
    return pending.isEmpty && currentTick >= tick
  }

  private mutating func turn() {
    currentTick += 1
    for level in 0..<Self.levelCount {
      let ticks = currentTick >> UInt64(Self.levelBits * level)
      take(Int(truncatingIfNeeded: ticks) & (Self.levelSlots - 1), of: level)
      // The next level's list comes due only once this level has come full circle.
      if ticks & UInt64(Self.levelSlots - 1) != 0 { return }
    }
  }

  /// Skips to the last tick before `tick` at which no list of the lower levels can come due.
  private mutating func skipEmptyTicks(before tick: UInt64) {
    var skippable: UInt64 = 0
    for level in 0..<Self.levelCount {
      guard occupied[level] == 0 else { break }
      skippable = (1 << UInt64(Self.levelBits * (level + 1))) - 1
    }
    currentTick = max(currentTick, min(currentTick | skippable, tick - 1))
  }

  private mutating func take(_ position: Int, of level: Int) {
    let head = level * Self.levelSlots + position
    guard heads[head] != Self.end else { return }
    occupied[level] -= 1
    pending.append(heads[head])
    links[Int(heads[head])].previous = Self.pendingList
    heads[head] = Self.end
  }

  private mutating func popPending() -> UInt32? {
    guard let slot = pending.last else { return nil }
    disarm(slot)
    return slot
  }
}

extension Timestamp {
  /// The last tick of the wheel that has passed at this moment.
  var tick: UInt64 { UInt64(max(0, seconds)) }
}
