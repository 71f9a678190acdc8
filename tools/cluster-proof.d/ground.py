"""The ground on which the proof is made: three databases and the instances, each on a host of its own, and who runs them."""

import contextlib
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import replication
from clients import ADMIN as ADMIN_CLIENT, Accounts
from clock_steps.wall_clock import WallClock
from faults.disk import Disk
from faults.shim import compile_shim
from instances import Instance, command_environment
from machines import DatabaseMachine, InstanceMachine
from network import CHECKER, CLIENT, REPLICATION, Host, Network
from node import ADMIN, REPLICATION as REPLICATION_ROLE, Node
from place import Place, Seat, Settings, give, write_private
from programs import ROOT, Failure, as_user, environment, run
from slow_sync import SlowSync

TOOLS = ROOT / "tools"
HERE = Path(__file__).resolve().parent
DATABASE_PORT = 7432
# All networks of the proof.
CALLERS = "10.77.0.0/16"
INSTANCE_PORT = 7080
SCHEMA = "refresh_ledger"
ISSUER = "https://ledger.example"
# Sparse. Room for a second copy of the data, a backup, and for the log that is kept.
DISK_BYTES = 1536 << 20
# For three databases on one machine. What matters, and the short time-outs, are in the recommended settings.
SMALL = """
shared_buffers = 64MB
min_wal_size = 32MB
max_wal_size = 96MB
# More than a standby falls behind in network_faults.py.
wal_keep_size = 128MB
checkpoint_timeout = 30s
# The data has a file system of its own.
recovery_init_sync_method = syncfs
log_checkpoints = off
"""
INSTANCE_SETTINGS = {"REFRESH_LEDGER_HTTP_ALLOW_PLAINTEXT": "true"}
WHOLE_SECONDS = 90
COMMAND_SECONDS = 60


