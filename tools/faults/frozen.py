"""A disk that never answers: who is answered, how much memory is held, how the server ends."""

import time
from collections import Counter
from pathlib import Path
from select import select

from faults.connection import Connection, Lost, log_in
from faults.server import PASSWORD, USER, RunningServer
from faults.shim import Shim
from faults.traffic import Traffic

IN_FLIGHT = 32
CONNECTIONS = 200
REFUSED_ROUNDS = 20
DRAIN_SECONDS = 1
# What the server may take beyond its drain, and to notice that the disk does not answer.
END_SECONDS = 5
NOTICE_SECONDS = 8
GROWTH_KIB_MAX = 32 << 10

SETTINGS = {
    "REFRESH_LEDGER_ROTATION_REUSE": "refuse",
    "REFRESH_LEDGER_LIMITS_REQUESTS_IN_FLIGHT": str(IN_FLIGHT),
    "REFRESH_LEDGER_HTTP_DRAIN": f"{DRAIN_SECONDS}s",
}


class FrozenDisk:
    """Freezes the disk under a server; `problems` is what it did wrong, `told` what it did."""

    def __init__(self, binary: Path, folder: Path, shim: Shim, traffic: Traffic):
        self.binary = binary
        self.folder = folder
        self.shim = shim
        self.traffic = traffic
        self.problems: list[str] = []
        self.told: list[str] = []

    def run(self, cycle: int, thaws: bool) -> None:
        """Ends the server by SIGTERM, with the disk as it is or thawed in the middle of the drain."""
        drain = {"REFRESH_LEDGER_HTTP_DRAIN": "10s"} if thaws else {}
        with RunningServer(self.binary, self.folder, SETTINGS | self.shim.environment | drain) as server:
            self.traffic.restarted()
            drive = self.traffic.run(server, cycle, False)
            time.sleep(0.1)
            drive.join(stop=True)
            self.shim.arm("data sync", "hang", sticky=True)
            connections = [server.connect(10) for _ in range(CONNECTIONS)]
            waiting = self._fill(connections)
            self._ask_others(server)
            self._refuse_many(server, connections, waiting)
            if thaws:
                self._thaw(server, waiting)
            else:
                self._wait_until_not_ready(server)
                self._end(server)
            self.shim.disarm()
            for connection in connections:
                connection.close()

    def _fill(self, connections: list[Connection]) -> list[Connection]:
        """One log-in on each, all at once: as many wait as may, all others are answered at once."""
        for part in range(0, len(connections), IN_FLIGHT):
            for connection in connections[part : part + IN_FLIGHT]:
                connection.send("POST", "/token", self._form())
            time.sleep(0.1)
        began = last = time.monotonic()
        waiting = list(connections)
        # Whoever is not answered within half a second of the last one waits.
        while (ready := select([c.socket for c in waiting], [], [], 0.5)[0]):
            last = time.monotonic()
            for connection in [connection for connection in waiting if connection.socket in ready]:
                waiting.remove(connection)
                reply = connection.receive()
                if reply.status != 503 or "retry-after" not in reply.headers:
                    self.problems.append(f"with a frozen disk a log-in was answered {reply.status} {reply.body!r}")
        if len(waiting) != IN_FLIGHT:
            self.problems.append(f"{len(waiting)} requests wait for the frozen disk; the bound is {IN_FLIGHT}")
        self.told.append(
            f"{len(waiting)} of {len(connections)} requests wait, the others were put off with 503 in"
            f" {last - began:.2f} s"
        )
        return waiting

    def _form(self) -> dict[str, str]:
        return {"grant_type": "password", "client_id": "plain", "username": USER, "password": PASSWORD}

    def _ask_others(self, server: RunningServer) -> None:
        connection = server.connect(2)
        for path in ("/health/live", "/public"):
            try:
                status = connection.ask("GET", path, bearer="broken").status
            except Lost as lost:
                status = f"not at all: {lost}"
            if status != 200:
                self.problems.append(f"with a frozen disk {path} was answered {status}")
        connection.close()

    def _refuse_many(self, server: RunningServer, connections: list[Connection], waiting: list[Connection]) -> None:
        before = server.resident_kib()
        free = [connection for connection in connections if connection not in waiting]
        began, worst = time.monotonic(), 0.0
        for _ in range(REFUSED_ROUNDS):
            for connection in free:
                sent = time.monotonic()
                status = log_in(connection, "plain", USER, PASSWORD).status
                worst = max(worst, time.monotonic() - sent)
                if status != 503:
                    self.problems.append(f"past the bound a log-in was answered {status}")
        grown = server.resident_kib() - before
        count = REFUSED_ROUNDS * len(free)
        self.told.append(
            f"{count} more were put off in {time.monotonic() - began:.1f} s, {worst * 1000:.0f} ms at worst; memory"
            f" {before // 1024} MiB, grown by {grown} KiB"
        )
        if grown > GROWTH_KIB_MAX:
            self.problems.append(f"memory grew by {grown} KiB over {count} requests that were put off")

    def _wait_until_not_ready(self, server: RunningServer) -> None:
        began = time.monotonic()
        while server.is_ready():
            if time.monotonic() - began > NOTICE_SECONDS:
                self.problems.append(f"/health/ready still says 200, {NOTICE_SECONDS} s after the disk froze")
                return
            time.sleep(0.1)
        self.told.append(f"not ready after {time.monotonic() - began:.1f} s more")

    def _end(self, server: RunningServer) -> None:
        began = time.monotonic()
        code = server.terminate(DRAIN_SECONDS + END_SECONDS)
        errors = server.printed_errors()
        said = [line for line in errors.splitlines() if line.startswith("error: the disk did not answer")]
        self.told.append(f"SIGTERM ended it after {time.monotonic() - began:.1f} s with {code}")
        if code != 74 or len(said) != 1 or "not closed cleanly" not in said[0]:
            self.problems.append(
                f"SIGTERM with a frozen disk: exit code {code} after {time.monotonic() - began:.1f} s, not 74 with one"
                f" line that says so within {DRAIN_SECONDS + END_SECONDS} s; printed: {errors.strip()}"
            )

    def _thaw(self, server: RunningServer, waiting: list[Connection]) -> None:
        """The disk answers again while the server drains: what waited is answered, and the log is closed."""
        server.child.terminate()
        time.sleep(0.3)
        self.shim.disarm()
        statuses = Counter(connection.receive().status for connection in waiting)
        if statuses != {200: IN_FLIGHT}:
            self.problems.append(f"thawed amid the drain: those who had waited were answered {dict(statuses)}")
        code = server.child.wait(15)
        if code != 0:
            self.problems.append(f"thawed amid the drain: exit code {code}: {server.printed_errors()}")
        self.told.append(f"those who had waited were granted, exit code {code}")
