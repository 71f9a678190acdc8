"""One failing file call at a time, made in the running server; what the server must make of each."""

import random
import shutil
import time
from pathlib import Path

from faults.cases import GOES_ON, STALLS, STOPS, TEAR, Fault
from faults.connection import Lost, refresh_form
from faults.frozen import FrozenDisk
from faults.server import Checkpoint, RunningServer, StartFailure, log_in_once, make_accounts
from faults.shim import Shim
from faults.traffic import Drive, Traffic

SAMPLE = 16
# A segment is full after a second or two of this traffic, on a busy machine after many; the calls that begin one come by then.
PATIENCE_SECONDS = 60
NO_SUCH_CALL = "no such call"
SETTINGS = {"REFRESH_LEDGER_ROTATION_REUSE": "refuse"}


class FailingCalls:
    """A data folder, the clients' whole history on it, and what went wrong so far."""

    def __init__(self, seed: int, callers: int, parent: Path, binary: Path):
        self.binary = binary
        self.folder = parent / "data"
        make_accounts(self.folder)
        self.chooser = random.Random(seed)
        self.traffic = Traffic(seed, callers, 6)
        self.shim = Shim(parent, self.folder / "log")
        self.cycle = 0
        self.problems: list[str] = []

    def problem(self, what: object, text: str) -> None:
        self.problems.append(f"{what}: {text[:600]}")

    def start(self, with_shim: bool) -> RunningServer:
        return RunningServer(self.binary, self.folder, SETTINGS | (self.shim.environment if with_shim else {}))

    def first(self, fault: Fault, after: int) -> str:
        """One fault while the server makes the log of a new data folder; the next start must not be the worse for it."""
        folder = self.folder.with_name("first")
        make_accounts(folder)
        settings = SETTINGS | self.shim.environment | {"LEDGER_FAULT_FOLDER": str(folder / "log")}
        self.shim.arm(fault.call, fault.form, after, fault.code, fault.sticky)
        token = ""
        try:
            with RunningServer(self.binary, folder, settings) as server:
                token = log_in_once(server)[0] if self.shim.fired == 0 else ""
                server.kill()
            told = "opened all the same" if self.shim.fired else NO_SUCH_CALL
        except StartFailure as failure:
            told = self.refusal(fault, failure)
        self.shim.disarm()
        try:
            with RunningServer(self.binary, folder, SETTINGS) as server:
                form = refresh_form("plain", token or log_in_once(server)[0])
                if (reply := server.connect().ask("POST", "/token", form)).status != 200:
                    self.problem(fault, f"after a first start that failed: {reply.status} {reply.body!r}")
                server.kill()
        except StartFailure as failure:
            self.problem(fault, f"after a first start that failed the server did not start: {failure}")
        shutil.rmtree(folder)
        return told

    def refusal(self, fault: Fault, failure: StartFailure) -> str:
        lines = failure.text.strip().splitlines()
        if failure.code not in (73, 74) or len(lines) != 1 or not lines[0].startswith("error: "):
            self.problem(fault, f"while opening: {failure}")
        return f"refused to start with {failure.code}"

    def check_after(self, fault: object, sample: int | None = SAMPLE) -> None:
        """Restarts without the shim and asks about sessions."""
        self.shim.disarm()
        self.cycle += 1
        try:
            with self.start(with_shim=False) as server:
                self.traffic.restarted()
                self.traffic.check(server, self.cycle, False, sample)
                server.kill()
        except StartFailure as failure:
            self.problem(fault, f"afterwards the server did not start: {failure}")
        for violation in self.traffic.violations:
            self.problem(fault, violation)
        self.traffic.violations.clear()

    def serve(self, fault: Fault) -> str:
        """One fault amid traffic; a word on what the server did."""
        self.cycle += 1
        with self.start(with_shim=True) as server:
            self.traffic.restarted()
            drive = self.traffic.run(server, self.cycle, False)
            time.sleep(0.05)
            if fault.is_in_commit:
                # All is quiet, so that the very next commit meets the fault and what it held is known.
                drive.join(stop=True)
                self.shim.arm(fault.call, fault.form, 1, fault.code, fault.sticky)
                drive = self.traffic.run(server, self.cycle, False)
            else:
                self.shim.arm(fault.call, fault.form, self.chooser.randint(1, 2), fault.code, fault.sticky)
            granted = self.wait_until_fired(fault)
            if granted is None:
                drive.join(stop=True)
                return "NEVER FIRED"
            expect = {STOPS: self.expect_stop, GOES_ON: self.expect_going_on, STALLS: self.expect_stall}
            told = expect[fault.outcome](fault, server, drive, granted)
        self.check_after(fault)
        return told

    def wait_until_fired(self, fault: Fault) -> float | None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.shim.fired:
                return time.time()
            time.sleep(0.0005)
        self.problem(fault, f"no such call within {PATIENCE_SECONDS} s: {self.shim.seen}")
        return None

    def checkpoint(self, fault: Fault) -> str:
        """One fault while a running server writes a checkpoint and nothing else."""
        self.cycle += 1
        with self.start(with_shim=True) as server:
            self.traffic.restarted()
            drive = self.traffic.run(server, self.cycle, False)
            time.sleep(0.2)
            drive.join(stop=True)
            self.shim.arm(fault.call, fault.form, 1, fault.code, fault.sticky)
            with Checkpoint(self.binary, self.folder):
                fired = self.wait_until_fired(fault)
            if fired is None:
                return "NEVER FIRED"
            time.sleep(0.1)
            # A checkpoint that fails costs nothing but itself; where it ends the writing, that must show.
            goes_on = server.is_ready()
            drive = self.traffic.run(server, self.cycle, False)
            time.sleep(0.1)
            drive.join(stop=True)
            if goes_on and self.traffic.last_granted_sent < fired:
                self.problem(fault, "the server is ready after a failed checkpoint and grants nothing")
            if not goes_on:
                self.ask_stopped(fault, server)
            server.kill()
        self.check_after(fault)
        return "went on without it" if goes_on else "not ready, 503 until killed"

    def freeze(self, thaws: bool) -> str:
        """The disk stops answering; it answers again amid the drain, or never."""
        self.cycle += 1
        frozen = FrozenDisk(self.binary, self.folder, self.shim, self.traffic)
        frozen.run(self.cycle, thaws)
        self.problems += frozen.problems
        self.check_after("frozen disk")
        return "; ".join(frozen.told)

    def expect_stop(self, fault: Fault, server: RunningServer, drive: Drive, fired: float) -> str:
        deadline = time.monotonic() + 5
        while server.is_ready() and time.monotonic() < deadline:
            time.sleep(0.005)
        if server.is_ready():
            self.problem(fault, "/health/ready says 200 although the log has failed")
        time.sleep(0.05)
        drive.join(stop=True)
        late = self.traffic.last_granted_sent - fired
        if late > 0:
            self.problem(fault, f"a request sent {late * 1000:.1f} ms after the fault was granted")
        self.ask_stopped(fault, server)
        if self.chooser.random() < 0.5:
            server.kill()
            return "not ready, 503 until killed"
        code = server.terminate(10)
        if code != 74:
            self.problem(fault, f"SIGTERM ended the server with {code}, not 74: {server.printed_errors()}")
        return f"not ready, 503 until SIGTERM ended it with {code}"

    def ask_stopped(self, fault: Fault, server: RunningServer) -> None:
        """Every change is put off, also a log-in and a token that is long spent; what needs no log goes on."""
        connection = server.connect(5)
        try:
            for history in self.chooser.sample(self.traffic.all(), min(4, len(self.traffic.all()))):
                for token in (history.tokens[0], history.newest):
                    reply = connection.ask("POST", "/token", refresh_form(history.client, token))
                    if reply.status != 503 or "retry-after" not in reply.headers or b"invalid_grant" in reply.body:
                        self.problem(fault, f"/token answered {reply.status} {reply.headers} {reply.body!r}")
            for path in ("/public", "/health/live"):
                if (status := connection.ask("GET", path, bearer="broken").status) != 200:
                    self.problem(fault, f"{path} answered {status}")
        except Lost as lost:
            self.problem(fault, f"no answer from a server whose log has failed: {lost}")
        connection.close()

    def expect_going_on(self, fault: Fault, server: RunningServer, drive: Drive, fired: float) -> str:
        time.sleep(0.15)
        drive.join(stop=True)
        if not server.is_ready() or self.traffic.last_granted_sent < fired:
            self.problem(fault, "the server did not go on")
        self.shim.disarm()
        if (code := server.terminate(10)) != 0:
            self.problem(fault, f"SIGTERM ended the server with {code}: {server.printed_errors()}")
        return "went on"

    def expect_stall(self, fault: Fault, server: RunningServer, drive: Drive, fired: float) -> str:
        time.sleep(0.3)
        thawed = time.time()
        self.shim.disarm()
        time.sleep(0.2)
        drive.join(stop=True)
        if self.traffic.last_granted_sent < thawed:
            self.problem(fault, "the server did not go on after the disk had answered")
        server.kill()
        return "answered nobody, then went on"

    def tear(self) -> None:
        """Leaves a torn frame at the end of the log."""
        self.cycle += 1
        with self.start(with_shim=True) as server:
            self.traffic.restarted()
            drive = self.traffic.run(server, self.cycle, False)
            self.shim.arm(TEAR.call, TEAR.form, 3, TEAR.code, TEAR.sticky)
            self.wait_until_fired(TEAR)
            server.kill()
            drive.join()
        self.shim.disarm()

    def open(self, fault: Fault, after: int) -> str:
        """One fault while the server opens a log that ends in a torn frame, with an unfinished file to remove."""
        self.tear()
        (self.folder / "log" / "wal-00000000000fffff.lz4.tmp").write_bytes(b"unfinished")
        self.shim.arm(fault.call, fault.form, after, fault.code, fault.sticky)
        try:
            with self.start(with_shim=True) as server:
                fired = self.shim.fired
                server.kill()
            told = "opened all the same" if fired else NO_SUCH_CALL
        except StartFailure as failure:
            told = self.refusal(fault, failure)
        self.check_after(fault, 4)
        return told
