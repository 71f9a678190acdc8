internal import Synchronization
internal import WriteAheadLog

/// A file of a `FaultyStorage`: what is in it now, what is durable of it, and every state its sectors were in between.
final class FaultyFile: Sendable {
  private struct State {
    var content: [UInt8]
    var durable: [UInt8]
    /// By sector: what it held after each unsynced change.
    var unsyncedSectors: [Int: [[UInt8]]] = [:]
    var unsyncedSizes: [Int] = []
  }

  private static let sectorBytes = 512
  private let state: Mutex<State>

  init(durable: [UInt8]) {
    state = Mutex(State(content: durable, durable: durable))
  }

  var content: [UInt8] { state.withLock { $0.content } }

  func write(_ bytes: [UInt8], at offset: Int) {
    guard !bytes.isEmpty else { return }
    state.withLock { state in
      let end = offset + bytes.count
      if state.content.count < end {
        state.content += [UInt8](repeating: 0, count: end - state.content.count)
        state.unsyncedSizes.append(end)
      }
      state.content.replaceSubrange(offset..<end, with: bytes)
      Self.noteSectors(&state, from: offset, to: end)
    }
  }

  func truncate(to size: Int) {
    state.withLock { state in
      let old = state.content.count
      if size < old {
        state.content.removeLast(old - size)
      } else {
        state.content += [UInt8](repeating: 0, count: size - old)
      }
      state.unsyncedSizes.append(size)
      Self.noteSectors(&state, from: min(size, old), to: max(size, old))
    }
  }

  func sync() {
    state.withLock { state in
      state.durable = state.content
      state.unsyncedSectors = [:]
      state.unsyncedSizes = []
    }
  }

  private static func noteSectors(_ state: inout State, from start: Int, to end: Int) {
    for sector in (start / sectorBytes)...(max(start, end - 1) / sectorBytes) {
      state.unsyncedSectors[sector, default: []].append(Self.sector(sector, of: state.content))
    }
  }

  private static func sector(_ sector: Int, of bytes: [UInt8]) -> [UInt8] {
    let start = min(sector * sectorBytes, bytes.count)
    let end = min(start + sectorBytes, bytes.count)
    let part = Array(bytes[start..<end])
    return end - start == sectorBytes ? part : part + [UInt8](repeating: 0, count: sectorBytes - part.count)
  }

  /// Each unsynced sector in one of its states, and one of the sizes.
  func crashContent(using generator: inout SeededGenerator) -> [UInt8] {
    state.withLock { state in
      let sizes = [state.durable.count] + state.unsyncedSizes
      let size = sizes[Int.random(in: 0..<sizes.count, using: &generator)]
      let sectors = (max(size, state.durable.count, state.content.count) + Self.sectorBytes - 1) / Self.sectorBytes
      var bytes: [UInt8] = []
      bytes.reserveCapacity(sectors * Self.sectorBytes)
      for index in 0..<sectors {
        let states = [Self.sector(index, of: state.durable)] + (state.unsyncedSectors[index] ?? [])
        bytes += states[Int.random(in: 0..<states.count, using: &generator)]
      }
      return Array(bytes.prefix(size))
    }
  }
}
