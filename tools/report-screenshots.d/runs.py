"""Real runs of `refresh-ledger load`, whose pages are looked at."""

import itertools
import json
import random
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs


class BrokenEndpoint(BaseHTTPRequestHandler):
    """Grants now and then what it has granted already, and sheds load."""

    protocol_version = "HTTP/1.1"
    # Head and body in one piece, or the second waits for the acknowledgement of the first.
    wbufsize = -1
    numbers = itertools.count()

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        number = next(self.numbers)
        if "refresh_token" in form and number % 97 == 0:
            self.answer(503, {}, [("Retry-After", "0")])
        elif "refresh_token" in form and number % 151 == 0:
            self.answer(500, {"error": "server_error"}, [])
        else:
            self.answer(200, {"access_token": "a", "token_type": "Bearer", "refresh_token": f"{number}-{random.random()}"}, [])

    def answer(self, status: int, body: dict, headers: list[tuple[str, str]]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in [("Content-Length", str(len(content))), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def load(binary: Path, folder: Path, name: str, options: list[str], codes: tuple[int, ...] = (0,)) -> Path:
    page = folder / f"{name}.html"
    done = subprocess.run(
        [binary, "load", *options, "--report", page, "--json", folder / f"{name}.json"], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode not in codes:
        raise SystemExit(f"report-screenshots: load of {name} exited {done.returncode}: {done.stderr}")
    return page


def pages(binary: Path, folder: Path) -> list[Path]:
    rude = ["--race", "4", "--loss-rate", "0.02", "--replay-rate", "0.02", "--grace", "1s"]
    closed = load(binary, folder, "closed", ["--in-process", "--duration", "6s", "--connections", "32", "--sessions", "500", *rude])
    rate = ["--rate", "400", "--ramp-up", "2s", "--replay-rate", "0"]
    opened = load(binary, folder, "open", ["--in-process", "--duration", "6s", "--connections", "16", *rate])
    with ThreadingHTTPServer(("127.0.0.1", 0), BrokenEndpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        who = ["--url", url, "--token-path", "/realms/a-realm-with-a-long-name/protocol/openid-connect/token", "--user", "ann", "--password", "b"]
        broken = load(binary, folder, "broken", [*who, "--duration", "4s", "--connections", "8", "--sessions", "40"], codes=(1,))
        server.shutdown()
    both = folder / "comparison.html"
    subprocess.run([binary, "load", "--compare", folder / "closed.json", folder / "broken.json", "--report", both], check=True, capture_output=True)
    return [closed, opened, broken, both]
