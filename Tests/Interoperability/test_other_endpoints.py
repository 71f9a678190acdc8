"""The edges of RFC 7009 at /revoke, RFC 7662 at /introspect, RFC 6750 at the protected routes, and RFC 8414, by curl."""

import re
import time

import pytest

from accounts import ALICE, BOSS, CONFIDENTIAL, PUBLIC, Client
from curl import curl, form

ASKER = Client("asker", "the secret of who asks", ("--introspect",))
BOSS_USER = ("--user", f"{BOSS.id}:{BOSS.secret}")
WEB_USER = ("--user", f"{CONFIDENTIAL.id}:{CONFIDENTIAL.secret.replace('+', '%2B')}")
NO_TOKENS = ["canary", "a.b", "a.b.c", "a.b.c.d", "eyJhbGciOiJub25lIn0.e30.", "%C3%A9", "%F0%9F%94%91", "x" * 5000]


@pytest.fixture(scope="module")
def server(serve):
    return serve(users=[ALICE], clients=[CONFIDENTIAL, PUBLIC, BOSS, ASKER])


@pytest.fixture
def tokens(server) -> dict:
    return server.open_session(ALICE.name, BOSS, PUBLIC)


def is_uncached(answer) -> bool:
    return answer.headers["Cache-Control"] == "no-store" and answer.headers["X-Content-Type-Options"] == "nosniff"


class TestRevocation:
    def revoke(self, server, body: str, *options: str):
        answer = form(f"{server.url}/revoke", body, *options)
        assert is_uncached(answer)
        return answer

    @pytest.mark.parametrize("hint", ["", "&token_type_hint=", "&token_type_hint=access_token", "&token_type_hint=other"])
    @pytest.mark.parametrize("text", NO_TOKENS, ids=lambda text: text[:12])
    def test_of_what_is_no_token_is_200(self, text, hint, server):
        assert self.revoke(server, f"client_id=app&token={text}{hint}").status == 200

    @pytest.mark.parametrize("hint", ["", "&token_type_hint=refresh_token", "&token_type_hint=access_token", "&token_type_hint=x"])
    def test_of_a_refresh_token_ends_its_session_whatever_the_hint(self, hint, server, tokens):
        for _ in range(2):
            assert self.revoke(server, f"client_id=app&token={tokens['refresh_token']}{hint}").status == 200
        assert server.request("GET", "/me", bearer=tokens["access_token"]).status == 401
        body = f"grant_type=refresh_token&client_id=app&refresh_token={tokens['refresh_token']}"
        assert form(f"{server.url}/token", body).error == "invalid_grant"

    @pytest.mark.parametrize("ends", [False, True])
    def test_of_an_access_token_ends_it_alone_unless_told_otherwise(self, ends, server, tokens):
        body = f"client_id=app&token={tokens['access_token']}" + ("&end_session=true" if ends else "")
        assert self.revoke(server, body).status == 200
        assert server.request("GET", "/me", bearer=tokens["access_token"]).status == 401
        body = f"grant_type=refresh_token&client_id=app&refresh_token={tokens['refresh_token']}"
        assert form(f"{server.url}/token", body).status == (400 if ends else 200)

    @pytest.mark.parametrize("member", ["access_token", "refresh_token"])
    def test_of_another_clients_token_is_200_and_changes_nothing(self, member, server, tokens):
        assert self.revoke(server, f"token={tokens[member]}", *WEB_USER).status == 200
        assert server.request("GET", "/me", bearer=tokens["access_token"]).status == 200
        assert server.refresh(tokens["refresh_token"], PUBLIC)

    @pytest.mark.parametrize(
        ("addition", "status", "error"),
        [
            ("client_id=app", 400, "invalid_request"),
            ("client_id=app&token=", 400, "invalid_request"),
            ("client_id=app&token={token}&token={token}", 400, "invalid_request"),
            ("token={token}", 401, "invalid_client"),
            ("client_id=web&token={token}", 401, "invalid_client"),
            ("client_id=app&client_secret=x&token={token}", 401, "invalid_client"),
        ],
    )
    def test_of_a_request_that_is_wrong_changes_nothing(self, addition, status, error, server, tokens):
        answer = self.revoke(server, addition.replace("{token}", tokens["refresh_token"]))
        assert (answer.status, answer.error) == (status, error)
        assert (answer.headers["WWW-Authenticate"] is not None) == (status == 401)
        assert server.refresh(tokens["refresh_token"], PUBLIC)

    def test_of_a_token_in_the_query_changes_nothing(self, server, tokens):
        answer = form(f"{server.url}/revoke?token={tokens['refresh_token']}", "client_id=app")
        assert answer.error == "invalid_request"
        assert server.refresh(tokens["refresh_token"], PUBLIC)


