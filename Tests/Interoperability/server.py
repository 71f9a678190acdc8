"""The real server on a free port of the loopback address, with a data folder of its own, and the command line on that folder.

Only the standard library: a test may speak to the server with whatever client it is about.
"""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.parse
import weakref
from dataclasses import dataclass, field
from pathlib import Path

from accounts import Client, User

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 20
# What is shown of a server's output in the report of a failure.
SHOWN_BYTES = 2000

live_servers: "weakref.WeakSet[Server]" = weakref.WeakSet()


def binary() -> Path:
    """The command under test: $REFRESH_LEDGER_BINARY, else the newest build of this repository."""
    if given := os.environ.get("REFRESH_LEDGER_BINARY"):
        path = Path(given).resolve()
        if not path.is_file():
            raise FileNotFoundError(f"REFRESH_LEDGER_BINARY names {path}, which does not exist")
        return path
    built = [ROOT / ".build" / kind / "refresh-ledger" for kind in ("debug", "release")]
    built = [path for path in built if path.is_file()]
    if not built:
        raise FileNotFoundError("no refresh-ledger: run `swift build`, or set REFRESH_LEDGER_BINARY")
    return max(built, key=lambda path: path.stat().st_mtime)


def environment() -> dict[str, str]:
    """Nothing of the caller's that the command reads as a setting."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}


def command(*arguments: str, text: str | bytes | None = None, seconds: float = 30) -> subprocess.CompletedProcess[bytes]:
    """Runs `refresh-ledger` with `text` on its standard input; whatever it exits with."""
    given = text.encode() if isinstance(text, str) else text
    return subprocess.run(
        [binary(), *arguments], input=given or b"", capture_output=True, env=environment(), timeout=seconds, check=False
    )


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes = field(repr=False)

    @property
    def json(self):
        return json.loads(self.body)


class StartFailure(Exception):
    pass


class Server:
    """One data folder, and the `refresh-ledger serve` that runs on it. `start` and `stop` may alternate."""

    def __init__(self, folder: Path, users: tuple[User, ...] = (), clients: tuple[Client, ...] = (), configuration: str = ""):
        """`configuration` is YAML. Without an `issuer:` in it the issuer is the server's URL."""
        folder.mkdir(parents=True, exist_ok=True)
        self.data = folder / "data"
        self.data.mkdir(mode=0o700)
        self.output_path = folder / "output"
        self.configuration_path = folder / "configuration.yaml"
        self.configuration = configuration
        self.configuration_path.write_text(configuration or "wire: standard\n")
        self.child: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.issuer = ""
        self.ready_path = "/health/ready"
        self._secrets: list[str] = []
        for user in users:
            self.add_user(user)
        for client in clients:
            self.add_client(client)

    # Accounts and commands

    def command(self, *arguments: str, text: str | bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        return command(*arguments, "--data", str(self.data), text=text)

    def add_user(self, user: User) -> None:
        self._secrets.append(user.password)
        scopes = ("--scopes", user.scopes) if user.scopes else ()
        self._must(self.command("users", "add", user.name, "--password-stdin", *scopes, text=user.password))

    def add_client(self, client: Client) -> None:
        if client.secret is None:
            kind = ("--public",)
        else:
            kind = ("--secret-stdin",)
            self._secrets.append(client.secret)
        self._must(self.command("clients", "add", client.id, *kind, *client.options, text=client.secret))

    def _must(self, done: subprocess.CompletedProcess[bytes]) -> None:
        if done.returncode != 0:
            raise StartFailure(f"exit {done.returncode}: {self._redacted(done.stderr.decode(errors='replace'))}")

    # Life

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.child is not None, "the server does not run"
        return self.child.pid

    def start(self) -> "Server":
        """Returns when /health/ready says 200. The port stays the same from the second start on."""
        for attempt in range(3):
            if not self.issuer:
                self.port = free_port()
            try:
                self._start_once()
            except StartFailure:
                # Another program may have taken the port since it was found free.
                if attempt == 2 or self.issuer or "in use" not in self.output():
                    raise
            else:
                self.issuer = self.issuer or self.url
                return self
        raise AssertionError("not reached")

    def _start_once(self) -> None:
        settings = environment()
        if "issuer:" not in self.configuration:
            settings["REFRESH_LEDGER_TOKENS_ISSUER"] = self.url
        arguments = ["--data", str(self.data), "--config", str(self.configuration_path), "--port", str(self.port)]
        with open(self.output_path, "ab") as output:
            self.child = subprocess.Popen(
                [binary(), "serve", *arguments], env=settings, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        live_servers.add(self)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                raise StartFailure(f"the server ended with {self.child.returncode}: {self.output()}")
            try:
                if self.request("GET", self.ready_path, seconds=2).status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.01)
        self.stop()
        raise StartFailure(f"not ready after {START_SECONDS} s: {self.output()}")

    def stop(self, seconds: float = 15) -> int | None:
        """SIGTERM, then SIGKILL; the exit code, None where it did not run. Stops nothing but its own child."""
        child, self.child = self.child, None
        if child is None:
            return None
        live_servers.discard(self)
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(seconds)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        return child.returncode

    def terminate(self) -> None:
        """SIGTERM to its own child, and nothing waited for."""
        if self.runs:
            self.child.send_signal(signal.SIGTERM)

    def reload(self) -> None:
        os.kill(self.pid, signal.SIGHUP)

    @property
    def runs(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def __enter__(self) -> "Server":
        return self if self.runs else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # What it printed

    @property
    def printed(self) -> int:
        """How many bytes all runs printed."""
        return self.output_path.stat().st_size if self.output_path.exists() else 0

    def output(self, since: int = 0) -> str:
        """The end of what was printed since byte `since`, without passwords, secrets and tokens."""
        try:
            with open(self.output_path, "rb") as file:
                file.seek(max(since, self.printed - SHOWN_BYTES))
                return self._redacted(file.read().decode(errors="replace"))
        except FileNotFoundError:
            return ""

    def _redacted(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        text = re.sub(r"\beyJ[\w-]{8,}(\.[\w-]*)*", "[token]", text)
        return re.sub(r"(PASSWORD|CLIENT)='[^']*'", r"\1='[secret]'", text)

    # Requests

    def request(
        self,
        method: str,
        path: str,
        form: dict[str, str] | list[tuple[str, str]] | None = None,
        body: bytes | str | None = None,
        headers: dict[str, str] | None = None,
        client: Client | None = None,
        bearer: str | None = None,
        seconds: float = 20,
    ) -> Reply:
        """One request on a connection of its own. `client` authenticates by Basic, or by its id in the form where it is public."""
        sent = dict(headers or {})
        if client is not None and client.secret is not None:
            sent.setdefault("Authorization", client.basic)
        elif client is not None:
            form = [("client_id", client.id), *(form.items() if isinstance(form, dict) else form or [])]
        if bearer is not None:
            sent["Authorization"] = f"Bearer {bearer}"
        if form is not None:
            body = urllib.parse.urlencode(form)
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body=body.encode() if isinstance(body, str) else body, headers=sent)
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def log_in(self, user: User, client: Client, scope: str | None = None) -> dict:
        """The token reply of the password grant."""
        form = {"grant_type": "password", "username": user.name, "password": user.password}
        if scope is not None:
            form["scope"] = scope
        return self._tokens(self.request("POST", "/token", form=form, client=client))

    def refresh(self, refresh_token: str, client: Client) -> dict:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._tokens(self.request("POST", "/token", form=form, client=client))

    def open_session(self, subject: str, admin: Client, client: Client, scope: str = "read write") -> dict:
        """The token reply of `POST /admin/sessions`: a session without the cost of a password hash."""
        body = json.dumps({"subject": subject, "client_id": client.id, "scope": scope})
        reply = self.request(
            "POST", "/admin/sessions", body=body, headers={"Content-Type": "application/json"}, client=admin
        )
        return self._tokens(reply)

    def _tokens(self, reply: Reply) -> dict:
        assert reply.status in (200, 201), f"{reply.status}: {self._redacted(reply.body.decode(errors='replace'))}"
        return reply.json


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
