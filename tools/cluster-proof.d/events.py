"""The stream of events as one consumer follows it over a whole run, and what it must agree with.

    follower = Follower(command, cursor=last_number(query))     # command(cursor) -> the words that start `event-follower` there
    follower.start(); ...; problems = follower.finish(query); problems += judge(follower, query, *traffic.facts())

The source is `event-follower`: an instance of its own that prints what the stream of events tells it. It is killed now and then, as the
instance of a consumer is, and another one goes on after the last number that came. `query` asks the database with SQL and returns rows of
texts; NULL is an empty text.
"""

import random
import subprocess
import threading
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterable

from fold import KINDS, PROBLEMS_MAX, Event, Fold, parse
from work import Facts

Query = Callable[[str], list[list[str]]]

PAGE_ROWS = 50_000
AGAIN_SECONDS = 0.1
REVOKED = "2"


def last_number(query: Query, schema: str = "refresh_ledger") -> int:
    """Where a follower begins that is to miss nothing from now on."""
    return int(query(f"select coalesce(max(number), 0) from {schema}.event")[0][0])


def rows(query: Query, schema: str, after: int, through: int) -> Iterable[Event]:
    """The events of the table, in the order of their numbers."""
    while True:
        found = query(
            "select number, kind, coalesce(translate(encode(session, 'base64'), '+/', '-_'), ''), coalesce(generation, 0),"
            f" coalesce(subject, ''), coalesce(client, ''), coalesce(ended, false) from {schema}.event"
            f" where number > {after} and number <= {through} order by number limit {PAGE_ROWS}")
        for number, kind, session, generation, subject, client, ended in found:
            word = KINDS[int(kind) - 1]
            has_generation = word not in ("revoked", "one_time_issued", "one_time_consumed")
            yield Event(int(number), word, session, int(generation) if has_generation else 0, subject, client, ended in ("t", "true"))
        if len(found) < PAGE_ROWS:
            return
        after = int(found[-1][0])


class Follower(threading.Thread):
    """Follows the stream through one source after another. Keeps numbers and digests, not the events."""

    def __init__(
        self, command: Callable[[int], list[str]], cursor: int, environment: dict[str, str] | None = None, seed: int = 0,
        break_seconds: float = 0.0, allows_missed: bool = False,
    ):
        super().__init__(daemon=True)
        self.command = command
        self.environment = environment
        self.first = self.cursor = cursor
        self.allows_missed = allows_missed
        self.numbers, self.digests = array("q"), array("l")
        self.fold = Fold()
        self.problems: list[str] = []
        # How often it went on with another source, and the last words of one that ended by itself.
        self.breaks = 0
        self.last_error = ""
        self._chooser = random.Random(f"{seed} follower")
        self._break_seconds = break_seconds
        self._is_ending = False
        self._source: subprocess.Popen | None = None
        # Between a source's start and its end.
        self._lock = threading.Lock()

    def run(self) -> None:
        while not self._is_ending:
            self._follow_one()
            self.breaks += 1
            time.sleep(AGAIN_SECONDS)

    def break_off(self) -> None:
        """Kills the source, as an instance that its consumer hangs on is killed."""
        with self._lock:
            if self._source is not None:
                self._source.kill()

    def finish(self, query: Query, schema: str = "refresh_ledger", seconds: float = 30) -> list[str]:
        """Waits until all was told that is there now, and ends. What it says stands in the way of `judge`."""
        last, limit = last_number(query, schema), time.monotonic() + seconds
        while self.cursor < last and time.monotonic() < limit:
            time.sleep(0.05)
        self._is_ending = True
        self.break_off()
        self.join()
        if self.cursor >= last:
            return []
        why = f"; its source said: {self.last_error}" if self.last_error else ""
        return [f"the stream told nothing after event {self.cursor} within {seconds:g} s, and the last is {last}{why}"]

    def _follow_one(self) -> None:
        with self._lock:
            if self._is_ending:
                return
            self._source = source = subprocess.Popen(
                self.command(self.cursor), env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True)
        timer = None
        if self._break_seconds:
            timer = threading.Timer(self._break_seconds * (0.5 + self._chooser.random()), self.break_off)
            timer.start()
        with source:
            for line in source.stdout:
                # The last line of one that was killed can be torn.
                if line.endswith("\n"):
                    self.take(parse(line.rstrip("\n")))
            self.last_error = source.stderr.read().strip()[-500:] or self.last_error
            with self._lock:
                source.kill()
                self._source = None
        if timer is not None:
            timer.cancel()

    def take(self, event: Event) -> None:
        if event.kind == "missed":
            if not self.allows_missed:
                self._complain(f"the stream says that it missed events up to {event.number}, after event {self.cursor}")
            self.cursor = max(self.cursor, event.number)
            return
        if event.number <= self.cursor:
            self._complain(f"event {event.number} ({event.kind}) is told after event {self.cursor}: twice, or in the wrong order")
            return
        self.cursor = event.number
        self.numbers.append(event.number)
        self.digests.append(event.digest)
        self.fold.take(event)

    def _complain(self, what: str) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(what)


