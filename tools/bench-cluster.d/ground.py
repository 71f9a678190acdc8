"""The databases that are measured: a primary and two synchronous standbys, with a ledger's tables."""

import argparse
import os
import signal
from pathlib import Path

import operations
from instances import command_environment, knows_databases, make_shared
from node import Node, nodes
from place import Place
from programs import Failure, children_of, server_program

STANDBYS = 2
# At most, in a turn.
CALLERS_MAX = 512
SCHEMA = "refresh_ledger"
# Beside the callers: the feeds and lanes of instances, standbys and the administrator.
CONNECTIONS_BESIDE = 64
# A statement is shown in full.
SHOWN_BYTES = 32768
TICKS = os.sysconf("SC_CLK_TCK")


class Ground:
    def __init__(self, place: Place):
        self.place = place
        self.binary = str(server_program())

    def __enter__(self) -> "Ground":
        if not knows_databases(self.binary):
            raise Failure(f"{self.binary} cannot keep its sessions in a database: build it again, or name another with REFRESH_LEDGER_BINARY")
        self.place.require_free()
        self.place.make()
        try:
            shape = argparse.Namespace(standbys=STANDBYS, instances=0, port=None, database_port=None, schema=SCHEMA)
            operations.start(shape, self.place, self.binary)
            self.settings = self.place.load()
            self.settings.binary = self.binary
            self.primary, *standbys = nodes(self.settings, self.place)
            # A standby has room for as many as its primary, before it.
            for node in [*standbys, self.primary]:
                self.enlarge(node)
            make_shared(self.settings, self.place)
        except BaseException:
            operations.end_all(self.place)
            raise
        return self

    def __exit__(self, *_) -> None:
        operations.end_all(self.place)

    def enlarge(self, node: Node) -> None:
        node.set("max_connections", str(CALLERS_MAX + CONNECTIONS_BESIDE))
        node.set("track_activity_query_size", str(SHOWN_BYTES))
        node.program.end(signal.SIGINT)
        node.start()

    @property
    def environment(self) -> dict[str, str]:
        return command_environment(self.settings, self.place)

    @property
    def url(self) -> str:
        return self.settings.database_url

    def processor_seconds(self) -> float:
        """What the primary has used so far: its processes, and those of its that have ended."""
        pid = self.primary.program.pid
        if pid is None:
            raise Failure(f"{self.primary.name} has ended; the end of its log:\n{self.primary.program.end_of_log()}")
        ticks = sum(times(pid)[:4])
        for child in children_of(pid):
            ticks += sum(times(child)[:2])
        return ticks / TICKS


def times(pid: int) -> list[int]:
    """Of a process in user and system mode, and the same of its children that have ended. 0 where it has ended itself."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return [0, 0, 0, 0]
    return [int(field) for field in fields[11:15]]
