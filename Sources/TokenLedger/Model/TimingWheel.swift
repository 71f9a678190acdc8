/// A hierarchical timing wheel over slot numbers: four levels of 256 lists, one tick a second, 136 years in all.
///
/// The lists are linked by slot number in both directions, so a timer costs eight bytes and no object. A slot is armed once; when
/// its time comes the wheel asks when it is really due and arms it again if that has moved on (lazy re-arming), so
/// using a session costs the wheel nothing. A slot that is freed before its time is disarmed: whatever it holds next has
/// a time of its own. The wheel frees memory only: whether a token is expired is decided by
/// its own time, to the millisecond.
struct TimingWheel {
  /// Every tick up to and including this one has been turned to; its slots may still wait in `pending`.
  private(set) var currentTick: UInt64
  private var heads: [UInt32]
  private var links = PagedArray<Link>(filler: Link())
  /// How many lists of each level hold a slot, so that stretches of empty ticks are skipped.
  private var occupied = Array(repeating: 0, count: TimingWheel.levelCount)
  /// Lists taken out of the wheel and not yet gone through.
  private var pending: [UInt32] = []

  private struct Link {
    var next = TimingWheel.unarmed
    /// A slot; of the first in a list the list: `firstHead` + its head, or `pendingList`.
    var previous = TimingWheel.end
  }

  /// Slot numbers are below this: those from here on name lists.
  static let slotsMax = Int(firstHead)

  private static let firstHead = pendingList - UInt32(levelCount * levelSlots)
  private static let pendingList = UInt32.max - 2
  private static let levelCount = 4
  private static let levelBits = 8
  private static let levelSlots = 1 << levelBits
  private static let end = UInt32.max
  private static let unarmed = UInt32.max - 1
  /// Turning an empty tick costs this much of a step's budget.
  private static let ticksPerBudget = 64

  init(startingAt tick: UInt64) {
    currentTick = tick
    heads = Array(repeating: Self.end, count: Self.levelCount * Self.levelSlots)
  }

  /// Puts a slot into the list of its tick; one that is in a list stays there. A tick that is past fires at the next step.
  mutating func arm(_ slot: UInt32, due tick: UInt64) {
    links.grow(toInclude: Int(slot))
    guard links[Int(slot)].next == Self.unarmed else { return }
    let due = max(tick, currentTick + 1)
    let distance = due - currentTick
    var level = 0
    while level < Self.levelCount - 1, distance >> UInt64(Self.levelBits * (level + 1)) != 0 { level += 1 }
    // Beyond the last level: the farthest list, from which it is armed again.
    let reachable = min(due, currentTick + (1 << UInt64(Self.levelBits * Self.levelCount)) - 1)
    let position = Int(truncatingIfNeeded: reachable >> UInt64(Self.levelBits * level)) & (Self.levelSlots - 1)
    let head = level * Self.levelSlots + position
    let next = heads[head]
    if next == Self.end { occupied[level] += 1 } else { links[Int(next)].previous = slot }
    links[Int(slot)] = Link(next: next, previous: Self.firstHead + UInt32(head))
    heads[head] = slot
  }

  /// Takes a slot out of its list; nothing happens where it is in none.
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

  /// Turns towards `tick`, touching at most `budget` slots.
  ///
  /// `due` is when a slot is due now; `fire` receives those whose tick has come, which are then in no list.
  /// Returns whether the wheel has caught up with `tick`.
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
      // The next level's list comes due only when this level has come full circle.
      if ticks & UInt64(Self.levelSlots - 1) != 0 { return }
    }
  }

  /// Goes to the last tick before `tick` that no list of the lower levels could come due by.
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
