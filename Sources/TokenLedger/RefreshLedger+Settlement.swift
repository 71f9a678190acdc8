public import SystemPackage
package import WriteAheadLog

extension RefreshLedger {
  /// Makes a log that was restored from a backup, or cut by a repair, ready to be served.
  ///
  /// Tokens that were consumed after its last record are live in it. Unless `keepsSessions` is true, every live session
  /// is revoked and every live one-time token consumed, durably, before the mark that keeps the log from being opened
  /// is removed. A crash in between therefore leaves the mark. A log without the mark is settled all the same.
  ///
  /// - Parameters:
  ///   - storage: The folder of the log.
  ///   - executor: The executor of the log, on which it blocks.
  ///   - keepsSessions: True if nothing was served after the last record, so that the sessions can be kept.
  ///   - epochFloor: The highest epoch that outside records know of this log; the epoch of this opening is above it.
  ///   - options: The options of the log, apart from those of rollback and epoch, which this call sets.
  ///   - clock: The clock of the ledger.
  ///   - onProgress: A closure that is called during the replay and after each 4096 slots of the ending.
  /// - Returns: The numbers of sessions and one-time tokens that were ended, and the last record and the epoch.
  /// - Throws: The errors of ``open(folder:options:clock:random:onProgress:)``, except that a log with the mark is not
  ///   refused, and the errors of writing to the log.
  /// - Complexity: One record for each live session and one-time token, and at most one commit for each 4096 slots.
  package static func settle(
    storage: any LogStorage, executor: any SerialExecutor, keepsSessions: Bool, epochFloor: UInt32 = 0,
    options: LedgerOptions = LedgerOptions(), clock: SessionClock = .system,
    onProgress: @escaping (SettlementProgress) -> Void = { _ in }
  ) async throws(LogError) -> Settlement {
    var options = options
    options.acceptsRollback = true
    options.epochFloor = epochFloor
    let (ledger, recovery) = try await open(
      storage: storage, executor: executor, options: options, clock: clock, random: SystemRandomNumberGenerator(),
      onProgress: { onProgress(.replaying($0)) })
    var settlement = Settlement(sessionsEnded: 0, oneTimeTokensEnded: 0, sequence: 0, epoch: recovery.epoch)
    var next: UInt32? = 0
    while !keepsSessions, let slot = next {
      let step = try await ledger.endLive(from: slot, most: 4096)
      settlement.sessionsEnded += step.sessions
      settlement.oneTimeTokensEnded += step.oneTimeTokens
      next = step.next
      try await ledger.log?.durable(through: step.sequence)
      onProgress(.ending(placesDone: Int(step.next ?? step.places), placesTotal: Int(step.places)))
    }
    try await ledger.log?.settle()
    settlement.sequence = await ledger.sequence
    await ledger.stopCheckpoints()
    await ledger.noteClosingTime()
    try await ledger.closeLog()
    return settlement
  }

  /// Settles the log in a folder, which makes a restored or repaired log ready to be served.
  ///
  /// Unless `keepsSessions` is true, every live session is revoked and every live one-time token consumed first, since
  /// tokens that were consumed after the last record would be live again. The epoch of this opening is above
  /// `epochFloor`, the highest epoch that outside records know of this log.
  public static func settle(
    folder: FilePath, keepsSessions: Bool, epochFloor: UInt32 = 0,
    onProgress: @escaping (SettlementProgress) -> Void = { _ in }
  ) async throws(LogError) -> Settlement {
    try await settle(
      storage: FolderStorage(path: folder), executor: try CommitThread(), keepsSessions: keepsSessions,
      epochFloor: epochFloor,
      onProgress: onProgress)
  }

  private func endLive(
    from slot: UInt32, most: UInt32
  ) throws(LogError) -> (next: UInt32?, places: UInt32, sessions: Int, oneTimeTokens: Int, sequence: UInt64) {
    try log?.reserve()
    let step = machine.endLive(from: slot, most: most, into: &events)
    return (
      step.next, UInt32(machine.state.table.slotCount), step.sessions, step.oneTimeTokens, machine.sequence
    )
  }
}
