"""The stores, each for the length of a `with` block: started or opened, with a client built for it."""

import contextlib
import csv
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from figures import Contestant, Figure
from programs import client_figure, command, compile_client, spent_by
from resource_servers.processes import Failure, free_ports, process

TTL_SECONDS = 30 * 86_400
SERIAL = "its writers exclude each other, so more callers only wait longer"

REDIS_MODES = {
    "redis-always": ["--appendonly", "yes", "--appendfsync", "always"],
    "redis-everysec": ["--appendonly", "yes", "--appendfsync", "everysec"],
    "redis-none": ["--appendonly", "no"],
}


@dataclass
class Place:
    """Where this run keeps its files, below one folder."""

    folder: Path

    def make(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        return folder


@contextlib.contextmanager
def redis_server(folder: Path, arguments: list[str]) -> Iterator[tuple[int, int]]:
    """Its port and its pid. Rewrites of the AOF are off: they would only cost it time."""
    [port] = free_ports(1)
    fixed = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder, "--auto-aof-rewrite-percentage", "0"]
    with process(["redis-server", *fixed, *arguments], folder / "output", [port]) as pid:
        yield port, pid


def redis_benchmark(program: Path, port: int, callers: int, seconds: float, server: int) -> Figure:
    """With Redis' own load generator, all of whose callers swap one id for itself. It counts requests and not seconds: a short run says how many."""
    script, key = command([program, f"sha:{port}", "live", "0"]).split()

    def said(requests: int) -> dict[str, str]:
        connection = ["-h", "127.0.0.1", "-p", str(port), "-c", str(callers), "-n", str(requests), "--csv"]
        output = command(["redis-benchmark", *connection, "EVALSHA", script, "2", key, key, str(TTL_SECONDS)], timeout=120)
        return next(csv.DictReader(output.splitlines()))

    requests = round(float(said(20 * callers + 2000)["rps"]) * seconds)
    answer, spent = spent_by(lambda: said(requests), [server])
    return Figure(float(answer["rps"]), float(answer["p50_latency_ms"]) * 1000, spent * 1e6 / requests)


@contextlib.contextmanager
def redis(name: str, place: Place) -> Iterator[Contestant]:
    folder = place.make(name)
    program = compile_client("redis", folder)
    with redis_server(folder, REDIS_MODES[name]) as (port, pid):
        fastest: dict[int, str] = {}

        def figure(way: str, callers: int, seconds: float) -> Figure:
            if way == "redis-benchmark":
                return redis_benchmark(program, port, callers, seconds, pid)
            return client_figure(program, f"{way}:{port}", callers, seconds, [pid])[0]

        def measure(callers: int, seconds: float) -> Figure:
            if callers not in fastest:
                rates = {way: figure(way, callers, seconds / 2).rate for way in ("threads", "events", "redis-benchmark")}
                fastest[callers] = max(rates, key=rates.get)
            return figure(fastest[callers], callers, seconds)

        yield Contestant(name, (1, 50, 512), measure)


@contextlib.contextmanager
def embedded(name: str, file: str, at: tuple[int, ...], reasons: dict[int, str], place: Place) -> Iterator[Contestant]:
    """A store that lives in its client, in `file` of a folder of its own."""
    folder = place.make(name)
    program = compile_client(name, folder)

    def measure(callers: int, seconds: float) -> Figure:
        return client_figure(program, str(folder / file), callers, seconds)[0]

    yield Contestant(name, at, measure, reasons)


sqlite = partial(embedded, "sqlite", "live.db", (1, 50), {512: SERIAL})
lmdb = partial(embedded, "lmdb", "", (1, 50), {512: SERIAL})
rocksdb = partial(embedded, "rocksdb", "live", (1, 50, 512), {})


@dataclass
class PostgreSQL:
    folder: Path
    port: int
    pid: int
    programs: Path

    @property
    def target(self) -> str:
        return f"host={self.folder} port={self.port} user=postgres dbname=postgres"

    def ask(self, sql: str) -> str:
        return command([self.programs / "psql", "-qAt", "-c", sql, self.target]).strip()

    def make_table(self) -> None:
        """It listens before it answers: asked again while it is still starting."""
        for attempts_left in reversed(range(100)):
            try:
                self.ask("CREATE TABLE live (jti text PRIMARY KEY, expires timestamptz NOT NULL)")
                return
            except Failure as failure:
                if "starting up" not in str(failure) or attempts_left == 0:
                    raise
                time.sleep(0.1)


@contextlib.contextmanager
def postgresql_server(folder: Path) -> Iterator[PostgreSQL]:
    """Refuses to run as root, so it runs as the user that its package made."""
    programs = Path(command(["pg_config", "--bindir"]).strip())
    as_user = []
    if os.geteuid() == 0:
        as_user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
        command(["chown", "postgres:postgres", folder])
    data = folder / "data"
    command([*as_user, programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C"], cwd=folder)
    [port] = free_ports(1)
    settings = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
    output = folder.parent / f"{folder.name}-output"
    with process([*as_user, programs / "postgres", "-D", data, "-p", str(port), *settings], output, [port], signal.SIGINT) as pid:
        server = PostgreSQL(folder, port, pid, programs)
        server.make_table()
        yield server


@contextlib.contextmanager
def postgresql(place: Place) -> Iterator[Contestant]:
    program = compile_client("postgresql", place.make("postgresql-client"))
    with postgresql_server(place.make("postgresql")) as server:

        def measure(callers: int, seconds: float) -> Figure:
            return client_figure(program, server.target, callers, seconds, [server.pid])[0]

        reason = {512: "one process a connection: people put a pooler of some tens of connections before it"}
        yield Contestant("postgresql", (1, 50), measure, reason)


@contextlib.contextmanager
def bare_append(kind: str, place: Place) -> Iterator[Contestant]:
    folder = place.make(f"append-{kind}")
    program = compile_client("append", folder)

    def measure(callers: int, seconds: float) -> Figure:
        return client_figure(program, f"{kind}:{folder / 'file'}", callers, seconds)[0]

    yield Contestant(f"append-{kind}", (1,), measure)


def reason_of(error: Exception) -> str:
    """Why a peer is not measured, in one line without a folder of this machine."""
    if isinstance(error, OSError) and error.strerror:
        return f"{Path(str(error.filename)).name}: {error.strerror}" if error.filename else error.strerror
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return re.sub(r"/\S*/bench-peers-\w+/", "", said)
