"""What the server answers, and what came of holding it against what was expected."""

import base64
import json
from typing import Any, NamedTuple


class Stuck(Exception):
    """The case cannot go on."""


class Check(NamedTuple):
    what: str
    expected: str
    seen: str
    holds: bool


class Reply(NamedTuple):
    status: int
    body: bytes

    @property
    def members(self) -> dict[str, Any]:
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def __str__(self) -> str:
        error = self.members.get("error", "")
        return f"{self.status} {error}".strip()


class Pair(NamedTuple):
    access: str
    refresh: str
    # When it was asked for, and when it came, by this program's CLOCK_MONOTONIC.
    asked: float
    came: float
    members: dict[str, Any]

    @property
    def claims(self) -> dict[str, Any]:
        return claims_of(self.access)

    @property
    def session(self) -> str:
        return self.claims["sid"]


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
