"""The rounds, in which all take turns, and the rows of the comparison."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from figures import TITLES, Contestant, Figure, Results
from ledger import DURABILITIES, HTTP_CALLERS, engine_name
from programs import Failure, say
from report import Row, figure_rows, ratio_rows, section
from stores import reason_of

OURS, OTHER = "refresh-ledger", "other"
HTTP = f"{OURS}-http"
LOAD = f"{OURS}-load"
# In the order of the document.
STORES = ["redis-always", "redis-everysec", "redis-none", "rocksdb", "postgresql", "sqlite", "lmdb"]
SETTLE_SECONDS = 0.2
BARE_TARGET = "≤ 1.1"
PROTOCOL_TARGET = "≤ 1.5"
# Of a store by our durability, its name and the number of callers.
STORE_TARGETS = {
    ("always", "redis-always", 50): "≥ 5",
    ("always", "redis-always", 512): "≥ 6",
    ("none", "redis-none", 50): "≥ 3",
    ("none", "redis-none", 512): "≥ 3",
}
HTTP_TARGETS = {"canned": "≥ 0.65", "fastapi-1": "–", "fastapi-2": "≥ 12"}
UNAVAILABLE = (Failure, OSError, subprocess.SubprocessError)


@dataclass
class Entered:
    """Who takes part, and why the others do not."""

    contestants: list[Contestant]
    absent: dict[tuple[str, int], str]


def enter(stack: contextlib.ExitStack, wanted: Iterable[tuple[str, tuple[int, ...], Callable]]) -> Entered:
    entered = Entered([], {})
    for name, callers, start in wanted:
        say(f"Starting {name}")
        try:
            entered.contestants.append(stack.enter_context(start()))
        except UNAVAILABLE as error:
            reason = reason_of(error)
            say(f"{name} is not measured: {reason}")
            entered.absent |= {(name, count): reason for count in callers}
    return entered


def run(entered: Entered, rounds: int, seconds: float) -> Results:
    results = Results()
    for contestant in entered.contestants:
        results.reasons |= {(contestant.name, callers): reason for callers, reason in contestant.reasons.items()}
    results.reasons |= entered.absent
    for number in range(rounds):
        for callers in (1, HTTP_CALLERS, 50, 512):
            taking_part = [contestant for contestant in entered.contestants if callers in contestant.callers]
            # Every other round the other way round: nobody always has the same one before it.
            for contestant in taking_part if number % 2 == 0 else reversed(taking_part):
                results.add(contestant.name, callers, outcome(contestant, callers, seconds))
                say(f"round {number + 1}/{rounds}, {callers} callers, {contestant.name}: {results.figures[contestant.name, callers][-1]}")
    return results


def outcome(contestant: Contestant, callers: int, seconds: float) -> Figure | str:
    # What the one before left for the disk to do is not charged to this one.
    os.sync()
    time.sleep(SETTLE_SECONDS)
    try:
        return contestant.measure(callers, seconds)
    except UNAVAILABLE as error:
        return reason_of(error)


def rows(results: Results, ours: str, others: Iterable[str], counts: tuple[int, ...], part: str = "rate", target: str = "–") -> list[Row]:
    """One a peer and number of callers; those that were not measured too, unless they were left out."""
    known = results.figures.keys() | results.reasons.keys()
    return [Row((ours, callers), (name, callers), part, target) for callers in counts for name in others if (name, callers) in known]


def store_rows(results: Results, durability: str, others: Iterable[str]) -> list[Row]:
    ours = engine_name(OURS, durability)
    return [
        row
        for callers in (50, 512, 1)
        for name in others
        for row in rows(results, ours, [name], (callers,), "rate", STORE_TARGETS.get((durability, name, callers), "–"))
    ]


def protocol_rows(results: Results) -> list[Row]:
    pairs = [(f"{OURS}-romm", HTTP), (f"{OURS}-tls", LOAD), (f"{OURS}-http2", LOAD)]
    return [Row((ours, HTTP_CALLERS), (plain, HTTP_CALLERS), "processor", PROTOCOL_TARGET) for ours, plain in pairs if (ours, HTTP_CALLERS) in results.figures]


def build_rows(results: Results, part: str) -> list[Row]:
    engines = [row for durability in DURABILITIES for row in rows(results, engine_name(OURS, durability), [engine_name(OTHER, durability)], (1, 50, 512), part)]
    return [*engines, *rows(results, HTTP, [f"{OTHER}-http"], (HTTP_CALLERS,), part)]


def lines(results: Results) -> list[str]:
    head = ["callers", "peer", "median (min … max)", "target"]
    absolute = ["callers", "what", "a second", "p50, µs", "processor time a rotation, µs", "rounds"]
    lazy = [*store_rows(results, "interval", ["redis-everysec"]), *store_rows(results, "none", ["redis-none"])]
    stores = store_rows(results, "always", STORES)
    bare = rows(results, OURS, ["append-growing"], (1,), "p50") + rows(results, OURS, ["append-preallocated"], (1,), "p50", BARE_TARGET)
    http = [row for name, target in HTTP_TARGETS.items() for row in rows(results, HTTP, [name], (HTTP_CALLERS,), "rate", target)]
    protocols = protocol_rows(results)
    more, less = "refresh-ledger's by the peer's, more is better", "less is better"
    return [
        *section("This build by the other, rotations a second: more is better", head, ratio_rows(results, build_rows(results, "rate"))),
        *section(f"This build by the other, processor time a rotation: {less}", head, ratio_rows(results, build_rows(results, "processor"))),
        *section(f"Durable rotations a second: {more}", head, ratio_rows(results, stores)),
        *section(f"The same, `interval` by `everysec` and `none` by no persistence: {more}", head, ratio_rows(results, lazy)),
        *section(f"p50 of one caller: refresh-ledger's by that of a bare append, {less}", head, ratio_rows(results, bare)),
        *section(f"Rotations a second over HTTP: {more}", head, ratio_rows(results, http)),
        *section(
            f"Processor time of the server for a rotation over HTTP, by that of plain HTTP/1.1 under the same client: {less}",
            ["what", *head[2:]],
            [[TITLES[row.ours[0]], *cells[2:]] for row, cells in zip(protocols, ratio_rows(results, protocols))],
        ),
        *section("Absolute figures of this run, as information", absolute, figure_rows(results)),
    ]
