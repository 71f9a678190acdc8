"""Concurrent clients that log in, rotate, race, replay and lose answers, and tell the history oracle all of it."""

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence

from faults.connection import Connection, Lost, Reply, log_in, refresh_form
from faults.server import CLIENTS, PASSWORD, USER, RunningServer
from faults.worlds import REFUSED, UNKNOWN, Attempt, SessionHistory, Violation

# How often a client does what, where its session allows it.
STEPS = {"rotate": 70, "race": 8, "replay": 6, "repeat": 6, "lose": 4, "show": 6}


class Traffic:
    """All sessions of one data folder over all its restarts, and what was counted."""

    def __init__(self, seed: int, callers: int, sessions_each: int):
        self.seed = seed
        self.callers = callers
        self.sessions_each = sessions_each
        self.living: list[list[SessionHistory]] = [[] for _ in range(callers)]
        self.ended: list[SessionHistory] = []
        self.counts: Counter[str] = Counter()
        self.violations: list[str] = []
        self.seen: set[str] = set()
        # When the last request that was granted was sent, by time.time().
        self.last_granted_sent = 0.0
        self.lock = threading.Lock()

    def all(self) -> list[SessionHistory]:
        return [history for histories in self.living for history in histories] + self.ended

    def run(self, server: RunningServer, cycle: int, revokes_on_reuse: bool, steps: dict[str, int] = STEPS) -> "Drive":
        """Starts the clients; they go on until the server stops answering or the drive is told to stop."""
        return Drive(self, server, cycle, revokes_on_reuse, steps)

    def restarted(self) -> None:
        """No request of before the restart can take effect any more."""
        for history in self.all():
            history.end_waiting(time.time())
        for histories in self.living:
            self.ended += [history for history in histories if history.is_over]
            histories[:] = [history for history in histories if not history.is_over]

    def check(self, server: RunningServer, cycle: int, revokes_on_reuse: bool, sample: int | None) -> None:
        """Asks about sessions, the uncertain ones first: does the newest token work, are consumed ones refused, is an
        ended session ended. All sessions where `sample` is None."""
        chooser = random.Random(f"{self.seed} check {cycle}")
        chosen = self.all()
        if sample is not None:
            chooser.shuffle(chosen)
            chosen.sort(key=lambda history: history.is_certain)
            chosen = chosen[:sample]
        parts = [chosen[start :: self.callers] for start in range(self.callers)]
        callers = [
            Caller(self, server, random.Random(f"{chooser.random()}"), f"cycle {cycle}, check", revokes_on_reuse)
            for _ in range(self.callers)
        ]
        threads = [
            threading.Thread(target=caller.check_all, args=(part, 8 if sample is None else 1), daemon=True)
            for caller, part in zip(callers, parts)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def violate(self, violation: Violation) -> None:
        with self.lock:
            self.violations.append(str(violation))


class Drive:
    """The clients at work on one run of the server."""

    def __init__(self, traffic: Traffic, server: RunningServer, cycle: int, revokes: bool, steps: dict[str, int]):
        self.stopping = threading.Event()
        self.threads = []
        for number in range(traffic.callers):
            chooser = random.Random(f"{traffic.seed} {cycle} {number}")
            caller = Caller(traffic, server, chooser, f"cycle {cycle}", revokes)
            thread = threading.Thread(
                target=caller.drive, args=(traffic.living[number], self.stopping, steps), daemon=True
            )
            self.threads.append(thread)
            thread.start()

    def join(self, stop: bool = False) -> None:
        if stop:
            self.stopping.set()
        for thread in self.threads:
            thread.join()


class Caller:
    """One client with two connections. Its sessions are its own; only a race presents a token twice at once."""

    def __init__(self, traffic: Traffic, server: RunningServer, chooser: random.Random, place: str, revokes: bool):
        self.traffic = traffic
        self.chooser = chooser
        self.place = place
        self.revokes = revokes
        self.connections = [server.connect(), server.connect()]
        self.counts: Counter[str] = Counter()
        # Set by an answer 503: the server takes no changes for now.
        self.is_put_off = False
        self.last_granted_sent = 0.0

    def drive(self, sessions: list[SessionHistory], stopping: threading.Event, steps: dict[str, int]) -> None:
        names, weights = list(steps), list(steps.values())
        try:
            while not stopping.is_set():
                able = [history for history in sessions if not history.is_waiting]
                if len(able) < self.traffic.sessions_each:
                    self._open(sessions)
                    continue
                history = self.chooser.choice(able)
                getattr(self, "_" + self.chooser.choices(names, weights)[0])(history)
                if history.is_over:
                    sessions.remove(history)
                    with self.traffic.lock:
                        self.traffic.ended.append(history)
                if self.is_put_off and stopping.wait(0.01):
                    break
        except Lost:
            pass
        except Violation as violation:
            self.traffic.violate(violation)
        finally:
            self._end()

    def check_all(self, histories: list[SessionHistory], consumed_each: int) -> None:
        for history in histories:
            if history.is_waiting:
                continue
            try:
                self._show(history)
                consumed = history.consumed()
                # A replay may end the session: ask about the newest token first then.
                if not self.revokes:
                    self._present(history, [], self.chooser.sample(consumed, min(consumed_each, len(consumed))))
                newest = history.newest
                self._present(history, [newest])
                if history.newest != newest:
                    self._present(history, [history.newest])
                if self.revokes and consumed:
                    self._present(history, [], [self.chooser.choice(consumed)])
                    self._present(history, [history.newest])
                    self._show(history)
            except Lost as lost:
                self.traffic.violate(Violation(f"{self.place}: the server did not answer: {lost}"))
            except Violation as violation:
                self.traffic.violate(violation)
            self.counts["checked"] += 1
        self._end()

    def _end(self) -> None:
        for connection in self.connections:
            connection.close()
        with self.traffic.lock:
            self.traffic.counts.update(self.counts)
            self.traffic.last_granted_sent = max(self.traffic.last_granted_sent, self.last_granted_sent)

    def _open(self, sessions: list[SessionHistory]) -> None:
        client, began = self.chooser.choice(list(CLIENTS)), time.time()
        reply = log_in(self.connections[0], client, USER, PASSWORD)
        if reply.status == 503:
            self._put_off(reply)
            return
        if reply.status != 200:
            raise Violation(f"{self.place}: a log-in was answered {reply.status} {reply.body!r}")
        token, access = reply.member("refresh_token"), reply.member("access_token")
        self._note_new(token)
        self.last_granted_sent = began
        self.counts["opened"] += 1
        sessions.append(SessionHistory(token, access, client, CLIENTS[client]))

    def _rotate(self, history: SessionHistory) -> None:
        self._present(history, [history.newest])

    def _race(self, history: SessionHistory) -> None:
        # Under revoke-session a race without grace ends the session: rarely.
        if self.revokes and history.grace_seconds == 0 and self.chooser.random() < 0.8:
            return
        self._present(history, [history.newest, history.newest])

    def _replay(self, history: SessionHistory) -> None:
        consumed = history.consumed()
        if consumed and (not self.revokes or self.chooser.random() < 0.15):
            self._present(history, [self.chooser.choice(consumed)])

    def _repeat(self, history: SessionHistory) -> None:
        """Within the grace window, as a client whose answer was lost does."""
        if history.grace_seconds > 0 and len(history.tokens) > 1 and not history.may_be_revoked:
            self._present(history, [history.tokens[-2]])

    def _lose(self, history: SessionHistory) -> None:
        """Sends a request and goes away: it may happen or not, before or after whatever comes next."""
        connection = self.connections[1]
        connection.send("POST", "/token", refresh_form(history.client, history.newest))
        if self.chooser.random() < 0.5:
            time.sleep(self.chooser.random() * 0.002)
        connection.close()
        self.counts["lost"] += 1
        history.presented([Attempt(history.newest, UNKNOWN)], time.time(), self.revokes, self.place)

    def _show(self, history: SessionHistory) -> None:
        try:
            status = self.connections[0].ask("GET", "/me", bearer=history.access).status
        except Lost:
            if "check" in self.place:
                raise
            return
        self.counts["shown"] += 1
        history.access_shown(status, self.place, time.time())

    def _present(self, history: SessionHistory, together: list[str], one_by_one: Sequence[str] = ()) -> None:
        """Presents tokens at the same time, then others one after another, and lets the oracle judge."""
        for tokens in filter(None, [together, *([token] for token in one_by_one)]):
            began, lost = time.time(), None
            sent: list[Connection | None] = []
            for connection, token in zip(self.connections, tokens):
                try:
                    connection.send("POST", "/token", refresh_form(history.client, token))
                    sent.append(connection)
                except Lost as error:
                    lost = error
                    sent.append(None)
            attempts: list[Attempt] = []
            for connection, token in zip(sent, tokens):
                answer = UNKNOWN
                if connection is not None:
                    try:
                        answer = self._answer(history, connection.receive(), attempts)
                    except Lost as error:
                        lost = error
                self.counts["unknown" if answer == UNKNOWN else "refused" if answer == REFUSED else "granted"] += 1
                if answer not in (REFUSED, UNKNOWN):
                    self.last_granted_sent = began
                attempts.append(Attempt(token, answer))
            history.presented(attempts, began, self.revokes, self.place)
            if lost:
                raise lost

    def _answer(self, history: SessionHistory, reply: Reply, earlier: list[Attempt]) -> str:
        if reply.status == 200:
            token = reply.member("refresh_token")
            # Within the grace window both of a race are answered the same.
            if token not in history.places and all(attempt.reply != token for attempt in earlier):
                self._note_new(token)
                history.access = reply.member("access_token")
            return token
        if reply.status == 400 and b'"invalid_grant"' in reply.body:
            return REFUSED
        if reply.status == 503:
            self._put_off(reply)
            return UNKNOWN
        raise Violation(f"{self.place}: a refresh was answered {reply.status} {reply.body!r}")

    def _put_off(self, reply: Reply) -> None:
        self.is_put_off = True
        self.counts["put off"] += 1
        if "retry-after" not in reply.headers or b"invalid_grant" in reply.body:
            raise Violation(f"{self.place}: 503 without Retry-After or with invalid_grant: {reply.headers} {reply.body!r}")

    def _note_new(self, token: str) -> None:
        with self.traffic.lock:
            if token in self.traffic.seen:
                raise Violation(f"{self.place}: a refresh token was handed out to two sessions")
            self.traffic.seen.add(token)
