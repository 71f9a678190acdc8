internal import Synchronization
internal import WriteAheadLog

/// A program's handle on a `FakeFile`; all faults of files happen here.
final class OpenFakeFile: LogFile {
  private let disk: FakeDisk
  private let file: FakeFile
  private let name: String
  private let transfers = Mutex(0)

  init(_ disk: FakeDisk, _ file: FakeFile, _ name: String) {
    self.disk = disk
    self.file = file
    self.name = name
  }

  func size() throws(LogError) -> UInt64 {
    try disk.perform(StorageCall(.size, name)) { _ in UInt64(file.size) }
  }

  func read(into bytes: inout [UInt8], _ range: Range<Int>, at offset: UInt64) throws(LogError) -> Int {
    let call = StorageCall(.read, name, offset: offset, count: range.count)
    let fault = try disk.admit(call)
    let script = disk.state.withLock { $0.script }
    try interrupt(call, script)
    let size = file.size
    var count = 0
    if offset < size {
      count = min(range.count, size - call.offset, script.transferBytesMax ?? .max, fault?.transferBytesMax ?? .max)
      file.read(into: &bytes, at: range.lowerBound, count: count, from: call.offset)
    }
    if case .lateFailure(let errno, _) = fault { throw call.failure(errno) }
    return count
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(LogError) -> Int {
    let call = StorageCall(.write, name, offset: offset, count: bytes.count)
    let fault = try disk.admit(call)
    let script = disk.state.withLock { $0.script }
    try interrupt(call, script)
    var count = min(bytes.count, script.transferBytesMax ?? .max)
    if script.shortensAtSectors, count < bytes.count {
      let sector = (call.offset + count) / 512 * 512
      count = min(bytes.count, (sector > call.offset ? sector : sector + 512) - call.offset)
    }
    if let bytesMax = script.bytesMax {
      let growth = max(0, call.offset + count - file.size)
      count -= max(0, min(count, usedBytes + growth - bytesMax))
      guard count > 0 || bytes.isEmpty else { throw call.failure(28) }
    }
    count = min(count, fault?.transferBytesMax ?? .max)
    file.write(bytes, count: count, at: call.offset)
    switch fault {
    case .lateFailure(let errno, _): throw call.failure(errno)
    case .death:
      disk.state.withLock { $0.isDead = true }
      throw call.failure(5)
    default: return count
    }
  }

  func sync() throws(LogError) {
    let call = StorageCall(.sync, name)
    let fault = try disk.admit(call)
    let fails = disk.state.withLock { state in
      if fault == .lossySync {
        file.failSync(using: &state.generator)
        return true
      }
      guard let left = state.script.syncsUntilFailure else { return false }
      state.script.syncsUntilFailure = max(0, left - 1)
      return left == 0
    }
    if fails { throw call.failure(5) }
    file.sync()
    if case .lateFailure(let errno, _) = fault { throw call.failure(errno) }
  }

  /// Makes no sector durable for certain: a crash can keep or lose each, as before.
  func writeOut(_ range: Range<UInt64>) throws(LogError) {
    try disk.perform(StorageCall(.writeOut, name, offset: range.lowerBound)) { _ in }
  }

  func truncate(to size: UInt64) throws(LogError) {
    let call = StorageCall(.truncate, name, offset: size)
    try disk.perform(call) { _ in file.truncate(to: call.offset) }
  }

  private var usedBytes: Int {
    disk.state.withLock { state in state.entries.reduce(0) { $0 + ($1.key == "lock" ? 0 : $1.value.size) } }
  }

  private func interrupt(_ call: StorageCall, _ script: FaultScript) throws(LogError) {
    guard let every = script.interruptedEvery else { return }
    let count = transfers.withLock { count in
      count += 1
      return count
    }
    if count % every == 0 { throw call.failure(4) }
  }
}

extension StorageFault {
  /// The most bytes that a read or write takes.
  fileprivate var transferBytesMax: Int {
    switch self {
    case .short(let bytes): max(1, bytes)
    case .lateFailure(_, let bytes), .death(let bytes): bytes
    case .failure, .lossySync: .max
    }
  }
}
