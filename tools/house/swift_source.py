"""A Swift file as the rules see it: its text, its code without comments and strings, its declarations."""

import re
from dataclasses import dataclass
from functools import cached_property

from house.declarations import Declaration, declarations

_OPENING = re.compile(r'//|/\*|(?P<hashes>#*)"(?P<multi>"")?|[()]')
_COMMENT_EDGE = re.compile(r"/\*|\*/")

_TYPE = re.compile(r"\b(struct|class|enum|actor|protocol|typealias|macro)\s+(`?)([A-Za-z_]\w*)")
_PRIVATE = re.compile(r"\b(?:file)?private\b")
_FUNCTION = re.compile(
    r"\bfunc\s+(?P<func>`[^`\n]+`|[^\s(<]+)"
    r"|(?<![.\w])(?P<init>init)[?!]?\s*(?=[(<])"
    r"|(?<![.\w])(?P<deinit>deinit)\s*(?=\{)"
    r"|(?<![.\w])(?P<subscript>subscript)\s*(?=[(<])"
    r"|\bvar\s+(?P<var>`?\w+`?)\s*:"
)
# What begins the next declaration, so that a requirement without a body is not given its neighbour's.
_NEXT = re.compile(
    r"\s*(?:@|#|}|(?:[a-z]+(?:\(\w+\))?\s+)*"
    r"(?:func|var|let|init|deinit|subscript|case|associatedtype|typealias|struct|class|enum|actor|protocol|extension)\b)"
)
_IMPORT = re.compile(
    r"^[ \t]*(?:@\w+(?:\([^)\n]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|typealias|func|var|let|actor)\s+)?(\w+)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class NamedType:
    kind: str
    name: str
    offset: int
    depth: int
    is_private: bool


@dataclass(frozen=True)
class Function:
    name: str
    offset: int
    end: int


class SwiftSource:
    def __init__(self, path: str, text: str):
        self.path = path
        self.text = text
        self.target = target_of(path)

    def line_at(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def code(self) -> str:
        """The text with comments and string contents replaced by spaces; offsets and lines stay. Interpolations remain."""
        return _blank(self.text)

    @cached_property
    def uncommented(self) -> str:
        """The text with comments alone replaced by spaces."""
        return without_comments(self.text)

    @cached_property
    def declarations(self) -> list[Declaration]:
        """Those at the top of the file, with their members."""
        return declarations(self.code)

    @cached_property
    def imports(self) -> list[tuple[str, int]]:
        return [(match.group(1), match.start(1)) for match in _IMPORT.finditer(self.code)]

    @cached_property
    def types(self) -> list[NamedType]:
        """Every type that is declared, in functions too."""
        depths = _depths(self.code)
        found = []
        for match in _TYPE.finditer(self.code):
            line_start = self.code.rfind("\n", 0, match.start()) + 1
            before = self.code[line_start : match.start()]
            # `class func`, `class var`: a modifier, not a declaration.
            if match.group(3) in ("func", "var", "let", "subscript", "override", "final"):
                continue
            found.append(
                NamedType(
                    match.group(1), match.group(3), match.start(3), depths(match.start()), bool(_PRIVATE.search(before))
                )
            )
        return found

    @cached_property
    def functions(self) -> list[Function]:
        """Every function, initializer, subscript and computed property with a body."""
        found = []
        for match in _FUNCTION.finditer(self.code):
            opening = _body_opening(self.code, match.end(), is_variable=match.group("var") is not None)
            if opening is None:
                continue
            name = next(group for group in match.groups() if group).strip("`")
            found.append(Function(name, match.start(), _matching_brace(self.code, opening)))
        return found


def target_of(path: str) -> str:
    """Sources/X and Tests/X are targets; anything else goes by its folder."""
    parts = path.split("/")
    if parts[0] in ("Sources", "Tests") and len(parts) > 2:
        return "/".join(parts[:2])
    return "/".join(parts[:-1])


def without_comments(text: str) -> str:
    return _blank(text, with_strings=False)


def _blank(text: str, with_strings: bool = True) -> str:
    out = list(text)

    def erase(start: int, end: int) -> None:
        for index in range(start, min(end, len(out))):
            if out[index] != "\n":
                out[index] = " "

    def block_comment_end(position: int) -> int:
        depth = 0
        for edge in _COMMENT_EDGE.finditer(text, position):
            depth += 1 if edge.group() == "/*" else -1
            if depth == 0:
                return edge.end()
        return len(text)

    def string_end(position: int, hashes: str, multi: bool) -> int:
        closing = ('"""' if multi else '"') + hashes
        escape = "\\" + hashes
        edge = re.compile("|".join(re.escape(part) for part in ([closing, escape] + ([] if multi else ["\n"]))))
        while match := edge.search(text, position):
            if with_strings:
                erase(position, match.start())
            if match.group() != escape:
                return match.end()
            if text[match.end() : match.end() + 1] == "(":
                position = code_end(match.end() + 1, inside_interpolation=True)
            else:
                if with_strings:
                    erase(match.start(), match.end() + 1)
                position = match.end() + 1
        if with_strings:
            erase(position, len(text))
        return len(text)

    def code_end(position: int, inside_interpolation: bool) -> int:
        depth = 1
        while match := _OPENING.search(text, position):
            token = match.group()
            position = match.end()
            if token in "()":
                depth += 1 if token == "(" else -1
                if inside_interpolation and depth == 0:
                    return position
            elif token == "//":
                end = text.find("\n", position)
                end = len(text) if end < 0 else end
                erase(match.start(), end)
                position = end
            elif token == "/*":
                end = block_comment_end(match.start())
                erase(match.start(), end)
                position = end
            else:
                position = string_end(position, match.group("hashes"), match.group("multi") is not None)
        return len(text)

    code_end(0, inside_interpolation=False)
    return "".join(out)


def _depths(code: str):
    """A function from an offset to the count of braces open there."""
    edges = [(match.start(), 1 if match.group() == "{" else -1) for match in re.finditer(r"[{}]", code)]

    def depth(offset: int) -> int:
        return sum(step for position, step in edges if position < offset)

    return depth


def _body_opening(code: str, position: int, is_variable: bool) -> int | None:
    depth = 0
    for index in range(position, len(code)):
        character = code[index]
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
            if depth < 0:
                return None
        elif depth > 0:
            continue
        elif character == "{":
            return index
        elif character in "};" or (is_variable and character in "=,"):
            return None
        elif character == "\n" and (is_variable or _NEXT.match(code, index)):
            return None
    return None


def _matching_brace(code: str, opening: int) -> int:
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, opening):
        depth += 1 if match.group() == "{" else -1
        if depth == 0:
            return match.start()
    return len(code)
