"""The grant client_credentials (RFC 6749 §4.4): a token of the client's own, whose subject is the client (RFC 9068 §2.2)."""

import time

import jwt
import pytest
import requests
from authlib.integrations.httpx_client import OAuth2Client as AuthlibHTTPXClient
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauth2client import ClientSecretBasic, OAuth2Client, OAuth2ClientCredentialsAuth
from requests_oauthlib import OAuth2Session as OAuthlibSession

import real_clients  # noqa: F401  Lets the libraries speak http:// to the loopback address.
from accounts import ALICE, BOSS, PUBLIC, Client
from curl import form

GRANT = ("--grants", "client_credentials")
WORKER = Client("worker", "the secret of a worker", (*GRANT, "--scopes", "jobs.read jobs.write"))
BARE = Client("bare", "the secret of the bare one", GRANT)
BRIEF = Client("brief", "the secret of the brief", (*GRANT, "--scopes", "jobs.read", "--access-ttl", "1500ms"))
BOTH = Client("both", "the secret for both kinds", ("--grants", "password refresh_token client_credentials", "--scopes", "read"))
NAMESAKE = Client("alice", "the secret of a namesake", (*GRANT, "--scopes", "read"))


@pytest.fixture(scope="module")
def server(serve):
    return serve(users=[ALICE], clients=[BOSS, PUBLIC, WORKER, BARE, BRIEF, BOTH, NAMESAKE])


def ask(server, client: Client, addition: str = ""):
    credentials = ("--user", f"{client.id}:{client.secret}") if client.secret else ()
    body = f"grant_type=client_credentials{addition}" + ("" if client.secret else f"&client_id={client.id}")
    answer = form(f"{server.url}/token", body, *credentials)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer


def claims(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


def test_the_reply_has_an_access_token_of_the_client_and_no_refresh_token(server):
    reply = ask(server, WORKER).json
    assert set(reply) == {"access_token", "token_type", "expires_in", "scope"}
    assert reply["token_type"] == "Bearer" and 0 < reply["expires_in"] <= 900
    assert set(reply["scope"].split()) == {"jobs.read", "jobs.write"}
    assert jwt.get_unverified_header(reply["access_token"])["typ"] == "at+jwt"
    found = claims(reply["access_token"])
    assert (found["sub"], found["client_id"], found["iss"]) == ("worker", "worker", server.url)
    me = server.request("GET", "/me", bearer=reply["access_token"]).json
    assert (me["subject"], me["client"]) == ("worker", "worker")


def test_each_reply_has_a_token_of_its_own(server):
    assert len({claims(ask(server, WORKER).json["access_token"])["jti"] for _ in range(8)}) == 8


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        ("&scope=jobs.read", "jobs.read"),
        ("&scope=jobs.write+jobs.read", "jobs.read jobs.write"),
        ("&scope=", "jobs.read jobs.write"),
        ("&scope=jobs.read+jobs.read", "jobs.read"),
    ],
)
def test_a_scope_narrows(scope, granted, server):
    reply = ask(server, WORKER, scope).json
    assert set(reply["scope"].split()) == set(granted.split()) == set(claims(reply["access_token"])["scope"].split())
    allowed = server.request("GET", "/auth?scope=jobs.write", bearer=reply["access_token"]).status
    assert allowed == (204 if "jobs.write" in granted else 403)


@pytest.mark.parametrize("scope", ["admin", "jobs.read+admin", "JOBS.READ", "read", "jobs.read%2A", "%22"])
def test_no_scope_beyond_the_clients_is_granted(scope, server):
    answer = ask(server, WORKER, f"&scope={scope}")
    assert (answer.status, answer.error) == (400, "invalid_scope")


def test_a_client_without_scopes_gets_none(server):
    reply = ask(server, BARE).json
    assert not reply.get("scope") and not claims(reply["access_token"]).get("scope")
    assert ask(server, BARE, "&scope=read").error == "invalid_scope"


@pytest.mark.parametrize(
    ("client", "status", "errors"),
    [
        (PUBLIC, 400, {"unauthorized_client"}),
        (BOSS, 400, {"unauthorized_client"}),
        (Client("worker", "a wrong secret of it"), 401, {"invalid_client"}),
        (Client("worker"), 401, {"invalid_client"}),
        (Client("nobody", "the secret of nobody"), 401, {"invalid_client"}),
        (NAMESAKE, 400, {"unauthorized_client"}),
    ],
    ids=["public", "without the grant", "wrong secret", "no secret", "unknown", "with the name of a user"],
)
def test_who_may_not_is_refused(client, status, errors, server):
    answer = ask(server, client)
    assert answer.status == status and answer.error in errors
    assert (answer.headers["WWW-Authenticate"] is not None) == (status == 401)


