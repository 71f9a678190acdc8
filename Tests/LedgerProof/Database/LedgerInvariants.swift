#if Postgres
/// What the tables of a ledger say of each other at any moment between steps, whatever failed before.
enum LedgerInvariants {
  /// A row for each breach.
  static let sql = """
    select what from (\(rules.map { "(\($0))" }.joined(separator: "\nunion all\n"))) breaches where what is not null
    """

  private static let rules = [
    // Each refresh and each opening that was acknowledged is told once.
    """
    select format('session %s has generation %s and %s events of refreshes', encode(s.id, 'hex'), s.generation, e.count) as what
    from ledger.session s, lateral (
      select count(*) from ledger.event e where e.session = s.id and e.kind in (2, 3)) e
    where e.count <> s.generation
    """,
    """
    select format('session %s was opened %s times by its events', encode(s.id, 'hex'), e.count)
    from ledger.session s, lateral (
      select count(*) from ledger.event e where e.session = s.id and e.kind = 1 and e.number >= s.opened_number) e
    where e.count <> 1
    """,
    // What has ended was ended once, and told: by itself, or with its subject's.
    """
    select format('session %s of status %s was ended %s times by itself and %s times with others', encode(s.id, 'hex'), s.status,
      own.count, wide.count)
    from ledger.session s,
      lateral (select count(*) from ledger.event e
        where e.session = s.id and (e.kind = 7 or e.kind = 6 and e.ended)) own,
      lateral (select count(*) from ledger.event e
        where e.kind = 8 and e.number > s.opened_number and coalesce(e.subject, s.subject) = s.subject
          and coalesce(e.client, s.client) = s.client) wide
    where own.count > 1 or s.status <> 2 and own.count > 0 or s.status = 2 and own.count + wide.count = 0
    """,
    // A one-time token is issued once, and consumed once if at all.
    """
    select format('one-time token %s was issued %s times and consumed %s times by its events', encode(t.id, 'hex'), i.count,
      c.count)
    from ledger.one_time_token t,
      lateral (select count(*) from ledger.event e where e.session = t.id and e.kind = 11) i,
      lateral (select count(*) from ledger.event e where e.session = t.id and e.kind = 12) c
    where i.count <> 1 or c.count <> (t.consumed_at is not null and t.attempt <> 0)::int
    """,
    // No number is given twice.
    "select format('event %s is there %s times', number, count(*)) from ledger.event group by number having count(*) > 1",
    """
    select format('the number %s of an event is beyond the sequence', number) from ledger.event
    where number > (select last_value from ledger.ledger_number)
    """,
  ]
}
#endif
