"""Who rotates: instances, single statements, and the embedded ledger."""

import contextlib
import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from figures import TITLES, Figure
from ground import SCHEMA, Ground
from programs import Failure, environment
from single import SingleStatements

INSTANCES = 3
# Beyond the time of a turn.
PATIENCE = 180
SHOWING_CALLERS = 64
SHOWING_SECONDS = 3.0
# After so long all of them rotate, and until so much of a turn is over none has ended.
CONNECTING_SECONDS = 1.5
WINDOW_SHARE = 0.9


@dataclass(frozen=True)
class Contestant:
    name: str
    measure: Callable[[int, float], Figure]

    @property
    def title(self) -> str:
        return TITLES[self.name]


def contestants(ground: Ground) -> list[Contestant]:
    # While an instance rotates, the server shows its statement.
    single = SingleStatements(ground, lambda: by_instances(ground, 1, SHOWING_CALLERS, SHOWING_SECONDS))
    return [
        Contestant("one", lambda count, seconds: by_instances(ground, 1, count, seconds)),
        Contestant("three", lambda count, seconds: by_instances(ground, INSTANCES, count, seconds)),
        Contestant("single", single.measure),
        Contestant("embedded", lambda count, seconds: by_folder(ground, count, seconds)),
    ]


def by_instances(ground: Ground, instances: int, callers: int, seconds: float) -> Figure:
    shares = [max(1, callers // instances + (number < callers % instances)) for number in range(instances)]
    with tempfile.TemporaryDirectory() as folder:
        window = Window(ground, seconds)
        with contextlib.ExitStack() as stack:
            running = [
                stack.enter_context(load(ground, share, seconds, Path(folder) / f"{number}.json", ["--database", ground.url]))
                for number, share in enumerate(shares)]
            window.start()
            said = [result() for result in running]
            window.join()
    return figure(said, window.processor())


def by_folder(ground: Ground, callers: int, seconds: float) -> Figure:
    """In a folder of this program's own, on the disk of the databases."""
    with tempfile.TemporaryDirectory(dir=ground.place.folder) as folder:
        options = ["--durability", "always", "--data", str(Path(folder) / "data")]
        with load(ground, callers, seconds, Path(folder) / "load.json", options) as result:
            return figure([result()], None)


class Window(threading.Thread):
    """The primary's processor time while all rotate, by the numbers that are given out meanwhile: each rotation takes one."""

    def __init__(self, ground: Ground, seconds: float):
        super().__init__(daemon=True)
        self.ground = ground
        self.length = WINDOW_SHARE * seconds - CONNECTING_SECONDS
        self.values: list[tuple[int, float]] = []

    def run(self) -> None:
        time.sleep(CONNECTING_SECONDS)
        # Asking costs processor time too: it is outside.
        before = rotations_so_far(self.ground)
        began = self.ground.processor_seconds()
        time.sleep(self.length)
        ended = self.ground.processor_seconds()
        self.values = [(before, began), (rotations_so_far(self.ground), ended)]

    def processor(self) -> float:
        """In microseconds a rotation."""
        if not self.values or self.values[0][0] == self.values[1][0]:
            raise Failure("nothing was rotated in the window in which the primary was watched")
        (before, began), (after, ended) = self.values
        return (ended - began) * 1e6 / (after - before)


def rotations_so_far(ground: Ground) -> int:
    """By the numbers that are given out: each rotation takes one, other events do too."""
    return int(ground.primary.ask(f"select last_value from {SCHEMA}.ledger_number", database="ledger"))


@contextlib.contextmanager
def load(ground: Ground, callers: int, seconds: float, answer: Path, options: list[str]) -> Iterator[Callable[[], dict]]:
    """Starts the load; what is yielded waits for its end. A refusal or an error makes the figure worthless."""
    command = [
        ground.binary, "load", "--in-process", "--connections", str(callers), "--replay-rate", "0", "--duration", f"{round(seconds * 1000)}ms",
        "--json", str(answer), *options]

    def result() -> dict:
        output, _ = child.communicate(timeout=seconds + PATIENCE)
        if child.returncode != 0:
            raise Failure(f"load exited {child.returncode}: {output.strip().splitlines()[-1:]}")
        said = json.loads(answer.read_text())
        if said["errors"] or said["invariant_violations"] or not said["rotations"]:
            raise Failure(f"{said['errors']} errors, {said['invariant_violations']} broken invariants, {said['rotations']} rotations")
        return said

    with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=answer.parent,
            env=environment(**ground.environment)) as child:
        try:
            yield result
        finally:
            child.kill()


def figure(said: list[dict], processor: float | None) -> Figure:
    """Of several loads at a time: the sum of their rates, and the worst of their latencies."""
    return Figure(
        rate=sum(one["rotations_per_second"] for one in said), p50=max(one["latency_ms"]["p50"] for one in said),
        p99=max(one["latency_ms"]["p99"] for one in said), processor=processor)
