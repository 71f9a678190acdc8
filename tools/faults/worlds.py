"""The history oracle: what a client was told, and every state of a session that is consistent with all of it.

A session is judged from outside. Its *worlds* are the states that its history allows. An answer throws out the worlds
that would have answered otherwise; a request without an answer (the server was killed, the connection closed) splits
each world in one where it happened and one where it did not. When no world is left, the server has contradicted
itself: it lost what it acknowledged, accepted a token twice, revived a session or refused a live token. A restart
changes no world: what was told stays true.
"""

import itertools
from collections import deque
from typing import NamedTuple

from faults.connection import session_and_generation

REFUSED = "refused"
UNKNOWN = "unknown"
# How far the clock of this program and the server's idea of an age may lie apart.
GRACE_DOUBT_SECONDS = 10.0


class Violation(Exception):
    """The server has contradicted itself."""


class World(NamedTuple):
    """`live` is the token that can be rotated; `~n` for the n-th one whose text never reached us."""

    live: str
    previous: str = ""
    rotated_at: float = 0.0
    # An access token of the live pair was used, which may end the grace of the token before it.
    is_seen: bool = False
    is_revoked: bool = False


class Attempt(NamedTuple):
    """A refresh token that was presented, and what came back: REFUSED, UNKNOWN or the new refresh token."""

    token: str
    reply: str


class SessionHistory:
    def __init__(self, token: str, access: str, client: str, grace_seconds: float):
        self.client = client
        self.grace_seconds = grace_seconds
        self.tokens = [token]
        self.places = {token: 0}
        self.access = access
        self.worlds: set[World] = {World(token)}
        # A request without an answer may still reach a server that lives: until its end nothing can be concluded.
        self.waits_for_restart = False
        self.events: deque[str] = deque(maxlen=24)
        self._lost = itertools.count(1)

    @property
    def newest(self) -> str:
        return self.tokens[-1]

    @property
    def is_over(self) -> bool:
        """In no world can any token that we know be rotated or repeated."""
        return all(
            world.is_revoked or (world.live.startswith("~") and not self._in_grace(world)) for world in self.worlds
        )

    @property
    def is_certain(self) -> bool:
        return len(self.worlds) == 1

    @property
    def may_be_revoked(self) -> bool:
        return any(world.is_revoked for world in self.worlds)

    def consumed(self) -> list[str]:
        """Tokens that are spent in every world, grace included."""
        open_ones = {world.live for world in self.worlds} | {w.previous for w in self.worlds if self._in_grace(w)}
        return [token for token in self.tokens if token not in open_ones]

    def presented(self, attempts: list[Attempt], now: float, revokes_on_reuse: bool, place: str) -> None:
        """Judges attempts that ran at the same time, in whatever order explains their answers."""
        said = ", ".join(f"{self._name(a.token)} -> {self._name(a.reply)}" for a in attempts)
        self.events.append(f"{place}: {said}")
        granted = [a.reply for a in attempts if a.reply not in (REFUSED, UNKNOWN)]
        left: set[World] = set()
        for order in itertools.permutations(attempts) if len(attempts) > 1 else [tuple(attempts)]:
            worlds = self.worlds
            for attempt in order:
                worlds = {after for world in worlds for after in self._after(world, attempt, now, revokes_on_reuse)}
            left |= worlds
        for token in granted:
            if token not in self.places:
                self.places[token] = len(self.tokens)
                self.tokens.append(token)
        self._settle(left, "presented " + said)
        if any(a.reply == UNKNOWN for a in attempts):
            self.waits_for_restart = True

    def access_shown(self, status: int, place: str) -> None:
        """Judges the answer of a protected route to the newest access token."""
        self.events.append(f"{place}: access token -> {status}")
        if status not in (200, 401):
            raise Violation(self._story(f"a protected route answered {status}"))
        left = {w._replace(is_seen=True) for w in self.worlds if w.is_revoked == (status == 401)}
        self._settle(left, f"the access token was answered {status}")

    def _settle(self, worlds: set[World], what: str) -> None:
        if not worlds:
            raise Violation(self._story(what))
        self.worlds = worlds

    def _after(self, world: World, attempt: Attempt, now: float, revokes: bool) -> list[World]:
        """The worlds that may follow; none where the answer contradicts this one."""
        if attempt.reply == UNKNOWN:
            lost = f"~{next(self._lost)}"
            return [world] + [after for _, after in self._steps(world, attempt.token, lost, now, revokes)]
        if attempt.reply == REFUSED:
            return [after for granted, after in self._steps(world, attempt.token, "~", now, revokes) if not granted]
        found = []
        for granted, after in self._steps(world, attempt.token, attempt.reply, now, revokes):
            if granted and after.live == attempt.reply:
                found.append(after)
            elif granted and after.live.startswith("~") and attempt.reply not in self.places:
                # A repeated answer tells the text of a successor that was lost before.
                found.append(after._replace(live=attempt.reply))
        return found

    def _steps(
        self, world: World, token: str, successor: str, now: float, revokes: bool
    ) -> list[tuple[bool, World]]:
        """What the server may do with the token: (whether it grants, the world after)."""
        if world.is_revoked:
            return [(False, world)]
        if token == world.live:
            # A successor is new: one that we were handed before was handed out twice.
            if successor in self.places:
                return []
            return [(True, World(successor, previous=token, rotated_at=now))]
        refused = (False, world._replace(is_revoked=revokes))
        if token != world.previous or self.grace_seconds == 0:
            return [refused]
        age = now - world.rotated_at
        steps = []
        if age < self.grace_seconds + GRACE_DOUBT_SECONDS:
            steps.append((True, world))
        if world.is_seen or age > self.grace_seconds - GRACE_DOUBT_SECONDS:
            steps.append(refused)
        return steps

    def _in_grace(self, world: World) -> bool:
        return self.grace_seconds > 0 and world.previous != ""

    def _name(self, token: str) -> str:
        if token in (REFUSED, UNKNOWN):
            return token
        return f"#{self.places[token]}" if token in self.places else f"new ({session_and_generation(token)})"

    def _story(self, what: str) -> str:
        worlds = sorted(
            f"{{live {self._name(w.live) if not w.live.startswith('~') else 'a token whose answer was lost'}"
            f"{', revoked' if w.is_revoked else ''}}}"
            for w in self.worlds
        )
        return "\n  ".join(
            [
                f"{session_and_generation(self.newest)}, client {self.client}: {what}; possible before: {', '.join(worlds)}",
                *self.events,
            ]
        )
