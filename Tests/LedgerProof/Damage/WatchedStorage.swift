import LedgerTesting
import WriteAheadLog

/// Tells somebody before each call that changes the disk, when what a crash would leave can be looked at.
final class WatchedStorage: LogStorage {
  let disk: FaultyStorage
  private let onChange: @Sendable () -> Void

  init(_ disk: FaultyStorage, onChange: @escaping @Sendable () -> Void) {
    self.disk = disk
    self.onChange = onChange
  }

  var path: String { disk.path }

  func names() throws(LogFailure) -> [String] { try disk.names() }

  func lock() throws(LogFailure) -> any LogLock { try disk.lock() }

  func open(_ name: String, for use: LogFileUse) throws(LogFailure) -> any LogFile {
    if use == .creating { onChange() }
    return WatchedFile(try disk.open(name, for: use), onChange)
  }

  func rename(_ name: String, to newName: String) throws(LogFailure) {
    onChange()
    try disk.rename(name, to: newName)
  }

  func remove(_ name: String) throws(LogFailure) {
    onChange()
    try disk.remove(name)
  }

  func syncDirectory() throws(LogFailure) {
    onChange()
    try disk.syncDirectory()
  }
}

private final class WatchedFile: LogFile {
  private let file: any LogFile
  private let onChange: @Sendable () -> Void

  init(_ file: any LogFile, _ onChange: @escaping @Sendable () -> Void) {
    self.file = file
    self.onChange = onChange
  }

  func size() throws(LogFailure) -> UInt64 { try file.size() }

  func read(into bytes: inout [UInt8], _ range: Range<Int>, at offset: UInt64) throws(LogFailure) -> Int {
    try file.read(into: &bytes, range, at: offset)
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(LogFailure) -> Int {
    onChange()
    return try file.write(bytes, at: offset)
  }

  func sync() throws(LogFailure) {
    onChange()
    try file.sync()
  }

  func truncate(to size: UInt64) throws(LogFailure) {
    onChange()
    try file.truncate(to: size)
  }
}
