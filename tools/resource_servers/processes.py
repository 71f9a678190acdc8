"""Programs and a backend that run for the length of a `with` block, on free ports of the loopback address."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

START_SECONDS = 20


class Failure(Exception):
    pass


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def environment() -> dict[str, str]:
    """Nothing of the caller's that the server reads as a setting."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}


@contextlib.contextmanager
def process(command: list, log: Path, ports: list[int], stop: signal.Signals = signal.SIGTERM) -> Iterator[int]:
    """Its pid. Runs it until the end of the block; it must listen on all of the ports soon."""
    with open(log, "ab") as output:
        child = subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START_SECONDS
        for port in ports:
            while True:
                if child.poll() is not None or time.monotonic() > deadline:
                    raise Failure(f"{command[0]} does not listen on {port}:\n{log.read_text(errors='replace')[-3000:]}")
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.05)
        yield child.pid
    finally:
        if child.poll() is None:
            child.send_signal(stop)
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


class Backend(BaseHTTPRequestHandler):
    """Says who it is told is calling."""

    def do_GET(self) -> None:
        body = json.dumps({"subject": self.headers.get_all("X-Auth-Subject")}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def backend(port: int) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", port), Backend) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()
