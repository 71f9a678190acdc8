"""What a rotation adds to each log, and what a live session takes in memory."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from programs import client_figure, command, compile_client
from resource_servers.processes import Failure, environment
from stores import Place, postgresql_server, reason_of, redis_server

# Of a run with many callers, where commits are shared.
CALLERS = 50


@dataclass(frozen=True)
class Footprint:
    title: str
    value: float | None
    """Bytes."""
    remark: str


def bytes_of(folder: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in folder.glob(pattern))


def ledger_log(binary: Path, callers: int, seconds: float, place: Place) -> Footprint:
    """From a copy of the log that is made while the load runs, which removes its own."""
    folder, copy = place.make(f"log-{callers}"), place.make(f"log-{callers}-copy") / "data"
    options = ["--connections", str(callers), "--replay-rate", "0", "--duration", f"{round(seconds * 1000) + 1000}ms"]
    load = subprocess.Popen([binary, "load", "--in-process", *options], cwd=folder, env=environment(), stdout=subprocess.DEVNULL)
    try:
        time.sleep(seconds)
        [data] = folder.glob("*/log")
        shutil.copytree(data, copy / "log")
    finally:
        load.wait(60)
    said = json.loads(command([binary, "log", "info", "--data", copy, "--json"]))
    batch = said["records"] / max(said["frames"], 1)
    return Footprint(f"refresh-ledger, {callers} callers", said["bytes"] / said["records"], f"{batch:.0f} rotations a commit")


def redis_log(place: Place, seconds: float) -> Footprint:
    folder = place.make("redis-log")
    program = compile_client("redis", folder)
    with redis_server(folder, ["--appendonly", "yes", "--appendfsync", "always"]) as (port, _):
        _, rotations = client_figure(program, f"events:{port}", CALLERS, seconds)
        return Footprint("Redis, AOF", bytes_of(folder, "appendonlydir/*.incr.aof") / rotations, "a delete and a SETEX")


def rocksdb_log(place: Place, seconds: float) -> Footprint:
    folder = place.make("rocksdb-log")
    _, rotations = client_figure(compile_client("rocksdb", folder), str(folder / "live"), CALLERS, seconds)
    return Footprint("RocksDB, write-ahead log", bytes_of(folder, "live/*.log") / rotations, "before compaction writes them again")


def sqlite_log(place: Place, seconds: float) -> Footprint:
    folder = place.make("sqlite-log")
    _, rotations = client_figure(compile_client("sqlite", folder), f"keep:{folder / 'live.db'}", 1, seconds)
    return Footprint("SQLite, WAL", bytes_of(folder, "live.db-wal") / rotations, "whole pages, of a table of 100,000")


def postgresql_log(place: Place, seconds: float) -> Footprint:
    program = compile_client("postgresql", place.make("postgresql-log-client"))
    with postgresql_server(place.make("postgresql-log")) as server:
        server.ask("CHECKPOINT")
        before = server.ask("SELECT pg_current_wal_lsn()")
        _, rotations = client_figure(program, server.target, CALLERS, seconds)
        grown = int(server.ask(f"SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '{before}')::bigint"))
        return Footprint("PostgreSQL, WAL", grown / rotations, "with the page images after a checkpoint")


def redis_memory(place: Place, sessions: int) -> list[Footprint]:
    folder = place.make("redis-memory")
    program = compile_client("redis", folder)

    def used(port: int) -> tuple[int, int]:
        said = command(["redis-cli", "-p", str(port), "INFO", "memory"])
        facts = dict(line.split(":", 1) for line in said.splitlines() if ":" in line)
        return int(facts["used_memory"]), int(facts["used_memory_rss"])

    with redis_server(folder, ["--appendonly", "no"]) as (port, _):
        before = used(port)
        command([program, f"fill:{port}", str(sessions), "0"], timeout=120)
        after = used(port)
    remark = f'{sessions:,} keys of 34 bytes with a TTL, value "valid"'
    return [
        Footprint("Redis, `used_memory`", (after[0] - before[0]) / sessions, remark),
        Footprint("Redis, resident", (after[1] - before[1]) / sessions, remark),
    ]


def attempt(title: str, measure: Callable[[], Footprint | list[Footprint]]) -> list[Footprint]:
    try:
        found = measure()
    except (Failure, OSError, ValueError, subprocess.SubprocessError) as error:
        return [Footprint(title, None, reason_of(error) if not isinstance(error, ValueError) else str(error))]
    return found if isinstance(found, list) else [found]


def log_footprints(binary: Path, peers: list[str], seconds: float, place: Place) -> list[Footprint]:
    found = []
    for callers in (CALLERS, 512):
        found += attempt(f"refresh-ledger, {callers} callers", lambda: ledger_log(binary, callers, seconds, place))
    logs = {
        "redis": ("Redis, AOF", redis_log),
        "rocksdb": ("RocksDB, write-ahead log", rocksdb_log),
        "sqlite": ("SQLite, WAL", sqlite_log),
        "postgresql": ("PostgreSQL, WAL", postgresql_log),
    }
    for peer in logs.keys() & set(peers):
        title, measure = logs[peer]
        found += attempt(title, lambda: measure(place, seconds))
    if "lmdb" in peers:
        found.append(Footprint("LMDB", None, "it has no log: each commit writes the changed pages of its tree, 4 KiB each"))
    return sorted(found, key=lambda footprint: (footprint.value is None, footprint.value or 0))


def memory_footprints(peers: list[str], sessions: int, place: Place) -> list[Footprint]:
    return attempt("Redis", lambda: redis_memory(place, sessions)) if "redis" in peers else []
