"""Patroni from PyPI in a virtual environment, and etcd from Debian's package, unpacked: neither is installed, and no service comes with them."""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from programs import ROOT, Failure, as_user, run

HERE = Path(__file__).resolve().parent
CACHE = ROOT / ".build/cluster-proof"
REQUIREMENTS = HERE / "patroni-requirements.txt"
# They are published as sources alone, in Python.
FROM_SOURCE = "python-etcd,ydiff"
ETCD_PACKAGE = "etcd-server"
SECONDS = 600


@dataclass(frozen=True)
class PatroniPrograms:
    """What runs on each database host beside PostgreSQL."""

    python: Path
    etcd: Path

    @property
    def patroni(self) -> list[Path]:
        return [self.python, self.python.with_name("patroni")]

    @property
    def patronictl(self) -> list[Path]:
        return [self.python, self.python.with_name("patronictl")]

    @property
    def versions(self) -> str:
        patroni = run([*self.patroni, "--version"]).split()[-1]
        etcd = run([self.etcd, "--version"]).split()[2]
        return f"Patroni {patroni}, etcd {etcd}"


def prepared_programs() -> PatroniPrograms:
    """Made where they are not there, which needs a network: so before the hosts of the proof are entered."""
    CACHE.mkdir(parents=True, exist_ok=True)
    found = PatroniPrograms(_environment(CACHE / "patroni"), _unpacked_etcd(CACHE / "etcd"))
    if subprocess.run([*as_user("postgres"), "test", "-x", found.etcd], check=False).returncode != 0:
        raise Failure(f"the database's user cannot reach {CACHE}: move this clone to where others may go, such as /var/tmp or /srv")
    return found


def _environment(place: Path) -> Path:
    """The Python of a virtual environment that has what the requirements name, made anew where those have changed."""
    made_of, python = place / "made-of", place / "bin/python"
    if not made_of.exists() or made_of.read_text() != REQUIREMENTS.read_text() or not _runs(python):
        print("Making the Python environment of Patroni", flush=True)
        shutil.rmtree(place, ignore_errors=True)
        run([_python(), "-m", "venv", place], seconds=SECONDS)
        how = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--no-binary", FROM_SOURCE]
        _reach_out([python, "-m", "pip", *how, "-r", REQUIREMENTS], "pip could not get what Patroni needs")
        made_of.write_text(REQUIREMENTS.read_text())
    return python


def _python() -> str:
    """One that the database's user can run too, as Patroni starts itself again: one in the home of its owner is none."""
    for place in (sys.executable, "/usr/bin/python3"):
        # Of a shell: a program that setpriv itself starts may get where that user cannot go.
        tried = [*as_user("postgres"), "sh", "-c", '"$0" -c "import ensurepip, venv"', place]
        if subprocess.run(tried, check=False, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
            return place
    raise Failure("no python3 here that can make a virtual environment which the database's user can run: apt-get install python3-venv")


def _runs(python: Path) -> bool:
    return python.exists() and subprocess.run([python, "-c", "import patroni"], check=False, stderr=subprocess.DEVNULL).returncode == 0


def _unpacked_etcd(place: Path) -> Path:
    program = place / "usr/bin/etcd"
    if not program.exists():
        print("Unpacking etcd of Debian's package", flush=True)
        for tool in ("apt-get", "dpkg-deb"):
            if shutil.which(tool) is None:
                raise Failure(f"no {tool} here: put etcd 3.4 or later at {program}")
        with tempfile.TemporaryDirectory(prefix="etcd-", dir=CACHE) as folder:
            _download(folder)
            (package,) = Path(folder).glob("*.deb")
            run(["dpkg-deb", "--extract", package, place])
    return program


def _download(folder: str) -> None:
    command = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", ETCD_PACKAGE]
    try:
        _reach_out(command, "", folder)
    except Failure:
        # A machine whose lists of packages are old or missing.
        subprocess.run(["apt-get", "-qq", "update"], check=False, capture_output=True, stdin=subprocess.DEVNULL)
        _reach_out(command, f"apt-get could not get the package {ETCD_PACKAGE}", folder)


def _reach_out(command: list, failed: str, folder: str | Path = "/") -> None:
    """With the caller's environment, which may say how the network is reached."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=SECONDS)
    if done.returncode != 0:
        raise Failure(f"{failed}: {(done.stderr or done.stdout).strip()[-300:]}")
