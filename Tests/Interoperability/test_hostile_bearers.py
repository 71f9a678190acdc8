"""Bad tokens before the server: as the bearer of /me, and as the refresh token of /token. Each is signed with the server's own key
where it is signed at all, and differs from a token that is accepted in one thing: a stranger's could not even come that far.
"""

import http.client
import json
import urllib.parse

import jwt
import pytest

from accounts import ALICE, BOSS, PUBLIC
from bad_tokens import FORMAT, HEADERS, PAYLOADS, SIGNATURES, USUAL_ELSEWHERE, Bad
from forge import ALGORITHMS, AUDIENCE, ISSUER, Forge, Key

# White space around a header's value is no part of it, and control characters within are refused with the request itself.
UNSENDABLE = tuple(repr(what) for what in (" ", "\t", "\r", "\v", "\0"))


@pytest.fixture(scope="module")
def servers(serve):
    return {
        algorithm: serve(
            f'tokens: {{ algorithm: {algorithm}, issuer: "{ISSUER}", audience: "{AUDIENCE}" }}', [ALICE], [BOSS, PUBLIC]
        )
        for algorithm in ALGORITHMS
    }


class Target:
    """A server, a live session on it, and the forges of its two kinds of tokens."""

    def __init__(self, server, algorithm: str):
        self.server = server
        self.tokens = server.open_session(ALICE.name, BOSS, PUBLIC)
        self.access = self._forge("access", self.tokens["access_token"], algorithm)
        self.refresh = self._forge("refresh", self.tokens["refresh_token"], "HS256")
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        self.connection.connect()

    def _forge(self, file: str, token: str, algorithm: str) -> Forge:
        keys = json.loads((self.server.data / "keys" / f"{file}.json").read_text())["keys"]
        key = Key.of_jwk(next(each for each in keys if each["state"] == "current"))
        assert key.algorithm == algorithm
        others = {other: Key.make(other, f"key-{other}") for other in ("ES256", "EdDSA") if other != algorithm}
        claims = jwt.decode(token, options={"verify_signature": False})
        return Forge(key, Key.make(algorithm, "of-nobody"), others, jwt.get_unverified_header(token), claims)

    def ask(self, method: str, path: str, headers: dict, body: bytes | None = None) -> tuple[int, http.client.HTTPMessage, bytes]:
        """On the one connection, which outlives every answer."""
        socket = self.connection.sock
        assert socket is not None, "the answer before closed the connection"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        assert self.connection.sock is socket, "the connection was closed"
        return answer.status, answer.headers, content

    def me(self, token: str):
        return self.ask("GET", "/me", {"Authorization": b"Bearer " + token.encode()})

    def token(self, token: str):
        form = {"grant_type": "refresh_token", "client_id": PUBLIC.id, "refresh_token": token}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", "/token", headers, urllib.parse.urlencode(form).encode())


@pytest.fixture(scope="module")
def targets(servers):
    return {algorithm: Target(server, algorithm) for algorithm, server in servers.items()}


@pytest.fixture
def target(targets, algorithm) -> Target:
    return targets[algorithm]


def cases(bad: dict[str, Bad], *algorithms: str, without: tuple[str, ...] = ()):
    return [
        pytest.param(algorithm, each, id=f"{algorithm}-{name}")
        for algorithm in algorithms
        for name, each in bad.items()
        if algorithm in each.algorithms and not name.startswith(without or ("\n",))
    ]


# Our own tokens have no nbf, and a time of issue that nobody compares: they come from the clock that would compare it.
OURS = ("nbf", "iat in")
BEARERS = (
    cases(HEADERS, "HS256", "EdDSA")
    + cases(PAYLOADS, "HS256", "ES256", without=OURS)
    + cases(USUAL_ELSEWHERE, "HS256", "ES256")
    + cases(FORMAT, "HS256", "ES256", without=UNSENDABLE)
    + cases(SIGNATURES, *ALGORITHMS)
)
# Refresh tokens are HS256, whatever the others are, and have no audience.
REFRESHES = (
    cases(HEADERS, "HS256")
    + cases(PAYLOADS, "HS256", without=(*OURS, "aud", "no aud"))
    + cases(USUAL_ELSEWHERE, "HS256")
    # NUL is no character of a form, whose refusal is invalid_request.
    + cases(FORMAT, "HS256", without=(repr("\0"),))
    + cases(SIGNATURES, "HS256")
)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_that_is_forged_with_the_servers_own_key_is_accepted(algorithm, target):
    assert target.me(target.access.token())[0] == 200
    session = Target(target.server, algorithm)
    status, _, body = session.token(session.refresh.token())
    assert status == 200 and json.loads(body)["refresh_token"] != session.tokens["refresh_token"]


@pytest.mark.parametrize(("algorithm", "bad"), BEARERS)
def test_a_bad_bearer_is_refused_on_a_connection_that_lives(algorithm, bad, target):
    status, headers, body = target.me(bad.make(target.access))
    assert status == 401
    assert 'error="invalid_token"' in headers["WWW-Authenticate"]
    assert json.loads(body)["error"] == "invalid_token"


@pytest.mark.parametrize(("algorithm", "bad"), REFRESHES)
def test_a_bad_refresh_token_is_invalid_grant_on_a_connection_that_lives(algorithm, bad, target):
    status, headers, body = target.token(bad.make(target.refresh))
    assert (status, json.loads(body)["error"]) == (400, "invalid_grant")
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_of_the_other_kind_is_refused(algorithm, target):
    assert target.me(target.tokens["refresh_token"])[0] == 401
    assert target.token(target.tokens["access_token"])[0] == 400
    # Nor is it one because it says so: each kind has its own key.
    assert target.me(target.access.with_key(target.refresh.key).token())[0] == 401
    as_refresh = target.refresh.token({"typ": "at+jwt"})
    assert target.me(as_refresh)[0] == 401 and target.token(as_refresh)[0] == 400


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_ids_of_sessions_and_generations_are_not_for_guessing(algorithm, target):
    jti = target.refresh.claims["jti"]
    for wrong in ("", jti[:-1], jti + "A", jti[:16] + "______", "A" * 22, jti.swapcase(), "../" * 7 + "x", jti[:21] + "B"):
        assert target.token(target.refresh.token(None, {"jti": wrong}))[0] == 400
        assert target.me(target.access.token(None, {"jti": wrong}))[0] == 401
    assert target.me(target.access.token(None, {"sid": "A" * 16}))[0] == 401


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_none_of_it_used_or_ended_the_session(algorithm, target):
    """Stands last: all tests above have been at the session of this target."""
    assert target.me(target.tokens["access_token"])[0] == 200
    assert target.server.runs
