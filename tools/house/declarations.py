"""The declarations of a Swift file, as far as its text tells them: what each is called, whose it is, where it stands.

A member is named like `LedgerState.decide(_:of:at:)`: the types around it, its name, the labels of its arguments. A type's
extensions are declarations of the type's name, so a member is found wherever it is written.
"""

import re
from dataclasses import dataclass, field

from house.brackets import Parameter, matching, parameters_of, split_top

TYPE_KINDS = ("struct", "class", "enum", "actor", "protocol", "extension")
_WORD = re.compile(r"`?[A-Za-z_]\w*`?")
_MODIFIERS = frozenset(
    "public package internal fileprivate private open static final override mutating nonmutating lazy weak unowned nonisolated"
    " isolated required convenience indirect dynamic optional distributed consuming borrowing infix prefix postfix sending".split()
)
_ATTRIBUTE = re.compile(r"@[\w.]+")
_CLASS_MODIFIER = re.compile(r"class\s+(?:func|var|let|subscript)\b")
_FUNC_NAME = re.compile(r"\s*(`[^`\n]+`|[A-Za-z_]\w*|[^\s\w(`]+?(?=\s*[(<]\s*[\w<])|[^\s\w(`]+)")
_TYPE_NAME = re.compile(r"\s*(`?[A-Za-z_][\w.]*`?|\[[^\]{]*\])")
# A line goes on when the next one begins so, or when it ends in one of these.
_GOES_ON = re.compile(r"\s*(?:[.?:]|(?:&&|\|\||\?\?|[-+*/%=<>|&^]+)(?=\s)|(?:where|throws|async|rethrows)\b|->)")
_OPEN_ENDED = re.compile(r"(?:[=,+*/%|&?:<(\[]|(?<=\s)-|->|\b(?:in|where|throws))\s*\Z")


@dataclass
class Declaration:
    kind: str  # struct, ..., extension, func, init, deinit, subscript, var, let, case, typealias, associatedtype, operator
    name: str  # without labels
    owner: str  # the types around it, `Outer.Inner`; "" at the top of a file
    start: int  # with its attributes and modifiers
    end: int
    body: int  # where its braces open; `end` without a body
    is_private: bool = False
    is_static: bool = False
    parameters: list[Parameter] | None = None
    type: str = ""  # of a property; what a function returns
    inherits: list[str] = field(default_factory=list)
    members: list["Declaration"] = field(default_factory=list)

    @property
    def own_name(self) -> str:
        if self.parameters is None or self.kind == "case":
            return self.name
        return f"{self.name}({''.join(each.label + ':' for each in self.parameters)})"

    @property
    def path(self) -> str:
        """What an anchor calls it."""
        return f"{self.owner}.{self.own_name}" if self.owner else self.own_name

    @property
    def type_path(self) -> str:
        """For a type or an extension: the types' names."""
        return f"{self.owner}.{self.name}" if self.owner else self.name

    def walk(self):
        yield self
        for member in self.members:
            yield from member.walk()


def declarations(code: str) -> list[Declaration]:
    """Those at the top of a file, with their members; `code` has no comments and no contents of strings."""
    return _Parser(code).members(0, len(code), "", "")


