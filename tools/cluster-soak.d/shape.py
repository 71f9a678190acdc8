"""How large and how long a soak is."""

import argparse
from dataclasses import dataclass, field

# What can be broken, so that the verdict has to find it.
BREAKS = ("hot", "sweep", "retention")
# Of the sessions, how many end during the run.
BRIEF_SHARE = 0.1
# One in so many of the others is rotated, unless a number is given.
ROTATING_EVERY = 20
# The numbers of a partition of events, as docs/postgres-ledger.md has it.
PARTITION_NUMBERS = 1 << 24
SAMPLE_SECONDS = 10.0
SESSIONS_MAX = 50_000_000


@dataclass(frozen=True)
class Shape:
    sessions: int = 10_000_000
    rotating: int = 475_000
    # Seconds.
    duration: float = 3600.0
    warm_up: float = 600.0
    # A second.
    rate: float = 500.0
    log_ins: float = 5.0
    instances: int = 3
    importers: int = 2
    # Seconds after which no further import is begun: as many as fit.
    fill_for: float = 7200.0
    # Of the sessions, the share that is made by SQL in place of an import; none of them is rotated.
    by_sql: float = 0.0
    connections: int = 32
    # Of PostgreSQL, beside the recommended ones.
    settings: dict[str, str] = field(default_factory=dict)
    without: str | None = None

    @property
    def brief(self) -> int:
        """How many of the sessions end during warm-up and run."""
        return round(self.sessions * BRIEF_SHARE)

    @property
    def lasting(self) -> int:
        return self.sessions - self.brief

    @property
    def seconds(self) -> float:
        return self.warm_up + self.duration

    @property
    def passing(self) -> float:
        """After so many seconds the next partition of events begins."""
        return max(20.0, self.duration / 12)

    @property
    def problem(self) -> str | None:
        if not 1000 <= self.sessions <= SESSIONS_MAX:
            return f"--sessions is 1000 to {SESSIONS_MAX}"
        if not self.connections <= self.rotating <= self.lasting:
            return f"--rotating is {self.connections} to {self.lasting}, nine tenths of --sessions"
        if not 0 <= self.by_sql <= 0.99 or self.rotating > self.lasting * (1 - self.by_sql):
            return "--by-sql is 0 to 0.99, and the share that is imported has to hold those that are rotated"
        if self.duration < 20 * SAMPLE_SECONDS / 2 or self.warm_up < 0:
            return f"--duration is at least {20 * SAMPLE_SECONDS / 2:.0f} seconds, so that a tenth of it has a sample"
        if self.rate < 1 or self.log_ins < 0.1 or not 1 <= self.instances <= 32 or not 1 <= self.importers <= 16:
            return "--rate is at least 1, --log-ins at least 0.1, --instances 1 to 32, --importers 1 to 16"
        return None


QUICK = {"sessions": 200_000, "rotating": 9_000, "duration": 120.0, "warm_up": 150.0, "rate": 300.0}


def shape_of(chosen: argparse.Namespace) -> Shape:
    """What was asked for; what was not is that of the long form, or of the short one."""
    values = dict(QUICK) if chosen.quick else {}
    for name in ("sessions", "rotating",
                 "duration", "warm_up", "rate", "log_ins", "instances", "importers", "fill_for", "by_sql", "without"):
        if (given := getattr(chosen, name)) is not None:
            values[name] = given
    if chosen.sessions is not None and chosen.rotating is None:
        values["rotating"] = max(1, chosen.sessions // ROTATING_EVERY)
    if chosen.by_sql and chosen.rotating is None:
        values["rotating"] = round(values.get("rotating", Shape.rotating) * (1 - chosen.by_sql))
    settings = dict(setting.split("=", 1) for setting in chosen.settings)
    return Shape(**values, settings=settings)
