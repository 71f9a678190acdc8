internal import Synchronization
package import WriteAheadLog

/// A folder in memory that fails as real disks do: it loses unsynced sectors in any mix when it crashes, and refuses,
/// shortens or interrupts calls when told to.
///
/// All of it follows from the seed and the calls made.
package final class FaultyStorage: LogStorage {
  package typealias Faults = DiskFaults

  private let disk: FaultyDisk
  package var path: String { FaultyDisk.name }

  package init(seed: UInt64) {
    disk = FaultyDisk(seed: seed)
  }

  /// A disk that has these files, all durable.
  package convenience init(seed: UInt64, files: [String: [UInt8]]) {
    self.init(seed: seed)
    putDurable(files)
  }

  package func setFaults(_ faults: Faults) {
    disk.state.withLock { $0.faults = faults }
  }

  /// Asked about every call from now on, while the storage's own lock is held: it must not call the storage.
  package func setIntercept(_ intercept: StorageIntercept?) {
    disk.state.withLock { $0.intercept = intercept }
  }

  package func setOnSync(_ action: (@Sendable () -> Void)?) {
    disk.onSync.withLock { $0 = action }
  }

  /// Changing calls so far.
  package var calls: Int { disk.state.withLock { $0.calls } }

  /// Whether a `StorageFault.death` has happened, or `die()`.
  package var isDead: Bool { disk.state.withLock { $0.isDead } }

  package var isLocked: Bool { disk.state.withLock { $0.isLocked } }

  /// What programs see, without the lock file.
  package var files: [String: [UInt8]] {
    disk.state.withLock { state in state.entries.mapValues(\.content).filter { $0.key != "lock" } }
  }
}

// MARK: - The ends of a process

extension FaultyStorage {
  /// No call does anything from now on, until `killProcess` or `losePower`.
  package func die() {
    disk.state.withLock { $0.isDead = true }
  }

  /// What a kill of the process does: its lock is free, what it wrote is still in the memory of the system.
  ///
  /// - Parameter evictsClean: sectors that a failed sync lost may leave that memory.
  package func killProcess(evictsClean: Bool = false) {
    disk.state.withLock { state in
      state.isLocked = false
      state.isDead = false
      state.life += 1
      guard evictsClean else { return }
      for name in state.entries.keys.sorted() { state.entries[name]?.evictClean(using: &state.generator) }
    }
  }

  /// What may be left when the power fails now: every unsynced sector, size and folder entry kept or lost by itself.
  ///
  /// - Parameter resurrects: a removed segment, whose removal was durable, may be there again all the same.
  package func crashImage(seed: UInt64, resurrects: Bool = false) -> [String: [UInt8]] {
    var generator = SeededGenerator(seed: seed)
    return disk.state.withLock { state in
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
      state.entries = files.mapValues { FaultyFile(durable: $0) }
      state.durableEntries = state.entries
      state.unsyncedChanges = []
      state.isLocked = false
      state.isDead = false
      state.life += 1
    }
  }
}

// MARK: - The folder

extension FaultyStorage {
  package func names() throws(LogFailure) -> [String] {
    _ = try disk.admit(StorageCall(.names))
    return disk.state.withLock { $0.entries.keys.sorted() }
  }

  package func lock() throws(LogFailure) -> any LogLock {
    _ = try disk.admit(StorageCall(.lock))
    let life: Int? = disk.state.withLock { state in
      defer { state.isLocked = true }
      return state.isLocked ? nil : state.life
    }
    guard let life else { throw .locked(path: path) }
    return FaultyLock(disk, life: life)
  }

  package func open(_ name: String, for use: LogFileUse) throws(LogFailure) -> any LogFile {
    let call = StorageCall(use == .creating ? .create : .open, name)
    _ = try disk.admit(call)
    let file: FaultyFile? = disk.state.withLock { state in
      guard use == .creating else { return state.entries[name] }
      let file = FaultyFile(durable: [])
      state.entries[name] = file
      state.unsyncedChanges.append(.put(name, file))
      return file
    }
    guard let file else { throw disk.failure(call, 2) }
    return OpenFaultyFile(disk, file, name)
  }

  package func rename(_ name: String, to newName: String) throws(LogFailure) {
    _ = try disk.admit(StorageCall(.rename, name))
    disk.state.withLock { state in
      guard let file = state.entries.removeValue(forKey: name) else { return }
      state.entries[newName] = file
      state.unsyncedChanges.append(.renamed(from: name, to: newName, file))
    }
  }

  package func remove(_ name: String) throws(LogFailure) {
    _ = try disk.admit(StorageCall(.remove, name))
    disk.state.withLock { state in
      guard let file = state.entries.removeValue(forKey: name) else { return }
      state.unsyncedChanges.append(.removed(name))
      if name.hasPrefix("wal-"), name.hasSuffix(".lz4") { state.removed[name] = file }
    }
  }

  package func syncDirectory() throws(LogFailure) {
    _ = try disk.admit(StorageCall(.syncDirectory))
    disk.state.withLock { state in
      state.durableEntries = state.entries
      state.unsyncedChanges.removeAll(keepingCapacity: true)
    }
  }
}

private final class FaultyLock: LogLock {
  private let disk: FaultyDisk
  private let life: Int

  init(_ disk: FaultyDisk, life: Int) {
    self.disk = disk
    self.life = life
  }

  deinit {
    disk.state.withLock { state in
      if state.life == life { state.isLocked = false }
    }
  }
}
