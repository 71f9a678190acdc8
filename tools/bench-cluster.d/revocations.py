"""How soon an access token that was revoked at one instance is refused by another one, beside nothing, half and all of the load they can take."""

import contextlib
import http.client
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from callers import rotations_so_far
from figures import Delays
from ground import Ground
from instances import Instance
from opener import Opener, ask, granted
from place import Seat
from programs import Failure, environment, free_ports

ALONE, HALF, FULL, RECONNECT = (
    "nothing else", "half of that load", "all the load that the two take, 64 callers", "its connections to the database were ended just before")
SAMPLES = 100
# Of the load, for each instance.
CALLERS = 32
SETTLE_SECONDS = 2.0
PATIENCE_SECONDS = 10.0
# What the second instance calls itself in pg_stat_activity.
SECOND = "second-instance"


def measure(ground: Ground) -> dict[str, Delays]:
    opener = Opener(ground)
    ground.settings.instances = free_ports(2)
    first = Instance(1, ground.settings, ground.place)
    second = Instance(2, ground.settings, ground.place, Seat(environment=(("PGAPPNAME", SECOND),)))
    with contextlib.ExitStack() as stack:
        for each in (first, second):
            each.start()
            stack.callback(each.stop)
        for each in (first, second):
            each.wait_until_ready()
        watch = Watch(ground, opener, first.port, second.port)
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
            child = stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=environment()))
            stack.callback(child.kill)
            running.append((child, output))
        time.sleep(SETTLE_SECONDS)
        before, began = rotations_so_far(ground), time.monotonic()
        yield lambda: (rotations_so_far(ground) - before) / (time.monotonic() - began)
        for child, output in running:
            if child.poll() is not None:
                output.seek(0)
                raise Failure(f"the load beside which revocations were timed exited {child.returncode}: {output.read().strip().splitlines()[-1:]}")


class Watch:
    """Revokes at the first instance, and asks the second until it refuses."""

    def __init__(self, ground: Ground, opener: Opener, first: int, second: int):
        self.ground = ground
        self.opener = opener
        # Milliseconds.
        self.answers: list[float] = []
        self.first, self.second = (http.client.HTTPConnection("127.0.0.1", port, timeout=30) for port in (first, second))

    def sample(self, is_cut: bool = False) -> Delays:
        self.answers = []
        return Delays([self.seen_after(is_cut) for _ in range(SAMPLES)], self.answers)

    def seen_after(self, is_cut: bool) -> float:
        pair = self.open()
        self.await_status(200, pair, time.monotonic())
        began = time.monotonic()
        if is_cut:
            self.ground.primary.ask(
                f"select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = '{SECOND}'", database="ledger")
        form = urlencode({"client_id": self.ground.settings.client, "token": pair["refresh_token"]})
        granted(self.first, "POST", "/revoke", None, form)
        began = began if is_cut else time.monotonic()
        return self.await_status(401, pair, began)

    def open(self) -> dict:
        """A session of the public client."""
        return self.opener.open(self.first, self.ground.settings.client)

    def await_status(self, wanted: int, pair: dict, began: float) -> float:
        while True:
            asked = time.monotonic()
            status, said = ask(self.second, "GET", "/me", f"Bearer {pair['access_token']}")
            now = time.monotonic()
            self.answers.append((now - asked) * 1000)
            if status == wanted:
                return (now - began) * 1000
            if status not in (200, 401) or now - began > PATIENCE_SECONDS:
                raise Failure(f"the second instance answered {status} after {now - began:.1f} s: {said[:200]!r}")
