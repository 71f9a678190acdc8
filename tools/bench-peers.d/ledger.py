"""refresh-ledger itself: its engine in one program with its callers, and its HTTP server; and the HTTP servers that it is compared with."""

import contextlib
import json
import re
import secrets
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from figures import Contestant, Figure
from programs import HERE, command, compile_client, endpoint_figure, processor_seconds, spent_by
from resource_servers.configurations import make_certificate
from resource_servers.processes import Failure, environment, free_ports, process
from stores import Place, redis_server

HTTP_CALLERS = 32
USER = "alice"
# Within which the log-ins of a load are done.
LOGIN_SECONDS = 2.0
DURABILITIES = ("always", "interval", "none")


def engine_name(build: str, durability: str) -> str:
    return build if durability == "always" else f"{build}-{durability}"


def load_figure(binary: Path, durability: str, folder: Path, callers: int, seconds: float) -> Figure:
    """With the load generator of refresh-ledger. A refusal or an error makes the figure worthless."""
    answer = folder / "load.json"
    options = ["--connections", str(callers), "--replay-rate", "0", "--duration", f"{round(seconds * 1000)}ms", "--json", str(answer)]
    load = [binary, "load", "--in-process", "--durability", durability, *options]
    _, spent = spent_by(lambda: command(load, cwd=folder, timeout=seconds + 120))
    said = json.loads(answer.read_text())
    if said["errors"] or said["invariant_violations"] or not said["rotations"]:
        raise Failure(f"{said['errors']} errors, {said['invariant_violations']} broken invariants, {said['rotations']} rotations")
    return Figure(said["rotations_per_second"], said["latency_ms"]["p50"] * 1000, spent * 1e6 / said["rotations"])


@contextlib.contextmanager
def engine(build: str, durability: str, binary: Path, place: Place) -> Iterator[Contestant]:
    name = engine_name(build, durability)
    yield Contestant(name, (1, 50, 512), partial(load_figure, binary, durability, place.make(name)))


def measure_endpoint(
    program: Path, port: int, password: str, client: str, servers: list[int], callers: int, seconds: float
) -> Figure:
    target = ":".join([str(port), USER, password, *filter(None, [client])])
    return endpoint_figure(program, target, callers, seconds, servers)


@contextlib.contextmanager
def serving(binary: Path, folder: Path, settings: list[str]) -> Iterator[tuple[int, int, str]]:
    """The port, the pid and the password of USER. `settings` is of the form NAME=VALUE, for the environment."""
    data, password = folder / "data", secrets.token_urlsafe(16)
    [port] = free_ports(1)
    serve = ["env", *settings, binary, "serve", "--data", data, "--port", str(port), "--log-level", "warning"]
    with process(serve, folder / "output", [port]) as pid:
        users = ["users", "add", USER, "--password-stdin", "--scopes", "read write"]
        command([binary, *users, "--data", data], input=password, env=environment())
        command([binary, "clients", "add", "app", "--public", "--data", data], env=environment())
        yield port, pid, password


@contextlib.contextmanager
def server(build: str, binary: Path, place: Place, wire: str = "standard") -> Iterator[Contestant]:
    name = f"{build}-http" if wire == "standard" else f"{build}-{wire}"
    folder = place.make(name)
    program = compile_client("http", folder)
    with serving(binary, folder, [f"REFRESH_LEDGER_WIRE={wire}"]) as (port, pid, password):
        client = "app" if wire == "standard" else ""
        yield Contestant(name, (HTTP_CALLERS,), partial(measure_endpoint, program, port, password, client, [pid]))