class TestIntrospection:
    def ask(self, server, body: str, client: Client = ASKER):
        answer = form(f"{server.url}/introspect", body, "--user", f"{client.id}:{client.secret.replace('+', '%2B')}")
        assert is_uncached(answer)
        return answer

    @pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "other"])
    def test_finds_an_access_token_whatever_the_hint(self, hint, server, tokens):
        found = self.ask(server, f"token={tokens['access_token']}&token_type_hint={hint}").json
        assert found["active"] is True
        assert (found["sub"], found["client_id"], found["scope"]) == ("alice", "app", "read write")
        assert found["iss"] == server.url and found["token_type"] == "Bearer"
        assert type(found["exp"]) is int and type(found["iat"]) is int

    @pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "Refresh_Token", "refresh_token2"])
    def test_finds_a_refresh_token_only_with_its_hint(self, hint, server, tokens):
        answer = self.ask(server, f"token={tokens['refresh_token']}&token_type_hint={hint}")
        assert answer.status == 200
        if hint == "refresh_token":
            assert answer.json["active"] is True and answer.json["sub"] == "alice"
        else:
            assert answer.json == {"active": False}
        # Whoever asks uses nothing up.
        assert server.refresh(tokens["refresh_token"], PUBLIC)

    @pytest.mark.parametrize("text", NO_TOKENS, ids=lambda text: text[:12])
    def test_of_what_is_no_token_says_inactive(self, text, server):
        answer = self.ask(server, f"token={text}")
        assert (answer.status, answer.body) == (200, b'{"active":false}')

    def test_of_a_used_a_revoked_and_an_unknown_token_says_the_same(self, server, tokens):
        server.refresh(tokens["refresh_token"], PUBLIC)
        revoked = server.open_session("alice", BOSS, PUBLIC)
        server.request("POST", "/revoke", {"token": revoked["refresh_token"]}, client=PUBLIC)
        dead = [tokens["refresh_token"], revoked["refresh_token"], revoked["access_token"], "unknown"]
        answers = {self.ask(server, f"token={token}&token_type_hint=refresh_token").body for token in dead}
        assert answers == {b'{"active":false}'}

    def test_tells_a_client_nothing_that_may_not_ask(self, server, tokens):
        for token in (tokens["access_token"], "unknown"):
            answer = self.ask(server, f"token={token}", CONFIDENTIAL)
            assert (answer.status, answer.json) == (200, {"active": False})

    def test_asks_for_a_client_and_a_token(self, server, tokens):
        answer = form(f"{server.url}/introspect", f"token={tokens['access_token']}")
        assert (answer.status, answer.error) == (401, "invalid_client") and answer.headers["WWW-Authenticate"]
        assert self.ask(server, "x=1").error == "invalid_request"
        assert self.ask(server, f"token={tokens['access_token']}&token=x").error == "invalid_request"


