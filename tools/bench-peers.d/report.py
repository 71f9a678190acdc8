"""The measured part of docs/benchmarks.md."""

import os
import platform
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from figures import TITLES, Results, Spread
from footprint import Footprint
from programs import HERE, NAMED, ROOT, package_version

BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"


@dataclass(frozen=True)
class Row:
    ours: tuple[str, int]
    other: tuple[str, int]
    part: str
    target: str


def number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values: Spread | None) -> str:
    return f"{number(values.median)} ({number(values.low)} … {number(values.high)})" if values else "–"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {' | '.join(row)} |" for row in rows), ""]


def section(title: str, head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"### {title}", "", *table(head, rows)] if rows else []


def ratio_rows(results: Results, rows: list[Row]) -> list[list[str]]:
    lines = []
    for row in rows:
        ratio = results.ratio(row.ours, row.other, row.part)
        reason = results.reasons.get(row.other) or results.reasons.get(row.ours)
        value = spread(ratio) if ratio else f"not measured: {reason or 'left out of this run'}"
        lines.append([str(row.other[1]), TITLES[row.other[0]], f"**{value}**" if ratio else value, row.target])
    return lines


def figure_rows(results: Results) -> list[list[str]]:
    lines = []
    for (name, callers), figures in sorted(results.figures.items(), key=lambda entry: (entry[0][1], -(median_rate(results, entry[0])))):
        rate, p50, processor = (results.spread(name, callers, part) for part in ("rate", "p50", "processor"))
        if rate:
            rounds = sum(figure is not None for figure in figures)
            lines.append([str(callers), TITLES[name], spread(rate), spread(p50), spread(processor), str(rounds)])
    return lines


def median_rate(results: Results, key: tuple[str, int]) -> float:
    found = results.spread(*key, "rate")
    return found.median if found else 0


def footprint_rows(footprints: list[Footprint]) -> list[list[str]]:
    return [
        [one.title, number(one.value) if one.value is not None else "not measured", one.remark] for one in footprints
    ]


def footprint_lines(logs: list[Footprint], memory: list[Footprint]) -> list[str]:
    head = ["what", "bytes", "remark"]
    return [
        *section("Bytes of log a rotation (target for refresh-ledger: ≤ 12)", head, footprint_rows(logs)),
        *section("Memory a live session (target for refresh-ledger: ≤ 96, not measured by this script)", head, footprint_rows(memory)),
    ]


def cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def file_system(folder: Path) -> str:
    done = subprocess.run(["findmnt", "-n", "-o", "FSTYPE", "-T", folder], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def revision() -> str:
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


@dataclass(frozen=True)
class Neighbours:
    """What other programs do on this machine, seen before anything of ours runs."""

    cores: float
    """How many they keep busy."""
    writes: float | None
    """How many they send to the disk in a second; None where the disk is not known."""

    @staticmethod
    def watched(folder: Path, seconds: float) -> "Neighbours":
        before = processor_ticks(), disk_writes(folder)
        time.sleep(seconds)
        after = processor_ticks(), disk_writes(folder)
        writes = None if before[1] is None or after[1] is None else (after[1] - before[1]) / seconds
        return Neighbours((after[0] - before[0]) / os.sysconf("SC_CLK_TCK") / seconds, writes)

    def __str__(self) -> str:
        writes = "an unknown number of" if self.writes is None else f"{self.writes:,.0f}"
        said = f"before the run other programs kept {self.cores:.2f} cores busy and sent {writes} writes a second to the disk"
        noisy = self.cores > 0.1 or (self.writes or 0) > 50
        return f"{said}{': **the figures are noisy**' if noisy else ''}"


def processor_ticks() -> int:
    """Ticks in which a core was not idle, all cores together."""
    user, nice, system, idle, waiting, *rest = map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:8])
    return user + nice + system + sum(rest)


def disk_writes(folder: Path) -> int | None:
    device = folder.stat().st_dev
    for words in map(str.split, Path("/proc/diskstats").read_text().splitlines()):
        if (int(words[0]), int(words[1])) == (os.major(device), os.minor(device)):
            return int(words[7])
    return None


def machine_lines(
    binary: Path, other: str | None, folder: Path, peers: list[str], command_line: str, neighbours: Neighbours
) -> list[str]:
    versions = [f"{peer} {(package_version(NAMED[peer]) or 'absent').split(':')[-1]}" for peer in peers if peer in NAMED]
    if "fastapi" in peers:
        pins = dict(line.split("==") for line in (HERE / "requirements.txt").read_text().split())
        versions += [f"{name} {pins[name]}" for name in ("fastapi", "uvicorn", "joserfc", "uvloop", "httptools")]
        versions.append(f"redis-py {pins['redis']}")
        versions.append(f"Python {platform.python_version()}")
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    system = f"{platform.system()} {platform.release().partition('-')[0]}, {file_system(folder)}"
    return [
        f"- Date: {datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC. Command: `{command_line}`.",
        f"- Machine: {os.cpu_count()} cores, {cpu_name()}, {memory:.0f} GiB, {system}; {neighbours}.",
        f"- refresh-ledger {said}, scripts at {revision()}{f', beside the build of {other}' if other else ''}.",
        f"- Peers: {', '.join(versions)}.",
        "",
    ]


def write_document(document: Path, measured: str) -> None:
    text = document.read_text()
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"bench-peers: {document.name} lacks {BEGIN} or {END}")
    document.write_text(f"{before}{BEGIN}\n{measured}{END}{after}")
