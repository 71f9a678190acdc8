"""The history oracle: what a client was told, and every state of a session that is consistent with all of it.

A session is judged from outside. Its *worlds* are the states that its history allows. An answer throws out the worlds
that would have answered otherwise. A request without an answer (the server was killed, the connection closed, 503)
*waits* in each world: it may take effect at any later moment, or never. When no world is left, the server has
contradicted itself: it lost what it acknowledged, accepted a token twice, revived a session or refused a live token.
A restart changes no world: what was told stays true. It only ends the waiting.
"""

import itertools
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from faults.connection import session_and_generation

REFUSED = "refused"
UNKNOWN = "unknown"
# The reply to a request that ends the session, whichever of its tokens it names.
ENDED = "ended"
# A first try of a server that rotated the token while its answer was lost on the way to that server, which tries again by itself.
LOST = "lost"
# How far the clock of this program and the server's idea of an age may lie apart.
GRACE_DOUBT_SECONDS = 10.0
# So many of the last things that a session was told stand in the message of a violation.
EVENTS_TOLD = 24
# How often one waiting request can change a session: it rotates, and once more it is a reuse.
CHANGES_MAX = 2


class Violation(Exception):
    """The server has contradicted itself."""


class Waiting(NamedTuple):
    """A request without an answer: the token that it presents, or none where it ends the session."""

    token: str = ""
    # Whether it ends the session where it is a reuse.
    revokes: bool = False


class World(NamedTuple):
    """`live` is the token that can be rotated; `~n` for the successor of the n-th one if its text never reached us."""

    live: str
    previous: str = ""
    # Between these two moments.
    rotated_from: float = 0.0
    rotated_by: float = 0.0
    # An access token of the live pair was used, which may end the grace of the token before it.
    is_seen: bool = False
    is_revoked: bool = False
    # By when it was revoked, and by which server: -1 where that is not known.
    revoked_by: float = 0.0
    revoker: int = -1
    waiting: tuple[Waiting, ...] = ()


class Attempt(NamedTuple):
    """A token that was presented, and what came back: REFUSED, UNKNOWN, ENDED or the new refresh token."""

    token: str
    reply: str
    # It asks for the end of the session.
    is_end: bool = False
    # The answer may be that of a server's own retry. Such a retry revokes nothing; and where it is refused, a try before it possibly
    # rotated the token, if the session was ended in between.
    may_be_retry: bool = False
    server: int = -1