class TestAdminSelectors:
    """`DELETE /admin/sessions` says how many sessions ended, and refuses what selects nothing or something else."""

    def delete(self, server, rest: str):
        return curl(f"{server.url}/admin/sessions{rest}", "--request", "DELETE", *BOSS_USER)

    def test_say_how_many_ended(self, server):
        sessions = [server.open_session(ALICE.name, BOSS, PUBLIC) for _ in range(2)]
        assert self.delete(server, "?subject=nobody").json == {"ended": 0}
        answer = self.delete(server, f"?subject={ALICE.name}&client_id={PUBLIC.id}")
        assert (answer.status, answer.json["ended"] >= 2) == (200, True) and is_uncached(answer)
        assert self.delete(server, f"?subject={ALICE.name}&client_id={PUBLIC.id}").json == {"ended": 0}
        for tokens in sessions:
            assert server.request("GET", "/me", bearer=tokens["access_token"]).status == 401

    @pytest.mark.parametrize("rest", ["", "?subject=", "?subject=%zz", "?subject=%ff", "?user=x", "?subject=x&subject=x", "?all=false", "/short"])
    def test_that_select_nothing_are_refused(self, rest, server, tokens):
        assert (self.delete(server, rest).status, self.delete(server, rest).error) == (400, "invalid_request")
        assert self.delete(server, "/AAAAAAAAAAAAAAAA").status == 404
        assert server.request("GET", "/me", bearer=tokens["access_token"]).status == 200


class TestBearer:
    def get(self, server, path: str, *values: str):
        answer = curl(server.url + path, *(text for value in values for text in ("--header", f"Authorization: {value}")))
        assert answer.status == 204 or is_uncached(answer)
        return answer

    @pytest.mark.parametrize("path", ["/me", "/auth"])
    def test_that_is_absent_is_asked_for_without_an_error(self, path, server):
        answer = self.get(server, path)
        assert answer.status == 401
        bearer, proven = re.fullmatch(r'(Bearer realm="[^"]+"), (DPoP realm="[^"]+", algs="[^"]+")', answer.headers["WWW-Authenticate"]).groups()
        assert "refresh-ledger" in bearer and "ES256" in proven
        assert "error" not in (answer.json if answer.body else {})

    @pytest.mark.parametrize("path", ["/me", "/auth"])
    @pytest.mark.parametrize("text", ["canary", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "x" * 5000, "a b", "a,b", ""])
    def test_that_is_no_token_is_told_invalid_token(self, path, text, server):
        answer = self.get(server, path, f"Bearer {text}".rstrip() if text else "Bearer")
        assert answer.status == 401
        challenge = answer.headers["WWW-Authenticate"]
        assert challenge.startswith("Bearer ") and challenge.count("Bearer") == 1
        assert 'error="invalid_token"' in challenge and "canary" not in challenge + answer.body.decode()

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
    def test_has_a_scheme_of_any_case(self, scheme, server, tokens):
        assert self.get(server, "/me", f"{scheme} {tokens['access_token']}").json["subject"] == "alice"

    def test_is_not_taken_from_query_body_or_another_scheme(self, server, tokens):
        token = tokens["access_token"]
        assert self.get(server, f"/me?access_token={token}").status == 401
        answer = curl(f"{server.url}/me", "--request", "GET", "--data-raw", f"access_token={token}")
        assert answer.status == 401
        for scheme in ("Token", "Basic", "DPoP", "Bearer:"):
            assert self.get(server, "/me", f"{scheme} {token}").status == 401

    def test_comes_once(self, server, tokens):
        good = f"Bearer {tokens['access_token']}"
        for values in ([good, good], [good, "Bearer x"], ["Bearer x", good], [f"{good}, {good}"]):
            assert self.get(server, "/me", *values).status in (400, 401)

    def test_that_is_a_refresh_token_is_refused(self, server, tokens):
        answer = self.get(server, "/me", f"Bearer {tokens['refresh_token']}")
        assert answer.status == 401 and 'error="invalid_token"' in answer.headers["WWW-Authenticate"]

    def test_without_the_scope_of_a_route_is_told_insufficient_scope(self, server):
        tokens = server.open_session("alice", BOSS, PUBLIC, scope="read")
        good = f"Bearer {tokens['access_token']}"
        assert self.get(server, "/auth?scope=read", good).status == 204
        answer = self.get(server, "/auth?scope=write", good)
        assert answer.status == 403
        challenge = answer.headers["WWW-Authenticate"]
        assert 'error="insufficient_scope"' in challenge and 'scope="write"' in challenge
        assert self.get(server, "/auth?scope=write", "Bearer x").status == 401

    def test_is_named_by_forward_authentication(self, server, tokens):
        answer = self.get(server, "/auth", f"Bearer {tokens['access_token']}")
        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers["X-Auth-Subject"] == "alice"
        assert answer.headers["X-Auth-Client"] == "app"
        assert answer.headers["X-Auth-Scopes"].split() == ["read", "write"]

    def test_is_good_to_within_a_second_of_what_expires_in_says(self, serve):
        """`exp` and `iat` are whole seconds (docs/decisions/0002): a token ends in the last second of `expires_in`, never after it."""
        server = serve("tokens: { accessTTL: 3s }", users=[ALICE], clients=[BOSS, PUBLIC])
        began = time.time()
        tokens = server.open_session("alice", BOSS, PUBLIC)
        assert tokens["expires_in"] == 3
        time.sleep(1.5)
        assert server.request("GET", "/me", bearer=tokens["access_token"]).status == 200
        assert time.time() - began < 2, "the machine was too slow for this test to mean anything"
        time.sleep(1.7)
        assert server.request("GET", "/me", bearer=tokens["access_token"]).status == 401


