"""The rounds, in which all take turns, and the rows of the comparison."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from figures import Contestant, Figure, Results
from ledger import ENGINES, HTTP_CALLERS
from programs import Failure, say
from report import Row, figure_rows, ratio_rows, section
from stores import reason_of

HTTP = "refresh-ledger-http"
# In the order of the document.
STORES = ["redis-always", "redis-everysec", "redis-none", "rocksdb", "postgresql", "sqlite", "lmdb"]
SETTLE_SECONDS = 0.2
BARE_TARGET = "≤ 1.25"
TARGETS = {
    ("redis-always", 50): "≥ 5",
    ("redis-always", 512): "≥ 10",
    ("fastapi-2", HTTP_CALLERS): "≥ 20",
    ("canned", HTTP_CALLERS): "≥ 0.85",
}
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


def rows(results: Results, ours: str, others: Iterable[str], counts: tuple[int, ...], part: str = "rate") -> list[Row]:
    """One a peer and number of callers; those that were not measured too, unless they were left out."""
    known = results.figures.keys() | results.reasons.keys()
    return [
        Row((ours, callers), (name, callers), part, BARE_TARGET if part == "p50" else TARGETS.get((name, callers), "–"))
        for callers in counts
        for name in others
        if (name, callers) in known
    ]


def lines(results: Results) -> list[str]:
    head = ["callers", "peer", "median (min … max)", "target"]
    absolute = ["callers", "what", "a second", "p50, µs", "rounds"]
    stores = rows(results, ENGINES["always"], STORES, (50, 512, 1))
    lazy = [
        *rows(results, ENGINES["interval"], ["redis-everysec"], (50, 512, 1)),
        *rows(results, ENGINES["none"], ["redis-none"], (50, 512, 1)),
    ]
    bare = rows(results, ENGINES["always"], ["append-growing", "append-preallocated"], (1,), "p50")
    http = rows(results, HTTP, ["canned", "fastapi-1", "fastapi-2"], (HTTP_CALLERS,))
    more = "refresh-ledger's by the peer's, more is better"
    return [
        *section(f"Durable rotations a second: {more}", head, ratio_rows(results, stores)),
        *section(f"The same, `interval` by `everysec` and `none` by no persistence: {more}", head, ratio_rows(results, lazy)),
        *section("p50 of one caller: refresh-ledger's by that of a bare append, less is better", head, ratio_rows(results, bare)),
        *section(f"Rotations a second over HTTP: {more}", head, ratio_rows(results, http)),
        *section("Absolute figures of this run, as information", absolute, figure_rows(results)),
    ]
