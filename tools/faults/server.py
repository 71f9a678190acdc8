"""The real server: a data folder for it, its start, its end."""

import json
import os
import re
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from faults.connection import Connection, Lost, log_in

ROOT = Path(__file__).resolve().parent.parent.parent
USER = "walker"
PASSWORD = "faults-password"
# bcrypt with its least cost: a log-in takes 2 ms, so that sessions are cheap.
PASSWORD_HASH = "$2b$04$faultsfaultsfaultsfau.E.Bxcl78puBbW7Gf4Srzf4rB4JjZ6S6"
GRACE_SECONDS = 300
# Public clients and the grace of each.
CLIENTS = {"plain": 0, "patient": GRACE_SECONDS}

SETTINGS = {
    "REFRESH_LEDGER_LOG_SEGMENT_BYTES": "64KiB",
    "REFRESH_LEDGER_TOKENS_ACCESS_TTL": "12h",
    "REFRESH_LEDGER_LIMITS_LOGIN_PER_MINUTE": "0",
}


class StartFailure(Exception):
    """The server did not come up; says what it printed."""

    def __init__(self, code: int | None, text: str):
        super().__init__(f"exit code {code}: {text.strip() or 'nothing printed'}")
        self.code = code
        self.text = text


def built_binary(given: str | None) -> Path:
    """The binary to try; built where it is missing and none was named."""
    path = Path(given).resolve() if given else ROOT / ".build/release/refresh-ledger"
    if not path.exists():
        if given:
            raise SystemExit(f"{path} does not exist; leave --binary out to build it")
        print("building refresh-ledger in release mode", flush=True)
        subprocess.run([ROOT / "tools/install-dependencies"], check=True)
        command = [ROOT / "tools/swift-build", "-c", "release", "--product", "refresh-ledger", "--package-path", ROOT]
        subprocess.run(command, check=True)
    return path


def make_accounts(folder: Path) -> None:
    """A data folder with one user and the clients, durable before it is used."""
    folder.mkdir(mode=0o700)
    users = [{"name": USER, "passwordHash": PASSWORD_HASH, "scopes": "read write", "enabled": True}]
    clients = [
        {"id": name, "public": True, "grants": "password refresh_token", "grace": f"{grace}s"}
        for name, grace in CLIENTS.items()
    ]
    for name, document in (("users", users), ("clients", clients)):
        descriptor = os.open(folder / f"{name}.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(descriptor, json.dumps({"version": 1, name: document}).encode())
        os.fsync(descriptor)
        os.close(descriptor)
    for path in (folder, folder.parent):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(descriptor)
        os.close(descriptor)


class RunningServer:
    """One run of `refresh-ledger serve`; never outlives the `with` it stands in."""

    def __init__(
        self, binary: Path, folder: Path, settings: dict[str, str], seconds: float = 20, log_level: str = "error"
    ):
        environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.errors = tempfile.TemporaryFile()
        self.child = subprocess.Popen(
            [str(binary), "serve", "--data", str(folder), "--port", "0", "--log-level", log_level],
            env=environment | SETTINGS | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        self.banner = b""
        try:
            self.port = self._wait_for_port(time.monotonic() + seconds)
        except BaseException:
            self.end()
            raise

    def _wait_for_port(self, deadline: float) -> int:
        output = self.child.stdout
        assert output is not None
        while not (found := re.search(rb"listens on http://127\.0\.0\.1:(\d+)", self.banner)):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([output], [], [], left)[0]:
                raise StartFailure(None, "it neither listened nor ended in time. " + self.printed_errors())
            piece = os.read(output.fileno(), 65536)
            if not piece:
                raise StartFailure(self.child.wait(), self.printed_errors())
            self.banner += piece
        return int(found.group(1))

    def __enter__(self) -> "RunningServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def printed_errors(self) -> str:
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def connect(self, timeout: float = 20) -> Connection:
        return Connection(self.port, timeout)

    def is_ready(self) -> bool:
        connection = self.connect(5)
        try:
            return connection.ask("GET", "/health/ready").status == 200
        except Lost:
            return False
        finally:
            connection.close()

    def resident_kib(self) -> int:
        for line in Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def kill(self) -> None:
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def terminate(self, seconds: float) -> int | None:
        """SIGTERM; the exit code, or None where the server still runs after so long."""
        self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        if self.child.poll() is None:
            self.kill()
        if self.child.stdout is not None:
            self.child.stdout.close()
        self.errors.close()


def kill_amid_start(binary: Path, folder: Path, settings: dict[str, str], seconds: float) -> None:
    """Starts the server and kills it so soon that it may still be reading its log, or repairing it."""
    environment = {"PATH": os.environ.get("PATH", "")} | SETTINGS | settings
    command = [str(binary), "serve", "--data", str(folder), "--port", "0", "--log-level", "error"]
    quiet = subprocess.DEVNULL
    child = subprocess.Popen(command, env=environment, stdin=quiet, stdout=quiet, stderr=quiet)
    time.sleep(seconds)
    child.kill()
    child.wait()


class Checkpoint:
    """`log checkpoint` on the folder: asks a running server for one, or writes it itself; killed when let go."""

    def __init__(self, binary: Path, folder: Path):
        quiet = subprocess.DEVNULL
        command = [str(binary), "log", "checkpoint", "--data", str(folder)]
        self.child = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)

    def __enter__(self) -> "Checkpoint":
        return self

    def __exit__(self, *_: object) -> None:
        self.child.kill()
        self.child.wait()


def checkpoints_in(folder: Path) -> int:
    """How far the newest checkpoint of the folder reaches; 0 without one."""
    names = [path.name for path in (folder / "log").glob("checkpoint-*.lz4")]
    return max((int(name[11:27], 16) for name in names), default=0)


def verify_log(binary: Path, folder: Path) -> str:
    """Empty where `log verify` finds the log whole; else what it says."""
    done = subprocess.run(
        [str(binary), "log", "verify", "--data", str(folder)], capture_output=True, text=True, check=False, timeout=120
    )
    return "" if done.returncode == 0 else f"exit code {done.returncode}: {done.stderr.strip() or done.stdout.strip()}"


def log_in_once(server: RunningServer, client: str = "plain") -> tuple[str, str]:
    connection = server.connect()
    reply = log_in(connection, client, USER, PASSWORD)
    connection.close()
    return reply.member("refresh_token"), reply.member("access_token")
