"""The rules that look at one file at a time. Each yields (line, message)."""

import posixpath
import re

from house.limits import COMMENT_LENGTH_MAX, FILE_LINES_MAX, FUNCTION_LINES_MAX
from house.swift_source import SwiftSource

COMMAND_LINE = "Sources/refresh-ledger"

# Words that say nothing about what a thing is: the name should say what it holds or does instead.
EMPTY_WORDS = {
    "Manager": "say what it decides or keeps",
    "Helper": "say what it does",
    "Helpers": "say what they do",
    "Util": "move each part to what it serves",
    "Utils": "move each part to what it serves",
    "Utilities": "move each part to what it serves",
    "Handler": "say what it does with what it is given",
}
# Only as the last word of a type of ours, under Sources/: `SessionInfo` says no more than `Session`.
EMPTY_SUFFIXES = {"Info": "say which facts"}
# Anywhere in the name of a type of ours, under Sources/.
EMPTY_TYPE_WORDS = {"Data": "everything is data: say which", "Process": "say what happens"}
# Names that the outside fixes, and terms that it has given a meaning.
ALLOWED_NAMES = {
    "LogInfo": "the command `log info`",
    "handlerAdded": "what SwiftNIO calls",
    "handlerRemoved": "what SwiftNIO calls",
}
ALLOWED_TERMS = {"DataFolder": "what `--data` names"}

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
# Folders of one machine. `/tmp` too in Sources/: the server asks for its places.
_MACHINE_PATH = re.compile(r"(?<![\w.$}/*-])/(?:wo" r"rk|opt/sw" r"ift[\w-]*|ro" r"ot|ho" r"me)(?=/|[\"'`\s]|$)")
_TEMPORARY_PATH = re.compile(r"(?<![\w.$}/*-])/tmp\b")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")

# Under Sources/, a doc comment begins with the noun that its declaration stands for, or with the verb of what it does.
_RIDDLE = re.compile(r"\s*/// (What|Whether|How|Who|Where|When|Why|Of|Nil|As in|The same|So many|So long)\b")

_QUOTED_PATH = re.compile(r"`((?:Sources|Tests|Examples|Benchmarks|docs)/[\w./+-]+|tools/[\w/-]+)`")
_LINK = re.compile(r"\]\((?!https?:|#)([\w./+-]+)(?:#[\w-]*)?\)")


def sizes(source: SwiftSource):
    count = len(source.lines)
    # SwiftPM reads a manifest from one file.
    if count > FILE_LINES_MAX and source.path != "Package.swift":
        yield 1, f"{count} lines; a file has at most {FILE_LINES_MAX}: give a part with a name of its own its own file"
    for function in source.functions:
        first, last = source.line_at(function.offset), source.line_at(function.end)
        if last - first + 1 > FUNCTION_LINES_MAX:
            yield first, f"{function.name} has {last - first + 1} lines; a function has at most {FUNCTION_LINES_MAX}"


def topics(source: SwiftSource):
    """`Type+Topic.swift` extends Type and nothing else; what it needs beside is private."""
    stem = source.path.rsplit("/", 1)[-1].removesuffix(".swift")
    extended, plus, _ = stem.partition("+")
    if not plus or not source.path.startswith("Sources/"):
        return
    for each in source.declarations:
        line = source.line_at(each.start)
        if each.is_private or each.members and all(member.is_private for member in each.members):
            continue
        if each.kind != "extension":
            yield line, f"{each.kind} {each.name} in a file named after {extended}: give it a file, or make it private"
        elif each.name != extended and not each.name.startswith(extended + "."):
            yield line, f"extends {each.name} in a file named after {extended}: it belongs to a file of {each.name}"


def names(source: SwiftSource):
    stem = source.path.rsplit("/", 1)[-1].split(".")[0]
    yield from ((1, message) for message in _judge(stem, "file", EMPTY_WORDS))
    under_sources = source.path.startswith("Sources/")
    for declared in source.types:
        line = source.line_at(declared.offset)
        yield from ((line, message) for message in _judge(declared.name, declared.kind, EMPTY_WORDS))
        if not under_sources:
            continue
        yield from ((line, message) for message in _judge(declared.name, declared.kind, EMPTY_TYPE_WORDS))
        last = (_WORD.findall(declared.name) or [""])[-1]
        if last in EMPTY_SUFFIXES and declared.name not in ALLOWED_NAMES:
            yield line, f"{declared.kind} {declared.name}: '{last}' says nothing; {EMPTY_SUFFIXES[last]}"
    for function in source.functions:
        # A test's sentence may use any word.
        if " " not in function.name:
            line = source.line_at(function.offset)
            yield from ((line, message) for message in _judge(function.name, "function", EMPTY_WORDS))
            if _WORD.findall(function.name)[:1] == ["process"]:
                yield line, f"function {function.name}: 'process' says nothing; say what it does"


