"""Makes tokens byte by byte, good ones and such as no library would make, with keys of each algorithm."""

import base64
import hmac
import json
import os
import time
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

ISSUER = "https://issuer.example"
AUDIENCE = "https://audience.example"
ALGORITHMS = ("HS256", "ES256", "EdDSA", "RS256", "PS256")
# The order of P-256 and of Ed25519's group.
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@dataclass(frozen=True)
class Key:
    """A key that signs by one algorithm; `material` is the bytes of a secret, or a private key."""

    algorithm: str
    id: str | None
    material: object = field(repr=False)

    @classmethod
    def make(cls, algorithm: str, id: str | None, bits: int = 2048) -> "Key":
        match algorithm:
            case "HS256":
                return cls(algorithm, id, os.urandom(32))
            case "ES256":
                return cls(algorithm, id, ec.generate_private_key(ec.SECP256R1()))
            case "EdDSA":
                return cls(algorithm, id, ed25519.Ed25519PrivateKey.generate())
            case _:
                return cls(algorithm, id, rsa.generate_private_key(65537, bits))

    @classmethod
    def of_jwk(cls, jwk: dict) -> "Key":
        """The private key of a JWK."""
        algorithm, id = jwk["alg"], jwk.get("kid")
        if algorithm == "HS256":
            return cls(algorithm, id, unb64(jwk["k"]))
        if algorithm == "EdDSA":
            return cls(algorithm, id, ed25519.Ed25519PrivateKey.from_private_bytes(unb64(jwk["d"])))
        value = {name: int.from_bytes(unb64(jwk[name]), "big") for name in ("x", "y", "n", "e", "d", "p", "q") if name in jwk}
        if algorithm == "ES256":
            return cls(algorithm, id, ec.derive_private_key(value["d"], ec.SECP256R1()))
        if "p" not in value:
            value["p"], value["q"] = rsa.rsa_recover_prime_factors(value["n"], value["e"], value["d"])
        p, q, d = value["p"], value["q"], value["d"]
        numbers = rsa.RSAPrivateNumbers(
            p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q),
            rsa.RSAPublicNumbers(value["e"], value["n"]),
        )  # fmt: skip
        return cls(algorithm, id, numbers.private_key())

    def sign(self, message: bytes, algorithm: str | None = None) -> bytes:
        match algorithm or self.algorithm:
            case "HS256":
                secret = self.material if isinstance(self.material, bytes) else self.public_bytes("PEM")
                return hmac.digest(secret, message, "sha256")
            case "ES256":
                r, s = utils.decode_dss_signature(self.material.sign(message, ec.ECDSA(hashes.SHA256())))
                return r.to_bytes(32, "big") + s.to_bytes(32, "big")
            case "EdDSA":
                return self.material.sign(message)
            case "RS256":
                return self.material.sign(message, padding.PKCS1v15(), hashes.SHA256())
            case "PS256":
                return self.material.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        raise ValueError(algorithm)

    def public_bytes(self, kind: str) -> bytes:
        encoding = getattr(serialization.Encoding, kind)
        return self.material.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)

    @property
    def jwk(self) -> dict:
        """What a verifier needs: the secret of HS256, the public half of the others."""
        named = {"alg": self.algorithm, "use": "sig"} | ({"kid": self.id} if self.id is not None else {})
        if self.algorithm == "HS256":
            return {"kty": "oct", "k": b64(self.material)} | named
        public = self.material.public_key()
        if self.algorithm == "EdDSA":
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            return {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)} | named
        numbers = public.public_numbers()
        if self.algorithm == "ES256":
            x, y = (b64(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
            return {"kty": "EC", "crv": "P-256", "x": x, "y": y} | named
        return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)} | named

    @property
    def private_jwk(self) -> dict:
        """Everything, as a library that signs wants it."""
        if self.algorithm == "HS256":
            return self.jwk
        if self.algorithm == "EdDSA":
            return self.jwk | {"d": b64(self.material.private_bytes_raw())}
        numbers = self.material.private_numbers()
        if self.algorithm == "ES256":
            return self.jwk | {"d": b64(numbers.private_value.to_bytes(32, "big"))}
        members = {"d": numbers.d, "p": numbers.p, "q": numbers.q, "dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
        return self.jwk | {name: number(value) for name, value in members.items()}


@dataclass(frozen=True)
class Forge:
    """One key, with a header and claims that make a good token. Each bad token differs from `token()` in one thing."""

    key: Key
    # A key of the same algorithm that the verifier knows by another id, where it knows one.
    sibling: Key
    # What the verifier knows of the other algorithms.
    others: dict[str, Key]
    header: dict
    claims: dict

    def with_key(self, key: Key) -> "Forge":
        return replace(self, key=key)

    def token(self, header: dict | str | bytes | None = None, claims: dict | str | bytes | None = None, sign=None) -> str:
        """Signed over whatever is given: members that take the place of the good ones, or the whole text of a part.

        A member that is ... is left out. `sign` takes the signed bytes and gives the signature.
        """
        signed = f"{self._part(header, self.header)}.{self._part(claims, self.claims)}"
        return self.seal(signed, sign)

    def seal(self, signed: str, sign=None) -> str:
        return f"{signed}.{b64((sign or self.key.sign)(signed.encode()))}"

    @staticmethod
    def _part(given: dict | str | bytes | None, good: dict) -> str:
        if isinstance(given, bytes):
            return b64(given)
        if isinstance(given, str):
            return b64(given.encode())
        members = {name: value for name, value in (good | (given or {})).items() if value is not ...}
        return b64(json.dumps(members, separators=(",", ":")).encode())

    def text(self, part: str) -> str:
        """The JSON of the good header or claims, to be changed as text."""
        return json.dumps(self.header if part == "header" else self.claims, separators=(",", ":"))

    def with_member(self, part: str, member: str) -> str:
        """The JSON with `member`, such as `"exp":1e400`, at its end."""
        return self.text(part)[:-1] + "," + member + "}"

    def in_place(self, part: str, name: str, value: str) -> str:
        """The JSON whose member `name` has the text `value` for its value."""
        good = json.loads(self.text(part))
        return "{" + ",".join(f'"{each}":{value if each == name else json.dumps(good[each])}' for each in good | {name: 0}) + "}"


def make_forges() -> tuple[dict[str, Forge], dict]:
    """A forge for each algorithm, and the JWK Set of a verifier that trusts all their keys and a second one of each algorithm."""
    now = int(time.time())
    keys = {algorithm: Key.make(algorithm, f"key-{algorithm}") for algorithm in ALGORITHMS}
    siblings = {algorithm: Key.make(algorithm, f"second-{algorithm}") for algorithm in ALGORITHMS}
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": now - 10, "exp": now + 600, "jti": "one"}
    forges = {
        algorithm: Forge(
            key,
            siblings[algorithm],
            {other: keys[other] for other in ALGORITHMS if other != algorithm},
            {"alg": algorithm, "kid": key.id, "typ": "at+jwt"},
            dict(claims),
        )
        for algorithm, key in keys.items()
    }
    return forges, {"keys": [key.jwk for key in (*keys.values(), *siblings.values())]}
