"""An authority, and a certificate for each database host, as those who follow docs/running/patroni.yaml have them."""

import tempfile
from pathlib import Path

from network import CLIENT, REPLICATION, Host
from place import Place
from programs import run

AUTHORITY, CERTIFICATE, KEY = "ca.pem", "host.pem", "host.key"
_CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def make_certificates(hosts: list[Host], folders: list[Path], place: Place) -> Path:
    """Puts certificate, key and authority into the folder of each host; the path of the authority alone, for the instances. Nobody keeps its key."""
    with tempfile.TemporaryDirectory(prefix="authority-", dir=place.folder) as made:
        authority, authority_key = Path(made) / AUTHORITY, Path(made) / "ca.key"
        run(["openssl", "req", "-x509", *_CURVE, "-subj", "/CN=database hosts", "-days", "2", "-keyout", authority_key, "-out", authority])
        for host, folder in zip(hosts, folders, strict=True):
            key, request, certificate, extensions = (Path(made) / f"{host.name}.{end}" for end in ("key", "csr", "pem", "ext"))
            # Of a server and of a client: etcd and Patroni are both.
            names = f"DNS:{host.name},IP:{host.address(CLIENT)},IP:{host.address(REPLICATION)}"
            extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth,clientAuth\n")
            run(["openssl", "req", *_CURVE, "-subj", f"/CN={host.name}", "-keyout", key, "-out", request])
            signed_by = ["-CA", authority, "-CAkey", authority_key, "-CAcreateserial"]
            run(["openssl", "x509", "-req", "-in", request, *signed_by, "-days", "2", "-extfile", extensions, "-out", certificate])
            for name, source in ((AUTHORITY, authority), (CERTIFICATE, certificate), (KEY, key)):
                place.write_owned(folder / name, source.read_text(), "postgres")
        shown = place.folder / AUTHORITY
        shown.write_text(authority.read_text())
    return shown
