"""What is under the soak: the databases, the instances before them and nginx, and what they use of the machine."""

import argparse
import contextlib
import os
import signal
import subprocess
from pathlib import Path

import operations
from balancer import Balancer
from ground import times
from instances import Instance, command_environment, instances, knows_databases
from node import Node, nodes
from place import Place
from programs import Failure, as_user, children_of, environment, postgres_programs, run, server_program
from shape import Shape

STANDBYS = 2
SCHEMA = "refresh_ledger"
# A quarter of a machine's memory is recommended; this one has three databases and their callers on it.
RECOMMENDED_BESIDE = {"shared_buffers": "1GB"}
# Of an instance: the least retention that can be set, and access tokens that are over soon, so that what is kept for their sake is, too.
SERVED_WITH = {"REFRESH_LEDGER_STORE_EVENT_RETENTION": "1h", "REFRESH_LEDGER_TOKENS_ACCESS_TTL": "60s"}
USERS = 20
# As LedgerSQL has it.
SWEEP_LOCK = 10
LASTING_CLIENT = "web"
# Of people who log in: its sessions end after five minutes without a refresh.
PASSING_CLIENT = "desk"
PASSING_IDLE = 300
ADMIN = ("boss", "secret of the soak")
UNKNOWN = "it is not known if a change was made"
TICKS = os.sysconf("SC_CLK_TCK")


class Servers:
    """All of it, as a context."""

    def __init__(self, place: Place, shape: Shape):
        self.place = place
        self.shape = shape
        self.binary = str(server_program())
        self.holding: subprocess.Popen | None = None

    def __enter__(self) -> "Servers":
        if not knows_databases(self.binary):
            raise Failure(f"{self.binary} cannot keep sessions in a database: build it again, or name another with REFRESH_LEDGER_BINARY")
        self.place.require_free()
        self.place.make()
        try:
            self.make()
        except BaseException:
            operations.end_all(self.place)
            raise
        return self

    def __exit__(self, *_) -> None:
        if self.holding:
            self.holding.stdin.close()
            self.holding.wait()
        operations.end_all(self.place)

    def make(self) -> None:
        wanted = argparse.Namespace(standbys=STANDBYS, instances=self.shape.instances, port=None, database_port=None, schema=SCHEMA)
        operations.start(wanted, self.place, self.binary)
        self.settings = self.place.load()
        self.nodes = nodes(self.settings, self.place)
        self.instances: list[Instance] = instances(self.settings, self.place)
        self.balancer = Balancer(self.settings, self.place)
        for instance in self.instances:
            instance.stop()
        # A standby has room for as much as its primary, before it.
        for node in [*self.nodes[1:], self.primary]:
            self.set_up(node)
        for number in range(USERS):
            self.command("users", "add", user(number), "--password-stdin", "--scopes", "read write", text=f"password {number}\n")
        self.command("clients", "add", LASTING_CLIENT, "--public")
        self.command("clients", "add", PASSING_CLIENT, "--public", "--refresh-ttl", f"{PASSING_IDLE}s")
        self.command("clients", "add", ADMIN[0], "--secret-stdin", "--admin", text=f"{ADMIN[1]}\n")
        for instance in self.instances:
            self.start(instance)

    def set_up(self, node: Node) -> None:
        for name, value in (RECOMMENDED_BESIDE | self.shape.settings).items():
            node.set(name, value)
        node.program.end(signal.SIGINT)
        node.start()

    def start(self, instance: Instance) -> None:
        address = ["--host", "127.0.0.1", "--port", str(instance.port)]
        instance.program.start([self.binary, "serve", "--database", self.settings.database_url, *address], **self.environment)
        instance.wait_until_ready()

    def break_something(self) -> None:
        if self.shape.without == "hot":
            self.primary.ask(f"create index broken on {SCHEMA}.session (refreshed_at)", database="ledger", seconds=3600)
        elif self.shape.without == "sweep":
            # By a connection that lasts as long as the soak, and not by a transaction, which would keep dead rows as well.
            source = f"host=127.0.0.1 port={self.primary.port} user=postgres dbname=ledger application_name=broken"
            lock = f"pg_advisory_lock('{SCHEMA}.ledger_number'::regclass::oid::int4, {SWEEP_LOCK})"
            self.holding = subprocess.Popen(
                [*as_user("postgres"), postgres_programs() / "psql", "-XqAtw", source], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                text=True, cwd="/", env=environment(PGPASSFILE=str(self.place.nodes_passfile)))
            self.holding.stdin.write(f"select {lock};\n")
            self.holding.stdin.flush()

    @property
    def primary(self) -> Node:
        return self.nodes[0]

    @property
    def environment(self) -> dict[str, str]:
        return command_environment(self.settings, self.place) | SERVED_WITH

    @property
    def url(self) -> str:
        return self.settings.url

    def command(self, *words: str, text: str = "", seconds: float = 120) -> str:
        """Of refresh-ledger, on the database."""
        return run([self.binary, *words, "--database", self.settings.database_url], text=text, seconds=seconds, **self.environment)

    def processor_seconds(self) -> dict[str, float]:
        """What each kind of process has used so far."""
        of_nodes = [with_children(node.program.pid) for node in self.nodes]
        return {
            "primary": of_nodes[0], "standbys": sum(of_nodes[1:]),
            "instances": sum(with_children(instance.program.pid) for instance in self.instances),
            "nginx": with_children(self.balancer.program.pid)}

    def waited_seconds(self) -> float:
        """For how long databases and instances together waited for a processor while they could have run."""
        pids = [program.pid for program in [each.program for each in [*self.nodes, *self.instances]] if program.pid is not None]
        return sum(waited(pid) for parent in pids for pid in [parent, *children_of(parent)])

    def unknown(self) -> int:
        """How many outcomes the instances called unknown, each in a line of its log."""
        return sum(instance.program.log.read_text(errors="replace").count(UNKNOWN) for instance in self.instances)

    def memory(self) -> list[int]:
        """Resident bytes of each instance."""
        return [resident(instance.program.pid) for instance in self.instances]


def user(number: int) -> str:
    return f"user-{number % USERS}"


def with_children(pid: int | None) -> float:
    """Processor seconds of a process, of its children, and of those that have ended."""
    if pid is None:
        raise Failure("a program of the soak has ended: see its log in the folder cluster/log")
    ticks = sum(times(pid)[:4]) + sum(sum(times(child)[:2]) for child in children_of(pid))
    return ticks / TICKS


def waited(pid: int) -> float:
    """Of all its threads."""
    total = 0
    for place in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            total += int(place.read_text().split()[1])
    return total / 1e9


def resident(pid: int | None) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        raise Failure("an instance has ended: see its log in the folder cluster/log") from None
    return int(text.partition("VmRSS:")[2].split()[0]) * 1024
