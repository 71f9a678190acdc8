"""One database host that Patroni looks after: etcd, Patroni, the PostgreSQL that this starts, and a watchdog that resets all of it.

Its configuration is that of docs/running, with the addresses and folders of this host in place of those of the documents.
"""

import json
import os
import signal
import ssl
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from certificates import AUTHORITY
from faults.disk import Disk
from network import CLIENT, NAMES, REPLICATION, Host
from node import remove_traces
from patroni_programs import PatroniPrograms
from place import Place
from programs import ROOT, Failure, Program, as_user, postgres_programs, run
from watchdog import Watchdog

RUNNING = ROOT / "docs/running"
# The networks of the documents, and those of the proof.
ADDRESSES = {"10.0.1.": "10.77.1.", "10.0.2.": "10.77.2."}
PATRONI_PORT, POSTGRES_PORT, ETCD_PORT, ETCD_PEER_PORT = 8008, 5432, 2379, 2380


@dataclass(frozen=True)
class Passwords:
    replication: str
    rewind: str


def replaced(file: Path, pairs: dict[str, str]) -> str:
    """Its text, with these in place of what the documents have. One that is not there is an error: what ran would not be what is recommended."""
    text = file.read_text()
    for old, new in pairs.items():
        if old not in text:
            raise Failure(f"{file} has no {old!r}, in whose place the proof puts {new!r}: put it back, or change {Path(__file__).name}")
        text = text.replace(old, new)
    return text


def documented_environment(file: Path, own: dict[str, str], pairs: dict[str, str]) -> dict[str, str]:
    """The variables of a file of docs/running, with those of this host."""
    found = dict(line.split("=", 1) for line in replaced(file, pairs).splitlines() if line and not line.startswith("#"))
    if unknown := own.keys() - found.keys():
        raise Failure(f"{file} does not set {', '.join(sorted(unknown))}: put it back, or change {Path(__file__).name}")
    found |= own
    if empty := [name for name, value in found.items() if not value]:
        raise Failure(f"{file} leaves {', '.join(empty)} to whoever copies it, and {Path(__file__).name} has no value")
    return found


