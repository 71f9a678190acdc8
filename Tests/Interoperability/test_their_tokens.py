"""Tokens of other libraries, and tokens that only an attacker would make, before `refresh-ledger token verify`.

A good token of the same builder is accepted, and every bad one differs from it in one thing.
"""

import json

import jwt
import pytest
from authlib.jose import JsonWebKey as AuthlibKey
from authlib.jose import JsonWebToken as AuthlibToken
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt
from jwcrypto import jwk as jwcrypto_jwk
from jwcrypto import jwt as jwcrypto_jwt

from bad_tokens import FORMAT, HEADERS, PAYLOADS, SIGNATURES, USUAL, Bad
from forge import ALGORITHMS, AUDIENCE, ISSUER, Forge, Key, b64, make_forges, unb64
from server import command

REASONS = {
    "tooLong": "the token is too long",
    "malformed": "the token is not a compact JWS: three parts of unpadded base64url, the first a JSON header",
    "header": "the header parameter {} is not accepted",
    "algorithm": "the token's algorithm is not one that the key is for",
    "unknownKey": "no key has the token's key id",
    "badSignature": "the signature does not match",
    "wrongIssuer": "the issuer is not the expected one",
    "wrongAudience": "the audience is not the expected one",
    "expired": "the token has expired",
    "notYetValid": "the token is not valid yet",
    "claims": "the claim {} is missing or not what it must be",
    "no claims": "the claims are not a strict JSON object",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    forges, keys = make_forges()
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    path.write_text(json.dumps(keys))
    return forges, path


@pytest.fixture
def forge(world, algorithm) -> Forge:
    return world[0][algorithm]


@pytest.fixture(scope="module")
def verify(world):
    def run(token: str | bytes, *options: str):
        arguments = options or ("--jwks", str(world[1]), "--iss", ISSUER, "--aud", AUDIENCE)
        return command("token", "verify", *arguments, "-", text=token)

    return run


def assert_refused(done, reason: str) -> None:
    kind, _, name = reason.partition(" of ")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"error: refused: {REASONS[kind].format(name)}\n"


def cases(bad: dict[str, Bad], *algorithms: str):
    return [
        pytest.param(algorithm, name, id=f"{algorithm}-{name}")
        for algorithm in algorithms
        for name, each in bad.items()
        if algorithm in each.algorithms
    ]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_good_token_of_the_builder_is_accepted(forge, verify):
    done = verify(forge.token())
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout) == forge.claims


@pytest.mark.parametrize(("algorithm", "name"), cases(USUAL, "HS256", "ES256"))
def test_an_unusual_token_is_accepted(forge, name, verify):
    done = verify(USUAL[name].make(forge))
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(("algorithm", "name"), cases(HEADERS, "ES256"))
def test_a_header_that_is_wrong_in_one_thing_is_refused(forge, name, verify):
    assert_refused(verify(HEADERS[name].make(forge)), HEADERS[name].reason)


@pytest.mark.parametrize(("algorithm", "name"), cases(PAYLOADS, "HS256"))
def test_claims_that_are_wrong_in_one_thing_are_refused(forge, name, verify):
    assert_refused(verify(PAYLOADS[name].make(forge)), PAYLOADS[name].reason)


@pytest.mark.parametrize(("algorithm", "name"), cases(FORMAT, "EdDSA"))
def test_a_text_that_is_no_canonical_token_is_refused(forge, name, verify):
    assert_refused(verify(FORMAT[name].make(forge)), FORMAT[name].reason)


@pytest.mark.parametrize(("algorithm", "name"), cases(SIGNATURES, *ALGORITHMS))
def test_a_signature_that_is_wrong_is_refused(forge, name, verify):
    assert_refused(verify(SIGNATURES[name].make(forge)), SIGNATURES[name].reason)


# Tokens that are no text, or no line, before any of their bytes is looked at.
@pytest.mark.parametrize("change", [b"\n\n", b"\n.", b"\xff", b"\xc0\xae", b"\xed\xa0\x80"])
@pytest.mark.parametrize("algorithm", ["HS256"])
def test_a_text_that_is_no_line_of_utf8_is_a_wrong_usage(forge, change, verify):
    token = forge.token().encode()
    for text in (token + change, token[:40] + change + token[40:]):
        done = verify(text)
        assert (done.returncode, done.stdout) == (64, b"")
        assert done.stderr.startswith(b"error: ") and done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("text", ["", "\n", "x" * 5000, "a.b.c" * 1_000, "." * 4097, "[" * 4000, "x" * 3_000_000])
def test_hostile_sizes_are_refused(text, verify):
    done = verify(text)
    assert done.returncode in (1, 64) and done.stderr.count(b"\n") == 1 and done.stderr.startswith(b"error: ")


@pytest.mark.parametrize("algorithm", ["HS256"])
def test_a_token_is_also_taken_from_the_arguments(world, forge):
    options = ("token", "verify", "--jwks", str(world[1]))
    assert command(*options, forge.token()).returncode == 0
    for text in ("-x.y.z", "--token", " ", "\N{KEY}", forge.token()[:-1], "a\nb.c.d"):
        done = command(*options, text)
        assert done.returncode in (1, 64) and done.stdout == b""