class TestMetadata:
    PATH = "/.well-known/oauth-authorization-server"

    def test_name_endpoints_that_answer(self, server):
        answer = curl(server.url + self.PATH)
        assert answer.status == 200 and answer.headers["Content-Type"].split(";")[0] == "application/json"
        metadata = answer.json
        assert metadata["issuer"] == server.url
        for name in ("token_endpoint", "revocation_endpoint", "introspection_endpoint"):
            assert form(metadata[name], "client_id=nobody&token=x&grant_type=x").error == "invalid_client"
        assert "keys" in curl(metadata["jwks_uri"]).json
        assert set(metadata["grant_types_supported"]) >= {"password", "refresh_token"}
        assert set(metadata["token_endpoint_auth_methods_supported"]) == {
            "client_secret_basic", "client_secret_post", "none"
        }  # fmt: skip
        # Required by RFC 8414 §2, and empty where there is no authorization endpoint.
        assert metadata["response_types_supported"] == []

    @pytest.mark.parametrize(
        "issuer", ["https://login.example", "https://Login.Example/", "https://login.example:8443/tenant%2F1/", "urn:issuer"]
    )
    def test_have_the_issuer_byte_for_byte(self, issuer, serve):
        server = serve(f'tokens: {{ issuer: "{issuer}" }}', users=[ALICE], clients=[BOSS, PUBLIC])
        assert server.request("GET", self.PATH).json["issuer"] == issuer
        tokens = server.open_session("alice", BOSS, PUBLIC)
        assert server.request("GET", "/me", bearer=tokens["access_token"]).status == 200
        form_ = {"token": tokens["access_token"]}
        assert server.request("POST", "/introspect", form_, client=BOSS).json["iss"] == issuer
        server.stop()

    def test_lie_below_the_prefix_of_paths(self, serve):
        server = serve(users=[ALICE], clients=[BOSS])
        server.stop()
        server.configuration_path.write_text("http: { pathPrefix: /sign-in }\n")
        # The probe of the fixture does not know the prefix.
        server.ready_path = "/sign-in/health/ready"
        server.start()
        metadata = server.request("GET", "/sign-in" + self.PATH).json
        assert metadata["token_endpoint"] == f"{server.url}/sign-in/token"
        assert form(metadata["token_endpoint"], "grant_type=x").error == "invalid_client"
        # Where clients look by the issuer alone, which has no path here (RFC 8414 §3.1).
        assert server.request("GET", self.PATH).json == metadata
        assert server.request("GET", "/token").status == 404
        server.stop()
