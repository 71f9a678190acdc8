/// Values by slot, of which most slots have none. A copy is a snapshot, as with `PagedArray`.
package struct SparseTable<Value: Equatable & Sendable>: Sendable {
  private var values: PagedArray<Value>
  /// What a slot without a value holds.
  private let absent: Value
  /// Slots that hold a value.
  private(set) var count = 0

  init(absent: Value) {
    values = PagedArray(filler: absent)
    self.absent = absent
  }

  package var isEmpty: Bool { count == 0 }

  /// Nil where there is none; set to nil to remove it.
  package subscript(slot: UInt32) -> Value? {
    get {
      guard Int(slot) < values.count, values[Int(slot)] != absent else { return nil }
      return values[Int(slot)]
    }
    set {
      let isHeld = self[slot] != nil
      let value = newValue ?? absent
      guard isHeld || value != absent else { return }
      values.grow(toInclude: Int(slot))
      values[Int(slot)] = value
      count += (value == absent ? 0 : 1) - (isHeld ? 1 : 0)
    }
  }
}

/// The labels of sessions, as numbers of names.
package typealias LabelTable = SparseTable<UInt32>

extension LabelTable {
  /// The number of no name.
  package static var none: UInt32 { .max }

  init() { self.init(absent: Self.none) }
}

/// The payloads of live one-time tokens. An empty one is none.
package typealias PayloadTable = SparseTable<[UInt8]>

extension PayloadTable {
  init() { self.init(absent: []) }
}