# What the keys decide


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_that_is_not_trusted_is_told_apart_by_its_id_alone(forge, verify, tmp_path):
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [forge.sibling.jwk]}))
    assert_refused(verify(forge.token(), "--jwks", str(path)), "unknownKey")
    assert_refused(verify(forge.token({"kid": ...}), "--jwks", str(path)), "badSignature")
    path.write_text(json.dumps({name: value for name, value in forge.key.jwk.items() if name not in ("kid", "alg", "use")}))
    assert verify(forge.token(), "--jwks", str(path)).returncode == 0


@pytest.mark.parametrize(("algorithm", "other"), [("RS256", "PS256"), ("PS256", "RS256")])
def test_an_rsa_key_that_is_for_one_padding_takes_no_token_of_the_other(forge, other, verify, tmp_path):
    path = tmp_path / "jwks.json"
    token = forge.token({"alg": other}, sign=lambda message: forge.key.sign(message, other))
    path.write_text(json.dumps(forge.key.jwk))
    assert_refused(verify(token, "--jwks", str(path)), "algorithm")
    # The same key, said to be for neither, takes both.
    path.write_text(json.dumps({name: value for name, value in forge.key.jwk.items() if name != "alg"}))
    assert verify(token, "--jwks", str(path)).returncode == 0
    assert verify(forge.token(), "--jwks", str(path)).returncode == 0


def bad_keys() -> dict[str, dict]:
    es, ed, small = Key.make("ES256", "k"), Key.make("EdDSA", "k"), Key.make("RS256", "k", 1024)
    rs, hs = Key.make("RS256", "k"), Key.make("HS256", "k")
    return {
        "RSA of 1024 bits": small.jwk,
        "RSA with exponent 1": rs.jwk | {"e": "AQ"},
        "RSA with an even exponent": rs.jwk | {"e": "AAQ"},
        "RSA with an even modulus": rs.jwk | {"n": rs.jwk["n"][:-1] + "A"},
        "RSA for ES256": rs.jwk | {"alg": "ES256"},
        "RSA for RS512": rs.jwk | {"alg": "RS512"},
        "P-256, off the curve": es.jwk | {"y": es.jwk["x"]},
        "P-256, zero": es.jwk | {"x": "A" * 43, "y": "A" * 43},
        "P-256, a short coordinate": es.jwk | {"x": es.jwk["x"][:-4]},
        "P-384": es.jwk | {"crv": "P-384"},
        "secp256k1": es.jwk | {"crv": "secp256k1"},
        "Ed25519, too short": ed.jwk | {"x": ed.jwk["x"][:-4]},
        "Ed25519, too long": ed.jwk | {"x": ed.jwk["x"] + "AAAA"},
        "Ed448": ed.jwk | {"crv": "Ed448"},
        "X25519": ed.jwk | {"crv": "X25519"},
        "for encryption": es.jwk | {"use": "enc"},
        "for signing alone": es.jwk | {"key_ops": ["sign"]},
        "an empty secret": hs.jwk | {"k": ""},
        "a short secret": hs.jwk | {"k": hs.jwk["k"][:20]},
        "a padded secret": hs.jwk | {"k": hs.jwk["k"] + "="},
        "a secret for none": hs.jwk | {"alg": "none"},
        "a secret for HS512": hs.jwk | {"alg": "HS512"},
        "no kty": {name: value for name, value in es.jwk.items() if name != "kty"},
        "an unknown kty": es.jwk | {"kty": "ec"},
        "a kid that is a number": es.jwk | {"kid": 1},
        "a coordinate that is a number": es.jwk | {"x": 1},
    }


BAD_KEYS = bad_keys()


@pytest.mark.parametrize("name", BAD_KEYS)
def test_a_key_that_is_not_fit_is_refused_with_the_file_and_why(name, verify, tmp_path):
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [BAD_KEYS[name]]}))
    done = verify("a.b.c", "--jwks", str(path))
    assert (done.returncode, done.stdout) == (78, b"")
    assert done.stderr.startswith(f"error: {path}: no usable key".encode()) and done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("name", BAD_KEYS)
@pytest.mark.parametrize("algorithm", ["ES256"])
def test_a_key_that_is_not_fit_does_not_spoil_the_set(forge, name, verify, tmp_path):
    """RFC 7517 §5: keys that a reader does not understand are passed over."""
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [BAD_KEYS[name], forge.key.jwk]}))
    assert verify(forge.token(), "--jwks", str(path)).returncode == 0


