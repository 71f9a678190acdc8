@testable import WriteAheadLog

/// A folder in memory that never fails.
///
/// `@unchecked Sendable`: libFuzzer runs one input at a time on one thread.
final class MemoryStorage: LogStorage, @unchecked Sendable {
  private(set) var files: [String: MemoryFile]

  init(_ files: [String: [UInt8]]) {
    self.files = files.mapValues(MemoryFile.init)
  }

  var path: String { "memory" }

  func names() throws(LogFailure) -> [String] { files.keys.sorted() }

  func lock() throws(LogFailure) -> any LogLock { MemoryFile([]) }

  func open(_ name: String, for use: LogFileUse) throws(LogFailure) -> any LogFile {
    if use == .creating { files[name] = MemoryFile([]) }
    guard let file = files[name] else { throw .io(operation: "open", path: name, errno: 2) }
    return file
  }

  func rename(_ name: String, to newName: String) throws(LogFailure) {
    files[newName] = files.removeValue(forKey: name)
  }

  func remove(_ name: String) throws(LogFailure) {
    files[name] = nil
  }

  func syncDirectory() throws(LogFailure) {}
}

/// `@unchecked Sendable`: as `MemoryStorage`.
final class MemoryFile: LogFile, LogLock, @unchecked Sendable {
  private(set) var bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  func size() throws(LogFailure) -> UInt64 { UInt64(bytes.count) }

  func read(into target: inout [UInt8], _ range: Range<Int>, at offset: UInt64) throws(LogFailure) -> Int {
    guard offset < bytes.count else { return 0 }
    let count = min(range.count, bytes.count - Int(offset))
    for index in 0..<count { target[range.lowerBound + index] = bytes[Int(offset) + index] }
    return count
  }

  func write(_ source: Span<UInt8>, at offset: UInt64) throws(LogFailure) -> Int {
    let end = Int(offset) + source.count
    if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
    for index in source.indices { bytes[Int(offset) + index] = source[index] }
    return source.count
  }

  func sync() throws(LogFailure) {}

  func truncate(to size: UInt64) throws(LogFailure) {
    if size < bytes.count {
      bytes.removeLast(bytes.count - Int(size))
    } else {
      bytes += [UInt8](repeating: 0, count: Int(size) - bytes.count)
    }
  }
}
