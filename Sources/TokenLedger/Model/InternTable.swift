internal import Platform

/// Values that many sessions share, each kept once under a small number with a count of its users.
///
/// The log defines a value at its first use and then refers to its number; the number is free again once its last user
/// is gone. A value that was defined but never used, as after a crash between two records, keeps its number and is used
/// the next time the value occurs: freeing it would be a change without a record. ``nextFree()`` chooses numbers and
/// ``define(_:as:)`` sets them, so that replay arrives at the same numbers as the run that wrote the log.
package struct InternTable<Value: ExactValue> {
  /// The values by number, for reading; a copy is a snapshot.
  private(set) var values = PagedArray<Value?>(filler: nil)
  private var useCounts = PagedArray<UInt32>(filler: 0)
  private var freeNumbers = FreeNumbers()
  private var index = SlotIndex()

  /// The number of defined values.
  package private(set) var count = 0

  package subscript(number: UInt32) -> Value? {
    Int(number) < values.count ? values[Int(number)] : nil
  }

  /// Checks whether a number is defined, without reading the value.
  func isDefined(_ number: UInt32) -> Bool {
    Int(number) < values.count && !freeNumbers.contains(Int(number))
  }

  func number(of value: Value) -> UInt32? {
    index.find(hash: Self.hash(value)) { number in
      // The values are not compared as optionals, since that would call a generic function in another module.
      guard let held = values[Int(number)] else { return false }
      return held.hasSameBytes(as: value)
    }
  }

  /// Checks whether `define` accepts the number: it is free, and at most one past the highest.
  func isFree(_ number: UInt32) -> Bool {
    number != SlotIndex.absent && (Int(number) == values.count || freeNumbers.contains(Int(number)))
  }

  /// Returns the number that the next definition takes, or the one after `skipped` further definitions.
  package func nextFree(skipping skipped: Int = 0) -> UInt32 {
    guard skipped < freeNumbers.count else { return UInt32(values.count + skipped - freeNumbers.count) }
    var number = freeNumbers.lowest() ?? values.count
    for _ in 0..<skipped { number = freeNumbers.lowest(from: number + 1) ?? values.count }
    return UInt32(number)
  }

  /// Extends the table to at least `count` numbers; the new ones are free.
  mutating func extend(to count: Int) {
    guard count > values.count else { return }
    values.grow(toInclude: count - 1)
    useCounts.grow(toInclude: count - 1)
    freeNumbers.extend(to: count)
  }

  mutating func define(_ value: Value, as number: UInt32) {
    precondition(isFree(number), "a number is defined once")
    if Int(number) == values.count { freeNumbers.raiseLimit() } else { freeNumbers.remove(Int(number)) }
    values.grow(toInclude: Int(number))
    useCounts.grow(toInclude: Int(number))
    values[Int(number)] = value
    count += 1
    let hash = Self.hash(value)
    if index.isFull(for: hash) { index.grow(for: hash) { [values] in Self.hash(values[Int($0)]) } }
    index.insert(number, hash: hash)
  }

  mutating func retain(_ number: UInt32) {
    useCounts[Int(number)] += 1
  }

  /// Removes a user of the number.
  ///
  /// Returns the value if this was its last user, so that its number is free now.
  @discardableResult
  mutating func release(_ number: UInt32) -> Value? {
    useCounts[Int(number)] -= 1
    return useCounts[Int(number)] == 0 ? forget(number) : nil
  }

  private mutating func forget(_ number: UInt32) -> Value? {
    guard let value = values[Int(number)] else { return nil }
    index.remove(number, hash: Self.hash(value)) { [values] in Self.hash(values[Int($0)]) }
    values[Int(number)] = nil
    freeNumbers.insert(Int(number))
    count -= 1
    return value
  }

  /// Returns the hash of a value, with a key of its own in each process, since an outsider can choose the values.
  private static func hash(_ value: Value?) -> UInt64 {
    var hasher = Hasher()
    value?.hashExactly(into: &hasher)
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }
}
