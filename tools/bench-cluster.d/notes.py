"""What it costs the primary that the use of a new pair closes the grace window at every instance."""

import http.client
import json
import secrets
import threading
import time
from urllib.parse import urlencode

from ground import SCHEMA, Ground
from instances import Instance
from opener import Opener, granted
from programs import Failure, free_ports, run

SESSIONS = 4000
CALLERS = 8
# A use counts once callers that share a token have all been answered.
RIPE_SECONDS = 3.0
FLUSH_SECONDS = 1.0


def measure(ground: Ground) -> float:
    """In microseconds of the primary for each session.

    At one instance, sessions with a grace window are rotated once each, and then their new access tokens are used, twice. The first use is
    noted in the database, the second is not: the difference is what a note costs.
    """
    opener, client = Opener(ground), f"patient-{secrets.token_hex(4)}"
    words = [ground.binary, "clients", "add", client, "--public", "--grace", "5m", "--database", ground.url]
    run(words, seconds=60, **ground.environment)
    ground.settings.instances = free_ports(1)
    instance = Instance(1, ground.settings, ground.place)
    instance.start()
    try:
        instance.wait_until_ready()
        callers = [Caller(instance.port, opener, client, SESSIONS // CALLERS) for _ in range(CALLERS)]
        together(callers, Caller.open_and_rotate)
        time.sleep(RIPE_SECONDS)
        first = watched(ground, callers)
        noted = int(ground.primary.ask(
            f"select count(*) from {SCHEMA}.session where client = '{client}' and successor_seen", database="ledger"))
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

    def __init__(self, port: int, opener: Opener, client: str, sessions: int):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.opener = opener
        self.client = client
        self.sessions = sessions
        self.access: list[str] = []

    def open_and_rotate(self) -> None:
        for _ in range(self.sessions):
            opened = self.opener.open(self.connection, self.client)
            form = urlencode({"grant_type": "refresh_token", "client_id": self.client, "refresh_token": opened["refresh_token"]})
            self.access.append(json.loads(granted(self.connection, "POST", "/token", None, form))["access_token"])

    def use(self) -> None:
        for token in self.access:
            granted(self.connection, "GET", "/me", f"Bearer {token}")
