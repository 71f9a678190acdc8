"""What the clients of one process share: the instances, the sessions, what was counted and what was found."""

import math
import random
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import NamedTuple

from faults.worlds import ENDED, REFUSED, UNKNOWN, Attempt, Violation
from history import AccessToken, Bounds, ClusterHistory
from routes import pair_in, refresh, revoke
from wire import TROUBLE_SECONDS, Instance, Lost, Reply, Unreached

# Of the sessions that are over so many are asked about again at every check.
ENDED_KEPT = 1500
MARKS_KEPT = 64
# Of what was found so much is told; the rest is counted.
VIOLATIONS_KEPT = 50
# Tokens tell whole seconds: those of a session that is opened within so long after a mark look as old as what the mark ended.
SPARED_SECONDS = 2.0
# The same after a fence, which reaches ten seconds further, for what the lost server issued by a clock that was ahead.
SPARED_AFTER_FENCE_SECONDS = 13.0
# A refusal that came later may be that of an instance's own second try.
QUICK_SECONDS = TROUBLE_SECONDS / 2
# So long after a standstill an instance takes what it reads for late, which ends no session.
LATE_SECONDS = 2.5


class Kind(NamedTuple):
    """A kind of session: whose it is, and whether its client only rotates and retries."""

    client: str
    subject: str
    grace: float
    is_honest: bool


@dataclass
class Plan:
    """What all processes are told."""

    seed: int
    instances: list[tuple[str, int]]
    admin: tuple[str, str]
    revokes_on_reuse: bool
    bounds: Bounds
    sessions_each: int
    mark_seconds: float
    # How long a client waits for an answer.
    patience: float
    late_ends_honest: bool = False


@dataclass
class Mark:
    """A wide revocation, and when it was asked for and acknowledged."""

    selector: str
    name: str
    instance: int
    asked: float
    # How much service of its instance ends it where it has no answer.
    ends: float
    acknowledged: float | None = None

    def covers(self, kind: Kind) -> bool:
        return self.name == (kind.client if self.selector == "client_id" else kind.subject)


@dataclass
class Facts:
    """Of one session, what its client knows at the end: what the events must say too."""

    generation: int
    kind: Kind
    is_ended: bool = False