class SessionHistory:
    # A request without an answer that arrives late may be a reuse and end the session.
    late_revokes = True
    doubt_seconds = GRACE_DOUBT_SECONDS

    def __init__(self, token: str, access: str, client: str, grace_seconds: float):
        self.client = client
        self.grace_seconds = grace_seconds
        self.tokens = [token]
        self.places = {token: 0}
        self._numbers = itertools.count(1)
        self.access = access
        self.worlds: set[World] = {World(token)}
        # When a request that waits was sent first.
        self.sent: dict[Waiting, float] = {}
        self.events: deque[str] = deque(maxlen=EVENTS_TOLD)

    @property
    def newest(self) -> str:
        return self.tokens[-1]

    @property
    def is_waiting(self) -> bool:
        """A request without an answer may still take effect."""
        return any(world.waiting for world in self.worlds)

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
        said = ", ".join(f"{'end of ' if a.is_end else ''}{self._name(a.token)} -> {self._name(a.reply)}" for a in attempts)
        self.events.append(f"{place}: {said}")
        for attempt in attempts:
            if attempt.reply == UNKNOWN:
                revokes = revokes_on_reuse and self.late_revokes
                self.wait_for(Waiting() if attempt.is_end else Waiting(attempt.token, revokes), now)
        answered = [attempt for attempt in attempts if attempt.reply != UNKNOWN]
        left: set[World] = set()
        for order in self._orders(answered):
            worlds, lost = self.worlds, []
            for attempt in order:
                worlds = self._with_late_effects(worlds, now)
                if attempt in lost:
                    # A retry of what it did itself is granted, unless somebody ended the session.
                    worlds = {world for world in worlds if world.is_revoked}
                worlds = {after for world in worlds for after in self._after(world, attempt, now, revokes_on_reuse)}
                if attempt.reply == LOST:
                    lost.append(attempt._replace(reply=REFUSED))
            left |= worlds
        for attempt in answered:
            if attempt.reply not in (REFUSED, ENDED) and attempt.reply not in self.places:
                self.places[attempt.reply] = next(self._numbers)
                self.tokens.append(attempt.reply)
        self._settle(left, "presented " + said)

    @staticmethod
    def _orders(answered: list[Attempt]) -> Iterable[tuple[Attempt, ...]]:
        """The orders in which answers can have been decided, also with tries whose answers were lost, each before its refusal."""
        refused = [attempt for attempt in set(answered) if attempt.reply == REFUSED and attempt.may_be_retry]
        for retried in itertools.chain.from_iterable(itertools.combinations(refused, count) for count in range(len(refused) + 1)):
            tries = [attempt._replace(reply=LOST) for attempt in retried]
            for order in itertools.permutations([*answered, *tries]):
                if all(order.index(first) < order.index(attempt) for first, attempt in zip(tries, retried)):
                    yield order

    def access_shown(self, status: int, place: str, now: float = 0.0) -> None:
        """Judges the answer of a protected route to the newest access token."""
        self.events.append(f"{place}: access token -> {status}")
        if status not in (200, 401):
            raise Violation(self.story(f"a protected route answered {status}"))
        worlds = self._with_late_effects(self.worlds, now)
        left = {w._replace(is_seen=True) for w in worlds if w.is_revoked == (status == 401)}
        self._settle(left, f"the access token was answered {status}")

    def wait_for(self, waiting: Waiting, now: float) -> None:
        """From now on it may take effect at any moment."""
        self.sent.setdefault(waiting, now)
        self.worlds = {
            self._pruned(world._replace(waiting=tuple(sorted([*world.waiting, waiting]))))
            if world.waiting.count(waiting) < CHANGES_MAX
            else world
            for world in self.worlds
        }

    def end_waiting(self, now: float, ended: Iterable[Waiting] | None = None) -> None:
        """What waited has taken effect by now or never will: all of it, or these."""
        ended = set(self.sent) if ended is None else set(ended)
        if not ended:
            return
        worlds = self._with_late_effects(self.worlds, now)
        left = {w._replace(waiting=tuple(each for each in w.waiting if each not in ended)) for w in worlds}
        for waiting in ended:
            self.sent.pop(waiting, None)
        self._settle(left, "nothing waits any more")

    def _settle(self, worlds: set[World], what: str) -> None:
        """Worlds that differ in moments alone become one that allows what any of them does."""
        if not worlds:
            raise Violation(self.story(what))
        merged: dict[World, World] = {}
        for world in worlds:
            world = self._pruned(world)
            key = world._replace(rotated_from=0, rotated_by=0, revoked_by=0, revoker=-1)
            other = merged.get(key, world)
            merged[key] = world._replace(
                rotated_from=min(world.rotated_from, other.rotated_from),
                rotated_by=max(world.rotated_by, other.rotated_by),
                revoked_by=max(world.revoked_by, other.revoked_by),
                revoker=world.revoker if world.revoker == other.revoker else -1,
            )
        self.worlds = set(merged.values())

    def _pruned(self, world: World) -> World:
        """Without the waiting requests that can change nothing in it any more."""
        if not world.waiting:
            return world
        able = () if world.is_revoked else tuple(w for w in world.waiting if not w.token or w.revokes or w.token == world.live)
        return world if able == world.waiting else world._replace(waiting=able)

    def _with_late_effects(self, worlds: set[World], now: float) -> set[World]:
        """Also the worlds in which requests that wait have taken effect by now, in any order."""
        found, ahead = set(worlds), [world for world in worlds if world.waiting]
        while ahead:
            world = ahead.pop()
            for waiting in set(world.waiting):
                for after in self._late_effects(world, waiting, now):
                    if after not in found:
                        found.add(after)
                        ahead.append(after)
        return found

    def _late_effects(self, world: World, waiting: Waiting, now: float) -> Iterable[World]:
        left = list(world.waiting)
        left.remove(waiting)
        world = world._replace(waiting=tuple(left))
        if not waiting.token:
            yield self._revoked(world, now, -1)
            return
        sent = self.sent.get(waiting, now)
        for _, after in self._steps(world, waiting.token, self._untold_successor(waiting.token), now, waiting.revokes):
            if after is not world and after != world:
                yield self._pruned(after if after.is_revoked else after._replace(rotated_from=sent))

    def _after(self, world: World, attempt: Attempt, now: float, revokes: bool) -> list[World]:
        """The worlds that may follow an answer; none where it contradicts this one."""
        if attempt.reply == ENDED:
            return [world if world.is_revoked else self._revoked(world, now, attempt.server)]
        if attempt.reply == LOST:
            return [after for granted, after in self._steps(world, attempt.token, self._untold_successor(attempt.token), now, False) if granted and after != world]
        steps = self._steps(world, attempt.token, "~" if attempt.reply == REFUSED else attempt.reply, now, revokes, attempt.server)
        if attempt.reply == REFUSED:
            refused = [after for granted, after in steps if not granted]
            return [*refused, world] if refused and attempt.may_be_retry else refused
        found = []
        for granted, after in steps:
            if granted and after.live == attempt.reply:
                found.append(after)
            elif granted and after.live.startswith("~") and attempt.reply not in self.places:
                # A repeated answer tells the text of a successor that was lost before.
                found.append(after._replace(live=attempt.reply))
        return found

    def _steps(
        self, world: World, token: str, successor: str, now: float, revokes: bool, server: int = -1
    ) -> list[tuple[bool, World]]:
        """What the server may do with the token: (whether it grants, the world after)."""
        if world.is_revoked:
            return [(False, world)]
        if token == world.live:
            # A successor is new: one that we were handed before was handed out twice.
            if successor in self.places:
                return []
            return [(True, World(successor, token, now, now, waiting=world.waiting))]
        refused = (False, self._revoked(world, now, server) if revokes else world)
        if token != world.previous or self.grace_seconds == 0:
            return [refused]
        steps = []
        if now - world.rotated_by < self.grace_seconds + self.doubt_seconds:
            steps.append((True, world))
        if world.is_seen or now - world.rotated_from > self.grace_seconds - self.doubt_seconds:
            steps.append(refused)
        return steps

    @staticmethod
    def _revoked(world: World, now: float, server: int) -> World:
        return world._replace(is_revoked=True, revoked_by=now, revoker=server, waiting=())

    def _untold_successor(self, token: str) -> str:
        return f"~{self.places.get(token, '')}"

    def _in_grace(self, world: World) -> bool:
        return self.grace_seconds > 0 and world.previous != ""

    def _name(self, token: str) -> str:
        if token in (REFUSED, UNKNOWN, ENDED):
            return token
        return f"#{self.places[token]}" if token in self.places else f"new ({session_and_generation(token)})"

    def story(self, what: str) -> str:
        worlds = sorted(
            f"{{live {self._name(w.live) if not w.live.startswith('~') else 'a token whose answer was lost'}"
            f"{', revoked' if w.is_revoked else ''}{f', {len(w.waiting)} waiting' if w.waiting else ''}}}"
            for w in self.worlds
        )
        return "\n  ".join(
            [
                f"{session_and_generation(self.newest)}, client {self.client}: {what}; possible before: {', '.join(worlds)}",
                *list(self.events)[-EVENTS_TOLD:],
            ]
        )
