import WriteAheadLog

/// Picks out of a log what it is asked for.
protocol HistoryCollector: Sendable {
  /// An entry of a checkpoint that covers the records up to `covered`, after `state` took it over.
  mutating func take(_ entry: CheckpointEntry, covered: UInt64, in state: borrowing LedgerState)

  /// A record, before `state` takes it over.
  mutating func take(_ event: LedgerEvent, sequence: UInt64, time: Timestamp, before state: borrowing LedgerState)

  /// After all that was read.
  mutating func finish(_ state: borrowing LedgerState)
}

/// One pass over the files of a log, within limits.
enum HistoryPass {
  static func run<Collector: HistoryCollector>(
    _ collector: inout Collector, in storage: any LogStorage, within limits: HistoryLimits
  ) throws(LogFailure) -> HistoryExtent {
    let deadline = ContinuousClock.now + limits.duration
    var extent = HistoryExtent(isWhole: true)
    var replay = LedgerReplay()
    do throws(LogFailure) {
      _ = try LogReader.read(storage: storage) { (frame, payload) throws(RecordRefusal) in
        guard ContinuousClock.now < deadline, replay.state.table.count <= limits.entriesMax else {
          extent.isWhole = false
          throw RecordRefusal(byteOffsetInPayload: 0, what: "enough was read")
        }
        var sequence = frame.firstSequence
        try replay.apply(
          frame, payload,
          visit: { event, time, state in
            collector.take(event, sequence: sequence, time: time, before: state)
            sequence += 1
          },
          visitEntry: { entry, state in collector.take(entry, covered: frame.firstSequence, in: state) })
        extent.recordCount += UInt64(frame.recordCount)
      }
    } catch {
      // Stopped on purpose.
      guard !extent.isWhole else { throw error }
    }
    collector.finish(replay.state)
    return extent
  }
}
