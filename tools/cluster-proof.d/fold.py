"""Events, as lines of the follower and as rows of the table, and the sessions that are made of them."""

from collections import Counter
from typing import NamedTuple

# `kind` of the table, from 1 on.
KINDS = (
    "opened", "rotated", "refreshed", "retried", "successor_seen", "reused", "revoked", "revoked_all", "access_revoked", "expired",
    "one_time_issued", "one_time_consumed")
PROBLEMS_MAX = 20
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Event(NamedTuple):
    number: int
    kind: str
    session: str = ""
    generation: int = 0
    subject: str = ""
    client: str = ""
    # A reuse that ended its session.
    has_ended: bool = False

    @property
    def digest(self) -> int:
        return hash(self[1:]) & 0x7FFFFFFF


def parse(line: str) -> Event:
    """A line of the follower: number, time, word, and facts as `name=value`."""
    number, _, kind, *facts = line.split(" ")
    members = dict(fact.split("=", 1) for fact in facts if "=" in fact)
    session, generation = members.get("session", ""), 0
    if token := members.get("token"):
        session, generation = token[:16], generation_of(token)
    return Event(
        int(number), kind, session, generation, members.get("subject", ""), members.get("client", ""),
        members.get("revoked_session") == "true")


def generation_of(token: str) -> int:
    """The last four of sixteen bytes, in the six last characters of 22."""
    value = 0
    for character in token[16:]:
        value = value * 64 + ALPHABET.index(character)
    # Six characters are 36 bits, four of them padding.
    return value >> 4


class Life:
    """One session, by its events."""

    __slots__ = ("client", "ended", "generation", "opened", "subject")

    def __init__(self, event: Event):
        self.opened = event.number
        self.subject, self.client = event.subject, event.client
        self.generation = event.generation
        # The number of what ended it.
        self.ended = 0


class Fold:
    """Sessions made of events, and what in the order of these cannot be."""

    def __init__(self) -> None:
        self.lives: dict[str, Life] = {}
        # The last mark of each subject and client; none of either is of all.
        self.marks: dict[tuple[str, str], int] = {}
        self.mark_counts: Counter = Counter()
        self.problems: list[str] = []
        # The sessions that these are about.
        self.accused: list[str] = []

    def take(self, event: Event) -> None:
        if event.kind == "opened":
            if event.session in self.lives:
                self._complain(event, f"is opened a second time, after event {self.lives[event.session].opened}")
            self.lives[event.session] = Life(event)
        elif event.kind == "revoked_all":
            self.marks[(event.subject, event.client)] = event.number
            selector = "client_id" if event.client else "subject" if event.subject else "all"
            self.mark_counts[(selector, event.client or event.subject)] += 1
        elif (life := self.lives.get(event.session)) is not None:
            self._go_on(event, life)

    def _go_on(self, event: Event, life: Life) -> None:
        if event.kind == "rotated":
            if event.generation != life.generation + 1:
                self._complain(event, f"is rotated to generation {event.generation} at generation {life.generation}")
            if self.end_of(life):
                self._complain(event, f"is rotated after its end, which is event {self.end_of(life)}")
            life.generation = event.generation
        elif event.kind == "retried" and event.generation != life.generation:
            self._complain(event, f"is retried at generation {event.generation}, and generation {life.generation} is live")
        elif event.kind == "successor_seen" and event.generation > life.generation:
            self._complain(event, f"has generation {event.generation} seen before it was made")
        elif event.kind == "revoked" or event.has_ended:
            life.ended = life.ended or event.number

    def end_of(self, life: Life) -> int:
        """The number of the event that ended it, or 0."""
        if not life.ended and self.marks:
            scopes = (("", ""), (life.subject, ""), ("", life.client), (life.subject, life.client))
            newest = max(self.marks.get(scope, 0) for scope in scopes)
            life.ended = newest if newest > life.opened else 0
        return life.ended

    def _complain(self, event: Event, what: str) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(f"event {event.number}: session {event.session} {what}")
            self.accused.append(event.session)
