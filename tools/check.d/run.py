"""Everything that a change must pass, at most two stages at once, with a table at the end.

One stage tries what the first of them built; one beside it computes in a build tree of its own, with less of the processors, so that it
fills what the other leaves. What a stage prints is in .build/check/NAME.log; it is shown when the stage has ended, its end alone if it
passed. Stops at the first that fails and ends what runs beside it; --all runs the rest too. Exit 0 when all passed, 1 otherwise.
"""

import argparse
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from stages import STAGES, Stage, next_stage

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / ".build" / "check"
TIMES = PLACE / "times.json"
# Shown of what a stage printed: of one that passed, of one that failed.
LINES_PASSED, LINES_FAILED = 12, 400
# What is repeated below the table of a stage that failed: the lines that say why, or the last ones if none is known to.
COMPLAINT = re.compile(r"error:|recorded an issue|^✘ Test [^r]|fail|broken|traceback", re.IGNORECASE)
COMPLAINTS_MAX, COMPLAINT_LENGTH_MAX, LAST_LINES = 20, 300, 5
# A line that says what runs, so that nobody takes a long stage for one that hangs.
STILL_SECONDS = 60
NICENESS = 10


@dataclass
class Running:
    stage: Stage
    process: subprocess.Popen
    log: TextIO
    began: float

    def end(self, number: int) -> None:
        """Asks it and all that it started to end."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass


class Check:
    def __init__(self, stages: list[Stage], goes_on: bool):
        self.waiting = list(stages)
        self.order = [stage.name for stage in stages]
        self.goes_on = goes_on
        self.running: list[Running] = []
        # What passed or failed, what became of it, and how long it took.
        self.ended: set[str] = set()
        self.passed: set[str] = set()
        self.verdicts: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        # What those that failed printed of it.
        self.complaints: dict[str, list[str]] = {}
        self.began = time.monotonic()
        self.told = self.began
        colors = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.red, self.green, self.plain = ("\033[31m", "\033[32m", "\033[0m") if colors else ("", "", "")

    @property
    def failed(self) -> bool:
        return len(self.passed) < len(self.ended)

    def run(self) -> int:
        try:
            while self.waiting or self.running:
                self.start_what_can()
                time.sleep(0.2)
                for each in [each for each in self.running if each.process.poll() is not None]:
                    self.take(each)
                self.say_what_runs()
                if not self.running and not self.can_start():
                    break
        except BaseException:
            for each in self.running:
                # What may not be ended at once gets to put away what it made.
                each.end(signal.SIGTERM if each.stage.may_be_ended else signal.SIGINT)
            for each in self.running:
                each.process.wait()
            raise
        self.show_table()
        return 1 if self.failed or len(self.passed) < len(self.order) else 0

    def can_start(self) -> bool:
        self.drop_what_cannot_run()
        stops = self.failed and not self.goes_on
        return not stops and next_stage(self.waiting, [each.stage for each in self.running], self.ended) is not None

    def start_what_can(self) -> None:
        while self.can_start():
            stage = next_stage(self.waiting, [each.stage for each in self.running], self.ended)
            self.waiting.remove(stage)
            log = (PLACE / f"{stage.name}.log").open("w+", encoding="utf-8", errors="replace")
            command = shlex.split(stage.command)
            if stage.beside:
                command = ["nice", "-n", str(NICENESS), *command]
            # A group of its own, so that all that it starts can be ended, and no session: between sessions niceness may count for nothing.
            process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, process_group=0,
                env=os.environ | {"REFRESH_LEDGER_WARNINGS": "error"})
            self.running.append(Running(stage, process, log, time.monotonic()))
            self.say(f"-- {stage.name} begins: {stage.command}")

    def drop_what_cannot_run(self) -> None:
        for stage in list(self.waiting):
            missing = [need for need in stage.needs if need in self.ended and need not in self.passed]
            # Without `costs` the proofs build what they need themselves.
            if missing and missing != ["costs"]:
                self.waiting.remove(stage)
                self.verdicts[stage.name] = f"not run: {missing[0]} failed"

    def take(self, each: Running) -> None:
        name, seconds = each.stage.name, time.monotonic() - each.began
        self.running.remove(each)
        self.seconds[name] = seconds
        each.log.seek(0)
        lines = each.log.read().splitlines()
        each.log.close()
        if name in self.verdicts:
            # It was ended for another's failure.
            return
        self.ended.add(name)
        if each.process.returncode == 0:
            self.passed.add(name)
            self.verdicts[name] = f"{self.green}passed{self.plain}"
        else:
            self.verdicts[name] = f"{self.red}failed{self.plain} with {each.process.returncode}"
            found = list(dict.fromkeys(line for line in lines if COMPLAINT.search(line)))[:COMPLAINTS_MAX]
            self.complaints[name] = found or lines[-LAST_LINES:]
        shown = LINES_PASSED if name in self.passed else LINES_FAILED
        self.say(f"\n== {name}: {self.verdicts[name]} after {seconds:.0f} s: {each.stage.command}")
        if len(lines) > shown:
            self.say(f"   ({len(lines) - shown} lines before these are in {PLACE.relative_to(ROOT)}/{name}.log)")
        self.say("\n".join(lines[-shown:]))
        if name not in self.passed and not self.goes_on:
            for other in self.running:
                if other.stage.may_be_ended:
                    self.verdicts[other.stage.name] = f"ended, as {name} failed"
                    other.end(signal.SIGTERM)

    def say_what_runs(self) -> None:
        now = time.monotonic()
        if self.running and now - self.told >= STILL_SECONDS:
            shown = ", ".join(f"{each.stage.name} for {now - each.began:.0f} s" for each in self.running)
            self.say(f"-- after {(now - self.began) / 60:.0f} min: {shown}")

    def say(self, text: str) -> None:
        self.told = time.monotonic()
        print(text, flush=True)

    def show_table(self) -> None:
        print()
        for name in self.order:
            seconds = f"{self.seconds[name]:6.0f} s" if name in self.seconds else " " * 8
            print(f"{name:18} {seconds}  {self.verdicts.get(name, 'not run')}")
        whole, sum_of = time.monotonic() - self.began, sum(self.seconds.values())
        print(f"{'all':18} {whole:6.0f} s  {len(self.passed)} of {len(self.order)} passed; {sum_of:.0f} s one after the other")
        for name, complaints in self.complaints.items():
            print("\n".join([f"\n{name} failed:", *(f"  {line[:COMPLAINT_LENGTH_MAX]}" for line in complaints)]))
        times = known_times() | {name: round(self.seconds[name], 1) for name in self.passed}
        TIMES.write_text(json.dumps(times, indent=1) + "\n", encoding="utf-8")


def known_times() -> dict[str, float]:
    try:
        return json.loads(TIMES.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def plan(stages: list[Stage]) -> int:
    """Prints what runs when, by the times of the last run here, or by a guess."""
    times = known_times()
    waiting, running, ended, now = list(stages), [], set(), 0.0
    print("  from     to  stage")
    while waiting or running:
        while stage := next_stage(waiting, [each for each, _ in running], ended):
            waiting.remove(stage)
            until = now + times.get(stage.name, stage.seconds)
            running.append((stage, until))
            lane = "  + " if stage.beside else "    "
            print(f"{clock(now)} {clock(until)}{lane}{stage.name:18} {stage.command}")
        if not running:
            print(f"waits for a stage that is not chosen: {', '.join(stage.name for stage in waiting)}")
            return 1
        first = min(running, key=lambda each: each[1])
        running.remove(first)
        now = first[1]
        ended.add(first[0].name)
    total = sum(times.get(stage.name, stage.seconds) for stage in stages)
    known = sum(stage.name in times for stage in stages)
    print(f"{clock(now)} in all, {clock(total).strip()} one after the other; {known} times are of the last run, {len(stages) - known} are guesses.")
    print("+ computes beside the others. Two that compute at once take longer than here.")
    return 0


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60:3}:{int(seconds) % 60:02}"


def main() -> int:
    names = ", ".join(stage.name for stage in STAGES)
    parser = argparse.ArgumentParser(
        prog="tools/check", description=__doc__, epilog=f"Stages: {names}.", formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="run the rest too when a stage has failed")
    parser.add_argument("--plan", action="store_true", help="only print what would run when")
    parser.add_argument("--only", metavar="STAGE", action="append", default=[], help="only this stage, on what is built; may come again")
    options = parser.parse_args()
    if unknown := set(options.only) - {stage.name for stage in STAGES}:
        parser.error(f"no stage {', '.join(sorted(unknown))}; there are {names}")
    stages = [stage for stage in STAGES if not options.only or stage.name in options.only]
    if options.only:
        # What they need and was not chosen is there already.
        chosen = {stage.name for stage in stages}
        stages = [Stage(**{**vars(stage), "needs": tuple(need for need in stage.needs if need in chosen)}) for stage in stages]
    if options.plan:
        return plan(stages)
    PLACE.mkdir(parents=True, exist_ok=True)
    # So that what runs is ended when somebody ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return Check(stages, options.all).run()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
