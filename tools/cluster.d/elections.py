"""Who is promoted: the rule, on standbys that are only told of."""

import unittest
from unittest import mock

import replication
from node import Standing
from programs import Failure


class Told:
    """A standby that answers with one standing after another, and the last one for ever; with none it does not answer."""

    def __init__(self, name: str, *standings: Standing):
        self.name = name
        self.standings = list(standings)
        self.orders: list[tuple[str, str]] = []

    def set(self, name: str, value: str) -> None:
        if not self.standings:
            raise Failure("nobody there")
        self.orders.append((name, value))

    def standing(self) -> Standing:
        return self.standings.pop(0) if len(self.standings) > 1 else self.standings[0]


def at(position: int, timeline: int = 1, receives: bool = False) -> Standing:
    return Standing(is_primary=False, timeline=timeline, position=position, is_receiving=receives)


class Elections(unittest.TestCase):
    def setUp(self):
        for name, value in (("STANDBY_SECONDS", 0.1), ("say", lambda text: None)):
            patch = mock.patch.object(replication, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def test_the_one_with_most_is_promoted(self):
        behind, ahead = Told("s2", at(10)), Told("s3", at(11))
        self.assertIs(replication.elected([behind, ahead], 2), ahead)
        self.assertIs(replication.elected([ahead, behind], 2), ahead)

    def test_the_newest_timeline_goes_before_the_position(self):
        old, new = Told("s2", at(99, timeline=1)), Told("s3", at(11, timeline=2))
        self.assertIs(replication.elected([old, new], 2), new)

    def test_what_a_standby_has_is_asked_once_it_receives_nothing_any_more(self):
        still = Told("s2", at(10, receives=True), at(12))
        self.assertIs(replication.elected([still, Told("s3", at(11))], 2), still)
        self.assertEqual(still.orders, [("primary_conninfo", "")])

    def test_nobody_is_promoted_on_too_few_answers(self):
        with self.assertRaisesRegex(Failure, "1 of 2 standbys answered, and 2 must"):
            replication.elected([Told("s2"), Told("s3", at(11))], 2)

    def test_one_that_goes_on_receiving_has_not_answered(self):
        with self.assertRaisesRegex(Failure, "nothing was promoted"):
            replication.elected([Told("s2", at(12, receives=True)), Told("s3", at(11))], 2)

    def test_a_commit_waits_for_so_many_that_most_have_it(self):
        self.assertEqual([replication.quorum(standbys) for standbys in range(6)], [0, 1, 1, 2, 2, 3])

    def test_a_position_is_shown_as_postgresql_does(self):
        self.assertEqual(replication.shown((1 << 32) + 0x4000348), "1/4000348")
