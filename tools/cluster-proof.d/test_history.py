"""The judgement of the clients: a cluster that lies is found out, one that is slow, loses answers and acts late is not accused."""

import asyncio
import sys
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from clients import ADMIN, accounts, kinds  # noqa: E402
from faults.worlds import REFUSED, Attempt, SessionHistory, Violation  # noqa: E402
from history import Bounds  # noqa: E402
from pretended import PretendedCluster  # noqa: E402
from work import Plan  # noqa: E402
from worker import Worker  # noqa: E402

# Quick enough for a test, and longer than this machine lets it wait beside others.
QUICK = Bounds(revocation=1.0, deadline=0.5, margin=0.5)
# The traffic goes on until the lie was noticed, or for so many grants, or so long.
LYING_GRANTS, TRUE_GRANTS = 3000, 1500
SECONDS_MAX = 60.0
SEED = 18
# So many states of a session are thought of at the most, however many answers are missing. The busier the machine, the more are.
WORLDS_MAX = 512


async def found(lies: set[str], revokes: bool, luck: float, grants: int, wanted: tuple[str, ...] = ()) -> tuple[list[str], Worker]:
    """The violations after traffic in which all that is wanted was counted."""
    graces = {account.name: account.grace for account in accounts(1).clients}
    cluster = PretendedCluster(graces, revokes, SEED, lies, luck)
    plan = Plan(SEED, await cluster.open(3), ADMIN, revokes, QUICK, sessions_each=3, mark_seconds=0.3, patience=2)
    worker = Worker(plan, 0, kinds(0), 14)
    try:
        await worker.start()
        counts, limit = worker.work.counts, time.monotonic() + SECONDS_MAX
        while not worker.work.violations and time.monotonic() < limit:
            await asyncio.sleep(0.05)
            if counts["granted"] >= grants and all(counts[name] for name in wanted):
                break
        await worker.stop()
        cluster.luck = 0.0
        if problem := await worker.settle(5):
            raise AssertionError(problem)
        await worker.check(None)
    finally:
        await cluster.close()
        for instance in worker.work.instances:
            instance.close()
    return worker.work.violations, worker


def violations(lie: str, revokes: bool = False, luck: float = 0.0) -> str:
    return "\n".join(asyncio.run(found({lie}, revokes, luck, LYING_GRANTS))[0])


class Truth(unittest.TestCase):
    def test_a_cluster_that_is_right_is_not_accused(self):
        for revokes in (False, True):
            with self.subTest(revokes=revokes):
                names = ("granted", "refused", "revoked", "marks", "shown", "replays")
                told, worker = asyncio.run(found(set(), revokes, 0.0, TRUE_GRANTS, names))
                self.assertEqual(told, [])
                for name in (*names, "checked"):
                    self.assertGreater(worker.work.counts[name], 0, name)

    def test_one_that_is_slow_loses_answers_and_acts_late_is_not_accused(self):
        for revokes in (False, True):
            with self.subTest(revokes=revokes):
                names = ("unknown", "retries", "put off")
                told, worker = asyncio.run(found(set(), revokes, 0.15, TRUE_GRANTS, names))
                self.assertEqual(told, [])
                for name in names:
                    self.assertGreater(worker.work.counts[name], 0, name)
                self.assertLessEqual(worker.work.worlds_max, WORLDS_MAX)


class OwnRetries(unittest.TestCase):
    """An instance lost the answer of the database to a rotation, and tries again by itself."""

    def presented(self, *may_be_retries: bool, revokes: bool = True) -> SessionHistory:
        """The history after a token without a grace window was refused to all who presented it at once."""
        history = SessionHistory("first", "access", "client", 0)
        history.presented([Attempt("first", REFUSED, may_be_retry=each, server=n) for n, each in enumerate(may_be_retries)], 1, revokes, "")
        return history

    def test_a_rotation_can_be_refused_once_another_presenter_has_ended_the_session(self):
        self.assertTrue(all(world.is_revoked for world in self.presented(True, False).worlds))

    def test_without_trouble_one_of_the_presenters_is_granted(self):
        self.assertRaises(Violation, self.presented, False, False)

    def test_a_presenter_alone_is_granted(self):
        self.assertRaises(Violation, self.presented, True)

    def test_where_nobody_ends_the_session_one_of_the_presenters_is_granted(self):
        with self.assertRaises(Violation):
            self.presented(True, True, revokes=False)


class Lies(unittest.TestCase):
    def test_two_successors(self):
        self.assertIn("presented", violations("two successors"))

    def test_another_access_token_beside_the_same_refresh_token(self):
        self.assertIn("with another access token", violations("another access token"))

    def test_a_consumed_token_is_accepted(self):
        self.assertIn("presented", violations("consumed accepted"))

    def test_a_parent_is_accepted_without_grace(self):
        self.assertIn("client proof-rough-0-0", violations("no end of grace"))

    def test_an_acknowledged_rotation_is_lost(self):
        self.assertRegex(violations("rotation lost"), "presented|was refused")

    def test_a_live_token_is_refused(self):
        self.assertIn("refused", violations("live token refused"))

    def test_a_client_that_only_retried_is_refused(self):
        self.assertIn("client proof-honest-300", violations("retry refused", luck=0.15))

    def test_an_old_request_ends_the_session_of_a_client_that_only_retried(self):
        self.assertIn("client proof-honest-300", violations("old request revokes", revokes=True, luck=0.15))

    def test_a_revocation_is_lost(self):
        self.assertIn("is accepted at instance", violations("revocation lost"))

    def test_a_mark_misses_a_session(self):
        self.assertIn("a mark is acknowledged", violations("mark misses one"))

    def test_a_session_that_is_over_is_revived(self):
        self.assertIn("presented", violations("revived"))

    def test_a_reuse_revokes_nothing(self):
        # The token is presented again, or an access token of the session is shown: whichever comes first.
        self.assertRegex(violations("reuse revokes nothing", revokes=True), "presented|is accepted")

    def test_the_acting_instance_accepts_what_it_ended(self):
        self.assertIn("of a session that is over is accepted", violations("acting instance forgets"))

    def test_another_instance_never_hears_of_a_revocation(self):
        self.assertIn("accept", violations("feed is deaf"))

    def test_the_access_token_of_a_rotation_beside_a_mark_lives_on(self):
        self.assertIn("of a session that is over is accepted", violations("overlapping access token lives"))

    def test_an_access_token_that_nobody_revoked_is_refused(self):
        self.assertIn("nobody ended", violations("access token refused"))

    def test_503_does_not_say_when_to_ask_again(self):
        self.assertIn("503 without Retry-After", violations("no retry-after", luck=0.1))

    def test_503_calls_a_grant_invalid(self):
        self.assertIn("with invalid_grant", violations("grant beside 503", luck=0.1))


if __name__ == "__main__":
    unittest.main()
