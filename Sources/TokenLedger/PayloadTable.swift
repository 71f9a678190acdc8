/// The payloads of live one-time tokens, by slot; most slots have none. A copy is a snapshot, as with `PagedArray`.
package struct PayloadTable: Sendable {
  private var payloads = PagedArray<[UInt8]>(filler: [])
  /// Slots that hold a payload.
  private(set) var count = 0

  package var isEmpty: Bool { count == 0 }

  /// Nil for none; an empty one is none.
  package subscript(slot: UInt32) -> [UInt8]? {
    get {
      guard Int(slot) < payloads.count, !payloads[Int(slot)].isEmpty else { return nil }
      return payloads[Int(slot)]
    }
    set {
      let held = Int(slot) < payloads.count && !payloads[Int(slot)].isEmpty
      let payload = newValue ?? []
      guard held || !payload.isEmpty else { return }
      payloads.grow(toInclude: Int(slot))
      payloads[Int(slot)] = payload
      count += (payload.isEmpty ? 0 : 1) - (held ? 1 : 0)
    }
  }
}