class _Parser:
    def __init__(self, code: str):
        self.code = code

    def members(self, position: int, end: int, owner: str, inside: str) -> list[Declaration]:
        code, found = self.code, []
        while position < end:
            character = code[position]
            if character.isspace() or character in ";})":
                position += 1
                continue
            if character == "#":
                position = self._line_end(position)
                continue
            begin = position
            position, is_private, is_static = self._lead(position, end)
            word = _WORD.match(code, position)
            made = self._declaration(word.group(), word.end(), begin, owner, inside) if word else None
            if made is None:
                position = self.statement_end(position, end)
                continue
            for each in made:
                each.is_static = is_static
                # Nobody else sees what is in a private type or extension.
                for hidden in each.walk() if is_private else ():
                    hidden.is_private = True
            found += made
            position = max(max(each.end for each in made), position + 1)
        return found

    def _lead(self, position: int, end: int) -> tuple[int, bool, bool]:
        """Where attributes and modifiers end, whether they say `private`, whether `static`."""
        code, is_private, is_static = self.code, False, False
        while position < end:
            word = _WORD.match(code, position)
            if attribute := _ATTRIBUTE.match(code, position):
                position = attribute.end()
            elif word and (word.group() in _MODIFIERS or _CLASS_MODIFIER.match(code, position)):
                position = word.end()
                is_static = is_static or word.group() in ("static", "class")
                # `private(set)` hides half of a property.
                is_private = is_private or word.group() in ("private", "fileprivate") and code[position] != "("
            elif code[position].isspace():
                position += 1
                continue
            else:
                break
            if code[position : position + 1] == "(":
                position = matching(code, position)
        return position, is_private, is_static

    def _declaration(self, keyword: str, position: int, begin: int, owner: str, inside: str) -> list[Declaration] | None:
        code = self.code
        if keyword in TYPE_KINDS:
            return self._type(keyword, position, begin, owner)
        if keyword in ("func", "init", "subscript"):
            return self._function(keyword, position, begin, owner)
        if keyword == "deinit":
            body = code.find("{", position)
            return [Declaration("deinit", "deinit", owner, begin, matching(code, body), body)]
        if keyword in ("var", "let"):
            return self._variable(keyword, position, begin, owner)
        if keyword == "case" and inside == "enum":
            return self._cases(position, begin, owner)
        if keyword in ("typealias", "associatedtype", "operator", "precedencegroup", "macro"):
            name = re.compile(r"\s*([^\s:<({]+)").match(code, position)
            end = self.statement_end(position, len(code))
            text = code[name.end() : end].partition("=")[2].strip() if name else ""
            return [Declaration(keyword, name.group(1).strip("`"), owner, begin, end, end, type=text)] if name else None
        return None

    def _type(self, kind: str, position: int, begin: int, owner: str) -> list[Declaration] | None:
        code = self.code
        name = _TYPE_NAME.match(code, position)
        body = code.find("{", position)
        if not name or body < 0:
            return None
        end = matching(code, body)
        head = re.sub(r"<[^{]*?>(?=\s*(?::|where|$))", "", code[name.end() : body]).split(" where ")[0]
        inherits = [re.sub(r"@\w+\s+", "", part).strip() for _, part in split_top(head.partition(":")[2])]
        called = "Array" if name.group(1).startswith("[") else name.group(1).strip("`")
        made = Declaration(kind, called, owner, begin, end, body, inherits=inherits)
        made.members = self.members(body + 1, end - 1, made.type_path, kind)
        return [made]

    def _function(self, keyword: str, position: int, begin: int, owner: str) -> list[Declaration] | None:
        code, name = self.code, keyword
        if keyword == "func":
            match = _FUNC_NAME.match(code, position)
            if not match:
                return None
            name, position = match.group(1).strip("`"), match.end()
        opening = code.find("(", position)
        if opening < 0:
            return None
        closing = matching(code, opening)
        parameters = parameters_of(code[opening + 1 : closing - 1])
        body, end = self._body(closing)
        returned = re.search(r"->\s*(.+?)\s*(?:\bwhere\b.*)?\Z", code[closing : min(body, end)], re.DOTALL)
        return [
            Declaration(
                keyword, name, owner, begin, end, body, parameters=parameters, type=returned.group(1) if returned else ""
            )
        ]

    def _body(self, position: int) -> tuple[int, int]:
        """Where the braces of what begins before `position` open, and the end; both the end of the line without braces."""
        code = self.code
        while position < len(code):
            character = code[position]
            if character in "([":
                position = matching(code, position)
                continue
            if character == "{":
                return position, matching(code, position)
            if character in "};":
                break
            if character == "\n" and not re.compile(r"\s*(?:[{]|->|(?:async|throws|rethrows|where)\b)").match(code, position):
                break
            position += 1
        return position, position

    def _variable(self, keyword: str, position: int, begin: int, owner: str) -> list[Declaration] | None:
        end = self.statement_end(position, len(self.code))
        text = self.code[position:end]
        made = []
        for offset, part in split_top(text):
            match = re.match(r"\s*(`?\w+`?)\s*(?::([^={]+(?:\{\s*get[^}]*\})?[^={]*))?", part)
            if not match:
                continue
            # `let (a, b) = ...` and what follows a comma in an expression name nothing here.
            if made and not re.match(r"\s*`?\w+`?\s*[:=]", part) and made[0].type:
                break
            kind = (match.group(2) or "").strip()
            if not kind and (value := re.match(r"\s*=\s*(?:try[?]?\s+)?([A-Z][\w.]*)(?:<[^>]*>)?\(", part[match.end() :])):
                kind = value.group(1)
            brace = self.code.find("{", position + offset, end)
            body = brace if brace >= 0 else end
            made.append(Declaration(keyword, match.group(1).strip("`"), owner, begin, end, body, type=kind))
        # `let a, b: Int`: the type stands at the last.
        for index in range(len(made) - 2, -1, -1):
            made[index].type = made[index].type or made[index + 1].type
        return made or None

    def _cases(self, position: int, begin: int, owner: str) -> list[Declaration]:
        end = self.statement_end(position, len(self.code))
        made = []
        for offset, part in split_top(self.code[position:end]):
            match = re.match(r"\s*(`?\w+`?)\s*(\()?", part)
            if not match:
                continue
            parameters = None
            if match.group(2):
                opening = position + offset + match.end() - 1
                parameters = parameters_of(self.code[opening + 1 : matching(self.code, opening) - 1])
            made.append(Declaration("case", match.group(1).strip("`"), owner, begin, end, end, parameters=parameters, type=owner))
        return made

    def statement_end(self, position: int, end: int) -> int:
        """The end of the line that is whole: no bracket open, and no sign that the next line belongs to it."""
        code = self.code
        begin = position
        while position < end:
            character = code[position]
            if character in "([{":
                position = matching(code, position)
                continue
            if character in "})];":
                return position
            if character == "\n":
                line = code[code.rfind("\n", 0, position) + 1 : position]
                opens = re.compile(r"\s*\{").match(code, position) and "=" not in code[begin:position]
                if not (_GOES_ON.match(code, position) or opens or _OPEN_ENDED.search(line)):
                    return position
            position += 1
        return end

    def _line_end(self, position: int) -> int:
        end = self.code.find("\n", position)
        return len(self.code) if end < 0 else end