def test_a_public_client_cannot_be_given_the_grant(server):
    done = server.command("clients", "add", "spa", "--public", *GRANT)
    assert done.returncode == 64 and done.stderr.count(b"\n") == 1


def test_a_client_with_only_this_grant_has_no_other(server):
    for body in (f"grant_type=password&username={ALICE.name}&password=x", "grant_type=refresh_token&refresh_token=x"):
        answer = form(f"{server.url}/token", body, "--user", f"{WORKER.id}:{WORKER.secret}")
        assert (answer.status, answer.error) == (400, "unauthorized_client")


def test_the_token_of_a_client_is_no_refresh_token(server):
    token = ask(server, BOTH).json["access_token"]
    answer = form(f"{server.url}/token", f"grant_type=refresh_token&refresh_token={token}", "--user", f"{BOTH.id}:{BOTH.secret}")
    assert (answer.status, answer.error) == (400, "invalid_grant")


def test_a_token_is_introspected_and_revoked_by_its_client_alone(server):
    token = ask(server, WORKER).json["access_token"]

    def active() -> dict:
        return server.request("POST", "/introspect", {"token": token}, client=BOSS).json

    assert active()["active"] is True
    assert (active()["sub"], active()["client_id"]) == ("worker", "worker")
    assert server.request("POST", "/revoke", {"token": token}, client=BARE).status == 200
    assert active()["active"] is True
    assert server.request("POST", "/revoke", {"token": token}, client=WORKER).status == 200
    assert active() == {"active": False}
    assert server.request("GET", "/me", bearer=token).status == 401


def test_a_token_is_no_session(server):
    ask(server, WORKER)
    listed = server.request("GET", "/admin/sessions?client_id=worker", client=BOSS).json
    assert listed["sessions"] == []


def test_a_token_ends_with_the_sessions_of_its_client(server):
    token = ask(server, BARE).json["access_token"]
    assert server.request("DELETE", "/admin/sessions?client_id=bare", client=BOSS).status in (200, 204)
    assert server.request("GET", "/me", bearer=token).status == 401


def test_a_token_that_is_issued_after_the_revocation_lives(server):
    time.sleep((1.1 - time.time()) % 1)
    assert server.request("DELETE", "/admin/sessions?client_id=bare", client=BOSS).status in (200, 204)
    assert server.request("GET", "/me", bearer=ask(server, BARE).json["access_token"]).status == 200


def test_the_metadata_name_the_grant(server):
    metadata = server.request("GET", "/.well-known/oauth-authorization-server").json
    assert "client_credentials" in metadata["grant_types_supported"]


@pytest.mark.parametrize("kind", [AuthlibSession, AuthlibHTTPXClient], ids=["requests", "httpx"])
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_gets_a_token_and_another_once_it_has_expired(kind, method, server):
    updates = []
    session = kind(
        BRIEF.id,
        BRIEF.secret,
        token_endpoint_auth_method=method,
        token_endpoint=f"{server.url}/token",
        grant_type="client_credentials",
        update_token=lambda token, **_: updates.append(token),
        leeway=0,
    )
    first = dict(session.fetch_token(f"{server.url}/token"))
    assert session.get(f"{server.url}/me").json()["subject"] == "brief"
    session.token = first | {"expires_at": int(time.time()) - 1}
    assert session.get(f"{server.url}/me").status_code == 200
    assert session.token["access_token"] != first["access_token"] and len(updates) == 1
    session.close()


def test_requests_oauthlib_gets_a_token(server):
    session = OAuthlibSession(client=BackendApplicationClient(BRIEF.id))
    token = session.fetch_token(f"{server.url}/token", client_id=BRIEF.id, client_secret=BRIEF.secret)
    assert "refresh_token" not in token
    assert session.get(f"{server.url}/me").json()["subject"] == "brief"
    session.close()


def test_requests_oauth2client_gets_a_token_whenever_it_needs_one(server):
    library = OAuth2Client(f"{server.url}/token", auth=ClientSecretBasic(BRIEF.id, BRIEF.secret), testing=True)
    auth = OAuth2ClientCredentialsAuth(library, scope="jobs.read", leeway=0)
    assert requests.get(f"{server.url}/me", auth=auth, timeout=20).json()["scopes"] == ["jobs.read"]
    first = auth.token.access_token
    # Told as 2 s, which is rounded up.
    time.sleep(2.1)
    assert requests.get(f"{server.url}/me", auth=auth, timeout=20).status_code == 200
    assert auth.token.access_token != first
    library.session.close()
