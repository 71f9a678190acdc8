"""Tokens that are bound to a key (RFC 9449): proofs by other people's libraries, the standard's own example, and what a client and a thief meet."""

import json
import time
import warnings

import jwcrypto.jwk
import jwcrypto.jwt
import jwt as pyjwt
import pytest
import requests
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt
from requests_oauth2client import DPoPKey, DPoPToken, OAuth2Client

from accounts import ALICE, BOSS, Client
from forge import unb64
from proofs import BoundSession, Signer, digest, identifier, send
from server import ROOT

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from authlib.jose import JsonWebKey, JsonWebToken

PUBLIC = Client("app", None, ("--grace", "10s"))
STRICT = Client("strict", None, ("--dpop", "required"))
MACHINE = Client("machine", "a secret of the machine", ("--scopes", "read", "--grants", "client_credentials"))
CONFIDENTIAL = Client("web", "a secret of sixteen+", ("--scopes", "read write", "--grace", "10s"))
CLIENTS = [PUBLIC, STRICT, MACHINE, CONFIDENTIAL, BOSS]
ALGORITHMS = ("ES256", "EdDSA", "RS256", "PS256")


@pytest.fixture(scope="module")
def bound(serve):
    return serve("", [ALICE], CLIENTS)


@pytest.fixture(scope="module")
def asking(serve):
    """A server that asks for nonces."""
    return serve("dpop: { nonce: true }", [ALICE], CLIENTS)


def claims_for(uri: str, access_token: str | None) -> dict:
    claims = {"jti": identifier(), "htm": "GET" if access_token else "POST", "htu": uri, "iat": int(time.time())}
    return claims | ({"ath": digest(access_token)} if access_token else {})


class ByJoserfc:
    def __init__(self, algorithm: str):
        self.algorithm = algorithm
        kinds = {"ES256": lambda: joserfc_jwk.ECKey.generate_key("P-256"), "EdDSA": lambda: joserfc_jwk.OKPKey.generate_key("Ed25519")}
        self.key = kinds.get(algorithm, lambda: joserfc_jwk.RSAKey.generate_key(2048))()

    def proof(self, uri: str, access_token: str | None = None) -> str:
        header = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.key.as_dict(private=False)}
        return joserfc_jwt.encode(header, claims_for(uri, access_token), self.key, algorithms=[self.algorithm])


class ByAuthlib:
    def __init__(self, algorithm: str):
        self.algorithm = algorithm
        kind = {"ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}.get(algorithm, ("RSA", 2048))
        self.key = JsonWebKey.generate_key(*kind, is_private=True)

    def proof(self, uri: str, access_token: str | None = None) -> str:
        header = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.key.as_dict(is_private=False)}
        return JsonWebToken([self.algorithm]).encode(header, claims_for(uri, access_token), self.key).decode()


class ByJwcrypto:
    def __init__(self, algorithm: str):
        self.algorithm = algorithm
        kind = {"ES256": {"kty": "EC", "crv": "P-256"}, "EdDSA": {"kty": "OKP", "crv": "Ed25519"}}
        self.key = jwcrypto.jwk.JWK.generate(**kind.get(algorithm, {"kty": "RSA", "size": 2048}))

    def proof(self, uri: str, access_token: str | None = None) -> str:
        header = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.key.export_public(as_dict=True)}
        token = jwcrypto.jwt.JWT(header=header, claims=claims_for(uri, access_token), algs=[self.algorithm])
        token.make_signed_token(self.key)
        return token.serialize()


class ByPyJWT:
    def __init__(self, algorithm: str):
        self.algorithm, self.signer = algorithm, Signer.make(algorithm)

    def proof(self, uri: str, access_token: str | None = None) -> str:
        headers = {"typ": "dpop+jwt", "jwk": self.signer.public}
        return pyjwt.encode(claims_for(uri, access_token), self.signer.key.material, self.algorithm, headers=headers)


LIBRARIES = (ByJoserfc, ByAuthlib, ByJwcrypto, ByPyJWT)


def log_in(server, proofs: list[str], client: Client = PUBLIC):
    form = {"grant_type": "password", "username": ALICE.name, "password": ALICE.password, "client_id": client.id}
    return send(server.port, "POST", "/token", [("DPoP", proof) for proof in proofs], form)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("library", LIBRARIES, ids=lambda kind: kind.__name__)
