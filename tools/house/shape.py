"""How the files of the house are cut: folders, short files, the median; and the figures of it."""

import statistics
from collections import defaultdict

from house.limits import FOLDER_FILES_MAX, MEDIAN_LINES_MIN, SHORT_FILE_LINES, SHORT_SHARE_PERCENT_MAX
from house.swift_source import SwiftSource


def folders(sources: list[SwiftSource]):
    """Yields (path, line, message) for each folder with too many Swift files of its own."""
    for folder, files in sorted(_by_folder(sources).items()):
        if len(files) > FOLDER_FILES_MAX:
            yield (
                files[0].path, 1,
                f"{folder} has {len(files)} Swift files side by side; a folder has at most {FOLDER_FILES_MAX}: cut it by subject",
            )


def short_files(sources: list[SwiftSource]):
    """Yields (path, line, message) for each target under Sources with too many short files."""
    for target, files in sorted(_by_target(sources).items()):
        short = _short(files)
        allowed = max(1, len(files) * SHORT_SHARE_PERCENT_MAX // 100)
        if len(short) > allowed:
            least = min(short, key=lambda source: (len(source.lines), source.path))
            yield (
                least.path, 1,
                f"{target} has {len(short)} of {len(files)} files under {SHORT_FILE_LINES} lines"
                f" ({len(short) * 100 // len(files)} %); at most {allowed} ({SHORT_SHARE_PERCENT_MAX} %): join what changes together",
            )


def median(sources: list[SwiftSource]):
    """Yields (path, line, message) if the files under Sources are too short by the median."""
    files = [source for files in _by_target(sources).values() for source in files]
    lines = statistics.median(len(source.lines) for source in files) if files else MEDIAN_LINES_MIN
    if lines < MEDIAN_LINES_MIN:
        yield "Sources", 1, f"the median of the files is {lines:g} lines; at least {MEDIAN_LINES_MIN}: join what changes together"


def figures(sources: list[SwiftSource]) -> str:
    """A table: one row for each target under Sources, one for all of them, one for the tests."""
    head = ("target", "files", "lines", "median", "p90", "max", f"<{SHORT_FILE_LINES} lines", "largest folder")
    rows = [_row(target.removeprefix("Sources/"), files) for target, files in sorted(_by_target(sources).items())]
    rows.append(_row("all Sources", [source for files in _by_target(sources).values() for source in files]))
    rows.append(_row("all Tests", [source for source in sources if source.path.startswith("Tests/")]))
    rows = [head] + [row for row in rows if row]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def _row(name: str, files: list[SwiftSource]) -> tuple[str, ...] | None:
    if not files:
        return None
    lines = sorted(len(source.lines) for source in files)
    short = len(_short(files))
    folder, largest = max(_by_folder(files).items(), key=lambda each: len(each[1]))
    p90 = lines[min(len(lines) - 1, len(lines) * 9 // 10)]
    return (
        name, str(len(lines)), str(sum(lines)), f"{statistics.median(lines):g}", str(p90), str(lines[-1]),
        f"{short} ({short * 100 / len(lines):.0f} %)", f"{len(largest)} {folder}",
    )


def _short(files: list[SwiftSource]) -> list[SwiftSource]:
    return [source for source in files if len(source.lines) < SHORT_FILE_LINES]


def _by_target(sources: list[SwiftSource]) -> dict[str, list[SwiftSource]]:
    found = defaultdict(list)
    for source in sources:
        if source.path.startswith("Sources/"):
            found[source.target].append(source)
    return found


def _by_folder(sources: list[SwiftSource]) -> dict[str, list[SwiftSource]]:
    found = defaultdict(list)
    for source in sources:
        found[source.path.rpartition("/")[0]].append(source)
    return found