class PatroniServer:
    def __init__(self, host: Host, disk: Disk, place: Place, programs: PatroniPrograms, passwords: Passwords):
        self.host = host
        self.name = host.name
        self.disk = disk
        self.data = disk.place / "data"
        self.place = place
        self.programs = programs
        self.passwords = passwords
        self.folder = place.folder / "nodes" / f"{self.name}-patroni"
        self.sockets = place.folder / "nodes" / f"{self.name}-sockets"
        self.etcd = Program(f"{self.name}-etcd", place.folder)
        self.patroni = Program(f"{self.name}-patroni", place.folder)
        self.watchdog = Watchdog(self.folder / "watchdog", self.reset)
        # How often the watchdog did it.
        self.resets = 0
        # The watchdog may switch the machine off and on while another does.
        self._power = threading.RLock()

    def __str__(self) -> str:
        return self.name

    @property
    def is_running(self) -> bool:
        return self.etcd.pid is not None or self.patroni.pid is not None

    def configure(self) -> None:
        """After its folders and certificates are there."""
        own_places = {
            "/etc/patroni": str(self.folder),
            "/var/lib/postgresql/15/main": str(self.data),
            "/var/lib/postgresql/.pgpass-patroni": str(self.folder / "pgpass"),
            "/usr/lib/postgresql/15/bin": str(postgres_programs()),
            "/var/run/postgresql": str(self.sockets),
            # The instances' database and role, as the tools of this repository name them.
            "hostssl tokens       refresh_ledger": "hostssl ledger       ledger",
            # Patroni's own driver for a pipe, in place of a device that resets the machine.
            "device: /dev/watchdog": f"device: {self.watchdog.pipe}\n  driver: testing",
        }
        self.place.write_owned(self.folder / "patroni.yaml", replaced(RUNNING / "patroni.yaml", ADDRESSES | own_places), "postgres")
        self.place.write_owned(self.folder / "postgresql.conf", (RUNNING / "postgresql.conf").read_text(), "postgres")
        program = self.folder / "before-promotion"
        self.place.write_owned(program, (RUNNING / "patroni-before-promotion").read_text(), "postgres")
        run([*as_user("postgres"), "chmod", "700", program])
        run([*as_user("postgres"), "mkfifo", "-m", "600", self.watchdog.pipe])
        self.watchdog.start()

    @property
    def _patroni_environment(self) -> dict[str, str]:
        between = self.host.address(REPLICATION)
        return documented_environment(RUNNING / "patroni.environment", {
            "PATRONI_NAME": self.name,
            "PATRONI_RESTAPI_LISTEN": f"{between}:{PATRONI_PORT}",
            "PATRONI_RESTAPI_CONNECT_ADDRESS": f"{between}:{PATRONI_PORT}",
            "PATRONI_POSTGRESQL_CONNECT_ADDRESS": f"{between}:{POSTGRES_PORT}",
            "PATRONI_POSTGRESQL_LISTEN": f"{self.host.address(CLIENT)},{between}:{POSTGRES_PORT}",
            "PATRONI_REPLICATION_PASSWORD": self.passwords.replication,
            "PATRONI_REWIND_PASSWORD": self.passwords.rewind,
        }, {}) | {"HOME": str(self.folder)}

    @property
    def _etcd_environment(self) -> dict[str, str]:
        between = self.host.address(REPLICATION)
        return documented_environment(RUNNING / "etcd.environment", {
            "ETCD_NAME": self.name,
            "ETCD_DATA_DIR": str(self.disk.place / "etcd"),
            "ETCD_LISTEN_PEER_URLS": f"https://{between}:{ETCD_PEER_PORT}",
            "ETCD_INITIAL_ADVERTISE_PEER_URLS": f"https://{between}:{ETCD_PEER_PORT}",
            "ETCD_LISTEN_CLIENT_URLS": f"https://{between}:{ETCD_PORT}",
            "ETCD_ADVERTISE_CLIENT_URLS": f"https://{between}:{ETCD_PORT}",
        }, {"10.0.2.": ADDRESSES["10.0.2."], "/etc/etcd": str(self.folder)})

    def start_etcd(self) -> None:
        if self.etcd.pid is None:
            self.etcd.start([*self.host.enter, *as_user("postgres"), self.programs.etcd], **self._etcd_environment)

    def start_patroni(self) -> None:
        if self.patroni.pid is None:
            command = [*self.host.enter, *as_user("postgres"), *self.programs.patroni, self.folder / "patroni.yaml"]
            self.patroni.start(command, **self._patroni_environment)

    def start(self) -> None:
        """What the machine does when it is switched on; what runs already goes on."""
        with self._power:
            if self.postmaster is None:
                remove_traces(self.data)
            self.start_etcd()
            self.start_patroni()

    def processes(self) -> list[int]:
        """All that run on this host."""
        own = os.stat(NAMES / self.name).st_ino
        found = []
        for place in Path("/proc").glob("[0-9]*/ns/net"):
            try:
                if place.stat().st_ino == own:
                    found.append(int(place.parts[2]))
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found

    def send(self, number: signal.Signals, but: int | None = None) -> None:
        for process in self.processes():
            if process == but:
                continue
            try:
                os.kill(process, number)
            except ProcessLookupError:
                continue

    def kill(self) -> None:
        """All of it at once: kill -9."""
        with self._power:
            self.watchdog.disarm()
            self.send(signal.SIGSTOP)
            while self.processes():
                self.send(signal.SIGKILL)
                time.sleep(0.01)

    def lose_power(self) -> None:
        """All of it at once, and what the disk had not synced is gone."""
        with self._power:
            self.watchdog.disarm()
            self.disk.cut_power(self.processes())
            self.kill()
            self.disk.restore_power()

    def reset(self) -> None:
        """What the watchdog does to the machine."""
        with self._power:
            self.resets += 1
            self.lose_power()
            self.start()

    def freeze(self) -> None:
        """The whole machine, its watchdog too."""
        self.watchdog.is_paused = True
        self.send(signal.SIGSTOP)

    def thaw(self, but: int | None = None) -> None:
        """All of it, or all but one process."""
        self.send(signal.SIGCONT, but)
        self.watchdog.is_paused = False

    def signal_patroni(self, number: signal.Signals) -> None:
        if (process := self.patroni.pid) is None:
            raise Failure(f"{self.name}: no Patroni runs; the end of its log:\n{self.patroni.end_of_log()}")
        os.kill(process, number)

    def log_since(self, length: int) -> str:
        """Of Patroni and its PostgreSQL."""
        with open(self.patroni.log, errors="replace") as log:
            log.seek(length)
            return log.read()

    @property
    def postmaster(self) -> int | None:
        """The process of its PostgreSQL."""
        done = run([*as_user("postgres"), "sh", "-c", 'head -n 1 "$0" 2>/dev/null || true', self.data / "postmaster.pid"]).strip()
        return int(done) if done and int(done) in self.processes() else None

    def kill_postgres(self) -> None:
        if (process := self.postmaster) is None:
            raise Failure(f"{self.name}: no PostgreSQL runs that could be killed")
        os.kill(process, signal.SIGKILL)

    def control(self, *arguments: str, seconds: float = 60) -> str:
        """patronictl, as whoever administrates the servers calls it on this one."""
        command = [*self.host.enter, *as_user("postgres"), *self.programs.patronictl, "-c", self.folder / "patroni.yaml", *arguments]
        return run(command, seconds=seconds, **self._patroni_environment)

    def ask(self, sql: str, database: str = "postgres", seconds: float = 10) -> str:
        """Of the administrator on this host. Columns are separated by tabs."""
        source = f"host={self.sockets} port={POSTGRES_PORT} user=postgres dbname={database} connect_timeout=2 application_name=proof"
        psql = [postgres_programs() / "psql", "-XqAt", "-w", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-f", "-", source]
        return run([*self.host.enter, *as_user("postgres"), *psql], text=sql, seconds=seconds).strip("\n")

    def status(self, path: str = "patroni") -> dict | None:
        """What its Patroni says; None where it says nothing."""
        try:
            return self.host.call(lambda: self._fetched(path))
        except (OSError, ValueError):
            return None

    @property
    def role(self) -> str:
        return (self.status() or {}).get("role", "does not answer")

    def _fetched(self, path: str) -> dict:
        trust = ssl.create_default_context(cafile=str(self.place.folder / AUTHORITY))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
        url = f"https://{self.host.address(REPLICATION)}:{PATRONI_PORT}/{path}"
        try:
            with opener.open(url, timeout=2) as reply:
                return json.loads(reply.read())
        except urllib.error.HTTPError as error:
            # A status other than 200 says that it is not what was asked for.
            return json.loads(error.read())
