internal import Synchronization
internal import TokenTestInputs

/// A file of a `FakeStorage`: what programs see of it, what is on the disk of it, and every state that its sectors were
/// in between.
///
/// Only sectors that differ are kept apart, so that a write costs its own sectors and a sync nearly nothing.
final class FakeFile: Sendable {
  private struct SectorState {
    let sector: Int
    /// Where its 512 bytes begin in `states`.
    let start: Int
    let isOnDisk: Bool
  }

  private struct State {
    /// What programs see.
    var content: [UInt8]
    /// For each changed sector, what is on the disk, and what it held after each change since then.
    var changes: [SectorState] = []
    var states: [UInt8] = []
    var isChanged: [Bool] = []
    /// Sectors that a failed sync lost: what is on the disk, although they count as unchanged.
    var lost: [Int: [UInt8]] = [:]
    var durableSize: Int
    var unsyncedSizes: [Int] = []
  }

  private static let sectorBytes = 512
  private let remembersUnsynced: Bool
  private let state: Mutex<State>

  /// Creates a file with durable content; without `remembersUnsynced` every change is on the disk at once, which costs
  /// least.
  init(durable: [UInt8], remembersUnsynced: Bool) {
    self.remembersUnsynced = remembersUnsynced
    state = Mutex(State(content: durable, durableSize: durable.count))
  }

  var content: [UInt8] { state.withLock { $0.content } }
  var size: Int { state.withLock { $0.content.count } }

  func read(into bytes: inout [UInt8], at start: Int, count: Int, from offset: Int) {
    state.withLock { state in
      bytes.withUnsafeMutableBytes { target in
        state.content.withUnsafeBytes { source in
          UnsafeMutableRawBufferPointer(rebasing: target[start..<(start + count)])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[offset..<(offset + count)]))
        }
      }
    }
  }

  func write(_ bytes: Span<UInt8>, count: Int, at offset: Int) {
    guard count > 0 else { return }
    state.withLock { state in
      let end = offset + count
      change(offset..<end, &state) { state in
        if state.content.count < end {
          state.content += [UInt8](repeating: 0, count: end - state.content.count)
          if remembersUnsynced { state.unsyncedSizes.append(end) }
        }
        bytes.withUnsafeBufferPointer { state.content.replaceSubrange(offset..<end, with: $0[..<count]) }
      }
    }
  }

  func truncate(to size: Int) {
    state.withLock { state in
      let old = state.content.count
      guard size != old else { return }
      change(min(size, old)..<max(size, old), &state) { state in
        if size < old {
          state.content.removeLast(old - size)
        } else {
          state.content += [UInt8](repeating: 0, count: size - old)
        }
        if remembersUnsynced { state.unsyncedSizes.append(size) }
      }
    }
  }

  /// Changes these bytes, of which there is one at least, and remembers what their sectors were and are.
  private func change(_ range: Range<Int>, _ state: inout State, _ body: (inout State) -> Void) {
    guard remembersUnsynced else {
      body(&state)
      return state.durableSize = state.content.count
    }
    let sectors = (range.lowerBound / Self.sectorBytes)...((range.upperBound - 1) / Self.sectorBytes)
    for sector in sectors { Self.noteOnDisk(sector, &state) }
    body(&state)
    for sector in sectors { Self.noteChange(sector, &state) }
  }

  /// Makes what was changed durable, and only that: what an earlier failed sync lost stays lost.
  func sync() {
    state.withLock { state in
      Self.forgetChanges(&state)
      state.durableSize = state.content.count
      // What was cut off is no longer the file's: if it grows again, it reads as zero.
      let sectors = (state.content.count + Self.sectorBytes - 1) / Self.sectorBytes
      if !state.lost.isEmpty { state.lost = state.lost.filter { $0.key < sectors } }
      state.unsyncedSizes.removeAll(keepingCapacity: true)
    }
  }

  /// Loses some of the changed sectors on their way to the disk, and takes all of them for clean.
  func failSync(using generator: inout SeededGenerator) {
    state.withLock { state in
      for (sector, choices) in Self.choices(state) {
        let choice = choices[Int.random(in: 0..<choices.count, using: &generator)]
        if choice != choices.last { state.lost[sector] = Self.bytes(at: choice, state) }
      }
      Self.forgetChanges(&state)
    }
  }

  /// Pages that count as clean may leave the memory at any time; the next read then finds what is on the disk.
  func evictClean(using generator: inout SeededGenerator) {
    state.withLock { state in
      for sector in state.lost.keys.sorted() where Bool.random(using: &generator) {
        guard let bytes = state.lost.removeValue(forKey: sector) else { continue }
        Self.put(bytes[...], at: sector, into: &state.content)
      }
    }
  }

  /// What a power failure leaves: each changed sector in one of its states, and one of the sizes.
  func crashContent(using generator: inout SeededGenerator) -> [UInt8] {
    let mixes = Int.random(in: 0..<4, using: &generator)
    return state.withLock { state in
      func pick(_ count: Int) -> Int {
        switch mixes {
        case 0: 0
        case 1: count - 1
        default: Int.random(in: 0..<count, using: &generator)
        }
      }
      if state.changes.isEmpty, state.lost.isEmpty, state.unsyncedSizes.isEmpty { return state.content }
      let sizes = [state.durableSize] + state.unsyncedSizes
      let size = sizes[pick(sizes.count)]
      var bytes = state.content
      if bytes.count < size { bytes += [UInt8](repeating: 0, count: size - bytes.count) }
      for (sector, onDisk) in state.lost { Self.put(onDisk[...], at: sector, into: &bytes) }
      for (sector, choices) in Self.choices(state) {
        let start = choices[pick(choices.count)]
        Self.put(state.states[start..<(start + Self.sectorBytes)], at: sector, into: &bytes)
      }
      if bytes.count > size { bytes.removeLast(bytes.count - size) }
      return bytes
    }
  }
}

