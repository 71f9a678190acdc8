"""What a fault has to work with, and what it may expect of the service."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from clients import Traffic
from ground import Ground, wait_until
from machines import DatabaseMachine, InstanceMachine
from network import Network

# So long an instance that was told of a primary that lacks something may go without having looked.
REFUSED_SECONDS = 30


class Service(Enum):
    """Of all instances together, while the fault lasts."""

    CONTINUES = "continues"
    # Until another primary is there, or the fault is healed.
    PAUSES = "pauses"
    REFUSES = "refuses until the fence"


@dataclass
class Scene:
    ground: Ground
    traffic: Traffic
    chooser: random.Random
    next_binary: str | None = None
    # For the line of the round: what was chosen.
    notes: list[str] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)

    @property
    def network(self) -> Network:
        return self.ground.network

    @property
    def primary(self) -> DatabaseMachine:
        return self.ground.primary

    def note(self, text: str) -> None:
        self.notes.append(text)
        self.ground.say(f"-- {text}")

    def wait(self, low: float, high: float) -> None:
        time.sleep(self.chooser.uniform(low, high))

    def a_standby(self) -> DatabaseMachine:
        return self.chooser.choice(self.ground.standbys)

    def a_database(self) -> DatabaseMachine:
        return self.chooser.choice(self.ground.databases)

    def an_instance(self) -> InstanceMachine:
        return self.chooser.choice(self.ground.instances)

    def require(self, holds: bool, what: str) -> None:
        if not holds:
            self.breaches.append(what)

    def fail_over(self) -> DatabaseMachine:
        old = self.primary
        new = self.ground.fail_over()
        self.note(f"{old} -> {new}")
        return new

    def until_granted(self, more: int, seconds: float = 20) -> None:
        """Until the clients have been granted so many rotations more."""
        before = self.traffic.counts["granted"]
        wait_until(lambda: self.traffic.counts["granted"] >= before + more, f"{more} more rotations are granted", seconds)

    def fence(self, since: dict[InstanceMachine, int]) -> None:
        """All instances refuse, by themselves, since their logs were so long; then all sessions are ended, and they serve."""
        told = "the database has lost acknowledged changes; nothing is served from it"
        for machine in self.ground.instances:
            wait_until(lambda: told in machine.log[since[machine] :], f"{machine} says in its log that the database lacks something", REFUSED_SECONDS)
            self.require(not machine.takes_writes(), f"{machine} takes writes before the fence")
        granted = self.traffic.counts["granted"]
        self.wait(0.3, 1)
        self.require(self.traffic.counts["granted"] == granted, "a rotation was granted before the fence")
        check = self.ground.command("database", "check", fails=True)
        self.require("it lacks what an instance had acknowledged" in check, f"database check does not say what is lacking: {check}")
        self.traffic.stop()
        self.traffic.fence_begins()
        self.note(self.ground.command("database", "fence", "--yes").strip())
        self.traffic.fence_done()
        self.ground.wait_until_served()
        self.traffic.start()

    def logs(self) -> dict[InstanceMachine, int]:
        """How long the log of each instance is now."""
        return {machine: len(machine.log) for machine in self.ground.instances}


# Who waits for an instance that does not answer asks nobody else meanwhile: soon all callers do.
STUCK_SECONDS = 9

Strike = Callable[[Scene], None]


@dataclass(frozen=True)
class Fault:
    name: str
    service: Service
    # Does it to the scene, and returns when the healing may begin.
    strike: Strike
    # Without service in all, where it continues.
    pause_seconds: float

    @property
    def about(self) -> str:
        return (self.strike.__doc__ or "").strip().partition("\n")[0]


FAULTS: dict[str, Fault] = {}


def fault(name: str, service: Service, pause_seconds: float = 4, among: dict[str, Fault] = FAULTS) -> Callable[[Strike], Strike]:
    """Puts what follows on the list."""

    def put(strike: Strike) -> Strike:
        among[name] = Fault(name, service, strike, pause_seconds)
        return strike

    return put
