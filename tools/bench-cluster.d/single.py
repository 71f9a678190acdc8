"""Callers without group commit: pgbench, with one fast rotation a transaction, each caller on a connection and a session of its own."""

import re
import subprocess
import tempfile
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from pathlib import Path

from figures import Figure
from ground import CALLERS_MAX, SCHEMA, Ground
from programs import Failure, environment, postgres_programs

STATEMENT = "with request as materialized"
# As a lane sets them.
SESSION = {"search_path": SCHEMA, "plan_cache_mode": "force_generic_plan", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off"}
# The statement's parameters for one rotation that changes no terms.
PARAMETERS = [
    "array[decode(lpad(to_hex(:client_id::int8), 24, '0'), 'hex')]::bytea[]", "array[:generation::int8]", "array['single']::text[]",
    "array[null]::text[]", "array[null]::int8[]", "array[null]::int8[]", "array[null]::int8[]", "array[null]::int8[]", "array[null]::int8[]",
    "array[null]::bool[]", "array[:attempt::int8]"]
SESSIONS = f"""
set search_path to {SCHEMA};
insert into session(id, generation, opened_at, refreshed_at, idle_ms, absolute_ms, opened_number, sweep_at, attempt, subject_version,
    client_version, status, rotation, successor_seen, subject, client, scope)
  select decode(lpad(to_hex(n), 24, '0'), 'hex'), 0, t, t, 86400000, 86400000, nextval('ledger_number'), t + 86400000, 0, 0, 0, 1, 0, false,
    'load-single', 'single', 'read write'
  from generate_series(0, {CALLERS_MAX - 1}) n, (select (extract(epoch from clock_timestamp()) * 1000)::int8 t) now
  on conflict (id) do nothing;
update session set generation = 0 where client = 'single' and generation > 0;
"""
# Beyond the time of a turn.
PATIENCE = 180
# So much of a turn must be rotations: the rest goes into connecting, which pgbench counts as time.
SHARE_MIN = 0.9
SAMPLING_SECONDS = 0.1


class SingleStatements:
    def __init__(self, ground: Ground, rotate: Callable[[], object]):
        self.ground = ground
        self.statement = fast_statement(ground, rotate)
        # By callers: the seconds that their connections take.
        self.connecting: dict[int, float] = {}

    def measure(self, callers: int, seconds: float) -> Figure:
        while True:
            self.ground.primary.ask(SESSIONS, database="ledger", seconds=60)
            allowed = self.connecting.setdefault(callers, callers / 200)
            if figure := self.run(callers, seconds, allowed):
                return figure
            if allowed > PATIENCE:
                raise Failure(f"{callers} connections take longer than {allowed:.0f} s")
            self.connecting[callers] = 2 * allowed + 1

    def run(self, callers: int, seconds: float, connecting: float) -> Figure | None:
        """None where the connections took longer than was allowed for."""
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "rotation.sql"
            # A rotation that is not granted gives no row, which ends the client and with it the run.
            script.write_text(f"\\set attempt random(1, 4611686018427387904)\n{self.statement}\n\\gset\n")
            command = [
                postgres_programs() / "pgbench", "--no-vacuum", "--protocol=prepared", f"--client={callers}", f"--jobs={min(callers, 2)}",
                f"--time={max(1, round(seconds + connecting))}", "--define=generation=0", f"--file={script}", "--log",
                f"--log-prefix={folder}/log", self.ground.url]
            options = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
            with Sampling(self.ground) as sampling:
                done = subprocess.run(
                    command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd=folder,
                    timeout=seconds + connecting + PATIENCE, env=environment(PGOPTIONS=options, **self.ground.environment))
            if done.returncode != 0:
                raise Failure(f"pgbench exited {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
            # Client, number, microseconds, script, and when it ended: seconds and microseconds.
            found = [line.split() for log in Path(folder).glob("log.*") for line in log.read_text().splitlines()]
        ended = sorted((int(line[4]) + int(line[5]) / 1e6, int(line[2]) / 1000) for line in found)
        if len(ended) < 2 or ended[-1][0] - ended[0][0] < SHARE_MIN * seconds:
            return None
        within = [one for one in ended if one[0] <= ended[0][0] + seconds]
        first, last = within[0][0], within[-1][0]
        latencies = sorted(latency for _, latency in within)
        return Figure(
            rate=(len(within) - 1) / (last - first), p50=quantile(latencies, 0.5), p99=quantile(latencies, 0.99),
            processor=sampling.between(first, last) * 1e6 / len(within))


class Sampling(threading.Thread):
    """The primary's processor seconds while something runs, as a context."""

    def __init__(self, ground: Ground):
        super().__init__(daemon=True)
        self.ground = ground
        self.samples: list[tuple[float, float]] = []
        self.is_ending = threading.Event()

    def run(self) -> None:
        while not self.is_ending.wait(SAMPLING_SECONDS):
            self.samples.append((time.time(), self.ground.processor_seconds()))

    def __enter__(self) -> "Sampling":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.is_ending.set()
        self.join()

    def between(self, first: float, last: float) -> float:
        """By the samples nearest to those moments."""
        times = [when for when, _ in self.samples]
        low, high = max(0, bisect_left(times, first) - 1), min(len(times) - 1, bisect_right(times, last))
        if low >= high:
            raise Failure("the primary's processor time was not seen while pgbench ran")
        (began, before), (ended, after) = self.samples[low], self.samples[high]
        return (after - before) * (last - first) / (ended - began)


def fast_statement(ground: Ground, rotate: Callable[[], object]) -> str:
    """The statement that an instance runs, as the server shows it while it runs, made one for pgbench."""
    found: list[str] = []

    def look() -> None:
        deadline = time.monotonic() + PATIENCE
        while not found and time.monotonic() < deadline:
            shown = ground.primary.ask(
                f"select query from pg_stat_activity where query like '{STATEMENT}%' limit 1", database="ledger")
            if shown:
                found.append(shown)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    rotate()
    looking.join(1)
    if not found:
        raise Failure("the statement of a fast rotation was not seen in pg_stat_activity while instances rotated")
    numbers = {int(number) for number in re.findall(r"\$(\d+)", found[0])}
    if numbers != set(range(1, len(PARAMETERS) + 1)):
        raise Failure(f"the statement of a fast rotation has other parameters than this program knows: {sorted(numbers)}; change PARAMETERS")
    # Each as often as it is there.
    return re.sub(r"\$(\d+)", lambda match: PARAMETERS[int(match[1]) - 1], found[0])


def quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
