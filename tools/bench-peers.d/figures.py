"""What is measured: figures of one contestant at a number of callers, one for each round, and how they compare."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

TITLES = {
    "refresh-ledger": "refresh-ledger, engine, `always`",
    "refresh-ledger-interval": "refresh-ledger, engine, `interval`",
    "refresh-ledger-none": "refresh-ledger, engine, `none`",
    "redis-always": "Redis, AOF `always`",
    "redis-everysec": "Redis, AOF `everysec` (loses up to a second)",
    "redis-none": "Redis, no persistence (not durable)",
    "sqlite": "SQLite, WAL, `synchronous=FULL`",
    "lmdb": "LMDB",
    "rocksdb": "RocksDB, synced transactions",
    "postgresql": "PostgreSQL, `synchronous_commit=on`",
    "append-growing": "4 KiB appended to a growing file + fdatasync",
    "append-preallocated": "4 KiB into preallocated space + fdatasync",
    "refresh-ledger-http": "refresh-ledger, HTTP, `always`",
    "refresh-ledger-romm": "refresh-ledger, HTTP, `always`, `wire: romm`",
    "refresh-ledger-load": "refresh-ledger, HTTP, `always`, its own load generator",
    "refresh-ledger-tls": "refresh-ledger, HTTP/1.1 with TLS, `always`, its own load generator",
    "refresh-ledger-http2": "refresh-ledger, HTTP/2 with TLS, `always`, its own load generator",
    "other": "the other build, engine, `always`",
    "other-interval": "the other build, engine, `interval`",
    "other-none": "the other build, engine, `none`",
    "other-http": "the other build, HTTP, `always`",
    "canned": "Hummingbird with a canned reply",
    "fastapi-1": "FastAPI + joserfc + Redis (not durable), 1 worker",
    "fastapi-2": "FastAPI + joserfc + Redis (not durable), 2 workers",
}


@dataclass(frozen=True)
class Figure:
    rate: float
    """Rotations a second."""
    p50: float
    """Microseconds."""
    processor: float | None = None
    """Microseconds of processor time a rotation: of a server over HTTP alone, and of a store and its client together; None where it is not known."""


@dataclass
class Contestant:
    name: str
    """One of TITLES."""
    callers: tuple[int, ...]
    measure: Callable[[int, float], Figure]
    """Rotates with so many callers for so many seconds."""
    reasons: dict[int, str] = field(default_factory=dict)
    """Why it is not measured at a number of callers."""


@dataclass(frozen=True)
class Spread:
    median: float
    low: float
    high: float

    @staticmethod
    def of(values: list[float]) -> "Spread":
        return Spread(statistics.median(values), min(values), max(values))


class Results:
    """By contestant and callers: a figure or None for each round, and the reason of the first None."""

    def __init__(self) -> None:
        self.figures: dict[tuple[str, int], list[Figure | None]] = {}
        self.reasons: dict[tuple[str, int], str] = {}

    def add(self, name: str, callers: int, outcome: Figure | str) -> None:
        rounds = self.figures.setdefault((name, callers), [])
        rounds.append(outcome if isinstance(outcome, Figure) else None)
        if isinstance(outcome, str):
            self.reasons.setdefault((name, callers), outcome)

    def spread(self, name: str, callers: int, part: str) -> Spread | None:
        figures = [figure for figure in self.figures.get((name, callers), []) if figure]
        values = [value for figure in figures if (value := getattr(figure, part)) is not None]
        return Spread.of(values) if values else None

    def ratio(self, one: tuple[str, int], other: tuple[str, int], part: str) -> Spread | None:
        """One by other, within each round."""
        pairs = zip(self.figures.get(one, []), self.figures.get(other, []))
        values = [getattr(a, part) / getattr(b, part) for a, b in pairs if a and b and getattr(a, part) and getattr(b, part)]
        return Spread.of(values) if values else None