class Ground:
    """`with` it: made at the beginning, ended at the end. The primary is whom the one who runs it takes for that."""

    def __init__(self, binary: Path, folder: Path, network: Network, accounts: Accounts, settings: dict[str, str]):
        self.network = network
        self.place = Place(folder)
        self.accounts = accounts
        self.instance_settings = INSTANCE_SETTINGS | settings
        self.settings = Settings(
            nodes=[DATABASE_PORT] * len(network.databases), instances=[INSTANCE_PORT] * len(network.applications), balancer=0,
            binary=str(binary), schema=SCHEMA, ledger_password=secrets.token_urlsafe(24), admin_password=secrets.token_urlsafe(24),
            user_password="", addresses=[host.address(CLIENT) for host in network.databases])
        self.databases: list[DatabaseMachine] = []
        self.instances: list[InstanceMachine] = []
        self.began = time.monotonic()
        self.ends = contextlib.ExitStack()

    def __enter__(self) -> "Ground":
        try:
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # Nobody is left to mount anything upon; the namespaces' end would do it too.
        for machine in [*self.instances, *self.databases]:
            machine.kill()
        self.ends.close()

    def say(self, text: str) -> None:
        """In the ground's own log, beside those of the programs."""
        with open(self.place.folder / "log" / "ground", "a") as log:
            log.write(f"{time.monotonic() - self.began:9.3f} {text}\n")

    # Making it.

    def make(self) -> None:
        self.place.make()
        write_private(self.place.ledger_passfile, f"*:*:*:ledger:{self.settings.ledger_password}\n")
        for name in ("wall_clock", "slow_sync"):
            source = TOOLS / "clock_steps/wall_clock.c" if name == "wall_clock" else HERE / "slow_sync.c"
            compile_shim(source, self.place.folder / f"{name}.so")
        self.make_databases()
        self.make_ledger()
        self.instances = [self.make_instance(number, host) for number, host in enumerate(self.network.applications, 1)]
        for machine in self.instances:
            machine.start()
        self.wait_until_served()

    def make_databases(self) -> None:
        replication.say = self.say
        password = secrets.token_urlsafe(24)
        write_private(self.place.admin_passfile, f"*:*:*:{ADMIN}:{self.settings.admin_password}\n")
        of_nodes = f"*:*:*:{REPLICATION_ROLE}:{password}\n*:*:*:{ADMIN}:{self.settings.admin_password}\n"
        self.place.write_owned(self.place.nodes_passfile, of_nodes, "postgres")
        self.databases = [self.make_database(number, host) for number, host in enumerate(self.network.databases, 1)]
        replication.make(self.nodes, self.settings, password)
        self.primary = self.databases[0]

    def make_database(self, number: int, host: Host) -> DatabaseMachine:
        disk = self.ends.enter_context(Disk("ext4", self.place.folder / "nodes", name=f"disk{number}", size=DISK_BYTES))
        give(disk.place, "postgres")
        clock, preload = self.clock_of(host, "wall_clock", "slow_sync")
        sync = SlowSync(self.place.folder / f"{host.name}.sync")
        seat = Seat(
            address=host.address(REPLICATION), listens=f"{host.address(CLIENT)},{host.address(REPLICATION)}", callers=CALLERS,
            enter=tuple(host.enter), settings=SMALL, environment=(*preload, ("LEDGER_SYNC_CONTROL", str(sync.control))))
        return DatabaseMachine(Node(number, self.settings, self.place, seat, disk.place / "data"), host, disk, clock, sync)

    def make_instance(self, number: int, host: Host) -> InstanceMachine:
        clock, preload = self.clock_of(host, "wall_clock")
        seat = Seat(
            address=host.address(CHECKER), listens="0.0.0.0", enter=tuple(host.enter), environment=(*preload, *self.instance_settings.items()))
        return InstanceMachine(Instance(number, self.settings, self.place, seat), host, clock)

    def clock_of(self, host: Host, *libraries: str) -> tuple[WallClock, list[tuple[str, str]]]:
        """Of all programs on a host, and what they need for it."""
        control = self.place.folder / f"{host.name}.clock"
        clock = WallClock(self.place.folder / "wall_clock.so", control)
        control.chmod(0o666)
        preload = ":".join(str(self.place.folder / f"{name}.so") for name in libraries)
        return clock, [("LD_PRELOAD", preload), ("LEDGER_CLOCK_CONTROL", str(control))]

    def make_ledger(self) -> None:
        """Schema, keys and accounts. Nobody logs in with the users' passwords."""
        write_private(self.place.master_key, secrets.token_bytes(32))
        self.command("database", "init", "--issuer", ISSUER)
        for user in self.accounts.users:
            self.command("users", "add", user, "--password-stdin", text=f"{secrets.token_urlsafe(24)}\n")
        for client in self.accounts.clients:
            if client.is_admin:
                self.command("clients", "add", client.name, "--secret-stdin", "--admin", text=f"{ADMIN_CLIENT[1]}\n")
            else:
                self.command("clients", "add", client.name, "--public", "--grace", f"{client.grace}s")

    # Asking and telling.

    @property
    def nodes(self) -> list[Node]:
        return [machine.node for machine in self.databases]

    @property
    def standbys(self) -> list[DatabaseMachine]:
        return [machine for machine in self.databases if machine is not self.primary]

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where the clients reach the instances."""
        return [(machine.host.address(CHECKER), INSTANCE_PORT) for machine in self.instances]

    def command(self, *words: str, binary: str | None = None, fails: bool = False, text: str = "") -> str:
        """Of the server's own commands, on the host of an instance. What it printed, also where it may fail and did."""
        command = [*self.network.applications[0].enter, binary or self.settings.binary, *words, "--database", self.settings.database_url]
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS, cwd="/",
            env=environment(**self.environment))
        if done.returncode != 0 and not fails:
            raise Failure(f"refresh-ledger {' '.join(words)} exited {done.returncode}: {(done.stderr or done.stdout).strip()}")
        return done.stdout + done.stderr

    @property
    def environment(self) -> dict[str, str]:
        return command_environment(self.settings, self.place) | self.instance_settings

    def sql(self, text: str, seconds: float = COMMAND_SECONDS) -> str:
        """Of the primary, in the ledger's database."""
        return self.primary.node.ask(f"set search_path to {SCHEMA};\n{text}", database="ledger", seconds=seconds)

    # What whoever runs it does.

    def fail_over(self, followers: Iterable[DatabaseMachine] | None = None) -> DatabaseMachine:
        """Another primary, by the rule of tools/cluster. The old one is left as it is; those that are not among the followers get their
        orders when they are healed."""
        given = list(self.standbys if followers is None else followers)
        everyone = len(self.standbys)
        promoted = replication.fail_over([machine.node for machine in given], replication.quorum(everyone), everyone)
        self.primary = self.machine_of(promoted)
        return self.primary

    def machine_of(self, node: Node) -> DatabaseMachine:
        return next(machine for machine in self.databases if machine.node is node)

    def heal(self) -> None:
        """All networks are whole, all clocks right, all databases follow the primary, all instances serve."""
        self.network.heal_all()
        for machine in self.databases:
            machine.thaw()
            machine.sync.set_delay(0)
            machine.disk.free()
        for machine in [*self.databases, *self.instances]:
            machine.clock.set_right()
        for each in self.instances:
            each.thaw()
            if not each.is_running:
                each.start()
        self.end_old_primaries()
        if not self.primary.node.is_running:
            self.primary.start()
        replication.rejoin(self.nodes)
        self.wait_until_served()

    def end_old_primaries(self) -> None:
        """They would never follow by themselves."""
        for machine in self.standbys:
            if machine.node.is_running and not machine.node.is_made_standby:
                self.say(f"{machine}: was the primary, is ended")
                machine.stop(signal.SIGQUIT)

    def wait_until_served(self, machines: Iterable[InstanceMachine] | None = None, seconds: float = WHOLE_SECONDS) -> None:
        for machine in self.instances if machines is None else machines:
            machine.instance.program.wait_until(machine.takes_writes, "taking writes", seconds)

    def back_up(self) -> Path:
        """A base backup of the primary, on its own disk."""
        backup = self.primary.disk.place / "backup"
        as_postgres("rm", "-rf", backup)
        self.primary.node.take_backup(self.primary.node, backup)
        return backup

    def restore(self, backup: Path) -> None:
        """The primary is what it was at the backup, and all standbys are copied from it."""
        for machine in self.databases:
            machine.kill()
        node = self.primary.node
        as_postgres("rm", "-rf", node.data)
        as_postgres("mv", backup, node.data)
        node.start()
        self.copy_standbys()

    def promote_against_the_rule(self, machine: DatabaseMachine) -> None:
        """One that may lack what was acknowledged. The others, which do not run, are copied from it."""
        node = machine.node
        self.primary = machine
        node.set(replication.NAMES, replication.names_for(1, [each.node for each in self.standbys]))
        node.ask("select pg_promote(true, 60)", seconds=70)
        self.copy_standbys()

    def copy_standbys(self) -> None:
        node = self.primary.node
        for machine in self.standbys:
            machine.node.copy(node)
            machine.node.start()
        for machine in self.standbys:
            replication.wait_until_streaming(machine.node, node)
        replication.wait_for(node, [machine.node for machine in self.standbys])


def as_postgres(*command: str | Path) -> None:
    run([*as_user("postgres"), *command])


def wait_until(holds: Callable[[], bool], what: str, seconds: float, more: Callable[[], str] = lambda: "") -> float:
    """How long it took."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() > began + seconds:
            raise Failure(f"not within {seconds:g} s: {what}; {more()}".rstrip("; "))
        time.sleep(0.05)
    return time.monotonic() - began
