internal import Synchronization
// Tests of the ledger need its clock and its random numbers too.
@_exported public import TokenTestInputs
package import WriteAheadLog

/// A folder in memory that fails as real disks do: it loses unsynced sectors in any mix when it crashes, and refuses,
/// shortens or interrupts calls as its script says.
///
/// All of it follows from the seed, the script and the calls made.
package final class FakeStorage: LogStorage {
  private let disk: FakeDisk
  package var path: String { StorageCall.folderName }

  /// A disk that has these files, all durable.
  package init(seed: UInt64, files: [String: [UInt8]] = [:]) {
    disk = FakeDisk(seed: seed, files: files)
  }

  /// The same that takes every change at once, so that a crash loses nothing: cheap enough to be made a million times.
  package init(files: [String: [UInt8]]) {
    disk = FakeDisk(seed: nil, files: files)
  }

  /// What goes wrong from now on.
  package func follow(_ script: FaultScript) {
    disk.state.withLock { $0.script = script }
  }

  /// Changing calls so far.
  package var changes: Int { disk.state.withLock { $0.changes } }

  /// Whether a `StorageFault.death` has happened, or `die()`.
  package var isDead: Bool { disk.state.withLock { $0.isDead } }

  package var isLocked: Bool { disk.state.withLock { $0.isLocked } }

  /// What programs see, without the lock file.
  package var files: [String: [UInt8]] {
    disk.state.withLock { state in state.entries.mapValues(\.content).filter { $0.key != "lock" } }
  }
}

// MARK: - The ends of a process

extension FakeStorage {
  /// No call does anything from now on, until `killProcess` or `losePower`.
  package func die() {
    disk.state.withLock { $0.isDead = true }
  }

  /// Kills the process: its lock is free, what it wrote is still in the memory of the system.
  ///
  /// With `evictsClean`, sectors that a failed sync lost can leave that memory.
  package func killProcess(evictsClean: Bool = false) {
    disk.state.withLock { state in
      state.isLocked = false
      state.isDead = false
      state.life += 1
      guard evictsClean else { return }
      for name in state.entries.keys.sorted() { state.entries[name]?.evictClean(using: &state.generator) }
    }
  }

  /// Returns the files after a power failure at this moment: every unsynced sector, size and folder entry is kept or
  /// lost by itself.
  ///
  /// With `resurrects`, a removed segment can be there again although its removal was durable.
  package func crashImage(seed: UInt64, resurrects: Bool = false) -> [String: [UInt8]] {
    var generator = SeededGenerator(seed: seed)
    return disk.state.withLock { state in
      var entries = disk.remembersUnsynced ? state.durableEntries : state.entries
      for change in state.unsyncedChanges where Bool.random(using: &generator) {
        switch change {
        case .put(let name, let file): entries[name] = file
        case .renamed(let from, let to, let file):
          entries[from] = nil
          entries[to] = file
        case .removed(let name): entries[name] = nil
        }
      }
      if resurrects {
        for name in state.removed.keys.sorted() where entries[name] == nil && Bool.random(using: &generator) {
          entries[name] = state.removed[name]
        }
      }
      var image: [String: [UInt8]] = [:]
      for name in entries.keys.sorted() where name != "lock" {
        image[name] = entries[name]?.crashContent(using: &generator)
      }
      return image
    }
  }

  /// The power fails, comes back, and what `crashImage` gives is on the disk.
  package func losePower(seed: UInt64, resurrects: Bool = false) {
    putDurable(crashImage(seed: seed, resurrects: resurrects))
  }

  /// The disk has these files from now on, all durable, and no process uses it.
  package func putDurable(_ files: [String: [UInt8]]) {
    disk.state.withLock { state in
      state.entries = FakeDisk.entries(files, remembersUnsynced: disk.remembersUnsynced)
      state.durableEntries = state.entries
      state.unsyncedChanges = []
      state.isLocked = false
      state.isDead = false
      state.life += 1
    }
  }
}

// MARK: - The folder

extension FakeStorage {
  /// Never in the order of the names: nobody may rely on it.
  package func names() throws(LogError) -> [String] {
    try disk.perform(StorageCall(.names)) { $0.entries.keys.sorted(by: >) }
  }

  package func lock() throws(LogError) -> any LogLock {
    try disk.perform(StorageCall(.lock)) { (state) throws(LogError) in
      guard !state.isLocked else { throw .locked(path: path) }
      state.isLocked = true
      return FakeLock(disk, life: state.life)
    }
  }

  package func open(_ name: String, for use: LogFileUse) throws(LogError) -> any LogFile {
    let call = StorageCall(use == .creating ? .create : .open, name)
    let file = try disk.perform(call) { (state) throws(LogError) in
      if use == .creating {
        let file = FakeFile(durable: [], remembersUnsynced: disk.remembersUnsynced)
        state.entries[name] = file
        disk.note(.put(name, file), &state)
      }
      guard let file = state.entries[name] else { throw call.failure(2) }
      return file
    }
    return OpenFakeFile(disk, file, name)
  }

  package func rename(_ name: String, to newName: String) throws(LogError) {
    try disk.perform(StorageCall(.rename, name)) { state in
      guard let file = state.entries.removeValue(forKey: name) else { return }
      state.entries[newName] = file
      disk.note(.renamed(from: name, to: newName, file), &state)
    }
  }

  package func remove(_ name: String) throws(LogError) {
    try disk.perform(StorageCall(.remove, name)) { state in
      guard let file = state.entries.removeValue(forKey: name) else { return }
      disk.note(.removed(name), &state)
      if name.hasPrefix("wal-"), name.hasSuffix(".lz4") { state.removed[name] = file }
    }
  }

  package func syncDirectory() throws(LogError) {
    try disk.perform(StorageCall(.syncDirectory)) { state in
      state.durableEntries = state.entries
      state.unsyncedChanges.removeAll(keepingCapacity: true)
    }
  }
}

private final class FakeLock: LogLock {
  private let disk: FakeDisk
  private let life: Int

  init(_ disk: FakeDisk, life: Int) {
    self.disk = disk
    self.life = life
  }

  deinit {
    disk.state.withLock { state in
      if state.life == life { state.isLocked = false }
    }
  }
}
