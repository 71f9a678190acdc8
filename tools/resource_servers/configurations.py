"""The configurations of docs/resource-servers.md, and what they need around them to run in a folder without root's files."""

import os
import re
import subprocess
from pathlib import Path

from resource_servers.processes import Failure

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs/resource-servers.md"
MODULES = Path("/usr/lib/apache2/modules")
APACHE_MODULES = ("mpm_event", "authn_core", "authz_core", "authz_user", "proxy", "proxy_http", "headers", "auth_openidc", "oauth2")


def configurations() -> dict[str, str]:
    """The blocks of the document that say of themselves that they run here."""
    found = re.findall(r"<!-- runs: (.+?) -->\n```\w+\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    if len(found) != 6:
        raise Failure(f"{DOCUMENT} has {len(found)} blocks that run here, not 6")
    return dict(found)


def make_certificate(folder: Path) -> None:
    """Of its own signature, for 127.0.0.1, good for a day."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
        + ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        check=True,
        capture_output=True,
    )


def nginx_configuration(block: str, folder: Path) -> str:
    temporary = "".join(
        f"  {kind}_temp_path {folder}/nginx-{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    return (
        f"{user}daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/nginx.log;\nevents {{}}\n"
        f"http {{\n  access_log off;\n{temporary}{block}}}\n"
    )


def apache_configuration(blocks: list[str], folder: Path, ports: list[int]) -> str:
    modules = "".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so\n" for name in APACHE_MODULES)
    listen = "".join(f"Listen 127.0.0.1:{port}\n" for port in ports)
    user = "User www-data\nGroup www-data\n" if os.geteuid() == 0 else ""
    return (
        f"ServerRoot {folder}\nServerName localhost\nPidFile {folder}/apache.pid\nErrorLog {folder}/apache.log\nDefaultRuntimeDir {folder}\n"
        f"{modules}{user}{listen}" + "".join(blocks)
    )
