"""A server with a console, and sessions in it that have a past."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from accounts import BOSS, CONFIDENTIAL, Client, User
from server import Server

# What a subject is called is up to whoever signs up.
TRICKY = User("<script>document.title='taken'</script>")
ANN = User("ann")
LONG = User("a.very.long.name.of.somebody@somewhere.in.a.long.domain.example")
GRACEFUL = Client("phone", "the secret of the phone", ("--scopes", "read write", "--grace", "60s"))


@dataclass
class Place:
    server: Server
    admin: Client
    # Rotated and replayed.
    live: str
    # Ended when a used token came again.
    reused: str

    @property
    def url(self) -> str:
        return f"{self.server.url}/console"

    def link(self) -> str:
        """The newest link that was printed."""
        printed = self.server.output_path.read_text(errors="replace")
        return re.findall(r"^console: (\S+)$", printed, re.MULTILINE)[-1]


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder: Path = tmp_path_factory.mktemp("server", numbered=False)
    clients = (CONFIDENTIAL, GRACEFUL, BOSS)
    server = Server(folder, (ANN, LONG, TRICKY), clients, "console: { enabled: true }\n")
    with server.start():
        yield fill(server)


def fill(server: Server) -> Place:
    def refresh(token: str, client: Client) -> dict | None:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        reply = server.request("POST", "/token", form=form, client=client)
        return reply.json if reply.status == 200 else None

    first = server.open_session(ANN.name, BOSS, GRACEFUL)
    pair = first
    for _ in range(6):
        pair, used = refresh(pair["refresh_token"], GRACEFUL), pair
        assert pair is not None
    repeated = refresh(used["refresh_token"], GRACEFUL)
    assert repeated is not None and repeated["refresh_token"] == pair["refresh_token"]
    live = server.request("GET", "/me", bearer=pair["access_token"]).json["session"]

    second = server.open_session(ANN.name, BOSS, CONFIDENTIAL)
    reused = server.request("GET", "/me", bearer=second["access_token"]).json["session"]
    token = second["refresh_token"]
    for _ in range(2):
        following = refresh(token, CONFIDENTIAL)
        assert following is not None
        token = following["refresh_token"]
    assert refresh(second["refresh_token"], CONFIDENTIAL) is None

    for _ in range(3):
        server.open_session(TRICKY.name, BOSS, CONFIDENTIAL)
    return Place(server, BOSS, live, reused)
