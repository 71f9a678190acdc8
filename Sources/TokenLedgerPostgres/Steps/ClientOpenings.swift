#if Postgres
package import RotationModel

/// Under which version of its client a live session was opened, and when.
package struct ClientOpening: Sendable, Hashable {
  package var session: SessionID
  package var version: AccountVersion
  package var openedAt: Timestamp
}

/// The openings of a client's live sessions, for whoever ends those of the client that had its id before.
enum ClientOpenings {
  /// The sessions with ids after one, in the order of ids.
  static func page(
    of client: String, after id: SessionID?, limit: Int, on connection: LedgerConnection,
    deadline: ContinuousClock.Instant
  ) throws(DatabaseError) -> [ClientOpening] {
    let query = Query(pageStatement, [.text(client), .bytes(id?.bytes ?? []), .int64(Int64(limit))])
    let rows = try connection.step([query, Query(LedgerSQL.barrierStatement)], deadline: deadline).rows[0]
    return try (0..<rows.count).map { (row) throws(DatabaseError) in
      ClientOpening(
        session: try rows.sessionID(row, 0),
        version: AccountVersion(stored: UInt64(bitPattern: try rows.int64(row, 1))),
        openedAt: Timestamp(milliseconds: try rows.int64(row, 2)))
    }
  }

  private static let pageStatement = Statement(
    name: "client_openings",
    sql: """
      select s.id, s.client_version, s.opened_at from session s
      where s.client = $1 and s.id > $2 and s.status = 1 and not \(LedgerSQL.isCovered) order by s.id limit $3
      """)
}
#endif
