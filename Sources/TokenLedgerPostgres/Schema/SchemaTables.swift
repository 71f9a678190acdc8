#if Postgres
/// The tables of version 1, as SQL for a schema that is first in the search path.
///
/// Once a schema is in use, later additions are made by ``DatabaseSchema/upgrades``. docs/postgres-ledger.md describes
/// each column.
///
/// No valid value of a `Session` can violate a constraint. The constraints keep a damaged row from failing the sums of
/// statements that judge many rows at once.
enum SchemaTables {
  static let script = [numbers, ledger, sessions, oneTimeTokens, revocations, events, others].joined(separator: "\n")

  /// The sequence, without a cache, so that a number that is taken later is greater, on whatever connection.
  private static let numbers = "create sequence ledger_number as int8 cache 1;"

  private static let ledger = """
    create table ledger (
      only_row bool primary key default true check (only_row),
      version int4 not null,
      oldest_program int4 not null,
      state text collate "C" not null check (state in ('open', 'copying', 'left', 'lacking')),
      issuer text collate "C",
      policy text collate "C",
      timeline int8 not null,
      shift_ms int8 not null default 0 check (shift_ms between 0 and 253402300799999),
      high_ms int8 not null,
      access_ms int8 not null default 0 check (access_ms between 0 and 2592000000),
      stale_ms int8 not null default 0 check (stale_ms between 0 and 3600000),
      windows_until int8 not null default 0,
      fence int8 not null default 0,
      record_change int8 not null default 0,
      server text collate "C" not null
    ) with (fillfactor = 20);
    """

  /// The table of sessions.
  ///
  /// A rotation changes no indexed column, and a page has room for the next version of the row.
  private static let sessions = """
    create table session (
      id bytea primary key check (octet_length(id) = 12),
      generation int8 not null check (generation between 0 and 4294967295),
      opened_at int8 not null check (opened_at between -62135596800000 and 253402300799999),
      refreshed_at int8 not null check (refreshed_at between -62135596800000 and 253402300799999),
      idle_ms int8 not null check (idle_ms between 1 and 3162240000000),
      absolute_ms int8 not null check (absolute_ms between 1 and 3162240000000),
      opened_number int8 not null,
      sweep_at int8 not null,
      ended_at int8,
      attempt int8 not null,
      subject_version int8 not null,
      client_version int8 not null,
      status int2 not null check (status between 1 and 3),
      rotation int2 not null check (rotation between 0 and 1),
      successor_seen bool not null,
      subject text collate "C" not null,
      client text collate "C" not null,
      scope text collate "C" not null,
      narrowed text collate "C",
      label text collate "C"
    ) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
      autovacuum_vacuum_cost_delay = 0);
    create index session_subject on session (subject, id);
    create index session_client on session (client, id);
    create index session_sweep on session (sweep_at);
    """

  private static let oneTimeTokens = """
    create table one_time_token (
      id bytea primary key check (octet_length(id) = 12),
      purpose text collate "C" not null,
      subject text collate "C" not null,
      payload bytea not null,
      expires_at int8 not null,
      consumed_at int8,
      attempt int8 not null
    ) with (fillfactor = 80);
    create index one_time_token_expiry on one_time_token (expires_at);
    """

  /// The tables of revocations.
  ///
  /// A mark's client has `=` before its name, since a name can be empty; the mark of all clients is empty.
  private static let revocations = """
    create table mark (
      client text collate "C" primary key check (client = '' or client like '=%'),
      number int8 not null,
      at_ms int8 not null,
      swept bytea default ''
    );
    create table revocation (
      number int8 primary key,
      at_ms int8 not null check (\(isTime("at_ms"))),
      until_ms int8 not null check (\(isTime("until_ms"))),
      kind int2 not null check (kind between 1 and 4),
      session bytea check (octet_length(session) = 12),
      generation int8 check (generation between 0 and 4294967295),
      subject text collate "C",
      client text collate "C",
      constraint revocation_of_kind check (
        (session is not null) = (kind <> 3) and (generation is not null) = (kind = 2)
        and (kind = 3 or subject is null and client is null))
    );
    create index revocation_end on revocation (until_ms);
    create index revocation_time on revocation (at_ms) where kind in (3, 4);
    create index revocation_session on revocation (session);
    """

  /// Returns the check of a time column, in a range where a lifetime can be added and a shift subtracted without
  /// overflow.
  private static func isTime(_ column: String) -> String {
    "\(column) between -9007199254740991 and 9007199254740991"
  }

  /// The check that an event has the columns of its kind.
  ///
  /// A kind that a later version adds brings its own check.
  private static let isWholeEvent = """
    (kind not in (1, 2, 3, 4, 5, 6, 7, 9, 11, 12) or session is not null)
        and (kind not in (1, 2, 3, 4, 5, 6, 9) or generation is not null)
        and (kind not in (1, 2, 3, 4, 5, 6, 7, 11, 12) or subject is not null)
        and (kind not between 1 and 7 or client is not null)
        and (kind <> 1 or scope is not null) and (kind not in (4, 6) or class is not null)
        and (kind <> 6 or behind is not null and ended is not null) and (kind <> 7 or cause is not null)
        and (kind <> 9 or until_ms is not null) and (kind <> 10 or sessions is not null and one_time_tokens is not null)
        and (kind not in (11, 12) or purpose is not null)
    """

  /// The table of events, partitioned into ranges of 2^24 numbers, with a default partition for all others.
  private static let events = """
    create table event (
      number int8 not null,
      at_ms int8 not null check (\(isTime("at_ms"))),
      shown_ms int8 not null check (\(isTime("shown_ms"))),
      kind int2 not null check (kind > 0),
      session bytea check (octet_length(session) = 12),
      generation int8 check (generation between 0 and 4294967295),
      subject text collate "C",
      client text collate "C",
      class int2,
      behind int8 check (behind between 0 and 4294967295),
      ended bool,
      cause int2,
      until_ms int8,
      sessions int8,
      one_time_tokens int8,
      scope text collate "C",
      label text collate "C",
      purpose text collate "C",
      idle_ms int8,
      absolute_ms int8,
      rotation int2,
      constraint event_of_kind check (
        \(isWholeEvent))
    ) partition by range (number);
    create index event_number on event (number);
    create index event_session on event (session);
    create index event_subject on event (subject);
    create table event_rest partition of event default;
    create table event_0 partition of event for values from (0) to (16777216);
    """

  private static let others = """
    create table time_shift (
      from_ms int8 primary key,
      seconds int8 not null check (seconds between 0 and 253402300799)
    );
    create table record (
      kind text collate "C" not null,
      name text collate "C" not null,
      body bytea not null,
      change int8 not null,
      primary key (kind, name)
    );
    """
}
#endif
