#if Postgres
package import RotationModel

/// A row of the table `revocation`: a revocation that verifiers of all instances must know of.
package typealias RevocationRow = Revocation

extension Revocation {
  package static let columns = "v.number, v.at_ms, v.until_ms, v.kind, v.session, v.generation, v.subject, v.client"

  /// Reads ``columns`` from `start` on.
  ///
  /// - Throws: `.malformed`.
  package init(_ rows: Rows, _ row: Int, from start: Int = 0) throws(DatabaseError) {
    let kind: Kind
    switch try rows.int64(row, start + 3) {
    case 1: kind = .session(try rows.sessionID(row, start + 4))
    case 2:
      kind = .token(
        TokenID(session: try rows.sessionID(row, start + 4), generation: try rows.generation(row, start + 5)))
    case 3:
      switch (try rows.textIfPresent(row, start + 6), try rows.textIfPresent(row, start + 7)) {
      case (let subject?, let client?): kind = .scope(.subjectAtClient(subject: subject, client: client))
      case (let subject?, nil): kind = .scope(.subject(subject))
      case (nil, let client?): kind = .scope(.client(client))
      case (nil, nil): kind = .scope(.all)
      }
    case 4: kind = .exemption(try rows.sessionID(row, start + 4))
    case let number: throw .malformed("a revocation has the kind \(number)")
    }
    self.init(
      number: try rows.int64(row, start), time: Timestamp(milliseconds: try rows.int64(row, start + 1)),
      until: Timestamp(milliseconds: try rows.int64(row, start + 2)), kind: kind)
  }

  private var columns: (kind: Int16, session: SessionID?, generation: UInt32?, subject: String?, client: String?) {
    switch kind {
    case .session(let id): (1, id, nil, nil, nil)
    case .token(let token): (2, token.session, token.generation, nil, nil)
    case .scope(let scope): (3, nil, nil, scope.columns.subject, scope.columns.client)
    case .exemption(let id): (4, id, nil, nil, nil)
    }
  }

  /// Inserts revocations in their order, and returns them.
  static let insert = Statement(
    name: "revocation_insert",
    sql: """
      insert into revocation as v(number, at_ms, until_ms, kind, session, generation, subject, client)
      select nextval('ledger_number'), r.at_ms, r.until_ms, r.kind, r.session, r.generation, r.subject, r.client
      from (
        select * from unnest($1, $2, $3, $4, $5, $6, $7) with ordinality
          as u(at_ms, until_ms, kind, session, generation, subject, client, place)
        order by place
      ) r
      returning \(columns)
      """)

  static func insertion(of revocations: [RevocationRow]) -> Query {
    let columns = revocations.map(\.columns)
    return Query(
      insert,
      [
        .int64Array(revocations.map(\.time.milliseconds)), .int64Array(revocations.map(\.until.milliseconds)),
        .int16Array(columns.map(\.kind)), .bytesArray(columns.map { $0.session?.bytes }),
        .int64Array(columns.map { $0.generation.map(Int64.init) }), .textArray(columns.map(\.subject)),
        .textArray(columns.map(\.client)),
      ])
  }

  /// The revocations that ended sessions, by themselves or with others.
  static let ends = Statement(
    name: "revocations_of",
    sql: """
      select \(columns) from revocation v where v.kind = 1 and v.session = any($1)
      union all
      select \(columns) from session s join revocation v on v.kind = 3 and v.at_ms >= s.opened_at
        and (v.subject is null or v.subject = s.subject) and (v.client is null or v.client = s.client)
      where s.id = any($1)
      """)

  /// All rows of an answer.
  static func all(_ rows: Rows, from start: Int = 0) throws(DatabaseError) -> [RevocationRow] {
    var revocations: [RevocationRow] = []
    for row in 0..<rows.count { revocations.append(try RevocationRow(rows, row, from: start)) }
    return revocations
  }
}
#endif
