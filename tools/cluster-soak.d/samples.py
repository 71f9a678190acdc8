"""What is looked at every ten seconds."""

import re
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass

from programs import Failure
from rotations import Rotations
from servers import SCHEMA, Servers
from shape import PARTITION_NUMBERS, SAMPLE_SECONDS

# A row outlives its end by two minutes: docs/postgres-ledger.md, Upkeep.
OUTLIVING_MS = 120_000
# More than so many overdue rows are not counted.
OVERDUE_MAX = 1_000_000
STALL_PATIENCE = 120
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# One row; the columns are those of `Database` in their order.
QUESTION = f"""
select pg_current_wal_lsn() - '0/0',
  (select wal_fpi from pg_stat_wal),
  t.n_tup_upd, t.n_tup_hot_upd, t.n_tup_del, t.n_dead_tup, t.n_live_tup,
  (select sum(autovacuum_count) from pg_stat_user_tables where schemaname = '{SCHEMA}' and relname not like 'event\\_%'),
  t.autovacuum_count,
  pg_relation_size('{SCHEMA}.session'), pg_indexes_size('{SCHEMA}.session'), pg_relation_size('{SCHEMA}.session_sweep'),
  (select count(*) from (select from {SCHEMA}.session where sweep_at <= n.now - {OUTLIVING_MS} limit {OVERDUE_MAX}) s),
  (select count(*) from {SCHEMA}.revocation),
  (select count(*) from pg_inherits where inhparent = '{SCHEMA}.event'::regclass),
  (select coalesce(sum(n_live_tup), 0) from pg_stat_user_tables where schemaname = '{SCHEMA}' and relname like 'event\\_%'),
  (select coalesce(sum(pg_total_relation_size(inhrelid)), 0) from pg_inherits where inhparent = '{SCHEMA}.event'::regclass),
  coalesce((select max(pg_current_wal_lsn() - replay_lsn) from pg_stat_replication), 0),
  (select count(*) from pg_stat_replication where state = 'streaming'),
  (select last_value from {SCHEMA}.ledger_number),
  (select age(datfrozenxid) from pg_database where datname = current_database())
from pg_stat_user_tables t, (select (extract(epoch from clock_timestamp()) * 1000)::int8 as now) n
where t.schemaname = '{SCHEMA}' and t.relname = 'session'
"""


@dataclass(frozen=True)
class Database:
    wal: int
    page_images: int
    updates: int
    hot_updates: int
    deletes: int
    dead: int
    live: int
    vacuums: int
    session_vacuums: int
    table_bytes: int
    index_bytes: int
    sweep_index_bytes: int
    overdue: int
    revocations: int
    partitions: int
    events: int
    event_bytes: int
    behind: int
    streaming: int
    last_number: int
    transactions_age: int


@dataclass(frozen=True)
class Sample:
    # Seconds since the load began.
    at: float
    database: Database
    rotations: int
    unknown: int
    # Resident bytes of all instances.
    memory: int
    # Seconds used so far, by who.
    processor: dict[str, float]
    # Seconds in which databases and instances could have run, and waited for a processor.
    waited: float


class Sampling(threading.Thread):
    """Takes a sample now and then, a last one when it is told to end, and lets partitions of events pass."""

    def __init__(self, servers: Servers, rotations: Rotations, passing: float, ages: bool):
        super().__init__(daemon=True)
        self.servers = servers
        self.rotations = rotations
        self.passing = passing
        self.ages = ages
        self.samples: list[Sample] = []
        self.missed: list[str] = []
        self.is_ending = threading.Event()

    def run(self) -> None:
        began = time.monotonic()
        due = passes = began
        is_last = False
        while not is_last:
            is_last = self.is_ending.wait(max(0, due - time.monotonic()))
            due = max(due + SAMPLE_SECONDS, time.monotonic())
            try:
                if time.monotonic() >= passes and not is_last:
                    passes += self.passing
                    self.pass_partition()
                self.samples.append(self.sample(time.monotonic() - began))
            except (Failure, OSError, ValueError, KeyError) as failure:
                self.missed.append(f"at {time.monotonic() - began:.0f} s: {failure}")
                print(f"no sample {self.missed[-1]}", file=sys.stderr, flush=True)
                continue
            print(shown(self.samples), file=sys.stderr, flush=True)

    def sample(self, at: float) -> Sample:
        answer = self.servers.primary.ask(QUESTION, database="ledger", seconds=STALL_PATIENCE).split("\t")
        pages = [metrics(instance.port) for instance in self.servers.instances]
        self.rotations.look()
        processor = self.servers.processor_seconds() | {"load": self.rotations.processor}
        return Sample(
            at, Database(*map(int, map(float, answer))), sum(page["refresh_ledger_rotations_total"] for page in pages),
            self.servers.unknown(), sum(self.servers.memory()), processor, self.servers.waited_seconds())

    def pass_partition(self) -> None:
        """The documented step: numbers go on, and what lies two partitions behind has got old."""
        self.servers.primary.ask(
            f"select setval('{SCHEMA}.ledger_number', last_value + {PARTITION_NUMBERS}) from {SCHEMA}.ledger_number", database="ledger")
        if self.ages:
            self.servers.primary.ask(AGEING, database="ledger", seconds=STALL_PATIENCE)


# Of each partition that lies at least two behind, the newest event: a partition is dropped once that is older than the retention.
AGEING = f"""
do $$
declare part record;
begin
  for part in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = '{SCHEMA}.event'::regclass and c.relname ~ '^event_[0-9]+$'
      and substr(c.relname, 7)::int8 < (select last_value / {PARTITION_NUMBERS} - 1 from {SCHEMA}.ledger_number)
  loop
    execute format(
      'update {SCHEMA}.%I set at_ms = least(at_ms, (extract(epoch from clock_timestamp()) * 1000)::int8 - 3600001)
       where number = (select max(number) from {SCHEMA}.%I)', part.relname, part.relname);
  end loop;
end $$
"""


def metrics(port: int) -> dict[str, int]:
    """The counters of an instance that have no labels."""
    with _OPENER.open(f"http://127.0.0.1:{port}/metrics", timeout=30) as reply:
        return {name: int(value) for name, value in re.findall(r"^(\w+_total) (\d+)", reply.read().decode(), re.MULTILINE)}


def shown(samples: list[Sample]) -> str:
    last = samples[-1]
    before = samples[-2] if len(samples) > 1 else last
    rate = (last.rotations - before.rotations) / max(1e-9, last.at - before.at)
    return (
        f"{last.at:.0f} s: {rate:,.0f} rotations a second, {last.database.live:,} sessions, {last.database.dead:,} dead rows, "
        f"{last.database.overdue:,} overdue, {last.database.partitions} partitions, {last.memory >> 20} MiB of instances")
