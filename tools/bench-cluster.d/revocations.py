"""How soon an access token that was revoked at one instance is refused by another one, beside nothing, half and all of the load they can take."""

import base64
import contextlib
import http.client
import json
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from callers import rotations_so_far
from ground import Ground
from instances import Instance
from place import Seat
from programs import Failure, environment, free_ports, run

ALONE, HALF, FULL, RECONNECT = TITLES = (
    "nothing else", "half of that load", "all the load that the two take, 64 callers", "its connections to the database were ended just before")
SAMPLES = 100
# Of the load, for each instance.
CALLERS = 32
SETTLE_SECONDS = 2.0
PATIENCE_SECONDS = 10.0
# What the second instance calls itself in pg_stat_activity.
SECOND = "second-instance"
FORM = "application/x-www-form-urlencoded"


def measure(ground: Ground) -> dict[str, list[float]]:
    """Milliseconds from the reply to the revocation to the first refusal; after a reconnect, from the moment before the connections were ended."""
    opener, secret = f"opener-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    words = [ground.binary, "clients", "add", opener, "--secret-stdin", "--admin", "--database", ground.url]
    run(words, text=f"{secret}\n", seconds=60, **ground.environment)
    ground.settings.instances = free_ports(2)
    first = Instance(1, ground.settings, ground.place)
    second = Instance(2, ground.settings, ground.place, Seat(environment=(("PGAPPNAME", SECOND),)))
    with contextlib.ExitStack() as stack:
        for each in (first, second):
            each.start()
            stack.callback(each.stop)
        for each in (first, second):
            each.wait_until_ready()
        watch = Watch(ground, first.port, second.port, f"{opener}:{secret}")
        found = {ALONE: watch.sample()}
        with loaded(ground, (first, second), watch, rate=None) as reached:
            found[FULL] = watch.sample()
            rate = reached()
        with loaded(ground, (first, second), watch, rate=rate / 2):
            found[HALF] = watch.sample()
        found[RECONNECT] = watch.sample(is_cut=True)
    return found


@contextlib.contextmanager
def loaded(ground: Ground, instances: tuple[Instance, ...], watch: "Watch", rate: float | None) -> Iterator:
    """Until its end; what is yielded says how many rotations a second there have been."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        running = []
        for each in instances:
            tokens = folder / f"tokens-{each.number}"
            tokens.write_text("".join(f"{watch.open()['refresh_token']}\n" for _ in range(CALLERS)))
            command = [
                ground.binary, "load", "--url", each.url, "--client-id", ground.settings.client, "--tokens", str(tokens),
                "--connections", str(CALLERS), "--replay-rate", "0", "--duration", "600s"]
            if rate:
                command += ["--rate", f"{rate / len(instances):.0f}"]
            output = stack.enter_context((folder / f"said-{each.number}").open("w+"))
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=environment())
            stack.callback(ended, child)
            running.append((child, output))
        time.sleep(SETTLE_SECONDS)
        before, began = rotations_so_far(ground), time.monotonic()
        yield lambda: (rotations_so_far(ground) - before) / (time.monotonic() - began)
        for child, output in running:
            if child.poll() is not None:
                output.seek(0)
                raise Failure(f"the load beside which revocations were timed exited {child.returncode}: {output.read().strip().splitlines()[-1:]}")


def ended(child: subprocess.Popen) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait()


class Watch:
    """Revokes at the first instance, and asks the second until it refuses."""

    def __init__(self, ground: Ground, first: int, second: int, opener: str):
        self.ground = ground
        self.first, self.second = (http.client.HTTPConnection("127.0.0.1", port, timeout=30) for port in (first, second))
        self.basic = "Basic " + base64.b64encode(opener.encode()).decode()

    def sample(self, is_cut: bool = False) -> list[float]:
        return [self.seen_after(is_cut) for _ in range(SAMPLES)]

    def seen_after(self, is_cut: bool) -> float:
        pair = self.open()
        self.await_status(200, pair, time.monotonic())
        began = time.monotonic()
        if is_cut:
            self.ground.primary.ask(
                f"select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = '{SECOND}'", database="ledger")
        form = urlencode({"client_id": self.ground.settings.client, "token": pair["refresh_token"]})
        status, said = ask(self.first, "POST", "/revoke", {"Content-Type": FORM}, form)
        if status != 200:
            raise Failure(f"a revocation was answered {status} {said[:200]!r}")
        began = began if is_cut else time.monotonic()
        return self.await_status(401, pair, began)

    def open(self) -> dict:
        """A session of the public client."""
        opening = json.dumps({"subject": self.ground.settings.user, "scope": "", "client_id": self.ground.settings.client})
        status, said = ask(self.first, "POST", "/admin/sessions", {"Content-Type": "application/json", "Authorization": self.basic}, opening)
        if status not in (200, 201):
            raise Failure(f"a session was not opened: {status} {said[:200]!r}")
        return json.loads(said)

    def await_status(self, wanted: int, pair: dict, began: float) -> float:
        while True:
            status, said = ask(self.second, "GET", "/me", {"Authorization": f"Bearer {pair['access_token']}"})
            now = time.monotonic()
            if status == wanted:
                return (now - began) * 1000
            if status not in (200, 401) or now - began > PATIENCE_SECONDS:
                raise Failure(f"the second instance answered {status} after {now - began:.1f} s: {said[:200]!r}")


def ask(connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str], body: str | None = None) -> tuple[int, bytes]:
    connection.request(method, path, body, headers)
    reply = connection.getresponse()
    return reply.status, reply.read()
