"""A TLS-terminating proxy in front of a server, for pages: it serves Examples/Page, and can lose, hold and count what it passes on."""

import http.client
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from server import ROOT

PAGE = ROOT / "Examples" / "Page"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript"}
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


@dataclass
class Passed:
    """A request that was passed on, and what came back."""

    path: str
    cookie: str | None
    status: int
    set_cookies: list[str]


@dataclass
class Gateway:
    """`own` are documents of its own, by path, beside those of Examples/Page."""

    upstream: int | None
    own: dict[str, str] = field(default_factory=dict)
    port: int = 0
    passed: list[Passed] = field(default_factory=list)
    # Replies to /session/refresh that are still to be lost, after the server has decided.
    to_lose: int = 0
    # Where several refreshes wait for each other before they are passed on.
    meeting: threading.Barrier | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, host: str) -> str:
        return f"https://{host}:{self.port}"

    def refreshes(self) -> list[Passed]:
        return [each for each in self.passed if each.path == "/session/refresh"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    gateway: Gateway

    def do_GET(self) -> None:
        name = "index.html" if self.path == "/" else self.path.lstrip("/")
        if self.path in self.gateway.own:
            self.answer(200, [("Content-Type", TYPES[".html"])], self.gateway.own[self.path].encode())
        elif name in ("index.html", "page.js"):
            document = PAGE / name
            self.answer(200, [("Content-Type", TYPES[document.suffix])], document.read_bytes())
        else:
            self.forward()

    def do_POST(self) -> None:
        self.forward()

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.gateway.upstream is None:
            self.answer(404, [], b"")
            return
        is_refresh = self.path == "/session/refresh"
        if is_refresh and self.gateway.meeting is not None:
            self.gateway.meeting.wait(30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        headers |= {
            "Host": "127.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": self.headers["Host"],
            "X-Forwarded-For": self.client_address[0],
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.upstream, timeout=30)
        try:
            connection.request(self.command, self.path, body=body, headers=headers)
            reply = connection.getresponse()
            content = reply.read()
        finally:
            connection.close()
        with self.gateway.lock:
            cookies = [value for name, value in reply.getheaders() if name.lower() == "set-cookie"]
            self.gateway.passed.append(Passed(self.path, self.headers.get("Cookie"), reply.status, cookies))
            loses = is_refresh and self.gateway.to_lose > 0
            self.gateway.to_lose -= loses
        if loses:
            self.close_connection = True
            return
        kept = [(name, value) for name, value in reply.getheaders() if name.lower() not in HOP_BY_HOP]
        self.answer(reply.status, kept, content)

    def answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def certificate(folder: Path) -> ssl.SSLContext:
    """A certificate of its own, which the browser is told to take."""
    key, chain = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", key, "-out", chain, "-subj", "/CN=shop.test", "-addext", "subjectAltName=DNS:shop.test,DNS:*.shop.test"],
        check=True, capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


@contextmanager
def gateway(context: ssl.SSLContext, upstream: int | None, own: dict[str, str] | None = None) -> Iterator[Gateway]:
    made = Gateway(upstream, own or {})
    listener = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"gateway": made}))
    listener.daemon_threads = True
    # The handshake is left to the thread of the connection, so that none holds up the others.
    listener.socket = context.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
    made.port = listener.server_address[1]
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
