"""The judgement of the stream of events: one that leaves out, doubles, reorders or makes up is found out, one that breaks off and goes on
is not accused."""

import re
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from clients import kinds  # noqa: E402
from events import Follower, judge  # noqa: E402
from fold import ALPHABET, KINDS, Event, parse  # noqa: E402
from work import Facts  # noqa: E402

ANN, BOB = "AAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBB"
# Prints what is after a number, some lines at a time.
SOURCE = "$1 > after && ++count <= 150 { print }"


def token(session: str, generation: int) -> str:
    text, value = "", generation << 4
    for _ in range(6):
        text, value = ALPHABET[value % 64] + text, value // 64
    return session + text


def line(event: Event) -> str:
    has_token = event.kind not in ("revoked", "revoked_all")
    facts = f"token={token(event.session, event.generation)}" if has_token else f"session={event.session}"
    names = " ".join(f"{name}={value}" for name, value in (("subject", event.subject), ("client", event.client)) if value)
    ended = " revoked_session=true" if event.has_ended else ""
    facts = "" if event.kind == "revoked_all" else facts
    return f"{event.number} 2026-12-01T00:00:00.000Z {event.kind} {facts} {names}{ended}\n".replace("  ", " ")


class Database:
    """Answers what the judgement asks, from lists."""

    def __init__(self, events: list[Event], sessions: dict[str, tuple[int, str]]):
        self.events = events
        self.sessions = sessions

    def query(self, sql: str) -> list[list[str]]:
        if "max(number)" in sql:
            return [[str(max(event.number for event in self.events))]]
        if "at_ms" in sql or "opened_at" in sql:
            # Evidence, which is shown and not judged.
            return []
        if ".session" in sql:
            return [] if "where s.id >" in sql else [
                [name.encode().hex(), name, str(generation), status, "f"] for name, (generation, status) in self.sessions.items()]
        after, through = (int(number) for number in re.findall(r"number <?>?=? ?(\d+)", sql)[:2])
        return [
            [str(e.number), str(KINDS.index(e.kind) + 1), e.session, str(e.generation), e.subject, e.client, "t" if e.has_ended else "f"]
            for e in self.events if after < e.number <= through]


def story() -> list[Event]:
    """Two sessions in turns; Bob's is ended by a reuse, Ann's by a mark."""
    events = [Event(3, "opened", ANN, 0, "ann", "web"), Event(5, "opened", BOB, 0, "bob", "web")]
    for generation in range(1, 200):
        for session, name in ((ANN, "ann"), (BOB, "bob")):
            events.append(Event(events[-1].number + 2, "rotated", session, generation, name, "web"))
    events.append(Event(events[-1].number + 1, "reused", BOB, 7, "bob", "web", True))
    events.append(Event(events[-1].number + 1, "revoked_all", "", 0, "ann", ""))
    return events


class Stream(unittest.TestCase):
    def problems(
        self, told: list[Event] | None = None, table: list[Event] | None = None, sessions: dict[str, tuple[int, str]] | None = None,
        known: dict[str, Facts] | None = None, marks: Counter | None = None, seconds: float = 20,
    ) -> str:
        truth = story()
        database = Database(table or truth, {ANN: (199, "2"), BOB: (199, "2")} if sessions is None else sessions)
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("".join(line(event) for event in (truth if told is None else told)))
            file.flush()
            follower = Follower(lambda cursor: ["awk", "-v", f"after={cursor}", SOURCE, file.name], cursor=0)
            follower.start()
            found = follower.finish(database.query, seconds=seconds)
        kind = kinds(0)[0]
        known = {ANN: Facts(199, kind, True), BOB: Facts(199, kind, True)} if known is None else known
        return "\n".join(found + judge(follower, database.query, known, marks or Counter({("subject", "ann"): 1})))

    def test_a_line_is_read_as_it_was_written(self):
        for event in (Event(9, "rotated", ANN, 4711, "ann", "web"), Event(10, "reused", BOB, 2**32 - 1, "bob", "web", True)):
            self.assertEqual(parse(line(event).rstrip("\n")), event)

    def test_a_stream_that_breaks_off_and_goes_on_is_not_accused(self):
        self.assertEqual(self.problems(), "")

    def test_an_event_that_is_missed(self):
        self.assertIn("was never told", self.problems(told=[event for event in story() if event.number != 105]))

    def test_the_last_event_is_never_told(self):
        self.assertIn("the stream told nothing after", self.problems(told=story()[:-1], seconds=2))

    def test_an_event_that_is_told_twice(self):
        told = story()
        self.assertIn("twice, or in the wrong order", self.problems(told=told[:50] + [told[49]] + told[50:]))

    def test_events_in_the_wrong_order(self):
        told = story()
        told[20], told[21] = told[21], told[20]
        self.assertIn("twice, or in the wrong order", self.problems(told=told))

    def test_an_event_that_never_was(self):
        told = story()
        never = Event(told[8].number + 1, "retried", ANN, 4, "ann", "web")
        self.assertIn("is not in the table", self.problems(told=told[:9] + [never] + told[9:]))

    def test_an_event_that_says_something_else(self):
        told = story()
        self.assertIn("was told otherwise", self.problems(told=told[:-1] + [told[-1]._replace(subject="bob")]))

    def test_the_stream_says_that_it_missed_something(self):
        told = story()
        missed = Event(told[30].number, "missed")
        self.assertIn("says that it missed", self.problems(told=told[:30] + [missed] + told[31:]))

    def test_a_session_whose_rotations_are_in_the_wrong_order(self):
        events = story()
        events[40], events[42] = events[42]._replace(number=events[40].number), events[40]._replace(number=events[42].number)
        self.assertIn("is rotated to generation", self.problems(told=events, table=events))

    def test_a_rotation_after_the_end(self):
        events = story()
        events.append(Event(events[-1].number + 1, "rotated", BOB, 200, "bob", "web"))
        self.assertIn("is rotated after its end", self.problems(told=events, table=events, sessions={ANN: (199, "2"), BOB: (200, "2")}))

    def test_a_grant_that_no_event_tells(self):
        self.assertIn("generation 200 was granted", self.problems(known={ANN: Facts(200, kinds(0)[0])}))

    def test_a_session_that_no_event_tells(self):
        self.assertIn("no event says so", self.problems(known={"CCCCCCCCCCCCCCCC": Facts(0, kinds(0)[0])}))

    def test_a_mark_that_no_event_tells(self):
        self.assertIn("2 marks were acknowledged", self.problems(marks=Counter({("subject", "ann"): 2})))

    def test_an_end_that_no_event_tells(self):
        events = [event for event in story() if event.kind != "reused"]
        self.assertIn("its end was acknowledged", self.problems(told=events, table=events))

    def test_a_session_that_is_further_than_its_events(self):
        self.assertIn("has generation 200", self.problems(sessions={ANN: (199, "2"), BOB: (200, "2")}))

    def test_a_session_that_is_live_after_its_end(self):
        self.assertIn("is live, and its events say the other", self.problems(sessions={ANN: (199, "1"), BOB: (199, "2")}))

    def test_a_session_that_is_gone(self):
        events = [event for event in story() if event.kind != "reused"]
        known = {BOB: Facts(199, kinds(0)[0])}
        self.assertIn("is live by its events and is in no table", self.problems(told=events, table=events, sessions={}, known=known))


if __name__ == "__main__":
    unittest.main()
