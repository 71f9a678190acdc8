/// Values by slot, of which most slots have none.
///
/// A copy is a snapshot, as with `PagedArray`.
package struct SparseTable<Value: SparseValue>: Sendable {
  private var values = PagedArray<Value>(filler: Value.absent)
  /// The number of slots that have a value.
  private(set) var count = 0

  package init() {}

  package var isEmpty: Bool { count == 0 }

  /// The value of a slot, or nil if it has none.
  ///
  /// Setting it to nil removes the value.
  package subscript(slot: UInt32) -> Value? {
    get {
      guard Int(slot) < values.count, !values[Int(slot)].isAbsent else { return nil }
      return values[Int(slot)]
    }
    set {
      let isHeld = self[slot] != nil
      let value = newValue ?? Value.absent
      guard isHeld || !value.isAbsent else { return }
      values.grow(toInclude: Int(slot))
      values[Int(slot)] = value
      count += (value.isAbsent ? 0 : 1) - (isHeld ? 1 : 0)
    }
  }
}

/// A value with a special value for its absence.
package protocol SparseValue: Sendable {
  static var absent: Self { get }
  var isAbsent: Bool { get }
}

/// The labels of sessions, as numbers of names.
package typealias LabelTable = SparseTable<UInt32>

extension LabelTable {
  /// The number that stands for no name.
  package static var none: UInt32 { UInt32.absent }
}

extension UInt32: SparseValue {
  package static var absent: UInt32 { .max }
  package var isAbsent: Bool { self == .max }
}

/// The payloads of live one-time tokens.
///
/// An empty payload counts as absent.
package typealias PayloadTable = SparseTable<[UInt8]>

extension [UInt8]: SparseValue {
  package static var absent: [UInt8] { [] }
  package var isAbsent: Bool { isEmpty }
}
