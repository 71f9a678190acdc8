"""The ground of the proof with Patroni: it decides who the primary is, by the configuration that docs/running recommends."""

import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

import certificates
from clients import Accounts
from faults.disk import Disk
from ground import COMMAND_SECONDS, SCHEMA, Ground
from network import CLIENT, Host, Network
from node import literal
from patroni_programs import prepared_programs
from patroni_server import POSTGRES_PORT, RUNNING, Passwords, PatroniServer
from place import Settings, give
from programs import Failure
from replication import RECOMMENDED as DATABASE_SQL

DISK_BYTES = 3 << 30
WHOLE_SECONDS = 180
# Of the members of a cluster that is whole, one the leader.
WHOLE = ["running", "streaming", "streaming"]
ROLES = ["leader", "quorum_standby", "quorum_standby"]


@dataclass
class EncryptedSettings(Settings):
    """As the documents have it: the servers show a certificate, and it is looked at."""

    authority: str = ""

    @property
    def database_url(self) -> str:
        return f"{super().database_url}?sslmode=verify-full&sslrootcert={self.authority}"


class PatroniGround(Ground):
    def __init__(self, binary: Path, folder: Path, network: Network, accounts: Accounts, settings: dict[str, str]):
        super().__init__(binary, folder, network, accounts, settings)
        self.programs = prepared_programs()
        self.settings = EncryptedSettings(
            nodes=[POSTGRES_PORT] * len(network.databases), instances=self.settings.instances, balancer=0, binary=str(binary), schema=SCHEMA,
            ledger_password=secrets.token_urlsafe(24), admin_password="", user_password="",
            addresses=[host.address(CLIENT) for host in network.databases], authority=str(folder / certificates.AUTHORITY))

    def make_databases(self) -> None:
        passwords = Passwords(secrets.token_hex(24), secrets.token_hex(24))
        self.databases = [self.make_server(host, passwords) for host in self.network.databases]
        certificates.make_certificates(self.network.databases, [server.folder for server in self.databases], self.place)
        for server in self.databases:
            server.configure()
            server.start_etcd()
        first, *others = self.databases
        first.start_patroni()
        first.patroni.wait_until(lambda: first.role == "primary", "the primary", WHOLE_SECONDS)
        for server in others:
            server.start_patroni()
        self.wait_until_whole()
        for server in self.databases:
            self.require_recommended_settings(server)
        names = f"\\set role ledger\n\\set database ledger\n\\set schema {SCHEMA}\n"
        password = literal(self.settings.ledger_password)
        self.primary.ask(f"{names}{DATABASE_SQL.read_text()}\nalter role ledger password {password}", seconds=60)

    def make_server(self, host: Host, passwords: Passwords) -> PatroniServer:
        disk = self.ends.enter_context(Disk("ext4", self.place.folder / "nodes", name=f"{host.name}-disk", size=DISK_BYTES))
        give(disk.place, "postgres")
        server = PatroniServer(host, disk, self.place, self.programs, passwords)
        for folder in (server.folder, server.sockets):
            self.place.make_owned(folder, "postgres")
        return server

    def require_recommended_settings(self, server: PatroniServer) -> None:
        """Those of postgresql.conf hold, whatever else Patroni sets."""
        file = RUNNING / "postgresql.conf"
        wanted = dict(re.findall(r"^(\w+) = (\S+)$", file.read_text(), re.MULTILINE))
        names = ", ".join(literal(name) for name in wanted)
        # On the connection of whoever asks, which is no TCP, those of TCP are 0.
        told = server.ask(f"select name, current_setting(name) from pg_settings where name in ({names}) and name not like 'tcp%'")
        if differing := {name: value for name, value in (line.split("\t") for line in told.splitlines()) if wanted[name] != value}:
            raise Failure(f"{server}: Patroni sets {differing}, and {file} says otherwise: say the same in {RUNNING / 'patroni.yaml'}")

    @property
    def primary(self) -> PatroniServer:
        """Of those that say so of themselves, the one of the highest timeline: one that was cut off may not know yet that it was replaced."""
        if found := self.primaries():
            return max(found, key=lambda server: found[server])
        raise Failure("no server is the primary; what each says: " + ", ".join(f"{server} {server.role}" for server in self.databases))

    def primaries(self) -> dict[PatroniServer, int]:
        """And their timelines."""
        told = {server: server.status() for server in self.databases}
        return {server: each["timeline"] for server, each in told.items() if each and each.get("role") == "primary" and "timeline" in each}

    @property
    def standbys(self) -> list[PatroniServer]:
        primary = self.primary
        return [server for server in self.databases if server is not primary]

    def sql(self, text: str, seconds: float = COMMAND_SECONDS) -> str:
        return self.primary.ask(f"set search_path to {SCHEMA};\n{text}", database="ledger", seconds=seconds)

    def heal(self) -> None:
        """All networks are whole, all machines are on, all databases follow the primary, all instances serve. What is to be done for that is
        Patroni's."""
        self.network.heal_all()
        for server in self.databases:
            server.thaw()
            server.start()
        for each in self.instances:
            each.thaw()
            if not each.is_running:
                each.start()
        self.wait_until_whole()
        self.wait_until_served()

    def wait_until_whole(self) -> None:
        deadline = time.monotonic() + WHOLE_SECONDS
        while not self.is_whole():
            if time.monotonic() > deadline:
                raise Failure(f"not within {WHOLE_SECONDS} s: one leader and two standbys that count; {self.members()}")
            time.sleep(0.2)

    def is_whole(self) -> bool:
        members = self.members()
        return sorted(member["state"] for member in members) == WHOLE and sorted(member["role"] for member in members) == ROLES

    def members(self) -> list[dict]:
        """As the first that answers sees them."""
        for server in self.databases:
            if told := server.status("cluster"):
                return [{name: member.get(name) for name in ("name", "role", "state", "timeline")} for member in told.get("members", [])]
        return []
