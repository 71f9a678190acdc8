"""What was sampled, as rows of first tenth, middle and last tenth, and whether each is flat."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace

from programs import Failure
from rotations import latencies
from samples import OUTLIVING_MS, Sample
from shape import SAMPLE_SECONDS, Shape

MIB = 1 << 20
FLAT, EXPLAINED, GROWN, TOLD = "flat", "explained", "**not flat**", "told"
# For how long a revocation is kept: docs/postgres-ledger.md has refreshed_at + 300 s + access_ms, and the outliving.
REVOCATION_SECONDS = 300 + 60 + OUTLIVING_MS / 1000
# The parameters of the table: docs/postgres-ledger.md, Tables.
VACUUM_ROWS, VACUUM_SHARE = 1000, 0.02


@dataclass(frozen=True)
class Row:
    name: str
    # First tenth, middle, last tenth.
    values: tuple[float, float, float]
    verdict: str
    # The rule by which it is flat, or why it need not be.
    rule: str

    @property
    def is_fine(self) -> bool:
        return self.verdict != GROWN


class Parts:
    """The samples of a run in three parts of a tenth of its length."""

    def __init__(self, samples: list[Sample], shape: Shape):
        tenth = shape.duration / 10
        begins = (shape.warm_up, shape.warm_up + 4.5 * tenth, shape.warm_up + 9 * tenth)
        self.bounds = [(begin, begin + tenth) for begin in begins]
        self.samples = [part_of(samples, *bound) for bound in self.bounds]

    def medians(self, value: Callable[[Sample], float]) -> tuple[float, float, float]:
        return tuple(statistics.median(value(sample) for sample in part[1:]) for part in self.samples)

    def highest(self, value: Callable[[Sample], float]) -> tuple[float, float, float]:
        return tuple(max(value(sample) for sample in part) for part in self.samples)

    def growth(self, value: Callable[[Sample], float]) -> tuple[float, float, float]:
        """From the beginning to the end of each part."""
        return tuple(value(part[-1]) - value(part[0]) for part in self.samples)

    def ratio(self, of: Callable[[Sample], float], by: Callable[[Sample], float]) -> tuple[float, float, float]:
        return tuple(above / below if below else 0.0 for above, below in zip(self.growth(of), self.growth(by), strict=True))


def part_of(samples: list[Sample], begin: float, end: float) -> list[Sample]:
    """Those from the last before it begins, where its differences begin, to the first after its end."""
    first = max((number for number, sample in enumerate(samples) if sample.at <= begin), default=0)
    last = next((number for number, sample in enumerate(samples) if sample.at >= end), len(samples) - 1)
    if last <= first:
        raise Failure(f"there are no two samples between {begin:.0f} s and {end:.0f} s: what was asked was not answered in time")
    return samples[first : last + 1]


def flat_within(values: tuple[float, float, float], factor: float, floor: float) -> bool:
    """The last is not above the greater of the others by more than that factor; what is below `floor` is nothing."""
    return values[2] <= max(max(values[:2]) * factor, floor)


def rows(samples: list[Sample], result: dict, shape: Shape) -> list[Row]:
    parts = Parts(samples, shape)
    return [*speed(parts, result), *storage(parts), *upkeep(parts, shape), *machine(parts)]


def speed(parts: Parts, result: dict) -> list[Row]:
    rate = parts.ratio(lambda sample: sample.rotations, lambda sample: sample.at)
    found = [latencies(result, *bound) for bound in parts.bounds]
    p50, p99 = (tuple(getattr(one, name) for one in found) for name in ("p50", "p99"))
    waited = tuple(1000 * value for value in parts.ratio(lambda sample: sample.waited, lambda sample: sample.rotations))
    # What others do on this machine is no property of the ledger. What it uses itself has rows of its own.
    busier = waited[2] > 1.2 * max(waited[:2])
    return [
        beside("rotations a second", rate, rate[2] >= 0.95 * min(rate[:2]), busier, "at least 95 % of the lesser of the others"),
        beside("p50, ms, from when each was due", p50, flat_within(p50, 1.5, 5), busier,
               "at most 1.5 times the greater of the others, or 5 ms"),
        beside("p99, ms, from when each was due", p99, flat_within(p99, 2, 50), busier,
               "at most twice the greater of the others, or 50 ms"),
        Row("databases and instances waited for a processor, ms a rotation", waited, TOLD, "what others do on this machine is in it"),
    ]


def judged(name: str, values: tuple[float, float, float], is_flat: bool, rule: str) -> Row:
    return Row(name, values, FLAT if is_flat else GROWN, rule)


def beside(name: str, values: tuple[float, float, float], is_flat: bool, busier: bool, rule: str) -> Row:
    """Of what depends on what others do on the machine."""
    return explained_by(
        busier, "the machine was busier in the last tenth: see how long a processor was waited for", judged(name, values, is_flat, rule))


def explained_by(holds: bool, reason: str, row: Row) -> Row:
    """One that is not flat, and for a reason that is no fault."""
    return row if row.is_fine or not holds else replace(row, verdict=EXPLAINED, rule=reason)


def storage(parts: Parts) -> list[Row]:
    hot = parts.ratio(lambda sample: sample.database.hot_updates, lambda sample: sample.database.updates)
    wal = parts.ratio(lambda sample: sample.database.wal, lambda sample: sample.rotations)
    images = parts.ratio(lambda sample: sample.database.page_images, lambda sample: sample.rotations)
    live = parts.medians(lambda sample: sample.database.live)
    table = parts.medians(lambda sample: sample.database.table_bytes / MIB)
    indexes = parts.medians(lambda sample: sample.database.index_bytes / MIB)
    sweep = parts.medians(lambda sample: sample.database.sweep_index_bytes / MIB)
    dead = parts.medians(lambda sample: sample.database.dead)
    allowed = 1.5 * (VACUUM_ROWS + VACUUM_SHARE * max(live))
    return [
        judged("share of heap-only updates, %", tuple(100 * value for value in hot), min(hot) >= 0.95, "at least 95 %"),
        explained_by(
            images[2] > 1.25 * max(images[:2]), "a checkpoint fell into the last tenth alone: see the whole pages",
            judged("WAL bytes a rotation, all else included", wal, flat_within(wal, 1.25, 0),
                   "at most 1.25 times the greater of the others")),
        Row("of these, whole pages, a rotation", images, TOLD, "of each page that is changed for the first time since a checkpoint"),
        Row("sessions", live, TOLD, "as PostgreSQL counts them; those that end in the run get fewer"),
        judged(
            "dead rows of sessions", dead, flat_within(dead, 1.5, allowed),
            f"at most what autovacuum waits for and half as much again: {allowed:,.0f}"),
        judged("table of sessions, MiB", table, flat_within(table, 1.02, 64), "at most 2 % more, or 64 MiB"),
        judged("its indexes, MiB", indexes, flat_within(indexes, 1.05, 64), "at most 5 % more, or 64 MiB"),
        judged("of these, the sweep's, MiB", sweep, flat_within(sweep, 1.05, 16), "at most 5 % more, or 16 MiB"),
    ]


def upkeep(parts: Parts, shape: Shape) -> list[Row]:
    revocations = parts.medians(lambda sample: sample.database.revocations)
    expected = shape.log_ins / 2 * REVOCATION_SECONDS
    overdue = parts.medians(lambda sample: sample.database.overdue)
    # What falls due between two samples, and as much again.
    due = 2 * SAMPLE_SECONDS * (shape.brief / shape.seconds + shape.log_ins * 2) + 100
    removed = parts.ratio(lambda sample: sample.database.deletes, lambda sample: sample.at)
    partitions = parts.highest(lambda sample: sample.database.partitions)
    events = parts.highest(lambda sample: sample.database.event_bytes / MIB)
    of_partition = MIB + shape.rate * shape.passing * 512
    return [
        judged("overdue for the sweep, rows", overdue, flat_within(overdue, 1, due),
               f"at most what falls due in twenty seconds: {due:,.0f}"),
        Row("rows that the sweep removed a second", removed, TOLD,
            f"falling due: {shape.brief / shape.seconds:,.0f} that were imported and {shape.log_ins:g} of people"),
        judged(
            "revocations, rows", revocations, flat_within(revocations, 1.2, 1.2 * expected),
            f"at most a fifth above log-outs a second times what each is kept for: {expected:,.0f}"),
        judged("partitions of events", partitions, flat_within(partitions, 1, 7),
               "at most 7: the present one, two ahead, two behind, one that is due, the default one"),
        judged("events and their indexes, MiB", events, flat_within(events, 1.25, 3 * of_partition / MIB),
               "at most 1.25 times the greater of the others, or those of three partitions"),
        Row("autovacuums of all tables but those of events", parts.growth(lambda sample: sample.database.vacuums), TOLD, "in the part"),
        Row("autovacuums of sessions", parts.growth(lambda sample: sample.database.session_vacuums), TOLD, "in the part"),
        Row("transactions since the oldest that is not frozen", parts.medians(lambda sample: sample.database.transactions_age), TOLD,
            "autovacuum freezes before 200,000,000"),
    ]


def machine(parts: Parts) -> list[Row]:
    memory = parts.medians(lambda sample: sample.memory / MIB)
    behind = parts.highest(lambda sample: sample.database.behind / MIB)
    streaming = tuple(min(sample.database.streaming for sample in part) for part in parts.samples)
    used = {
        who: tuple(1e6 * value for value in parts.ratio(lambda sample, who=who: sample.processor[who], lambda sample: sample.rotations))
        for who in ("primary", "standbys", "instances")}
    return [
        judged("memory of all instances, MiB", memory, flat_within(memory, 1.1, memory[1] + 24),
               "at most a tenth more, or 24 MiB above the middle"),
        judged("standby that is furthest behind, MiB not replayed, at worst", behind, flat_within(behind, 2, 64),
               "at most twice the greater of the others, or 64 MiB"),
        judged("standbys that stream, at least", streaming, min(streaming) >= 2, "both, in each sample"),
        *(judged(f"processor time of the {who}, µs a rotation", values, flat_within(values, 1.25, 0),
                 "at most 1.25 times the greater of the others")
          for who, values in used.items()),
    ]
