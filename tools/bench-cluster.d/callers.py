"""Who rotates: instances, single statements, and the embedded ledger."""

import contextlib
import json
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from figures import TITLES, Figure
from ground import SCHEMA, Ground
from programs import Failure, environment, postgres_programs, run

CALLERS_MAX = 512
INSTANCES = 3
# Beyond the time of a turn.
PATIENCE = 180
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


@dataclass(frozen=True)
class Contestant:
    name: str
    measure: Callable[[int, float], Figure]

    @property
    def title(self) -> str:
        return TITLES[self.name]


def contestants(ground: Ground) -> list[Contestant]:
    statement = fast_statement(ground)
    return [
        Contestant("one", lambda count, seconds: by_instances(ground, 1, count, seconds)),
        Contestant("three", lambda count, seconds: by_instances(ground, INSTANCES, count, seconds)),
        Contestant("single", lambda count, seconds: by_single_statements(ground, statement, count, seconds)),
        Contestant("embedded", lambda count, seconds: by_folder(ground, count, seconds)),
    ]


def by_instances(ground: Ground, instances: int, callers: int, seconds: float) -> Figure:
    shares = [max(1, callers // instances + (number < callers % instances)) for number in range(instances)]
    with tempfile.TemporaryDirectory() as folder:
        before = ground.processor_seconds()
        with contextlib.ExitStack() as stack:
            running = [
                stack.enter_context(load(ground, share, seconds, Path(folder) / f"{number}.json", ["--database", ground.url]))
                for number, share in enumerate(shares)]
            said = [result() for result in running]
        used = ground.processor_seconds() - before
    return figure(said, used)


def by_folder(ground: Ground, callers: int, seconds: float) -> Figure:
    """In a folder of this program's own, on the disk of the databases."""
    with tempfile.TemporaryDirectory(dir=ground.place.folder) as folder:
        options = ["--durability", "always", "--data", str(Path(folder) / "data")]
        with load(ground, callers, seconds, Path(folder) / "load.json", options) as result:
            return figure([result()], None)


@contextlib.contextmanager
def load(ground: Ground, callers: int, seconds: float, answer: Path, options: list[str]) -> Iterator[Callable[[], dict]]:
    """Starts the load; what is yielded waits for its end. A refusal or an error makes the figure worthless."""
    command = [
        ground.binary, "load", "--in-process", "--connections", str(callers), "--replay-rate", "0", "--duration", f"{round(seconds * 1000)}ms",
        "--json", str(answer), *options]

    def result() -> dict:
        output, _ = child.communicate(timeout=seconds + PATIENCE)
        if child.returncode != 0:
            raise Failure(f"load exited {child.returncode}: {output.strip().splitlines()[-1:]}")
        said = json.loads(answer.read_text())
        if said["errors"] or said["invariant_violations"] or not said["rotations"]:
            raise Failure(f"{said['errors']} errors, {said['invariant_violations']} broken invariants, {said['rotations']} rotations")
        return said

    with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=answer.parent,
            env=environment(**ground.environment)) as child:
        try:
            yield result
        finally:
            child.kill()


def figure(said: list[dict], processor_seconds: float | None) -> Figure:
    """Of several loads at a time: the sum of their rates, and the worst of their latencies."""
    rotations = sum(one["rotations"] for one in said)
    return Figure(
        rate=sum(one["rotations_per_second"] for one in said), p50=max(one["latency_ms"]["p50"] for one in said),
        p99=max(one["latency_ms"]["p99"] for one in said),
        processor=None if processor_seconds is None else processor_seconds * 1e6 / rotations)


def fast_statement(ground: Ground) -> str:
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
    by_instances(ground, 1, 64, 2)
    looking.join(1)
    if not found:
        raise Failure("the statement of a fast rotation was not seen in pg_stat_activity while instances rotated")
    numbers = {int(number) for number in re.findall(r"\$(\d+)", found[0])}
    if numbers != set(range(1, len(PARAMETERS) + 1)):
        raise Failure(f"the statement of a fast rotation has other parameters than this program knows: {sorted(numbers)}; change PARAMETERS")
    # Each as often as it is there.
    return re.sub(r"\$(\d+)", lambda match: PARAMETERS[int(match[1]) - 1], found[0])


def by_single_statements(ground: Ground, statement: str, callers: int, seconds: float) -> Figure:
    ground.primary.ask(SESSIONS, database="ledger", seconds=60)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "rotation.sql"
        # A rotation that is not granted gives no row, which ends the client and with it the run.
        script.write_text(f"\\set attempt random(1, 4611686018427387904)\n{statement}\n\\gset\n")
        options = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
        command = [
            postgres_programs() / "pgbench", "--no-vacuum", "--protocol=prepared", f"--client={callers}", f"--jobs={min(callers, 2)}",
            f"--time={max(1, round(seconds))}", "--define=generation=0", f"--file={script}", "--log", f"--log-prefix={folder}/log", ground.url]
        before = ground.processor_seconds()
        said = run(command, seconds=seconds + PATIENCE, PGOPTIONS=options, **ground.environment)
        used = ground.processor_seconds() - before
        latencies = sorted(
            int(line.split(maxsplit=3)[2]) for log in Path(folder).glob("log.*") for line in log.read_text().splitlines())
    rate = re.search(r"^tps = ([\d.]+)", said, re.MULTILINE)
    if rate is None or not latencies:
        raise Failure(f"pgbench said nothing of its rate: {said[-300:]}")
    return Figure(float(rate[1]), quantile(latencies, 0.5) / 1000, quantile(latencies, 0.99) / 1000, used * 1e6 / len(latencies))


def quantile(ordered: list[int], share: float) -> int:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
