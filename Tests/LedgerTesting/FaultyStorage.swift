internal import Synchronization
package import WriteAheadLog

/// A folder in memory that fails as real disks do: it loses unsynced sectors in any mix when it crashes, and refuses,
/// shortens or interrupts calls when told to.
///
/// All of it follows from the seed and the calls made.
package final class FaultyStorage: LogStorage {
  /// What may go wrong; everything off at first.
  package struct Faults: Sendable {
    /// Every call after this many more changing ones (write, sync, truncate, rename, remove, create) fails with EIO.
    package var callsUntilPowerOff: Int?
    /// Every sync of a file after this many more fails with EIO.
    package var syncsUntilFailure: Int?
    /// Writes fail with ENOSPC when they would make the files larger than this in sum.
    package var bytesMax: Int?
    /// A write or read takes at most this many bytes.
    package var transferBytesMax: Int?
    /// A shortened write ends where a sector ends, as the kernel's do.
    package var shortensAtSectors = false
    /// Every so many reads and writes one fails with EINTR.
    package var interruptedEvery: Int?

    package init() {}
  }

  struct State {
    var faults = Faults()
    var generator: SeededGenerator
    /// What programs see now.
    var entries: [String: FaultyFile] = [:]
    /// What a crash leaves for certain.
    var durableEntries: [String: FaultyFile] = [:]
    var unsyncedChanges: [EntryChange] = []
    var calls = 0
    var isLocked = false
  }

  enum EntryChange {
    case put(String, FaultyFile)
    case renamed(from: String, to: String, FaultyFile)
    case removed(String)
  }

  let state: Mutex<State>
  package let path = "the faulty disk"
  /// Called at the start of each file sync, on the thread that syncs.
  private let onSync: Mutex<(@Sendable () -> Void)?> = Mutex(nil)

  package init(seed: UInt64) {
    state = Mutex(State(generator: SeededGenerator(seed: seed)))
  }

  /// A disk that has these files, all durable.
  package convenience init(seed: UInt64, files: [String: [UInt8]]) {
    self.init(seed: seed)
    state.withLock { state in
      for (name, bytes) in files {
        state.entries[name] = FaultyFile(durable: bytes)
      }
      state.durableEntries = state.entries
    }
  }

  package func setFaults(_ faults: Faults) {
    state.withLock { $0.faults = faults }
  }

  package func setOnSync(_ action: (@Sendable () -> Void)?) {
    onSync.withLock { $0 = action }
  }

  func runOnSync() {
    onSync.withLock { $0 }?()
  }

  /// Changing calls so far.
  package var calls: Int { state.withLock { $0.calls } }

  /// What programs see, without the lock file.
  package var files: [String: [UInt8]] {
    state.withLock { state in state.entries.mapValues(\.content).filter { $0.key != "lock" } }
  }

  /// What a kill of the process does: its lock is free, what it wrote is still in the memory of the system.
  package func killProcess() {
    state.withLock { $0.isLocked = false }
  }

  /// What may be left when the power fails now: every unsynced sector, size and folder entry kept or lost by itself.
  package func crashImage(seed: UInt64) -> [String: [UInt8]] {
    var generator = SeededGenerator(seed: seed)
    return state.withLock { state in
      var entries = state.durableEntries
      for change in state.unsyncedChanges where Bool.random(using: &generator) {
        switch change {
        case .put(let name, let file): entries[name] = file
        case .renamed(let from, let to, let file):
          entries[from] = nil
          entries[to] = file
        case .removed(let name): entries[name] = nil
        }
      }
      var image: [String: [UInt8]] = [:]
      for name in entries.keys.sorted() where name != "lock" {
        image[name] = entries[name]?.crashContent(using: &generator)
      }
      return image
    }
  }
}

// MARK: - The folder

extension FaultyStorage {
  package func names() throws(LogFailure) -> [String] {
    state.withLock { $0.entries.keys.sorted() }
  }

  package func lock() throws(LogFailure) -> any LogLock {
    let isFree = state.withLock { state in
      defer { state.isLocked = true }
      return !state.isLocked
    }
    guard isFree else { throw .locked(path: path) }
    return FaultyLock(self)
  }

  package func open(_ name: String, for use: LogFileUse) throws(LogFailure) -> any LogFile {
    let file: FaultyFile? = try change("open", name, counts: use == .creating) { state in
      guard use == .creating else { return state.entries[name] }
      let file = FaultyFile(durable: [])
      state.entries[name] = file
      state.unsyncedChanges.append(.put(name, file))
      return file
    }
    guard let file else { throw .io(operation: "open", path: name, errno: 2) }
    return OpenFaultyFile(self, file, name)
  }

