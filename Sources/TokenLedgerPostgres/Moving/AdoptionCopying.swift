#if Postgres
internal import RotationModel
internal import TokenLedger

/// The copying of an adoption, a transaction at a time, each with a note of its progress.
struct AdoptionCopying {
  private let adoption: FolderAdoption
  private let ledger: RefreshLedger
  private let contents: LedgerContents
  private let identity: String
  private let database: MovingDatabase
  /// The note as the database has it.
  private var note: MoveNote

  private static let rowsMax = 1000

  init(
    _ adoption: FolderAdoption, _ ledger: RefreshLedger, _ contents: LedgerContents, _ identity: String,
    _ database: MovingDatabase
  ) {
    (self.adoption, self.ledger, self.contents) = (adoption, ledger, contents)
    (self.identity, self.database) = (identity, database)
    note = MoveNote(log: identity, phase: .events)
  }

  mutating func run() throws -> FolderAdoption.Report {
    let storage = FolderStorage(path: adoption.log)
    let isMarked = try MovedMark.read(in: storage) != nil
    guard try !isMarked || database.hasLedger() else { throw isElsewhere }
    try database.install(issuer: adoption.issuer)
    try begin(isMarked: isMarked)
    guard note.phase != .open else {
      try MovedMark.set(markAfter, in: storage)
      return FolderAdoption.Report(counts: note.counts, wasDone: true)
    }
    try tell(.begun)
    try MovedMark.set(markBefore, in: storage)
    try tell(.marked)
    if note.phase == .events { try copyEvents() }
    if note.phase == .revocations { try copyRevocations() }
    if note.phase == .sessions { try copyEntries() }
    try copyRecords()
    try tell(.ready)
    try open()
    try MovedMark.set(markAfter, in: storage)
    return FolderAdoption.Report(counts: note.counts, wasDone: false)
  }

  private func tell(_ step: MoveProgress.Step) throws(MoveError) {
    let progress = MoveProgress(step: step, counts: note.counts, entriesTotal: contents.entryCount)
    guard adoption.onProgress(progress) else { throw .stopped }
  }

  private var isElsewhere: MoveError {
    let mark = adoption.log.appending(MovedMark.fileName)
    return .refused(
      "the folder's ledger is being moved or has moved, and not to \(adoption.place); \(mark) says where")
  }

  private var markBefore: String {
    "is being moved to \(adoption.place); go on with `refresh-ledger database adopt`, or take it back with its option --undo"
  }

  private var markAfter: String {
    "has moved to \(adoption.place); serve it from there with --database, or bring it back with `refresh-ledger database leave`"
  }

  // MARK: - Beginning

  /// Sets the database apart, or finds where an earlier call stopped.
  private mutating func begin(isMarked: Bool) throws {
    let (identity, place, issuer) = (identity, adoption.place, adoption.issuer)
    let bringsKeys = adoption.records.contains { $0.kind == SharedRecord.Kind.key.rawValue }
    var found = note
    try exclusively { () throws in
      _ = try database.runAlone { ledger in
        if let known = ledger.issuer, let issuer, known != issuer {
          throw MoveError.refused(
            "\(place): the tokens there are issued for \(known) and those of the folder for \(issuer); use another --schema"
          )
        }
        let barrier = [Query(LedgerSQL.barrierStatement)]
        if let known = ledger.adoption, known.phase != .undone {
          guard known.log == identity else {
            throw MoveError.refused(
              "\(place): another folder's ledger is there, that of the log \(known.log); use another --schema")
          }
          guard ledger.state != "left" else {
            throw MoveError.refused(
              "\(place): the ledger of this folder has left it again; serve it from where it went")
          }
          // The folder may have been served in between.
          guard isMarked || known.isNew || known.phase == .open else {
            throw MoveError.refused(
              "\(adoption.log): the mark of the move was taken away in the middle of it; take it back with --undo, and begin again"
            )
          }
          found = known
          return barrier
        }
        guard ledger.isEmpty, ledger.departure == nil else {
          throw MoveError.refused(
            "\(place): there is a ledger already, with sessions, accounts or events; use another --schema")
        }
        guard !ledger.hasKeys || bringsKeys else {
          throw MoveError.refused(
            "\(place): there are keys already, and the folder's do not come along; give --master-key, so that they take their place"
          )
        }
        // A session that has been opened elsewhere would be live twice.
        guard !isMarked || ledger.adoption != nil else { throw isElsewhere }
        return [
          Query(Self.setApart), found.replacing(ledger.adoption, kind: .adoption, state: "copying"),
          Query(Self.setIssuer, [.text(issuer)]),
        ]
      }
    }
    note = found
  }

  private static let setApart = Statement(name: "move_set_apart", sql: "update ledger set state = 'copying'")
  private static let setIssuer = Statement(
    name: "move_set_issuer", sql: "update ledger set issuer = coalesce(issuer, $1)")

  /// Runs the work, and explains the error if another program makes the same move.
  private func exclusively<Outcome>(_ work: () throws -> Outcome) throws -> Outcome {
    do {
      return try work()
    } catch let failure as DatabaseError where failure.isOtherMove {
      throw MoveError.refused(
        "\(adoption.place): another program works on the same move; wait for its end, and run the command again")
    }
  }

  // MARK: - Copying

  /// Runs one transaction and adopts the note that is in the database with it.
  private mutating func write(_ queries: [Query], _ next: MoveNote, _ step: MoveProgress.Step) throws {
    let before = note
    try exclusively {
      _ = try database.run([next.replacing(before, kind: .adoption, state: "copying")] + queries)
    }
    note = next
    try tell(step)
  }

