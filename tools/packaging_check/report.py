"""What a part of the check found."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RUNNING = ROOT / "docs/running"


class Problem(Exception):
    """Something is wrong: the message says what and where."""


class Skipped(Exception):
    """A program that the part needs is not here, and the part is not needed everywhere."""


def require(condition: bool, message: str) -> None:
    if not condition:
        raise Problem(message)


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise Skipped(f"{name} is not installed")
    return found


def run(command: list, text: str | None = None, **options) -> str:
    """Both outputs of a program that must end with 0."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=300, **options)
    output = done.stdout + done.stderr
    require(done.returncode == 0, f"{' '.join(str(word) for word in command)} ended with {done.returncode}:\n{output}")
    return output
