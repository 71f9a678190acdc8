#if Postgres
internal import Platform
package import TokenLedger

/// A row of the table `session`, with all of its columns.
package struct SessionRow: Sendable, Hashable {
  package enum Status: Int16, Sendable, Hashable {
    case live = 1
    case revoked = 2
    /// Refused as expired once: it stays so, whatever a later primary's clock says.
    case expired = 3
  }

  package var id: SessionID
  package var generation: UInt32
  package var openedAt: Timestamp
  package var refreshedAt: Timestamp
  package var terms: SessionTerms
  /// From the ledger's sequence; 0 until it is inserted.
  package var openedNumber: Int64 = 0
  /// The time at which the sweep looks at it.
  package var sweepAt: Timestamp
  package var endedAt: Timestamp?
  /// The attempt of the call that changed it last.
  package var attempt: Int64
  package var subjectVersion: AccountVersion
  package var clientVersion: AccountVersion
  package var status = Status.live
  package var hasSeenSuccessor = false
  package var subject: String
  package var client: String
  package var scope: String
  package var narrowedScope: String?
  package var label: String?
  package var keys = SessionKeys()
  package var attributes: [UInt8] = []

  /// A session that is opened.
  package init(id: SessionID, grant: SessionGrant, at now: Timestamp, attempt: Int64) {
    self.id = id
    generation = 0
    (openedAt, refreshedAt, terms) = (now, now, grant.terms)
    sweepAt = grant.terms.lifetimes.end(openedAt: now, refreshedAt: now)
    self.attempt = attempt
    (subjectVersion, clientVersion) = (grant.subjectVersion, grant.clientVersion)
    (subject, client, scope, label) = (grant.subject, grant.client, grant.scope, grant.label)
    (keys, attributes) = (grant.keys, grant.attributes)
  }

  /// Reads the columns of ``LedgerSQL/sessionColumns`` from `start` on.
  ///
  /// - Throws: `.malformed`, as for any value that no ledger writes.
  package init(_ rows: Rows, _ row: Int, from start: Int = 0) throws(DatabaseError) {
    func time(_ column: Int) throws(DatabaseError) -> Timestamp {
      Timestamp(milliseconds: try rows.int64(row, start + column))
    }
    func version(_ column: Int) throws(DatabaseError) -> AccountVersion {
      AccountVersion(stored: UInt64(bitPattern: try rows.int64(row, start + column)))
    }
    id = try rows.sessionID(row, start)
    generation = try rows.generation(row, start + 1)
    (openedAt, refreshedAt) = (try time(2), try time(3))
    let lifetimes = Lifetimes(
      idleMilliseconds: try rows.int64(row, start + 4), absoluteMilliseconds: try rows.int64(row, start + 5))
    let rotation = UInt8(exactly: try rows.int64(row, start + 13)).flatMap(RotationPolicy.init(rawValue:))
    let status = Int16(exactly: try rows.int64(row, start + 12)).flatMap(Status.init(rawValue:))
    guard let lifetimes, let rotation, let status else {
      throw .malformed("a session has terms or a status that none can have")
    }
    terms = SessionTerms(lifetimes: lifetimes, rotation: rotation)
    openedNumber = try rows.int64(row, start + 6)
    sweepAt = try time(7)
    endedAt = try rows.int64IfPresent(row, start + 8).map(Timestamp.init(milliseconds:))
    attempt = try rows.int64(row, start + 9)
    (subjectVersion, clientVersion) = (try version(10), try version(11))
    self.status = status
    hasSeenSuccessor = try rows.bool(row, start + 14)
    (subject, client) = (try rows.text(row, start + 15), try rows.text(row, start + 16))
    scope = try rows.text(row, start + 17)
    (narrowedScope, label) = (try rows.textIfPresent(row, start + 18), try rows.textIfPresent(row, start + 19))
    keys = SessionKeys(
      lifelong: try rows.digestIfPresent(row, start + 20), ofLastUse: try rows.digestIfPresent(row, start + 21))
    attributes = try rows.bytesIfPresent(row, start + 22) ?? []
  }

  /// The grant with which the session was opened, except that its terms and keys are those of now.
  package var grant: SessionGrant {
    var grant = SessionGrant(
      subject: subject, client: client, scope: scope, lifetimes: terms.lifetimes, rotation: terms.rotation,
      label: label, subjectVersion: subjectVersion, clientVersion: clientVersion)
    (grant.keys, grant.attributes) = (keys, attributes)
    return grant
  }

  package var end: Timestamp { terms.lifetimes.end(openedAt: openedAt, refreshedAt: refreshedAt) }
  package var tokenID: TokenID { TokenID(session: id, generation: generation) }

  func isUsable(_ marks: WideMarks, at now: Timestamp) -> Bool {
    status == .live && now < end && !marks.covers(self)
  }

  func facts(_ marks: WideMarks) -> SessionFacts {
    SessionFacts(
      client: client, generation: generation, isRevoked: status == .revoked || marks.covers(self),
      hasSeenSuccessor: hasSeenSuccessor, terms: terms, openedAt: openedAt, refreshedAt: refreshedAt,
      narrowedScope: narrowedScope, subjectVersion: subjectVersion, clientVersion: clientVersion, keys: keys)
  }

  package func session(_ shifts: TimeShifts, at now: Timestamp) -> Session {
    Session(
      id: id, generation: generation, subject: subject, client: client, scope: scope, narrowedScope: narrowedScope,
      label: label, terms: terms, openedAt: openedAt, refreshedAt: refreshedAt,
      shifts: Session.Shifts(
        atUse: shifts.seconds(at: refreshedAt), ofOpening: shifts.shownSeconds(of: openedAt, at: now),
        ofUse: shifts.shownSeconds(of: refreshedAt, at: now), current: shifts.seconds),
      keys: keys, attributes: attributes)
  }
}

