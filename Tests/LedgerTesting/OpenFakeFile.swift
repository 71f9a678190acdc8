internal import Synchronization
internal import WriteAheadLog

/// A program's handle on a `FaultyFile`; all faults of files happen here.
final class OpenFaultyFile: LogFile {
  private let disk: FaultyDisk
  private let file: FaultyFile
  private let name: String
  private let transfers = Mutex(0)

  init(_ disk: FaultyDisk, _ file: FaultyFile, _ name: String) {
    self.disk = disk
    self.file = file
    self.name = name
  }

  func size() throws(LogFailure) -> UInt64 {
    _ = try disk.admit(StorageCall(.size, name))
    return UInt64(file.size)
  }

  func read(into bytes: inout [UInt8], _ range: Range<Int>, at offset: UInt64) throws(LogFailure) -> Int {
    let call = StorageCall(.read, name, offset: Int(offset), count: range.count)
    let fault = try disk.admit(call)
    let faults = disk.state.withLock { $0.faults }
    try interrupt(call, faults)
    let available = file.size - Int(offset)
    guard available > 0 else { return 0 }
    var count = min(range.count, available, faults.transferBytesMax ?? .max)
    if case .short(let bytes) = fault { count = min(count, max(1, bytes)) }
    file.read(into: &bytes, at: range.lowerBound, count: count, from: Int(offset))
    return count
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(LogFailure) -> Int {
    let call = StorageCall(.write, name, offset: Int(offset), count: bytes.count)
    let fault = try disk.admit(call)
    let faults = disk.state.withLock { $0.faults }
    try interrupt(call, faults)
    var count = min(bytes.count, faults.transferBytesMax ?? .max)
    if faults.shortensAtSectors, count < bytes.count {
      let sector = (Int(offset) + count) / 512 * 512
      count = min(bytes.count, (sector > Int(offset) ? sector : sector + 512) - Int(offset))
    }
    if let bytesMax = faults.bytesMax {
      let growth = max(0, Int(offset) + count - file.size)
      count -= max(0, min(count, usedBytes + growth - bytesMax))
      guard count > 0 || bytes.isEmpty else { throw disk.failure(call, 28) }
    }
    switch fault {
    case .short(let bytes): count = min(count, max(1, bytes))
    case .death(let bytesWritten):
      file.write(bytes, count: min(count, bytesWritten), at: Int(offset))
      disk.state.withLock { $0.isDead = true }
      throw disk.failure(call, 5)
    default: break
    }
    file.write(bytes, count: count, at: Int(offset))
    return count
  }

  func sync() throws(LogFailure) {
    disk.onSync.withLock { $0 }?()
    let call = StorageCall(.sync, name)
    let fault = try disk.admit(call)
    let fails = disk.state.withLock { state in
      if fault == .lossySync {
        file.failSync(using: &state.generator)
        return true
      }
      guard let left = state.faults.syncsUntilFailure else { return false }
      state.faults.syncsUntilFailure = max(0, left - 1)
      return left == 0
    }
    if fails { throw disk.failure(call, 5) }
    file.sync()
  }

  func truncate(to size: UInt64) throws(LogFailure) {
    _ = try disk.admit(StorageCall(.truncate, name, offset: Int(size)))
    file.truncate(to: Int(size))
  }

  private var usedBytes: Int {
    disk.state.withLock { state in state.entries.reduce(0) { $0 + ($1.key == "lock" ? 0 : $1.value.size) } }
  }

  private func interrupt(_ call: StorageCall, _ faults: DiskFaults) throws(LogFailure) {
    guard let every = faults.interruptedEvery else { return }
    let count = transfers.withLock { count in
      count += 1
      return count
    }
    if count % every == 0 { throw disk.failure(call, 4) }
  }
}