NO_KEY_SETS = {
    "empty": "",
    "no JSON": "-----BEGIN PUBLIC KEY-----",
    "an array": "[]",
    "no keys": '{"keys":[]}',
    "keys twice": '{"keys":[],"keys":[]}',
    "keys that is an object": '{"keys":{}}',
    "keys that are no objects": '{"keys":[1,null,"x",[]]}',
    "100,000 brackets": '{"keys":' + "[" * 100_000 + "]" * 100_000 + "}",
    "100,000 braces": '{"a":' * 40_000,
    "more than 256 KiB": '{"keys":[],"x":"' + "y" * 300_000 + '"}',
    "two keys of one kid": json.dumps({"keys": [Key.make("ES256", "k").jwk, Key.make("ES256", "k").jwk]}),
    "65 keys": json.dumps({"keys": [Key.make("HS256", f"k{n}").jwk for n in range(65)]}),
    "no UTF-8": b'{"keys":[],"x":"\xff"}',
    "NUL": b'{"keys":[]}\0',
}


@pytest.mark.parametrize("name", NO_KEY_SETS)
def test_a_file_that_is_no_key_set_is_refused_in_one_line(name, verify, tmp_path):
    path = tmp_path / "jwks.json"
    text = NO_KEY_SETS[name]
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = verify("a.b.c", "--jwks", str(path))
    assert (done.returncode, done.stdout) == (78, b"")
    assert done.stderr.startswith(f"error: {path}: ".encode()) and done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("option", ["--jwks", "--secret-file"])
def test_a_file_of_keys_that_is_not_there_is_told_so(option, verify, tmp_path):
    assert verify("a.b.c", option, str(tmp_path / "missing")).returncode == 66
    folder = verify("a.b.c", option, str(tmp_path))
    assert folder.returncode in (66, 74, 78) and folder.stderr.count(b"\n") == 1


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_public_key_is_not_taken_for_a_secret(forge, verify, tmp_path):
    for text in (forge.key.public_bytes("PEM"), json.dumps(forge.key.jwk).encode(), json.dumps({"keys": [forge.key.jwk]}).encode()):
        path = tmp_path / "secret"
        path.write_bytes(text)
        done = verify("a.b.c", "--secret-file", str(path))
        assert (done.returncode, done.stdout) == (78, b"") and done.stderr.count(b"\n") == 1


# The points of small order of Ed25519, and second spellings of them (y not below p, a sign of zero): for such a "key" there are
# signatures that are good for any text, or for one text in eight.
SMALL_ORDER = [
    "01" + "00" * 31,
    "01" + "00" * 30 + "80",
    "ec" + "ff" * 30 + "7f",
    "ec" + "ff" * 31,
    "00" * 32,
    "00" * 31 + "80",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ed" + "ff" * 30 + "7f",
    "ed" + "ff" * 31,
    "ee" + "ff" * 30 + "7f",
    "ee" + "ff" * 31,
]


@pytest.mark.parametrize("point", SMALL_ORDER)
@pytest.mark.parametrize("algorithm", ["EdDSA"])
def test_a_key_of_small_order_is_none(forge, point, verify, tmp_path):
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"kty": "OKP", "crv": "Ed25519", "x": b64(bytes.fromhex(point))}))
    # R the neutral point, S zero.
    token = forge.token({"kid": ...}, sign=lambda _: b"\x01" + bytes(63))
    done = verify(token, "--jwks", str(path))
    assert (done.returncode, done.stdout) == (78, b"")
    assert done.stderr.startswith(f"error: {path}: no usable key".encode())


# Tokens of the libraries


def by_joserfc(forge: Forge) -> str:
    key = joserfc_jwk.import_key(forge.key.private_jwk)
    return joserfc_jwt.encode(forge.header, forge.claims, key, algorithms=[forge.key.algorithm])


def by_pyjwt(forge: Forge) -> str:
    return jwt.encode(forge.claims, forge.key.material, algorithm=forge.key.algorithm, headers=forge.header)


def by_jwcrypto(forge: Forge) -> str:
    token = jwcrypto_jwt.JWT(header=forge.header, claims=forge.claims, algs=[forge.key.algorithm])
    token.make_signed_token(jwcrypto_jwk.JWK(**forge.key.private_jwk))
    return token.serialize()


def by_authlib(forge: Forge) -> str:
    key = AuthlibKey.import_key(forge.key.private_jwk)
    return AuthlibToken([forge.key.algorithm]).encode(forge.header, forge.claims, key).decode()


MAKERS = {"joserfc": by_joserfc, "PyJWT": by_pyjwt, "jwcrypto": by_jwcrypto, "Authlib": by_authlib}


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_of_a_library_is_accepted_and_not_for_another_audience(forge, maker, verify, world):
    token = MAKERS[maker](forge)
    done = verify(token)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout) == forge.claims
    assert_refused(verify(token, "--jwks", str(world[1]), "--aud", "another"), "wrongAudience")
    head, payload, signature = token.split(".")
    assert_refused(verify(f"{head}.{payload}.{signature[::-1]}"), reversed_reason(signature))


def reversed_reason(signature: str) -> str:
    """A text whose last letter carries bits that no byte has is no base64url; any other is a wrong signature."""
    text = signature[::-1]
    return "badSignature" if b64(unb64(text)) == text else "malformed"
