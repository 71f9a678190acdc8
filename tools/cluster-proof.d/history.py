"""What clients of several instances were told about one session, and what of it cannot be true.

The worlds are those of tools/faults/worlds.py. What several instances add: a request without an answer may take effect as long as the
instance retries it; a revocation elsewhere reaches the access tokens of an instance a moment later; and a wide mark ends sessions that take
part in nothing but their own requests.

What is promised, and so what is judged:
- *Honest* sessions present a token again after no answer alone. With a grace window of 120 s or more none of their requests is ever
  refused. Without one the retry of a request that possibly took effect is a reuse (docs/semantics.md, "What a 503 leaves behind"); a token
  that nothing was asked of before is granted.
- A retry that an instance makes by itself never revokes, so a refusal while it had trouble possibly revoked nothing.
"""

import base64
import re
from collections import deque
from typing import NamedTuple

from faults.connection import session_and_generation
from faults.worlds import ENDED, REFUSED, UNKNOWN, Attempt, SessionHistory, Violation, Waiting, World
from wire import Instance

# From here on the window outlives every outage that a client waits for.
LONG_GRACE_SECONDS = 120
# Of its newest access tokens so many are asked about when it has ended.
ACCESS_KEPT = 12
# Of its refresh tokens so many are kept: the first ones and the newest.
TOKENS_KEPT = 40
EVENTS_KEPT = 400
JTI = re.compile(rb'"jti"\s*:\s*"([A-Za-z0-9_-]{22})"')


class AccessToken(NamedTuple):
    text: str
    # By the clock that nobody sets.
    ends: float


def token_id(token: str) -> tuple[str, int]:
    """Session and generation, from the `jti` of a token of ours."""
    try:
        payload = token.split(".", 2)[1]
        found = JTI.search(base64.b64decode(payload + "=" * (-len(payload) % 4), b"-_"))
        identifier = found.group(1).decode()
        return identifier[:16], int.from_bytes(base64.b64decode(identifier[16:] + "==", b"-_"), "big")
    except (AttributeError, ValueError, IndexError):
        raise Violation(f"a token has no jti of ours: {token[:80]}") from None


class Bounds(NamedTuple):
    """How long what is not there at once may take."""

    # After which a revocation is known at every instance that reaches the database.
    revocation: float = 1.0
    # `store.requestDeadline`, and how much later than that a request can take effect.
    deadline: float = 10.0
    margin: float = 6.0
    # How far the ages of the ledger may lie from ours: what its clock is stepped by.
    doubt: float = 30.0


