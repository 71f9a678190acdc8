"""Our access tokens, of each algorithm, as other libraries verify them: by the JWK Set that the server publishes, or for HS256 by
the secret in the data folder.
"""

import json
import time

import jwt
import pytest
from authlib.jose import JsonWebKey as AuthlibKeys
from authlib.jose import JsonWebToken as AuthlibToken
from authlib.jose.errors import JoseError as AuthlibError
from joserfc import jwt as joserfc_jwt
from joserfc.errors import JoseError as JoserfcError
from joserfc.jwk import KeySet
from jwcrypto.common import JWException
from jwcrypto.jwk import JWKSet
from jwcrypto.jwt import JWT

from accounts import ALICE, BOSS, PUBLIC
from forge import ALGORITHMS, b64, unb64
from server import command

AUDIENCE = "https://api.example"


@pytest.fixture(scope="module")
def servers(serve):
    return {
        algorithm: serve(f'tokens: {{ algorithm: {algorithm}, audience: "{AUDIENCE}" }}', [ALICE], [BOSS, PUBLIC])
        for algorithm in ALGORITHMS
    }


@pytest.fixture
def server(servers, algorithm):
    return servers[algorithm]


def key_set(server, algorithm: str) -> dict:
    """What a resource server is given: public keys, or the shared secret."""
    if algorithm == "HS256":
        secrets = json.loads((server.data / "keys" / "access.json").read_text())["keys"]
        return {"keys": [{name: key[name] for name in ("kty", "k", "kid", "alg", "use")} for key in secrets]}
    return server.request("GET", "/.well-known/jwks.json").json


def by_joserfc(token, keys, algorithm, issuer):
    decoded = joserfc_jwt.decode(token, KeySet.import_key_set(keys), algorithms=[algorithm])
    checks = joserfc_jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": issuer}, aud={"essential": True, "value": AUDIENCE}, exp={"essential": True}
    )
    checks.validate(decoded.claims)
    return decoded.header, decoded.claims


def by_pyjwt(token, keys, algorithm, issuer):
    header = jwt.get_unverified_header(token)
    key = next(each for each in jwt.PyJWKSet.from_dict(keys).keys if each.key_id == header["kid"])
    required = {"require": ["exp", "iat", "iss", "aud", "sub", "jti"]}
    return header, jwt.decode(token, key, algorithms=[algorithm], issuer=issuer, audience=AUDIENCE, options=required)


def by_jwcrypto(token, keys, algorithm, issuer):
    checks = {"iss": issuer, "aud": AUDIENCE, "exp": None, "sub": None}
    verified = JWT(jwt=token, key=JWKSet.from_json(json.dumps(keys)), algs=[algorithm], check_claims=checks)
    return json.loads(verified.header), json.loads(verified.claims)


def by_authlib(token, keys, algorithm, issuer):
    checks = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": AUDIENCE}}
    claims = AuthlibToken([algorithm]).decode(token, AuthlibKeys.import_key_set(keys), claims_options=checks)
    claims.validate()
    return claims.header, dict(claims)


VERIFIERS = {"joserfc": by_joserfc, "PyJWT": by_pyjwt, "jwcrypto": by_jwcrypto, "Authlib": by_authlib}
REFUSALS = (JoserfcError, jwt.PyJWTError, JWException, AuthlibError, ValueError)


