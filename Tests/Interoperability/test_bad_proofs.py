"""Bad proofs before the real server: each is refused as what it is, consumes nothing, and leaves the session alive; and no reply repeats it."""

import pytest

from accounts import ALICE, BOSS, PUBLIC
from bad_proofs import ALL, SAME_URI
from proofs import BoundSession, Signer


@pytest.fixture(scope="module")
def bound(serve):
    return serve("", [ALICE], [PUBLIC, BOSS])


@pytest.fixture(scope="module")
def session(bound):
    return BoundSession(bound.port, ALICE, PUBLIC)


@pytest.fixture(scope="module")
def asking(serve):
    return serve("dpop: { nonce: true }", [ALICE], [PUBLIC])


def test_there_are_many():
    assert len(ALL) >= 60


@pytest.mark.parametrize("bad", ALL.values(), ids=ALL.keys())
def test_a_bad_proof_is_refused_and_consumes_nothing(bound, session, bad):
    proofs = bad(session.signer, bound.url + "/token")
    refused = session.refresh(bound.port, proofs)
    assert refused.status == 400 and refused.error == "invalid_dpop_proof", refused.body
    assert refused.headers["Cache-Control"] == "no-store"
    for proof in proofs:
        assert all(part not in refused.body.decode() for part in proof.split(".") if len(part) > 20)
    granted = session.refresh_rightly(bound.port)
    assert granted.status == 200, granted.body


@pytest.mark.parametrize("spelling", SAME_URI.values(), ids=SAME_URI.keys())
def test_another_spelling_of_the_same_uri_is_accepted(bound, session, spelling):
    granted = session.refresh(bound.port, [session.signer.proof("POST", spelling(bound.url + "/token"))])
    assert granted.status == 200, granted.body


def test_a_proof_is_good_once_at_the_token_endpoint_and_once_for_a_resource(bound, session):
    proof = session.signer.proof("POST", bound.url + "/token")
    assert session.refresh(bound.port, [proof]).status == 200
    assert session.refresh(bound.port, [proof]).error == "invalid_dpop_proof"
    token = session.tokens["access_token"]
    proof = session.signer.proof("GET", bound.url + "/me", token)
    assert session.get(bound.port, "/me", [proof]).status == 200
    assert session.get(bound.port, "/me", [proof]).status == 401
    # A refused one is not used up: nothing of it counts.
    proof = session.signer.proof("GET", bound.url + "/public", token)
    assert session.get(bound.port, "/me", [proof]).status == 401
    assert session.get(bound.port, "/public", [proof]).json["authenticated"] is True


def test_a_proof_survives_a_restart_of_the_server_as_used(serve):
    server = serve("", [ALICE], [PUBLIC])
    session = BoundSession(server.port, ALICE, PUBLIC)
    proof = session.signer.proof("POST", server.url + "/token")
    assert session.refresh(server.port, [proof]).status == 200
    server.stop()
    server.start()
    assert session.refresh(server.port, [proof]).error == "invalid_dpop_proof"
    assert session.refresh_rightly(server.port).status == 200


@pytest.mark.parametrize("fault", ["for another token", "for no token", "by another key", "for another method", "for another path", "two", "none"])
def test_a_bad_proof_beside_an_access_token_is_401_with_the_algorithms(bound, session, fault):
    token, uri = session.tokens["access_token"], bound.url + "/me"
    right = lambda: session.signer.proof("GET", uri, token)  # noqa: E731
    proofs = {
        "for another token": lambda: [session.signer.proof("GET", uri, token + "x")],
        "for no token": lambda: [session.signer.proof("GET", uri)],
        "by another key": lambda: [Signer.make().proof("GET", uri, token)],
        "for another method": lambda: [session.signer.proof("POST", uri, token)],
        "for another path": lambda: [session.signer.proof("GET", uri + "/", token)],
        "two": lambda: [right(), right()],
        "none": lambda: [],
    }[fault]()
    refused = session.get(bound.port, "/me", proofs)
    # RFC 9449 §7.1: with another key it is the token that is wrong for the request.
    error = "invalid_token" if fault == "by another key" else "invalid_dpop_proof"
    assert refused.status == 401 and refused.error == error, refused.body
    challenge = refused.headers["WWW-Authenticate"]
    assert challenge.startswith(f'DPoP error="{error}"') and challenge.endswith('algs="ES256 EdDSA RS256 PS256"')
    assert session.get(bound.port, "/me", [right()]).status == 200


@pytest.mark.parametrize("nonce", [None, "", "x", "another server's"])
def test_a_proof_without_the_nonce_of_this_server_is_asked_for_one(asking, serve, nonce):
    if nonce == "another server's":
        other = serve("dpop: { nonce: true }", [ALICE], [PUBLIC])
        nonce = other.request("GET", "/me").headers["DPoP-Nonce"]
    session = BoundSession(asking.port, ALICE, PUBLIC, nonce=asking.request("GET", "/me").headers["DPoP-Nonce"])
    refused = session.refresh_rightly(asking.port, nonce)
    assert refused.status == 400 and refused.error == "use_dpop_nonce", refused.body
    assert session.refresh_rightly(asking.port, refused.headers["DPoP-Nonce"]).status == 200
