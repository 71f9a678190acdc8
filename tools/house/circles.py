"""Circles between the files of one target: file A depends on file B, and B, over any way, on A.

A file depends on another when it names a top-level type of it that other files can see, and, under Sources, when it uses
a member (function, initializer, property, case, subscript) that is written in it; tools/house/members.py says which uses
can be told. A type spread over several files is no circle as long as the others use what the first declares and not the
other way round: an extension that its type's own file calls is one.
"""

import re
from collections import deque

from house.members import Package, Uses
from house.swift_source import SwiftSource

_NAME = re.compile(r"\b[A-Z]\w*")
_QUALIFIER = re.compile(r"(\w*)\s*\.\s*\Z")

Edges = dict[str, dict[str, tuple[str, int]]]


def circles(sources: list[SwiftSource]):
    """Yields (path, line, message), one for each group of files that depend on each other."""
    for edges, group in _targets(sources):
        way = _shortest_way(edges, group)
        steps = "".join(f" -({edges[start][end][0]})-> {_file(end)}" for start, end in way)
        start, end = way[0]
        rest = f" ({len(group)} files hang together here: --circles lists why)" if len(group) > len(way) else ""
        yield start, edges[start][end][1], f"circle between files: {_file(start)}{steps}{rest}"


def all_edges(sources: list[SwiftSource]):
    """Yields (path, line, message) for each dependency inside a group of files that depend on each other."""
    for edges, group in _targets(sources):
        for start in group:
            for end, (name, line) in sorted(edges[start].items()):
                if end in group:
                    yield start, line, f"{name} of {_file(end)}"


def _targets(sources: list[SwiftSource]):
    by_target: dict[str, list[SwiftSource]] = {}
    for source in sources:
        by_target.setdefault(source.target, []).append(source)
    package = Package([source for source in sources if source.path.startswith("Sources/")])
    for target in sorted(by_target):
        edges = _edges(by_target[target])
        if target.startswith("Sources/"):
            for source in by_target[target]:
                for use in Uses(package, source).all():
                    edges[source.path].setdefault(use.path, (use.name, use.line))
        yield from ((edges, group) for group in _groups(edges))


def _edges(sources: list[SwiftSource]) -> Edges:
    home: dict[str, str] = {}
    for source in sources:
        for declared in source.types:
            if declared.depth == 0 and not declared.is_private:
                home[declared.name] = source.path
    edges: Edges = {}
    for source in sources:
        own = {declared.name for declared in source.types}
        module = source.target.rsplit("/", 1)[-1]
        found = edges.setdefault(source.path, {})
        for match in _NAME.finditer(source.code):
            name = match.group()
            if name not in home or name in own or home[name] == source.path or home[name] in found:
                continue
            # `Outer.Name` is a nested type; `Module.Name` is ours.
            qualifier = _QUALIFIER.search(source.code, max(0, match.start() - 80), match.start())
            if qualifier and qualifier.group(1) != module:
                continue
            found[home[name]] = (name, source.line_at(match.start()))
    return edges


def _groups(edges: Edges) -> list[list[str]]:
    """The strongly connected groups of two files or more."""
    reach = {start: _reachable(edges, start) for start in edges}
    groups, seen = [], set()
    for start in sorted(edges):
        if start in seen:
            continue
        group = sorted(end for end in reach[start] if start in reach[end])
        seen.update(group)
        if len(group) > 1:
            groups.append(group)
    return groups


def _reachable(edges: Edges, start: str) -> set[str]:
    found, waiting = set(), [start]
    while waiting:
        for end in edges[waiting.pop()]:
            if end not in found:
                found.add(end)
                waiting.append(end)
    return found


def _shortest_way(edges: Edges, group: list[str]) -> list[tuple[str, str]]:
    best: list[tuple[str, str]] = []
    for start in group:
        ways = deque([[(start, end)] for end in edges[start] if end in group])
        seen = set()
        while ways:
            way = ways.popleft()
            last = way[-1][1]
            if last == start:
                if not best or len(way) < len(best):
                    best = way
                break
            if last not in seen:
                seen.add(last)
                ways.extend(way + [(last, end)] for end in edges[last] if end in group)
    return best


def _file(path: str) -> str:
    return path.rsplit("/", 1)[-1]
