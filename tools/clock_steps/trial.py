"""One case: a data folder, the real server under a clock that the case moves, and what was expected and seen."""

import base64
import contextlib
import http.client
import json
import os
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from clock_steps.answers import Check, Pair, Reply, Stuck
from clock_steps.wall_clock import WallClock
from faults.server import PASSWORD, USER, RunningServer, checkpoints_in, make_accounts

DAY, HOUR = 86_400.0, 3_600.0
ISSUER = "https://clock-steps.example"
ADMIN, SECRET = "boss", "secret-of-the-boss"
# How a server ends, and by how much an end may then come later, beside the time that the server was down.
RESTARTS = {"no restart": 0.3, "SIGTERM": 1.0, "kill -9": 2.0}


def make_template(binary: Path, folder: Path) -> None:
    """The accounts that each case begins with: a user, two public clients, and one with every right."""
    make_accounts(folder)
    command = [binary, "clients", "add", ADMIN, "--secret-stdin", "--admin", "--introspect", "--data", folder]
    subprocess.run(command, input=SECRET.encode(), check=True, capture_output=True)


class Trial:
    def __init__(self, folder: Path, binary: Path, library: Path, template: Path | None, seed: int):
        folder.mkdir()
        self.folder, self.binary, self.seed = folder, binary, seed
        self.data = folder / "data"
        if template:
            shutil.copytree(template, self.data)
        self.clock = WallClock(library, folder / "clock")
        self.settings = {"REFRESH_LEDGER_TOKENS_ISSUER": ISSUER, "REFRESH_LEDGER_TOKENS_AUDIENCE": ISSUER}
        self.log_level = "error"
        self.server: RunningServer | None = None
        self.checks: list[Check] = []
        # How long no server ran, and so time need not have counted.
        self.down = 0.0

    # What was expected and seen

    def expect(self, what: str, expected: object, seen: object, holds: bool | None = None) -> bool:
        holds = str(expected) == str(seen) if holds is None else holds
        self.checks.append(Check(what, str(expected), str(seen), holds))
        return holds

    def expect_about(self, what: str, expected: float, seen: object, before: float, after: float | None = None) -> bool:
        """A number of seconds, at most so far off."""
        number = float(seen) if isinstance(seen, (int, float)) and not isinstance(seen, bool) else None
        after = before if after is None else after
        shown = "none" if number is None else f"{number - expected:+.1f} s off"
        holds = number is not None and -before <= number - expected <= after
        return self.expect(what, f"-{before:g} to +{after:g} s off", shown, holds)

    # The server

    def set(self, **settings: str) -> None:
        """`TOKENS_ACCESS_TTL="2s"`."""
        self.settings |= {f"REFRESH_LEDGER_{name}": value for name, value in settings.items()}

    def start(self) -> None:
        settings = self.settings | self.clock.environment
        self.server = RunningServer(self.binary, self.data, settings, log_level=self.log_level)

    def restart(self, how: str, between: Callable[[], object] = lambda: None) -> None:
        if how == "no restart":
            between()
            return
        began = time.monotonic()
        self.stop(how)
        between()
        self.start()
        self.down += time.monotonic() - began

    def checkpoint(self) -> None:
        """What the log says so far is in a checkpoint from here on, and read from there at the next start."""
        reached = checkpoints_in(self.data)
        self.must("log", "checkpoint")
        deadline = time.monotonic() + 10
        while checkpoints_in(self.data) <= reached and time.monotonic() < deadline:
            time.sleep(0.05)
        self.expect("a checkpoint was written", True, checkpoints_in(self.data) > reached)

    def stop(self, how: str = "SIGTERM") -> None:
        server = self.running()
        if how == "kill -9":
            server.kill()
        else:
            code = server.terminate(20)
            if code != 0:
                self.expect("exit code after SIGTERM", 0, code)
        self.close()

    @contextlib.contextmanager
    def asleep(self) -> Iterator[None]:
        """The server's process is stopped meanwhile, and sees nothing."""
        child = self.running().child
        child.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            child.send_signal(signal.SIGCONT)

    def running(self) -> RunningServer:
        if self.server is None:
            raise Stuck("no server runs")
        return self.server

    def close(self) -> None:
        if self.server is not None:
            self.printed()
            self.server.end()
            self.server = None

    def verify_log(self) -> None:
        """The last check of each case."""
        if self.server is not None:
            self.stop()
        done = self.command("log", "verify")
        self.expect("log verify at the end", 0, done.returncode)

    def end(self) -> None:
        self.close()
        self.clock.close()

    def printed(self) -> str:
        """The server's log so far; kept in the folder too."""
        errors = self.running().errors
        text = os.pread(errors.fileno(), 4 << 20, 0).decode(errors="replace")
        (self.folder / "server.log").write_text(text)
        return text

    def banner(self, pattern: str) -> re.Match[str]:
        """What the server prints once it listens, until the pattern is in it."""
        server, deadline = self.running(), time.monotonic() + 10
        output = server.child.stdout
        assert output is not None
        while not (found := re.search(pattern, server.banner.decode(errors="replace"))):
            if not select.select([output], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise Stuck(f"the server did not print {pattern}")
            server.banner += os.read(output.fileno(), 65536)
        return found

    def command(self, *arguments: str, text: str = "", with_clock: bool = True) -> subprocess.CompletedProcess[str]:
        """`refresh-ledger ARGUMENTS --data` the folder, on the same machine: by its clock, unless `with_clock` says otherwise."""
        environment = {"PATH": os.environ["PATH"]} | (self.clock.environment if with_clock else {})
        words = [str(self.binary), *arguments]
        if arguments[0] != "token":
            words += ["--data", str(self.data)]
        return subprocess.run(
            words, input=text, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    def must(self, *arguments: str, text: str = "") -> str:
        done = self.command(*arguments, text=text)
        if done.returncode != 0:
            raise Stuck(f"{' '.join(arguments)}: exit code {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    # Requests

    def ask(
        self,
        method: str,
        path: str,
        form: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        bearer: str = "",
        basic: tuple[str, str] | None = None,
    ) -> Reply:
        headers, content = {}, None
        if form is not None:
            headers["Content-Type"], content = "application/x-www-form-urlencoded", urlencode(form)
        if body is not None:
            headers["Content-Type"], content = "application/json", json.dumps(body)
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        if basic:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.running().port, timeout=30)
        try:
            connection.request(method, path, content, headers)
            reply = connection.getresponse()
            return Reply(reply.status, reply.read())
        except (OSError, http.client.HTTPException) as error:
            raise Stuck(f"{method} {path.split('?')[0]}: no answer: {error}") from None
        finally:
            connection.close()

    def ask_as_admin(self, method: str, path: str, body: dict[str, Any] | None = None) -> Reply:
        return self.ask(method, path, body=body, basic=(ADMIN, SECRET))

    def log_in(self, client: str = "plain", user: str = USER, password: str = PASSWORD, secret: str = "") -> Pair:
        form = {"grant_type": "password", "username": user, "password": password}
        return self.granted("a log-in", self.token_pair(form, client, secret))

    def refresh(self, token: str, client: str = "plain", secret: str = "") -> Reply | Pair:
        return self.token_pair({"grant_type": "refresh_token", "refresh_token": token}, client, secret)

    def token_pair(self, form: dict[str, str], client: str, secret: str = "") -> Reply | Pair:
        asked = time.monotonic()
        if secret:
            reply = self.ask("POST", "/token", form, basic=(client, secret))
        else:
            reply = self.ask("POST", "/token", form | {"client_id": client})
        if reply.status != 200:
            return reply
        members = reply.members
        return Pair(members["access_token"], members["refresh_token"], asked, time.monotonic(), members)

    def granted(self, what: str, answer: Reply | Pair) -> Pair:
        """The pair that the case goes on with."""
        if isinstance(answer, Reply):
            self.expect(what, 200, answer)
            raise Stuck(f"{what} was refused")
        return answer

    def expect_refresh(self, what: str, status: int, pair: Pair, client: str = "plain", secret: str = "") -> Pair:
        """The next pair; the same where it was refused."""
        answer = self.refresh(pair.refresh, client, secret)
        self.expect(what, status, 200 if isinstance(answer, Pair) else answer.status)
        return answer if isinstance(answer, Pair) else pair

    def expect_access(self, what: str, status: int, pair: Pair) -> None:
        self.expect(what, status, self.me(pair.access))

    def me(self, token: str) -> int:
        return self.ask("GET", "/me", bearer=token).status

    def open_by_admin(self) -> Pair:
        """A session of the user's with the client `plain`."""
        asked = time.monotonic()
        reply = self.ask_as_admin("POST", "/admin/sessions", {"subject": USER, "client_id": "plain"})
        if reply.status not in (200, 201):
            raise Stuck(f"POST /admin/sessions was answered {reply}")
        members = reply.members
        return Pair(members["access_token"], members["refresh_token"], asked, time.monotonic(), members)

    def issue_one_time(self, milliseconds: int) -> Pair:
        asked = time.monotonic()
        body = {"purpose": "trial", "subject": USER, "ttl_ms": milliseconds}
        reply = self.ask_as_admin("POST", "/admin/one-time-tokens", body)
        if reply.status != 201:
            raise Stuck(f"a one-time token was answered {reply}")
        return Pair(reply.members["token"], "", asked, time.monotonic(), reply.members)

    def consume(self, token: str) -> int:
        body = {"token": token, "purpose": "trial"}
        return self.ask_as_admin("POST", "/admin/one-time-tokens/consume", body).status

    def metric(self, name: str) -> float | None:
        """The sum over its labels; None where there is no such metric."""
        text = self.ask("GET", "/metrics").body.decode()
        found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
        return sum(map(float, found)) if found else None


def sleep_until(moment: float) -> None:
    """A moment of CLOCK_MONOTONIC."""
    time.sleep(max(0.0, moment - time.monotonic()))