def judge(
    follower: Follower, query: Query, sessions: dict[str, Facts], marks: Counter, schema: str = "refresh_ledger"
) -> list[str]:
    """All that is wrong with what the follower was told, beside the table of events, what the clients know, and the table of sessions. A
    database that was restored begins a new story: with another follower, and clients that forget what was before."""
    fold = Fold()
    problems = [*follower.problems, *_beside_the_table(follower, rows(query, schema, follower.first, follower.cursor), fold)]
    problems += follower.fold.problems or fold.problems
    problems += [evidence(query, schema, session) for session in (follower.fold.accused or fold.accused)[:3]]
    problems += _beside_clients(fold, sessions, marks)
    return problems + _beside_sessions(fold, query, schema)


def evidence(query: Query, schema: str, session: str) -> str:
    """All that the tables have of a session."""
    is_it = f"translate(encode({{}}, 'base64'), '+/', '-_') = '{session}'"
    events = query(f"select number, at_ms, kind, generation, subject, client from {schema}.event where {is_it.format('session')} order by number")
    row = query(f"select opened_number, opened_at, refreshed_at, generation, status, attempt from {schema}.session where {is_it.format('id')}")
    return f"session {session} in the tables: {row}; its events: {events}"


def _beside_the_table(follower: Follower, table: Iterable[Event], fold: Fold) -> list[str]:
    problems: list[str] = []
    place, told = 0, follower.numbers
    for event in table:
        fold.take(event)
        while place < len(told) and told[place] < event.number:
            problems.append(f"event {told[place]} was told and is not in the table")
            place += 1
        if place == len(told) or told[place] > event.number:
            if not follower.allows_missed:
                problems.append(f"event {event.number} ({event.kind} of session {event.session}) is in the table and was never told")
            continue
        if follower.digests[place] != event.digest:
            problems.append(f"event {event.number} was told otherwise than it is in the table: {event}")
        place += 1
    problems += [f"event {number} was told and is not in the table" for number in told[place:]]
    return problems[:PROBLEMS_MAX]


def _beside_clients(fold: Fold, sessions: dict[str, Facts], marks: Counter) -> list[str]:
    """Each grant, end and mark that a client was told of has its event."""
    problems = []
    for session, facts in sessions.items():
        life = fold.lives.get(session)
        if life is None:
            problems.append(f"session {session} was opened by a client, and no event says so")
        elif life.generation < facts.generation:
            problems.append(f"session {session}: generation {facts.generation} was granted, and the events end at {life.generation}")
        elif facts.is_ended and not fold.end_of(life):
            problems.append(f"session {session}: its end was acknowledged, and no event says so")
    for mark, count in marks.items():
        if fold.mark_counts[mark] < count:
            problems.append(f"{mark[0]} {mark[1]}: {count} marks were acknowledged, and {fold.mark_counts[mark]} events say so")
    return problems[:PROBLEMS_MAX]


def _beside_sessions(fold: Fold, query: Query, schema: str) -> list[str]:
    """The table of sessions is the fold of their events. Rows of sessions that are over are removed after a while."""
    problems, after, there = [], "", set()
    while True:
        beyond = f"where s.id > decode('{after}', 'hex')" if after else ""
        found = query(
            "select encode(s.id, 'hex'), translate(encode(s.id, 'base64'), '+/', '-_'), s.generation, s.status, exists (select from"
            f" {schema}.mark m where m.client in ('', '=' || s.client) and m.number > s.opened_number) from {schema}.session s {beyond}"
            f" order by s.id limit {PAGE_ROWS}")
        for _, session, generation, status, is_covered in found:
            there.add(session)
            life = fold.lives.get(session)
            if life is None:
                continue
            is_over = status == REVOKED or is_covered in ("t", "true")
            if int(generation) != life.generation:
                problems.append(f"session {session} has generation {generation}, and its events end at {life.generation}")
            elif is_over != bool(fold.end_of(life)):
                problems.append(f"session {session} is {'over' if is_over else 'live'}, and its events say the other")
        if len(found) < PAGE_ROWS:
            break
        after = found[-1][0]
    gone = [session for session, life in fold.lives.items() if session not in there and not fold.end_of(life)]
    problems += [f"session {session} is live by its events and is in no table" for session in gone]
    return problems[:PROBLEMS_MAX]
