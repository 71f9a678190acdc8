"""Tokens that are bound to a key (DPoP, RFC 9449), tried at two instances: what counts once, counts once at all of them."""

import base64
import hashlib
import itertools
import json
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from instances import command_environment
from place import Place, Settings
from programs import Failure, run

CLIENT = "proven"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_NUMBERS = itertools.count(1)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    """A key for ES256 in a file of its folder, which openssl signs with."""

    def __init__(self, folder: Path):
        self.file = folder / f"key-{next(_NUMBERS)}.pem"
        run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.file])
        lines = run(["openssl", "ec", "-in", self.file, "-pubout"]).splitlines()
        # The end of the DER is the point: its two coordinates.
        point = base64.b64decode("".join(line for line in lines if not line.startswith("-")))[-64:]
        self.public = {"kty": "EC", "crv": "P-256", "x": b64(point[:32]), "y": b64(point[32:])}

    def proof(self, method: str, uri: str, access_token: str | None = None) -> str:
        claims = {"jti": f"{time.time_ns()}-{next(_NUMBERS)}", "htm": method, "htu": uri, "iat": int(time.time())}
        if access_token is not None:
            claims["ath"] = b64(hashlib.sha256(access_token.encode()).digest())
        parts = ({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.public}, claims)
        text = ".".join(b64(json.dumps(part).encode()) for part in parts)
        return f"{text}.{b64(self.signature(text))}"

    def signature(self, text: str) -> bytes:
        """r and s, each of 32 bytes, of the two numbers in openssl's DER."""
        signed, message = self.file.with_suffix(".signature"), self.file.with_suffix(".text")
        message.write_text(text)
        run(["openssl", "dgst", "-sha256", "-sign", self.file, "-out", signed, message])
        der = signed.read_bytes()
        end = 4 + der[3]
        r, s = der[4:end], der[end + 2 : end + 2 + der[end + 1]]
        return b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in (r, s))


def ask(port: int, host: str, path: str, form: dict | None, headers: dict) -> tuple[int, dict]:
    """The answer of one instance to a request that its client sent to `host`, as the proxy before it would say."""
    body = urllib.parse.urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers | {"X-Forwarded-Host": host})
    try:
        with _OPENER.open(request, timeout=30) as reply:
            return reply.status, json.loads(reply.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def try_proofs(settings: Settings, place: Place) -> list[str]:
    """What held, in a line each. One that did not is a failure."""
    run(
        [settings.binary, "clients", "add", CLIENT, "--public", "--grace", "30s", "--dpop", "required", "--database", settings.database_url],
        seconds=120, **command_environment(settings, place))
    with tempfile.TemporaryDirectory(prefix="proofs-") as folder:
        return _try(settings, Key(Path(folder)), Key(Path(folder)))


def _try(settings: Settings, key: Key, thief: Key) -> list[str]:
    one, other = settings.instances[0], settings.instances[-1]
    host = urllib.parse.urlsplit(settings.url).netloc
    token_url, me_url = f"{settings.url}/token", f"{settings.url}/me"
    held: list[str] = []

    def require(holds: bool, what: str) -> None:
        if not holds:
            raise Failure(f"the trial found a fault: {what}")
        held.append(what)

    def token(port: int, proof: str | None, **form: str) -> tuple[int, dict]:
        return ask(port, host, "/token", form | {"client_id": CLIENT}, {} if proof is None else {"DPoP": proof})

    def refresh(port: int, presented: dict, proof: str | None) -> tuple[int, dict]:
        return token(port, proof, grant_type="refresh_token", refresh_token=presented["refresh_token"])

    status, first = token(
        one, key.proof("POST", token_url), grant_type="password", username=settings.user, password=settings.user_password)
    require(status == 200 and first["token_type"] == "DPoP", "a log-in at one instance is bound to its key")
    used = key.proof("POST", token_url)
    status, second = refresh(one, first, used)
    require(status == 200, "it is refreshed there with a proof")
    status, refused = refresh(other, second, used)
    require(status == 400 and refused["error"] == "invalid_dpop_proof", "the same proof is refused at another instance")
    status, again = refresh(other, first, key.proof("POST", token_url))
    require(status == 200 and again == second, "a lost reply is answered with the identical pair at another instance, with a new proof")
    for proof, whose in ((None, "no key"), (thief.proof("POST", token_url), "another key")):
        status, refused = refresh(other, second, proof)
        require(status == 400 and refused["error"] in ("invalid_grant", "invalid_dpop_proof"), f"the stolen token with {whose} is refused")
    access = second["access_token"]
    status, refused = ask(other, host, "/me", None, {"Authorization": f"Bearer {access}"})
    require(status == 401 and refused["error"] == "invalid_token", "a bound access token is refused as a bearer token")
    status, _ = ask(other, host, "/me", None, {"Authorization": f"DPoP {access}", "DPoP": key.proof("GET", me_url, access)})
    require(status == 200, "with a proof it is accepted at another instance")
    status, _ = refresh(one, second, key.proof("POST", token_url))
    require(status == 200, "the session lives on")
    return held
