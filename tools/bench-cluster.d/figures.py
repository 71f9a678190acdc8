"""What was measured, and its table."""

import math
import os
import platform
import statistics
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from programs import ROOT, Failure, postgres_programs

TITLES = {
    "one": "one instance", "three": "three instances", "single": "single statements (pgbench)", "embedded": "the embedded ledger"}
# By callers: the ratio of one instance to single statements.
TARGETS = {64: 4.5, 512: 6.0}
GIB = 1 << 30


@dataclass(frozen=True)
class Figure:
    # Rotations a second.
    rate: float
    # Milliseconds.
    p50: float
    p99: float
    # Of the primary, in microseconds a rotation; None where there is none.
    processor: float | None

    def __str__(self) -> str:
        used = "" if self.processor is None else f", {self.processor:.1f} µs of the primary"
        return f"{self.rate:,.0f} a second, p50 {self.p50:.2f} ms, p99 {self.p99:.2f} ms{used}"


@dataclass
class Delays:
    """Milliseconds from the reply to the revocation to the first refusal; after a reconnect, from the moment before the connections were ended."""

    seen: list[float] = field(default_factory=list)
    # Of single requests to the second instance, each answered from its memory: nothing is seen sooner than by one of them.
    answers: list[float] = field(default_factory=list)

    def add(self, more: "Delays") -> None:
        self.seen += more.seen
        self.answers += more.answers


@dataclass
class Results:
    counts: list[int]
    figures: dict[tuple[str, int], list[Figure]] = field(default_factory=dict)
    machine: dict[str, str] = field(default_factory=dict)
    # Microseconds of the primary for each session whose successor was used within its grace window, by rounds.
    notes: list[float] = field(default_factory=list)
    # Until another instance refused what was revoked, by what went on beside it; all rounds together.
    revocations: dict[str, Delays] = field(default_factory=dict)
    command: str = ""

    def add(self, name: str, callers: int, figure: Figure) -> None:
        self.figures.setdefault((name, callers), []).append(figure)

    def values(self, name: str, callers: int, part: str) -> list[float]:
        found = [getattr(figure, part) for figure in self.figures.get((name, callers), [])]
        return [value for value in found if value is not None]

    def ratios(self, name: str, other: str, callers: int) -> list[float]:
        """Of the rates, round by round."""
        return [a / b for a, b in zip(self.values(name, callers, "rate"), self.values(other, callers, "rate"), strict=True)]


def shown(values: list[float]) -> str:
    """The median, and between which values it lies."""
    if not values:
        return "–"
    low, middle, high = (number(value) for value in (min(values), statistics.median(values), max(values)))
    return middle if len(values) == 1 else f"{middle} ({low} … {high})"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {' | '.join(row)} |" for row in rows), ""]


def heading(results: Results) -> list[str]:
    return [*(f"- {name}: {value}" for name, value in [("Command", f"`{results.command}`"), *results.machine.items()]), ""]


def lines(results: Results) -> list[str]:
    figures = [
        [str(count), TITLES[name], *(shown(results.values(name, count, part)) for part in ("rate", "p50", "p99", "processor"))]
        for count in results.counts for name in TITLES]
    ratios = [
        [str(count), f"**{shown(results.ratios('one', 'single', count))}**", f"≥ {TARGETS[count]}" if count in TARGETS else "–",
         shown(results.ratios("three", "single", count)), shown(results.ratios("one", "embedded", count))]
        for count in results.counts]
    return [
        *heading(results),
        *table(["callers", "one instance by single statements", "target", "three instances by single statements", "one instance by the embedded ledger"], ratios),
        *table(["callers", "who", "rotations a second", "p50 ms", "p99 ms", "µs of the primary a rotation"], figures),
        f"Where a client has a grace window, the first use of a new pair is noted for all instances: {shown(results.notes)} µs of the primary each."]


def revocation_lines(results: Results) -> list[str]:
    rows = [
        [title, str(len(found.seen)), *(number(percentile(found.seen, share)) for share in (0.5, 0.9, 0.99)), number(max(found.seen)),
         *(number(percentile(found.answers, share)) for share in (0.5, 0.99))]
        for title, found in results.revocations.items()]
    return [
        *heading(results),
        *table(["beside a revocation", "revocations", "p50 ms", "p90 ms", "p99 ms", "longest ms", "one request p50 ms", "its p99 ms"], rows)]


def percentile(values: list[float], share: float) -> float:
    """The smallest that at least this share of the values does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def document(results: Results) -> dict:
    return {
        "command": results.command, "machine": results.machine,
        "figures": [
            {"who": name, "callers": callers, "rounds": [asdict(one) for one in found]} for (name, callers), found in results.figures.items()],
        "ratios": [
            {"callers": count, "one_by_single": results.ratios("one", "single", count),
             "three_by_single": results.ratios("three", "single", count), "one_by_embedded": results.ratios("one", "embedded", count),
             "target": TARGETS.get(count)}
            for count in results.counts],
        "notes_processor": results.notes, "revocations_ms": {title: asdict(found) for title, found in results.revocations.items()}}


def write(page: Path, measured: list[str], mark: str = "cluster") -> None:
    """Between its marks."""
    begin, end = (f"<!-- {mark}:{side} -->" for side in ("begin", "end"))
    before, has_begin, rest = page.read_text().partition(begin)
    _, has_end, after = rest.partition(end)
    if not has_begin or not has_end:
        raise Failure(f"{page} has no {begin} and {end} between which the figures go")
    page.write_text(before + begin + "\n" + "\n".join(measured).rstrip("\n") + "\n" + end + after)


def machine(ground) -> dict[str, str]:
    def said(*command) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"

    names = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return {
        "Date": f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC",
        "Machine": f"{os.cpu_count()} cores, {names[0] if names else platform.machine()}, {memory:.0f} GiB, Linux {platform.release().partition('-')[0]}, "
                   f"{said('findmnt', '-n', '-o', 'FSTYPE', '-T', ground.place.folder)}; primary, standbys and callers share it",
        "Database": f"{said(postgres_programs() / 'postgres', '--version')}, {ground.primary.ask('show synchronous_standby_names')}, fsync on",
        "refresh-ledger": f"{said(ground.binary, '--version')}, sources at {said('git', '-C', ROOT, 'describe', '--always', '--dirty')}"}
