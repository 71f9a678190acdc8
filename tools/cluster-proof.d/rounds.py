"""Rounds: traffic, a fault in the middle of it, healing, and what the oracle says to all of it."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

import known_faults  # noqa: F401
import machine_faults  # noqa: F401
import network_faults  # noqa: F401
import operator_faults  # noqa: F401
from ground import Ground
from programs import Failure
from scene import Fault, Scene, Service
from story import Story

# The traffic goes on from round to round. After so many it settles, which takes as long as a request can take effect late, and so many of the
# sessions are asked about; at the end all of them are.
SETTLE_EVERY = 5
SAMPLE = 200
# A round goes on after the healing until it has so many grants, or for so long.
AFTER_SECONDS = 4


@dataclass
class Round:
    number: int
    fault: str
    notes: list[str] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    # In all, and at the instance that had the longest.
    pause: float = 0.0
    pause_of_one: float = 0.0
    # Until another instance refused an access token whose session was revoked.
    revocations: list[float] = field(default_factory=list)
    healing: float = 0.0
    seconds: float = 0.0

    @property
    def line(self) -> str:
        counts = ", ".join(f"{self.counts.get(name, 0)} {name}" for name in ("granted", "refused", "unknown"))
        return (
            f"{self.number:4} {self.fault:22} {self.seconds:5.1f} s  {counts}; without service {self.pause:.1f} s, one instance {self.pause_of_one:.1f} s; "
            f"healed in {self.healing:.1f} s  {'; '.join(self.notes)}")


def deck(seed: int, names: list[str]) -> Iterator[str]:
    """Each of them once, in an order of chance, again and again."""
    chooser = random.Random(f"{seed} deck")
    while True:
        yield from chooser.sample(names, len(names))


class Rounds:
    def __init__(self, seed: int, ground: Ground, story: Story, grants: int, next_binary: str | None, settle_every: int = SETTLE_EVERY):
        self.seed = seed
        self.ground = ground
        self.story = story
        self.traffic = story.traffic
        self.grants = grants
        self.next_binary = next_binary
        self.settle_every = settle_every
        self.played: list[Round] = []
        # No traffic since the last look at the sessions.
        self.is_settled = True

    def play(self, number: int, fault: Fault) -> Round:
        began = time.monotonic()
        scene = Scene(self.ground, self.traffic, random.Random(f"{self.seed} {number} {fault.name}"), self.next_binary)
        played = Round(number, fault.name, scene.notes, scene.breaches)
        self.played.append(played)
        before = Counter(self.traffic.counts)
        self.ground.say(f"---- round {number}: {fault.name}")
        try:
            if fault.service == Service.REFUSES:
                # What is lost now and ended then is part of no story.
                scene.breaches += self.settle(SAMPLE) + self.story.end()
            self.strike(scene, fault, played, before)
            if fault.service == Service.REFUSES:
                scene.breaches += self.settle(SAMPLE)
                self.traffic.forget()
                self.story.begin()
            elif number % self.settle_every == 0:
                scene.breaches += self.settle(SAMPLE)
        except Failure as failure:
            scene.breaches.append(str(failure))
        played.counts = dict(Counter(self.traffic.counts) - before)
        played.seconds = time.monotonic() - began
        return played

    def strike(self, scene: Scene, fault: Fault, played: Round, before: Counter) -> None:
        if self.is_settled:
            self.traffic.start()
            self.is_settled = False
        scene.wait(0.5, 1)
        began, delays = time.monotonic(), Counter(self.traffic.delays)
        fault.strike(scene)
        healing = time.monotonic()
        self.ground.heal()
        played.healing = time.monotonic() - healing
        deadline = time.monotonic() + AFTER_SECONDS
        # So that the end of a pause is seen.
        scene.wait(0.3, 0.5)
        while self.traffic.counts["granted"] - before["granted"] < self.grants and time.monotonic() < deadline:
            time.sleep(0.05)
        pauses = self.traffic.longest_pause(began, time.monotonic())
        played.pause, played.pause_of_one = pauses.all, max(pauses.instances)
        played.revocations = sorted((Counter(self.traffic.delays) - delays).elements())
        if fault.service == Service.CONTINUES:
            scene.require(played.pause <= fault.pause_seconds, f"{played.pause:.1f} s without service, where it continues")

    def settle(self, sample: int | None) -> list[str]:
        self.is_settled = True
        return self.story.settle(sample)

    def finish(self) -> list[str]:
        """Asks about all that ever was."""
        return self.settle(None) or self.story.end()


def table(rounds: list[Round]) -> str:
    """What each fault did to the service."""
    lines = [f"{'fault':22} rounds   granted  refused  unknown  without service (median, most)  one instance (most)  revocation (p99, most)"]
    for name in sorted({each.fault for each in rounds}):
        of_it = [each for each in rounds if each.fault == name]
        total = sum((Counter(each.counts) for each in of_it), Counter())
        pauses = [each.pause for each in of_it]
        delays = [delay for each in of_it for delay in each.revocations]
        told = f"{rank(delays, 0.99) * 1000:.0f} ms, {max(delays) * 1000:.0f} ms" if delays else "-"
        lines.append(
            f"{name:22} {len(of_it):6} {total['granted']:9} {total['refused']:8} {total['unknown']:8}  {rank(pauses, 0.5):14.1f} s, {max(pauses):5.1f} s"
            f"       {max(each.pause_of_one for each in of_it):14.1f} s  {told:>22}")
    return "\n".join(lines)


def rank(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def as_json(rounds: list[Round]) -> list[dict]:
    return [asdict(each) for each in rounds]
