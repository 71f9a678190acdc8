"""The sessions that are there before the run, opened by `refresh-ledger import`."""

import json
import math
import sys
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from programs import Failure, end_running
from servers import LASTING_CLIENT, SCHEMA, USERS, Servers, user
from shape import BRIEF_SHARE, Shape

# Of a file: more, and one import takes too long to be seen going on.
LINES_MAX = 100_000
PATIENCE = 4 * 3600
ROWS_OF_A_STATEMENT = 50_000
# As an import makes them, but for an event. Users and terms are those of imported sessions.
ROWS = f"""
insert into {SCHEMA}.session(id, generation, opened_at, refreshed_at, idle_ms, absolute_ms, opened_number, sweep_at, attempt,
    subject_version, client_version, status, rotation, successor_seen, subject, client, scope, label)
  select substr(sha256(('{{name}} ' || n)::bytea), 1, 12), 0, now, now, s.idle_ms, absolute, nextval('{SCHEMA}.ledger_number'),
    now + least(s.idle_ms, absolute), 0, s.subject_version, s.client_version, 1, s.rotation, false, 'user-' || n % {{users}}, s.client,
    s.scope, '{{name}} ' || n
  from generate_series({{first}}, {{last}}) n,
    (select * from {SCHEMA}.session where client = '{LASTING_CLIENT}' limit 1) s,
    (select (extract(epoch from clock_timestamp()) * 1000)::int8 as now) m,
    lateral (select coalesce((1000 * ({{until}}))::int8 - now, s.absolute_ms) as absolute) a
  where absolute > 0
"""


class Population:
    def __init__(self, servers: Servers, shape: Shape, folder: Path):
        self.servers = servers
        self.shape = shape
        self.folder = folder
        self.every = max(1, shape.lasting // shape.rotating)
        self.done = 0
        self.seconds = 0.0

    @property
    def tokens(self) -> Path:
        """A refresh token a line, of sessions that are to be rotated."""
        return self.folder / "tokens"

    def fill(self) -> Shape:
        """First the sessions that last. How long those take says when the others are to end. The shape with as many as fit."""
        began = time.monotonic()
        rotating = 0
        with open(self.tokens, "x") as tokens:
            self.tokens.chmod(0o600)
            for found in self.imported(self.lasting_files(began + self.shape.fill_for)):
                kept = found[: self.shape.rotating - rotating]
                tokens.writelines(f"{token}\n" for token in kept)
                rotating += len(kept)
        fitting = replace(self.shape, sessions=round(self.done / (1 - BRIEF_SHARE)), rotating=rotating)
        each = (time.monotonic() - began) / self.done
        for _ in self.imported(self.brief_files(fitting, time.time() + each * fitting.brief)):
            pass
        self.seconds = time.monotonic() - began
        return fitting

    def imported(self, files: Iterator[tuple[Path, list[str], bool]]) -> Iterator[list[str]]:
        with ThreadPoolExecutor(self.shape.importers) as pool:
            running = []
            try:
                for file in files:
                    running.append(pool.submit(self.bring_in, *file))
                    if len(running) > self.shape.importers:
                        yield running.pop(0).result()
                for each in running:
                    yield each.result()
            except BaseException:
                # An import takes long, and whoever ends this does not wait for it.
                pool.shutdown(wait=False, cancel_futures=True)
                end_running()
                raise

    def lasting_files(self, deadline: float) -> Iterator[tuple[Path, list[str], bool]]:
        """Until that moment of the monotonic clock, one at least."""
        for first, last in pieces(round(self.shape.lasting * (1 - self.shape.by_sql)), self.shape.importers):
            if first and time.monotonic() > deadline:
                return
            yield self.folder / f"lasting-{first}", [line(f"lasting {number}") for number in range(first, last)], True

    def brief_files(self, shape: Shape, start: float) -> Iterator[tuple[Path, list[str], bool]]:
        """Their ends lie evenly over warm-up and run."""
        count = round(shape.brief * (1 - shape.by_sql))
        for first, last in pieces(count, shape.importers):
            ends = [start + shape.seconds * number / count for number in range(first, last)]
            yield self.folder / f"brief-{first}", [line(f"brief {end}", end) for end in ends], False

    def bring_in(self, file: Path, lines: list[str], is_lasting: bool) -> list[str]:
        """Imports them; the tokens of every so-many-th line of those that last. What is made by SQL lies between the files."""
        file.write_text("".join(lines))
        answer = file.with_name(f"{file.name}.tokens")
        told = json.loads(self.servers.command("import", str(file), "--tokens", str(answer), "--json", seconds=PATIENCE))
        if told["imported"] + told["ended"] != len(lines):
            raise Failure(f"of {len(lines)} lines {told['imported']} were imported: {told}")
        found = []
        if is_lasting:
            with open(answer) as tokens:
                found = [json.loads(text)["refresh_token"] for number, text in enumerate(tokens) if number % self.every == 0]
        file.unlink()
        answer.unlink()
        made = self.make_by_sql(file.name, lines)
        self.done += told["imported"] + made
        print(f"filled: {self.done:,} of {self.shape.sessions:,} sessions", file=sys.stderr, flush=True)
        return found

    def make_by_sql(self, name: str, lines: list[str]) -> int:
        """So many beside the imported ones of a file as the share says; their ends are spread as those are."""
        count = round(len(lines) * self.shape.by_sql / (1 - self.shape.by_sql))
        ends = [json.loads(lines[at]).get("expires_at") for at in (0, -1)]
        until = f"{ends[0]} + ({ends[1]} - {ends[0]}) * n / {count}.0" if ends[0] else "null"
        for first in range(0, count, ROWS_OF_A_STATEMENT):
            self.servers.primary.ask(
                ROWS.format(name=name, first=first, last=min(count, first + ROWS_OF_A_STATEMENT) - 1, until=until, users=USERS),
                database="ledger", seconds=PATIENCE)
        return count


def pieces(count: int, importers: int) -> Iterator[tuple[int, int]]:
    size = max(1, min(LINES_MAX, math.ceil(count / importers)))
    for first in range(0, count, size):
        yield first, min(count, first + size)


def line(label: str, end: float | None = None) -> str:
    """The label differs, since equal lines of two files would be one session."""
    fields = {"subject": user(zlib.crc32(label.encode())), "client_id": LASTING_CLIENT, "scope": "read write", "label": label}
    return json.dumps(fields | ({} if end is None else {"expires_at": round(end)})) + "\n"
