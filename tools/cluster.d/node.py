"""One PostgreSQL server of the cluster."""

import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from place import LOOPBACK, Place, Seat, Settings
from programs import ROOT, Failure, Program, as_user, postgres_programs, run

START_SECONDS = 60
ADMIN = "postgres"
REPLICATION = "replicator"

# Of every node, as it is recommended. What differs, port and name, is on the command line: pg_rewind takes the files of the node that it
# follows.
RECOMMENDED = ROOT / "docs/running/postgresql.conf"
# For a database that shares its machine with others, and leaves nothing outside of its folder when it is killed.
OWN = """
unix_socket_directories = ''
dynamic_shared_memory_type = mmap
min_wal_size = 80MB
log_line_prefix = '%m [%p] %q%u '
# What pg_rewind asks of the primary looks so dear that it would be compiled for longer than it runs.
jit = off
"""


@dataclass(frozen=True)
class Standing:
    """What a node says of itself."""

    is_primary: bool
    timeline: int
    # The end of what it wrote, or the greater of what it received and replayed.
    position: int
    is_receiving: bool


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def conninfo_value(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Node:
    def __init__(self, number: int, settings: Settings, place: Place, seat: Seat = Seat(), data: Path | None = None):
        # Its name in synchronous_standby_names, and its application_name.
        self.name = f"s{number}"
        self.port = settings.nodes[number - 1]
        self.place = place
        self.seat = seat
        self.data = data or place.folder / "nodes" / self.name
        self.program = Program(self.name, place.folder)

    @property
    def where(self) -> str:
        return f"{self.seat.address}:{self.port}"

    @property
    def is_running(self) -> bool:
        return self.program.pid is not None

    @property
    def is_made_standby(self) -> bool:
        """Whether it follows another when it is started."""
        found = subprocess.run([*as_user("postgres"), "test", "-e", self.data / "standby.signal"], check=False)
        return found.returncode == 0

    def command(self, name: str, *arguments) -> list:
        return [*self.seat.enter, *as_user("postgres"), postgres_programs() / name, *arguments]

    def make(self, admin_password: str) -> None:
        """An empty database, in which passwords are asked for from everywhere."""
        file = self.place.folder / "nodes" / "first-password"
        self.place.write_owned(file, admin_password + "\n", "postgres")
        run(self.command(
            "initdb", "-D", self.data, "-U", ADMIN, "--auth", "scram-sha-256", f"--pwfile={file}", "--encoding", "UTF8", "--no-locale",
            "--data-checksums", "--no-instructions"))
        run([*as_user("postgres"), "rm", file])
        self.place.append_owned(self.data / "postgresql.conf", RECOMMENDED.read_text() + OWN + self.seat.settings, "postgres")
        if self.seat.callers:
            lines = "".join(f"host {databases} all {self.seat.callers} scram-sha-256\n" for databases in ("all", "replication"))
            self.place.append_owned(self.data / "pg_hba.conf", lines, "postgres")

    def copy(self, primary: "Node") -> None:
        """Takes a base backup, to follow the primary."""
        run([*as_user("postgres"), "rm", "-rf", self.data])
        self.take_backup(primary, self.data)
        self.follow_from_start(primary)

    def take_backup(self, source_node: "Node", folder: Path) -> None:
        """A base backup of what another has now."""
        source = f"host={source_node.seat.address} port={source_node.port} user={REPLICATION} connect_timeout=5"
        backup = self.command("pg_basebackup", "-d", source, "-D", folder, "-c", "fast", "-X", "stream", "--no-password")
        run(backup, seconds=600, PGPASSFILE=str(self.place.nodes_passfile))

    def rewind(self, primary: "Node") -> str | None:
        """Takes back what the primary never had; the reason where it cannot."""
        source = f"host={primary.seat.address} port={primary.port} user={ADMIN} dbname=postgres connect_timeout=5"
        try:
            # Else the primary's files do not say yet on which timeline it is.
            primary.ask("checkpoint", seconds=120)
            run(self.command("pg_rewind", "-D", self.data, f"--source-server={source}"), seconds=600, PGPASSFILE=str(self.place.nodes_passfile))
        except Failure as failure:
            return str(failure)
        self.follow_from_start(primary)
        return None

    def follow_from_start(self, primary: "Node") -> None:
        self.place.write_owned(self.data / "postgresql.auto.conf", f"primary_conninfo = {literal(self.conninfo(primary))}\n", "postgres")
        self.place.write_owned(self.data / "standby.signal", "", "postgres")

    def conninfo(self, primary: "Node") -> str:
        """How it finds the primary; the password is in a file."""
        return (
            f"host={primary.seat.address} port={primary.port} user={REPLICATION} application_name={self.name} connect_timeout=2 "
            f"keepalives_idle=2 keepalives_interval=1 keepalives_count=3 passfile={conninfo_value(str(self.place.nodes_passfile))}")

    def start(self) -> None:
        addresses = ",".join(dict.fromkeys((LOOPBACK, *self.seat.listens.split(","))))
        options = ["-p", str(self.port), "-c", f"listen_addresses={addresses}", "-c", f"cluster_name={self.name}"]
        self.program.start(self.command("postgres", "-D", self.data, *options), **dict(self.seat.environment))
        self.program.wait_until(self.answers, "taking connections", START_SECONDS)

    def answers(self) -> bool:
        try:
            return self.ask("select 1", seconds=5) == "1"
        except Failure:
            return False

    def kill(self) -> None:
        self.program.kill()
        remove_traces(self.data)

    def ask(self, sql: str, database: str = "postgres", seconds: float = 10) -> str:
        """Of the administrator, from where it runs. Columns are separated by tabs. The statement goes through the standard input, as it may hold a
        password."""
        source = f"host={LOOPBACK} port={self.port} user={ADMIN} dbname={database} connect_timeout=2 application_name=cluster"
        psql = [*self.seat.enter, postgres_programs() / "psql", "-XqAt", "-w", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-f", "-", source]
        try:
            return run(psql, text=sql, seconds=seconds, PGPASSFILE=str(self.place.admin_passfile)).strip("\n")
        except Failure as failure:
            raise Failure(f"{self.name} at {self.where}: {failure}") from None

    def set(self, name: str, value: str) -> None:
        self.ask(f"alter system set {name} = {literal(value)}; select pg_reload_conf()")

    def standing(self) -> Standing:
        """A standby's timeline is that of its newest piece of log: what it is told of its receiver is gone when that has stopped, and its last
        restart point may lie on an older one."""
        sql = """
            select pg_is_in_recovery(),
              case when pg_is_in_recovery()
                then (select max(('x' || substr(name, 1, 8))::bit(32)::int) from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$')
                else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end,
              case when pg_is_in_recovery()
                then coalesce(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0') else pg_current_wal_lsn() end - '0/0'::pg_lsn,
              exists (select from pg_stat_wal_receiver)"""
        recovers, timeline, position, receives = self.ask(sql, seconds=5).split("\t")
        return Standing(recovers == "f", int(timeline), int(position), receives == "t")


def nodes(settings: Settings, place: Place) -> list[Node]:
    return [Node(number + 1, settings, place) for number in range(len(settings.nodes))]


def stop_all(place: Place) -> None:
    """All that were started in this folder. At once, without a last checkpoint: their data is removed next."""
    for data in sorted((place.folder / "nodes").glob("s[0-9]*")):
        Program(data.name, place.folder).end(signal.SIGQUIT, seconds=30)
        remove_traces(data)


def remove_traces(data: Path) -> None:
    """What outlives a kill -9 and tells a second server that a first one runs: a little piece of System V memory, and a file with the
    process id, which another process may have by now. Both stay where somebody still has that memory."""
    try:
        told = subprocess.run([*as_user("postgres"), "sed", "-n", "7p", data / "postmaster.pid"], capture_output=True, text=True, check=True)
        key, identifier = told.stdout.split()
        pieces = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    except (subprocess.CalledProcessError, ValueError, FileNotFoundError):
        return
    # The second column is its id, the seventh how many are attached to it.
    attached = [piece[6] for piece in pieces if piece[:2] == [key, identifier]]
    if attached == ["0"]:
        run([*as_user("postgres"), "ipcrm", "-m", identifier])
    if attached in ([], ["0"]):
        run([*as_user("postgres"), "rm", "-f", data / "postmaster.pid"])
