"""The users and clients that a test gives to its server."""

import base64
import urllib.parse
from dataclasses import dataclass, field


@dataclass(frozen=True)
class User:
    name: str
    password: str = field(repr=False, default="correct horse battery")
    scopes: str = "read write"


@dataclass(frozen=True)
class Client:
    """An OAuth client; public where it has no secret. `options` go to `clients add`: `("--grace", "10s")`."""

    id: str
    secret: str | None = field(repr=False, default=None)
    options: tuple[str, ...] = ()

    @property
    def basic(self) -> str:
        """The value of an Authorization header, form-encoded as RFC 6749 §2.3.1 has it."""
        pair = ":".join(urllib.parse.quote_plus(text) for text in (self.id, self.secret or ""))
        return "Basic " + base64.b64encode(pair.encode()).decode()


ALICE = User("alice")
# One client of each kind that every test may use; BOSS may introspect and use the admin routes.
CONFIDENTIAL = Client("web", "a secret of sixteen+", ("--scopes", "read write"))
PUBLIC = Client("app")
BOSS = Client("boss", "the secret of the boss", ("--admin", "--introspect"))
