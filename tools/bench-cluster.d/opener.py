"""Who opens the sessions that are measured over HTTP, and how a server is asked."""

import base64
import http.client
import json
import secrets

from ground import Ground
from programs import Failure, run


class Opener:
    """A client with a secret that opens sessions for others (POST /admin/sessions)."""

    def __init__(self, ground: Ground):
        self.subject = ground.settings.user
        name, secret = f"opener-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
        run(
            [ground.binary, "clients", "add", name, "--secret-stdin", "--admin", "--database", ground.url], text=f"{secret}\n", seconds=60,
            **ground.environment)
        self.authorization = "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()

    def open(self, connection: http.client.HTTPConnection, client: str) -> dict:
        """A session of the client; its tokens."""
        opening = json.dumps({"subject": self.subject, "scope": "", "client_id": client})
        return json.loads(granted(connection, "POST", "/admin/sessions", self.authorization, opening, "application/json"))


def granted(connection: http.client.HTTPConnection, method: str, path: str, *more: str | None) -> bytes:
    """Its body. A refusal is a failure of the measurement."""
    status, said = ask(connection, method, path, *more)
    if status not in (200, 201):
        raise Failure(f"{method} {path} was answered {status} {said[:200]!r}")
    return said


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, authorization: str | None = None, body: str | None = None,
    kind: str = "application/x-www-form-urlencoded",
) -> tuple[int, bytes]:
    headers = {name: value for name, value in (("Content-Type", body and kind), ("Authorization", authorization)) if value is not None}
    connection.request(method, path, body, headers)
    reply = connection.getresponse()
    return reply.status, reply.read()
