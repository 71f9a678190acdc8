internal import Platform
package import SystemPackage
package import WriteAheadLog

/// A writer of the log of a ledger whose contents come from elsewhere: one checkpoint and an empty segment.
///
/// The contents are gathered in memory, as an open ledger holds them, and written by ``finish(in:)``. Contents that do
/// not fit together are refused with an error that names the fault.
package struct LedgerFolderWriter: ~Copyable {
  private var state = LedgerState()

  /// Creates a writer without any entries.
  ///
  /// - Parameters:
  ///   - time: The highest time of the contents; nothing in them is later.
  ///   - shifts: The shifts in ascending order of time.
  /// - Throws: ``LedgerError/invalid(field:limit:)`` if `time` is not from 1970 to the end of the year 9999, or if the
  ///   shifts are out of order, change nothing, are out of range or are later than `time`.
  package init(time: Timestamp, shifts: [TimeShifts.Change]) throws(LedgerError) {
    guard (.zero...Timestamp(milliseconds: Timestamp.latestMilliseconds)).contains(time) else {
      throw .invalid(field: "time", limit: "from 1970 to the end of the year 9999")
    }
    state.highestTime = time
    state.latestIssue = time
    for shift in shifts {
      guard state.shifts.contradiction(in: shift.seconds, from: shift.from) == nil, shift.from <= time else {
        throw .invalid(field: "shifts", limit: "changes by rising time, none later than the contents")
      }
      state.shifts.change(to: shift.seconds, from: shift.from)
    }
  }

  /// Returns the place of a log until it is complete, beside its own.
  package static func unfinished(_ log: FilePath) -> FilePath {
    log.removingLastComponent().appending((log.lastComponent?.string ?? "log") + ".leaving")
  }

  /// The number of sessions and one-time tokens.
  package var entryCount: Int { state.table.count }

  package mutating func append(_ session: MovedSession) throws(LedgerError) {
    // Older ledgers have names in other spellings than NFC, so the form of names is not checked.
    let names = [session.grant.subject, session.grant.client, session.grant.scope]
    guard names.allSatisfy({ $0.utf8.count <= SessionGrant.textBytesMax }) else {
      throw .invalid(field: "session", limit: "at most \(SessionGrant.textBytesMax) bytes in subject, client and scope")
    }
    guard session.openedAt <= session.refreshedAt, session.refreshedAt <= state.highestTime else {
      throw .invalid(field: "session", limit: "opened before it was refreshed, and no later than the contents")
    }
    let grant = session.grant
    let profile = number(
      of: SessionProfile(
        client: number(of: grant.client), scope: number(of: grant.scope), terms: grant.terms,
        clientVersion: grant.clientVersion))
    let entry = SessionEntry(
      idHigh: session.id.high, openedAt: session.openedAt, refreshedAt: session.refreshedAt,
      version: grant.subjectVersion, idLow: session.id.low, generation: session.generation,
      subject: number(of: grant.subject), detail: profile,
      narrowedScope: session.narrowedScope.map { number(of: $0) } ?? SessionEntry.notNarrowed,
      status: session.isRevoked ? .revoked : .live, hasSeenSuccessor: session.hasSeenSuccessor)
    guard grant.attributes.count <= SessionGrant.attributesBytesMax else {
      throw .invalid(field: "attributes", limit: Limits.attributesBytes.text)
    }
    guard grant.keys.lifelong == nil || grant.keys.ofLastUse == nil else {
      throw .invalid(field: "session", limit: "bound to one key")
    }
    state.restore(
      entry, at: try nextSlot(), label: grant.label.map { number(of: $0) } ?? LabelTable.none,
      payload: grant.attributes, keys: grant.keys)
  }

  package mutating func append(_ token: MovedOneTimeToken) throws(LedgerError) {
    guard token.issuedAt <= state.highestTime else {
      throw .invalid(field: "one-time token", limit: "issued no later than the contents")
    }
    let entry = SessionEntry(
      idHigh: token.id.high, openedAt: token.issuedAt, refreshedAt: token.expiresAt, idLow: token.id.low,
      subject: number(of: token.subject), detail: number(of: token.purpose),
      status: token.isConsumed ? .oneTimeConsumed : .oneTimeLive)
    state.restore(entry, at: try nextSlot(), label: LabelTable.none, payload: token.isConsumed ? [] : token.payload)
  }

  /// Adds a wide revocation of what was opened before `time`.
  ///
  /// The revocation must cover no session among the contents.
  package mutating func mark(_ scope: SessionScope, at time: Timestamp) throws(LedgerError) {
    guard time <= state.highestTime else { throw .invalid(field: "mark", limit: "no later than the contents") }
    try scope.eachName { (_, _) throws(LedgerError) in }
    let key: MarkKey =
      switch scope {
      case .subject(let subject): .subject(number(of: subject))
      case .client(let client): .client(number(of: client))
      case .subjectAtClient(let subject, let client):
        .subjectAtClient(subject: number(of: subject), client: number(of: client))
      case .all: .all
      }
    state.apply(.revokedBefore(key), at: max(time, state.marks[key] ?? time))
  }

  /// Adds an access token that is refused until its end, at most ``Lifetimes/accessMillisecondsMax`` after the time of
  /// the contents.
  package mutating func revoke(_ token: TokenID, until end: Timestamp) {
    let latest = state.highestTime.advanced(byMilliseconds: Lifetimes.accessMillisecondsMax)
    if end > state.highestTime { state.revokedTokens[token] = min(end, latest) }
  }

  /// Adds a proof that counts as used until its end, at most ``KeyProof/millisecondsMax`` after the time of the
  /// contents.
  package mutating func noteUse(of digest: Digest256, until end: Timestamp) {
    let latest = state.highestTime.advanced(byMilliseconds: KeyProof.millisecondsMax)
    guard end > state.highestTime else { return }
    state.apply(.proofUsed(digest, end: min(end, latest)), at: state.highestTime)
  }

  /// Writes the log to `folder`, which is created if it does not exist and must not hold a log.
  ///
  /// The log is durable on return.
  package consuming func finish(in folder: FilePath) throws(LogError) {
    try finish(in: FolderStorage(path: folder))
  }

  consuming func finish(in storage: some LogStorage) throws(LogError) {
    let lock = try storage.lock()
    defer { withExtendedLifetime(lock) {} }
    if let slot = state.table.indexAll() {
      throw .corrupt(segment: storage.path, offset: 0, what: "two entries have the id of entry \(slot)")
    }
    // The covered sequence is above every number and slot, since a reader bounds them by it.
    let covered = UInt64(max(state.names.count, state.profiles.count, state.table.slotCount)) + 1
    let snapshot = LedgerSnapshot(of: state, sequence: covered)
    var writer = try CheckpointWriter(try SeededLog.begin(in: storage, covered: covered), in: storage)
    do throws(CheckpointError) {
      _ = try CheckpointEncoder.write(snapshot, to: &writer) { _ in }
    } catch {
      switch error {
      case .unnamed(let failure), .directory(let failure): throw failure
      }
    }
  }

  private func nextSlot() throws(LedgerError) -> UInt32 {
    guard let slot = state.table.nextFree() else { throw .full }
    return slot
  }

  private mutating func number(of name: String) -> UInt32 {
    if let number = state.names.number(of: name) { return number }
    let number = state.names.nextFree()
    state.names.define(name, as: number)
    return number
  }

  private mutating func number(of profile: SessionProfile) -> UInt32 {
    if let number = state.profiles.number(of: profile) { return number }
    let number = state.profiles.nextFree()
    state.apply(.profiled(number: number, profile: profile), at: state.highestTime)
    return number
  }
}
