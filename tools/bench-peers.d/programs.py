"""Builds what is run: the clients of the peers, refresh-ledger, the canned reply, the Python environment."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from figures import Figure
from resource_servers.packages import install
from resource_servers.processes import Failure

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# What each client links, and the packages that bring it and its server.
LIBRARIES = {"redis": "hiredis", "sqlite": "sqlite3", "lmdb": "lmdb", "rocksdb": "rocksdb", "postgresql": "pq"}
PACKAGES = {
    "redis": ["redis-server", "redis-tools", "libhiredis-dev"],
    "sqlite": ["libsqlite3-dev"],
    "lmdb": ["liblmdb-dev"],
    "rocksdb": ["librocksdb-dev"],
    "postgresql": ["postgresql", "libpq-dev"],
    "fastapi": ["redis-server", "redis-tools", "python3-venv"],
}
# Whose version the document names.
NAMED = {
    "redis": "redis-server",
    "sqlite": "libsqlite3-dev",
    "lmdb": "liblmdb-dev",
    "rocksdb": "librocksdb-dev",
    "postgresql": "postgresql-[0-9][0-9]",
}


def package_version(package: str) -> str | None:
    done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Version}", package], capture_output=True, text=True, check=False)
    return done.stdout[3:].strip() if done.stdout.startswith("ii ") else None


def install_packages(peers: list[str]) -> None:
    """Of Debian, without starting their services. A peer that cannot be had is reported when it is started."""
    wanted = dict.fromkeys(package for peer in peers for package in PACKAGES.get(peer, []))
    missing = [package for package in wanted if package_version(package) is None]
    if not shutil.which("cc"):
        missing += ["gcc", "libc6-dev"]
    if not missing:
        return
    if not shutil.which("apt-get"):
        say(f"no apt-get here: peers that need {', '.join(missing)} are not measured")
        return
    say(f"Installing with apt-get: {' '.join(missing)}")
    try:
        install(missing)
    except (OSError, subprocess.CalledProcessError) as error:
        say(f"apt-get failed, peers may be missing: {error}")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def command(arguments: list, input: str = "", **options) -> str:
    """Its standard output; a failure with the end of what it said otherwise."""
    try:
        done = subprocess.run(arguments, input=input, capture_output=True, text=True, check=False, **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(str(error)) from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise Failure(f"{Path(arguments[0]).name} exited {done.returncode}: {said[-1]}")
    return done.stdout


def compile_client(name: str, folder: Path) -> Path:
    program = folder / f"{name}-client"
    more = []
    if name == "postgresql":
        more = [f"-I{command(['pg_config', '--includedir']).strip()}"]
    libraries = [f"-l{LIBRARIES[name]}"] if name in LIBRARIES else []
    how = ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-pthread", *more]
    command(["cc", *how, "-o", program, HERE / f"{name}.c", HERE / "rotation.c", *libraries])
    return program


def client_figure(program: Path, target: str, callers: int, seconds: float) -> tuple[Figure, int]:
    """And how many rotations there were."""
    said = json.loads(command([program, target, str(callers), str(seconds)], timeout=seconds + 60))
    return Figure(said["rotations_per_second"], said["p50_us"]), said["rotations"]


def ledger_binary() -> Path:
    if given := os.environ.get("REFRESH_LEDGER_BINARY"):
        return Path(given).resolve()
    say("Building refresh-ledger")
    subprocess.run([ROOT / "tools/install-dependencies"], check=True, stdout=sys.stderr)
    subprocess.run([ROOT / "tools/swift-build", "-c", "release", "--product", "refresh-ledger"], cwd=ROOT, check=True, stdout=sys.stderr)
    return ROOT / ".build/release/refresh-ledger"


def canned_binary() -> Path:
    if given := os.environ.get("CANNED_REPLY_BINARY"):
        return Path(given).resolve()
    package = ROOT / "Benchmarks/CannedReply"
    say("Building the canned reply: some minutes the first time")
    built = subprocess.run([ROOT / "tools/swift-build", "-c", "release"], cwd=package, check=False, stdout=sys.stderr)
    if built.returncode != 0:
        raise Failure("its build failed")
    return package / ".build/release/CannedReply"


def python_environment() -> Path:
    """The Python of an environment with what token_endpoint.py imports, beside that of tools/interoperability."""
    place, requirements = ROOT / ".venv/bench-peers", HERE / "requirements.txt"
    made_of = place / "made-of"
    is_there = made_of.exists() and made_of.read_text() == requirements.read_text()
    if not is_there or subprocess.run([place / "bin/python", "-c", ""], check=False).returncode != 0:
        say("Making the Python environment")
        shutil.rmtree(place, ignore_errors=True)
        command(["python3", "-m", "venv", place])
        pip = [place / "bin/pip", "install", "--quiet", "--disable-pip-version-check"]
        command([*pip, "--no-deps", "--only-binary", ":all:", "-r", requirements])
        made_of.write_text(requirements.read_text())
    return place / "bin/python"
