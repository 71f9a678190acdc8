"""Bad proofs, each different from a good one in one thing. Each is a function of a signer and the URI, and gives the values of the headers `DPoP`."""

import json
import time
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from forge import P256_ORDER, Key, b64, unb64
from proofs import Signer, identifier

Bad = Callable[[Signer, str], list[str]]


def claims(change: dict | None = None, without: str | None = None) -> Bad:
    def make(signer: Signer, uri: str) -> list[str]:
        made = signer.claims("POST", uri) | (change or {})
        made.pop(without, None)
        return [signer.signed(signer.header(), made)]

    return make


def header(change: dict | None = None, without: str | None = None) -> Bad:
    def make(signer: Signer, uri: str) -> list[str]:
        made = signer.header() | (change or {})
        made.pop(without, None)
        return [signer.signed(made, signer.claims("POST", uri))]

    return make


def jwk(change: Callable[[Signer], dict | str | list]) -> Bad:
    return lambda signer, uri: [signer.signed(signer.header() | {"jwk": change(signer)}, signer.claims("POST", uri))]


def text(change: Callable[[str], str]) -> Bad:
    return lambda signer, uri: [change(signer.proof("POST", uri))]


def raw(header_text: Callable[[str], str | bytes] = lambda text: text, claims_text: Callable[[str], str | bytes] = lambda text: text) -> Bad:
    return lambda signer, uri: [
        signer.signed(header_text(json.dumps(signer.header())), claims_text(json.dumps(signer.claims("POST", uri))))
    ]


def target(change: Callable[[str], str]) -> Bad:
    return lambda signer, uri: [signer.signed(signer.header(), signer.claims("POST", change(uri)))]


def at(seconds: float) -> Bad:
    return lambda signer, uri: [signer.signed(signer.header(), signer.claims("POST", uri) | {"iat": int(time.time() + seconds)})]


def by_other(algorithm: str, named: str | None = None, bits: int = 2048) -> Bad:
    """A key of another kind, under its own name or another."""

    def make(_: Signer, uri: str) -> list[str]:
        other = Signer.make(algorithm, bits)
        return [other.signed(other.header() | ({"alg": named} if named else {}), other.claims("POST", uri))]

    return make


def signature(change: Callable[[bytes], bytes]) -> Bad:
    def make(signer: Signer, uri: str) -> list[str]:
        head, body, signed = signer.proof("POST", uri).split(".")
        return [f"{head}.{body}.{b64(change(unb64(signed)))}"]

    return make


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def other_key_in_header(signer: Signer, uri: str) -> list[str]:
    return [signer.signed(signer.header() | {"jwk": Signer.make().public}, signer.claims("POST", uri))]


def der(signer: Signer, uri: str) -> list[str]:
    head, body, _ = signer.proof("POST", uri).split(".")
    return [f"{head}.{body}.{b64(signer.key.material.sign(f'{head}.{body}'.encode(), ec.ECDSA(hashes.SHA256())))}"]


def secret_key(signer: Signer, uri: str) -> list[str]:
    other = Signer(Key.make("HS256", None))
    return [other.signed({"typ": "dpop+jwt", "alg": "HS256", "jwk": {"kty": "oct", "k": b64(other.key.material)}}, signer.claims("POST", uri))]


def signed_by_public_key(signer: Signer, uri: str) -> list[str]:
    """The old trick: the public key as the secret of an HMAC."""
    import hmac

    text = f"{b64(json.dumps(signer.header() | {'alg': 'HS256'}).encode())}.{b64(json.dumps(signer.claims('POST', uri)).encode())}"
    return [f"{text}.{b64(hmac.digest(unb64(signer.public['x']), text.encode(), 'sha256'))}"]


def replaced_path(uri: str, path: str) -> str:
    return uri[: uri.rindex("/")] + path


