"""Secrets whose characters no two clients encode alike. HTTP Basic says nothing of the encoding: RFC 6749 §2.3.1 wants the pair
form-encoded, as Go's and Apache's clients send it; curl and httpx send the bytes of UTF-8, requests and Authlib those of latin-1.
The body is form-encoded by all.

`clients add` takes printable ASCII only (RFC 6749 appendix A.2). An embedder's own store may hold any text, so that the digests of
other secrets are written into the file as such a store would have them.
"""

import base64
import hashlib
import json
import os
import subprocess
import urllib.parse

import pytest

from accounts import ALICE, BOSS, Client
from real_clients import BASIC, BODY, LIBRARIES

ASCII_SECRETS = {
    "colons": "a:secret:with:colons::",
    "percent": "100% of %41 secret%2B",
    "no escape": "%zz and %4 are no escapes %",
    "plus and space": "plus+and space + more",
    "form": "a&client_id=boss&grant_type=x#?;",
    "quotes": "quotes\"and'back\\slashes`${x}",
    "edges": "  spaces at both ends  ",
}
OTHER_SECRETS = {
    "latin-1": "ein geheimes é und ß, ganz",
    "latin-1 beside escapes": "é+ß %E9 %C3%A9 ist nicht é",
    "decomposed": "e\u0301 is two characters here",
    "beyond latin-1": "un secreto con € y Ω dentro",
    "emoji": "a secret with a \U0001f511 in it",
}
SECRETS = ASCII_SECRETS | OTHER_SECRETS
CASES = [
    pytest.param(kind, way, name, id=f"{kind.__name__}-{way}-{name}")
    for kind in LIBRARIES
    for way in kind.ways
    if way in (BASIC, BODY)
    for name in SECRETS
]


def client_named(name: str) -> Client:
    return Client(f"client of {name}", SECRETS[name])


@pytest.fixture(scope="module")
def server(serve):
    server = serve(users=[ALICE], clients=[BOSS, *map(client_named, ASCII_SECRETS)])
    path = server.data / "clients.json"
    document = json.loads(path.read_text())
    for name, secret in OTHER_SECRETS.items():
        salt = os.urandom(16)
        digest = salt + hashlib.sha256(salt + secret.encode()).digest()
        text = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        entry = {"id": client_named(name).id, "public": False, "secretDigest": f"sha256:{text}"}
        document["clients"].append(entry | {"grants": "password refresh_token"})
    replacement = path.with_name("clients.json.new")
    replacement.touch(0o600)
    replacement.write_text(json.dumps(document))
    replacement.replace(path)
    return server


@pytest.mark.parametrize(("kind", "way", "name"), CASES)
def test_a_library_refreshes_with_any_secret_that_it_can_send(kind, way, name, server):
    client = client_named(name)
    session = kind(server, client, way)
    session.resume(server.open_session(ALICE.name, BOSS, client))
    before = session.refresh_token
    try:
        session.refresh()
    except UnicodeEncodeError:
        # Authlib and requests know latin-1 only, in the header.
        assert way == BASIC and any(ord(character) > 0xFF for character in client.secret)
    else:
        assert session.refresh_token != before
    session.close()


def curl(server, client: Client, secret: str | bytes, encoded: str) -> dict:
    """One refresh by curl, which sends the bytes of `-u` as they are."""
    tokens = server.open_session(ALICE.name, BOSS, client)
    if encoded == "form":
        pair = f"{urllib.parse.quote_plus(client.id)}:{urllib.parse.quote_plus(secret)}".encode()
    elif encoded == "percent":
        pair = f"{urllib.parse.quote(client.id, safe='')}:{urllib.parse.quote(secret, safe='')}".encode()
    else:
        pair = f"{client.id}:{secret}".encode(encoded)
    # From a file: an argument is read in the locale's encoding, and seen by other users.
    quoted = pair.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    command = ["curl", "-sS", "--config", "-", "--data", "grant_type=refresh_token"]
    command += ["--data-urlencode", f"refresh_token={tokens['refresh_token']}", f"{server.url}/token"]
    done = subprocess.run(command, input=b'user = "' + quoted + b'"\n', capture_output=True, check=True, timeout=20)
    return json.loads(done.stdout)


ENCODINGS = [
    (name, encoded)
    for name, secret in SECRETS.items()
    for encoded in ("form", "percent", "utf-8", "latin-1")
    if encoded != "latin-1" or all(ord(character) <= 0xFF for character in secret)
]


@pytest.mark.parametrize(("name", "encoded"), ENCODINGS)
def test_curl_refreshes_with_any_secret_in_each_encoding(name, encoded, server):
    client = client_named(name)
    assert "access_token" in curl(server, client, client.secret, encoded)


@pytest.mark.parametrize("encoded", ["form", "utf-8"])
@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_that_differs_in_one_character_is_refused_in_each_encoding(name, encoded, server):
    client = client_named(name)
    secret = client.secret
    for wrong in (secret[:-1] + "_", secret[1:], secret + "x", secret.swapcase(), secret.encode().decode("latin-1") + "."):
        assert curl(server, client, wrong, encoded).get("error") == "invalid_client"


def test_a_secret_that_no_client_may_have_is_refused_when_the_client_is_added(server):
    for secret in (*OTHER_SECRETS.values(), "too short", "a" * 1025, "a tab \t is no printable character"):
        done = server.command("clients", "add", "other", "--secret-stdin", text=secret)
        assert done.returncode == 64
        assert done.stderr.startswith(b"error: secret must be 16 to 1024 printable ASCII characters")
        assert secret.encode() not in done.stdout + done.stderr


def test_an_id_with_a_colon_authenticates_where_the_pair_is_form_encoded(server):
    client = Client("urn:app:1+1%3A", "the secret of a colon")
    server.add_client(client)
    assert "access_token" in curl(server, client, client.secret, "form")
    # As it is, the id would end at its first colon.
    assert curl(server, client, client.secret, "utf-8")["error"] == "invalid_client"
