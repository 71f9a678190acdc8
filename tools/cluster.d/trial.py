"""All that the commands promise, tried on a cluster of its own: with writers that lose a primary again and again."""

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
from pathlib import Path

import elections
import operations
from demonstration import lines
from node import Node, nodes
from place import Place, Settings
from programs import ROOT, Failure, as_user, environment, started_at
from proofs import try_proofs
from replication import members, named, quorum, say
from restore import try_restore
from writers import NOTES, TABLE, Writers

WRITERS = 8
SETTLED_SECONDS = 30
KILLS_BEFORE_PRIMARY = 4


def require(holds: bool, what: str) -> None:
    if not holds:
        raise Failure(f"the trial found a fault: {what}")


class CommandLines(threading.Thread):
    """Looks at what everybody can see of all processes, and keeps it."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen: set[bytes] = set()
        self.is_ending = False

    def run(self) -> None:
        while not self.is_ending:
            for place in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(place.read_bytes())
                except OSError:
                    continue
            time.sleep(0.03)

    def end(self) -> set[bytes]:
        self.is_ending = True
        self.join()
        return self.seen


def try_all(options: argparse.Namespace) -> None:
    checked = unittest.TextTestRunner(verbosity=0, stream=sys.stdout).run(unittest.defaultTestLoader.loadTestsFromModule(elections))
    require(checked.wasSuccessful(), "see above")
    around = Path(tempfile.mkdtemp(prefix="cluster-trial-", dir="/var/tmp"))
    around.chmod(0o711)
    place = Place(around / "cluster")
    try:
        try_in(options, place)
        require(not any(around.iterdir()), f"something is left in {around}")
    finally:
        if place.mark.exists():
            operations.down(place)
        if not any(around.iterdir()):
            around.rmdir()
    say("passed")


def try_in(options: argparse.Namespace, place: Place) -> None:
    watcher = CommandLines()
    watcher.start()
    settings = operations.up(options, place)
    require_secret(settings, watcher.end())
    refuses(lambda: operations.up(options, place), "already")
    all_nodes = nodes(settings, place)
    members(all_nodes).found_primary().ask(TABLE, database="ledger")
    with Writers(WRITERS, settings, place) as writers:
        for number in range(options.rounds):
            try_round(number, writers, all_nodes, place)
        refuses_with_one_standby(all_nodes, place)
    compare(writers, all_nodes)
    if settings.instances:
        require_metrics(settings)
        demonstrate(settings, place)
        for held in try_proofs(settings, place):
            say(f"-- {held}")
        load(settings, place, options.rounds)
        try_restore(settings, place, all_nodes)
    leave(settings, place)


def require_secret(settings: Settings, seen: set[bytes]) -> None:
    # The user's password is shown for pasting.
    for secret in (settings.admin_password, settings.ledger_password):
        require(not any(secret.encode() in line for line in seen), "a password was on a command line")
    say(f"-- of {len(seen)} command lines none held a password")


def refuses(call, word: str) -> None:
    try:
        call()
    except Failure as failure:
        require(word in str(failure), f"refused for another reason: {failure}")
        say(f"-- refused as it should be: {failure}")
        return
    raise Failure(f"the trial found a fault: not refused ({word})")


def try_round(number: int, writers: Writers, all_nodes: list[Node], place: Place) -> None:
    say(f"-- round {number + 1}")
    found = members(all_nodes)
    late = found.standbys[number % len(found.standbys)]
    before = hold_back(late, found.primary, writers)
    while writers.acknowledged < before + 100:
        time.sleep(0.01)
    say(f"{late.name} was sent nothing while {writers.acknowledged - before} rows were acknowledged")
    writers.begin_pause()
    operations.kill_primary(place)
    now = members(all_nodes).found_primary()
    require(now is not late and now is not found.primary, f"{now.name} was promoted")
    waits_for(writers)
    say(f"{writers.acknowledged} rows acknowledged; {WRITERS} writers waited {writers.pause:.1f} s at most")
    if number % 2 == 1:
        # What cannot be rewound is copied.
        subprocess.run([*as_user("postgres"), "rm", found.primary.data / "global/pg_control"], check=True)
    operations.rejoin(place)
    others = [node.name for node in all_nodes if node is not now]
    require(named(now) == (quorum(len(others)), others), f"{now.name} waits for {named(now)}")
    waits_for(writers)


def hold_back(late: Node, primary: Node, writers: Writers) -> int:
    """Sends nothing to a standby any more, so it falls behind: how many rows were acknowledged before."""
    for _ in range(20):
        sender = int(primary.ask(f"select pid from pg_stat_replication where application_name = '{late.name}'"))
        # It ends with its primary.
        os.kill(sender, signal.SIGSTOP)
        before, deadline = writers.acknowledged, time.monotonic() + 2
        while time.monotonic() < deadline:
            if writers.acknowledged > before + WRITERS:
                return before
            time.sleep(0.01)
        # It was stopped while it held a lock of the primary, for which all others wait.
        os.kill(sender, signal.SIGCONT)
        waits_for(writers)
    raise Failure("the trial cannot hold a standby back: nobody is answered while its sender is stopped")


def waits_for(writers: Writers) -> None:
    """Until each of them was answered again."""
    before = [len(writer.acknowledged) for writer in writers.all]
    deadline = time.monotonic() + SETTLED_SECONDS
    while any(len(writer.acknowledged) == count for writer, count in zip(writers.all, before, strict=True)):
        require(time.monotonic() < deadline, "nobody is answered")
        time.sleep(0.01)


def refuses_with_one_standby(all_nodes: list[Node], place: Place) -> None:
    found = members(all_nodes)
    for node in found.standbys[1:]:
        node.kill()
    refuses(lambda: operations.kill_primary(place), "alone")
    require(members(all_nodes).primary is found.primary, "the primary was killed all the same")
    operations.rejoin(place)


def compare(writers: Writers, all_nodes: list[Node]) -> None:
    """What the primary and each standby have, beside what was acknowledged."""
    for node in all_nodes:
        deadline = time.monotonic() + SETTLED_SECONDS
        # A standby may show a commit a moment after it has it on its disk.
        while lost := writers.lost(set(map(int, node.ask(f"select number from {NOTES}", database="ledger", seconds=60).split()))):
            require(time.monotonic() < deadline, f"{node.name} lost {len(lost)} acknowledged rows, such as {lost[:5]}")
            time.sleep(0.2)
    say(f"-- {writers.acknowledged} rows were acknowledged; all {len(all_nodes)} databases have all of them")


def demonstrate(settings: Settings, place: Place) -> None:
    """The lines that `up` prints, pasted into a shell."""
    done = subprocess.run(["sh"], input=lines(settings, place).partition("\n\n")[2], capture_output=True, text=True, check=False, cwd=ROOT)
    say(re.sub(r"eyJ[\w.-]+", "...", done.stdout))
    require(done.returncode == 0 and not done.stderr, f"the lines ended with {done.returncode}: {done.stderr}")
    codes = re.findall(r"\((\d{3})\)", done.stdout)
    require(codes == ["200", "400", "401", "200", "200", "401"], f"the lines were answered with {codes}")
    require('"invalid_grant"' in done.stdout, "the replay was refused with another error")


def require_metrics(settings: Settings) -> None:
    """Each instance has the metrics of a server on a database, and none of those of a log."""
    sections = (ROOT / "docs/metrics.md").read_text().partition("### With a log")[2].partition("\n## ")[0].split("### With a database")
    of_log, of_database = (set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) for section in sections)
    for port in settings.instances:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as reply:
            found = set(re.findall(r"^# TYPE (\w+) ", reply.read().decode(), re.MULTILINE))
        require(of_database <= found, f"/metrics lacks {', '.join(sorted(of_database - found))}")
        require(not (of_log - of_database) & found, f"/metrics has {', '.join(sorted((of_log - of_database) & found))}, and there is no log")
    say(f"-- each instance has the {len(of_database)} metrics of a database")


def load(settings: Settings, place: Place, rounds: int) -> None:
    """Rotations, replays and races through nginx, while an instance is killed every second, and the primary in between."""
    say("-- refresh-ledger load through nginx, while an instance is killed every second, and the primary in between")
    command = [
        settings.binary, "load", "--url", settings.url, "--user", settings.user, "--client-id", settings.client, "--sessions", "50",
        "--connections", "16", "--duration", f"{15 + 15 * rounds}s"]
    with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/",
            env=environment(LOAD_PASSWORD=settings.user_password)) as running:
        said: list[str] = []
        reader = threading.Thread(target=lambda: said.extend(iter(running.stdout.readline, "")), daemon=True)
        reader.start()
        try:
            while running.poll() is None and not any("rotations/s" in line for line in said):
                time.sleep(0.1)
            kills = kill_amid(running, settings, place)
        finally:
            running.kill()
            reader.join()
    say("".join(said))
    require(running.returncode == 0, f"load ended with {running.returncode}")
    say(f"-- {kills} instances and a primary were killed, and no invariant broke")


def kill_amid(running: subprocess.Popen, settings: Settings, place: Place) -> int:
    """Until the load has ended: how many instances were killed."""
    kills = 0
    while running.poll() is None:
        began = time.monotonic()
        operations.kill_instance(place, kills % len(settings.instances) + 1)
        kills += 1
        if kills == KILLS_BEFORE_PRIMARY:
            operations.kill_primary(place)
            operations.rejoin(place)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(max(0, began + 1 - time.monotonic()))
    return kills


def leave(settings: Settings, place: Place) -> None:
    """Nothing of it is left: no process, no memory, no folder."""
    started = [record.read_text().split() for record in (place.folder / "run").iterdir()]
    memory = {
        subprocess.run([*as_user("postgres"), "sed", "-n", "7p", node.data / "postmaster.pid"], capture_output=True, text=True, check=True)
        .stdout.split()[1] for node in nodes(settings, place)}
    operations.down(place)
    require(not place.folder.exists(), f"{place.folder} is still there")
    for pid, began in started:
        require(started_at(int(pid)) != began, f"process {pid} still runs")
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            require(str(place.folder).encode() not in line.read_bytes(), f"process {line.parent.name} still runs")
        except OSError:
            continue
    left = {line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]} & memory
    require(not left, f"System V memory {', '.join(left)} is left")
    operations.down(place)
