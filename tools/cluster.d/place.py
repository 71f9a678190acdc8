"""The folder of a cluster: what is in it, to whom it belongs, and what is known of the cluster from one call to the next."""

import contextlib
import fcntl
import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from programs import ROOT, Failure, as_user, run, user_for

MARK = "cluster.json"
LOOPBACK = "127.0.0.1"
VERSION = 1


@dataclass(frozen=True)
class Seat:
    """Where a program runs: on this machine, for others on it; or on a host of its own, for those of its network."""

    # Where the others reach it.
    address: str = LOOPBACK
    # Where it listens; a database listens on its host's own loopback address too.
    listens: str = LOOPBACK
    # From where others come to a database, beside its own host: 10.0.0.0/8.
    callers: str = ""
    # What stands before a command that is run there.
    enter: tuple[str, ...] = ()
    # For the program, beside what everybody gives it: lines of postgresql.conf, and the environment.
    settings: str = ""
    environment: tuple[tuple[str, str], ...] = ()


@dataclass
class Settings:
    """What `up` was asked for and chose. Secrets are in it: only its owner reads the file."""

    nodes: list[int]
    instances: list[int]
    balancer: int
    binary: str
    schema: str
    ledger_password: str
    admin_password: str
    user_password: str
    user: str = "alice"
    client: str = "demo"
    # Where the instances reach the databases, one for each; this machine where there are none.
    addresses: list[str] = field(default_factory=list)

    @property
    def database_url(self) -> str:
        """Without the password, which is in the file that PGPASSFILE names."""
        addresses = self.addresses or [LOOPBACK] * len(self.nodes)
        return f"postgresql://ledger@{','.join(f'{address}:{port}' for address, port in zip(addresses, self.nodes, strict=True))}/ledger"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.balancer}"


def default_folder() -> Path:
    """In this clone; where root calls and the database's user cannot get there, in /var/tmp."""
    inside = ROOT / ".cluster"
    if os.geteuid() == 0 and not is_reachable(inside):
        return Path("/var/tmp/refresh-ledger-cluster")
    return inside


def is_reachable(folder: Path) -> bool:
    return subprocess.run([*as_user("postgres"), "test", "-x", folder.parent], check=False, stderr=subprocess.DEVNULL).returncode == 0


class Place:
    def __init__(self, folder: Path):
        self.folder = folder

    @property
    def mark(self) -> Path:
        return self.folder / MARK

    @property
    def ledger_passfile(self) -> Path:
        """The password of the instances' role."""
        return self.folder / "ledger.passfile"

    @property
    def admin_passfile(self) -> Path:
        return self.folder / "admin.passfile"

    @property
    def nodes_passfile(self) -> Path:
        """The same, for the databases' own user."""
        return self.folder / "nodes" / "passfile"

    @property
    def master_key(self) -> Path:
        return self.folder / "master.key"

    def require_free(self) -> None:
        """The folder may be there and empty."""
        if self.mark.exists():
            raise Failure(f"there is a cluster in {self.folder} already: see tools/cluster status, or end it with tools/cluster down")
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise Failure(f"{self.folder} is there and is no cluster's folder: name an empty or a new one with --folder")
        if not is_reachable(self.folder):
            raise Failure(f"the user {user_for('postgres').pw_name} cannot reach {self.folder.parent}: name another place with --folder")

    def make(self) -> None:
        # Others go through it to what is theirs, and list nothing.
        try:
            self.folder.mkdir(mode=0o711, exist_ok=True)
            self.folder.chmod(0o711)
        except OSError as error:
            raise Failure(f"{self.folder} cannot be made: {error.strerror}; name another place with --folder") from error
        write_private(self.mark, "{}\n")
        for name in ("run", "log"):
            (self.folder / name).mkdir(mode=0o700)
        for name in ("nodes", "nginx"):
            self.make_owned(self.folder / name, "postgres" if name == "nodes" else "nginx")

    def make_owned(self, folder: Path, program: str) -> None:
        folder.mkdir(mode=0o700)
        give(folder, program)

    def write_owned(self, path: Path, text: str, program: str) -> None:
        """A file of mode 0600 that belongs to the user of a program. That user writes it: nothing is written for root where another could
        have put a link. A loss of power does not take it back."""
        run([*as_user(program), "sh", "-c", 'umask 077 && rm -f "$0" && cat >"$0" && sync "$0" "$(dirname "$0")"', path], text)

    def append_owned(self, path: Path, text: str, program: str) -> None:
        """Lines at the end of a file of that user, which a loss of power does not take back either."""
        run([*as_user(program), "sh", "-c", 'cat >>"$0" && sync "$0"', path], text)

    def require_owned(self) -> None:
        """The default place of root lies where anybody could have made it before."""
        try:
            found = self.mark.lstat()
        except FileNotFoundError:
            raise Failure(f"no cluster in {self.folder}: start one with tools/cluster up, or name its folder with --folder") from None
        except OSError as error:
            raise Failure(f"{self.mark} cannot be read: {error.strerror}; call this as whoever ran tools/cluster up") from error
        if found.st_uid != os.geteuid() or not stat.S_ISREG(found.st_mode):
            raise Failure(f"{self.mark} belongs to another user: call this as that one, or name another place with --folder")

    def load(self) -> Settings:
        self.require_owned()
        try:
            kept = json.loads(self.mark.read_text())
        except (OSError, ValueError) as error:
            raise Failure(f"{self.mark} cannot be read: {error}; tools/cluster down removes what there is") from error
        if kept.pop("version", None) != VERSION:
            raise Failure(f"{self.mark} is not whole: tools/cluster down removes what there is")
        return Settings(**kept)

    def save(self, settings: Settings) -> None:
        beside = self.folder / f"{MARK}.new"
        beside.unlink(missing_ok=True)
        write_private(beside, json.dumps({"version": VERSION} | asdict(settings), indent=1) + "\n")
        beside.replace(self.mark)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """One call at a time changes a cluster."""
        with open(self.folder / "lock", "ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Failure(f"another tools/cluster is at work in {self.folder}: wait for its end") from None
            yield

    def remove(self) -> None:
        """The mark last, so that what could not be removed is still known for a cluster's."""
        if not self.mark.is_file() or self.folder.is_symlink():
            return
        for found in self.folder.iterdir():
            if found.is_dir() and not found.is_symlink():
                shutil.rmtree(found)
            elif found != self.mark:
                found.unlink()
        self.mark.unlink()
        self.folder.rmdir()


def give(folder: Path, program: str) -> None:
    owner = user_for(program)
    os.chown(folder, owner.pw_uid, owner.pw_gid)


def write_private(path: Path, content: str | bytes) -> None:
    """A new file that its owner alone reads."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
