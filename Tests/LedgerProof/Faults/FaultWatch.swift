import LedgerTesting
import Synchronization
import WriteAheadLog

/// Lets operation number N of a storage fail, once or from then on, and watches what its user does after that.
final class FaultWatch: Sendable {
  /// What the ledger is doing, as its driver says.
  enum Phase: String, Sendable {
    case opening, committing, checkpointing, closing
  }

  struct Operation: Sendable {
    let operation: StorageCall.Operation
    let name: String
    let phase: Phase
    /// Whether it belongs to a segment that is made ahead, on which the log does not depend yet.
    let isOfSegmentAhead: Bool

    /// Whether only a checkpoint depends on it: if it fails, the log is as it was.
    var isOfCheckpointAlone: Bool {
      if isOfSegmentAhead { return true }
      guard phase == .checkpointing || phase == .closing else { return false }
      return name.hasPrefix("checkpoint-") || operation == .names || operation == .remove
    }
  }

  private struct State {
    var phase = Phase.opening
    var operations: [Operation] = []
    var failure: LogError?
    /// A failure after which this opening may change nothing any more.
    var stop: LogError?
    var unsyncable: Set<String> = []
    /// Whether the segment that is made ahead is synced, so that the next change of it is the log's.
    var isMadeAhead = false
    var isRetry = false
    var syncs = 0
    var breaches: [String] = []
  }

  private let target: Int?
  private let form: StorageFaultForm
  private let onChange: (@Sendable (Operation) -> Void)?
  private let state = Mutex(State())

  /// Creates a watch, which decides on the faults of `disk` from now on.
  ///
  /// `target` is the number of the operation that fails, or nil for none. `onChange` is called before each operation
  /// that changes the disk.
  init(
    _ disk: FakeStorage, target: Int?, form: StorageFaultForm, onChange: (@Sendable (Operation) -> Void)? = nil
  ) {
    self.onChange = onChange
    self.target = target
    self.form = form
    disk.follow(FaultScript { self.fate(of: $0) })
  }

  var operations: [Operation] { state.withLock { $0.operations } }
  /// The first that was thrown and that nobody may take for an interruption.
  var failure: LogError? { state.withLock { $0.failure } }
  /// The first failure that must end all writing.
  var stop: LogError? { state.withLock { $0.stop } }
  /// Of segments, that went well.
  var syncs: Int { state.withLock { $0.syncs } }
  /// What the user did that a failure forbids.
  var breaches: [String] { state.withLock { $0.breaches } }

  func begin(_ phase: Phase) {
    state.withLock { state in
      state.phase = phase
      guard phase == .opening else { return }
      // A new opening reads what is there and begins anew.
      state.stop = nil
      state.unsyncable = []
    }
  }

  // MARK: - One operation

  private func fate(of call: StorageCall) -> StorageFault? {
    if let onChange, call.operation.isChange { onChange(state.withLock { Self.operation(of: call, &$0) }) }
    return state.withLock { state in
      let number = state.operations.count
      let called = Self.operation(of: call, &state)
      state.operations.append(called)
      Self.watch(&state, called)
      let isHit = target.map { form.isSticky ? number >= $0 : number == $0 } ?? false
      let fault = isHit ? fault(of: call, called, &state) : nil
      if fault == nil, call.operation == .sync, call.name.hasPrefix("wal-") { state.syncs += 1 }
      if called.isOfSegmentAhead, call.operation == .sync { state.isMadeAhead = fault == nil }
      return fault
    }
  }

  private static func operation(of call: StorageCall, _ state: inout State) -> Operation {
    let isAhead = call.name == "wal-next.tmp"
    if isAhead, call.operation == .create { state.isMadeAhead = false }
    return Operation(
      operation: call.operation, name: call.name, phase: state.phase,
      isOfSegmentAhead: isAhead && !state.isMadeAhead)
  }

  private func fault(of call: StorageCall, _ called: Operation, _ state: inout State) -> StorageFault? {
    if form.isInvisible(for: call.operation) {
      if form.way == .short { return call.operation.isTransfer ? .short(bytes: (call.count + 1) / 2) : nil }
      state.isRetry.toggle()
      return state.isRetry ? .failure(errno: form.way.errno) : nil
    }
    let failure = call.failure(form.way.errno)
    if state.failure == nil { state.failure = failure }
    if state.stop == nil, !called.isOfCheckpointAlone { state.stop = failure }
    if call.operation == .sync || call.operation == .syncDirectory { state.unsyncable.insert(call.name) }
    guard form.way == .lateError else { return .failure(errno: form.way.errno) }
    // A write that fails late ends where a sector ends, as the kernel's do.
    let end = (call.offset + call.count / 2) / 512 * 512
    return .lateFailure(errno: form.way.errno, bytes: end > call.offset ? end - call.offset : call.count)
  }

  private static func watch(_ state: inout State, _ called: Operation) {
    let isSync = called.operation == .sync || called.operation == .syncDirectory
    if isSync, state.unsyncable.contains(called.name) {
      state.breaches.append("synced \(called.name.isEmpty ? "the folder" : called.name) again after a failed sync")
    }
    // What is made anew is another file: a further checkpoint of the same record has the name of the one that failed.
    if called.operation == .create { state.unsyncable.remove(called.name) }
    if let stop = state.stop, called.operation.isChange, !called.isOfCheckpointAlone {
      state.breaches.append("\(called.operation) \(called.name) after \(stop)")
    }
  }
}

extension StorageCall.Operation {
  fileprivate var isTransfer: Bool { self == .read || self == .write }
}
