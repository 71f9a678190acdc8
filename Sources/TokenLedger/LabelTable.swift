/// The labels of sessions, as numbers of names, by slot; most sessions have none. A copy is a snapshot, as with `PagedArray`.
package struct LabelTable: Sendable {
  private var numbers = PagedArray<UInt32>(filler: LabelTable.none)

  static let none = UInt32.max

  /// Nil where there is none; set to ``none`` to remove it.
  package subscript(slot: UInt32) -> UInt32? {
    get {
      guard Int(slot) < numbers.count, numbers[Int(slot)] != Self.none else { return nil }
      return numbers[Int(slot)]
    }
    set {
      numbers.grow(toInclude: Int(slot))
      numbers[Int(slot)] = newValue ?? Self.none
    }
  }
}
