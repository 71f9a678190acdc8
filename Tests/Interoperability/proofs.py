"""Makes DPoP proofs (RFC 9449 §4.2), good ones and such as no library would make, and sends requests with any number of them."""

import hashlib
import http.client
import itertools
import json
import time
import urllib.parse
from dataclasses import dataclass

from forge import Key, b64

numbers = itertools.count(1)


def identifier() -> str:
    """Another `jti` each time, in this run and in every other."""
    return f"{time.time_ns()}-{next(numbers)}"


def digest(access_token: str) -> str:
    """The `ath` of a token (RFC 9449 §4.2)."""
    return b64(hashlib.sha256(access_token.encode()).digest())


@dataclass(frozen=True)
class Signer:
    """A key, and the proofs that it makes."""

    key: Key

    @classmethod
    def make(cls, algorithm: str = "ES256", bits: int = 2048) -> "Signer":
        return cls(Key.make(algorithm, None, bits))

    @property
    def public(self) -> dict:
        """The public key with its required members alone."""
        jwk = self.key.jwk
        return {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in jwk}

    @property
    def thumbprint(self) -> str:
        """RFC 7638 §3."""
        return b64(hashlib.sha256(json.dumps(self.public, sort_keys=True, separators=(",", ":")).encode()).digest())

    def header(self) -> dict:
        return {"typ": "dpop+jwt", "alg": self.key.algorithm, "jwk": self.public}

    def claims(self, method: str, uri: str, access_token: str | None = None, nonce: str | None = None) -> dict:
        claims = {"jti": identifier(), "htm": method, "htu": uri, "iat": int(time.time())}
        if access_token is not None:
            claims["ath"] = digest(access_token)
        if nonce is not None:
            claims["nonce"] = nonce
        return claims

    def signed(self, header: dict | str | bytes, claims: dict | str | bytes) -> str:
        parts = [json.dumps(part) if isinstance(part, dict) else part for part in (header, claims)]
        text = ".".join(b64(part.encode() if isinstance(part, str) else part) for part in parts)
        return f"{text}.{b64(self.key.sign(text.encode()))}"

    def proof(self, method: str, uri: str, access_token: str | None = None, nonce: str | None = None) -> str:
        return self.signed(self.header(), self.claims(method, uri, access_token, nonce))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body or b"{}")

    @property
    def error(self) -> str | None:
        return self.json.get("error")


def send(port: int, method: str, path: str, headers: list[tuple[str, str]], form: dict | None = None) -> Answer:
    """One request on a connection of its own, with each header as often as it is listed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        body = urllib.parse.urlencode(form).encode() if form is not None else b""
        if form is not None:
            connection.putheader("Content-Type", "application/x-www-form-urlencoded")
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


class BoundSession:
    """A session of a public client on one server or another, bound to a key at its log-in."""

    def __init__(self, port: int, user, client, signer: Signer | None = None, nonce: str | None = None):
        self.client, self.signer = client, signer or Signer.make()
        form = {"grant_type": "password", "username": user.name, "password": user.password}
        answer = self.token(port, form, [self.signer.proof("POST", self.uri(port), nonce=nonce)])
        assert answer.status == 200, answer.body
        self.tokens = answer.json

    @staticmethod
    def uri(port: int, path: str = "/token") -> str:
        return f"http://127.0.0.1:{port}{path}"

    def token(self, port: int, form: dict, proofs: list[str]) -> Answer:
        return send(port, "POST", "/token", [("DPoP", proof) for proof in proofs], form | {"client_id": self.client.id})

    def refresh(self, port: int, proofs: list[str]) -> Answer:
        """Presents the live refresh token with these proofs, and goes on with what is granted."""
        answer = self.token(port, {"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"]}, proofs)
        if answer.status == 200:
            self.tokens = answer.json
        return answer

    def refresh_rightly(self, port: int, nonce: str | None = None) -> Answer:
        return self.refresh(port, [self.signer.proof("POST", self.uri(port), nonce=nonce)])

    def get(self, port: int, path: str, proofs: list[str], scheme: str = "DPoP", headers: tuple = ()) -> Answer:
        authorization = ("Authorization", f"{scheme} {self.tokens['access_token']}")
        return send(port, "GET", path, [authorization, *(("DPoP", proof) for proof in proofs), *headers])
