"""Clients that send or take bytes as slowly as they can: cut off in time, and nobody else waits for them."""

import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from accounts import BOSS, PUBLIC
from server import Server

CONNECTIONS = 300
ATTACK_SECONDS = 7
REFRESH_SECONDS_MAX = 2.0
FORM = b"Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"

ATTACKS = {
    "headers": ("-H", "-i", "1", "-u", "/token"),
    "bodies": ("-B", "-i", "1", "-s", "8192", "-x", "10", "-u", "/token"),
    "readers": ("-X", "-w", "1", "-y", "8", "-n", "1", "-z", "1", "-k", "8", "-u", "/openapi.json"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_refreshes_of_others_succeed_while_some_hundred_clients_are_slow(serve, attack, tmp_path):
    server = serve()
    *options, path = ATTACKS[attack]
    token = server.open_session("alice", BOSS, PUBLIC)["refresh_token"]
    command = ["slowhttptest", "-c", str(CONNECTIONS), "-r", str(CONNECTIONS), "-l", str(ATTACK_SECONDS), "-p", "3", "-v", "1"]
    slow = subprocess.Popen([*command, *options, server.url + path], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    took, connected = [], 0
    try:
        end = time.monotonic() + ATTACK_SECONDS - 1
        while time.monotonic() < end:
            began = time.monotonic()
            token = server.refresh(token, PUBLIC)["refresh_token"]
            took.append(time.monotonic() - began)
            connected = max(connected, open_connections(server))
            time.sleep(0.05)
    finally:
        slow.terminate()
        slow.wait()
    print(f"{len(took)} refreshes beside {connected} connections, the slowest {max(took):.3f} s")
    assert connected >= CONNECTIONS * 0.8, f"{connected} connections are no attack"
    assert max(took) < REFRESH_SECONDS_MAX
    assert server.request("GET", "/health/ready").status == 200


def open_connections(server: Server) -> int:
    """The sockets that the server's process holds."""
    descriptors = Path(f"/proc/{server.pid}/fd")
    count = 0
    for each in descriptors.iterdir():
        try:
            count += os.readlink(each).startswith("socket:")
        except FileNotFoundError:
            pass
    return count


@pytest.fixture(scope="module")
def hasty(serve) -> Server:
    return serve("http: { headerTimeout: 1s, bodyTimeout: 1s, idleTimeout: 2s }\n")


def seconds_until_closed(server: Server, begin: bytes, drip: Callable[[int], bytes] | None, seconds: float = 8) -> float:
    """Sends `begin`, then what `drip` gives, ten times a second; how long until the server closes."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(begin)
        connection.settimeout(0.1)
        number = 0
        while time.monotonic() - began < seconds:
            try:
                if not connection.recv(65536):
                    return time.monotonic() - began
            except TimeoutError:
                pass
            except ConnectionResetError:
                return time.monotonic() - began
            try:
                if drip:
                    connection.sendall(drip(number))
            except (BrokenPipeError, ConnectionResetError):
                return time.monotonic() - began
            number += 1
    raise AssertionError(f"still open after {seconds} s")


GET = b"GET /public HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("begin", "drip", "at_most"),
    [
        pytest.param(b"", None, 2.5, id="says nothing"),
        pytest.param(b"POST /tok", lambda _: b"e", 2.5, id="request line without end"),
        pytest.param(b"POST /token HTTP/1.1\r\n", lambda n: b"X-%d: a\r\n" % n, 2.5, id="headers without end"),
        pytest.param(b"POST /token HTTP/1.1\r\n" + FORM + b"Content-Length: 1000\r\n\r\n", lambda _: b"a", 2.5, id="body without end"),
        pytest.param(
            b"POST /token HTTP/1.1\r\n" + FORM + b"Transfer-Encoding: chunked\r\n\r\n", lambda _: b"1\r\na\r\n", 2.5, id="chunks without end"
        ),
        pytest.param(
            b"POST /token HTTP/1.1\r\n" + FORM + b"Transfer-Encoding: chunked\r\n\r\n1;", lambda _: b"x", 2.5, id="chunk extension without end"
        ),
        pytest.param(
            b"POST /nothing HTTP/1.1\r\n" + FORM + b"Content-Length: 1000\r\n\r\n", lambda _: b"a", 2.5, id="body without end of a request answered early"
        ),
        pytest.param(
            b"POST /token HTTP/1.1\r\n" + FORM + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", lambda n: b"X-%d: a\r\n" % n, 2.5, id="trailers without end"
        ),
        pytest.param(GET, None, 3.5, id="nothing after a reply"),
        pytest.param(GET, lambda n: b"GET /pu"[n : n + 1] or b"b", 3.5, id="second header without end"),
        pytest.param(GET, lambda _: b"\r\n", 3.5, id="empty lines after a reply"),
    ],
)
def test_a_request_that_never_ends_is_cut_off_in_time(hasty, begin, drip, at_most):
    assert seconds_until_closed(hasty, begin, drip) < at_most


def test_a_body_that_never_ends_is_cut_off_also_where_headers_may_take_longer(serve):
    server = serve("http: { headerTimeout: 10s, bodyTimeout: 1s }\n")
    assert seconds_until_closed(server, b"POST /token HTTP/1.1\r\n" + FORM + b"Content-Length: 1000\r\n\r\n", lambda _: b"a", 12) < 2.5


def test_a_client_that_takes_no_reply_is_cut_off_in_time(hasty):
    request = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    before = open_connections(hasty)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", hasty.port))
        connection.settimeout(0.5)
        try:
            for _ in range(2000):
                connection.sendall(request)
        except (TimeoutError, ConnectionError):
            pass
        end = time.monotonic() + 6
        while open_connections(hasty) > before and time.monotonic() < end:
            time.sleep(0.1)
        assert open_connections(hasty) <= before, "still connected after 6 s"


def test_a_client_that_is_within_the_times_is_not_cut_off(hasty):
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", hasty.port), timeout=5) as connection:
        for _ in range(3):
            for piece in (GET[:10], GET[10:20], GET[20:]):
                connection.sendall(piece)
                time.sleep(0.25)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    assert time.monotonic() - began > 2
