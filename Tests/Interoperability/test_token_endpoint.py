"""The edges of RFC 6749 at /token, by curl: what is refused, with which error, and that nothing is consumed by it."""

import base64
import re

import pytest

from accounts import ALICE, BOSS, CONFIDENTIAL, PUBLIC, Client
from curl import FORM, curl, form

BASIC = f"{CONFIDENTIAL.id}:{CONFIDENTIAL.secret.replace('+', '%2B')}"
CANARY = "canary%3Cb%3E9f3"
NO_REFRESH = Client("once", "a client without refresh", ("--grants", "password"))
UNENCODED = r"[\x20-\x21\x23-\x5B\x5D-\x7E]+"


@pytest.fixture(scope="module")
def server(serve):
    return serve(users=[ALICE], clients=[CONFIDENTIAL, PUBLIC, BOSS, NO_REFRESH])


@pytest.fixture
def token(server) -> str:
    return server.open_session(ALICE.name, BOSS, PUBLIC)["refresh_token"]


def check_error(answer, status: int, error: str):
    """Status, body and headers of RFC 6749 §5.2, and that nothing of the request is repeated."""
    assert (answer.status, answer.error) == (status, error)
    assert set(answer.json) == {"error", "error_description"}
    assert re.fullmatch(UNENCODED, answer.json["error_description"])
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Access-Control-Allow-Origin"] is None
    assert b"canary" not in answer.body and "canary" not in str(answer.headers)
    challenge = answer.headers["WWW-Authenticate"]
    assert (challenge is not None) == (status == 401)
    assert challenge is None or re.fullmatch(r'Basic realm="[^"]+"(, charset="UTF-8")?', challenge)


def lives(server, token: str) -> bool:
    """Whether the refresh token of PUBLIC is still the live one; asked without its use."""
    reply = server.request("POST", "/introspect", {"token": token, "token_type_hint": "refresh_token"}, client=BOSS)
    return reply.json["active"]


REFRESH = "grant_type=refresh_token&client_id=app&refresh_token={token}"
# Each is REFRESH, which succeeds, with one thing that is wrong.
WRONG_FORMS = {
    "grant_type twice": (REFRESH + "&grant_type=refresh_token", 400, "invalid_request"),
    "grant_type twice, once escaped": (REFRESH + "&gr%61nt_type=refresh_token", 400, "invalid_request"),
    "client_id twice": (REFRESH + "&client_id=app", 400, "invalid_request"),
    "refresh_token twice": (REFRESH + "&refresh_token={token}", 400, "invalid_request"),
    "refresh_token twice, once empty": (REFRESH + "&refresh_token=", 400, "invalid_request"),
    "scope twice": (REFRESH + "&scope=read&scope=read", 400, "invalid_request"),
    "an unknown parameter twice": (REFRESH + "&x=1&x=2", 400, "invalid_request"),
    "no grant_type": ("client_id=app&refresh_token={token}", 400, "invalid_request"),
    "an empty grant_type": ("grant_type=&client_id=app&refresh_token={token}", 400, "invalid_request"),
    "a grant_type without =": ("grant_type&client_id=app&refresh_token={token}", 400, "invalid_request"),
    "an unknown grant_type": (f"grant_type={CANARY}&client_id=app", 400, "unsupported_grant_type"),
    "a grant_type of another case": ("grant_type=Refresh_Token&client_id=app&refresh_token={token}", 400, "unsupported_grant_type"),
    "a grant_type with a space": ("grant_type=refresh_token+&client_id=app&refresh_token={token}", 400, "unsupported_grant_type"),
    "authorization_code": ("grant_type=authorization_code&client_id=app&code=canary", 400, "unsupported_grant_type"),
    "no refresh_token": ("grant_type=refresh_token&client_id=app", 400, "invalid_request"),
    "an empty refresh_token": ("grant_type=refresh_token&client_id=app&refresh_token=", 400, "invalid_request"),
    "no username": ("grant_type=password&client_id=app&password=canary", 400, "invalid_request"),
    "an empty username": ("grant_type=password&client_id=app&username=&password=canary", 400, "invalid_request"),
    "no password": ("grant_type=password&client_id=app&username=canary", 400, "invalid_request"),
    "an empty password": ("grant_type=password&client_id=app&username=canary&password=", 400, "invalid_request"),
    "no client": ("grant_type=refresh_token&refresh_token={token}", 401, "invalid_client"),
    "an empty client": ("grant_type=refresh_token&client_id=&refresh_token={token}", 401, "invalid_client"),
    "an unknown client": (f"grant_type=refresh_token&client_id={CANARY}&refresh_token={{token}}", 401, "invalid_client"),
    "a public client with a secret": (REFRESH + "&client_secret=canary", 401, "invalid_client"),
    "a secret without a client": ("grant_type=refresh_token&client_secret=x&refresh_token={token}", 401, "invalid_client"),
    "a confidential client without its secret": (REFRESH.replace("=app", "=web"), 401, "invalid_client"),
    "a confidential client with an empty secret": (REFRESH.replace("=app", "=web") + "&client_secret=", 401, "invalid_client"),
    "a broken escape": (REFRESH + "&x=%zz", 400, "invalid_request"),
    "half an escape": (REFRESH + "&x=%4", 400, "invalid_request"),
    "NUL": (REFRESH + "&x=%00", 400, "invalid_request"),
    "no UTF-8": (REFRESH + "&x=%FF", 400, "invalid_request"),
    "an overlong form of UTF-8": (REFRESH + "&x=%C0%AF", 400, "invalid_request"),
    "a surrogate in UTF-8": (REFRESH + "&x=%ED%A0%80", 400, "invalid_request"),
    "65 parameters": (REFRESH + "".join(f"&x{n}=1" for n in range(62)), 400, "invalid_request"),
    "a byte more than 16 KiB": (REFRESH + "&x=" + "y" * 16384, 413, "invalid_request"),
    "more scope than was granted": (REFRESH + "&scope=read+admin", 400, "invalid_scope"),
    "a scope of no scope characters": (REFRESH + "&scope=read+%22canary%22", 400, "invalid_scope"),
    "a scope beyond ASCII": (REFRESH + "&scope=%C3%A9", 400, "invalid_scope"),
}
RIGHT_FORMS = {
    "as it is": REFRESH,
    "an unknown parameter": REFRESH + "&x=1&resource=https%3A%2F%2Fx.example",
    "an empty scope": REFRESH + "&scope=",
    "an empty secret of a public client": REFRESH + "&client_secret=",
    "the scope that was granted": REFRESH + "&scope=write+read",
    "less scope": REFRESH + "&scope=read",
    "empty pairs": "&&" + REFRESH + "&&=&",
    "64 parameters": REFRESH + "".join(f"&x{n}=1" for n in range(61)),
    "escaped letters": REFRESH.replace("grant_type=refresh_token", "%67rant%5ftype=refresh%5Ftoken"),
}