@contextlib.contextmanager
def server_under_load(protocol: str, binary: Path, place: Place) -> Iterator[Contestant]:
    """By the load generator of refresh-ledger, which speaks TLS and HTTP/2, where the C client does not: `load` is without either."""
    folder = place.make(f"protocol-{protocol}")
    settings, options, scheme = [], [], "http"
    if protocol != "load":
        make_certificate(folder)
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        settings = [f"REFRESH_LEDGER_HTTP_TLS_CERTIFICATE={certificate}", f"REFRESH_LEDGER_HTTP_TLS_KEY={key}"]
        options, scheme = ["--cacert", str(certificate)], "https"
    if protocol == "http2":
        options.append("--http2")
    with serving(binary, folder, settings) as (port, pid, password):
        url = f"{scheme}://127.0.0.1:{port}"
        yield Contestant(f"refresh-ledger-{protocol}", (HTTP_CALLERS,), partial(measure_under_load, binary, folder, url, options, password, pid))


def measure_under_load(
    binary: Path, folder: Path, url: str, options: list[str], password: str, pid: int, callers: int, seconds: float
) -> Figure:
    """The processor time of the server while the load goes on: without its log-ins, which come first."""
    answer = folder / "load.json"
    lasts = ["--duration", f"{round((seconds + LOGIN_SECONDS) * 1000)}ms", "--json", str(answer)]
    run = ["--sessions", str(callers), "--connections", str(callers), "--replay-rate", "0", *lasts, *options]
    who = ["--user", USER, "--password-stdin", "--client-id", "app"]
    load = subprocess.Popen(
        [binary, "load", "--url", url, *who, *run], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment()
    )
    try:
        load.stdin.write(password)
        load.stdin.close()
        time.sleep(LOGIN_SECONDS)
        before = rotations(folder, url), processor_seconds(pid)
        time.sleep(seconds * 0.75)
        after = rotations(folder, url), processor_seconds(pid)
        load.wait(60)
        if load.returncode != 0:
            raise Failure(f"load exited {load.returncode}: {load.stderr.read().strip().splitlines()[-1:]}")
    finally:
        load.kill()
        load.wait()
    said = json.loads(answer.read_text())
    return Figure(said["rotations_per_second"], said["latency_ms"]["p50"] * 1000, (after[1] - before[1]) * 1e6 / (after[0] - before[0]))


def rotations(folder: Path, url: str) -> int:
    """How many the server has made, by its metrics."""
    trusted = ssl.create_default_context(cafile=folder / "certificate.pem") if url.startswith("https") else None
    with urllib.request.urlopen(f"{url}/metrics", timeout=10, context=trusted) as answer:
        [count] = re.findall(r"^refresh_ledger_rotations_total (\S+)$", answer.read().decode(), re.MULTILINE)
    return int(float(count))


@contextlib.contextmanager
def canned_reply(canned: Path, place: Place) -> Iterator[Contestant]:
    folder = place.make("canned")
    program = compile_client("http", folder)
    [port] = free_ports(1)
    with process([canned, str(port)], folder / "output", [port]) as pid:
        measure = partial(measure_endpoint, program, port, "none", "app", [pid])
        yield Contestant("canned", (HTTP_CALLERS,), measure)


@contextlib.contextmanager
def fastapi(workers: int, python: Path, place: Place) -> Iterator[Contestant]:
    folder = place.make(f"fastapi-{workers}")
    program = compile_client("http", folder)
    password = secrets.token_urlsafe(16)
    with redis_server(folder, ["--appendonly", "no"]) as (redis_port, redis_pid):
        settings = [f"REDIS_PORT={redis_port}", f"SIGNING_KEY={secrets.token_hex(32)}", f"PASSWORD={password}"]
        [port] = free_ports(1)
        fast = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        where = ["--app-dir", HERE, "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
        # `process` hands on nothing but the common environment.
        uvicorn = ["env", "PYTHONDONTWRITEBYTECODE=1", *settings, python, "-m", "uvicorn", "token_endpoint:app", *where, *fast]
        with process(uvicorn, folder / "output", [port]) as pid:
            measure = partial(measure_endpoint, program, port, password, "", [pid, redis_pid])
            yield Contestant(f"fastapi-{workers}", (HTTP_CALLERS,), measure)