def _judge(name: str, kind: str, words: dict[str, str]):
    rest = name
    for term in ALLOWED_TERMS:
        rest = rest.replace(term, "")
    for word in _WORD.findall(rest):
        word = word[:1].upper() + word[1:]
        if word in words and name not in ALLOWED_NAMES:
            yield f"{kind} {name}: '{word}' says nothing; {words[word]}"


def expressions(source: SwiftSource):
    for pattern, message in (
        (r"\btry!", "try! traps: throw, or try #require in a test"),
        (r"\bas!", "as! traps: use as? and say what happens otherwise"),
    ):
        for match in re.finditer(pattern, source.code):
            yield source.line_at(match.start()), message
    if source.path.startswith("Sources/") and source.target != COMMAND_LINE:
        for match in re.finditer(r"(?<![.\w])(?:debugP|p)rint\(", source.code):
            before = source.code[: match.start()].rstrip()
            if not before.endswith("func"):
                yield source.line_at(match.start()), "print belongs to the command line: report to an observer"
    for match in re.finditer(r"@unchecked\s+Sendable", source.code):
        line = source.line_at(match.start())
        if not _has_reason(source.lines, line - 1):
            yield line, "@unchecked Sendable without a comment beside it that says why it is safe"


def comments(source: SwiftSource):
    before = ""
    for number, line in enumerate(source.lines, start=1):
        if line.lstrip().startswith("//"):
            if len(line) > COMMENT_LENGTH_MAX:
                yield number, f"a comment of {len(line)} characters; a line has at most {COMMENT_LENGTH_MAX}"
            begins = not before.lstrip().startswith("///")
            if source.path.startswith("Sources/") and begins and (match := _RIDDLE.match(line)):
                yield number, f"a doc comment that begins with '{match[1]}': begin with the noun or the verb"
        before = line


def _has_reason(lines: list[str], index: int) -> bool:
    if "//" in lines[index]:
        return True
    index -= 1
    while index >= 0 and lines[index].lstrip().startswith("@"):
        index -= 1
    return index >= 0 and lines[index].lstrip().startswith("//")


def text(path: str, content: str):
    """For every tracked text file, Swift or not."""
    for number, line in enumerate(content.splitlines(), start=1):
        if match := _UNFINISHED.search(line):
            yield number, f"{match.group()}: finish it, or open an issue"
        if (match := _MACHINE_PATH.search(line)) or (path.startswith("Sources/") and (match := _TEMPORARY_PATH.search(line))):
            yield number, f"{match.group()} is a folder of one machine"
        if not path.startswith("Tests/") and _PRIVATE_KEY.search(line):
            yield number, "a private key in the repository"


def script_size(path: str, content: str):
    count = content.count("\n")
    if path.startswith(("tools/", ".ci/")) and count > FILE_LINES_MAX:
        yield 1, f"{count} lines; a file has at most {FILE_LINES_MAX}"


def references(path: str, content: str, files: set[str]):
    """What a document names by path, in backquotes or as a link, must be there."""
    if not path.endswith(".md") or "/" in path and not path.startswith("docs/"):
        return
    for number, line in enumerate(content.splitlines(), start=1):
        named = [(name, name) for name in _QUOTED_PATH.findall(line)]
        for target in _LINK.findall(line):
            named.append((target, posixpath.normpath(posixpath.join(posixpath.dirname(path), target))))
        for name, place in named:
            place = place.rstrip("/")
            if place not in files and not any(file.startswith((place + "/", place + ".")) for file in files):
                yield number, f"{name} is not there"


def documentation_targets(path: str, content: str, files: set[str]):
    """The Swift Package Index is told of each module that has a catalogue, and of no other."""
    if path != ".spi.yml":
        return
    named = set(re.findall(r"\w+", (re.search(r"documentation_targets: \[([^\]]*)\]", content) or ["", ""])[1]))
    catalogues = {match.group(1) for file in files if (match := re.match(r"Sources/([\w-]+)/\1\.docc/", file))}
    for name in sorted(named ^ catalogues):
        yield 1, f"{name} {'has no catalogue' if name in named else 'has a catalogue and is not named'}"
