"""The instances of the server, and what they share: schema, keys, a user and a client."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass

from place import LOOPBACK, Place, Seat, Settings, write_private
from programs import Failure, Program, environment, run

START_SECONDS = 60
KEY_BYTES = 32
# Asked directly, also where a proxy is set.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Health:
    status: int
    writes: bool

    @property
    def text(self) -> str:
        if self.status == 0:
            return "does not answer"
        if self.status != 200:
            return f"not ready (HTTP {self.status})"
        return "ready" if self.writes else "ready, takes no writes"


def health(port: int, query: str = "", address: str = LOOPBACK) -> Health:
    """Status 0 where nobody answers."""
    try:
        with _OPENER.open(f"http://{address}:{port}/health/ready{query}", timeout=3) as reply:
            return Health(reply.status, json.loads(reply.read()).get("writes", True) is not False)
    except urllib.error.HTTPError as error:
        return Health(error.code, False)
    except (OSError, ValueError):
        return Health(0, False)


class Instance:
    def __init__(self, number: int, settings: Settings, place: Place, seat: Seat = Seat()):
        self.number = number
        self.port = settings.instances[number - 1]
        self.seat = seat
        self.url = f"http://{seat.address}:{self.port}"
        self.settings = settings
        self.place = place
        self.program = Program(f"instance-{number}", place.folder)

    def start(self) -> None:
        command = [self.settings.binary, "serve", "--database", self.settings.database_url, "--host", self.seat.listens, "--port", str(self.port)]
        settings = command_environment(self.settings, self.place) | dict(self.seat.environment)
        self.program.start([*self.seat.enter, *command], **settings)

    def health(self, query: str = "") -> Health:
        return health(self.port, query, self.seat.address)

    def wait_until_ready(self) -> None:
        self.program.wait_until(lambda: self.health() == Health(200, True), "ready", START_SECONDS)

    def stop(self) -> None:
        self.program.end()


def instances(settings: Settings, place: Place) -> list[Instance]:
    return [Instance(number + 1, settings, place) for number in range(len(settings.instances))]


def command_environment(settings: Settings, place: Place) -> dict[str, str]:
    """With what the command finds passwords, schema and keys: in files, never on a command line."""
    return {
        "PGPASSFILE": str(place.ledger_passfile),
        "REFRESH_LEDGER_STORE_SCHEMA": settings.schema,
        "REFRESH_LEDGER_STORE_MASTER_KEY": str(place.master_key),
        "REFRESH_LEDGER_STORE_STANDBY": "required" if len(settings.nodes) > 1 else "none",
        # nginx says who calls.
        "REFRESH_LEDGER_HTTP_TRUST_PROXY": "true",
    }


def knows_databases(binary: str) -> bool:
    done = subprocess.run([binary, "database", "init", "--help"], capture_output=True, text=True, check=False, env=environment())
    return "--issuer" in done.stdout


def make_shared(settings: Settings, place: Place) -> None:
    """Schema and keys, a first user and a first client."""
    write_private(place.master_key, os.urandom(KEY_BYTES))

    def command(*words: str, text: str = "") -> None:
        run(
            [settings.binary, *words, "--database", settings.database_url], text=text, seconds=120,
            **command_environment(settings, place))

    command("database", "init", "--issuer", settings.url)
    print(f"database init: tables in the schema {settings.schema}, issuer {settings.url}", flush=True)
    command("users", "add", settings.user, "--password-stdin", "--scopes", "read write", text=settings.user_password + "\n")
    command("clients", "add", settings.client, "--public")
    print(f"made the user {settings.user} and the public client {settings.client}", flush=True)


def start_all(all_instances: list[Instance]) -> None:
    for each in all_instances:
        each.start()
    for each in all_instances:
        each.wait_until_ready()
        print(f"instance {each.number}: {each.url}", flush=True)
