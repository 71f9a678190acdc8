import LedgerTesting
import TokenLedger
import WriteAheadLog

/// One run through a stage while one operation fails, or none.
struct FaultRun {
  let stage: FaultStage
  let faults: FaultWatch
  private let disk: FakeStorage
  private let clock = ManualClock()
  private var ledger: SteppedLedger?
  private var memory = ScriptMemory()
  private var openings: UInt64 = 0
  /// Records that somebody was told are durable.
  private(set) var acknowledged: UInt64
  /// Records that may be found: those, and what was taken before the failure.
  private(set) var staged: UInt64
  private(set) var breaches: [String] = []
  private let watch: CrashWatch?
  /// What was written, as it was seen after each act.
  private(set) var trail = RecordTrail()

  /// Without a fault.
  init(_ stage: FaultStage, watch: CrashWatch? = nil) {
    self.init(stage, target: nil, form: StorageFaultForm(way: .ioError, isSticky: false), watch: watch)
  }

  init(_ stage: FaultStage, target: Int?, form: StorageFaultForm, watch: CrashWatch? = nil) {
    let disk = FakeStorage(seed: stage.seed, files: stage.files)
    self.stage = stage
    self.disk = disk
    self.watch = watch
    watch?.note(acknowledged: stage.acknowledged, staged: stage.acknowledged)
    var onChange: (@Sendable (FaultWatch.Operation) -> Void)?
    if let watch { onChange = { watch.look(at: disk, before: $0) } }
    faults = FaultWatch(disk, target: target, form: form, onChange: onChange)
    acknowledged = stage.acknowledged
    staged = stage.acknowledged
  }

  var files: [String: [UInt8]] { disk.files }

  /// Opens what a kill left, unsynced as it is, and returns how many records that opening serves.
  func serveAfterKill() async throws(LogError) -> UInt64 {
    defer { disk.killProcess() }
    let opened = try await SteppedLedger.open(disk, options: stage.options, clock: clock, seed: stage.seed &+ 99)
    return opened.recovery.sequence
  }

  func crashImage(_ seed: UInt64) -> [String: [UInt8]] { disk.crashImage(seed: seed) }

  /// - Parameter keepsTrail: for the run without a fault, with which the others are compared.
  mutating func run(keepsTrail: Bool) async {
    if keepsTrail { trail.add(files) }
    for (index, act) in stage.acts.enumerated() {
      guard await run(act, index) else { break }
      guard keepsTrail else { continue }
      trail.add(files)
      if let statistics = await ledger?.ledger.statistics { trail.note(statistics) }
    }
    ledger = nil
    disk.killProcess()
    disk.follow(FaultScript())
    breaches += faults.breaches
  }

  /// Returns false where nothing can come after it.
  private mutating func run(_ act: FaultAct, _ index: Int) async -> Bool {
    switch act {
    case .open: return await open(index)
    case .commit(let steps): await commit(steps, index)
    case .checkpoint: await checkpoint(index)
    case .close: return await close(index)
    }
    return true
  }

  private mutating func breach(_ what: String, _ index: Int) {
    breaches.append("act \(index): \(what)")
  }

  private mutating func open(_ index: Int) async -> Bool {
    faults.begin(.opening)
    openings += 1
    do throws(LogError) {
      let opened = try await SteppedLedger.open(
        disk, options: stage.options, clock: clock, seed: stage.seed &+ openings)
      if let stop = faults.stop { breach("opened in spite of \(stop)", index) }
      let last = opened.recovery.sequence
      if last < acknowledged || last > staged { breach("opened with \(last), not \(acknowledged)...\(staged)", index) }
      acknowledged = last
      staged = last
      ledger = opened
      return true
    } catch {
      expect(error, faults.stop, "the opening", index)
      return false
    }
  }

  private mutating func commit(_ steps: [LedgerStep], _ index: Int) async {
    guard let ledger else { return }
    faults.begin(.committing)
    let before = (acknowledged: ledger.acknowledged, stop: faults.stop, syncs: faults.syncs)
    let failures = await ledger.commit(steps, &memory) { [watch, acknowledged] staged in
      watch?.note(acknowledged: acknowledged, staged: staged)
    }
    watch?.note(acknowledged: ledger.acknowledged, staged: ledger.staged)
    for failure in failures { expect(failure, faults.stop, "a call", index) }
    acknowledged = ledger.acknowledged
    if before.stop == nil { staged = ledger.staged }
    guard let stop = faults.stop else { return }
    let calls = steps.filter(\.isCall).count
    if before.stop != nil, failures.count != calls {
      breach("\(calls - failures.count) calls went well after \(stop)", index)
    }
    if acknowledged > before.acknowledged, before.stop != nil || faults.syncs == before.syncs {
      breach("acknowledged \(acknowledged) without a sync, after \(stop)", index)
    }
    await expectStopped(ledger, stop, index)
  }

  private mutating func expectStopped(_ ledger: SteppedLedger, _ stop: LogError, _ index: Int) async {
    if ledger.ledger.logFailure != stop {
      breach("the log's failure is \(ledger.ledger.logFailure.map { "\($0)" } ?? "none"), not \(stop)", index)
    }
    if await ledger.ledger.statistics.isWritable { breach("says that it is writable after \(stop)", index) }
  }

  private mutating func checkpoint(_ index: Int) async {
    guard let ledger else { return }
    let wasWell = faults.failure == nil
    faults.begin(.checkpointing)
    do throws(LogError) {
      try await ledger.checkpoint()
      if wasWell, let failure = faults.failure { breach("made a checkpoint in spite of \(failure)", index) }
    } catch {
      if faults.failure == nil { breach("no checkpoint, without a fault: \(error)", index) }
      if wasWell { expect(error, faults.failure, "the checkpoint", index) }
    }
    if let stop = faults.stop {
      await expectStopped(ledger, stop, index)
    } else if let failure = ledger.ledger.logFailure {
      breach("the log ended with \(failure), but only the checkpoint had failed", index)
    }
  }

  private mutating func close(_ index: Int) async -> Bool {
    guard let ledger else { return false }
    faults.begin(.closing)
    // The close has one record of its own.
    watch?.note(acknowledged: acknowledged, staged: ledger.staged + 1)
    let wasWell = faults.stop == nil
    defer { if wasWell { staged = max(staged, ledger.staged) } }
    do throws(LedgerError) {
      try await ledger.close()
      if let stop = faults.stop { breach("closed well in spite of \(stop)", index) }
      acknowledged = ledger.acknowledged
    } catch {
      expect(error, faults.stop, "the close", index)
    }
    let failures = await ledger.commit([.open(Self.late)], &memory)
    if failures.isEmpty { breach("a call after the close went well", index) }
    if disk.isLocked { breach("the lock was not given back", index) }
    self.ledger = nil
    return faults.stop == nil
  }

  private static let late = SessionGrant(
    subject: "late", client: "web", scope: "", lifetimes: LedgerScript.shortest)

  /// The failure must be the one that was injected, which names the operation and the path.
  private mutating func expect(_ failure: LogError, _ injected: LogError?, _ who: String, _ index: Int) {
    if failure == injected { return }
    breach("\(who) threw \(failure), injected was \(injected.map { "\($0)" } ?? "nothing")", index)
  }

  /// The same of a call, whose error says it in the words of every ledger.
  private mutating func expect(_ failure: LedgerError, _ injected: LogError?, _ who: String, _ index: Int) {
    if failure == injected.map({ LedgerError($0) }) { return }
    breach("\(who) threw \(failure), injected was \(injected.map { "\($0)" } ?? "nothing")", index)
  }
}
