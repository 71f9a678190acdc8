"""Concurrent HTTP clients of several instances, in processes of their own, with the histories that they judge.

    accounts(workers)     who has to be there: `users add`, `clients add`
    SETTINGS              of each instance
    traffic = Traffic(seed, instances, admin=ADMIN, reuse="revoke-session")
    traffic.start(); ...; traffic.stop(); traffic.settle(); traffic.check()
    traffic.violations, traffic.counts, traffic.longest_pause(since, until), traffic.delays, traffic.facts(), traffic.dump(file)

Every request goes to an instance by chance. Three of seven clients are honest: they rotate, show their access tokens, and ask again at
another instance where no answer came. The others race, replay, lose answers, steal tokens and end sessions; an administrator ends all
sessions of a client or of a subject of theirs now and then.
What is judged, and how: history.py.
"""

import json
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import worker  # noqa: E402
from history import Bounds  # noqa: E402
from wire import longest_gap  # noqa: E402
from work import Facts, Kind, Plan  # noqa: E402

WORKERS = 2
FILES_MAX = 4096
GRACE_SECONDS = 300
# Name and secret of the client with `--admin`.
ADMIN = ("proof-admin", "secret-of-the-proof")
SETTINGS = {"REFRESH_LEDGER_TOKENS_ACCESS_TTL": "12h", "REFRESH_LEDGER_LIMITS_LOGIN_PER_MINUTE": "0"}
REUSE = ("revoke-session", "refuse")


class ClientAccount(NamedTuple):
    """`clients add NAME --public --grace`, or for the administrator `--secret-stdin --admin`."""

    name: str
    grace: int
    is_admin: bool = False


class Accounts(NamedTuple):
    users: list[str]
    clients: list[ClientAccount]


class Pauses(NamedTuple):
    """The longest time without a grant, in seconds."""

    all: float
    instances: list[float]


class Broken(Exception):
    """The clients themselves have failed: nothing is known."""


def kinds(number: int) -> list[Kind]:
    """The sessions of one process. Those of the rough clients are its own, so that their marks end nobody else's."""
    honest = [Kind(f"proof-honest-{grace}", "proof-honest", grace, True) for grace in (0, GRACE_SECONDS)]
    rough = [
        Kind(f"proof-rough-{number}-{grace}", f"proof-user-{number}-{subject}", grace, False)
        for grace in (0, GRACE_SECONDS) for subject in (0, 1)]
    # The long window is what clients of a database are told to have.
    return [honest[1], *rough[:2], honest[1], *rough[2:], honest[0]]


def accounts(workers: int = WORKERS) -> Accounts:
    all_kinds = [kind for number in range(workers) for kind in kinds(number)]
    clients = {kind.client: ClientAccount(kind.client, int(kind.grace)) for kind in all_kinds}
    return Accounts(sorted({kind.subject for kind in all_kinds}), [*clients.values(), ClientAccount(ADMIN[0], 0, True)])


