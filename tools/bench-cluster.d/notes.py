"""What it costs the primary that the use of a new pair closes the grace window at every instance."""

import base64
import http.client
import json
import secrets
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from ground import SCHEMA, Ground
from instances import Instance
from programs import Failure, free_ports, run

SESSIONS = 4000
CALLERS = 8
# A use counts once callers that share a token have all been answered.
RIPE_SECONDS = 3.0
FLUSH_SECONDS = 1.0


@dataclass(frozen=True)
class Accounts:
    """A public client with a grace window, one that opens sessions for it, and whose sessions they are."""

    subject: str
    client: str
    opener: str
    secret: str

    def make(self, ground: Ground) -> None:
        for name, words, text in ((self.client, ["--public", "--grace", "5m"], ""), (self.opener, ["--secret-stdin", "--admin"], f"{self.secret}\n")):
            run([ground.binary, "clients", "add", name, *words, "--database", ground.url], text=text, seconds=60, **ground.environment)

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.opener}:{self.secret}".encode()).decode()


def measure(ground: Ground) -> float:
    """In microseconds of the primary for each session.

    At one instance, sessions with a grace window are rotated once each, and then their new access tokens are used, twice. The first use is
    noted in the database, the second is not: the difference is what a note costs.
    """
    accounts = Accounts(ground.settings.user, f"patient-{secrets.token_hex(4)}", f"opener-{secrets.token_hex(4)}", secrets.token_urlsafe(24))
    accounts.make(ground)
    ground.settings.instances = free_ports(1)
    instance = Instance(1, ground.settings, ground.place)
    instance.start()
    try:
        instance.wait_until_ready()
        callers = [Caller(instance.port, accounts, SESSIONS // CALLERS) for _ in range(CALLERS)]
        together(callers, Caller.open_and_rotate)
        time.sleep(RIPE_SECONDS)
        first = watched(ground, callers)
        noted = int(ground.primary.ask(
            f"select count(*) from {SCHEMA}.session where client = '{accounts.client}' and successor_seen", database="ledger"))
        if noted != SESSIONS:
            raise Failure(f"{noted} of {SESSIONS} uses of a successor were noted in the database")
        second = watched(ground, callers)
    finally:
        instance.stop()
    return (first - second) * 1e6 / SESSIONS


def watched(ground: Ground, callers: list["Caller"]) -> float:
    """The primary's processor time while all access tokens are used, and until what is to be noted is noted: the same span each time."""
    began, moment = ground.processor_seconds(), time.monotonic()
    together(callers, Caller.use)
    time.sleep(max(FLUSH_SECONDS, RIPE_SECONDS - (time.monotonic() - moment)))
    return ground.processor_seconds() - began


def together(callers: list["Caller"], work) -> None:
    failures: list[BaseException] = []

    def guarded(caller: "Caller") -> None:
        try:
            work(caller)
        except (OSError, Failure, http.client.HTTPException) as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(caller,), daemon=True) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise Failure(f"a request of the measurement failed: {failures[0]}")


class Caller:
    """One connection, and the sessions that were opened over it."""

    def __init__(self, port: int, accounts: Accounts, sessions: int):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.accounts = accounts
        self.sessions = sessions
        self.access: list[str] = []

    def open_and_rotate(self) -> None:
        for _ in range(self.sessions):
            opening = json.dumps({"subject": self.accounts.subject, "scope": "", "client_id": self.accounts.client})
            opened = self.ask("POST", "/admin/sessions", self.accounts.basic, opening, "application/json")
            form = urlencode({"grant_type": "refresh_token", "client_id": self.accounts.client, "refresh_token": opened["refresh_token"]})
            self.access.append(self.ask("POST", "/token", None, form, "application/x-www-form-urlencoded")["access_token"])

    def use(self) -> None:
        for token in self.access:
            self.ask("GET", "/me", f"Bearer {token}")

    def ask(self, method: str, path: str, authorization: str | None, body: str | None = None, kind: str | None = None) -> dict:
        headers = {name: value for name, value in (("Content-Type", kind), ("Authorization", authorization)) if value is not None}
        self.connection.request(method, path, body, headers)
        reply = self.connection.getresponse()
        said = reply.read()
        if reply.status not in (200, 201):
            raise Failure(f"{method} {path} was answered {reply.status} {said[:200]!r}")
        return json.loads(said)
