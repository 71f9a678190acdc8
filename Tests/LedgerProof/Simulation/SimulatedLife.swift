internal import LedgerTesting
internal import TokenLedger
internal import WriteAheadLog

/// One life of the ledger: it opens on what the last one left, serves its clients, and ends in one of many ways.
///
/// `@unchecked`: only the simulation's thread touches it.
final class SimulatedLife: @unchecked Sendable {
  enum Ending: String {
    case close = "clean close"
    case kill = "kill"
    case powerLoss = "power loss"
  }

  enum Stop {
    case done
    case died
    case stuck
  }

  let world: SimulatedWorld
  let number: Int
  let ready: ReadyJobs
  /// For whoever sleeps and measures: it goes on by itself where nothing else does.
  let timer = ManualClock()
  let faults: SimulatedFaults
  let ending: Ending
  /// The ledger while it is open.
  var ledger: RefreshLedger?
  var clientsRunning = 0
  private var started = 0
  /// What those that run do, by the order of their start.
  private var callers: [Int: String] = [:]
  private var opening: Result<OpenedLedger, LogError>?
  private var isClosed = false
  /// Who hears of the ledger's events.
  var consumer: Task<Void, Never>?
  /// Sessions that somebody was told in this life have ended.
  var endedInLife: Set<Int> = []
  private(set) var isOver = false
  private var deathAfterJobs: Int?
  private let isLast: Bool

  init(_ world: SimulatedWorld, number: Int, isLast: Bool) {
    self.world = world
    self.number = number
    self.isLast = isLast
    ready = ReadyJobs(seed: world.random.next(), bias: world.plan.bias, trace: world.trace)
    faults = SimulatedFaults(plan: world.plan, isGentle: isLast, seed: world.random.next(), trace: world.trace)
    ending = isLast ? .close : [.close, .kill, .kill, .powerLoss, .powerLoss, .powerLoss][Int(world.random.next() % 6)]
    guard !isLast, ending != .close else { return }
    switch world.random.next() % 8 {
    case 0: faults.deathAfterCalls = Int(world.random.next() % 16)
    case 1..<4: faults.deathAfterCalls = Int(world.random.next() % 100)
    case 4..<7: deathAfterJobs = Int(world.random.next() % 400)
    default: break
    }
  }

  var isDead: Bool { isOver || world.storage.isDead }

  func run() {
    world.trace.note("life \(number), to end by \(ending.rawValue)")
    let faults = faults
    world.storage.follow(FaultScript { faults.fate(of: $0) })
    let wasClosed = serve()
    finish()
    endHistory(wasClosed: wasClosed)
  }

  /// Returns whether the ledger was closed.
  private func serve() -> Bool {
    world.oracle.bounds.beginProcess()
    guard open() else { return false }
    inspect()
    let phases = isLast ? 1 : 1 + Int(world.random.next() % 2)
    for phase in 0..<phases {
      guard runClients() == .done else { return false }
      if phase + 1 < phases { rest() }
    }
    guard ending == .close else { return false }
    return close()
  }

  /// Runs jobs until nothing is left to do.
  func drive() -> Stop {
    while true {
      if world.storage.isDead { return .died }
      if let left = deathAfterJobs, ready.jobsRun >= left { return .died }
      if ready.runOne() { continue }
      if world.storage.isDead { return .died }
      if clientsRunning == 0 { return .done }
      guard timer.advanceToNextSleeper() else { return .stuck }
    }
  }

  /// Starts a client; `drive` returns when all have ended.
  func start(_ what: String, _ body: @escaping @Sendable () async -> Void) {
    clientsRunning += 1
    started += 1
    let caller = started
    callers[caller] = what
    Task.detached(executorPreference: ready.taskExecutor) {
      await body()
      self.clientsRunning -= 1
      self.callers[caller] = nil
    }
  }

  func violate(_ what: String, _ evidence: [String] = []) {
    world.oracle.violate("life \(number): \(what)", evidence)
  }
}

// MARK: - Beginning

extension SimulatedLife {
  private func open() -> Bool {
    let asked = world.oracle.askForNew()
    start("open") { self.opening = await self.openLedger(self.world.storage) }
    switch drive() {
    case .died: return false
    case .stuck:
      violate("the opening never ends")
      return false
    case .done: break
    }
    switch opening {
    case .success(let opened): return noteOpened(opened, askedAt: asked.invoked)
    case .failure(let failure):
      world.trace.note("not opened: \(failure)")
      if !faults.hasFailed { violate("the ledger does not open: \(failure)") }
      return false
    case nil: return false
    }
  }

