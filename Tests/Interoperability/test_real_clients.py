"""Libraries that people use, against the real server: log-in, refresh, the refresh that a library does by itself, revocation,
introspection. A confidential client authenticates by Basic and by the body; a public one by its id.
"""

import time

import pytest

from accounts import ALICE, Client
from real_clients import BASIC, BODY, LIBRARIES, PUBLIC_CLIENT, REFUSALS, AuthlibRequests, RealClient, error_of

# No whole number of seconds: such a lifetime is kept to the millisecond, and told to clients as 2 s.
ACCESS_LIFETIME = "1500ms"
CLIENTS = {
    PUBLIC_CLIENT: Client("app"),
    BASIC: Client("web", "a secret: with 100% + more", ("--introspect",)),
    BODY: Client("web", "a secret: with 100% + more", ("--introspect",)),
}
CASES = [pytest.param(kind, way, id=f"{kind.__name__}-{way}") for kind in LIBRARIES for way in kind.ways]
REVOKING = [case for case in CASES if case.values[0].revokes]
INTROSPECTING = [case for case in CASES if case.values[0].introspects and case.values[1] != PUBLIC_CLIENT]


@pytest.fixture(scope="module")
def server(serve):
    return serve(users=[ALICE], clients=[CLIENTS[PUBLIC_CLIENT], CLIENTS[BASIC]])


@pytest.fixture(scope="module")
def brief_server(serve):
    """Its access tokens are over before the test is."""
    configuration = f"tokens: {{ accessTTL: {ACCESS_LIFETIME} }}"
    return serve(configuration, users=[ALICE], clients=[CLIENTS[PUBLIC_CLIENT], CLIENTS[BASIC]])


@pytest.fixture
def log_in(server):
    opened: list[RealClient] = []

    def open_session(kind: type[RealClient], way: str) -> RealClient:
        opened.append(kind(server, CLIENTS[way], way))
        opened[-1].log_in(ALICE)
        return opened[-1]

    yield open_session
    for session in opened:
        session.close()


@pytest.fixture(scope="module")
def expired_sessions(brief_server):
    """A session of each case whose access token has ended: they wait for it together."""
    sessions = {}
    for case in CASES:
        kind, way = case.values
        sessions[kind, way] = kind(brief_server, CLIENTS[way], way)
        sessions[kind, way].log_in(ALICE)
    # requests-oauthlib rounds the moment of the reply to a whole second before it adds the lifetime.
    time.sleep(2.6)
    yield sessions
    for session in sessions.values():
        session.close()


@pytest.mark.parametrize(("kind", "way"), CASES)
def test_log_in_and_refresh_give_tokens_that_work(kind, way, log_in):
    session = log_in(kind, way)
    first = (session.access_token, session.refresh_token)
    session.refresh()
    assert session.refresh_token != first[1]
    reply = session.get("/me")
    assert reply.status_code == 200
    assert (reply.json()["subject"], reply.json()["client"]) == (ALICE.name, CLIENTS[way].id)


@pytest.mark.parametrize(("kind", "way"), CASES)
def test_a_library_refreshes_by_itself_once_the_access_token_has_expired(kind, way, brief_server, expired_sessions):
    session = expired_sessions[kind, way]
    first = (session.access_token, session.refresh_token)
    assert brief_server.request("GET", "/me", bearer=first[0]).status == 401
    assert session.get("/me").status_code == 200
    assert session.access_token != first[0] and session.refresh_token != first[1]
    if isinstance(session, AuthlibRequests):
        assert session.updates == [first[1]]


@pytest.mark.parametrize(("kind", "way"), CASES)
def test_a_library_is_told_invalid_grant_for_a_used_token_and_for_its_successor(kind, way, log_in, server):
    session = log_in(kind, way)
    used = session.refresh_token
    session.refresh()
    successor = session.refresh_token
    for token in (used, successor):
        session.resume({"access_token": session.access_token, "refresh_token": token, "token_type": "Bearer"})
        with pytest.raises(REFUSALS) as refusal:
            session.refresh()
        assert error_of(refusal.value) == "invalid_grant"


@pytest.mark.parametrize(("kind", "way"), CASES)
def test_a_library_with_a_wrong_secret_is_told_invalid_client_and_consumes_nothing(kind, way, log_in, server):
    session = log_in(kind, way)
    tokens = {"access_token": session.access_token, "refresh_token": session.refresh_token, "token_type": "Bearer"}
    wrong = kind(server, Client("nobody" if way == PUBLIC_CLIENT else "web", way != PUBLIC_CLIENT and "b" * 20 or None), way)
    wrong.resume(tokens)
    with pytest.raises(REFUSALS) as refusal:
        wrong.refresh()
    assert error_of(refusal.value) == "invalid_client"
    wrong.close()
    session.refresh()


@pytest.mark.parametrize(("kind", "way"), REVOKING)
def test_a_revoked_refresh_token_ends_the_session(kind, way, log_in, server):
    session = log_in(kind, way)
    session.revoke(session.refresh_token, "refresh_token")
    assert server.request("GET", "/me", bearer=session.access_token).status == 401
    with pytest.raises(REFUSALS) as refusal:
        session.refresh()
    assert error_of(refusal.value) == "invalid_grant"


@pytest.mark.parametrize(("kind", "way"), REVOKING)
def test_a_revoked_access_token_ends_alone(kind, way, log_in, server):
    session = log_in(kind, way)
    session.revoke(session.access_token, "access_token")
    assert server.request("GET", "/me", bearer=session.access_token).status == 401
    session.refresh()
    assert session.get("/me").status_code == 200


@pytest.mark.parametrize(("kind", "way"), REVOKING)
def test_revoking_what_is_no_token_succeeds(kind, way, log_in):
    log_in(kind, way).revoke("no token of anybody's", "access_token")


@pytest.mark.parametrize(("kind", "way"), INTROSPECTING)
def test_introspection_says_what_is_live_and_no_more_of_what_is_not(kind, way, log_in):
    session = log_in(kind, way)
    found = session.introspect(session.access_token, "access_token")
    assert found["active"] is True
    assert (found["sub"], found["client_id"], found["token_type"]) == (ALICE.name, "web", "Bearer")
    assert session.introspect(session.refresh_token, "refresh_token")["active"] is True
    session.revoke(session.refresh_token, "refresh_token")
    assert session.introspect(session.access_token, "access_token") == {"active": False}
    assert session.introspect(session.refresh_token, "refresh_token") == {"active": False}