/// The marks that can cover sessions: what ended all of them, or all of a client.
struct WideMarks: Sendable {
  /// By the client as the table has it: `=` before its name, empty for all.
  private var numbers: [[UInt8]: Int64] = [:]

  init() {}

  /// Reads the marks from rows of a client and a number.
  init(_ rows: Rows) throws(DatabaseError) {
    for row in 0..<rows.count { numbers[Array(try rows.text(row, 0).utf8)] = try rows.int64(row, 1) }
  }

  func covers(_ session: SessionRow) -> Bool {
    guard !numbers.isEmpty else { return false }
    let number = max(numbers[[]] ?? .min, numbers[Array("=\(session.client)".utf8)] ?? .min)
    return number > session.openedNumber
  }
}

extension Rows {
  package func sessionID(_ row: Int, _ column: Int) throws(DatabaseError) -> SessionID {
    try withBytes(row, column) { bytes throws(DatabaseError) in
      guard bytes.count == SessionID.byteCount else {
        throw .malformed("a session's id has \(bytes.count) bytes in place of 12")
      }
      var (high, low): (UInt64, UInt32) = (0, 0)
      for index in 0..<8 { high = high << 8 | UInt64(bytes[index]) }
      for index in 8..<12 { low = low << 8 | UInt32(bytes[index]) }
      return SessionID(high: high, low: low)
    }
  }

  /// Returns a digest, or nil for a null.
  func digestIfPresent(_ row: Int, _ column: Int) throws(DatabaseError) -> Digest256? {
    guard let bytes = try bytesIfPresent(row, column) else { return nil }
    guard let digest = Digest256(bytes) else { throw .malformed("a key has \(bytes.count) bytes, or only zeroes") }
    return digest
  }

  package func generation(_ row: Int, _ column: Int) throws(DatabaseError) -> UInt32 {
    let value = try int64(row, column)
    guard let generation = UInt32(exactly: value) else { throw .malformed("a generation is \(value)") }
    return generation
  }
}

extension SessionID {
  static let byteCount = 12

  /// As the database has it: in the order of bytes, which is that of `<` here.
  package var bytes: [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * $0)) }
      + (0..<4).map { UInt8(truncatingIfNeeded: low >> UInt32(24 - 8 * $0)) }
  }
}
#endif