// MARK: - Sectors

extension FakeFile {
  /// Before a change: keeps what the disk has, once.
  private static func noteOnDisk(_ sector: Int, _ state: inout State) {
    while state.isChanged.count <= sector { state.isChanged.append(false) }
    guard !state.isChanged[sector] else { return }
    state.isChanged[sector] = true
    let lost = state.lost.isEmpty ? nil : state.lost.removeValue(forKey: sector)
    state.changes.append(SectorState(sector: sector, start: state.states.count, isOnDisk: true))
    if let lost { state.states += lost } else { appendSector(sector, &state) }
  }

  private static func noteChange(_ sector: Int, _ state: inout State) {
    state.changes.append(SectorState(sector: sector, start: state.states.count, isOnDisk: false))
    appendSector(sector, &state)
  }

  private static func appendSector(_ sector: Int, _ state: inout State) {
    let start = min(sector * sectorBytes, state.content.count)
    let end = min(start + sectorBytes, state.content.count)
    state.states += state.content[start..<end]
    if end - start < sectorBytes { state.states += repeatElement(0, count: sectorBytes - (end - start)) }
  }

  private static func forgetChanges(_ state: inout State) {
    for change in state.changes where change.isOnDisk { state.isChanged[change.sector] = false }
    state.changes.removeAll(keepingCapacity: true)
    state.states.removeAll(keepingCapacity: true)
  }

  /// The starts of the states of each changed sector, from the one on disk to the newest.
  private static func choices(_ state: State) -> [(sector: Int, starts: [Int])] {
    var found: [(sector: Int, starts: [Int])] = []
    var index = [Int](repeating: -1, count: state.isChanged.count)
    for change in state.changes {
      if index[change.sector] < 0 {
        index[change.sector] = found.count
        found.append((change.sector, []))
      }
      found[index[change.sector]].starts.append(change.start)
    }
    return found
  }

  private static func bytes(at start: Int, _ state: State) -> [UInt8] {
    Array(state.states[start..<(start + sectorBytes)])
  }

  /// Lets a sector's bytes stand in `content`, as far as it reaches.
  private static func put(_ bytes: ArraySlice<UInt8>, at sector: Int, into content: inout [UInt8]) {
    let start = sector * sectorBytes
    let count = min(bytes.count, content.count - start)
    guard count > 0 else { return }
    content.replaceSubrange(start..<(start + count), with: bytes.prefix(count))
  }
}
