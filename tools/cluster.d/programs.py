"""Programs that outlive the command that starts them: where they are, as which user they run, their start and their end."""

import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# As which users a database and a proxy run where root calls: the first that this system has.
USERS = {"postgres": ("postgres", "nobody"), "nginx": ("www-data", "nobody")}
OWN_PROGRAMS = Path("/usr/local/libexec/refresh-ledger")
OLDEST_POSTGRES = 14
# Below the ports that the system gives to connections: else one of those could have the port of a program that is killed and started again.
PORTS = range(21000, 31000)
LOG_SHOWN = 2000
# The programs that `run` waits for, in any thread.
RUNNING: set[subprocess.Popen] = set()
ERROR = re.compile(r"\b(error|fatal):", re.IGNORECASE)


class Failure(Exception):
    """What, where, and the fix, in one line; the end of a log may follow it."""


def environment(**more: str) -> dict[str, str]:
    """Nothing of the caller's that a program reads as a setting."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ} | {"LC_ALL": "C.UTF-8"} | more


def user_for(program: str) -> pwd.struct_passwd:
    """The caller, or for root an unprivileged user."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    for name in USERS[program]:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Failure(f"no user {' or '.join(USERS[program])} on this system, and {program} must not run as root: call this as another user")


def as_user(program: str) -> list[str]:
    """What stands before a command that runs as that user."""
    if os.geteuid() != 0:
        return []
    user = user_for(program)
    return ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups", "--"]


def name_of(command: list) -> str:
    """Of the program itself, whatever says before it as whom and where it runs."""
    while command[0] in ("setpriv", "nsenter"):
        command = command[command.index("--") + 1 :]
    return Path(command[0]).name


def run(command: list, text: str | None = None, seconds: float = 60, **more: str) -> str:
    """Its standard output; a failure with what it called an error otherwise, or the last line that it said."""
    name = name_of(command)
    try:
        # A group of its own: it and what it starts are ended together.
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL if text is None else subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env=environment(**more), cwd="/", process_group=0)
    except OSError as error:
        raise Failure(f"{name}: {error.strerror}: {error.filename}") from error
    RUNNING.add(child)
    with child:
        try:
            output, errors = child.communicate(text, timeout=seconds)
        except BaseException as error:
            os.killpg(child.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise Failure(f"{name} did not end within {seconds:g} s") from None
            raise
        finally:
            RUNNING.discard(child)
    if child.returncode != 0:
        said = (errors or output).strip().splitlines() or ["it said nothing"]
        error = next((line for line in said if ERROR.search(line)), said[-1])
        raise Failure(f"{name} exited {child.returncode}: {error}")
    return output


def end_running() -> None:
    """Ends what other threads wait for in `run`."""
    for child in list(RUNNING):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def postgres_programs() -> Path:
    """The folder of the newest PostgreSQL of this machine."""
    found = sorted(
        (int(place.parent.parent.name), place.parent)
        for place in Path("/usr/lib/postgresql").glob("*/bin/postgres")
        if place.parent.parent.name.isdecimal() and int(place.parent.parent.name) >= OLDEST_POSTGRES)
    if found:
        return found[-1][1]
    if place := shutil.which("postgres"):
        return Path(place).resolve().parent
    raise Failure(f"no PostgreSQL {OLDEST_POSTGRES} or later here: run tools/install-dependencies postgres")


def nginx_program() -> Path:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:{OWN_PROGRAMS}"
    if place := shutil.which("nginx", path=path):
        return Path(place)
    raise Failure("no nginx here: run tools/install-dependencies nginx")


def server_program() -> Path:
    """The command that the instances run; built where there is none."""
    if given := os.environ.get("REFRESH_LEDGER_BINARY"):
        place = Path(given).resolve()
        if not place.is_file():
            raise Failure(f"REFRESH_LEDGER_BINARY names {place}, which is not there: name a refresh-ledger, or unset it, and it is built")
        return place
    for kind in ("release", "debug"):
        if (place := ROOT / ".build" / kind / "refresh-ledger").is_file():
            return place
    print("Building refresh-ledger in release mode", flush=True)
    command = [ROOT / "tools/swift-build", "-c", "release", "--package-path", ROOT, "--product", "refresh-ledger"]
    if subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode != 0:
        raise Failure("the build failed: the cause is the first line above with error:")
    return ROOT / ".build/release/refresh-ledger"


def free_ports(count: int, first: int | None = None, without: tuple[int, ...] = ()) -> list[int]:
    """That many in a row, of the loopback address: from `first`, or where they are free."""
    starts = [first] if first else [PORTS.start + (os.getpid() * 97 + step * 13) % (len(PORTS) - count) for step in range(500)]
    for start in starts:
        ports = list(range(start, start + count))
        if not set(ports) & set(without) and all(is_free(port) for port in ports):
            return ports
    raise Failure(f"ports {starts[0]} to {starts[0] + count - 1} of 127.0.0.1 are not all free: name others with --port or --database-port, or none")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def started_at(pid: int) -> str | None:
    """When a process began, in ticks since the boot: a process with its id and another time is another one. None where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def children_of(pid: int) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            if place.read_text().rpartition(")")[2].split()[1] == str(pid):
                found.append(int(place.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


class Program:
    """One that was started by an earlier call, perhaps, and is known by the id and the time in its file."""

    def __init__(self, name: str, folder: Path):
        self.name = name
        self.record = folder / "run" / name
        self.log = folder / "log" / name

    @property
    def pid(self) -> int | None:
        """None where it does not run."""
        try:
            pid, began = self.record.read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        return int(pid) if started_at(int(pid)) == began else None

    def start(self, command: list, **more: str) -> None:
        if self.pid is not None:
            raise Failure(f"{self.name} runs already, as process {self.pid}")
        with open(self.log, "ab") as output:
            child = subprocess.Popen(
                command, env=environment(**more), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd="/")
        try:
            self.record.write_text(f"{child.pid} {started_at(child.pid) or 0}\n")
        except BaseException:
            # Nobody would know of it.
            child.kill()
            raise

    def wait_until(self, condition, what: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if self.pid is None or time.monotonic() > deadline:
                ended = "ended" if self.pid is None else f"is not {what} after {seconds:g} s"
                raise Failure(f"{self.name} {ended}; the end of its log:\n{self.end_of_log()}")
            time.sleep(0.05)

    def end_of_log(self) -> str:
        return self.log.read_text(errors="replace")[-LOG_SHOWN:].strip()

    def end(self, number: signal.Signals = signal.SIGTERM, seconds: float = 20) -> None:
        """Asks it to end, and kills it with what it started where it does not."""
        if (pid := self.pid) is not None:
            os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while self.pid is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        self.kill()

    def kill(self) -> None:
        """kill -9 of it and of its children; they are all gone afterwards."""
        if (pid := self.pid) is not None:
            # It stands still, so it starts no more of them.
            os.kill(pid, signal.SIGSTOP)
            doomed = [(each, started_at(each)) for each in [pid, *children_of(pid)]]
            for each, began in doomed:
                if began is not None and started_at(each) == began:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(each, signal.SIGKILL)
            while any(began is not None and started_at(each) == began for each, began in doomed):
                time.sleep(0.005)
        self.record.unlink(missing_ok=True)
