"""Whether the networks of the proof do what their faults say: a cut that lets something through proves nothing.

Alone: python3 -B tools/cluster-proof.d/network_check.py (root).
"""

import socket
import subprocess
import sys
import time

import own_namespaces
from network import CHECKER, CHECKER_ADDRESS, CLIENT, NOBODY, REPLICATION, Host, Network, NetworkFailure

PORT = 7000
# A cut link answers nothing within so long, one that is whole does.
SHORT_SECONDS = 0.25
LONG_SECONDS = 3
SLOW_BYTES = 100_000


class Listener:
    """Takes connections on all addresses of a host; the system answers for it."""

    def __init__(self, host: Host):
        self.socket = host.call(lambda: socket.create_server(("0.0.0.0", PORT), backlog=4096))

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def connected(source: Host | None, address: str, seconds: float) -> socket.socket | None:
    """From a host, or from the checker."""

    def connect() -> socket.socket | None:
        try:
            return socket.create_connection((address, PORT), timeout=seconds)
        except OSError:
            return None

    return source.call(connect) if source else connect()


def reaches(source: Host | None, address: str, seconds: float = LONG_SECONDS) -> bool:
    """Asked again for a while: after a cut an address is looked for anew."""
    deadline = time.monotonic() + seconds
    while True:
        if found := connected(source, address, min(SHORT_SECONDS, seconds)):
            found.close()
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise NetworkFailure(f"the networks of the proof are not what they should be: {what}")


def check(network: Network) -> None:
    """Of a network that is whole; leaves it so."""
    listeners = [Listener(host) for host in network.hosts]
    try:
        check_whole(network)
        check_cut(network)
        check_parted(network)
        check_slow(network, listeners[1])
    finally:
        network.heal_all()
        for listener in listeners:
            listener.socket.close()
    check_healed(network)


def check_whole(network: Network) -> None:
    one, two, *_ = network.databases
    for application in network.applications:
        expect(reaches(None, application.address(CHECKER)), f"the checker does not reach {application.name}")
        expect(reaches(application, one.address(CLIENT)), f"{application.name} does not reach {one.name}")
    expect(reaches(one, two.address(REPLICATION)), "replication does not get through")
    expect(not reaches(network.applications[0], one.address(REPLICATION), SHORT_SECONDS), "an instance reaches the replication network")


def check_cut(network: Network) -> None:
    one, two, three = network.databases
    application = network.applications[0]
    held = connected(one, two.address(REPLICATION), LONG_SECONDS)
    network.cut(one, REPLICATION)
    for other in (two, three):
        expect(not reaches(one, other.address(REPLICATION), SHORT_SECONDS), f"a cut link reaches {other.name}")
        expect(not reaches(other, one.address(REPLICATION), SHORT_SECONDS), f"{other.name} reaches over a cut link")
    expect(reaches(two, three.address(REPLICATION)), "a cut parts others too")
    expect(reaches(application, one.address(CLIENT)), "a cut of one network cuts another")
    assert held is not None
    held.settimeout(SHORT_SECONDS)
    try:
        expect(held.recv(1) != b"", "a cut closes connections")
    except TimeoutError:
        pass
    finally:
        held.close()
    network.isolate(application)
    expect(not reaches(application, one.address(CLIENT), SHORT_SECONDS), "an isolated instance reaches a database")
    expect(reaches(None, application.address(CHECKER)), "an isolated instance is out of the checker's reach")
    network.heal_all()
    expect(reaches(one, three.address(REPLICATION)), "a healed link does not get through")


def check_parted(network: Network) -> None:
    one, two, _ = network.databases
    application, other, *_ = network.applications
    network.part(application, one)
    expect(not reaches(application, one.address(CLIENT), SHORT_SECONDS), "two that are parted reach each other")
    expect(not reaches(one, application.address(CLIENT), SHORT_SECONDS), "two that are parted reach each other backwards")
    expect(reaches(application, two.address(CLIENT)) and reaches(other, one.address(CLIENT)), "parting two parts others too")
    network.join(application, one)
    expect(reaches(application, one.address(CLIENT)), "two that were parted stay so")


def check_slow(network: Network, listener: Listener) -> None:
    one, two, _ = network.databases
    network.slow(two, REPLICATION, "800kbit")
    sender = connected(one, two.address(REPLICATION), LONG_SECONDS)
    expect(sender is not None, "a slow link does not get through")
    assert sender is not None
    # Those that came before it, of the checks above, have ended.
    listener.socket.settimeout(LONG_SECONDS)
    receivers = {}
    while sender.getsockname() not in receivers:
        receiver, address = listener.socket.accept()
        receivers[address] = receiver
    receiver = receivers[sender.getsockname()]
    began = time.monotonic()
    sender.settimeout(2 * LONG_SECONDS)
    receiver.settimeout(2 * LONG_SECONDS)
    sender.sendall(b"x" * SLOW_BYTES)
    received = 0
    while received < SLOW_BYTES:
        received += len(receiver.recv(1 << 16))
    took = time.monotonic() - began
    expect(0.4 < took < 2, f"100 kB over 800 kbit/s took {took:.2f} s")
    for each in (sender, *receivers.values()):
        each.close()


def check_healed(network: Network) -> None:
    for host in network.hosts:
        seen = network_of(host)
        expect(NOBODY not in seen and "tbf" not in seen, f"{host.name} is not healed: {seen}")


def network_of(host: Host) -> str:
    neighbours = subprocess.run([*host.enter, "ip", "neighbour"], capture_output=True, text=True, check=True).stdout
    return neighbours + subprocess.run([*host.enter, "tc", "qdisc"], capture_output=True, text=True, check=True).stdout


def main() -> int:
    own_namespaces.enter(__file__, sys.argv[1:])
    began = time.monotonic()
    network = Network()
    network.make()
    made = time.monotonic()
    check(network)
    print(f"the networks do what they say: made in {made - began:.1f} s, checked in {time.monotonic() - made:.1f} s; {CHECKER_ADDRESS} is the checker")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (NetworkFailure, own_namespaces.NotPossible) as failure:
        sys.exit(f"network: {failure}")
