#if Postgres
internal import Platform
package import TokenLedger

/// A move of a database's ledger to a folder that has none.
///
/// Every token that was issued before stays valid, and everything that was revoked stays refused.
///
/// Instances refuse to serve from its beginning on. The folder's log is complete under another name before the commit
/// that completes the move, after which it gets its name, so that a ledger is never in two places. Events stay in the
/// database. A call that ended early can be repeated.
package struct LedgerDeparture: Sendable {
  package var address: DatabaseAddress
  package var options: PostgresOptions
  /// The folder of the log, which is created; its parent folder must exist.
  package var log: FilePath
  /// True if the caller can open keys that are sealed in the database.
  ///
  /// If the caller cannot and there are such keys, nothing is moved.
  package var opensKeys = false
  /// A closure that is called after each step; if it returns false, the call ends with ``MoveError/stopped``.
  package var onProgress: @Sendable (MoveProgress) -> Bool = { _ in true }

  package init(from address: DatabaseAddress, options: PostgresOptions, to log: FilePath) {
    (self.address, self.options, self.log) = (address, options, log)
  }

  package struct Report: Sendable, Hashable {
    package var counts: MoveCounts
    /// True if an earlier call had completed the move.
    package var wasDone: Bool
    /// The issuer of the tokens, if the database has it.
    package var issuer: String?
  }

  /// The parts of a ledger beside its sessions.
  package struct Surroundings: Sendable {
    package var issuer: String?
    /// The records of users, clients and keys.
    package var records: [MovedRecord]
  }

  /// Copies the ledger and gives the folder its log.
  ///
  /// - Parameter keep: A closure that stores the parts beside the sessions in files, durably, before the commit that
  ///   completes the move. It is called again if this call is repeated, and can block.
  /// - Returns: The numbers of what was moved, by this call or by the earlier one that completed the move, and the
  ///   issuer.
  /// - Throws: ``MoveError``; the errors of `keep` as `.refused`.
  package func run(
    keeping keep: @escaping @Sendable (Surroundings) throws -> Void
  ) async throws(MoveError) -> Report {
    do {
      return try await BlockingWork.run { () throws(any Error) in
        let database = try MovingDatabase(address, options)
        defer { database.close() }
        let copying = DepartureCopying(self, database)
        return try copying.run(keeping: keep)
      }
    } catch {
      throw MoveError(error)
    }
  }

  /// The place of the log until it can be opened.
  package var unfinishedLog: FilePath {
    LedgerFolderWriter.unfinished(log)
  }

  /// The database for messages, without a password.
  var place: String {
    options.schema == PostgresOptions().schema ? "\(address)" : "\(address), schema \(options.schema)"
  }
}

/// The copying of a departure.
struct DepartureCopying {
  private let departure: LedgerDeparture
  private let database: MovingDatabase

  init(_ departure: LedgerDeparture, _ database: MovingDatabase) {
    (self.departure, self.database) = (departure, database)
  }

  func run(keeping keep: (LedgerDeparture.Surroundings) throws -> Void) throws -> LedgerDeparture.Report {
    guard try database.hasLedger() else {
      throw MoveError.refused("\(departure.place): there is no ledger; name the database that the instances serve from")
    }
    let (note, issuer) = try begin()
    if note.phase == .left {
      let isNamed = try finish(note)
      return LedgerDeparture.Report(counts: note.counts, wasDone: !isNamed, issuer: issuer)
    }
    var counts = MoveCounts()
    try tell(.begun, counts)
    var reading = DepartureReading(database)
    var writer = try reading.beginning()
    try reading.copyRevocations(to: &writer, &counts)
    try tell(.revocations, counts)
    try reading.copyEntries(to: &writer, &counts) { (counts) throws(MoveError) in try tell(.sessions, counts) }
    let storage = FolderStorage(path: departure.unfinishedLog)
    try removeUnfinished(storage)
    try writer.finish(in: departure.unfinishedLog)
    let records = try reading.records()
    counts.records = records.count
    try keep(LedgerDeparture.Surroundings(issuer: issuer, records: records))
    try tell(.records, counts)
    try tell(.ready, counts)
    var left = note
    left.phase = .left
    left.counts = counts
    left.log = try LogReader.read(storage: storage) { (_, _) throws(RecordError) in }.identity?.description ?? ""
    _ = try database.runAlone { _ in [left.replacing(note, kind: .departure, state: "left")] }
    _ = try finish(left)
    return LedgerDeparture.Report(counts: counts, wasDone: false, issuer: issuer)
  }

  private func tell(_ step: MoveProgress.Step, _ counts: MoveCounts) throws(MoveError) {
    guard departure.onProgress(MoveProgress(step: step, counts: counts)) else { throw .stopped }
  }

  // MARK: - The database

  private func begin() throws -> (MoveNote, issuer: String?) {
    let place = departure.place
    var found = MoveNote(log: "", phase: .leaving)
    var issuer: String?
    let isLogThere = try identity(of: FolderStorage(path: departure.log)) != nil
    _ = try database.runAlone { ledger in
      issuer = ledger.issuer
      guard !ledger.hasKeys || departure.opensKeys else {
        throw MoveError.refused(
          "\(place): its keys are sealed there; give --master-key, so that they come along as files")
      }
      if let known = ledger.departure, ledger.state == "left" {
        found = known
        guard known.phase == .left || !isLogThere else { throw holdsLog }
        return [Query(LedgerSQL.barrierStatement)]
      }
      guard ledger.state == "open" else {
        throw MoveError.refused(
          "\(place): the ledger there is not open (\(ledger.state)); finish `refresh-ledger database adopt` first, or undo it"
        )
      }
      guard !isLogThere else { throw holdsLog }
      return [Query(Self.setLeft), found.replacing(ledger.departure, kind: .departure, state: "left")]
    }
    return (found, issuer)
  }

  private var holdsLog: MoveError {
    .refused("\(departure.log): there is a log already; name another folder, or move that one away")
  }

  private static let setLeft = Statement(name: "move_set_left", sql: "update ledger set state = 'left'")

  // MARK: - The folder

  /// Gives the log its name, and returns whether it did.
  ///
  /// Throws if neither name has the log of this move.
  private func finish(_ note: MoveNote) throws -> Bool {
    if try identity(of: FolderStorage(path: departure.log)) == note.log { return false }
    guard try identity(of: FolderStorage(path: departure.unfinishedLog)) == note.log else {
      throw MoveError.refused(
        "\(departure.place): the ledger has left for another folder, that of the log \(note.log); name that one")
    }
    let log = departure.log
    do {
      try FileSystem.rename(departure.unfinishedLog.string, to: log.string)
      try OpenFolder(FileSystem.folder(of: log.string)).sync()
    } catch {
      throw LogError.io(operation: "rename", path: departure.unfinishedLog.string, errno: error.rawValue)
    }
    return true
  }

  /// Returns the identity of the log in a folder, or nil if there is none.
  private func identity(of storage: FolderStorage) throws -> String? {
    guard try names(in: storage).contains(where: { $0.hasSuffix(".lz4") }) else { return nil }
    return try LogReader.read(storage: storage) { (_, _) throws(RecordError) in }.identity?.description
  }

  /// Removes what an earlier call left, which nobody can have opened.
  private func removeUnfinished(_ storage: FolderStorage) throws {
    for name in try names(in: storage) { try storage.remove(name) }
  }

  private func names(in storage: FolderStorage) throws(LogError) -> [String] {
    do throws(LogError) { return try storage.names() } catch {
      guard error.isMissingFile else { throw error }
      return []
    }
  }
}
#endif