  private func noteOpened(_ opened: OpenedLedger, askedAt start: Int) -> Bool {
    world.trace.note("opened with \(opened.records) records, the last \(opened.sequence)")
    world.trace.mix(opened.sequence)
    world.tally.add("recoveries")
    if opened.hadTornTail { world.tally.add("torn tails cut") }
    if opened.sequence < world.syncedSequence {
      violate("record \(world.syncedSequence) was on the disk, but the last one is \(opened.sequence)")
    }
    if world.plan.durability == .always, let told = world.events?.told.last, told.sequence > opened.sequence {
      violate("event \(told.sequence) was told, but the last record is \(opened.sequence)")
    }
    world.openedSequence = opened.sequence
    world.syncedSequence = opened.sequence
    world.oracle.noteDurable()
    world.oracle.noteOpened(askedAt: start)
    ledger = opened.ledger
    return true
  }

  func openLedger(_ storage: FakeStorage) async -> Result<OpenedLedger, LogError> {
    await OpenedLedger.open(
      storage, world.plan, executor: ready.logExecutor, checkpointExecutor: ready.taskExecutor, timer: timer,
      clock: world.time.clock,
      randomSeed: world.random.next())
  }
}

// MARK: - End

extension SimulatedLife {
  private func close() -> Bool {
    let asked = world.oracle.askForNew()
    start("close") {
      do throws(LedgerError) {
        try await self.ledger?.close()
        self.isClosed = true
      } catch {
        self.world.trace.note("close failed: \(error)")
        if !self.faults.hasFailed, !self.isDead { self.violate("the ledger does not close: \(error)") }
      }
    }
    if drive() == .stuck { violate("the closing never ends") }
    if isClosed { world.oracle.noteClosed(asked: asked) }
    return isClosed
  }

  /// Lets every task of the dead process come to its end, which nobody sees, so that its memory is given back.
  private func finish() {
    if let statistics = ledger?.logStatistics {
      world.syncedSequence = max(world.syncedSequence, statistics.syncedSequence)
    }
    isOver = true
    world.storage.die()
    timer.endSleep()
    consumer?.cancel()
    consumer = nil
    while ready.runOne() {}
    opening = nil
    ledger = nil
    world.trace.note("life \(number) is over after \(ready.jobsRun) jobs and \(faults.calls) storage calls")
    if clientsRunning != 0 {
      violate(
        "\(clientsRunning) callers never hear that the ledger has failed",
        callers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })
    }
    if world.storage.isLocked { violate("the log is still in memory after the end of the process") }
    if ready.strangers != 0 { violate("\(ready.strangers) jobs ran outside of the simulation") }
  }

  private func endHistory(wasClosed: Bool) {
    let random = world.random.next()
    count(wasClosed: wasClosed)
    world.oracle.bounds.endProcess()
    if ending == .powerLoss { world.time.reboot() }
    if ending == .powerLoss || wasClosed && random % 4 == 0 {
      world.storage.losePower(seed: random, resurrects: true)
    } else {
      world.storage.killProcess(evictsClean: random % 2 == 0)
    }
    guard world.plan.durability != .always else { return world.oracle.endLife(.all) }
    // What was only in memory is lost with the power, and where the disk failed to take it.
    let losesMemory = ending == .powerLoss || faults.lossySyncs > 0
    world.oracle.endLife(wasClosed ? .all : losesMemory ? .anyPrefix : .allInMemory)
  }

  private func count(wasClosed: Bool) {
    world.tally.add("schedules")
    world.tally.add(wasClosed ? "ended by a clean close" : "ended by a \(ending == .powerLoss ? "power loss" : "kill")")
    world.tally.add("jobs", ready.jobsRun)
    world.tally.add("storage calls", faults.calls)
    world.tally.add("syncs failed and forgotten", faults.lossySyncs)
    world.tally.add("disks full", faults.fullDisks)
    world.tally.add("calls failed with EIO", faults.failures)
    world.tally.add("transfers cut short", faults.shortTransfers)
    world.tally.add("transfers interrupted", faults.interruptions)
  }
}
