"""No password, secret or token gets anywhere but into the reply that hands it out: through every path, in every form that text has."""

import base64
import json
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
import server as server_module
from accounts import Client, User
from hostile.canary import Canaries, new_secret
from hostile.raw import exchange
from proofs import Signer
from server import Reply, Server, command

# A scene is more than ten thousand requests, and the first test on it waits for all of them.
pytestmark = pytest.mark.timeout(600)

FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
JSON_TYPE = {"Content-Type": "application/json"}
GRANTING = ("/token", "/admin/sessions", "/admin/one-time-tokens")


class Scene:
    """A server at log level trace whose accounts are canaries, and all that it answered."""

    def __init__(self, folder: Path, wire: str):
        self.canaries = Canaries()
        self.user = User("alice", self.secret("password"))
        self.disabled = User("mallory", self.secret("password of the disabled"))
        self.client = Client("web", self.secret("client secret"), ("--grants", "password refresh_token client_credentials"))
        self.admin = Client("boss", self.secret("admin secret"), ("--admin", "--introspect"))
        self.public = Client("app")
        self.wire = wire
        self.said: list[tuple[str, bytes]] = []
        self.server = Server(
            folder, (self.user, self.disabled), (self.client, self.admin, self.public), f"wire: {wire}\nlimits: {{ loginPerMinute: 0 }}\n"
        )
        self.run("users", "disable", "mallory")

    def secret(self, name: str) -> str:
        secret = new_secret(name)
        self.canaries.add_secret(name, secret)
        return secret

    def token(self, name: str, token: str) -> str:
        self.canaries.add_token(name, token)
        return token

    def run(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[bytes]:
        done = self.server.command(*arguments, text=text)
        self.said.append((f"refresh-ledger {arguments[:2]}", done.stdout + b"\n" + done.stderr))
        return done

    def ask(self, method: str, path: str, **more) -> Reply:
        """What grants tokens is remembered without its body."""
        reply = self.server.request(method, path, **more)
        head = "".join(f"{name}: {value}\n" for name, value in reply.headers.items()).encode()
        grants = method == "POST" and path in GRANTING and reply.status in (200, 201)
        self.said.append((f"{method} {path[:20]} {reply.status}", head if grants else head + reply.body))
        return reply

    def raw(self, text: str) -> None:
        answer = exchange(self.server.port, text.encode(), quiet=0.05)
        self.said.append((f"raw {text[:20]!r}", answer.received))

    def grant(self, form: dict, client: Client) -> dict:
        reply = self.ask("POST", "/token", form=form, client=client)
        assert reply.status == 200, reply
        return reply.json


def log_in(scene: Scene, client: Client) -> dict:
    return scene.grant({"grant_type": "password", "username": scene.user.name, "password": scene.user.password}, client)


def tokens_through_good_paths(scene: Scene) -> dict[str, str]:
    pair = log_in(scene, scene.client)
    tokens = {"used refresh token": pair["refresh_token"], "access token": pair["access_token"]}
    pair = scene.grant({"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}, scene.client)
    tokens |= {"live refresh token": pair["refresh_token"], "second access token": pair["access_token"]}
    if scene.wire == "standard":
        tokens["client's token"] = scene.grant({"grant_type": "client_credentials"}, scene.client)["access_token"]
    issue = json.dumps({"purpose": "reset", "subject": "alice", "ttl_ms": 600_000})
    for name in ("one-time token", "consumed one-time token"):
        reply = scene.ask("POST", "/admin/one-time-tokens", body=issue, headers=JSON_TYPE, client=scene.admin)
        tokens[name] = reply.json["token"]
    opened = json.dumps({"subject": "alice", "client_id": "app"})
    reply = scene.ask("POST", "/admin/sessions", body=opened, headers=JSON_TYPE, client=scene.admin)
    tokens["revoked refresh token"] = reply.json["refresh_token"]
    for name, token in tokens.items():
        scene.token(name, token)
    consumption = json.dumps({"token": tokens["consumed one-time token"], "purpose": "reset"})
    assert scene.ask("POST", "/admin/one-time-tokens/consume", body=consumption, headers=JSON_TYPE, client=scene.admin).status == 200
    scene.ask("POST", "/revoke", form={"token": tokens["revoked refresh token"]}, client=scene.public)
    for hint in ("access_token", "refresh_token"):
        for token in tokens.values():
            scene.ask("POST", "/introspect", form={"token": token, "token_type_hint": hint}, client=scene.admin)
    for path in ("/me", "/public", "/auth?scope=read", "/auth?scope=other"):
        scene.ask("GET", path, bearer=tokens["second access token"])
    scene.ask("GET", "/admin/sessions", client=scene.admin)
    return tokens


def proofs_good_and_bad(scene: Scene) -> None:
    """Each proof is a canary: the used, the bad, the one beside a wrong token; and the tokens that they bound are canaries too."""
    signer, url = Signer.make(), f"{scene.server.url}/token"

    def proof(method: str, uri: str, token: str | None = None) -> str:
        return scene.token("proof", signer.proof(method, uri, token))

    log_in = {"grant_type": "password", "username": scene.user.name, "password": scene.user.password}
    used = proof("POST", url)
    reply = scene.ask("POST", "/token", form=log_in, client=scene.public, headers={"DPoP": used})
    assert reply.status == 200, reply
    for name in ("access_token", "refresh_token"):
        scene.token(f"bound {name}", reply.json[name])
    access, refresh = reply.json["access_token"], {"grant_type": "refresh_token", "refresh_token": reply.json["refresh_token"]}
    marked = signer.signed(signer.header(), signer.claims("POST", url) | {"jti": scene.secret("identifier of a proof"), "htm": "GET"})
    for bad in (used, proof("GET", url), proof("POST", url + "/"), proof("POST", url)[:-4] + "AAAA", scene.token("marked proof", marked), f"{proof('POST', url)}x"):
        scene.ask("POST", "/token", form=refresh, client=scene.public, headers={"DPoP": bad})
        for path in ("/me", "/public", "/auth"):
            scene.ask("GET", path, headers={"Authorization": f"DPoP {access}", "DPoP": bad})
        scene.ask("GET", path, headers={"Authorization": f"Bearer {access}", "DPoP": bad})
    thief = Signer.make().proof("POST", url)
    scene.ask("POST", "/token", form=refresh, client=scene.public, headers={"DPoP": scene.token("proof of a thief", thief)})
    scene.ask("GET", "/me", headers={"Authorization": f"DPoP {access}", "DPoP": proof("GET", f"{scene.server.url}/me", access)})
    scene.ask("POST", "/token", form=refresh, client=scene.public, headers={"DPoP": proof("POST", url)})


def every_canary_in_wrong_places(scene: Scene, tokens: dict[str, str]) -> None:
    user, client, admin = scene.user, scene.client, scene.admin
    scene.ask("POST", "/token", form={"grant_type": "password", "username": "mallory", "password": scene.disabled.password}, client=client)
    scene.ask("POST", "/token", form={"grant_type": "password", "username": user.password, "password": user.name}, client=client)
    for secret in (user.password, client.secret, admin.secret, *tokens.values()):
        wrong = {"grant_type": "password", "username": user.name, "password": secret + "x"}
        quoted = urllib.parse.quote(secret, safe="")
        plus = urllib.parse.quote_plus(secret)
        basic = base64.b64encode(secret.encode()).decode()
        scene.ask("POST", "/token", form=wrong, client=client)
        for name in ("grant_type", "username", "scope", "refresh_token", "client_id", "client_secret", "token", secret):
            scene.ask("POST", "/token", form={"grant_type": "password", "username": "alice", "password": "x", name: secret})
            scene.ask("POST", "/token", form={"grant_type": "refresh_token", name: secret}, client=client)
            scene.ask("POST", "/token", form={"grant_type": "client_credentials", name: secret}, client=client)
        scene.ask("POST", "/token", form=[("grant_type", secret), ("grant_type", secret)])
        for body in (secret, f"refresh_token={plus}%", f"password={plus}&password={plus}", f"{plus}={plus}\0", json.dumps({"password": secret})):
            for path in ("/token", "/revoke", "/introspect"):
                scene.ask("POST", path, body=body, headers=FORM_TYPE, client=client)
            scene.ask("POST", "/token", body=body, headers={"Content-Type": quoted}, client=client)
        scene.ask("POST", f"/token?refresh_token={quoted}&password={quoted}", form={}, client=client)
        for scheme in ("Basic", "Bearer", "Digest", "DPoP", quoted):
            for value in (quoted, basic, f'token="{quoted}"'):
                for method, path in (("POST", "/token"), ("GET", "/me"), ("GET", "/public"), ("GET", "/auth"), ("GET", "/admin/sessions")):
                    form = {"grant_type": "client_credentials"} if method == "POST" else None
                    scene.ask(method, path, form=form, headers={"Authorization": f"{scheme} {value}"})
        # Not as the scope of /auth: that one is named by the proxy, and the challenge repeats it (RFC 6750 §3).
        for path in (f"/{quoted}", f"/me/{quoted}", f"/me?access_token={quoted}", f"/auth?{quoted}", f"/public?{quoted}"):
            scene.ask("GET", path)
            scene.ask("GET", path, bearer=tokens["access token"])
        scene.ask("GET", f"/admin/sessions/{quoted}", client=admin)
        scene.ask("DELETE", f"/admin/sessions/{quoted}", client=admin)
        for query in ("after", "limit", "unknown", "all"):
            scene.ask("GET", f"/admin/sessions?{query}={quoted}", client=admin)
            scene.ask("DELETE", f"/admin/sessions?{query}={quoted}", client=admin)
        for member in ("subject", "scope", "client_id", "label", "purpose", "token", "ttl_ms", secret):
            for value in (secret, [secret], {secret: secret}):
                body = json.dumps({"subject": "nobody", member: value})
                for path in ("/admin/sessions", "/admin/one-time-tokens", "/admin/one-time-tokens/consume"):
                    if path == "/admin/one-time-tokens" and member in ("subject", "purpose"):
                        continue  # These it is told to keep.
                    scene.ask("POST", path, body=body, headers=JSON_TYPE, client=admin)
        for body in (secret, f'"{secret}"', f'{{"subject": "{secret}', f'{{"{secret}": {secret}}}', f'["{secret}"]'):
            scene.ask("POST", "/admin/sessions", body=body, headers=JSON_TYPE, client=admin)
        for text in (
            f"GET /me HTTP/1.1\r\nHost: {quoted}\r\nAuthorization: Bearer {quoted}\0\r\n\r\n",
            f"GET /me HTTP/1.1\r\nHost: x\r\n{quoted.replace('%', '-')}: a\r\n\r\n",
            f"GET /me HTTP/1.1\r\nHost: x\r\n{secret}: a\r\n\r\n",
            f"GET /me HTTP/1.1\r\nHost: x\r\nCookie: a={secret}\r\nReferer: {secret}\r\nUser-Agent: {secret}\r\nX-Request-Id: {secret}\r\n\r\n",
            f"GET /me HTTP/1.1\r\nHost: x\r\ntraceparent: {secret}\r\nX-Forwarded-For: {secret}\r\nOrigin: {secret}\r\n\r\n",
            f"{quoted.replace('%', '-')} /me HTTP/1.1\r\nHost: x\r\n\r\n",
            f"GET /{secret} HTTP/1.1\r\nHost: x\r\n\r\n",
            f"GET /me {secret}\r\n\r\n",
            f"{secret}\r\n\r\n",
        ):
            scene.raw(text)


def every_canary_on_command_lines(scene: Scene, tokens: dict[str, str]) -> None:
    for name, secret in (("password", scene.user.password), ("secret", scene.client.secret)):
        scene.run("users", "add", "alice", "--password-stdin", text=secret)
        scene.run("users", "add", "bob\n", "--password-stdin", text=secret)
        scene.run("users", "add", f"long-{name}", "--password-stdin", text=secret * 50)
        scene.run("users", "add", f"lines-{name}", "--password-stdin", text=f"{secret}\n{secret}")
        scene.run("users", "add", f"scopes-{name}", "--password-stdin", "--scopes", '"', text=secret)
        scene.run("clients", "add", "web", "--secret-stdin", text=secret)
        scene.run("clients", "add", f"wide-{name}", "--secret-stdin", text=secret + "é")
        scene.run("clients", "add", f"grants-{name}", "--secret-stdin", "--grants", "other", text=secret)
        scene.run("clients", "add", f"both-{name}", "--secret-stdin", "--public", text=secret)
    load = ("load", "--url", scene.server.url, "--user", scene.user.name, "--client-id", "web", "--sessions", "1", "--duration", "100ms")
    for password in (scene.user.password, scene.user.password + "x"):
        done = command(*load, "--password", password, "--client-secret", scene.client.secret)
        scene.said.append(("load", done.stdout + done.stderr))
    for token in tokens.values():
        for arguments in (("token", "verify", token), ("token", "verify", "--jwks", "/dev/null", token)):
            done = command(*arguments)
            scene.said.append(("token verify", done.stdout + done.stderr))
        done = command("token", "verify", "-", text=token)
        scene.said.append(("token verify -", done.stdout + done.stderr))
        for arguments in (("sessions", "show"), ("sessions", "revoke"), ("log", "history", "--session")):
            scene.run(*arguments, token)


def left_on_disk(scene: Scene) -> Iterator[tuple[str, bytes]]:
    """Each file as it is, and what is compressed in it; and what the commands for the log print."""
    for path in sorted(scene.server.data.rglob("*")):
        if path.is_file():
            yield str(path.name), path.read_bytes()
            if path.parent.name == "log":
                plain = subprocess.run(["lz4cat", str(path)], capture_output=True, check=False).stdout
                yield f"{path.name}, decompressed", plain
    sessions = json.loads(scene.server.command("log", "history", "--subject", "alice", "--json").stdout.splitlines()[0] or b"{}")
    for arguments in (
        ("log", "info"), ("log", "dump"), ("log", "dump", "--json"), ("log", "verify"), ("log", "history", "--subject", "alice"),
        ("log", "history", "--subject", "alice", "--json"), ("sessions", "list", "--json"), ("users", "list"), ("clients", "list"), ("keys", "list"),
    ):
        done = scene.server.command(*arguments)
        yield " ".join(arguments), done.stdout + done.stderr
    assert sessions


@pytest.fixture(scope="module", params=["standard", "romm"])
def scene(request, tmp_path_factory) -> Iterator[Scene]:
    plain = server_module.environment
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server_module, "environment", lambda: plain() | {"REFRESH_LEDGER_LOG_LEVEL": "trace"})
        scene = Scene(tmp_path_factory.mktemp("canaries"), request.param)
        with scene.server:
            tokens = tokens_through_good_paths(scene)
            proofs_good_and_bad(scene)
            every_canary_in_wrong_places(scene, tokens)
            every_canary_on_command_lines(scene, tokens)
            scene.ask("GET", "/metrics")
            scene.server.reload()
            yield scene


def test_no_reply_but_a_grant_and_no_line_of_a_command_holds_a_canary(scene):
    assert len(scene.said) > 1000
    assert scene.canaries.find_in(scene.said) == {}


def test_the_log_at_its_finest_level_holds_no_canary(scene):
    output = scene.server.output_path.read_bytes()
    assert b"used refresh token presented again" in output or b"grant refused" in output
    assert scene.canaries.find_in([("output", output)]) == {}


def test_the_metrics_hold_no_canary_and_no_name_that_a_caller_chose(scene):
    reply = scene.server.request("GET", "/metrics")
    assert reply.status == 200
    assert scene.canaries.find(reply.body) == set()
    assert b"alice" not in reply.body and b"mallory" not in reply.body


def test_the_data_folder_holds_no_canary_before_and_after_a_checkpoint(scene):
    assert scene.canaries.find_in(left_on_disk(scene)) == {}
    assert scene.server.command("log", "checkpoint").returncode == 0
    after = dict(left_on_disk(scene))
    # What is searched is what the log holds: the names in it are found.
    assert any(b"alice" in text for place, text in after.items() if place.endswith("decompressed"))
    assert scene.canaries.find_in(after.items()) == {}


def test_an_account_file_that_cannot_be_read_is_reported_without_what_is_in_it(tmp_path):
    secret = new_secret("typed into the file")
    canaries = Canaries()
    canaries.add_secret("secret", secret)
    with Server(tmp_path / "broken", (User("alice"),), (Client("app"),)) as server:
        for name in ("users.json", "clients.json"):
            path = server.data / name
            for text in (secret, json.dumps({"version": secret}), path.read_text().replace('"version"', f'"{secret}": {secret}, "version"')):
                path.write_text(text)
                server.reload()
                server.request("GET", "/admin/sessions", headers={"Authorization": "Basic YTpi"})
                server.request("POST", "/token", form={"grant_type": "password", "username": "a", "password": "b", "client_id": "app"})
                for arguments in (("users", "list"), ("clients", "list")):
                    done = server.command(*arguments)
                    assert canaries.find(done.stdout + done.stderr) == set()
        assert b"clients.json" in server.output_path.read_bytes()
        assert canaries.find(server.output_path.read_bytes()) == set()


def test_a_canary_is_found_in_each_form_wherever_it_stands():
    canaries = Canaries()
    secret, token = new_secret("planted"), "eyJhbGciOiJIUzI1NiJ9." + "c" * 30 + "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789" + "." + "-_sIgNaTuReSIGNATURE0123456789abcdefghijklm"
    canaries.add_secret("planted", secret)
    canaries.add_token("token", token)
    shown = (secret, token, f"Bearer {token}", token.split(".")[2], token.split(".")[1][10:60], secret.rpartition(":")[2])
    for text in shown:
        for before in ("", "a", "bc", "user:"):
            whole = f"{before}{text} and more".encode()
            url = urllib.parse.quote(whole)
            escaped = "".join(f"%{byte:02X}" for byte in whole)
            for form in (
                whole, whole.hex().encode(), whole.hex().upper().encode(), url.encode(), urllib.parse.quote_plus(whole).encode(), escaped.encode(),
                base64.b64encode(whole), base64.urlsafe_b64encode(whole), base64.b64encode(whole[:-9]), b"x" * 1000 + whole + b"x" * 1000,
            ):
                assert canaries.find(form), (before, form[:30])
    assert canaries.find(base64.urlsafe_b64decode(token.split(".")[2] + "=="))
    assert canaries.find(b"what is none of these") == set()
