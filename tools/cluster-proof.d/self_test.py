"""Whether the proof finds what it is to find: servers in which one rule is left out, each amid the fault that it is there for."""

import argparse
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rules import RULES, Rule
from servers import FOLLOWER, NEXT_VERSION, ROOT, BuildFailure, PatchedServers

PROOF = ROOT / "tools/cluster-proof"
NOT_POSSIBLE = 77
# Before what was found, in the output of the rounds.
CONTRADICTION = "contradiction: "
# A round, with the making of the ground.
ROUND_SECONDS = 120


@dataclass
class Finding:
    rule: Rule
    # How many rounds it took; nil if it was not found.
    rounds: int | None
    told: str
    seconds: float

    @property
    def row(self) -> str:
        found = f"after {self.rounds}" if self.rounds else "NOT FOUND"
        return f"{self.rule.patch:37} {self.rule.fault:24} {found:10} {self.seconds:5.0f} s  {self.told}"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/cluster-proof --self-test", description=__doc__)
    parser.add_argument("--only", action="append", choices=[rule.patch for rule in RULES], metavar="RULE", help="may be given again")
    parser.add_argument("--seed", type=int, help="(default: random, printed)")
    parser.add_argument("--build", action="store_true", help="build the servers and run nothing")
    parser.add_argument("--whole", metavar="FILE", help="run a whole server instead, amid the same faults: it must do nothing wrong")
    options = parser.parse_args(sys.argv[2:])
    if options.seed is None:
        options.seed = secrets.randbelow(1_000_000)
    return options


def main() -> int:
    options = arguments()
    # So that the rounds under way are ended when somebody ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = [rule for rule in RULES if not options.only or rule.patch in options.only]
    print(f"seed {options.seed}; again: {again(options)}", flush=True)
    servers = PatchedServers()
    try:
        programs = {rule.patch: programs_of(rule, servers, options.whole) for rule in chosen}
    except BuildFailure as failure:
        print(f"cluster-proof: {failure}", file=sys.stderr)
        return 1
    if options.build:
        return 0
    findings = []
    for rule in chosen:
        found = find(rule, programs[rule.patch], options.seed)
        if isinstance(found, int):
            return found
        findings.append(found)
        print(found.row, flush=True)
    return judged(findings, is_whole=options.whole is not None)


def programs_of(rule: Rule, servers: PatchedServers, whole: str | None) -> list[str]:
    """As options of the call."""
    if whole:
        return ["--binary", whole]
    follower = ["--event-follower", str(servers.made(rule.patch, FOLLOWER))] if rule.follows else []
    return ["--binary", str(servers.made(rule.patch)), *follower]


def again(options: argparse.Namespace) -> str:
    words = ["tools/cluster-proof --self-test", f"--seed {options.seed}", *(f"--only {name}" for name in options.only or [])]
    return " ".join(words + ([f"--whole {options.whole}"] if options.whole else []))


def find(rule: Rule, programs: list[str], seed: int) -> Finding | int:
    """What the rounds showed; the exit code if they could not be run."""
    began = time.monotonic()
    rounds = ["--fault", rule.fault, "--rounds", str(rule.rounds), "--seed", str(seed), "--settle", "1"]
    command = [str(PROOF), *programs, *rounds, *rule.options]
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, timeout=60 + rule.rounds * ROUND_SECONDS, check=False)
        output.seek(0)
        said = output.read()
    if done.returncode == NOT_POSSIBLE:
        print(said.strip().splitlines()[-1], file=sys.stderr)
        return NOT_POSSIBLE
    played = len(re.findall(rf"^ *\d+ {rule.fault} ", said, re.MULTILINE))
    # Each goes on until the next one, or to the end.
    contradictions = re.split(rf"^{CONTRADICTION}", said, flags=re.MULTILINE)[1:]
    if told := next(filter(rule.is_met, contradictions), ""):
        return Finding(rule, played, rule.words(told), time.monotonic() - began)
    last = (said.strip().splitlines() or ["nothing was said"])[-1]
    return Finding(rule, None, f"exit {done.returncode}: {last[:160]}", time.monotonic() - began)


def judged(findings: list[Finding], is_whole: bool) -> int:
    found = [finding for finding in findings if finding.rounds]
    if is_whole:
        print(f"{len(findings) - len(found)} of {len(findings)} faults did nothing to the whole server")
        return 1 if found else 0
    print(f"{len(found)} of {len(findings)} rules left out were found")
    return 0 if len(found) == len(findings) else 1


def make_next(path: Path) -> int:
    """A program of the next version of the schema, for an upgrade beside servers of this one."""
    try:
        built = PatchedServers().made(NEXT_VERSION)
    except BuildFailure as failure:
        print(f"cluster-proof: {failure}", file=sys.stderr)
        return 1
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(built, path)
    print(f"{path}: its `database init` makes the next version of the schema; give it as --next-binary")
    return 0
