"""What stands in brackets: where they close, the parts between commas, the parameters of a declaration."""

import re
from dataclasses import dataclass

_BRACKETS = re.compile(r"[()\[\]{}]")


@dataclass
class Parameter:
    label: str
    name: str
    type: str
    has_default: bool


def matching(code: str, opening: int) -> int:
    """The offset after what closes the bracket at `opening`."""
    depth = 0
    for match in _BRACKETS.finditer(code, opening):
        depth += 1 if match.group() in "([{" else -1
        if depth == 0:
            return match.end()
    return len(code)


def split_top(text: str, separator: str = ",") -> list[tuple[int, str]]:
    """The parts between separators that are in no bracket, each with its offset."""
    parts, depth, begin = [], 0, 0
    for index, character in enumerate(text):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "<" and index and (text[index - 1].isalnum() or text[index - 1] == "_"):
            depth += 1
        elif character == ">" and index and text[index - 1] != "-" and depth > 0 and "<" in text[begin:index]:
            depth -= 1
        elif character == separator and depth <= 0:
            parts.append((begin, text[begin:index]))
            begin = index + 1
    parts.append((begin, text[begin:]))
    return [(offset, part) for offset, part in parts if part.strip()]


def parameters_of(text: str) -> list[Parameter]:
    """Of the text between the parentheses of a declaration."""
    found = []
    for _, part in split_top(text):
        part = re.sub(r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*", "", part)
        names, colon, rest = part.partition(":")
        if not colon or not re.fullmatch(r"\s*`?\w+`?(?:\s+`?\w+`?)?\s*", names):
            # The payload of a case without a label.
            found.append(Parameter("_", "_", part.strip(), False))
            continue
        words = [word.strip("`") for word in names.split()]
        kind, equals, _ = _before_default(rest)
        found.append(Parameter(words[0] if words else "_", words[-1] if words else "_", kind.strip(), bool(equals)))
    return found


def _before_default(text: str) -> tuple[str, str, str]:
    depth = 0
    for index, character in enumerate(text):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "=" and depth == 0 and text[index - 1 : index + 2] not in ("==", "!=", ">=", "<="):
            return text[:index], "=", text[index + 1 :]
    return text, "", ""
