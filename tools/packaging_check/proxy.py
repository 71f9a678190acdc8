"""nginx.conf before the real server with the example configuration, and an application behind both."""

import contextlib
import json
import secrets
import ssl
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from packaging_check.report import RUNNING, program, require
from resource_servers.configurations import make_certificate, nginx_configuration
from resource_servers.processes import backend, environment, free_ports, process

ROUTES_INSIDE = ("/metrics", "/admin/sessions", "/introspect", "/authorize", "/auth", "/")


class Caller:
    def __init__(self, url: str, certificate: Path) -> None:
        self.url = url
        trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=certificate))
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), trust)

    def ask(self, path: str, bearer: str = "", form: dict | None = None, headers: dict | None = None) -> tuple[int, str]:
        request = urllib.request.Request(self.url + path, headers=headers or {})
        if bearer:
            request.add_header("Authorization", f"Bearer {bearer}")
        body = urllib.parse.urlencode(form).encode() if form else None
        try:
            with self.opener.open(request, body, timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode(errors="replace")

    def tokens(self, password: str, scope: str) -> dict:
        form = {"grant_type": "password", "username": "alice", "password": password, "client_id": "app", "scope": scope}
        status, body = self.ask("/token", form=form)
        require(status == 200, f"/token through nginx.conf answers {status}: {body}")
        return json.loads(body)


def placed_configuration(folder: Path, server: int, application: int, tls: int) -> str:
    text = (RUNNING / "nginx.conf").read_text()
    for there, here in (
        ("refresh-ledger:8080", f"127.0.0.1:{server}"),
        ("application:9000", f"127.0.0.1:{application}"),
        ("listen 443 ssl", f"listen 127.0.0.1:{tls} ssl"),
        ("certificates/", f"{folder}/"),
    ):
        require(there in text, f"nginx.conf does not have: {there}")
        text = text.replace(there, here)
    return nginx_configuration(text, folder)


def look(caller: Caller, password: str) -> list[str]:
    pair = caller.tokens(password, "read write")
    access, forged = pair["access_token"], {"X-Auth-Subject": "mallory"}
    alice = '200 {"subject": ["alice"]}'

    def seen(*arguments, **options) -> str:
        status, body = caller.ask(*arguments, **options)
        return f"{status} {body}" if status == 200 else str(status)

    looks = [
        ("the application, good token", alice, seen("/api/x", access)),
        ("the application, good token and a forged header", alice, seen("/api/x", access, headers=forged)),
        ("the application, no token and a forged header", "401", seen("/api/x", headers=forged)),
        ("the application, refresh token in its place", "401", seen("/api/x", pair["refresh_token"])),
        ("the application, token without the scope", "403", seen("/api/x", caller.tokens(password, "write")["access_token"])),
        ("the public keys", 200, caller.ask("/.well-known/jwks.json")[0]),
        ("readiness", 200, caller.ask("/health/ready")[0]),
    ]
    looks += [(f"{path} from outside", 404, caller.ask(path, access)[0]) for path in ROUTES_INSIDE]
    caller.ask("/revoke", form={"token": pair["refresh_token"], "client_id": "app"})
    looks.append(("the application, token of a session that was ended", "401", seen("/api/x", access)))
    return [f"{what}: {found}, not {expected}" for what, expected, found in looks if found != expected]


@contextlib.contextmanager
def server(binary: Path, data: Path, port: int, log: Path):
    """The server with the example configuration, a user and a public client."""
    password = secrets.token_urlsafe(24)
    for words, text in ((["users", "add", "alice", "--password-stdin", "--scopes", "read write"], password), (["clients", "add", "app", "--public"], "")):
        subprocess.run([binary, *words, "--data", data], input=text, text=True, env=environment(), check=True, stdout=subprocess.DEVNULL)
    command = [binary, "serve", "--config", RUNNING / "config.yaml", "--data", data, "--port", str(port)]
    with process(command, log, [port]):
        yield password


def check(port: int, password: str, folder: Path) -> str:
    nginx = program("nginx")
    program("openssl")
    application, tls = free_ports(2)
    make_certificate(folder)
    (folder / "nginx.conf").write_text(placed_configuration(folder, port, application, tls))
    with contextlib.ExitStack() as stack:
        stack.enter_context(backend(application))
        command = [nginx, "-c", folder / "nginx.conf", "-p", folder, "-e", folder / "nginx.log"]
        stack.enter_context(process(command, folder / "nginx.log", [tls]))
        faults = look(Caller(f"https://127.0.0.1:{tls}", folder / "certificate.pem"), password)
    require(not faults, "\n".join(faults))
    return f"{8 + len(ROUTES_INSIDE)} requests through nginx as they should be"
