internal import Synchronization
internal import TokenTestInputs
internal import WriteAheadLog

/// What a `FakeStorage` and its open files share: the folder's entries, the faults to come, and the count of changes.
final class FakeDisk: Sendable {
  struct State {
    var script = FaultScript()
    var generator: SeededGenerator
    /// What programs see now.
    var entries: [String: FakeFile]
    /// What a crash leaves for certain.
    var durableEntries: [String: FakeFile]
    var unsyncedChanges: [EntryChange] = []
    /// Removed for certain; a disk that lies may bring them back.
    var removed: [String: FakeFile] = [:]
    var changes = 0
    /// Counts up when a process ends: a handle of an earlier life changes nothing.
    var life = 0
    var isDead = false
    var isLocked = false
  }

  enum EntryChange {
    case put(String, FakeFile)
    case renamed(from: String, to: String, FakeFile)
    case removed(String)
  }

  /// Whether it knows what a crash would leave.
  let remembersUnsynced: Bool
  let state: Mutex<State>

  /// Creates a disk with these files; without a seed it takes every change at once, as if all were synced.
  init(seed: UInt64?, files: [String: [UInt8]]) {
    remembersUnsynced = seed != nil
    let entries = Self.entries(files, remembersUnsynced: seed != nil)
    state = Mutex(State(generator: SeededGenerator(seed: seed ?? 0), entries: entries, durableEntries: entries))
  }

  static func entries(_ files: [String: [UInt8]], remembersUnsynced: Bool) -> [String: FakeFile] {
    files.mapValues { FakeFile(durable: $0, remembersUnsynced: remembersUnsynced) }
  }

  /// Counts the call, and lets it happen, or a part of it, or throws.
  ///
  /// - Returns: The fault that the caller carries out: `short`, `lossySync`, `lateFailure`, or `death` of a write.
  func admit(_ call: StorageCall) throws(LogError) -> StorageFault? {
    let (isRefused, fate): (Bool, (@Sendable (StorageCall) -> StorageFault?)?) = state.withLock { state in
      if state.isDead { return (true, nil) }
      if call.operation.isChange {
        if let left = state.script.callsUntilPowerOff {
          if left == 0 { return (true, nil) }
          state.script.callsUntilPowerOff = left - 1
        }
        state.changes += 1
      }
      return (false, state.script.fate)
    }
    if isRefused { throw call.failure(5) }
    let fault = fate?(call)
    switch fault {
    case .failure(let errno): throw call.failure(errno)
    case .death(let bytesWritten) where call.operation != .write || bytesWritten == 0:
      state.withLock { $0.isDead = true }
      throw call.failure(5)
    default: return fault
    }
  }

  /// The same for a call that does all or nothing.
  func perform<Result>(
    _ call: StorageCall, _ body: (inout State) throws(LogError) -> Result
  ) throws(LogError) -> Result {
    let fault = try admit(call)
    let result = try state.withLock { (state) throws(LogError) in try body(&state) }
    if case .lateFailure(let errno, _) = fault { throw call.failure(errno) }
    return result
  }

  /// A change of the folder that lasts once the folder is synced.
  func note(_ change: EntryChange, _ state: inout State) {
    if remembersUnsynced { state.unsyncedChanges.append(change) }
  }
}
