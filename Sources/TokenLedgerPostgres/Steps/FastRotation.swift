#if Postgres
internal import TokenLedger

/// The statement that grants all rotations of a step which ``RotationModel/RotationRule`` calls `.rotate`, and leaves
/// every other: at one round trip and one commit for all.
///
/// A session that is bound to a key is left too; requests with a proof do not come here.
///
/// A session that an earlier try of the same call has changed is left as well: a token that no refresh has consumed
/// would be granted again.
///
/// The statement takes its rows in the order of ids and passes over those that somebody else holds, so it waits for
/// nobody and is part of no deadlock.
enum FastRotation {
  /// One for a session.
  static let requestsMax = 256

  /// The outcome of a granted request.
  struct Grant: Sendable {
    let rotation: Rotation
    let moment: LedgerMoment
    let eventNumber: Int64
  }

  static let statement = TimedStatement(name: "rotate_fast") { time in
    """
    with request as materialized (
      select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) with ordinality as r(id, generation, client, narrowed,
        subject_version, client_version, not_before, idle_ms, absolute_ms, rotates, attempt, place)
    ), locked as materialized (
      select r.*
      from request r join session s on s.id = r.id
      where s.status = 1
        and (s.client = r.client) is true
        and r.generation = case s.rotation when 1 then 0 else s.generation end
        and s.generation < 4294967295
        and s.attempt <> r.attempt
        and s.key is null
        and case s.subject_version
          when 0 then s.opened_at >= coalesce(r.not_before, s.opened_at)
          else s.subject_version = coalesce(r.subject_version, s.subject_version)
            and (s.client_version = 0 or s.client_version = coalesce(r.client_version, s.client_version))
          end
        and not \(LedgerSQL.isCovered)
      order by s.id
      for update of s skip locked
    ), moment as materialized (
      \(time.moment) where (select count(*) from locked) >= 0
    ), granted as (
      update session s
      set generation = s.generation + 1, refreshed_at = m.now, narrowed = r.narrowed, access_key = null, successor_seen = false,
        idle_ms = coalesce(r.idle_ms, s.idle_ms), absolute_ms = coalesce(r.absolute_ms, s.absolute_ms),
        rotation = case when r.rotates then 0 else s.rotation end, attempt = r.attempt
      from moment m, locked r
      where s.id = r.id
        and m.now < least(s.refreshed_at + least(s.idle_ms, r.idle_ms), s.opened_at + least(s.absolute_ms, r.absolute_ms))
      returning r.place, m.now, m.shift, nextval('ledger_number') as number, s.id, s.generation, s.opened_at, s.idle_ms,
        s.absolute_ms, s.rotation, s.subject, s.client, s.scope, s.narrowed, s.label, s.attributes
    ), told as (
      insert into event(number, at_ms, shown_ms, kind, session, generation, subject, client)
      select number, now, now - shift * 1000, case rotation when 0 then 2 else 3 end, id, generation, subject, client
      from granted
    )
    select place, now, shift, number, generation, opened_at, idle_ms, absolute_ms, rotation, subject, client, scope, narrowed, label,
      attributes
    from granted
    """
  }

  /// Returns the query for requests of different sessions, in the order of their ids, each with the id of its attempt.
  static func query(_ requests: [(request: RotationRequest, attempt: Int64)], time: StatementTime) -> Query {
    var ids = ArrayParameter(of: .bytes)
    var (generations, clients, narrowed) = (
      ArrayParameter(of: .int64), ArrayParameter(of: .text), ArrayParameter(of: .text)
    )
    var (subjectVersions, clientVersions, notBefore) = (
      ArrayParameter(of: .int64), ArrayParameter(of: .int64), ArrayParameter(of: .int64)
    )
    var (idle, absolute, rotates, attempts) = (
      ArrayParameter(of: .int64), ArrayParameter(of: .int64), ArrayParameter(of: .bool), ArrayParameter(of: .int64)
    )
    for (request, attempt) in requests {
      ids.append(request.token.session.bytes)
      generations.append(Int64(request.token.generation))
      clients.append(request.client)
      narrowed.append(request.narrowedScope)
      subjectVersions.append(request.subjectVersion.map { Int64(bitPattern: $0.digest) })
      clientVersions.append(request.clientVersion.map { Int64(bitPattern: $0.digest) })
      notBefore.append(request.notBefore?.milliseconds)
      idle.append(request.terms?.lifetimes.idleMilliseconds)
      absolute.append(request.terms?.lifetimes.absoluteMilliseconds)
      rotates.append(request.terms.map { $0.rotation == .always })
      attempts.append(attempt)
    }
    return Query(
      statement[time],
      [
        .array(ids), .array(generations), .array(clients), .array(narrowed), .array(subjectVersions),
        .array(clientVersions),
        .array(notBefore), .array(idle), .array(absolute), .array(rotates), .array(attempts),
      ])
  }

  /// Returns the grants by the place of their requests; nil for what was left.
  ///
  /// `shifts` are those that were read last; for the time of the step itself its own answer counts.
  static func grants(
    _ rows: Rows, of requests: [RotationRequest], shifts: TimeShifts
  ) throws(DatabaseError) -> [Grant?] {
    var grants = [Grant?](repeating: nil, count: requests.count)
    for row in 0..<rows.count {
      let place = Int(try rows.int64(row, 0)) - 1
      guard grants.indices.contains(place) else { throw .malformed("a rotation is granted that nobody asked for") }
      grants[place] = try grant(rows, row, of: requests[place], shifts: shifts)
    }
    return grants
  }

  private static func grant(
    _ rows: Rows, _ row: Int, of request: RotationRequest, shifts: TimeShifts
  ) throws(DatabaseError) -> Grant {
    let (now, shift) = (Timestamp(milliseconds: try rows.int64(row, 1)), try rows.int64(row, 2))
    let opened = Timestamp(milliseconds: try rows.int64(row, 5))
    let lifetimes = Lifetimes(
      idleMilliseconds: try rows.int64(row, 6), absoluteMilliseconds: try rows.int64(row, 7))
    guard let lifetimes else { throw .malformed("a session has terms that none can have") }
    let terms = SessionTerms(lifetimes: lifetimes, rotation: try rows.int64(row, 8) == 0 ? .always : .never)
    let session = Session(
      id: request.token.session, generation: try rows.generation(row, 4), subject: try rows.text(row, 9),
      client: try rows.text(row, 10), scope: try rows.text(row, 11), narrowedScope: try rows.textIfPresent(row, 12),
      label: try rows.textIfPresent(row, 13), terms: terms, openedAt: opened, refreshedAt: now,
      shifts: Session.Shifts(
        atUse: shift, ofOpening: shifts.shownSeconds(of: opened, at: now), ofUse: shift, current: shift),
      attributes: try rows.bytesIfPresent(row, 14) ?? [])
    return Grant(
      rotation: terms.rotation == .always ? .rotated(session) : .refreshed(session),
      moment: LedgerMoment(time: now, shift: shift), eventNumber: try rows.int64(row, 3))
  }
}
#endif
