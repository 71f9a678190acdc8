"""The requests of the clients, as bytes, and what of a reply they read."""

import base64
import json
from typing import NamedTuple

# Names and tokens of ours need no quoting.
HOST = "Host: proof\r\n"


class Pair(NamedTuple):
    refresh: str
    access: str
    seconds: float


def pair_in(body: bytes) -> Pair:
    """Throws ValueError for a body that is no pair."""
    try:
        members = json.loads(body)
        return Pair(members["refresh_token"], members["access_token"], float(members["expires_in"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"no token pair: {error}") from None


def refresh(client: str, token: str) -> bytes:
    return _form("/token", f"grant_type=refresh_token&client_id={client}&refresh_token={token}")


def revoke(client: str, token: str) -> bytes:
    return _form("/revoke", f"client_id={client}&token={token}")


def show(access: str) -> bytes:
    return f"GET /me HTTP/1.1\r\n{HOST}Authorization: Bearer {access}\r\n\r\n".encode()


def open_session(admin: tuple[str, str], subject: str, client: str) -> bytes:
    body = json.dumps({"subject": subject, "client_id": client})
    head = f"POST /admin/sessions HTTP/1.1\r\n{HOST}{_basic(admin)}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


def end_all(admin: tuple[str, str], selector: str, name: str) -> bytes:
    """`selector` is `subject` or `client_id`."""
    return f"DELETE /admin/sessions?{selector}={name} HTTP/1.1\r\n{HOST}{_basic(admin)}\r\n".encode()


def _basic(account: tuple[str, str]) -> str:
    return f"Authorization: Basic {base64.b64encode(':'.join(account).encode()).decode()}\r\n"


def _form(path: str, body: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\n{HOST}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()