  /// Returns a note of the next phase, at its beginning.
  private func next(_ phase: MoveNote.Phase) -> MoveNote {
    var next = note
    (next.phase, next.place) = (phase, 0)
    return next
  }

  private mutating func copyEvents() throws {
    let retention = adoption.options.eventRetention.components.seconds * 1000
    let earliest = contents.highestTime.advanced(byMilliseconds: -retention)
    try ledger.readEvents(after: note.place, atOnce: Self.rowsMax) { batch in
      let rows = batch.filter { $0.time >= earliest }.compactMap(EventRow.init(moved:))
      guard let last = batch.last else { return }
      var next = note
      next.place = last.event.sequence
      next.counts.events += rows.count
      try write(rows.isEmpty ? [] : [EventRow.insertion(of: rows)], next, .events)
    }
    try write([], next(.revocations), .events)
  }

  /// Copies the revocations, before the sessions: an opening after a mark has a higher number than the mark.
  ///
  /// The marks themselves end no session, since the sessions that they cover are not copied.
  private mutating func copyRevocations() throws {
    var next = next(.sessions)
    var rows: [RevocationRow] = []
    for (scope, time) in contents.marks {
      let until = time.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax)
      guard until > contents.highestTime else { continue }
      rows.append(RevocationRow(time: time, until: until, kind: .scope(scope)))
      next.counts.marks += 1
    }
    for (token, end) in contents.revokedTokens {
      rows.append(RevocationRow(time: contents.highestTime, until: end, kind: .token(token)))
      next.counts.revokedAccessTokens += 1
    }
    let shifts: [Parameter] = [
      .int64Array(contents.shifts.map(\.from.milliseconds)), .int64Array(contents.shifts.map(\.seconds)),
    ]
    var queries = [Query(Self.removeShifts), Query(Self.shifts, shifts)]
    while !rows.isEmpty {
      queries.append(RevocationRow.insertion(of: Array(rows.prefix(Self.rowsMax))))
      rows.removeFirst(min(rows.count, Self.rowsMax))
    }
    var proofs = contents.usedProofs[...]
    while !proofs.isEmpty {
      let some = proofs.prefix(Self.rowsMax)
      proofs = proofs.dropFirst(Self.rowsMax)
      queries.append(
        Query(Self.proofs, [.bytesArray(some.map(\.digest.bytes)), .int64Array(some.map(\.end.milliseconds))]))
    }
    try write(queries, next, .revocations)
  }

  private mutating func copyEntries() throws {
    var rows = AdoptedRows(of: contents)
    while note.phase == .sessions {
      let (entries, end) = contents.entries(from: Int(clamping: note.place), most: Self.rowsMax)
      rows.take(entries)
      var following =
        end.map { end in
          var same = note
          same.place = UInt64(end)
          return same
        } ?? next(.records)
      following.counts.sessions += rows.liveCount
      following.counts.revokedSessions += rows.sessions.count - rows.liveCount
      following.counts.oneTimeTokens += rows.oneTimeTokens.count
      try write(rows.queries, following, .sessions)
    }
  }

  /// Copies the records from the beginning each time, since accounts may have been changed in the folder.
  private mutating func copyRecords() throws {
    var next = note
    next.counts.records = 0
    try write([Query(Self.removeRecords)], next, .records)
    var rest = adoption.records[...]
    while !rest.isEmpty {
      let some = rest.prefix(Self.rowsMax)
      rest = rest.dropFirst(Self.rowsMax)
      next.counts.records += some.count
      let insertion = Query(
        Self.records,
        [.textArray(some.map(\.kind)), .textArray(some.map(\.name)), .bytesArray(some.map(\.body))])
      try write([insertion], next, .records)
    }
  }

  private static let proofs = Statement(
    name: "adopt_proofs",
    sql: "insert into used_proof(digest, until_ms, attempt) select u.*, 0 from unnest($1, $2) u(digest, until_ms)")

  private static let shifts = Statement(
    name: "adopt_shifts", sql: "insert into time_shift(from_ms, seconds) select * from unnest($1, $2)")

  /// A statement that removes the shifts of a ledger that nobody has served, in case its clock was set back.
  private static let removeShifts = Statement(name: "adopt_remove_shifts", sql: "delete from time_shift")

  private static let removeRecords = Statement(
    name: "adopt_remove_records",
    sql:
      "delete from record where kind not in ('\(MoveNote.Kind.adoption.rawValue)', '\(MoveNote.Kind.departure.rawValue)')"
  )

  private static let records = Statement(
    name: "adopt_records",
    sql: """
      insert into record(kind, name, body, change)
      select u.*, nextval('ledger_number') from unnest($1, $2, $3) u(kind, name, body)
      """)

  // MARK: - Opening

  /// Makes the commit that completes the move.
  ///
  /// From then on the ledger's time is later than any that the folder has had.
  private mutating func open() throws {
    var last = next(.open)
    last.counts = note.counts
    let before = note
    // The time also covers tokens that were issued without a record.
    let least = max(contents.highestTime, ledger.time.now())
    let window = note.counts.sessions == 0 ? 0 : RotationRequest.graceMillisecondsMax
    try exclusively {
      _ = try database.runAlone { _ in
        [
          last.replacing(before, kind: .adoption, state: "copying"),
          AdoptionOpening(least: least, accessMilliseconds: adoption.accessMilliseconds, windowMilliseconds: window)
            .query(database.time),
        ]
      }
    }
    note = last
  }
}

extension EventRow {
  /// Creates the row of an event, or returns nil for one that is only delivered and never stored.
  fileprivate init?(moved: MovedEvent) {
    self.init(moved.event.fact, at: moved.time, shift: moved.shift)
    terms = moved.terms
  }
}
#endif