@pytest.mark.parametrize("verifier", VERIFIERS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_access_token_is_verified_by_a_library(verifier, algorithm, server):
    tokens = server.open_session(ALICE.name, BOSS, PUBLIC, scope="read")
    header, claims = VERIFIERS[verifier](tokens["access_token"], key_set(server, algorithm), algorithm, server.issuer)
    assert (header["alg"], header["typ"]) == (algorithm, "at+jwt")
    assert (claims["sub"], claims["client_id"], claims["scope"]) == ("alice", "app", "read")
    assert claims["exp"] - claims["iat"] == 900 and abs(claims["iat"] - time.time()) < 5
    # RFC 9068 §2.2, and the session.
    assert set(claims) == {"iss", "sub", "aud", "client_id", "scope", "iat", "exp", "jti", "sid"}
    assert claims["jti"].startswith(claims["sid"])


@pytest.mark.parametrize("verifier", VERIFIERS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_that_was_changed_or_is_for_others_is_refused_by_a_library(verifier, algorithm, server):
    token = server.open_session(ALICE.name, BOSS, PUBLIC)["access_token"]
    head, payload, signature = token.split(".")
    changed = ".".join([head, b64(unb64(payload).replace(b"alice", b"admin")), signature])
    keys = key_set(server, algorithm)
    with pytest.raises(REFUSALS):
        VERIFIERS[verifier](changed, keys, algorithm, server.issuer)
    with pytest.raises(REFUSALS):
        VERIFIERS[verifier](token, keys, algorithm, "https://another.example")


@pytest.mark.parametrize("verifier", VERIFIERS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_library_takes_a_refresh_token_by_the_keys_of_access_tokens(verifier, algorithm, server):
    token = server.open_session(ALICE.name, BOSS, PUBLIC)["refresh_token"]
    with pytest.raises((*REFUSALS, StopIteration)):
        VERIFIERS[verifier](token, key_set(server, algorithm), "HS256", server.issuer)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_our_own_command_verifies_what_our_server_issues(algorithm, server, tmp_path):
    token = server.open_session(ALICE.name, BOSS, PUBLIC)["access_token"]
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(key_set(server, algorithm)))
    option = "--secret-file" if algorithm == "HS256" else "--jwks"
    done = command("token", "verify", option, str(path), "--iss", server.issuer, "--aud", AUDIENCE, "-", text=token)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["sub"] == "alice"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_key_set_holds_public_halves_alone(algorithm, server):
    keys = server.request("GET", "/.well-known/jwks.json").json["keys"]
    assert (keys == []) == (algorithm == "HS256")
    for key in keys:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k", "state"} & set(key)
        assert (key["alg"], key["use"]) == (algorithm, "sig")


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256", "PS256"])
def test_a_client_that_fetches_the_key_set_by_its_address_follows_a_rotation(algorithm, serve):
    server = serve(f"tokens: {{ algorithm: {algorithm} }}", [ALICE], [BOSS, PUBLIC])
    metadata = server.request("GET", "/.well-known/oauth-authorization-server").json
    fetching = jwt.PyJWKClient(metadata["jwks_uri"])

    def kid() -> str:
        token = server.open_session(ALICE.name, BOSS, PUBLIC)["access_token"]
        key = fetching.get_signing_key_from_jwt(token)
        assert jwt.decode(token, key, algorithms=[algorithm], issuer=metadata["issuer"], audience=metadata["issuer"])["sub"] == "alice"
        return key.key_id

    first = kid()
    known = {key.key_id for key in fetching.get_signing_keys()}
    assert server.command("keys", "rotate").returncode == 0
    deadline = time.monotonic() + 10
    while (second := kid()) == first:
        assert time.monotonic() < deadline, "the server goes on with the key before"
        time.sleep(0.05)
    # The next key was published before it signed: no verifier met a key that it did not know.
    assert second in known
    server.stop()


@pytest.mark.parametrize(("before", "after"), [("HS256", "ES256"), ("RS256", "EdDSA")])
def test_tokens_of_two_algorithms_live_side_by_side(before, after, serve):
    server = serve(f'tokens: {{ algorithm: {before}, audience: "{AUDIENCE}" }}', [ALICE], [BOSS, PUBLIC])
    old = server.open_session(ALICE.name, BOSS, PUBLIC)["access_token"]
    for _ in range(2):
        assert server.command("keys", "rotate", "--alg", after).returncode == 0
    deadline = time.monotonic() + 10
    while jwt.get_unverified_header(new := server.open_session(ALICE.name, BOSS, PUBLIC)["access_token"])["alg"] != after:
        assert time.monotonic() < deadline, "the server goes on with the key before"
        time.sleep(0.05)
    for token in (old, new):
        assert server.request("GET", "/me", bearer=token).status == 200
    for verify in VERIFIERS.values():
        assert verify(new, key_set(server, after), after, server.issuer)[1]["sub"] == "alice"
    server.stop()
