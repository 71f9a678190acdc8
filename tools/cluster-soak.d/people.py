"""Log-ins, refreshes and log-outs beside the load."""

import base64
import heapq
import http.client
import itertools
import json
import threading
import time
import urllib.parse
from collections import Counter

from servers import ADMIN, PASSING_CLIENT, user

WORKERS = 4
# What a session does, each so many seconds after the step before: the second refresh moves its end past the moment at which the sweep
# first looks. Every second one leaves without a log-out.
STAYS = [(60.0, "refresh"), (90.0, "refresh")]
LEAVES = [(60.0, "log out")]
TIMEOUT = 30
FORM = "application/x-www-form-urlencoded"


class Worker(threading.Thread):
    """One after the other, on one connection."""

    def __init__(self, number: int, port: int, rate: float):
        super().__init__(daemon=True)
        self.number = number
        self.port = port
        self.interval = 1 / rate
        self.counts: Counter[str] = Counter()
        # Of an honest client that was refused, and other answers that there should not be.
        self.problems: list[str] = []
        self.is_ending = threading.Event()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)

    def run(self) -> None:
        turns = itertools.count()
        opened = 0
        start = time.monotonic() + self.number * self.interval / WORKERS
        # When, in which order, whose token, and what is to be done from then on. A log-in has no token yet.
        due: list[tuple[float, int, str | None, list[tuple[float, str]]]] = [(start, next(turns), None, [])]
        while not self.is_ending.wait(max(0, due[0][0] - time.monotonic())):
            when, _, token, steps = heapq.heappop(due)
            if token is None:
                heapq.heappush(due, (when + self.interval, next(turns), None, []))
                opened += 1
                steps = [*STAYS, *LEAVES * (opened % 2)]
                token = self.log_in(opened)
            else:
                token = self.take(steps[0][1], token)
                steps = steps[1:]
            if token is not None and steps:
                heapq.heappush(due, (when + steps[0][0], next(turns), token, steps))

    def take(self, what: str, token: str) -> str | None:
        """A step of a session; its token afterwards."""
        if what == "refresh":
            return self.refresh(token)
        self.log_out(token)
        return None

    def log_in(self, number: int) -> str | None:
        basic = base64.b64encode(":".join(urllib.parse.quote_plus(part) for part in ADMIN).encode()).decode()
        body = json.dumps({"subject": user(number), "client_id": PASSING_CLIENT, "scope": "read write"})
        answer = self.ask("/admin/sessions", body, {"Content-Type": "application/json", "Authorization": f"Basic {basic}"}, "log-ins")
        return answer and answer.get("refresh_token")

    def refresh(self, token: str) -> str | None:
        answer = self.post("/token", {"grant_type": "refresh_token", "refresh_token": token}, "refreshes")
        return answer and answer.get("refresh_token")

    def log_out(self, token: str) -> None:
        self.post("/revoke", {"token": token}, "log-outs")

    def post(self, path: str, form: dict[str, str], what: str) -> dict | None:
        return self.ask(path, urllib.parse.urlencode(form | {"client_id": PASSING_CLIENT}), {"Content-Type": FORM}, what)

    def ask(self, path: str, body: str, headers: dict[str, str], what: str) -> dict | None:
        """None where it was not answered as it should be."""
        try:
            self.connection.request("POST", path, body, headers)
            reply = self.connection.getresponse()
            said = reply.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            self.counts[f"{what} without an answer"] += 1
            self.problems.append(f"{what}: {error!r}")
            return None
        if not 200 <= reply.status < 300:
            self.counts[f"{what} answered {reply.status}"] += 1
            self.problems.append(f"{what}: {reply.status} {said[:200].decode(errors='replace')}")
            return None
        self.counts[what] += 1
        return json.loads(said) if said else {}


class People:
    """Some workers, as a context."""

    def __init__(self, port: int, log_ins: float):
        self.workers = [Worker(number, port, log_ins / WORKERS) for number in range(WORKERS)]

    def __enter__(self) -> "People":
        for worker in self.workers:
            worker.start()
        return self

    def __exit__(self, *_) -> None:
        for worker in self.workers:
            worker.is_ending.set()
        for worker in self.workers:
            worker.join()

    @property
    def counts(self) -> Counter[str]:
        return sum((worker.counts for worker in self.workers), Counter())

    @property
    def problems(self) -> list[str]:
        return [problem for worker in self.workers for problem in worker.problems]
