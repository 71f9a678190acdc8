"""The rounds, in which all take turns, and the rows of the comparison."""

import contextlib
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from figures import Contestant, Figure, Results
from ledger import HTTP_CALLERS
from programs import Failure, say
from report import Row, figure_rows, ratio_rows, section
from stores import reason_of

ENGINE, HTTP = "refresh-ledger", "refresh-ledger-http"
TARGETS = {("redis-always", 50): "≥ 5", ("redis-always", 512): "≥ 10", ("fastapi-2", HTTP_CALLERS): "≥ 20", ("canned", HTTP_CALLERS): "≥ 0.85"}
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
    try:
        return contestant.measure(callers, seconds)
    except UNAVAILABLE as error:
        return reason_of(error)


def rows(results: Results, titles: dict[str, str], ours: str, counts: tuple[int, ...]) -> list[Row]:
    """One a peer and number of callers, those that were not measured too."""
    found = []
    for callers in counts:
        for name in dict.fromkeys(name for name, _ in [*results.figures, *results.reasons]):
            known = (name, callers) in results.figures or (name, callers) in results.reasons
            if known and name not in (ENGINE, HTTP) and not name.startswith("append"):
                found.append(Row((ours, callers), (name, callers), titles.get(name, name), "rate", TARGETS.get((name, callers), "–")))
    return found


def lines(results: Results, entered: Entered) -> list[str]:
    titles = {contestant.name: contestant.title for contestant in entered.contestants}
    appends = [
        Row((ENGINE, 1), (name, 1), titles.get(name, name), "p50", "≤ 1.25")
        for name in ("append-growing", "append-preallocated")
        if (name, 1) in results.figures or (name, 1) in results.reasons
    ]
    head = ["callers", "peer", "median (min … max)", "target"]
    absolute = ["callers", "what", "a second", "p50, µs", "rounds"]
    stores, http = rows(results, titles, ENGINE, (50, 512, 1)), rows(results, titles, HTTP, (HTTP_CALLERS,))
    more = "refresh-ledger's by the peer's, more is better"
    return [
        *section(f"Rotations a second: {more}", head, ratio_rows(results, stores)),
        *section("p50 of one caller: refresh-ledger's by that of a bare append and sync, less is better", head, ratio_rows(results, appends)),
        *section(f"Rotations a second over HTTP: {more}", head, ratio_rows(results, http)),
        *section("Absolute figures of this run, as information", absolute, figure_rows(results, titles)),
    ]