def test_proofs_of_other_libraries_are_accepted_for_a_session_and_for_its_tokens(bound, library, algorithm):
    maker = library(algorithm)
    first = log_in(bound, [maker.proof(f"{bound.url}/token")])
    assert first.status == 200 and first.json["token_type"] == "DPoP", first.body
    form = {"grant_type": "refresh_token", "refresh_token": first.json["refresh_token"], "client_id": PUBLIC.id}
    second = send(bound.port, "POST", "/token", [("DPoP", maker.proof(f"{bound.url}/token"))], form)
    assert second.status == 200 and second.json["token_type"] == "DPoP", second.body
    token = second.json["access_token"]
    headers = [("Authorization", f"DPoP {token}"), ("DPoP", maker.proof(f"{bound.url}/me", token))]
    me = send(bound.port, "GET", "/me", headers)
    assert me.status == 200 and me.json["subject"] == ALICE.name, me.body


def test_the_key_is_named_in_the_token_and_in_introspection_as_other_libraries_compute_it(bound):
    session = BoundSession(bound.port, ALICE, PUBLIC)
    key = joserfc_jwk.ECKey.import_key(session.signer.public)
    claims = json.loads(unb64(session.tokens["access_token"].split(".")[1]))
    assert claims["cnf"] == {"jkt": key.thumbprint()} == {"jkt": session.signer.thumbprint}
    shown = bound.request("POST", "/introspect", form={"token": session.tokens["access_token"]}, client=BOSS).json
    assert shown["token_type"] == "DPoP" and shown["cnf"] == {"jkt": session.signer.thumbprint}


@pytest.mark.parametrize("name", ["bound", "asking"])
def test_a_client_that_has_dpop_of_its_own_logs_in_refreshes_and_calls_a_resource(name, request):
    server = request.getfixturevalue(name)
    client = OAuth2Client(
        token_endpoint=f"{server.url}/token", client_id=STRICT.id, auth=None, dpop_bound_access_tokens=True, testing=True
    )
    token = client.resource_owner_password(ALICE.name, ALICE.password, dpop=True)
    assert isinstance(token, DPoPToken), token
    again = client.refresh_token(token)
    assert isinstance(again, DPoPToken) and again.dpop_key is token.dpop_key
    answer = requests.get(f"{server.url}/me", auth=again, timeout=20)
    assert answer.status_code == 200 and answer.json()["subject"] == ALICE.name, answer.text


def test_a_machine_gets_a_token_of_its_own_that_is_bound(bound):
    signer = Signer.make("EdDSA")
    headers = [("Authorization", MACHINE.basic), ("DPoP", signer.proof("POST", f"{bound.url}/token"))]
    answer = send(bound.port, "POST", "/token", headers, {"grant_type": "client_credentials"})
    assert answer.status == 200 and answer.json["token_type"] == "DPoP", answer.body


def test_a_public_client_that_lost_a_reply_gets_the_identical_pair_with_a_new_proof(bound):
    session = BoundSession(bound.port, ALICE, PUBLIC)
    before = session.tokens
    first = session.refresh_rightly(bound.port)
    session.tokens = before
    again = session.refresh_rightly(bound.port)
    assert first.status == again.status == 200 and first.body == again.body


def test_a_stolen_refresh_token_is_good_for_nobody_without_the_key_and_the_session_lives(bound):
    session = BoundSession(bound.port, ALICE, PUBLIC)
    thief = Signer.make()
    for proofs in ([], [thief.proof("POST", f"{bound.url}/token")]):
        refused = session.refresh(bound.port, proofs)
        assert refused.status == 400 and refused.error == "invalid_grant", refused.body
    assert session.get(bound.port, "/me", [thief.proof("GET", f"{bound.url}/me", session.tokens["access_token"])]).status == 401
    assert session.get(bound.port, "/me", [], scheme="Bearer").status == 401
    assert session.refresh_rightly(bound.port).status == 200


def test_a_confidential_client_may_change_its_key_and_a_retry_may_not(bound):
    first, second = Signer.make(), Signer.make()

    def post(form: dict, signer: Signer):
        headers = [("Authorization", CONFIDENTIAL.basic), ("DPoP", signer.proof("POST", f"{bound.url}/token"))]
        return send(bound.port, "POST", "/token", headers, form)

    opened = post({"grant_type": "password", "username": ALICE.name, "password": ALICE.password}, first).json
    form = {"grant_type": "refresh_token", "refresh_token": opened["refresh_token"]}
    rotated = post(form, second)
    assert rotated.status == 200
    assert post(form, first).error == "invalid_grant"
    assert post(form, second).body == rotated.body


