"""One keep-alive HTTP/1.1 connection to a server on the loopback address."""

import base64
import json
import socket
from typing import NamedTuple
from urllib.parse import urlencode


class Lost(Exception):
    """No answer came: what was asked may have happened or not."""


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def member(self, name: str) -> str:
        value = json.loads(self.body).get(name)
        return value if isinstance(value, str) else ""


class Connection:
    """Its calls block, for `timeout` seconds at most; after `Lost` it is closed and the next request opens it again."""

    def __init__(self, port: int, timeout: float = 20):
        self.port = port
        self.timeout = timeout
        self.socket: socket.socket | None = None
        self.received = b""

    def ask(self, method: str, path: str, form: dict[str, str] | None = None, bearer: str = "") -> Reply:
        self.send(method, path, form, bearer)
        return self.receive()

    def send(self, method: str, path: str, form: dict[str, str] | None = None, bearer: str = "") -> None:
        head = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        body = b""
        if form is not None:
            body = urlencode(form).encode()
            head += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        if bearer:
            head.append(f"Authorization: Bearer {bearer}")
        try:
            if self.socket is None:
                self.received = b""
                self.socket = socket.create_connection(("127.0.0.1", self.port), self.timeout)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        except OSError as error:
            self.close()
            raise Lost(str(error)) from None

    def receive(self) -> Reply:
        try:
            while (end := self.received.find(b"\r\n\r\n")) < 0:
                self._more()
            lines = self.received[:end].decode("latin-1").split("\r\n")
            headers = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            until = end + 4 + int(headers.get("content-length", "0"))
            while len(self.received) < until:
                self._more()
            body, self.received = self.received[end + 4 : until], self.received[until:]
            return Reply(int(lines[0].split(" ")[1]), headers, body)
        except (OSError, ValueError, IndexError) as error:
            self.close()
            raise Lost(str(error)) from None

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _more(self) -> None:
        if self.socket is None:
            raise OSError("the connection is closed")
        piece = self.socket.recv(65536)
        if not piece:
            raise OSError("the connection ended")
        self.received += piece


def log_in(connection: Connection, client: str, user: str, password: str) -> Reply:
    form = {"grant_type": "password", "client_id": client, "username": user, "password": password}
    return connection.ask("POST", "/token", form)


def refresh_form(client: str, token: str) -> dict[str, str]:
    return {"grant_type": "refresh_token", "client_id": client, "refresh_token": token}


def session_and_generation(token: str) -> str:
    """What the `jti` of one of our tokens says, for a message; nothing is decided by it."""
    try:
        payload = token.split(".")[1]
        identifier = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["jti"]
        raw = base64.urlsafe_b64decode(identifier + "==")
        return f"session {identifier[:16]} generation {int.from_bytes(raw[12:], 'big')}"
    except (ValueError, KeyError, IndexError):
        return "an unreadable token"