@pytest.mark.parametrize("name", WRONG_FORMS)
def test_a_form_that_is_wrong_in_one_thing_is_refused_and_consumes_nothing(name, server, token):
    body, status, error = WRONG_FORMS[name]
    check_error(form(f"{server.url}/token", body.replace("{token}", token)), status, error)
    assert lives(server, token)


@pytest.mark.parametrize("name", RIGHT_FORMS)
def test_a_form_that_is_unusual_only_is_answered_with_a_pair(name, server, token):
    answer = form(f"{server.url}/token", RIGHT_FORMS[name].replace("{token}", token))
    assert answer.status == 200
    assert set(answer.json) == {
        "access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in", "scope"
    }  # fmt: skip
    assert answer.json["token_type"] == "Bearer"
    assert type(answer.json["expires_in"]) is int and 0 < answer.json["expires_in"] <= 900
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Pragma"] == "no-cache"
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    assert set(answer.json["scope"].split()) == ({"read"} if name == "less scope" else {"read", "write"})
    assert not lives(server, token)


CONTENT_TYPES = {
    "application/json": False,
    "text/plain": False,
    "multipart/form-data; boundary=x": False,
    "application/x-www-form-urlencoded2": False,
    "application/x-www-form-urlencode": False,
    "": False,
    FORM: True,
    FORM.upper(): True,
    FORM + "; charset=UTF-8": True,
    FORM + ";charset=utf-8": True,
}


@pytest.mark.parametrize("kind", CONTENT_TYPES)
def test_only_a_form_is_read(kind, server, token):
    # curl leaves a header out whose value is empty.
    answer = form(f"{server.url}/token", REFRESH.replace("{token}", token), "--header", f"Content-Type: {kind}".rstrip())
    if CONTENT_TYPES[kind]:
        assert answer.status == 200
    else:
        check_error(answer, 415, "invalid_request")
        assert lives(server, token)


def test_a_form_in_the_query_is_not_read(server, token):
    query = REFRESH.replace("{token}", token)
    check_error(curl(f"{server.url}/token?{query}", "--data-raw", ""), 400, "invalid_request")
    body = f"grant_type=refresh_token&refresh_token={token}"
    check_error(form(f"{server.url}/token?client_id=app", body), 401, "invalid_client")
    assert lives(server, token)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize("path", ["/token", "/revoke", "/introspect"])
def test_another_method_is_answered_405_with_the_one_there_is(path, method, server):
    answer = curl(server.url + path, "--request", method)
    assert answer.status == 405
    assert answer.headers["Allow"] == "POST"
    assert answer.headers["Cache-Control"] == "no-store"