  package func rename(_ name: String, to newName: String) throws(LogFailure) {
    try change("rename", name) { state in
      guard let file = state.entries.removeValue(forKey: name) else { return }
      state.entries[newName] = file
      state.unsyncedChanges.append(.renamed(from: name, to: newName, file))
    }
  }

  package func remove(_ name: String) throws(LogFailure) {
    try change("remove", name) { state in
      state.entries[name] = nil
      state.unsyncedChanges.append(.removed(name))
    }
  }

  package func syncDirectory() throws(LogFailure) {
    try change("sync", path) { state in
      state.durableEntries = state.entries
      state.unsyncedChanges = []
    }
  }

  /// Counts a changing call and fails it when the power is off.
  @discardableResult
  func change<Result: Sendable>(
    _ operation: String, _ name: String, counts: Bool = true, _ body: (inout State) -> Result
  ) throws(LogFailure) -> Result {
    let result: Result? = state.withLock { state in
      if counts {
        if let left = state.faults.callsUntilPowerOff {
          if left == 0 { return nil }
          state.faults.callsUntilPowerOff = left - 1
        }
        state.calls += 1
      }
      return body(&state)
    }
    guard let result else { throw .io(operation: operation, path: name, errno: 5) }
    return result
  }
}

private final class FaultyLock: LogLock {
  private let disk: FaultyStorage

  init(_ disk: FaultyStorage) {
    self.disk = disk
  }

  deinit {
    disk.state.withLock { $0.isLocked = false }
  }
}

/// A program's handle on a `FaultyFile`; all faults happen here.
final class OpenFaultyFile: LogFile {
  private let disk: FaultyStorage
  private let file: FaultyFile
  private let name: String
  private let transfers = Mutex(0)

  init(_ disk: FaultyStorage, _ file: FaultyFile, _ name: String) {
    self.disk = disk
    self.file = file
    self.name = name
  }

  func size() throws(LogFailure) -> UInt64 { UInt64(file.content.count) }

  func read(into bytes: inout [UInt8], _ range: Range<Int>, at offset: UInt64) throws(LogFailure) -> Int {
    try interrupt("read")
    let content = file.content
    guard offset < content.count else { return 0 }
    let limit = disk.state.withLock { $0.faults.transferBytesMax ?? .max }
    let count = min(range.count, content.count - Int(offset), limit)
    bytes.replaceSubrange(
      range.lowerBound..<(range.lowerBound + count), with: content[Int(offset)..<(Int(offset) + count)])
    return count
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(LogFailure) -> Int {
    try interrupt("write to")
    let faults = disk.state.withLock { $0.faults }
    var count = min(bytes.count, faults.transferBytesMax ?? .max)
    if faults.shortensAtSectors, count < bytes.count {
      let sector = (Int(offset) + count) / 512 * 512
      count = min(bytes.count, (sector > Int(offset) ? sector : sector + 512) - Int(offset))
    }
    if let bytesMax = faults.bytesMax {
      let used = disk.files.values.reduce(0) { $0 + $1.count }
      let growth = max(0, Int(offset) + count - file.content.count)
      count -= max(0, min(count, used + growth - bytesMax))
      guard count > 0 || bytes.isEmpty else { throw .io(operation: "write to", path: name, errno: 28) }
    }
    let copy = bytes.withUnsafeBufferPointer { Array($0[..<count]) }
    try disk.change("write to", name) { _ in self.file.write(copy, at: Int(offset)) }
    return count
  }

  func sync() throws(LogFailure) {
    disk.runOnSync()
    let fails = try disk.change("sync", name) { state in
      guard let left = state.faults.syncsUntilFailure else { return false }
      state.faults.syncsUntilFailure = max(0, left - 1)
      return left == 0
    }
    if fails { throw .io(operation: "sync", path: name, errno: 5) }
    file.sync()
  }

  func truncate(to size: UInt64) throws(LogFailure) {
    try disk.change("truncate", name) { _ in self.file.truncate(to: Int(size)) }
  }

  private func interrupt(_ operation: String) throws(LogFailure) {
    guard let every = disk.state.withLock({ $0.faults.interruptedEvery }) else { return }
    let count = transfers.withLock { count in
      count += 1
      return count
    }
    if count % every == 0 { throw .io(operation: operation, path: name, errno: 4) }
  }
}
