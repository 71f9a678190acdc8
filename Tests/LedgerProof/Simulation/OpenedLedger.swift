internal import LedgerTesting
internal import TokenLedger
internal import WriteAheadLog

/// A ledger on a simulated disk, and what its opening found.
struct OpenedLedger: Sendable {
  let ledger: RefreshLedger
  let records: UInt64
  let sequence: UInt64
  let hadTornTail: Bool

  static func open(
    _ storage: FakeStorage, _ plan: SimulationPlan, executor: any SerialExecutor & TaskExecutor,
    checkpointExecutor: any TaskExecutor, timer: ManualClock, clock: SessionClock, randomSeed: UInt64
  ) async -> Result<OpenedLedger, LogError> {
    do throws(LogError) {
      let opened = try await RefreshLedger.open(
        storage: storage, executor: executor, checkpointExecutor: checkpointExecutor, stopwatch: timer.stopwatch,
        options: plan.options, clock: clock, random: SeededGenerator(seed: randomSeed))
      return .success(
        OpenedLedger(
          ledger: opened.ledger, records: opened.recovery.records, sequence: opened.recovery.sequence,
          hadTornTail: opened.recovery.tornTail != nil))
    } catch {
      return .failure(error)
    }
  }
}

/// All that a ledger's state holds, in a form that can be compared.
struct LedgerPicture: Equatable {
  private var entries: [String] = []
  private var numbers: [UInt64] = []

  init(_ state: borrowing LedgerState) {
    numbers = [
      UInt64(bitPattern: state.highestTime.milliseconds), UInt64(state.names.count), UInt64(state.profiles.count),
      UInt64(state.table.count), UInt64(state.table.nextFree() ?? .max), UInt64(state.names.nextFree()),
      UInt64(state.profiles.nextFree()),
    ]
    for slot in 0..<UInt32(state.table.slotCount) {
      let entry = state.table[slot]
      guard entry.status != .free else { continue }
      numbers += [
        UInt64(slot), entry.idHigh, UInt64(entry.idLow), UInt64(entry.generation), UInt64(entry.status.rawValue),
        UInt64(bitPattern: entry.openedAt.milliseconds), UInt64(bitPattern: entry.refreshedAt.milliseconds),
        UInt64(entry.subject), UInt64(entry.detail), UInt64(entry.narrowedScope), entry.hasSeenSuccessor ? 1 : 0,
        entry.version.digest,
      ]
      entries.append(state.names[entry.subject] ?? "?")
      if entry.narrowedScope != SessionEntry.notNarrowed { entries.append(state.names[entry.narrowedScope] ?? "?") }
      if entry.isSession, let profile = state.profiles[entry.detail] {
        entries.append(state.names[profile.client] ?? "?")
        entries.append(state.names[profile.scope] ?? "?")
        numbers.append(UInt64(profile.terms.lifetimes.idleMilliseconds))
        numbers.append(UInt64(profile.terms.lifetimes.absoluteMilliseconds))
        numbers.append(UInt64(profile.terms.rotation.rawValue))
        numbers.append(profile.clientVersion.digest)
        entries.append(state.labels[slot].map { state.names[$0] ?? "?" } ?? "no label")
      } else {
        entries.append(state.names[entry.detail] ?? "?")
      }
      numbers += (state.payloads[slot] ?? []).map(UInt64.init)
    }
    entries += state.shifts.changes.map { "shift \($0.seconds) from \($0.from.milliseconds)" }
    entries += state.marks.sorted().map { "\($0.key) before \($0.time.milliseconds)" }
    // Those that have ended count for nothing, and are forgotten at any time.
    let revoked = state.revokedTokens.filter { $0.value > state.highestTime }
    entries += revoked.map { "\($0.key) until \($0.value.milliseconds)" }.sorted()
  }
}

extension LedgerPicture: CustomStringConvertible {
  var description: String { "\(numbers) \(entries)" }
}

extension RefreshLedger {
  var picture: LedgerPicture { LedgerPicture(state) }
}
