internal import LedgerTesting

/// What happens to the storage calls of one life, chosen by the seed.
///
/// `@unchecked`: only the simulation's thread touches it.
final class SimulatedFaults: @unchecked Sendable {
  /// Calls until the process dies, in the midst of one.
  var deathAfterCalls: Int?
  private var lossySyncAfter: Int?
  private var fullDiskAfterWrites: Int?
  private var failureAfterCalls: Int?
  private let isRough: Bool
  private var random: SeededGenerator
  private let trace: SimulationTrace
  private(set) var calls = 0
  private var syncs = 0
  private var writes = 0
  private var isDiskFull = false

  // What was injected.
  private(set) var lossySyncs = 0
  private(set) var fullDisks = 0
  private(set) var failures = 0
  private(set) var shortTransfers = 0
  private(set) var interruptions = 0

  init(plan: SimulationPlan, isGentle: Bool, seed: UInt64, trace: SimulationTrace) {
    random = SeededGenerator(seed: seed)
    self.trace = trace
    isRough = plan.isRough
    guard !isGentle else { return }
    if random.next() % 8 == 0 { lossySyncAfter = Int(random.next() % 24) }
    if random.next() % 16 == 0 { fullDiskAfterWrites = Int(random.next() % 40) }
    if random.next() % 16 == 0 { failureAfterCalls = Int(random.next() % 120) }
  }

  /// Whether something was injected after which a call may fail.
  var hasFailed: Bool { lossySyncs + fullDisks + failures > 0 }

  func fate(of call: StorageCall) -> StorageFault? {
    trace.mix(UInt64(call.operation.rawValue))
    trace.mix(call.offset)
    trace.mix(call.count)
    calls += 1
    let fault = choose(call)
    if trace.isPrinted { trace.note("  \(call.operation) \(call.name) \(call.offset) \(call.count) \(text(fault))") }
    return fault
  }

  private func choose(_ call: StorageCall) -> StorageFault? {
    if let left = deathAfterCalls, calls > left {
      let part = sectorPart(of: call)
      return .death(bytesWritten: call.operation == .write ? [0, part, call.count][Int(random.next() % 3)] : 0)
    }
    if let left = failureAfterCalls, calls > left {
      failureAfterCalls = nil
      failures += 1
      return .failure(errno: 5)
    }
    switch call.operation {
    case .sync:
      syncs += 1
      guard let left = lossySyncAfter, syncs > left else { return nil }
      lossySyncAfter = nil
      lossySyncs += 1
      return .lossySync
    case .write: return fate(ofWrite: call)
    case .read where isRough && random.next() % 4 == 0:
      if random.next() % 2 == 0 { return interruption() }
      shortTransfers += 1
      return .short(bytes: 1 + Int(random.next() % UInt64(max(1, call.count))))
    default: return nil
    }
  }

  private func fate(ofWrite call: StorageCall) -> StorageFault? {
    writes += 1
    let part = sectorPart(of: call)
    if let left = fullDiskAfterWrites, writes > left {
      if !isDiskFull { fullDisks += 1 }
      // What still fits, then nothing.
      defer { isDiskFull = true }
      return !isDiskFull && part > 0 ? .short(bytes: part) : .failure(errno: 28)
    }
    guard isRough, random.next() % 4 == 0 else { return nil }
    if random.next() % 2 == 0 { return interruption() }
    guard part > 0 else { return nil }
    shortTransfers += 1
    return .short(bytes: part)
  }

  private func interruption() -> StorageFault {
    interruptions += 1
    return .failure(errno: 4)
  }

  /// A start of a write that ends where a sector ends; 0 if no sector ends within it.
  private func sectorPart(of call: StorageCall) -> Int {
    let first = 512 - call.offset % 512
    guard first < call.count else { return 0 }
    return first + 512 * Int(random.next() % UInt64((call.count - first) / 512 + 1))
  }

  private func text(_ fault: StorageFault?) -> String {
    fault.map { "-> \($0)" } ?? ""
  }
}
