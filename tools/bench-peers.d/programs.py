"""Builds what is run: the clients of the peers, refresh-ledger, the canned reply, the Python environment."""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from figures import Figure
from resource_servers.packages import install
from resource_servers.processes import Failure

Answer = TypeVar("Answer")
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
    "protocols": ["openssl"],
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


def client_figure(program: Path, target: str, callers: int, seconds: float, servers: Iterable[int] = ()) -> tuple[Figure, int]:
    """And how many rotations there were. The processor time is that of the client and of the servers with these pids."""
    output, spent = spent_by(lambda: command([program, target, str(callers), str(seconds)], timeout=seconds + 60), servers)
    said = json.loads(output)
    return Figure(said["rotations_per_second"], said["p50_us"], spent * 1e6 / said["rotations"]), said["rotations"]


def endpoint_figure(program: Path, target: str, callers: int, seconds: float, servers: list[int]) -> Figure:
    """Of an HTTP client, with the processor time of the servers alone, from when all callers have logged in."""
    client = subprocess.Popen([program, target, str(callers), str(seconds)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        ready = client.stdout.readline()
        before = sum(map(processor_seconds, servers))
        output, errors = client.communicate(timeout=seconds + 60)
        spent = sum(map(processor_seconds, servers)) - before
    except subprocess.TimeoutExpired as error:
        raise Failure(str(error)) from error
    finally:
        client.kill()
        client.wait()
    if client.returncode != 0 or ready != "ready\n":
        raise Failure(f"{program.name} exited {client.returncode}: {(errors.strip().splitlines() or ['no output'])[-1]}")
    said = json.loads(output)
    return Figure(said["rotations_per_second"], said["p50_us"], spent * 1e6 / said["rotations"])


def spent_by(work: Callable[[], Answer], servers: Iterable[int] = ()) -> tuple[Answer, float]:
    """The answer, and the seconds of processor time that the programs took that the work ran to their end, with those of the servers meanwhile."""
    servers = list(servers)

    def seconds() -> float:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return ended.ru_utime + ended.ru_stime + sum(map(processor_seconds, servers))

    before = seconds()
    answer = work()
    return answer, seconds() - before


def processor_seconds(pid: int) -> float:
    """The processor time of a program and of all that it has started; of the living ones in hundredths of a second."""
    ticks = {}
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        number = int(stat.parent.name)
        parents[number], ticks[number] = int(fields[1]), sum(map(int, fields[11:15]))

    def is_within(number: int) -> bool:
        while number and number != pid:
            number = parents.get(number, 0)
        return number == pid

    return sum(spent for number, spent in ticks.items() if is_within(number)) / os.sysconf("SC_CLK_TCK")


def ledger_binary() -> Path:
    if given := os.environ.get("REFRESH_LEDGER_BINARY"):
        return Path(given).resolve()
    say("Building refresh-ledger")
    subprocess.run([ROOT / "tools/install-dependencies"], check=True, stdout=sys.stderr)
    subprocess.run([ROOT / "tools/swift-build", "-c", "release", "--product", "refresh-ledger"], cwd=ROOT, check=True, stdout=sys.stderr)
    return ROOT / ".build/release/refresh-ledger"


def other_binary(commit: str) -> Path:
    """The release build of another commit, built from its files with its own scripts, in a folder that is kept."""
    full = command(["git", "-C", ROOT, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}"]).strip()
    place = ROOT / ".build-against" / full
    binary = place / ".build/release/refresh-ledger"
    if binary.exists():
        return binary
    say(f"Building {commit}: as long as a first build takes")
    place.mkdir(parents=True, exist_ok=True)
    archive = subprocess.run(["git", "-C", ROOT, "archive", full], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", place], input=archive, check=True)
    built = subprocess.run([place / "tools/swift-build", "-c", "release", "--product", "refresh-ledger"], cwd=place, check=False, stdout=sys.stderr)
    if built.returncode != 0:
        raise Failure(f"the build of {commit} failed")
    return binary


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
