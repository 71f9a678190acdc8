"""The load of rotations, and its latencies over time."""

import json
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ground import times
from programs import Failure, environment
from servers import LASTING_CLIENT, TICKS, Servers
from shape import Shape

# Beyond the time of the run.
PATIENCE = 300
# The load has its own clock, which begins a moment later.
END_SECONDS = 5


@dataclass(frozen=True)
class Latencies:
    """Of a part of the run, in milliseconds: medians over its intervals."""

    p50: float
    p99: float


class Rotations:
    """`refresh-ledger load` through nginx for warm-up and run, as a context."""

    def __init__(self, servers: Servers, shape: Shape, tokens: Path, folder: Path):
        self.shape = shape
        self.answer = folder / "load.json"
        self.log = folder / "load.log"
        self.command = [
            servers.binary, "load", "--url", servers.url, "--client-id", LASTING_CLIENT, "--tokens", str(tokens),
            "--sessions", str(shape.rotating), "--connections", str(shape.connections), "--rate", f"{shape.rate:g}", "--replay-rate", "0",
            "--duration", f"{shape.seconds:.0f}s", "--json", str(self.answer)]
        self.processor = 0.0

    def __enter__(self) -> "Rotations":
        with open(self.log, "wb") as output:
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment(), cwd="/")
        return self

    def __exit__(self, *_) -> None:
        self.child.kill()
        self.child.wait()

    def look(self) -> None:
        """Notes what it has used of the processor."""
        self.processor = max(self.processor, sum(times(self.child.pid)[:2]) / TICKS)

    def require_running(self, left: float) -> None:
        """A load that ends early ends the soak."""
        if self.child.poll() is not None and left > END_SECONDS:
            raise Failure(f"load exited {self.child.returncode}, {left:.0f} s early: {self.end_of_log()}")

    def result(self) -> dict:
        """Once it has ended."""
        self.child.wait(PATIENCE)
        if self.child.returncode not in (0, 1):
            raise Failure(f"load exited {self.child.returncode}: {self.end_of_log()}")
        return json.loads(self.answer.read_text())

    def end_of_log(self) -> str:
        return self.log.read_text(errors="replace").strip()[-500:]


def latencies(result: dict, begin: float, end: float) -> Latencies:
    """Of what lies between two moments of the load, in seconds since its beginning."""
    series = result["series"]
    length = series["interval_seconds"]
    chosen = [
        number for number, count in enumerate(series["rotations"])
        if count and number * length >= begin - length / 2 and (number + 1) * length <= end + length / 2]
    if not chosen:
        raise Failure(f"the load has no interval between {begin:.0f} and {end:.0f} s")
    return Latencies(*(statistics.median(series[name][number] for number in chosen) for name in ("p50_ms", "p99_ms")))
