/// The free ones among the numbers from 0 up to a limit that only grows.
///
/// Each number has a bit, and the lowest free one is found first.
///
/// The next number follows from the set alone and not from the order in which its members became free, so that a state
/// read from a checkpoint continues exactly as the original. Every operation touches one word on each level: there are
/// four levels for sixteen million numbers.
struct FreeNumbers: Sendable {
  /// The limit: numbers from here on were never handed out.
  private(set) var limit = 0
  /// The bits.
  ///
  /// `levels[0]` has one for each number, every further level one for each word of the level below that is not 0.
  private var levels: [[UInt64]] = [[]]
  private(set) var count = 0

  func contains(_ number: Int) -> Bool {
    number < limit && levels[0][number >> 6] & (1 << UInt64(number & 63)) != 0
  }

  /// Returns the lowest free number from `start` on, or nil if there is none below `limit`.
  func lowest(from start: Int = 0) -> Int? {
    var position = start
    for level in levels.indices {
      let word = position >> 6
      guard word < levels[level].count else { return nil }
      let rest = levels[level][word] & (UInt64.max << UInt64(position & 63))
      if rest != 0 { return descend(from: level, to: word << 6 | rest.trailingZeroBitCount) }
      position = word + 1
    }
    return nil
  }

  private func descend(from level: Int, to position: Int) -> Int {
    var position = position
    for lower in levels[..<level].reversed() { position = position << 6 | lower[position].trailingZeroBitCount }
    return position
  }

  /// Raises `limit` to at least `end`; the new numbers are free.
  mutating func extend(to end: Int) {
    while limit < end {
      let (first, span) = (limit, min(64 - limit & 63, end - limit))
      raiseLimit(by: span)
      levels[0][first >> 6] |= (UInt64.max >> UInt64(64 - span)) << UInt64(first & 63)
      count += span
      mark(first >> 6, from: 1)
    }
  }

  /// Hands out `limit` itself, or `span` numbers from it on.
  mutating func raiseLimit(by span: Int = 1) {
    limit += span
    var size = limit
    for level in levels.indices {
      size = (size + 63) >> 6
      if levels[level].count < size { levels[level].append(0) }
    }
    if let top = levels.last, top.count > 1 {
      levels.append([top.enumerated().reduce(0) { $1.element == 0 ? $0 : $0 | 1 << UInt64($1.offset) }])
    }
  }

  /// - Precondition: The number is below `limit` and not free.
  mutating func insert(_ number: Int) {
    precondition(number < limit && !contains(number), "a number becomes free once")
    count += 1
    mark(number, from: 0)
  }

  private mutating func mark(_ position: Int, from bottom: Int) {
    var position = position
    for level in bottom..<levels.count {
      let before = levels[level][position >> 6]
      levels[level][position >> 6] = before | 1 << UInt64(position & 63)
      if before != 0 { return }
      position >>= 6
    }
  }

  /// - Precondition: The number is free.
  mutating func remove(_ number: Int) {
    precondition(contains(number), "a number is taken once")
    count -= 1
    var position = number
    for level in levels.indices {
      levels[level][position >> 6] &= ~(1 << UInt64(position & 63))
      if levels[level][position >> 6] != 0 { return }
      position >>= 6
    }
  }
}
