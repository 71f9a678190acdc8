"""The mutants of a folder's *.mutants, and where the declarations that they change stand."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from house.brackets import matching
from house.declarations import Declaration
from house.swift_source import SwiftSource, without_comments

PLACE = Path(__file__).resolve().parent
# Patches in the same format that no suite is to notice: servers for tools/cluster-proof.
SERVERS = PLACE.parent / "cluster-proof.d"
# The part of the package that a file of mutants needs: an environment variable of Package.swift.
PARTS = {"tokens": "REFRESH_LEDGER_ENGINE", "postgres": "REFRESH_LEDGER_POSTGRES"}
CORE = "REFRESH_LEDGER_CORE"
# A function of C is its name alone; it begins at the start of a line.
_C_FUNCTION = re.compile(r"^[A-Za-z][^;{}()#]*?\b(\w+)\s*\([^;{}]*\)\s*\{", re.MULTILINE)


class NotFound(Exception):
    """An anchor or a text that is not there, and what to write instead where that can be told."""

    def __init__(self, edit: "Edit", text: str, anchor: str | None = None):
        super().__init__(text + ":\n" + "\n".join("    " + line for line in edit.old))
        self.edit = edit
        self.anchor = anchor


@dataclass
class Edit:
    anchor: str
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    # The line of the anchor in its file.
    line: int = 0

    @property
    def pattern(self) -> re.Pattern[str]:
        """The text, however its lines are broken and whatever the comments between them say."""
        text = without_comments("\n".join(self.old)).strip()
        parts = []
        for token in re.findall(r"\s+|[\[\](){}]|[^\s\[\](){}]+", text):
            if token.isspace():
                parts.append(r"\s+")
            elif token in "([":
                parts.append(re.escape(token) + r"\s*")
            elif token in ")]":
                parts.append(r"\s*" + re.escape(token))
            else:
                parts.append(re.escape(token))
        joined = "".join(parts)
        # A space beside a bracket asks for no second one.
        joined = joined.replace(r"\s*\s+", r"\s*").replace(r"\s+\s*", r"\s*")
        return re.compile(joined)


@dataclass
class Mutant:
    number: int
    part: str
    name: str
    fault: str
    path: Path
    suites: list[str] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)


def read_mutants(place: Path = PLACE) -> list[Mutant]:
    mutants: list[Mutant] = []
    for path in sorted(place.glob("*.mutants")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.startswith("## "):
                name, fault = line[3:].split(": ", 1)
                mutants.append(Mutant(len(mutants) + 1, PARTS.get(path.stem, CORE), name, fault, path))
            elif line.startswith("suites "):
                mutants[-1].suites = line.split()[1:]
            elif line.startswith("in "):
                mutants[-1].edits.append(Edit(line[3:].strip(), line=number))
            elif line.startswith("-"):
                mutants[-1].edits[-1].old.append(line[1:])
            elif line.startswith("+"):
                mutants[-1].edits[-1].new.append(line[1:])
            elif line.strip() and not line.startswith("#"):
                raise SystemExit(f"mutants: {path.name}:{number}: a line that is none of this format: {line}")
    return mutants


class Product:
    """The Swift and C files under Sources of one folder, with their declarations by name."""

    def __init__(self, root: Path):
        self.root = root
        self.texts: dict[str, str] = {}
        self._named: dict[str, list[tuple[str, Declaration]]] = {}
        # Without comments; keyed by the path, valid for the text beside it.
        self._uncommented: dict[str, tuple[str, str]] = {}
        for path in sorted(path for ending in ("swift", "c", "h") for path in (root / "Sources").rglob(f"*.{ending}")):
            self._read(str(path.relative_to(root)), path.read_text(encoding="utf-8"))

    def _read(self, path: str, text: str) -> None:
        if path in self.texts:
            for name in self._named:
                self._named[name] = [each for each in self._named[name] if each[0] != path]
        self.texts[path] = text
        for top in _declarations(path, text):
            for each in top.walk():
                name = each.type_path if each.kind == "extension" else each.path
                self._named.setdefault(name, []).append((path, each))

    def change(self, edits: list[Edit]) -> dict[str, str]:
        """The new texts of the files that the edits change, one after the other."""
        before = dict(self.texts)
        try:
            changed = set()
            for edit in edits:
                path, start, end = self.find(edit)
                text = self.texts[path]
                self._read(path, text[:start] + "\n".join(edit.new).strip() + text[end:])
                changed.add(path)
            return {path: self.texts[path] for path in sorted(changed)}
        finally:
            for path, text in before.items():
                if self.texts[path] != text:
                    self._read(path, text)

    def find(self, edit: Edit) -> tuple[str, int, int]:
        """The file, and where in it the text stands."""
        pattern = edit.pattern
        declared = self._named.get(edit.anchor, [])
        spans = self._spans(pattern, declared)
        if len(spans) == 1:
            return spans.pop()
        if len(spans) > 1:
            raise NotFound(edit, f"{edit.anchor} has this text {len(spans)} times, not once ({self._where(spans)})")
        # Elsewhere, perhaps: in a member of the same name that has moved to another type, or in one that was renamed.
        elsewhere = self._spans(pattern, self._namesakes(edit.anchor))
        if len(elsewhere) != 1:
            elsewhere = self._spans(pattern, None)
        anchors = {self.anchor_at(*span) for span in elsewhere} - {""}
        anchor = anchors.pop() if len(elsewhere) == 1 and anchors else None
        if declared:
            lacks = f"{edit.anchor} ({', '.join(sorted({path for path, _ in declared}))}) does not have this text"
        else:
            lacks = f"there is no declaration {edit.anchor} under Sources"
            if like := self._like(edit.anchor):
                lacks += f" (like it: {', '.join(like)})"
        if anchor:
            raise NotFound(edit, f"{lacks}; `in {anchor}` would find it ({self._where(elsewhere)})", anchor)
        found = f"the text stands {len(elsewhere)} times ({self._where(elsewhere)})" if elsewhere else "no file has this text"
        raise NotFound(edit, f"{lacks}; {found}")

    def _namesakes(self, anchor: str) -> list[tuple[str, Declaration]]:
        """The declarations of a member's name and labels, whosever they are."""
        ending = "." + anchor[len(anchor.split("(")[0].rpartition(".")[0]) :].lstrip(".")
        return [each for name, those in self._named.items() if ("." + name).endswith(ending) for each in those]

    def _like(self, anchor: str) -> list[str]:
        """Names that it may have now: those that end alike first."""
        same = [name for name in self._named if _last(name) == _last(anchor)]
        return (same + [name for name in difflib.get_close_matches(anchor, self._named, n=3) if name not in same])[:4]

    def anchor_at(self, path: str, start: int, end: int) -> str:
        """The name of the smallest declaration that holds the whole of a text."""
        found = ""
        for name, each in self._holding(path, start, end):
            found = name
        return found

    def _holding(self, path: str, start: int, end: int) -> Iterator[tuple[str, Declaration]]:
        """From the outermost to the innermost."""
        level = _declarations(path, self.texts[path])
        while inner := next((each for each in level if each.start <= start and end <= each.end), None):
            yield (inner.type_path if inner.kind == "extension" else inner.path), inner
            level = inner.members

    def _spans(self, pattern: re.Pattern[str], declared: list[tuple[str, Declaration]] | None) -> set[tuple[str, int, int]]:
        found = set()
        places = [(path, 0, len(text)) for path, text in self.texts.items()]
        if declared is not None:
            places = [(path, each.start, each.end) for path, each in declared]
        for path, start, end in places:
            found |= {(path, *match.span()) for match in pattern.finditer(self._code(path), start, end)}
        return found

    def _code(self, path: str) -> str:
        text = self.texts[path]
        if self._uncommented.get(path, ("",))[0] is not text:
            self._uncommented[path] = (text, without_comments(text))
        return self._uncommented[path][1]

    def _where(self, spans: set[tuple[str, int, int]]) -> str:
        lines = [f"{path}:{self.texts[path].count(chr(10), 0, start) + 1}" for path, start, _ in sorted(spans)]
        return ", ".join(lines[:5]) + (", ..." if len(lines) > 5 else "")


def _declarations(path: str, text: str) -> list[Declaration]:
    source = SwiftSource(path, text)
    if path.endswith(".swift"):
        return source.declarations
    return [
        Declaration("func", match.group(1), "", match.start(), matching(source.code, match.end() - 1), match.end() - 1)
        for match in _C_FUNCTION.finditer(source.code)
    ]


def _last(name: str) -> str:
    return name.split("(")[0].rsplit(".", 1)[-1]
