"""Secrets that are recognised wherever they turn up, whole or a piece of them, in the forms that text is written in."""

import base64
import secrets
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

# A piece of a token is searched for as long as this: what leaks 40 characters or more of it holds one of the pieces.
PIECE, STEP = 24, 16


def new_secret(kind: str) -> str:
    """One with characters that forms and headers escape, around a core that nothing escapes."""
    core = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(20))
    return f"{kind} &%+:{core}"


def forms(text: bytes) -> Iterator[tuple[str, bytes]]:
    """How the bytes may stand in other text. In base64 they have three faces, by what stands before them."""
    yield "raw", text
    yield "hex", text.hex().encode()
    yield "HEX", text.hex().upper().encode()
    yield "URL", b"".join(b"%%%02X" % byte for byte in text)
    yield "url", b"".join(b"%%%02x" % byte for byte in text)
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + text)
        # Without the characters that hold bits of what stands before or after.
        first, last = (0, 2, 3)[shift], len(whole) - (0, 4, 4)[-(shift + len(text)) % 3]
        yield f"base64/{shift}", whole[first:last]
        yield f"base64url/{shift}", whole[first:last].translate(bytes.maketrans(b"+/", b"-_"))


def pieces(text: str) -> Iterator[bytes]:
    for start in range(0, max(1, len(text) - PIECE + STEP), STEP):
        piece = text[start : start + PIECE].encode()
        if len(piece) >= min(PIECE, 12):
            yield piece


@dataclass
class Canaries:
    """`find` says which of them stand in what bytes."""

    names: dict[bytes, str] = field(default_factory=dict, repr=False)

    def _add(self, name: str, text: bytes) -> None:
        for form, needle in forms(text):
            self.names[needle] = f"{name} ({form})"

    def add_secret(self, name: str, secret: str) -> None:
        self._add(name, secret.encode())
        self._add(f"{name}, its core", secret.rpartition(":")[2].encode())

    def add_token(self, name: str, token: str) -> None:
        """Every piece of its claims and its signature. The header is the same in all tokens and tells nothing."""
        _, claims, signature = token.split(".")
        for piece in pieces(claims):
            self._add(f"{name}, claims", piece)
        for piece in pieces(signature):
            self._add(f"{name}, signature", piece)
        self._add(f"{name}, signature decoded", base64.urlsafe_b64decode(signature + "=="))

    def find(self, haystack: bytes) -> set[str]:
        return {name for needle, name in self.names.items() if needle in haystack}

    def find_in(self, haystacks: Iterable[tuple[str, bytes]]) -> dict[str, set[str]]:
        found = {place: self.find(haystack) for place, haystack in haystacks}
        return {place: names for place, names in found.items() if names}
