"""Fixtures of every test here: servers that are stopped by their pid, and what they printed beside each failure."""

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.dont_write_bytecode = True

from accounts import ALICE, BOSS, CONFIDENTIAL, PUBLIC, Client, User  # noqa: E402
from server import Server, live_servers  # noqa: E402

@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """`serve(configuration="...", users=[...], clients=[...])`: a started server, stopped when the run ends or by its `stop`.

    Without `users` and `clients` it has ALICE, and CONFIDENTIAL, PUBLIC and BOSS.
    """
    servers: list[Server] = []
    numbers = itertools.count()

    def start(
        configuration: str = "",
        users: tuple[User, ...] | list[User] = (ALICE,),
        clients: tuple[Client, ...] | list[Client] = (CONFIDENTIAL, PUBLIC, BOSS),
    ) -> Server:
        folder: Path = tmp_path_factory.mktemp(f"server-{next(numbers)}", numbered=False)
        server = Server(folder, tuple(users), tuple(clients), configuration)
        servers.append(server)
        return server.start()

    yield start
    # They end side by side.
    for server in servers:
        server.terminate()
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def server(serve: Callable[..., Server]) -> Server:
    """The server that tests share which need nothing special of it: default settings, the accounts of `serve`."""
    return serve()


printed_before = pytest.StashKey[dict[Server, int]]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[printed_before] = {server: server.printed for server in live_servers}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """A failure shows what the servers printed since its test began."""
    report = yield
    if report.failed:
        for server in sorted(live_servers, key=lambda server: server.port):
            began = item.stash[printed_before].get(server, 0)
            if server.printed > began or not server.runs:
                state = "runs" if server.runs else f"ended with {server.child and server.child.returncode}"
                report.sections.append((f"{server.url} ({state})", server.output(began)))
    return report


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> None:
    """No proxy of the caller's environment comes between a client and the server."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    os.environ["no_proxy"] = "127.0.0.1"
