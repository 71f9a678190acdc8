"""The uses of members in one declaration: its names one after the other, each with the type of what it is asked of."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from house.brackets import matching, parameters_of, split_top
from house.declarations import Declaration

_NAME = re.compile(r"`?[A-Za-z_]\w*`?|\$\d+")
_KEYWORDS = frozenset(
    "let var func if guard else switch case default for in while repeat return throw throws rethrows try await async do catch"
    " defer break continue fallthrough where as is nil true false inout import init struct enum class actor extension protocol"
    " static private fileprivate unsafe some any consume copy borrowing consuming nonisolated each super set get willSet didSet"
    " yield discard then of".split()
)
_BINDING = re.compile(r"\b(?:let|var)\s+(?:\(([^)]*)\)|(\w+)(?:\s*:\s*([^=\n{,]+?))?(?=\s*(?:[=,{)\n:]|else\b|\Z)))")
_PATTERN = re.compile(r"\bcase\s+let\s+\.?[\w.]*\(([^)]*)\)|\bfor\s+(?:case\s+)?(?:let\s+)?(?:\(([^)]*)\)|(\w+))\s+in\b")
_SHORT_BINDING = re.compile(r"(?:\b(?:if|guard|while)|,)\s+(?:let|var)\s+(\w+)\s*(?=[{,]|else\b)")
_CLOSURE = re.compile(
    r"\{\s*(?:\[[^\]]*\]\s*)?(?:@\w+\s+)*(?:\(([^()]*)\)|(\w+(?:\s*,\s*\w+)*))"
    r"\s*(?:async\s*)?(?:throws(?:\([^)]*\))?\s*)?(?:->[^{}\n]*?)?\s\bin\b"
)
_LOCAL_FUNCTION = re.compile(r"\bfunc\s+(\w+)[^(]*\(")
# What is assigned stands right before, behind words that do not change its type.
_ASSIGNED = re.compile(r"\b(?:let|var)\s+(\w+)\s*=\s*(?:(?:try[?!]?|await|unsafe|consume|copy)\s+)*\Z")
_LOOPED = re.compile(r"\bfor\s+(?:try\s+await\s+|await\s+)?(\w+)\s+in\s+(?:unsafe\s+)?\Z")
_SAME_ARRAY = frozenset("filter sorted reversed prefix suffix dropFirst dropLast shuffled".split())
_ELEMENT = frozenset("first last removeFirst removeLast popLast popFirst min max randomElement remove".split())


@dataclass(frozen=True)
class Kind:
    """A type: its whole name; of an array or a dictionary also what it holds. `is_type`: the type itself, not a value."""

    name: str
    element: "Kind | None" = None
    is_type: bool = False


class Chains:
    def __init__(self, package, code: str, declared: Declaration, choose: Callable):
        self.package, self.code, self.declared, self.choose = package, code, declared, choose
        self.owner = declared.owner
        self.start = declared.body
        if declared.kind in ("var", "let"):
            equals = code.find("=", declared.start, declared.end)
            brace = code.find("{", declared.start, declared.end)
            self.start = min([at for at in (equals, brace) if at >= 0], default=declared.end)
        self.locals: dict[str, Kind | None] = {}
        # The type of what ends at an offset, and the local that it is assigned to.
        self.type_at: dict[int, Kind | None] = {}
        self.goes_to: dict[int, tuple[str, bool]] = {}

    def uses(self) -> Iterator[tuple]:
        """Yields (member, offset)."""
        self._bind()
        for match in _NAME.finditer(self.code, self.start, self.declared.end):
            name = match.group().strip("`")
            if name in _KEYWORDS and not (name == "init" and self._is_asked(match.start())):
                continue
            yield from self._use(name, match)

    def _bind(self) -> None:
        code, begin, end = self.code, self.start, self.declared.end
        for name in ("error", "newValue", "oldValue"):
            self.locals[name] = None
        for match in _PATTERN.finditer(code, begin, end):
            self._bind_names(next(group for group in match.groups() if group is not None))
        for match in _CLOSURE.finditer(code, begin, end):
            if match.group(2):
                self._bind_names(match.group(2))
            else:
                self._bind_parameters(match.group(1))
        for match in _LOCAL_FUNCTION.finditer(code, begin, end):
            self.locals[match.group(1)] = None
            self._bind_parameters(code[match.end() : matching(code, match.end() - 1) - 1])
        for match in _BINDING.finditer(code, begin, end):
            if match.group(1):
                self._bind_names(match.group(1))
            else:
                self._bind_name(match.group(2), match.group(3))
        parameters = {each.name: self.package.kind(each.type, self.owner) for each in self.declared.parameters or ()}
        self.locals = parameters | self.locals
        # `if let log {`: the parameter or the property of that name.
        for match in _SHORT_BINDING.finditer(code, begin, end):
            name = match.group(1)
            self.locals[name] = parameters.get(name) or self._kind_of(self.package.lookup(self.owner, name))

    def _bind_names(self, text: str) -> None:
        for word in re.findall(r"\b[a-z_]\w*\b(?!\s*:)", text):
            if word not in ("let", "var"):
                self.locals[word] = None

    def _bind_parameters(self, text: str) -> None:
        for each in parameters_of(text):
            # `(a, b) in`: names without types.
            name, kind = (each.type, "") if each.name == "_" else (each.name, each.type)
            self._bind_name(name, kind)

    def _bind_name(self, name: str, text: str | None) -> None:
        kind = self.package.kind(text, self.owner) if text else None
        if name in self.locals and self.locals[name] != kind:
            kind = None
        self.locals[name] = kind

    def _is_asked(self, offset: int) -> bool:
        return offset > 0 and self.code[offset - 1] == "."

    def _use(self, name: str, match: re.Match) -> Iterator[tuple]:
        code, start, end = self.code, match.start(), match.end()
        before = start - 1
        while before >= 0 and code[before].isspace():
            before -= 1
        is_asked = code[before] == "." and code[before - 1] != "."
        if code[end : end + 1] == ":" and not is_asked:
            return
        labels, after = self._call(end)
        kind: Kind | None = None
        goes_to = None
        if is_asked:
            receiver, known, place = self._receiver(before)
            goes_to = self.goes_to.get(place)
            members = yield from self._member(name, labels, receiver, known, start)
            kind = self._result(name, labels, receiver, members)
        else:
            goes_to = self._assigned(start)
            if name == "self":
                kind = Kind(self.owner)
            elif name == "Self":
                kind = Kind(self.owner, is_type=True)
            elif name in self.locals:
                kind = self.locals[name] if labels is None else None
            elif name[0].isupper():
                kind = yield from self._type(name, labels, start)
            elif not name.startswith("$"):
                members = yield from self._implicit(name, labels, start)
                kind = self._kind_of(members)
        self._end(after, kind, goes_to)

    def _call(self, end: int) -> tuple[list[str] | None, int]:
        """The labels of a call that begins here, None without one, and where it ends."""
        code = self.code
        opening = end
        if code[end : end + 1] == "<" and (generic := re.compile(r"<[\w\s.,\[\]?&]+>(?=\()").match(code, end)):
            opening = generic.end()
        if code[opening : opening + 1] != "(":
            return None, end
        closing = matching(code, opening)
        labels = []
        for _, part in split_top(code[opening + 1 : closing - 1]):
            label = re.match(r"\s*(`?\w+`?):(?!:)", part)
            labels.append(label.group(1).strip("`") if label else "_")
        return labels, closing

    def _receiver(self, dot: int) -> tuple[Kind | None, bool, int]:
        """(its type, whether there is one at all, where it ends)."""
        code, place = self.code, dot
        while place > 0 and code[place - 1].isspace():
            place -= 1
        # `case .a` and `return .b` ask nothing; a chain goes on in the next line.
        if place < dot and "\n" not in code[place:dot]:
            return None, False, place
        while place > 0 and code[place - 1] in "?!":
            place -= 1
        has_receiver = place > 0 and (code[place - 1].isalnum() or code[place - 1] in "_)]}`\"")
        return self.type_at.get(place) if has_receiver else None, has_receiver, place

    def _member(self, name: str, labels, receiver: Kind | None, known: bool, offset: int):
        if receiver is not None:
            candidates = self.package.lookup(receiver.name, name)
            # Of another module's type: it may have such a member itself.
            chosen = self.choose(candidates, labels, receiver.name in self.package.types)
        else:
            candidates = self.package.by_name.get(name, [])
            if not known:
                # `.name` alone: of which type nobody says, so it has labels or the file speaks of the type elsewhere.
                candidates = [each for each in candidates if each.declaration.kind == "case" or each.declaration.is_static]
                if not any(label != "_" for label in labels or ()) and not all(self._names(each) for each in candidates):
                    candidates = []
            chosen = self.choose(candidates, labels, False)
        if chosen:
            yield chosen[0], offset
        return chosen or candidates if receiver is not None else chosen

    def _names(self, member) -> bool:
        return re.search(rf"\b{member.declaration.owner.rpartition('.')[2]}\b", self.code) is not None

    def _implicit(self, name: str, labels, offset: int):
        around = self.owner
        while True:
            candidates = self.package.lookup(around, name) if around else self.package.members.get(("", name), [])
            if candidates:
                chosen = self.choose(candidates, labels, True)
                if chosen:
                    yield chosen[0], offset
                return chosen or candidates
            if not around:
                return []
            around = around.rpartition(".")[0]

    def _type(self, name: str, labels, offset: int):
        kind = self.package.kind(name, self.owner)
        if kind is None:
            return None
        if labels is None:
            return Kind(kind.name, kind.element, is_type=True)
        chosen = self.choose(self.package.lookup(kind.name, "init"), labels, kind.name in self.package.types)
        if chosen:
            yield chosen[0], offset
        return kind

    def _result(self, name: str, labels, receiver: Kind | None, members) -> Kind | None:
        if name == "init":
            return Kind(receiver.name) if receiver else None
        if name == "self" and receiver:
            return receiver
        if receiver and receiver.element and not members:
            if name in _ELEMENT:
                return receiver.element
            if name == "values":
                return Kind("Array", receiver.element)
            return receiver if name in _SAME_ARRAY else None
        if receiver and not members and receiver.is_type and name[:1].isupper():
            return Kind(f"{receiver.name}.{name}", is_type=True)
        return self._kind_of(members)

    def _kind_of(self, members) -> Kind | None:
        kinds = {self.package.kind(each.declaration.type, each.declaration.owner) for each in members}
        return kinds.pop() if len(kinds) == 1 else None

    def _assigned(self, start: int) -> tuple[str, bool] | None:
        before = self.code[max(self.start, start - 120) : start]
        if match := _ASSIGNED.search(before):
            return match.group(1), False
        if match := _LOOPED.search(before):
            return match.group(1), True
        return None

    def _end(self, after: int, kind: Kind | None, goes_to: tuple[str, bool] | None) -> None:
        """Remembers the type of what ends here, also behind subscripts, marks and a closure that trails."""
        code = self.code
        ends = [(after, kind)]
        while True:
            character = code[after : after + 1]
            if character == "[":
                after = matching(code, after)
                if kind is not None and kind.element is None and not kind.is_type:
                    kind = self._kind_of(self.package.lookup(kind.name, "subscript"))
                else:
                    kind = kind.element if kind else None
            elif character and character in "?!" and code[after + 1 : after + 2] not in ("=",):
                after += 1
            else:
                break
            ends.append((after, kind))
        for place, each in ends:
            self.type_at[place] = each
            if goes_to:
                self.goes_to[place] = goes_to
        if goes_to:
            name, is_loop = goes_to
            value = ends[-1][1]
            self.locals[name] = value.element if is_loop and value else None if is_loop else value
