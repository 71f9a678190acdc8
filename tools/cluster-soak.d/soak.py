"""A soak from its beginning to its end."""

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from figures import machine
from people import People
from place import Place
from population import Population
from rotations import Rotations
from samples import Sample, Sampling
from servers import Servers
from shape import Shape
from verdicts import Row, rows

SHOWN_PROBLEMS = 5
# Of samples that a busy machine did not answer in time.
MISSED_SHARE = 0.1


@dataclass
class Outcome:
    shape: Shape
    machine: dict[str, str]
    # How long the imports took.
    filling: float
    load: dict
    people: Counter[str]
    samples: list[Sample]
    rows: list[Row]
    # Not of a row: errors and refusals that there should not have been.
    problems: list[str] = field(default_factory=list)
    command: str = ""

    @property
    def cores(self) -> float:
        """Of the machine's processors, used by everything here on average."""
        first, last = self.samples[0], self.samples[-1]
        used = sum(last.processor[who] - first.processor[who] for who in last.processor)
        return used / (last.at - first.at)


def run(shape: Shape, place: Place, folder: Path) -> Outcome:
    with Servers(place, shape) as servers:
        population = Population(servers, shape, folder)
        shape = population.fill()
        rate = shape.sessions / population.seconds
        print(f"filled in {population.seconds:,.0f} s: {rate:,.0f} sessions a second", file=sys.stderr, flush=True)
        servers.break_something()
        with Rotations(servers, shape, population.tokens, folder) as rotations, People(servers.settings.balancer, shape.log_ins) as people:
            sampling = Sampling(servers, rotations, shape.passing, shape.without != "retention")
            sampling.start()
            end = time.monotonic() + shape.seconds
            while time.monotonic() < end:
                time.sleep(1)
                rotations.require_running(end - time.monotonic())
            sampling.is_ending.set()
            sampling.join()
            load = rotations.result()
        return Outcome(
            shape, machine(servers), population.seconds, load, people.counts, sampling.samples, rows(sampling.samples, load, shape),
            problems(load, people, sampling, servers))


def problems(load: dict, people: People, sampling: Sampling, servers: Servers) -> list[str]:
    found = people.problems[:SHOWN_PROBLEMS]
    if len(people.problems) > SHOWN_PROBLEMS:
        found.append(f"and {len(people.problems) - SHOWN_PROBLEMS} more of people who log in")
    if load["errors"]:
        found.append(f"load: {counted(load['errors'], 'error')}: {load['error_samples']}")
    if people.problems or load["errors"]:
        # The folder of the run goes, and only nginx knows why it answered for an instance.
        found.append(f"nginx: {servers.balancer.program.end_of_log() or 'said nothing'}")
    if load["invariant_violations"]:
        found.append(f"load: {load['invariant_violations']} broken invariants: {load['violations'][:1]}")
    if load.get("ended_early"):
        found.append(f"load: {load['ended_early']}")
    if len(sampling.missed) > MISSED_SHARE * len(sampling.samples):
        found.append(f"{len(sampling.missed)} samples could not be taken: {sampling.missed[0]}")
    if unknown := sampling.samples[-1].unknown:
        found.append(f"{unknown} outcomes were unknown, though nothing was cut or killed")
    return found


def counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
