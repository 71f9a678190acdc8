"""Eight threads that hold one expired session, each with a library's own refresh: what happens to browser tabs and worker
threads that share a token set and see it expire at once.
"""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from accounts import ALICE, BOSS, Client
from real_clients import BASIC, BODY, LIBRARIES, PUBLIC_CLIENT, REFUSALS, error_of

THREADS = 8
ROUNDS = 5
PATIENT = Client("patient", "a secret of the patient", ("--grace", "10s"))
PLAIN = Client("plain", "a secret of the plain one", ("--grace", "0s"))
PATIENT_APP = Client("patient-app", None, ("--grace", "10s"))
PLAIN_APP = Client("plain-app", None, ("--grace", "0s"))
CASES = [pytest.param(kind, way, id=f"{kind.__name__}-{way}") for kind in LIBRARIES for way in (kind.ways[0], kind.ways[-1])]


@pytest.fixture(scope="module")
def revoking(serve):
    return serve("rotation: { reuse: revoke-session }", [ALICE], [BOSS, PATIENT, PLAIN, PATIENT_APP, PLAIN_APP])


@pytest.fixture(scope="module")
def refusing(serve):
    return serve("rotation: { reuse: refuse }", [ALICE], [BOSS, PATIENT, PLAIN, PATIENT_APP, PLAIN_APP])


class Crowd:
    """Eight sessions of one library, each in a thread of its own, that begin each round at the same moment."""

    def __init__(self, kind, way, server, client):
        self.sessions = [kind(server, client, way) for _ in range(THREADS)]
        self.barrier = Barrier(THREADS)
        self.threads = ThreadPoolExecutor(THREADS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.threads.shutdown()
        for session in self.sessions:
            session.close()

    def round(self, tokens: dict, act) -> tuple[list[dict], list[str]]:
        """Every session goes on with `tokens` and does `act`: the token sets of those that succeeded, the errors of the others."""

        def run(session):
            session.resume(tokens)
            self.barrier.wait(20)
            try:
                act(session)
            except REFUSALS as refusal:
                return error_of(refusal)
            return {"access_token": session.access_token, "refresh_token": session.refresh_token, "token_type": "Bearer"}

        results = list(self.threads.map(run, self.sessions))
        return [each for each in results if isinstance(each, dict)], [each for each in results if isinstance(each, str)]


def refresh(session):
    session.refresh()


@pytest.mark.parametrize(("kind", "way"), CASES)
def test_with_grace_all_40_refreshes_succeed_with_one_pair_a_round(kind, way, revoking):
    client = PATIENT_APP if way == PUBLIC_CLIENT else PATIENT
    tokens = revoking.open_session(ALICE.name, BOSS, client)
    succeeded = 0
    with Crowd(kind, way, revoking, client) as crowd:
        for _ in range(ROUNDS):
            successes, errors = crowd.round(tokens, refresh)
            assert not errors
            succeeded += len(successes)
            assert len({(each["access_token"], each["refresh_token"]) for each in successes}) == 1
            tokens = successes[0]
    assert succeeded == THREADS * ROUNDS


@pytest.mark.parametrize(("kind", "way"), CASES)
def test_without_grace_one_refresh_a_token_succeeds_and_the_session_goes_on(kind, way, refusing):
    client = PLAIN_APP if way == PUBLIC_CLIENT else PLAIN
    tokens = refusing.open_session(ALICE.name, BOSS, client)
    with Crowd(kind, way, refusing, client) as crowd:
        for _ in range(ROUNDS):
            successes, errors = crowd.round(tokens, refresh)
            assert len(successes) == 1
            assert errors == ["invalid_grant"] * (THREADS - 1)
            tokens = successes[0]


@pytest.mark.parametrize(("kind", "way"), CASES[::2])
def test_without_grace_one_refresh_a_token_succeeds_and_the_session_ends_where_reuse_revokes(kind, way, revoking):
    client = PLAIN_APP if way == PUBLIC_CLIENT else PLAIN
    with Crowd(kind, way, revoking, client) as crowd:
        for _ in range(ROUNDS):
            successes, errors = crowd.round(revoking.open_session(ALICE.name, BOSS, client), refresh)
            assert len(successes) == 1
            assert errors == ["invalid_grant"] * (THREADS - 1)
            form = {"grant_type": "refresh_token", "refresh_token": successes[0]["refresh_token"]}
            after = revoking.request("POST", "/token", form=form, client=client)
            assert (after.status, after.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(("kind", "way"), CASES[::2])
def test_with_grace_all_40_calls_of_a_resource_succeed_though_each_refreshes_first(kind, way, revoking):
    """Each thread does the whole of it: it sees the token expired, refreshes, and calls a resource of this server. The quickest
    thread's call closes no window on the slower ones (docs/decisions/0010-parallel-callers-share-a-second.md).
    """

    def call(session):
        assert session.get("/me").status_code == 200

    client = PATIENT_APP if way == PUBLIC_CLIENT else PATIENT
    tokens = revoking.open_session(ALICE.name, BOSS, client)
    with Crowd(kind, way, revoking, client) as crowd:
        for _ in range(ROUNDS):
            successes, errors = crowd.round(tokens, call)
            assert (len(successes), errors) == (THREADS, [])
            tokens = successes[0]
