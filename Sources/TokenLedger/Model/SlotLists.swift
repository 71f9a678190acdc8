/// Doubly linked lists of slots, one for each number: the live sessions of a subject, or of a profile.
///
/// A slot takes eight bytes and a number twelve; every operation touches at most three slots. The order is that of
/// appending, but nothing relies on it: a state that was read from a checkpoint has another order.
struct SlotLists: Sendable {
  private struct Link {
    var next = SlotLists.none
    var previous = SlotLists.none
  }

  private struct Head {
    var first = SlotLists.none
    var last = SlotLists.none
    var count: UInt32 = 0
  }

  private var links = PagedArray<Link>(filler: Link())
  private var heads = PagedArray<Head>(filler: Head())

  private static let none = UInt32.max

  func count(of number: UInt32) -> Int { Int(number) < heads.count ? Int(heads[Int(number)].count) : 0 }

  func first(of number: UInt32) -> UInt32? { Int(number) < heads.count ? Self.slot(heads[Int(number)].first) : nil }

  /// Returns the slot after one that is in a list.
  func next(after slot: UInt32) -> UInt32? { Self.slot(links[Int(slot)].next) }

  /// Appends a slot that is in no list.
  mutating func append(_ slot: UInt32, to number: UInt32) {
    links.grow(toInclude: Int(slot))
    heads.grow(toInclude: Int(number))
    let last = heads[Int(number)].last
    links[Int(slot)] = Link(next: Self.none, previous: last)
    if last == Self.none { heads[Int(number)].first = slot } else { links[Int(last)].next = slot }
    heads[Int(number)].last = slot
    heads[Int(number)].count += 1
  }

  /// Removes a slot that is in this list.
  mutating func remove(_ slot: UInt32, from number: UInt32) {
    let link = links[Int(slot)]
    if link.previous == Self.none {
      heads[Int(number)].first = link.next
    } else {
      links[Int(link.previous)].next = link.next
    }
    if link.next == Self.none {
      heads[Int(number)].last = link.previous
    } else {
      links[Int(link.next)].previous = link.previous
    }
    heads[Int(number)].count -= 1
  }

  /// Returns the slots of a list, in order.
  func slots(of number: UInt32) -> some Sequence<UInt32> {
    sequence(state: first(of: number)) { slot -> UInt32? in
      defer { slot = slot.flatMap { next(after: $0) } }
      return slot
    }
  }

  private static func slot(_ raw: UInt32) -> UInt32? { raw == none ? nil : raw }
}

/// The position in a listing after the session in a slot.
struct SlotCursor {
  var slot: UInt32
  var session: SessionID

  /// The cursor as callers hold it: the session's id and the slot, joined by a dot.
  var text: SessionCursor { SessionCursor(unchecked: "\(session.text).\(slot)") }

  init(slot: UInt32, session: SessionID) {
    self.slot = slot
    self.session = session
  }

  /// Parses a cursor, or returns nil unless it is one of these.
  init?(_ cursor: SessionCursor) {
    let parts = cursor.text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let session = SessionID(text: String(parts[0])), let slot = UInt32(parts[1]) else {
      return nil
    }
    self.init(slot: slot, session: session)
  }
}
