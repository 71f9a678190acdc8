import LedgerTesting
import Synchronization
import WriteAheadLog

/// A storage whose operation number N fails, once or from then on; it watches what its user does after that.
final class FailingStorage: LogStorage {
  /// What the ledger is doing, as its driver says.
  enum Phase: String, Sendable {
    case opening, committing, checkpointing, closing
  }

  struct Operation: Sendable {
    let operation: StorageOperation
    let name: String
    let phase: Phase

    /// Whether only a checkpoint depends on it: if it fails, the log is as it was.
    var isOfCheckpointAlone: Bool {
      guard phase == .checkpointing || phase == .closing else { return false }
      return name.hasPrefix("checkpoint-") || operation == .names || operation == .remove
    }
  }

  private struct State {
    var phase = Phase.opening
    var operations: [Operation] = []
    var failure: LogFailure?
    /// A failure after which this opening may change nothing any more.
    var stop: LogFailure?
    var unsyncable: Set<String> = []
    var isRetry = false
    var syncs = 0
    var breaches: [String] = []
  }

  let disk: FaultyStorage
  private let target: Int?
  private let form: StorageFaultForm
  private let onChange: (@Sendable (Operation) -> Void)?
  private let state = Mutex(State())

  /// - Parameters:
  ///   - target: the number of the operation that fails; nil for none.
  ///   - onChange: called before each operation that changes the disk.
  init(
    _ disk: FaultyStorage, target: Int?, form: StorageFaultForm, onChange: (@Sendable (Operation) -> Void)? = nil
  ) {
    self.onChange = onChange
    self.disk = disk
    self.target = target
    self.form = form
  }

  var path: String { disk.path }
  var operations: [Operation] { state.withLock { $0.operations } }
  /// The first that was thrown and that nobody may take for an interruption.
  var failure: LogFailure? { state.withLock { $0.failure } }
  /// The first failure that must end all writing.
  var stop: LogFailure? { state.withLock { $0.stop } }
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

  private enum Fate {
    case goesWell
    case short
    case fails(LogFailure, late: Bool)
  }

  private func admit(_ operation: StorageOperation, _ name: String) -> Fate {
    if let onChange, operation.isChange {
      onChange(Operation(operation: operation, name: name, phase: state.withLock { $0.phase }))
    }
    return state.withLock { state in
      let number = state.operations.count
      let called = Operation(operation: operation, name: name, phase: state.phase)
      state.operations.append(called)
      Self.watch(&state, called)
      guard let target, form.isSticky ? number >= target : number == target else { return .goesWell }
      let failure = LogFailure.io(operation: operation.words, path: name.isEmpty ? path : name, errno: form.way.errno)
      if form.isInvisible(for: operation) {
        if form.way == .short { return .short }
        state.isRetry.toggle()
        return state.isRetry ? .fails(failure, late: false) : .goesWell
      }
      if state.failure == nil { state.failure = failure }
      if state.stop == nil, !called.isOfCheckpointAlone { state.stop = failure }
      if operation == .sync || operation == .syncDirectory { state.unsyncable.insert(name) }
      return .fails(failure, late: form.way == .lateError)
    }
  }

  private static func watch(_ state: inout State, _ called: Operation) {
    let isSync = called.operation == .sync || called.operation == .syncDirectory
    if isSync, state.unsyncable.contains(called.name) {
      state.breaches.append("synced \(called.name.isEmpty ? "the folder" : called.name) again after a failed sync")
    }
    // What is made anew is another file: a further checkpoint of the same record has the name of the one that failed.
    if called.operation == .create { state.unsyncable.remove(called.name) }
    if let stop = state.stop, called.operation.isChange, !called.isOfCheckpointAlone {
      state.breaches.append("\(called.operation.rawValue) \(called.name) after \(stop)")
    }
  }

  /// Fails, or runs `body`; where the failure comes late, both.
  fileprivate func perform<Result>(
    _ operation: StorageOperation, _ name: String = "", _ body: () throws(LogFailure) -> Result
  ) throws(LogFailure) -> Result {
    switch admit(operation, name) {
    case .goesWell, .short: return try body()
    case .fails(let failure, let late):
      if late { _ = try body() }
      throw failure
    }
  }

  /// The same of a transfer of `count` bytes at `offset`; `body` is told how many to transfer. A write that fails late ends
  /// where a sector ends, as the kernel's do.
  fileprivate func transfer(
    _ operation: StorageOperation, _ name: String, at offset: UInt64, _ count: Int,
    _ body: (Int) throws(LogFailure) -> Int
  ) throws(LogFailure) -> Int {
    switch admit(operation, name) {
    case .goesWell: return try body(count)
    case .short: return try body((count + 1) / 2)
    case .fails(let failure, let late):
      let end = (Int(offset) + count / 2) / 512 * 512
      if late { _ = try body(end > Int(offset) ? end - Int(offset) : count) }
      throw failure
    }
  }

  fileprivate func countSync(of name: String) {
    if name.hasPrefix("wal-") { state.withLock { $0.syncs += 1 } }
  }
}

// MARK: - The folder

extension FailingStorage {
  func names() throws(LogFailure) -> [String] {
    try perform(.names) { () throws(LogFailure) in try disk.names() }
  }

  func lock() throws(LogFailure) -> any LogLock {
    try perform(.lock) { () throws(LogFailure) in try disk.lock() }
  }

  func open(_ name: String, for use: LogFileUse) throws(LogFailure) -> any LogFile {
    let file = try perform(use == .creating ? .create : .open, name) { () throws(LogFailure) in
      try disk.open(name, for: use)
    }
    return FailingFile(self, file, name)
  }

  func rename(_ name: String, to newName: String) throws(LogFailure) {
    try perform(.rename, name) { () throws(LogFailure) in try disk.rename(name, to: newName) }
  }

  func remove(_ name: String) throws(LogFailure) {
    try perform(.remove, name) { () throws(LogFailure) in try disk.remove(name) }
  }

  func syncDirectory() throws(LogFailure) {
    try perform(.syncDirectory) { () throws(LogFailure) in try disk.syncDirectory() }
  }
}

private final class FailingFile: LogFile {
  private let storage: FailingStorage
  private let file: any LogFile
  private let name: String

  init(_ storage: FailingStorage, _ file: any LogFile, _ name: String) {
    self.storage = storage
    self.file = file
    self.name = name
  }

  func size() throws(LogFailure) -> UInt64 {
    try storage.perform(.size, name) { () throws(LogFailure) in try file.size() }
  }

  func read(into bytes: inout [UInt8], _ range: Range<Int>, at offset: UInt64) throws(LogFailure) -> Int {
    try storage.transfer(.read, name, at: offset, range.count) { (count) throws(LogFailure) in
      try file.read(into: &bytes, range.lowerBound..<(range.lowerBound + count), at: offset)
    }
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(LogFailure) -> Int {
    let copy = bytes.withUnsafeBufferPointer { Array($0) }
    return try storage.transfer(.write, name, at: offset, copy.count) { (count) throws(LogFailure) in
      try file.write(copy.span.extracting(0..<count), at: offset)
    }
  }

  func sync() throws(LogFailure) {
    try storage.perform(.sync, name) { () throws(LogFailure) in try file.sync() }
    storage.countSync(of: name)
  }

  func truncate(to size: UInt64) throws(LogFailure) {
    try storage.perform(.truncate, name) { () throws(LogFailure) in try file.truncate(to: size) }
  }
}
