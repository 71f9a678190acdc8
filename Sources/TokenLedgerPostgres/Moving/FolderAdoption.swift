#if Postgres
internal import Platform
package import RotationModel
package import SystemPackage
internal import TokenLedger
internal import WriteAheadLog

/// Moves the ledger of a folder to a database that has none: every token that was issued before stays good, and what was revoked stays refused.
///
/// The folder's lock is held. The folder refuses to open before the first row is copied, instances refuse to serve while rows are, and one commit, the last,
/// opens the ledger there. Until then all of it can be taken back. A call that ended early is made again: what was copied is copied once.
package struct FolderAdoption: Sendable {
  package var address: DatabaseAddress
  package var options: PostgresOptions
  /// The folder of the log.
  package var log: FilePath
  package var clock = SessionClock.system
  /// Of the tokens; what the database says already must be the same.
  package var issuer: String?
  /// The longest lifetime of access tokens that were issued from the folder: for so long, at least, revocations are kept.
  package var accessMilliseconds = Lifetimes.accessMillisecondsMax
  /// Users, clients and keys.
  package var records: [MovedRecord] = []
  /// Told after each step; false ends the call with ``MoveError/stopped``.
  package var onProgress: @Sendable (MoveProgress) -> Bool = { _ in true }

  package init(_ log: FilePath, to address: DatabaseAddress, options: PostgresOptions) {
    (self.log, self.address, self.options) = (log, address, options)
  }

  package struct Report: Sendable, Hashable {
    package var counts: MoveCounts
    /// Whether an earlier call had done all of it.
    package var wasDone: Bool
  }

  /// Copies, and opens the database.
  ///
  /// - Throws: ``MoveError``. Of a lost connection at the end the outcome is not known; another call finds it out.
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

  /// Removes what was copied and lets the folder open again. What has opened in the database is not taken back.
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

  /// The database in words, without a password.
  var place: String {
    options.schema == PostgresOptions().schema ? "\(address)" : "\(address), schema \(options.schema)"
  }
}

/// Takes an adoption back that never opened.
struct AdoptionUndoing {
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

  /// Whatever their number, in an instant: nobody reads them.
  private static let remove = Statement(
    name: "move_remove", sql: "truncate session, one_time_token, event, revocation, mark, time_shift")
  private static let removeRecords = Statement(
    name: "move_remove_records",
    sql:
      "delete from record where kind not in ('\(MoveNote.Kind.adoption.rawValue)', '\(MoveNote.Kind.departure.rawValue)')"
  )
  private static let open = Statement(name: "move_reopen", sql: "update ledger set state = 'open'")
}
#endif
