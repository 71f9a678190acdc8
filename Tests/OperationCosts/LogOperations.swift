internal import SystemPackage
internal import TokenLedger
internal import WriteAheadLog

extension Operation {
  /// What a start and a checkpoint do.
  static let log: [Operation] = [
    Operation("replay, a rotation's record", unitsPerRound: 100_000, rounds: 1) { rounds, folder in
      let ledger = try await loggedLedger(in: folder)
      var sessions = try await OpenSessions(in: ledger)
      for _ in 0..<100 { try await sessions.rotateBatch(of: 1000) }
      try await ledger.close()
      try replay(folder, times: rounds, holding: 100_000)
    },
    Operation("checkpoint, writing a session", unitsPerRound: 20_000, rounds: 1) { rounds, folder in
      let ledger = try await loggedLedger(in: folder)
      let last = try await open(20_000, in: ledger)
      for generation in 0..<UInt32(rounds) {
        // Without a change there is nothing to write.
        let token = TokenID(session: last, generation: generation)
        _ = try await ledger.rotate(RotationRequest(token: token, client: "web"))
        guard let report = try await ledger.checkpoint(), report.entries == 20_000 else {
          throw UnexpectedOutcome("the checkpoint does not hold all sessions")
        }
      }
      try await ledger.close()
    },
    Operation("checkpoint, reading a session", unitsPerRound: 20_000, rounds: 1) { rounds, folder in
      let ledger = try await loggedLedger(in: folder)
      _ = try await open(20_000, in: ledger)
      _ = try await ledger.checkpoint()
      try await ledger.close()
      try replay(folder, times: rounds, holding: 0)
    },
  ]

  /// Opens sessions in batches and returns the last.
  private static func open(_ count: Int, in ledger: RefreshLedger) async throws -> SessionID {
    var last: SessionID?
    for _ in 0..<(count / 1000) {
      last = try await ledger.open(Array(repeating: try OpenSessions.grant, count: 1000)).last?.id
    }
    guard let last else { throw UnexpectedOutcome("no session was opened") }
    return last
  }

  private static func replay(_ folder: String, times: Int, holding records: UInt64) throws {
    for _ in 0..<times {
      var replay = LedgerReplay()
      let summary = try LogReader.read(storage: FolderStorage(path: FilePath(folder))) {
        (frame, payload) throws(RecordError) in try replay.apply(frame, payload)
      }
      guard summary.records >= records, replay.state.highestTime == noon else {
        throw UnexpectedOutcome("the log does not hold what was written")
      }
    }
  }
}
