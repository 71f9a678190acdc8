internal import Synchronization
internal import WriteAheadLog

/// What a `FaultyStorage` and its open files share: the folder's entries, the faults to come, and the count of calls.
final class FaultyDisk: Sendable {
  struct State {
    var faults = DiskFaults()
    var intercept: StorageIntercept?
    var generator: SeededGenerator
    /// What programs see now.
    var entries: [String: FaultyFile] = [:]
    /// What a crash leaves for certain.
    var durableEntries: [String: FaultyFile] = [:]
    var unsyncedChanges: [EntryChange] = []
    /// Removed for certain; a disk that lies may bring them back.
    var removed: [String: FaultyFile] = [:]
    var calls = 0
    /// Counts up when a process ends: a handle of an earlier life changes nothing.
    var life = 0
    var isDead = false
    var isLocked = false
  }

  enum EntryChange {
    case put(String, FaultyFile)
    case renamed(from: String, to: String, FaultyFile)
    case removed(String)
  }

  static let name = "the faulty disk"

  let state: Mutex<State>
  /// Called at the start of each file sync, on the thread that syncs.
  let onSync: Mutex<(@Sendable () -> Void)?> = Mutex(nil)

  init(seed: UInt64) {
    state = Mutex(State(generator: SeededGenerator(seed: seed)))
  }

  /// Lets the call happen, or a part of it, or throws.
  ///
  /// - Returns: the fault that the caller carries out: `short`, `lossySync`, or `death` of a write.
  func admit(_ call: StorageCall) throws(LogFailure) -> StorageFault? {
    let fault: StorageFault? = state.withLock { state in
      if state.isDead { return .failure(errno: 5) }
      if call.operation.isChange {
        if let left = state.faults.callsUntilPowerOff {
          if left == 0 { return .failure(errno: 5) }
          state.faults.callsUntilPowerOff = left - 1
        }
        state.calls += 1
      }
      return state.intercept?(call)
    }
    switch fault {
    case .failure(let errno): throw failure(call, errno)
    case .death(let bytesWritten) where call.operation != .write || bytesWritten == 0:
      state.withLock { $0.isDead = true }
      throw failure(call, 5)
    default: return fault
    }
  }

  func failure(_ call: StorageCall, _ errno: Int32) -> LogFailure {
    .io(operation: call.operation.words, path: call.name.isEmpty ? FaultyDisk.name : call.name, errno: errno)
  }
}
