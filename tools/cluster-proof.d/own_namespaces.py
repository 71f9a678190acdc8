"""Runs a program again where its hosts, addresses, mounts and processes are its own and vanish with it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

INSIDE = "CLUSTER_PROOF_INSIDE"
# The first process of the namespace takes in those whose parent has ended, which python does not.
FIRST = 'python3 -B "$@"; exit $?'


class NotPossible(Exception):
    """This machine refuses it; says what."""


def is_inside() -> bool:
    return os.environ.get(INSIDE) == "1"


def enter(script: str | Path, arguments: list[str]) -> None:
    """Returns inside; outside it ends with the exit code of what ran inside.

    Asked to end, it asks what runs inside to put everything away; asked again, it kills it.
    """
    if is_inside():
        # Of a job in the background it is ignored, and that is handed down.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return
    if os.geteuid() != 0:
        raise NotPossible("needs root, for namespaces, a network and file systems of its own")
    unshare = ["unshare", "--net", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc"]
    try:
        tried = subprocess.run([*unshare, "true"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NotPossible("needs unshare, of the package util-linux") from None
    if tried.returncode != 0:
        raise NotPossible(f"namespaces are refused here: {tried.stderr.strip()}")
    sys.stdout.flush()
    command = [*unshare, "sh", "-c", FIRST, "sh", str(Path(script).resolve()), *arguments]
    # Killed without being asked, this process takes all of it along. In a group of its own it hears of nothing but what it is told.
    inside = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], env=os.environ | {INSIDE: "1"}, process_group=0)
    asked = []

    def end(number: int, _frame: object) -> None:
        # unshare passes no signal on, and the first process inside heeds none: those after it in the group do.
        os.killpg(inside.pid, signal.SIGKILL if asked else signal.SIGINT)
        asked.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    ended = inside.wait()
    sys.exit(128 + asked[0] if asked else ended)