FORMS: dict[str, Bad] = {
    "empty": lambda signer, uri: [""],
    "no JWS": lambda signer, uri: ["proof"],
    "two parts": text(lambda proof: proof.rpartition(".")[0]),
    "four parts": text(lambda proof: proof + ".AAAA"),
    "an empty signature": text(lambda proof: proof.rpartition(".")[0] + "."),
    "padding": text(lambda proof: proof + "=="),
    "a space in it": text(lambda proof: proof.replace(".", ". ", 1)),
    "a character of plain base64": text(lambda proof: proof[:-5] + "+" + proof[-4:]),
    "quoted": text(lambda proof: f'"{proof}"'),
    "the scheme before it": text(lambda proof: f"DPoP {proof}"),
    "two headers": lambda signer, uri: [signer.proof("POST", uri), signer.proof("POST", uri)],
    "the same twice": lambda signer, uri: [signer.proof("POST", uri)] * 2,
    "a good and an empty header": lambda signer, uri: [signer.proof("POST", uri), ""],
    "two in one header": lambda signer, uri: [f"{signer.proof('POST', uri)}, {signer.proof('POST', uri)}"],
    "huge claims": claims({"x": "x" * 5000}),
    "a huge header": header({"x": "x" * 5000}),
    "deep claims": raw(claims_text=lambda text: text[:-1] + f', "x": {nested(900)}}}'),
    "a deep header": raw(header_text=lambda text: text[:-1] + f', "x": {nested(900)}}}'),
    "claims that are no JSON": raw(claims_text=lambda text: text[:-1]),
    "claims in an array": raw(claims_text=lambda text: f"[{text}]"),
    "a header that is no JSON": raw(header_text=lambda text: text + "}"),
    "a claim twice": raw(claims_text=lambda text: text[:-1] + ', "htm": "POST"}'),
    "a key twice": raw(header_text=lambda text: text[:-1] + ', "jwk": {}}'),
    "a mark of byte order": raw(claims_text=lambda text: b"\xef\xbb\xbf" + text.encode()),
    "claims in latin-1": raw(claims_text=lambda text: text.encode()[:-1] + b', "x": "\xe9"}'),
}
HEADERS: dict[str, Bad] = {
    "no type": header(without="typ"),
    "the type of a token": header({"typ": "JWT"}),
    "the type in capitals": header({"typ": "DPOP+JWT"}),
    "the type with its tree": header({"typ": "application/dpop+jwt"}),
    "no algorithm": header(without="alg"),
    "the algorithm none": header({"alg": "none"}),
    "the algorithm none, unsigned": lambda signer, uri: [
        f"{b64(json.dumps(signer.header() | {'alg': 'none'}).encode())}.{b64(json.dumps(signer.claims('POST', uri)).encode())}."
    ],
    "another algorithm of the curve": header({"alg": "ES384"}),
    "an algorithm in small letters": header({"alg": "es256"}),
    "the algorithm of another kind of key": header({"alg": "RS256"}),
    "a secret key": secret_key,
    "a public key as a secret": signed_by_public_key,
    "a critical extension": header({"crit": ["exp"], "exp": 1}),
    "an unencoded payload": header({"b64": False}),
    "no key": header(without="jwk"),
    "a key that is a text": jwk(lambda signer: json.dumps(signer.public)),
    "a list of keys": jwk(lambda signer: [signer.public]),
    "a private key": jwk(lambda signer: signer.public | {"d": b64(signer.key.material.private_numbers().private_value.to_bytes(32, "big"))}),
    "a member of private RSA keys": jwk(lambda signer: signer.public | {"dp": "AA"}),
    "a key without a coordinate": jwk(lambda signer: {name: value for name, value in signer.public.items() if name != "y"}),
    "a key of another curve": jwk(lambda signer: signer.public | {"crv": "P-384"}),
    "a key of another type": jwk(lambda signer: signer.public | {"kty": "OKP"}),
    "a point that is not on the curve": jwk(lambda signer: signer.public | {"y": b64(bytes(32))}),
    "a coordinate with a leading zero": jwk(lambda signer: signer.public | {"x": b64(b"\0" + unb64(signer.public["x"]))}),
    "a key for encryption": jwk(lambda signer: signer.public | {"use": "enc"}),
    "a key for other operations": jwk(lambda signer: signer.public | {"key_ops": ["sign"]}),
    "a key for another algorithm": jwk(lambda signer: signer.public | {"alg": "ES384"}),
    "a short RSA key": by_other("RS256", bits=1024),
    "an RSA key under another name": by_other("RS256", "PS256"),
}
SIGNATURES: dict[str, Bad] = {
    "another key in the header": other_key_in_header,
    "a changed signature": signature(lambda signed: bytes([signed[0] ^ 1]) + signed[1:]),
    "a short signature": signature(lambda signed: signed[:-1]),
    "a long signature": signature(lambda signed: signed + b"\0"),
    "a signature of zeroes": signature(lambda signed: bytes(64)),
    "a signature with s of the order": signature(lambda signed: signed[:32] + P256_ORDER.to_bytes(32, "big")),
    "a signature in DER": der,
}
CLAIMS: dict[str, Bad] = {
    "no identifier": claims(without="jti"),
    "an identifier that is a number": claims({"jti": 1}),
    "an empty identifier": claims({"jti": ""}),
    "an identifier of 257 bytes": claims({"jti": "x" * 257}),
    "no method": claims(without="htm"),
    "another method": claims({"htm": "GET"}),
    "the method in small letters": claims({"htm": "post"}),
    "no URI": claims(without="htu"),
    "a URI that is a list": claims({"htu": ["x"]}),
    "another scheme": target(lambda uri: uri.replace("http:", "https:")),
    "another port": target(lambda uri: replaced_path(uri, "").rpartition(":")[0] + ":1/token"),
    "no port": target(lambda uri: "http://127.0.0.1/token"),
    "another name of the host": target(lambda uri: uri.replace("127.0.0.1", "localhost")),
    "another path": target(lambda uri: replaced_path(uri, "/me")),
    "the path in capitals": target(lambda uri: replaced_path(uri, "/Token")),
    "a slash after the path": target(lambda uri: uri + "/"),
    "two slashes for one": target(lambda uri: replaced_path(uri, "//token")),
    "no path": target(lambda uri: replaced_path(uri, "")),
    "the path alone": target(lambda uri: "/token"),
    "dots in the path": target(lambda uri: replaced_path(uri, "/x/../token")),
    "an encoded slash": target(lambda uri: replaced_path(uri, "/%2Ftoken")),
    "a user in the URI": target(lambda uri: uri.replace("//", "//ann@")),
    "a space after the URI": target(lambda uri: uri + " "),
    "an empty URI": target(lambda uri: ""),
    "no time": claims(without="iat"),
    "a time that is a text": claims({"iat": str(int(time.time()))}),
    "a time with a fraction": claims({"iat": time.time() + 0.5}),
    "a time in milliseconds": claims({"iat": int(time.time() * 1000)}),
    "a time before 1970": claims({"iat": -1}),
    "a time that no clock shows": claims({"iat": 10**30}),
    "an old time": at(-70),
    "a future time": at(60),
    "a nonce that is a number": claims({"nonce": 1}),
}
ALL: dict[str, Bad] = FORMS | HEADERS | SIGNATURES | CLAIMS
SAME_URI: dict[str, Callable[[str], str]] = {
    "capitals in the scheme": lambda uri: uri.replace("http:", "HTTP:"),
    "an encoded letter": lambda uri: replaced_path(uri, "/%74oken"),
    "a query": lambda uri: uri + "?x=1",
    "a fragment": lambda uri: uri + "#x",
}
__all__ = ["ALL", "SAME_URI", "identifier"]
