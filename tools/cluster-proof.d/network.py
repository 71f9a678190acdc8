"""The hosts of the proof as network namespaces, the three networks between them, and what can happen to these.

A database host is on the client network, where the instances reach it, and on the replication network. An application host is on the client
network and on the checker's, over which the clients of the proof reach its instance; that one is never cut. The checker itself is the
namespace that this runs in. Everything vanishes with that namespace: see own_namespaces.py.
"""

import ctypes
import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

# The third number of an address on it.
CLIENT, REPLICATION, CHECKER = "client", "replication", "checker"
NUMBERS = {CLIENT: 1, REPLICATION: 2, CHECKER: 3}
# Of the checker, on the network of that name alone.
CHECKER_ADDRESS = "10.77.3.254"
# Where `ip netns` keeps its names; a file system of our own lies over it.
NAMES = Path("/run/netns")
# A frame to it reaches nobody.
NOBODY = "02:00:00:00:00:01"
# States of a bridge's port: a disabled one drops every frame, and nobody sees its cable pulled.
DISABLED, FORWARDING = 0, 3
CLONE_NEWNET = 0x40000000

T = TypeVar("T")


class NetworkFailure(Exception):
    """What could not be set up, in one line."""


@dataclass(frozen=True)
class Host:
    name: str
    number: int
    networks: tuple[str, ...]

    def address(self, network: str) -> str:
        return f"10.77.{NUMBERS[network]}.{self.number}"

    def port(self, network: str) -> str:
        """Its end of the cable at the bridge, in the checker's namespace."""
        return f"{self.name}-{network[:6]}"

    @property
    def enter(self) -> list[str]:
        """What stands before a command that runs on it."""
        return ["nsenter", f"--net={NAMES / self.name}", "--"]

    def call(self, function: Callable[[], T]) -> T:
        """Calls it on this host: a socket that it makes is one of the host's, also afterwards."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._entered, function).result()

    def _entered(self, function: Callable[[], T]) -> T:
        # Of this thread alone, which ends after the call.
        with open(NAMES / self.name) as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise NetworkFailure(f"the namespace of {self.name} cannot be entered: {os.strerror(ctypes.get_errno())}")
        return function()


def database_host(number: int) -> Host:
    return Host(f"db{number}", number, (CLIENT, REPLICATION))


def application_host(number: int) -> Host:
    return Host(f"app{number}", 10 + number, (CLIENT, CHECKER))


@dataclass
class Network:
    databases: list[Host] = field(default_factory=lambda: [database_host(number) for number in (1, 2, 3)])
    applications: list[Host] = field(default_factory=lambda: [application_host(number) for number in (1, 2, 3)])

    def __post_init__(self):
        self._cut: set[tuple[Host, str]] = set()
        self._parted: set[tuple[Host, Host, str]] = set()
        self._slowed: set[tuple[Host, str]] = set()

    @property
    def hosts(self) -> list[Host]:
        return self.databases + self.applications

    def make(self) -> None:
        # Else the names would be made in the system's own folder.
        _run("mount", "-t", "tmpfs", "tmpfs", NAMES.parent)
        _batch("link set dev lo up", *(f"netns add {host.name}" for host in self.hosts))
        for network in NUMBERS:
            _batch(f"link add {network} type bridge forward_delay 0", f"link set dev {network} up")
        _batch(f"address add {CHECKER_ADDRESS}/24 dev {CHECKER}")
        for host in self.hosts:
            for network in host.networks:
                _batch(
                    f"link add {host.port(network)} type veth peer name {network} netns {host.name}",
                    f"link set dev {host.port(network)} master {network} up")
            inside = [f"address add {host.address(network)}/24 dev {network}" for network in host.networks]
            _batch("link set dev lo up", *inside, *(f"link set dev {network} up" for network in host.networks), host=host)

    def cut(self, host: Host, network: str) -> None:
        """Nothing gets through any more in either direction, and neither side is told."""
        self._cut.add((host, network))
        self._set_port(host, network, DISABLED)

    def heal(self, host: Host, network: str) -> None:
        self._cut.discard((host, network))
        self._set_port(host, network, FORWARDING)

    def isolate(self, host: Host) -> None:
        """From everything but the checker."""
        for network in host.networks:
            if network != CHECKER:
                self.cut(host, network)

    def rejoin(self, host: Host) -> None:
        for network in host.networks:
            if network != CHECKER:
                self.heal(host, network)

    def part(self, one: Host, other: Host, network: str = CLIENT) -> None:
        """These two reach each other no more; both reach everybody else."""
        self._parted.add((one, other, network))
        for here, there in ((one, other), (other, one)):
            _batch(f"neighbour replace {there.address(network)} lladdr {NOBODY} nud permanent dev {network}", host=here)

    def join(self, one: Host, other: Host, network: str = CLIENT) -> None:
        self._parted.discard((one, other, network))
        for here, there in ((one, other), (other, one)):
            _batch(f"neighbour delete {there.address(network)} dev {network}", host=here)

    def slow(self, host: Host, network: str, rate: str, wait: str = "400ms") -> None:
        """Lets so much through in either direction, such as 256kbit. What would wait longer is dropped. A second call changes it."""
        self._slowed.add((host, network))
        limit = ("root", "tbf", "rate", rate, "burst", "16kb", "latency", wait)
        _run("tc", "qdisc", "replace", "dev", host.port(network), *limit)
        _run(*host.enter, "tc", "qdisc", "replace", "dev", network, *limit)

    def hasten(self, host: Host, network: str) -> None:
        """The end of `slow`."""
        self._slowed.discard((host, network))
        _run("tc", "qdisc", "delete", "dev", host.port(network), "root")
        _run(*host.enter, "tc", "qdisc", "delete", "dev", network, "root")

    def heal_all(self) -> None:
        for host, network in sorted(self._cut, key=str):
            self.heal(host, network)
        for one, other, network in sorted(self._parted, key=str):
            self.join(one, other, network)
        for host, network in sorted(self._slowed, key=str):
            self.hasten(host, network)

    def _set_port(self, host: Host, network: str, state: int) -> None:
        if network == CHECKER:
            raise ValueError("the checker's network is never cut")
        _run("bridge", "link", "set", "dev", host.port(network), "state", str(state))


def _batch(*commands: str, host: Host | None = None) -> None:
    """Commands of `ip`."""
    _run(*(host.enter if host else []), "ip", "-batch", "-", text="\n".join(commands) + "\n")


def _run(*command: str | Path, text: str = "") -> None:
    done = subprocess.run([str(word) for word in command], input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"it exited {done.returncode}"]
        raise NetworkFailure(f"{' '.join(map(str, command))}: {said[0]}; {text.strip()}".rstrip("; "))
