"""Which members of other files a file uses, as far as its text tells.

The receiver decides: `self`, a type, a parameter, a property or a local whose type is written or is that of what is
assigned to it, over any chain of properties, calls and elements of arrays. Names and labels of the arguments choose the member.
Where nothing tells the receiver's type (`$0`, what another module returns), a member counts only when all of the package
declares its name in one file and the name cannot easily be another module's: it has a label or is of two words. `.name`
alone counts only with a label, or where the file names its type.
What is ambiguous is no use: this misses some, and what it reports is there.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from house.brackets import split_top
from house.chains import Chains, Kind
from house.declarations import TYPE_KINDS, Declaration
from house.swift_source import SwiftSource

_STRIPPED = re.compile(r"^(?:(?:inout|borrowing|consuming|sending|isolated|any|some|repeat|__owned|@\w+(?:\([^)]*\))?)\s+)+")
_TWO_WORDS = re.compile(r"[a-z][A-Z]")
# Names of two words and more that are as likely to be the standard library's or SwiftNIO's.
_OUTSIDE = frozenset(
    "isEmpty removeAll removeFirst removeLast popLast firstIndex lastIndex startIndex endIndex hasPrefix hasSuffix withLock"
    " compactMap flatMap forEach dropFirst dropLast withUnsafeBytes withUnsafeMutableBytes reserveCapacity joined allSatisfy"
    " rawValue hashValue debugDescription makeIterator makeAsyncIterator localizedDescription fileSystemRepresentation"
    " readableBytes writeString writeBytes readInteger eventLoop remoteAddress isActive baseAddress totalNanoseconds".split()
)


@dataclass(frozen=True)
class Member:
    path: str
    declaration: Declaration


@dataclass(frozen=True)
class Use:
    name: str
    line: int
    path: str


class Package:
    """All declarations under Sources."""

    def __init__(self, sources: list[SwiftSource]):
        self.target_of = {source.path: source.target for source in sources}
        # The types, our own and those of others that are extended, by their whole name.
        self.types: set[str] = set()
        self.aliases: dict[str, str] = {}
        self.inherits: dict[str, list[str]] = defaultdict(list)
        self.members: dict[tuple[str, str], list[Member]] = defaultdict(list)
        self.by_name: dict[str, list[Member]] = defaultdict(list)
        modules = {source.target.rsplit("/", 1)[-1] for source in sources}
        self._modules = tuple(module + "." for module in modules)
        for source in sources:
            for top in source.declarations:
                for each in top.walk():
                    self._take(source.path, each)

    def _take(self, path: str, each: Declaration) -> None:
        if each.kind in TYPE_KINDS:
            self.inherits[each.type_path] += each.inherits
            if each.kind != "extension":
                self.types.add(each.type_path)
        elif each.kind in ("typealias", "associatedtype"):
            self.aliases[each.path] = each.type
        else:
            member = Member(path, each)
            self.members[each.owner, each.name].append(member)
            self.by_name[each.name].append(member)

    def kind(self, text: str, owner: str) -> Kind | None:
        """The type that a text names where `owner` is the type around it; None where that cannot be told."""
        text = _STRIPPED.sub("", text.strip()).strip()
        while text.endswith(("?", "!")):
            text = text[:-1].strip()
        if not text or "->" in text or text.startswith("("):
            return None
        if text.startswith("["):
            parts = split_top(text[1:-1], ":")
            element = self.kind(parts[-1][1], owner) if parts else None
            return Kind("Dictionary" if len(parts) > 1 else "Array", element=element)
        name, _, arguments = text.partition("<")
        name = name.strip()
        if not re.fullmatch(r"[\w.`]+", name):
            return None
        if name in ("Array", "Set", "ArraySlice", "Optional") and arguments:
            element = self.kind(arguments.rstrip(">"), owner)
            return element if name == "Optional" else Kind("Array", element=element)
        for module in self._modules:
            if name.startswith(module) and name.removeprefix(module) in self.types:
                name = name.removeprefix(module)
        if name == "Self" or name.startswith("Self."):
            name = owner + name[4:]
        return self._named(name, owner)

    def _named(self, name: str, owner: str) -> Kind:
        around = owner
        while True:
            whole = f"{around}.{name}" if around else name
            if whole in self.types:
                return Kind(whole)
            if alias := self.aliases.get(whole):
                return self.kind(alias, around) if alias != name else Kind(name)
            if not around:
                return Kind(name)
            around = around.rpartition(".")[0]

    def lookup(self, type_name: str, name: str) -> list[Member]:
        """The members of that name, those of the type's protocols too."""
        found, waiting, seen = [], [type_name], set()
        while waiting:
            each = waiting.pop()
            if each in seen:
                continue
            seen.add(each)
            found += self.members.get((each, name), [])
            for text in self.inherits.get(each, ()):
                for part in text.split("&"):
                    if (kind := self.kind(part, each.rpartition(".")[0])) is not None:
                        waiting.append(kind.name)
        return found


class Uses:
    """What one file uses of the others of its target."""

    def __init__(self, package: Package, source: SwiftSource):
        self.package, self.source = package, source

    def all(self) -> Iterator[Use]:
        for top in self.source.declarations:
            for each in top.walk():
                if each.kind in ("func", "init", "deinit", "subscript", "var", "let"):
                    for member, offset in Chains(self.package, self.source.code, each, self.choose).uses():
                        path = member.path
                        if path != self.source.path and self.package.target_of[path] == self.source.target:
                            yield Use(member.declaration.own_name, self.source.line_at(offset), path)

    def choose(self, candidates: list[Member], labels: list[str] | None, is_known: bool) -> list[Member]:
        """Those of the candidates that the use can mean; none where it may be one of several files."""
        seen = [
            each
            for each in candidates
            if (each.path == self.source.path or not each.declaration.is_private) and fits(each, labels)
        ]
        if not is_known:
            name = seen[0].declaration.name if seen else ""
            is_own = bool(_TWO_WORDS.search(name)) or any(label != "_" for label in labels or ())
            if not is_own or name in _OUTSIDE:
                return []
        return seen if len({each.path for each in seen}) == 1 else []


def fits(member: Member, labels: list[str] | None) -> bool:
    """Whether a call with these labels (None: no call) can mean the member. A closure may trail."""
    declared = member.declaration
    if labels is None:
        if declared.kind in ("func", "case") or declared.parameters is None:
            return True
        return all(each.has_default or "->" in each.type for each in declared.parameters)
    if declared.parameters is None:
        # A property that holds a function, or an initializer that is not written.
        return declared.kind in ("var", "let") and all(label == "_" for label in labels)
    if declared.kind == "case" and all(label == "_" for label in labels):
        return len(labels) <= len(declared.parameters)
    left = list(labels)
    for each in declared.parameters:
        if left and left[0] == each.label:
            left.pop(0)
            while left and left[0] == "_" and each.type.endswith("..."):
                left.pop(0)
        elif not (each.has_default or "->" in each.type):
            return False
    return not left
