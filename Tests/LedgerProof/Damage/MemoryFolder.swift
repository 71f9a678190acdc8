import Synchronization
import WriteAheadLog

/// A folder in memory without any fault, cheap enough to be made a million times; counts what changes it.
final class MemoryFolder: LogStorage {
  private struct State {
    var entries: [String: MemoryFile]
    var changes = 0
    var isLocked = false
  }

  let path = "the folder in memory"
  private let state: Mutex<State>

  init(_ files: [String: [UInt8]]) {
    state = Mutex(State(entries: files.mapValues { MemoryFile($0) }))
  }

  /// Calls that change a file or the folder, syncs among them.
  var changes: Int { state.withLock { $0.changes } }

  var files: [String: [UInt8]] { state.withLock { $0.entries.mapValues(\.content) } }

  func names() throws(LogFailure) -> [String] { state.withLock { Array($0.entries.keys) } }

  func lock() throws(LogFailure) -> any LogLock {
    let isFree = state.withLock { state in
      defer { state.isLocked = true }
      return !state.isLocked
    }
    guard isFree else { throw .locked(path: path) }
    return MemoryLock(self)
  }

  func open(_ name: String, for use: LogFileUse) throws(LogFailure) -> any LogFile {
    let file: MemoryFile? = state.withLock { state in
      guard use == .creating else { return state.entries[name] }
      let file = MemoryFile([])
      state.entries[name] = file
      state.changes += 1
      return file
    }
    guard let file else { throw .io(operation: "open", path: name, errno: 2) }
    return OpenMemoryFile(self, file)
  }

  func rename(_ name: String, to newName: String) throws(LogFailure) {
    state.withLock { state in
      state.entries[newName] = state.entries.removeValue(forKey: name)
      state.changes += 1
    }
  }

  func remove(_ name: String) throws(LogFailure) {
    state.withLock { state in
      state.entries[name] = nil
      state.changes += 1
    }
  }

  func syncDirectory() throws(LogFailure) { countChange() }

  fileprivate func countChange() { state.withLock { $0.changes += 1 } }

  fileprivate func unlock() { state.withLock { $0.isLocked = false } }
}

private final class MemoryLock: LogLock {
  private let folder: MemoryFolder

  init(_ folder: MemoryFolder) {
    self.folder = folder
  }

  deinit {
    folder.unlock()
  }
}

private final class MemoryFile: Sendable {
  private let bytes: Mutex<[UInt8]>

  init(_ bytes: [UInt8]) {
    self.bytes = Mutex(bytes)
  }

  var content: [UInt8] { bytes.withLock { $0 } }

  func change(_ body: (inout [UInt8]) -> Void) {
    bytes.withLock { body(&$0) }
  }
}

private final class OpenMemoryFile: LogFile {
  private let folder: MemoryFolder
  private let file: MemoryFile

  init(_ folder: MemoryFolder, _ file: MemoryFile) {
    self.folder = folder
    self.file = file
  }

  func size() throws(LogFailure) -> UInt64 { UInt64(file.content.count) }

  func read(into bytes: inout [UInt8], _ range: Range<Int>, at offset: UInt64) throws(LogFailure) -> Int {
    let content = file.content
    guard offset < content.count else { return 0 }
    let start = Int(offset)
    let count = min(range.count, content.count - start)
    bytes.withUnsafeMutableBytes { target in
      content.withUnsafeBytes { source in
        UnsafeMutableRawBufferPointer(rebasing: target[range.lowerBound..<(range.lowerBound + count)])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<(start + count)]))
      }
    }
    return count
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(LogFailure) -> Int {
    let copy = bytes.withUnsafeBufferPointer { Array($0) }
    let start = Int(offset)
    file.change { content in
      if content.count < start + copy.count {
        content += [UInt8](repeating: 0, count: start + copy.count - content.count)
      }
      content.replaceSubrange(start..<(start + copy.count), with: copy)
    }
    folder.countChange()
    return copy.count
  }

  func sync() throws(LogFailure) { folder.countChange() }

  func truncate(to size: UInt64) throws(LogFailure) {
    file.change { content in
      let size = Int(size)
      if size < content.count {
        content.removeLast(content.count - size)
      } else {
        content += [UInt8](repeating: 0, count: size - content.count)
      }
    }
    folder.countChange()
  }
}
