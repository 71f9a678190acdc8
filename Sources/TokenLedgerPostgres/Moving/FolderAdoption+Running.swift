#if Postgres
internal import Platform
internal import TokenLedger

extension FolderAdoption {
  /// Copies the ledger and opens the database.
  ///
  /// - Throws: ``MoveError``. If the connection is lost at the end, the outcome is unknown; another call finds it out.
  package func run() async throws(MoveError) -> Report {
    try await withLedger { ledger, identity in
      let contents = await ledger.contents()
      return try await BlockingWork.run { () throws(any Error) in
        let database = try MovingDatabase(self.address, self.options)
        defer { database.close() }
        var copying = AdoptionCopying(self, ledger, contents, identity, database)
        return try copying.run()
      }
    }
  }

  /// Removes what was copied and lets the folder open again.
  ///
  /// An adoption that has opened the database cannot be undone.
  package func undo() async throws(MoveError) {
    try await withLedger { _, identity in
      try await BlockingWork.run { () throws(any Error) in
        let database = try MovingDatabase(self.address, self.options)
        defer { database.close() }
        try AdoptionUndoing(adoption: self, identity: identity, database: database).run()
      }
    }
  }

  private func withLedger<Outcome: Sendable>(
    _ work: (RefreshLedger, _ identity: String) async throws -> Outcome
  ) async throws(MoveError) -> Outcome {
    do {
      let names = try FolderStorage(path: log).names()
      guard names.contains(where: { $0.hasSuffix(".lz4") }) else {
        throw MoveError.refused(
          "\(log): there is no ledger in this folder; name the data folder of a server that has served")
      }
      var options = LedgerOptions()
      options.acceptsMove = true
      let (ledger, recovery) = try await RefreshLedger.open(folder: log, options: options, clock: clock)
      do {
        let outcome = try await work(ledger, recovery.identity)
        try await ledger.close()
        return outcome
      } catch {
        try? await ledger.close()
        throw error
      }
    } catch {
      throw MoveError(error)
    }
  }
}

/// The undoing of an adoption that never opened.
private struct AdoptionUndoing {
  let adoption: FolderAdoption
  let identity: String
  let database: MovingDatabase

  func run() throws {
    let storage = FolderStorage(path: adoption.log)
    let isMarked = try MovedMark.read(in: storage) != nil
    guard try database.hasLedger() else {
      throw MoveError.refused(
        "\(adoption.place): there is no ledger; name the database that the folder was being moved to")
    }
    var isUndone = false
    _ = try database.runAlone { place in
      guard let note = place.adoption, note.log == identity else {
        throw MoveError.refused(
          isMarked
            ? "\(adoption.place): has nothing of this folder; name the database that the folder was being moved to"
            : "\(adoption.log): is not being moved, so there is nothing to take back")
      }
      guard note.phase != .open else {
        throw MoveError.refused(
          "\(adoption.place): the ledger has opened there, and its tokens may have been used since; go back with `refresh-ledger database leave`"
        )
      }
      if note.phase == .undone {
        isUndone = true
        return [Query(LedgerSQL.barrierStatement)]
      }
      return [
        MoveNote(log: identity, phase: .undone).replacing(note, kind: .adoption, state: "copying"),
        Query(Self.remove), Query(Self.removeRecords), Query(Self.open),
      ]
    }
    guard isMarked || !isUndone else {
      throw MoveError.refused("\(adoption.log): was taken back before, and opens")
    }
    try MovedMark.remove(in: storage)
  }

  /// A statement that removes all rows at once, whatever their number, since nobody reads them.
  private static let remove = Statement(
    name: "move_remove", sql: "truncate session, one_time_token, event, revocation, mark, time_shift, used_proof")
  private static let removeRecords = Statement(
    name: "move_remove_records",
    sql:
      "delete from record where kind not in ('\(MoveNote.Kind.adoption.rawValue)', '\(MoveNote.Kind.departure.rawValue)')"
  )
  private static let open = Statement(name: "move_reopen", sql: "update ledger set state = 'open'")
}
#endif