class ClusterHistory(SessionHistory):
    def __init__(self, refresh: str, access: AccessToken, client: str, subject: str, grace: float, honest: bool, bounds: Bounds):
        super().__init__(refresh, access.text, client, grace)
        self.subject = subject
        self.is_honest = honest
        self.bounds = bounds
        self.doubt_seconds = bounds.doubt
        # An honest client with a window is never ended by a request of its own that arrives late.
        self.late_revokes = not (honest and grace >= LONG_GRACE_SECONDS)
        self.session, self.generation = token_id(refresh)
        self.access_tokens: deque[AccessToken] = deque([access], maxlen=ACCESS_KEPT)
        self._generations = {refresh: self.generation}
        # The claims of the access token beside each refresh token.
        self._claims = {refresh: access.text.rpartition(".")[0]}
        self.events = deque(maxlen=EVENTS_KEPT)
        # Requests without an answer: at which instance, and how much service of it ends their waiting.
        self.ends: dict[Waiting, dict[int, float]] = {}
        # A request is under way: what is acknowledged meanwhile is applied after it.
        self.is_busy = False
        self._acknowledged: list[tuple[float, int]] = []
        # By when it was acknowledged that the session is over, and the instance that did it.
        self.ended_by: tuple[float, int] | None = None
        # When it was opened, if that was so soon after a wide mark that its access tokens look older than that: where the mark is known
        # already they are refused until the instance hears that this session is spared, which is news like any other.
        self.spared: float | None = None

    @property
    def is_ended(self) -> bool:
        """It is over in every world."""
        return all(world.is_revoked for world in self.worlds)

    def begin(self, service: list[float], now: float) -> None:
        """A request goes out. What waited for longer than its instance tries has happened by now, or never will."""
        self.is_busy = True
        if self.ends:
            over = [waiting for waiting, ends in self.ends.items() if all(service[number] > end for number, end in ends.items())]
            for waiting in over:
                del self.ends[waiting]
            self.end_waiting(now, over)

    def finish(self) -> None:
        """The request was judged."""
        self.is_busy = False
        acknowledged, self._acknowledged = self._acknowledged, []
        for now, number in acknowledged:
            self.end_acknowledged(now, number)

    def judge(self, attempts: list[Attempt], now: float, revokes: bool, place: str, service: list[float]) -> None:
        """Judges requests that ran at the same time. `service` of each instance says when those without an answer are over."""
        for attempt in attempts:
            if attempt.reply not in (REFUSED, UNKNOWN, ENDED):
                self._judge_identity(attempt)
            elif attempt.reply == ENDED:
                self.ended_by = self.ended_by or (now, attempt.server)
            elif attempt.reply == UNKNOWN:
                kind = Waiting() if attempt.is_end else Waiting(attempt.token, revokes and self.late_revokes)
                self._wait_at(kind, attempt.server, service)
        is_ended = any(world.is_revoked or Waiting() in world.waiting for world in self.worlds)
        if not self.late_revokes and not is_ended:
            for attempt in attempts:
                if attempt.reply == REFUSED:
                    self.events.append(f"{place}: {self._name(attempt.token)} -> {attempt.reply}")
                    raise Violation(self.story(f"a client that only retried was refused at instance {attempt.server + 1}"))
        self.presented(attempts, now, revokes, place)
        self._forget()

    def may_end(self, number: int, service: list[float], now: float, known: float | None = None) -> None:
        """A wide mark that covers it is asked for at that instance, or was when it was opened: it may end at any moment."""
        self._wait_at(Waiting(), number, service)
        self.wait_for(Waiting(), now)
        if known is not None:
            self.ends.pop(Waiting())
            self.end_waiting(known, [Waiting()])

    def end_acknowledged(self, now: float, number: int) -> None:
        """That instance has said that the session is over, before this."""
        if self.is_busy:
            self._acknowledged.append((now, number))
            return
        self.events.append(f"a mark is acknowledged by instance {number + 1}")
        self.ended_by = self.ended_by or (now, number)
        self._settle({w if w.is_revoked else self._revoked(w, now, number) for w in self.worlds}, "a mark was acknowledged")

    def shown(self, token: AccessToken, status: int, instance: Instance, sent: float, now: float, place: str, is_settled: bool) -> None:
        """Judges the answer of a protected route. `is_settled`: every instance has heard of everything."""
        self.events.append(f"{place}: access token {token_id(token.text)[1]} at instance {instance.number + 1} -> {status}")
        if status not in (200, 401):
            raise Violation(self.story(f"a protected route answered {status}"))
        if status == 401 and not is_settled and self._is_not_known_as_spared(instance, sent):
            return
        worlds = self._with_late_effects(self.worlds, now)
        if status == 401:
            left = {world for world in worlds if world.is_revoked}
            self._settle(left, f"an access token of a session that nobody ended is refused at instance {instance.number + 1}")
            return
        is_newest = token.text == self.access
        left = {
            world._replace(is_seen=world.is_seen or is_newest)
            for world in worlds
            if not (world.is_revoked and self._must_refuse(world, instance, sent, is_settled))
        }
        self._settle(left, f"an access token of a session that is over is accepted at instance {instance.number + 1}")

    def _is_not_known_as_spared(self, instance: Instance, sent: float) -> bool:
        return self.spared is not None and not instance.has_news_of(self.spared, sent, self.bounds.revocation)

    def _must_refuse(self, world: World, instance: Instance, sent: float, is_settled: bool) -> bool:
        if sent <= world.revoked_by:
            return False
        if is_settled:
            return True
        if instance.number == world.revoker and not instance.was_troubled(world.revoked_by):
            return True
        return instance.has_news_of(world.revoked_by, sent, self.bounds.revocation)

    def settled(self, now: float) -> None:
        """Nothing that was asked can take effect any more."""
        self.ends.clear()
        self.end_waiting(now)

    def granted(self, refresh: str, access: AccessToken) -> None:
        """A pair was answered: a new one, or one that was answered before and then is the same, but for a signature that may be random."""
        claims = access.text.rpartition(".")[0]
        known = self._claims.setdefault(refresh, claims)
        if known != claims:
            raise Violation(self.story(f"the pair of generation {token_id(refresh)[1]} came a second time with another access token"))
        if access.text != self.access and refresh not in self.places:
            self.access = access.text
            self.access_tokens.append(access)

    def _wait_at(self, kind: Waiting, number: int, service: list[float]) -> None:
        ends = self.ends.setdefault(kind, {})
        ends[number] = service[number] + self.bounds.deadline + self.bounds.margin

    def _judge_identity(self, attempt: Attempt) -> None:
        """The successor has the session of its predecessor, and the next generation."""
        session, generation = token_id(attempt.reply)
        parent = self._generations.get(attempt.token)
        if parent is None:
            parent = token_id(attempt.token)[1]
        if session != self.session or generation != parent + 1:
            raise Violation(self.story(
                f"generation {parent} of session {self.session} was answered with generation {generation} of session {session}"))
        self._generations[attempt.reply] = generation
        self.generation = max(self.generation, generation)

    def _forget(self) -> None:
        """The tokens in the middle of a long life: any answer to one of them but a refusal would be a contradiction in every world."""
        if len(self.tokens) > TOKENS_KEPT:
            forgotten = self.tokens.pop(TOKENS_KEPT // 4)
            del self.places[forgotten], self._claims[forgotten], self._generations[forgotten]

    def line(self) -> dict:
        """For the file of histories."""
        return {
            "session": self.session, "generation": self.generation, "client": self.client, "subject": self.subject,
            "honest": self.is_honest, "grace": self.grace_seconds, "ended_by": self.ended_by, "events": list(self.events),
            "worlds": [world._replace(live=self._name(world.live), previous=self._name(world.previous))._asdict() for world in self.worlds],
            "newest": session_and_generation(self.newest)}