# How a confidential client says who it is: the options of curl, an addition to the form, what comes of it.
AUTHENTICATIONS = {
    "Basic": (["--user", BASIC], "", 200, None),
    "Basic of any case": (["--header", "Authorization: bAsIc {pair}"], "", 200, None),
    "Basic, and its id in the body": (["--user", BASIC], "&client_id=web", 200, None),
    "Basic, and empty parameters in the body": (["--user", BASIC], "&client_id=&client_secret=", 200, None),
    "the body": ([], "&client_id=web&client_secret=a+secret+of+sixteen%2B", 200, None),
    "the body beside a stale bearer": (
        ["--header", "Authorization: Bearer x.y.z"], "&client_id=web&client_secret=a+secret+of+sixteen%2B", 200, None
    ),
    "Basic and body": (["--user", BASIC], "&client_secret=a+secret+of+sixteen%2B", 400, "invalid_request"),
    "Basic and another's id": (["--user", BASIC], "&client_id=app", 400, "invalid_request"),
    "Basic twice": (
        ["--header", "Authorization: Basic {pair}", "--header", "Authorization: Basic {pair}"], "", 400, "invalid_request"
    ),
    "Basic and a bearer": (
        ["--header", "Authorization: Basic {pair}", "--header", "Authorization: Bearer x"], "", 400, "invalid_request"
    ),
    "a wrong secret in Basic": (["--user", "web:canary of sixteen"], "", 401, "invalid_client"),
    "a wrong secret in the body": ([], "&client_id=web&client_secret=canary+of+sixteen", 401, "invalid_client"),
    "an unknown client in Basic": (["--user", "canary:a secret of sixteen"], "", 401, "invalid_client"),
    "no secret in Basic": (["--user", "web:"], "", 401, "invalid_client"),
    "no colon in Basic": (["--header", "Authorization: Basic d2Vi"], "", 401, "invalid_client"),
    "no base64 in Basic": (["--header", "Authorization: Basic {pair}!"], "", 401, "invalid_client"),
    "an empty Basic": (["--header", "Authorization: Basic"], "", 401, "invalid_client"),
    "Digest": (["--header", 'Authorization: Digest username="web"'], "", 401, "invalid_client"),
    "the secret in the query": ([], "", 401, "invalid_client"),
}  # fmt: skip


@pytest.mark.parametrize("name", AUTHENTICATIONS)
def test_a_client_authenticates_once_and_in_one_way(name, server):
    options, addition, status, error = AUTHENTICATIONS[name]
    pair = base64.b64encode(BASIC.encode()).decode()
    options = [option.replace("{pair}", pair) for option in options]
    token = server.open_session(ALICE.name, BOSS, CONFIDENTIAL)["refresh_token"]
    query = "?client_id=web&client_secret=a+secret+of+sixteen%2B" if "query" in name else ""
    body = f"grant_type=refresh_token&refresh_token={token}{addition}"
    answer = form(f"{server.url}/token{query}", body, *options)
    if error is None:
        assert answer.status == status
    else:
        check_error(answer, status, error)
        assert lives(server, token)


def test_a_client_without_the_grant_is_unauthorized(server):
    tokens = server.log_in(ALICE, NO_REFRESH)
    user = f"{NO_REFRESH.id}:{NO_REFRESH.secret}"
    body = f"grant_type=refresh_token&refresh_token={tokens.get('refresh_token', 'x')}"
    check_error(form(f"{server.url}/token", body, "--user", user), 400, "unauthorized_client")


def test_wrong_passwords_and_unknown_users_get_one_answer(server):
    answers = [
        form(f"{server.url}/token", f"grant_type=password&client_id=app&username={name}&password=canary-canary")
        for name in ("alice", "canary", "al%C3%ADce", "ALICE", "alice+")
    ]
    for answer in answers:
        check_error(answer, 400, "invalid_grant")
    assert len({answer.body for answer in answers}) == 1


@pytest.mark.parametrize("other", [CONFIDENTIAL, BOSS], ids=lambda client: client.id)
def test_the_refresh_token_of_another_client_is_refused_and_neither_consumed_nor_revoked(other, server, token):
    form_ = {"grant_type": "refresh_token", "refresh_token": token}
    for _ in range(3):
        reply = server.request("POST", "/token", form_, client=other)
        assert (reply.status, reply.json["error"]) == (400, "invalid_grant")
    assert lives(server, token)
    successor = server.refresh(token, PUBLIC)["refresh_token"]
    # Nor does the used one, at the wrong client, end the session.
    assert server.request("POST", "/token", form_, client=other).json["error"] == "invalid_grant"
    assert server.refresh(successor, PUBLIC)["refresh_token"]


def test_a_token_is_no_refresh_token_because_it_is_ours(server):
    tokens = server.open_session(ALICE.name, BOSS, PUBLIC)
    body = REFRESH.replace("{token}", tokens["access_token"])
    check_error(form(f"{server.url}/token", body), 400, "invalid_grant")
    assert lives(server, tokens["refresh_token"])