@dataclass
class Work:
    plan: Plan
    number: int
    kinds: list[Kind]
    instances: list[Instance] = field(init=False)
    living: dict[str, tuple[Kind, ClusterHistory]] = field(default_factory=dict)
    ended: list[tuple[Kind, ClusterHistory]] = field(default_factory=list)
    facts: dict[str, Facts] = field(default_factory=dict)
    marks: deque[Mark] = field(default_factory=lambda: deque(maxlen=MARKS_KEPT))
    acknowledged_marks: Counter = field(default_factory=Counter)
    # When `database fence` had ended every session: a wide mark too, of nobody's here.
    fenced: float = -math.inf
    counts: Counter = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    # Whole histories of the sessions that were contradicted.
    contradicted: list[dict] = field(default_factory=list)
    # Seconds from the acknowledgement of a revocation until another instance refused the access token.
    delays: list[float] = field(default_factory=list)
    # The most states that a session was thought to have at once.
    worlds_max: int = 1
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.instances = [Instance(number, address) for number, address in enumerate(self.plan.instances)]
        self.chooser = random.Random(f"{self.plan.seed} {self.number}")

    @property
    def service(self) -> list[float]:
        return [instance.service for instance in self.instances]

    def place(self, now: float) -> str:
        return f"{now - self.began:.3f} s"

    def violate(self, violation: Violation, history: ClusterHistory | None = None) -> None:
        self.counts["violations"] += 1
        if len(self.violations) < VIOLATIONS_KEPT:
            self.violations.append(str(violation))
            if history is not None:
                self.contradicted.append(history.line())

    def keep_ended(self, kind: Kind, history: ClusterHistory) -> None:
        self.living.pop(history.session, None)
        self.facts[history.session].is_ended = history.is_ended
        if len(self.ended) < ENDED_KEPT:
            self.ended.append((kind, history))
        else:
            self.ended[self.chooser.randrange(ENDED_KEPT)] = (kind, history)

    async def present(
        self, history: ClusterHistory, asks: list[tuple[Instance, str]], gather, is_end: bool = False
    ) -> list[Attempt]:
        """Presents tokens at the same time, each at an instance, and judges the answers. Of a request that never went out there is no
        attempt."""
        history.begin(self.service, time.monotonic())
        try:
            if len(asks) == 1:
                answers = [await self._attempt(history, *asks[0], is_end)]
            else:
                answers = await gather(*(self._attempt(history, instance, token, is_end) for instance, token in asks))
            attempts = [attempt for attempt in answers if attempt is not None]
            if attempts:
                now = time.monotonic()
                history.judge(attempts, now, self.plan.revokes_on_reuse, self.place(now), self.service)
                self.facts[history.session].generation = history.generation
                self.worlds_max = max(self.worlds_max, len(history.worlds))
            return attempts
        finally:
            history.finish()

    async def _attempt(self, history: ClusterHistory, instance: Instance, token: str, is_end: bool) -> Attempt | None:
        request = revoke(history.client, token) if is_end else refresh(history.client, token)
        try:
            reply = await instance.ask(request, self.plan.patience)
        except Unreached:
            self.counts["unreached"] += 1
            return None
        except Lost:
            self.counts["unknown"] += 1
            return Attempt(token, UNKNOWN, is_end, server=instance.number)
        if self.is_put_off(reply):
            self.counts["unknown"] += 1
            return Attempt(token, UNKNOWN, is_end, server=instance.number)
        if is_end:
            if reply.status != 200:
                raise Violation(f"{history.session}: a revocation was answered {reply.status} {reply.body!r}")
            instance.note_decision(reply, is_grant=False)
            self.counts["revoked"] += 1
            return Attempt(token, ENDED, is_end, server=instance.number)
        if reply.status == 200:
            instance.note_decision(reply, is_grant=True)
            self.counts["granted"] += 1
            pair = self._pair(reply)
            history.granted(pair.refresh, AccessToken(pair.access, reply.came + pair.seconds))
            return Attempt(token, pair.refresh, server=instance.number)
        if reply.status == 400 and b'"invalid_grant"' in reply.body:
            instance.note_decision(reply, is_grant=False)
            self.counts["refused"] += 1
            is_slow = reply.came - reply.sent > QUICK_SECONDS or instance.was_troubled(reply.sent)
            may_be_retry = is_slow or instance.stood_still(reply.sent - LATE_SECONDS)
            return Attempt(token, REFUSED, may_be_retry=may_be_retry, server=instance.number)
        raise Violation(f"{history.session}: a refresh was answered {reply.status} {reply.body!r}")

    @staticmethod
    def _pair(reply: Reply):
        try:
            return pair_in(reply.body)
        except ValueError as error:
            raise Violation(f"an answer with status 200 has {error}") from None

    def is_put_off(self, reply: Reply) -> bool:
        """503 says nothing about a token, and when to ask again."""
        if reply.status != 503:
            return False
        self.counts["put off"] += 1
        if not reply.has_retry_after or b"invalid_grant" in reply.body:
            raise Violation(f"503 without Retry-After or with invalid_grant: {reply.body!r}")
        return True

    def opened(self, kind: Kind, reply: Reply) -> ClusterHistory:
        """A new session; marks that were asked for around its opening may cover it."""
        pair = self._pair(reply)
        access = AccessToken(pair.access, reply.came + pair.seconds)
        history = ClusterHistory(pair.refresh, access, kind.client, kind.subject, kind.grace, kind.is_honest, self.plan.bounds)
        history.late_revokes |= self.plan.late_ends_honest
        if history.session in self.facts:
            raise Violation(f"session {history.session} was opened twice")
        around = [mark for mark in self.marks if mark.covers(kind)]
        for mark in around:
            if mark.acknowledged is not None and mark.acknowledged >= reply.sent:
                history.may_end(mark.instance, self.service, reply.came, known=reply.came)
        is_near = any(mark.acknowledged is None or reply.sent - mark.acknowledged < SPARED_SECONDS for mark in around)
        if is_near or reply.sent - self.fenced < SPARED_AFTER_FENCE_SECONDS:
            history.spared = reply.came
        for mark in around:
            if mark.acknowledged is None and self.service[mark.instance] <= mark.ends:
                history.may_end(mark.instance, self.service, reply.came)
        self.living[history.session] = (kind, history)
        self.facts[history.session] = Facts(history.generation, kind)
        self.counts["opened"] += 1
        return history