class Traffic:
    """The clients of one cluster over a whole run. They outlive faults and restarts; `end` ends their processes."""

    def __init__(
        self, seed: int, instances: list[tuple[str, int]], clients: int = 64, admin: tuple[str, str] = ADMIN, reuse: str = REUSE[0],
        bounds: Bounds = Bounds(), workers: int = WORKERS, sessions_each: int = 5, mark_seconds: float = 2.0, patience: float | None = None,
        late_ends_honest: bool = False,
    ):
        """`patience`: how long a client waits; by default as long as an instance can take to say that it has no answer.
        `late_ends_honest`: the request of an honest client that an instance gets to after its client went on elsewhere may end the
        session, and is no violation then."""
        if reuse not in REUSE:
            raise ValueError(f"reuse is {' or '.join(REUSE)}, not {reuse}")
        plan = Plan(
            seed, list(instances), admin, reuse == REUSE[0], bounds, sessions_each, mark_seconds,
            bounds.deadline + 2 if patience is None else patience, late_ends_honest)
        self.bounds = bounds
        # When it was started last, by time.monotonic().
        self.started = self.stopped = 0.0
        context = multiprocessing.get_context("fork")
        self._lines, self._processes = [], []
        for number in range(workers):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_run_apart, args=(theirs, plan, number, kinds(number), max(7, clients // workers)), daemon=True)
            process.start()
            theirs.close()
            self._lines.append(ours)
            self._processes.append(process)

    def start(self) -> None:
        self.started = time.monotonic()
        self._all("start")

    def stop(self) -> None:
        """Returns once the last request was answered or given up."""
        self.stopped = time.monotonic()
        self._all("stop")

    def settle(self, seconds: float = 60) -> str:
        """Until nothing that was asked can take effect any more, once all is healed. Says why where an instance does not answer within so
        many seconds; then nothing was settled."""
        return next(filter(None, self._all("settle", seconds)), "")

    def check(self, sample: int | None = None) -> int:
        """Asks about all sessions, or about so many, after `settle`; what it finds is among the violations."""
        share = None if sample is None else -(-sample // len(self._lines))
        return sum(self._all("check", share))

    def fence_begins(self) -> None:
        """Before `database fence` is run, with the traffic stopped: from now on every session may be over."""
        self._all("fence", False)

    def fence_done(self) -> None:
        """After it: every session is over, also what was acknowledged and is missing since a restore."""
        self._all("fence", True)

    def forget(self) -> None:
        """Begins anew with other sessions, after a fence and the check that follows it: a restored database lacks the events before."""
        self._all("forget")

    @property
    def counts(self) -> Counter:
        total: Counter = Counter()
        for counts, _, _ in self._all("report"):
            total.update(counts)
        return total

    @property
    def violations(self) -> list[str]:
        return [violation for _, violations, _ in self._all("report") for violation in violations]

    @property
    def delays(self) -> list[float]:
        """Seconds from the answer to a revocation until another instance refused an access token of it, sorted."""
        return sorted(delay for _, _, delays in self._all("report") for delay in delays)

    def longest_pause(self, since: float | None = None, until: float | None = None) -> Pauses:
        """Between two moments of time.monotonic(): since the last start and until the last stop, or now, where none is given."""
        since = self.started if since is None else since
        if until is None:
            until = self.stopped if self.stopped > self.started else time.monotonic()
        of_workers = self._all("grants", since)
        instances = [sorted(sum(moments, [])) for moments in zip(*of_workers)]
        everything = sorted(sum(instances, []))
        return Pauses(longest_gap(everything, since, until), [longest_gap(moments, since, until) for moments in instances])

    def facts(self) -> tuple[dict[str, Facts], Counter]:
        """What events and tables must agree with: each known session, and how often which mark was acknowledged."""
        sessions: dict[str, Facts] = {}
        marks: Counter = Counter()
        for of_worker, acknowledged in self._all("facts"):
            sessions |= of_worker
            marks.update(acknowledged)
        return sessions, marks

    def dump(self, file: Path) -> None:
        """All histories as JSON lines, the contradicted ones first."""
        with open(file, "w") as output:
            for histories in self._all("histories"):
                for history in histories:
                    output.write(json.dumps(history) + "\n")

    def end(self) -> None:
        for line in self._lines:
            line.close()
        for process in self._processes:
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()

    def __enter__(self) -> "Traffic":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _all(self, name: str, *arguments) -> list:
        try:
            for line in self._lines:
                line.send((name, arguments))
            return [line.recv() for line in self._lines]
        except (EOFError, OSError):
            raise Broken(f"a process of the clients has ended during {name}: its error is above") from None


def _run_apart(line, plan: Plan, number: int, of_process: list[Kind], callers: int) -> None:
    """In the new process: an interrupt is the parent's to handle, and no file of the parent is ours. A pipe of a program that another
    thread of the parent is just starting would stay open with us, and the parent would wait for its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    kept = line.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, FILES_MAX)
    worker.run(line, plan, number, of_process, callers)
