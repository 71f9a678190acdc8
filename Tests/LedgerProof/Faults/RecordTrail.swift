import LedgerTesting
import TokenLedger
import WriteAheadLog

/// The records that a run without faults wrote, and what the ledger was after them.
struct RecordTrail: Sendable {
  private var payloads: [UInt64: [UInt8]] = [:]
  /// By last sequence: live sessions and entries.
  private var counts: [UInt64: [Int]] = [:]

  mutating func add(_ files: [String: [UInt8]]) {
    var opening = SpecifiedOpening(files)
    _ = opening.run()
    for segment in opening.segments {
      for (offset, frame) in segment.frames where frame.kind == SpecifiedFrame.Kind.records {
        payloads[frame.firstSequence] = SpecifiedOpening.payload(of: frame, at: offset, in: files[segment.name] ?? [])
      }
    }
  }

  mutating func note(_ statistics: LedgerStatistics) {
    counts[statistics.sequence] = [statistics.liveSessions, statistics.entries]
  }

  /// What is wrong with a folder that should hold at least the records up to `acknowledged` and at most those up to
  /// `staged`; nil for nothing.
  func breach(_ files: [String: [UInt8]], _ options: LedgerOptions, _ records: ClosedRange<UInt64>) async -> String? {
    do throws(LogError) {
      let folder = FakeStorage(files: files)
      let opened = try await open(folder, options)
      let last = opened.recovery.sequence
      guard records.contains(last) else { return "found \(last) records, not \(records)" }
      if let breach = await payloadBreach(files) { return breach }
      let statistics = await opened.ledger.statistics
      if let known = counts[last], known != [statistics.liveSessions, statistics.entries] {
        return "after record \(last) there were \(known) sessions and entries, and now there are "
          + "\([statistics.liveSessions, statistics.entries])"
      }
      let again = try await open(FakeStorage(files: folder.files), options).recovery
      return again.sequence == last && again.tornTail == nil ? nil : "the second opening found something else"
    } catch {
      return "refused: \(error)"
    }
  }

  private func open(
    _ folder: FakeStorage, _ options: LedgerOptions
  ) async throws(LogError) -> (ledger: RefreshLedger, recovery: LedgerRecovery) {
    try await RefreshLedger.open(
      storage: folder, executor: InlineExecutor(), options: options, clock: ManualClock().sessionClock,
      random: SeededGenerator(seed: 1))
  }

  private func payloadBreach(_ files: [String: [UInt8]]) async -> String? {
    var breach: String?
    do throws(LogError) {
      _ = try await CommitLog.open(storage: FakeStorage(files: files), executor: InlineExecutor()) {
        (frame, payload) throws(RecordError) in
        guard frame.kind == .records else { return }
        if payloads[frame.firstSequence] != payload.withUnsafeBufferPointer(Array.init) {
          breach = "record \(frame.firstSequence) is not the one that was written"
        }
      }
      return breach
    } catch {
      return "the log refuses what the ledger opened: \(error)"
    }
  }
}
