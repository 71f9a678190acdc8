#if Postgres
/// The floor of a stream of rows that are numbered by the ledger's sequence: the number up to which every number has
/// its row or never will.
///
/// A row that is committed later can have a lower number. Each step therefore holds a lock with the last number that
/// had been given out when it began, which is below all numbers that it takes, until it is committed and on the
/// standby. A reader of the stream asks, in this order and each with a snapshot of its own, for the last number, for
/// the lowest number that a step under way holds, and for the rows. (A cursor that went by number alone missed 23 to 29
/// % of the events of twelve writers.)
enum StreamFloor {
  /// The lowest last number that another step under way found, or null if there is none.
  ///
  /// The value of a lock is turned back into a number by the last one: no step stays under way while 2^27 numbers are
  /// given out.
  static let lowestStep = """
    select \(LedgerSQL.lastNumber) - (
      select max(d.distance) from (
        select (\(LedgerSQL.lastNumber) - (k.objid::int8 - \(LedgerSQL.blockLockBase))) & 268435455 as distance from pg_locks k
        where k.locktype = 'advisory' and k.database = (select oid from pg_database where datname = current_database())
          and k.classid = 'ledger_number'::regclass::oid and k.objsubid = 2 and k.granted
          and k.objid::int8 >= \(LedgerSQL.blockLockBase) and k.pid <> pg_backend_pid()
      ) d where d.distance < 134217728)
    from ledger_number
    """
}
#endif
