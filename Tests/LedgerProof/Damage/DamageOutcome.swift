import LedgerTesting
import TokenLedger
import WriteAheadLog

/// An executor that runs each job where it comes up: an opening alone needs no other.
final class InlineExecutor: SerialExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    UnownedJob(job).runSynchronously(on: asUnownedSerialExecutor())
  }
}

/// What the product makes of a folder.
struct DamageOutcome {
  let verdict: SpecifiedVerdict?
  /// What it did that it should not have, whatever the verdict should be.
  let breach: String?

  private init(_ verdict: SpecifiedVerdict?, _ breach: String? = nil) {
    self.verdict = verdict
    self.breach = breach
  }

  /// Opens the ledger, and if it opens, looks at every record and opens it again.
  ///
  /// `checksRecords` is false if the records are not those of the reference log on purpose.
  static func of(
    _ files: [String: [UInt8]], _ log: ReferenceLog, checksRecords: Bool = true
  ) async -> DamageOutcome {
    let folder = FakeStorage(files: files)
    do throws(LogError) {
      let recovery = try await open(folder, log)
      let verdict = SpecifiedVerdict.opens(
        lastSequence: recovery.sequence,
        torn: recovery.tornTail.map { tail in
          SpecifiedVerdict.Tear(segment: tail.segment, offset: Int(tail.offset), bytes: Int(tail.bytes))
        }, wasClosedCleanly: recovery.wasClosedCleanly)
      if let breach = keptBreach(recovery, files, folder.files) { return DamageOutcome(verdict, breach) }
      if checksRecords, let breach = await recordBreach(files, log, recovery.sequence) {
        return DamageOutcome(verdict, breach)
      }
      let again = try await open(FakeStorage(files: folder.files), log)
      let isSame = again.sequence == recovery.sequence && again.tornTail == nil
      return DamageOutcome(verdict, isSame ? nil : "the second opening found something else: \(again)")
    } catch {
      return refused(error, changes: folder.changes)
    }
  }

  private static func refused(_ failure: LogError, changes: Int) -> DamageOutcome {
    let breach = changes == 0 ? nil : "refused after \(changes) changes to the folder"
    switch failure {
    case .corrupt(let segment, let offset, _):
      return DamageOutcome(.corrupt(segment: segment, offset: Int(clamping: offset)), breach)
    case .unsupportedVersion(let segment, let version):
      return DamageOutcome(.unsupportedVersion(segment: segment, version: version), breach)
    default:
      return DamageOutcome(nil, "refused with \(failure)")
    }
  }

  private static func open(
    _ folder: FakeStorage, _ log: ReferenceLog
  ) async throws(LogError) -> LedgerRecovery {
    try await RefreshLedger.open(
      storage: folder, executor: InlineExecutor(), options: log.options, clock: ManualClock().sessionClock,
      random: SeededGenerator(seed: 1)
    ).recovery
  }

  /// Whether what was cut off is kept, byte for byte.
  private static func keptBreach(
    _ recovery: LedgerRecovery, _ before: [String: [UInt8]], _ after: [String: [UInt8]]
  ) -> String? {
    guard let tail = recovery.tornTail else {
      return after.keys.contains { $0.hasPrefix("torn-") } ? "kept a tail that nobody tore" : nil
    }
    let start = Int(tail.offset)
    let torn = before[tail.segment]?[start..<(start + Int(tail.bytes))]
    return after[tail.copy].map(ArraySlice.init) == torn ? nil : "did not keep what it cut off"
  }

  /// Whether the records are the first ones of those that were written, byte for byte.
  private static func recordBreach(
    _ files: [String: [UInt8]], _ log: ReferenceLog, _ lastSequence: UInt64
  ) async -> String? {
    var next = (log.segments.first.flatMap { $0.header.isCheckpoint ? $0.header.sequence : nil } ?? 0) + 1
    if files.keys.allSatisfy({ !$0.hasPrefix("checkpoint-") }) { next = 1 }
    var entries = log.entries[...]
    var breach: String?
    do throws(LogError) {
      let opened = try await CommitLog.open(
        storage: FakeStorage(files: files), options: LogOptions(preallocationBytes: log.options.preallocationBytes),
        executor: InlineExecutor()
      ) { (frame, payload) throws(RecordError) in
        if frame.kind == .checkpointEnd { return }
        let bytes = payload.withUnsafeBufferPointer(Array.init)
        if frame.kind == .checkpoint {
          if entries.popFirst() != bytes { breach = "the checkpoint is not the one that was written" }
          return
        }
        let written = log.commits[frame.firstSequence]
        if frame.firstSequence != next || written?.payload != bytes {
          breach = "record \(next) is not the one that was written"
        }
        next = frame.firstSequence + UInt64(frame.recordCount)
      }
      guard opened.recovery.lastSequence == lastSequence, next == lastSequence + 1 else {
        return "says that it has \(lastSequence) records, and shows \(next - 1)"
      }
      return breach
    } catch {
      return "the log refuses what the ledger opened: \(error)"
    }
  }
}
