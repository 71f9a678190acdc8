"""What can happen to a machine of the proof: one with a database, one with an instance."""

import contextlib
import os
import re
import signal
import time
from pathlib import Path

from clock_steps.wall_clock import WallClock
from faults.disk import Disk
from instances import Instance
from network import Host
from node import Node, remove_traces
from programs import Failure, Program, children_of, started_at
from slow_sync import SlowSync

# A process of the server that works for an instance.
WORKS_FOR_INSTANCE = re.compile(rb"postgres: s\d+: ledger ")
STOPPED_SECONDS = 30


def processes(program: Program) -> list[int]:
    """It and its children. Its first one is to stand still, so that it starts no more of them."""
    return [] if (pid := program.pid) is None else [pid, *children_of(pid)]


def freeze(program: Program) -> None:
    if (pid := program.pid) is not None:
        os.kill(pid, signal.SIGSTOP)
        send_all(processes(program)[1:], signal.SIGSTOP)


def thaw(program: Program) -> None:
    # The first one last, which may have to do with what the others did.
    send_all(reversed(processes(program)), signal.SIGCONT)


def send_all(pids, number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


class DatabaseMachine:
    """PostgreSQL, the disk that it has to itself, and its clock."""

    def __init__(self, node: Node, host: Host, disk: Disk, clock: WallClock, sync: SlowSync):
        self.node = node
        self.host = host
        self.disk = disk
        self.clock = clock
        self.sync = sync

    @property
    def name(self) -> str:
        return self.node.name

    def __str__(self) -> str:
        return self.name

    def kill(self) -> None:
        """kill -9 of all its processes."""
        self.node.kill()

    def lose_power(self) -> None:
        """What was not synced is gone. The power is back at once; PostgreSQL is not started."""
        freeze(self.node.program)
        self.disk.cut_power(processes(self.node.program))
        self.node.program.kill()
        self.disk.restore_power()
        remove_traces(self.node.data)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """SIGINT is a fast shutdown, SIGQUIT an immediate one."""
        self.node.program.end(number, STOPPED_SECONDS)
        remove_traces(self.node.data)

    def start(self) -> None:
        remove_traces(self.node.data)
        self.node.start()

    def freeze(self) -> None:
        freeze(self.node.program)

    def thaw(self) -> None:
        thaw(self.node.program)

    def crash(self) -> None:
        """kill -9 of a process that works for an instance: PostgreSQL ends all others, and starts again by itself."""
        for pid in self.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                return
        raise Failure(f"{self.name}: no process works for an instance")

    def workers(self) -> list[int]:
        """The processes that work for instances."""
        found = []
        for pid in processes(self.node.program)[1:]:
            with contextlib.suppress(OSError):
                if WORKS_FOR_INSTANCE.match(Path(f"/proc/{pid}/cmdline").read_bytes()):
                    found.append(pid)
        return found

    def workers_amid_a_change(self) -> list[int]:
        """Those whose transaction has written something, and is not over for others: it may wait for a standby."""
        told = self.node.ask(
            "select pid from pg_stat_activity where backend_xid is not null and backend_type = 'client backend' and pid <> pg_backend_pid()")
        return [int(pid) for pid in told.split()]

    def sender_to(self, standby: "DatabaseMachine") -> int:
        """The process that sends its log to that one."""
        told = self.node.ask(f"select pid from pg_stat_replication where application_name = '{standby.name}'")
        if not told.isdecimal():
            raise Failure(f"{self.name} sends nothing to {standby.name}")
        return int(told)


class InstanceMachine:
    def __init__(self, instance: Instance, host: Host, clock: WallClock):
        self.instance = instance
        self.host = host
        self.clock = clock

    @property
    def name(self) -> str:
        return f"instance {self.instance.number}"

    def __str__(self) -> str:
        return self.name

    @property
    def is_running(self) -> bool:
        return self.instance.program.pid is not None

    def kill(self) -> None:
        self.instance.program.kill()

    def stop(self, seconds: float = STOPPED_SECONDS) -> None:
        """SIGTERM, and it must end by itself."""
        pid = self.instance.program.pid
        if pid is None:
            raise Failure(f"{self.name} has ended before it was told to; the end of its log:\n{self.instance.program.end_of_log()}")
        began = started_at(pid)
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while started_at(pid) == began:
            if time.monotonic() > deadline:
                raise Failure(f"{self.name} did not end within {seconds:g} s of SIGTERM; the end of its log:\n{self.instance.program.end_of_log()}")
            time.sleep(0.02)
        self.instance.program.kill()

    def start(self) -> None:
        self.instance.start()

    def freeze(self) -> None:
        freeze(self.instance.program)

    def thaw(self) -> None:
        thaw(self.instance.program)

    @property
    def log(self) -> str:
        return self.instance.program.log.read_text(errors="replace")

    def takes_writes(self) -> bool:
        return self.instance.health("?writes=true").status == 200
