internal import Platform
internal import Synchronization

/// The filling of a table beside the reading of a checkpoint: a thread of its own puts the entries into their slots,
/// and a second one helps to index them.
///
/// In a large checkpoint that is half of the work, most of it waiting for memory that was never used before.
final class TableFilling: Sendable {
  typealias Placed = (slot: UInt32, entry: SessionEntry)

  private let work = FillingWork()

  /// The number of entries that are best sent at a time.
  static let batchCount = 4096

  /// Continues a table that was filled by `SessionTable.restore(_:at:)` so far.
  ///
  /// Returns nil if the system has no thread left.
  init?(_ table: SessionTable) {
    let work = work
    guard DetachedThread({ work.run(table) }).start() == 0 else { return nil }
  }

  deinit { work.end() }

  /// Sends entries for free slots, in the order of their slots; waits while the thread is far behind.
  func send(_ batch: [Placed]) { work.append(batch) }

  /// Returns the table with all the entries that were sent and their index, and a slot whose id another entry has.
  ///
  /// To be called once, last.
  func finish() -> (table: SessionTable, doubled: UInt32?) {
    work.end()
    var (table, keys) = work.result()
    let upper = IndexingHalf(table, keys.removeUpperHalf())
    let doubled = [table.index(keys), upper.merge(into: &table)]
    return (table, doubled.compactMap(\.self).min())
  }
}

/// The queue between the reader and the thread, which must not keep the filling alive, or it would never end.
private final class FillingWork: Sendable {
  private struct State {
    /// The batches that wait, the oldest first.
    var batches: [[TableFilling.Placed]] = []
    var result: (table: SessionTable, keys: SlotIndex.Keys)?
  }

  private let state = Mutex(State())
  /// Posted for each batch, and at the end, for which there is none.
  private let arrived = Semaphore()
  private let room = Semaphore()
  private let filled = Semaphore()

  private static let batchesMax = 8

  init() {
    for _ in 0..<Self.batchesMax { room.post() }
  }

  func append(_ batch: [TableFilling.Placed]) {
    room.wait()
    state.withLock { $0.batches.append(batch) }
    arrived.post()
  }

  /// Nothing more comes.
  func end() { arrived.post() }

  func run(_ table: SessionTable) {
    var (table, keys) = (table, table.keys)
    while let batch = next() {
      for (slot, entry) in batch {
        table.restore(entry, at: slot)
        keys.append(slot, hash: entry.idHigh)
      }
    }
    state.withLock { $0.result = (table, keys) }
    filled.post()
  }

  private func next() -> [TableFilling.Placed]? {
    arrived.wait()
    let batch = state.withLock { $0.batches.isEmpty ? nil : $0.batches.removeFirst() }
    if batch != nil { room.post() }
    return batch
  }

  func result() -> (table: SessionTable, keys: SlotIndex.Keys) {
    filled.wait()
    return state.withLock { state in
      defer { state.result = nil }
      return state.result ?? (SessionTable(), SlotIndex.Keys())
    }
  }
}

/// Half of an index, which a thread of its own fills if the system has one left.
private final class IndexingHalf: Sendable {
  private let result = Mutex<(index: SlotIndex, doubled: UInt32?)?>(nil)
  private let filled = Semaphore()

  init(_ table: SessionTable, _ keys: SlotIndex.Keys) {
    let fill: @Sendable () -> Void = { [self] in
      let found = table.index(of: keys)
      result.withLock { $0 = found }
      filled.post()
    }
    if DetachedThread(fill).start() != 0 { fill() }
  }

  /// Waits for the half and merges it into the index of the table; returns a slot whose id another entry has.
  func merge(into table: inout SessionTable) -> UInt32? {
    filled.wait()
    guard let found = result.withLock({ $0.take() }) else { return nil }
    table.merge(found.index)
    return found.doubled
  }
}
