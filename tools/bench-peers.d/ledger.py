"""refresh-ledger itself: its engine in one program with its callers, and its HTTP server; and the HTTP servers that it is compared with."""

import contextlib
import json
import secrets
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from figures import Contestant, Figure
from programs import HERE, client_figure, command, compile_client
from resource_servers.processes import Failure, environment, free_ports, process
from stores import Place, redis_server

HTTP_CALLERS = 32
USER = "alice"
# By durability.
ENGINES = {"always": "refresh-ledger", "interval": "refresh-ledger-interval", "none": "refresh-ledger-none"}


def load_figure(binary: Path, durability: str, folder: Path, callers: int, seconds: float) -> Figure:
    """With the load generator of refresh-ledger. A refusal or an error makes the figure worthless."""
    answer = folder / "load.json"
    options = ["--connections", str(callers), "--replay-rate", "0", "--duration", f"{round(seconds * 1000)}ms", "--json", str(answer)]
    command([binary, "load", "--in-process", "--durability", durability, *options], cwd=folder, timeout=seconds + 120)
    said = json.loads(answer.read_text())
    if said["errors"] or said["invariant_violations"] or not said["rotations"]:
        raise Failure(f"{said['errors']} errors, {said['invariant_violations']} broken invariants, {said['rotations']} rotations")
    return Figure(said["rotations_per_second"], said["latency_ms"]["p50"] * 1000)


@contextlib.contextmanager
def engine(durability: str, binary: Path, place: Place) -> Iterator[Contestant]:
    name = ENGINES[durability]
    yield Contestant(name, (1, 50, 512), partial(load_figure, binary, durability, place.make(name)))


def measure_endpoint(program: Path, port: int, password: str, client: str, callers: int, seconds: float) -> Figure:
    target = ":".join([str(port), USER, password, *filter(None, [client])])
    return client_figure(program, target, callers, seconds)[0]


@contextlib.contextmanager
def server(binary: Path, place: Place) -> Iterator[Contestant]:
    folder = place.make("server")
    program = compile_client("http", folder)
    data, password = folder / "data", secrets.token_urlsafe(16)
    [port] = free_ports(1)
    with process([binary, "serve", "--data", data, "--port", str(port), "--log-level", "warning"], folder / "output", [port]):
        users = ["users", "add", USER, "--password-stdin", "--scopes", "read write"]
        command([binary, *users, "--data", data], input=password, env=environment())
        command([binary, "clients", "add", "app", "--public", "--data", data], env=environment())
        measure = partial(measure_endpoint, program, port, password, "app")
        yield Contestant("refresh-ledger-http", (HTTP_CALLERS,), measure)


@contextlib.contextmanager
def canned_reply(canned: Path, place: Place) -> Iterator[Contestant]:
    folder = place.make("canned")
    program = compile_client("http", folder)
    [port] = free_ports(1)
    with process([canned, str(port)], folder / "output", [port]):
        measure = partial(measure_endpoint, program, port, "none", "app")
        yield Contestant("canned", (HTTP_CALLERS,), measure)


@contextlib.contextmanager
def fastapi(workers: int, python: Path, place: Place) -> Iterator[Contestant]:
    folder = place.make(f"fastapi-{workers}")
    program = compile_client("http", folder)
    password = secrets.token_urlsafe(16)
    with redis_server(folder, ["--appendonly", "no"]) as redis_port:
        settings = [f"REDIS_PORT={redis_port}", f"SIGNING_KEY={secrets.token_hex(32)}", f"PASSWORD={password}"]
        [port] = free_ports(1)
        fast = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        where = ["--app-dir", HERE, "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
        # `process` hands on nothing but the common environment.
        uvicorn = ["env", "PYTHONDONTWRITEBYTECODE=1", *settings, python, "-m", "uvicorn", "token_endpoint:app", *where, *fast]
        with process(uvicorn, folder / "output", [port]):
            measure = partial(measure_endpoint, program, port, password, "")
            yield Contestant(f"fastapi-{workers}", (HTTP_CALLERS,), measure)
