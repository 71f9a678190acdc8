"""Schemathesis: whatever is sent to a route of /openapi.json, its reply is one that the document has."""

import json
import os
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest
from accounts import ALICE, BOSS, PUBLIC
from openapi_spec_validator import validate
from server import ROOT, Server

SEED = int(os.environ.get("REFRESH_LEDGER_SEED", "20261124"))
EXAMPLES = 25
DOCUMENT = ROOT / "Sources/TokenHTTP/Discovery/openapi.json"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
# 503 is the only status from 500 on that a server in order may send.
SETTINGS = """
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "503"]
"""


@pytest.fixture(scope="module")
def fuzzed(serve) -> Server:
    """Without the bound of failed log-ins, so that no reply is hidden behind 503, and with the routes for pages."""
    return serve(f"limits: {{ loginPerMinute: 0 }}\nrotation: {{ grace: 30s }}\ncookies: {{ client: {PUBLIC.id} }}\n")


def schemathesis(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The fixed seed is printed with what it found; `REFRESH_LEDGER_SEED` sets another."""
    settings = folder / "schemathesis.toml"
    settings.write_text(SETTINGS)
    command = [
        *(Path(sys.executable).parent / "schemathesis", "--no-color", "--config-file", settings, "run"),
        *("--seed", str(SEED), "--max-examples", str(EXAMPLES), "--phases", "examples,coverage,fuzzing"),
        *("--checks", ",".join(CHECKS), "--continue-on-failure", "--request-timeout", "10"),
        *("--warnings", "off", "--generation-database", ":memory:"),
        # Its reply has no end; tools/verification-proof and the tests of the server read it.
        *("--exclude-path", "/admin/revocations"),
        # It is there only if the cookie is sent to the refresh route alone, in place of the other log-out.
        *("--exclude-path", "/session/refresh/logout"),
    ]
    return subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True, timeout=50, check=False)


def served(server: Server) -> tuple[str, ...]:
    return (f"{server.url}/openapi.json", "--url", server.url)


def callers(server: Server) -> dict[str, tuple[str, ...]]:
    bearer = server.open_session("alice", BOSS, PUBLIC)["access_token"]
    return {
        "nobody": (),
        "an admin": ("--auth", f"{BOSS.id}:{BOSS.secret}"),
        "a bearer": ("--header", f"Authorization: Bearer {bearer}", "--exclude-checks", "ignored_auth"),
    }


@pytest.mark.parametrize("caller", ["nobody", "an admin", "a bearer"])
def test_no_request_gets_a_reply_that_the_document_does_not_have(fuzzed, caller, tmp_path):
    found = schemathesis(tmp_path, *served(fuzzed), *callers(fuzzed)[caller])
    print(f"seed {SEED}")
    assert found.returncode == 0, found.stdout + found.stderr
    assert fuzzed.request("GET", "/health/ready").status == 200
    assert fuzzed.log_in(ALICE, PUBLIC)["token_type"] == "Bearer"


def test_a_document_that_leaves_out_a_status_is_found_out(fuzzed, tmp_path):
    document = json.loads(DOCUMENT.read_text())
    del document["paths"]["/me"]["get"]["responses"]["401"]
    changed = tmp_path / "openapi.json"
    changed.write_text(json.dumps(document))
    found = schemathesis(tmp_path, str(changed), "--url", fuzzed.url, "--include-path", "/me")
    assert found.returncode == 1 and "Undocumented status code" in found.stdout, found.stdout + found.stderr


def test_the_document_is_openapi_3_1_and_the_server_serves_it_as_it_stands_in_the_repository(fuzzed):
    document = json.loads(DOCUMENT.read_text())
    validate(document)
    reply = fuzzed.request("GET", "/openapi.json")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")
    assert reply.json == document


class PrefixedServer(Server):
    def request(self, method, path, *arguments, **more):
        return super().request(method, "/below" + path, *arguments, **more)


def test_the_document_leads_to_the_routes_below_a_path_prefix(tmp_path):
    with PrefixedServer(tmp_path / "prefixed", configuration="http: { pathPrefix: /below }\n") as server:
        document = server.request("GET", "/openapi.json").json
        base = urllib.parse.urljoin("/below/openapi.json", document["servers"][0]["url"]).rstrip("/")
        assert base == "/below"
        assert Server.request(server, "GET", f"{base}/health/live").status == 200