def test_a_client_whose_account_asks_for_proofs_gets_nothing_without(bound):
    refused = log_in(bound, [], STRICT)
    assert refused.status == 400 and refused.error == "invalid_dpop_proof"


def test_sessions_show_their_key_and_clients_that_they_need_one(bound):
    session = BoundSession(bound.port, ALICE, PUBLIC)
    sid = json.loads(unb64(session.tokens["access_token"].split(".")[1]))["sid"]
    shown = json.loads(bound.command("sessions", "show", sid, "--json").stdout)["session"]
    assert shown["cnf"] == {"jkt": session.signer.thumbprint}
    listed = [json.loads(line) for line in bound.command("clients", "list", "--json").stdout.splitlines()]
    assert {row["id"]: row.get("dpop") for row in listed}[STRICT.id] == "required"


def test_a_proxy_names_the_request_at_auth(bound):
    session = BoundSession(bound.port, ALICE, PUBLIC)
    named = (("X-Forwarded-Method", "PUT"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "api.example"), ("X-Forwarded-Uri", "/a?b=c"))
    token = session.tokens["access_token"]
    right = session.signer.proof("PUT", "https://api.example/a", token)
    assert session.get(bound.port, "/auth", [right], headers=named).status == 204
    assert session.get(bound.port, "/auth", [right], headers=named).status == 401
    assert session.get(bound.port, "/auth", [session.signer.proof("PUT", "https://api.example/b", token)], headers=named).status == 401
    assert session.get(bound.port, "/auth", [session.signer.proof("GET", f"{bound.url}/auth", token)]).status == 204


def test_the_example_of_the_standard_is_right_in_all_but_its_time(serve):
    """RFC 9449, figure 2, behind a proxy that says that it is server.example.com: form, key, signature, method and URI are right."""
    server = serve("http: { trustProxy: true }", [ALICE], CLIENTS)
    example = (
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpm"
        "X09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2Vy"
        "dmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
    )
    form = {"grant_type": "password", "username": ALICE.name, "password": ALICE.password, "client_id": PUBLIC.id}
    for host, said in (("server.example.com", "made too long ago"), ("other.example.com", "htu")):
        headers = [("DPoP", example), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", host)]
        refused = send(server.port, "POST", "/token", headers, form)
        assert refused.status == 400 and refused.error == "invalid_dpop_proof", refused.body
        assert said in refused.json["error_description"], refused.body


def test_the_metadata_names_the_algorithms(bound):
    metadata = bound.request("GET", "/.well-known/oauth-authorization-server").json
    assert metadata["dpop_signing_alg_values_supported"] == list(ALGORITHMS)


def test_a_nonce_is_asked_for_given_and_good_for_the_next_request(asking):
    signer = Signer.make()
    asked = log_in(asking, [signer.proof("POST", f"{asking.url}/token")])
    assert asked.status == 400 and asked.error == "use_dpop_nonce"
    nonce = asked.headers["DPoP-Nonce"]
    session = BoundSession(asking.port, ALICE, PUBLIC, signer, nonce)
    token = session.tokens["access_token"]
    asked = session.get(asking.port, "/me", [signer.proof("GET", f"{asking.url}/me", token)])
    assert asked.status == 401 and asked.headers["WWW-Authenticate"].startswith('DPoP error="use_dpop_nonce"')
    nonce = asked.headers["DPoP-Nonce"]
    answer = session.get(asking.port, "/me", [signer.proof("GET", f"{asking.url}/me", token, nonce)])
    assert answer.status == 200 and answer.headers["DPoP-Nonce"]
    assert session.refresh_rightly(asking.port, answer.headers["DPoP-Nonce"]).status == 200


def test_the_program_in_the_document_runs_as_it_stands(bound):
    text = (ROOT / "docs/http.md").read_text().partition("## Tokens that are bound to a key")[2]
    program = text.partition("```python\n")[2].partition("```")[0]
    names = {"URL": bound.url, "CLIENT": PUBLIC.id, "USER": ALICE.name, "PASSWORD": ALICE.password}
    exec(compile(program, "docs/http.md", "exec"), names)  # noqa: S102
    assert names["tokens"]["token_type"] == "DPoP" and names["caller"]["subject"] == ALICE.name
