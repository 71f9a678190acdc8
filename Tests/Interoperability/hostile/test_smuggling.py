"""Requests of whose end two readers could think differently: refused, and what could pass for a second request is not executed.

The marker is a refresh. Where it was executed, its refresh token does not work any more.
"""

import urllib.parse
from dataclasses import dataclass

import pytest
from accounts import BOSS, PUBLIC
from hostile.raw import Exchange, exchange
from server import Server

FORM = b"Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
# Stands for the length of the marker, and for that plus as many.
LENGTH, LENGTH_1, LENGTH_5 = b"<length>", b"<length+1>", b"<length+5>"


@dataclass
class Marker:
    server: Server
    token: str

    @property
    def bytes(self) -> bytes:
        form = {"grant_type": "refresh_token", "refresh_token": self.token, "client_id": PUBLIC.id}
        body = urllib.parse.urlencode(form).encode()
        return b"POST /token HTTP/1.1\r\n" + FORM + b"Content-Length: %d\r\n\r\n" % len(body) + body

    def send(self, *before: bytes, after: bytes = b"", pause: float = 0.02) -> Exchange:
        length = len(self.bytes)
        *pieces, last = before
        for name, number in ((LENGTH, length), (LENGTH_1, length + 1), (LENGTH_5, length + 5)):
            last = last.replace(name, b"%d" % number)
        return exchange(self.server.port, *pieces, last + self.bytes + after, pause=pause)

    @property
    def was_executed(self) -> bool:
        form = {"grant_type": "refresh_token", "refresh_token": self.token}
        reply = self.server.request("POST", "/token", form=form, client=PUBLIC)
        assert reply.status in (200, 400)
        return reply.status == 400


@pytest.fixture
def marker(server) -> Marker:
    return Marker(server, server.open_session("alice", BOSS, PUBLIC)["refresh_token"])


def post(headers: bytes, body: bytes = b"a", line: bytes = b"POST /introspect HTTP/1.1\r\n", end: bytes = b"\r\n") -> bytes:
    return line + FORM + headers + end + body


def named(*requests: bytes) -> list:
    return [pytest.param(each, id=repr(each.replace(FORM, b""))[2:70]) for each in requests]


def both_orders(*codings: bytes) -> list[bytes]:
    """Each with a length before it, a length after it, and alone."""
    found = []
    for coding in codings:
        found.append(post(b"Content-Length: %s\r\n" % LENGTH_5 + coding, b"0\r\n\r\n"))
        found.append(post(coding + b"Content-Length: 5\r\n", b"0\r\n\r\n"))
        if coding.lower() not in (b"transfer-encoding: chunked\r\n", b"transfer-encoding:\tchunked\r\n"):
            found.append(post(coding, b"0\r\n\r\n"))
    return found


LENGTHS = [
    post(b"Content-Length: 1\r\nContent-Length: %s\r\n" % LENGTH_1),
    post(b"Content-Length: %s\r\nContent-Length: 1\r\n" % LENGTH_1),
    *(
        post(b"Content-Length:%s\r\n" % value)
        for value in (
            b" 1, %s" % LENGTH_1, b" 1,", b" ,1", b" -1", b" +1", b" 0x1", b"", b" ", b" 1\x0b", b" 1e0", b" 1_0", b" \xd9\xa1",
            b" 1 1", b" 1;q=1", b" 1.0", b' "1"', b" a", b" 18446744073709551617", b" 99999999999999999999999999",
        )
    ),
]

CODINGS = both_orders(
    *(b"Transfer-Encoding:" + value + b"\r\n" for value in (
        b" chunked", b"\tchunked", b" CHUNKED", b" chunked, identity", b" identity, chunked", b" identity", b" gzip, chunked",
        b" chunked, chunked", b" ,chunked", b" chunked,", b"", b" xchunked", b" chunked;q=1", b' "chunked"', b" \x0bchunked", b" chunked\x0c",
        b" chunked\xa0", b" \x00chunked", b"\r\n chunked", b" identity\r\n , chunked",
    )),
    b"TRANSFER-ENCODING: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding\t: chunked\r\n",
    b" Transfer-Encoding: chunked\r\n",
    b"X: y\nTransfer-Encoding: chunked\r\n",
    b"X: y\rTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\n",
)

OLD_VERSION = [
    b"POST /introspect HTTP/1.0\r\n" + FORM + more + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    for more in (b"", b"Connection: keep-alive\r\n")
]

LINE_ENDS = [
    post(b"Content-Length: 1\r\n").replace(b"\r\n", b"\n"),
    post(b"Content-Length: 1\r\n", line=b"POST /introspect HTTP/1.1\n"),
    post(b"Content-Length: 1\r\n", end=b"\n"),
    post(b"Content-Length: 1\n", end=b"\n"),
    post(b"Content-Length: 1\n"),
    post(b"Content-Length: 1\r", end=b"\r\n"),
    post(b"Content-Length: 1\r\n", end=b"\r"),
    post(b"X: a\rb\r\nContent-Length: 1\r\n"),
    post(b"X: a\nContent-Length: 1\r\n"),
    post(b" Content-Length: 1\r\n"),
]

FIELDS = [
    post(field + b"\r\nContent-Length: 1\r\n")
    for field in (
        b"X: a\0b", b"X\0: a", b"X: a\x01b", b"X\x01: a", b"X: a\x7fb", b"X: \x1b[2J", b"X\xe9: a", b"X : a", b"X\t: a", b"X", b": a", b"X y: a",
        b"X(y): a", b"X: a\r\n b", b"X: a\r\n\tb", b"Host: y", b"X: " + b"a" * 40_000, b"\r\n".join([b"X: a"] * 200),
    )
] + [
    b"POST /introspect HTTP/1.1\r\nContent-Length: 1\r\n\r\na",
    post(b"Content-Length: 1\r\n").replace(b"Host: x", b"Host: x, y"),
]

CHUNKS = [
    post(b"Transfer-Encoding: chunked\r\n", body)
    for body in (
        b"0x1\r\na\r\n0\r\n\r\n", b"+1\r\na\r\n0\r\n\r\n", b"-1\r\na\r\n0\r\n\r\n", b"1 \r\na\r\n0\r\n\r\n", b" 1\r\na\r\n0\r\n\r\n", b"1\na\r\n0\r\n\r\n",
        b"1\ra\r\n0\r\n\r\n", b"1\r\na\n0\r\n\r\n", b"1\r\na0\r\n\r\n", b"1\r\naX0\r\n\r\n", b"1\r\nab\r\n0\r\n\r\n", b"1\r\na\r\n0\n\n", b"1\r\na\r\n0\r\n\n",
        b"1\r\na\r\n0\n\r\n", b"1;x\ny\r\na\r\n0\r\n\r\n", b"1;x\ry\r\na\r\n0\r\n\r\n", b"1;\0\r\na\r\n0\r\n\r\n", b"\r\n0\r\n\r\n", b"g\r\na\r\n0\r\n\r\n",
        b"10000000000000001\r\na\r\n0\r\n\r\n", b"FFFFFFFFFFFFFFFFFF\r\na\r\n0\r\n\r\n", b"0\r\nX : y\r\n\r\n", b"0\r\n x\r\n\r\n",
        b"0\r\nContent-Length: 5\r\n\r\n", b"0\r\nTransfer-Encoding: chunked\r\n\r\n", b"0\r\nX: " + b"y" * 40_000 + b"\r\n\r\n",
    )
]

REQUEST_LINES = [
    post(b"Content-Length: 1\r\n", line=line + b"\r\n")
    for line in (
        b"POST /introspect", b"POST /introspect HTTP/0.9", b"POST /introspect HTTP/2.0", b"POST /introspect HTTP/1.2", b"POST /introspect HTTP/1.10",
        b"POST /introspect HTTP/11", b"POST /introspect HTTP/01.1", b"POST /introspect http/1.1", b"POST /introspect HTTPS/1.1",
        b"POST /introspect HTTP/1.1 ", b"POST /introspect HTTP/1.1\x0b", b"POST\t/introspect HTTP/1.1",
        b"POST /intro spect HTTP/1.1", b"P\0ST /introspect HTTP/1.1", b"post /introspect HTTP/1.1", b" POST /introspect HTTP/1.1",
        b"POST introspect HTTP/1.1", b"POST /intro\0spect HTTP/1.1", b"POST /intro\x01spect HTTP/1.1", b"POST /intro\x7fspect HTTP/1.1",
        b"POST /intro\x80spect HTTP/1.1", b"GET /public?" + b"x" * 40_000 + b" HTTP/1.1",
    )
] + [
    b"GET /public\r\n",
    b"GET /public\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    bytes.fromhex("16030100c8010000c40303") + bytes(200),
]


@pytest.mark.parametrize(
    "request_bytes", named(*LENGTHS, *CODINGS, *OLD_VERSION, *LINE_ENDS, *FIELDS, *CHUNKS, *REQUEST_LINES)
)
def test_a_request_that_is_not_clear_is_refused_and_ends_the_connection(marker, request_bytes):
    answer = marker.send(request_bytes)
    assert not marker.was_executed, answer
    assert answer.statuses in ([400], [501], [431], [414], [505]), answer
    assert answer.closed, answer


# What stands in a body is no request, whatever becomes of the request that it belongs to.
BODIES = [
    post(b"Content-Length: %s\r\n" % LENGTH, b"", line + b" HTTP/1.1\r\n")
    for line in (
        b"POST /introspect", b"PUT /introspect", b"POST /nothing", b"POST /admin/sessions", b"GET /public", b"HEAD /public", b"DELETE /admin/sessions",
        b"OPTIONS /token", b"QUERY /token", b"GET http://other.example/public",
    )
] + [
    post(b"Content-Length: 1000000\r\n", b""),
    post(b"Content-Length: 1000000\r\n", b"", b"POST /nothing HTTP/1.1\r\n"),
    post(b"Content-Length: 9223372036854775808\r\n", b""),
    post(b"Content-Length: %s\r\nExpect: 100-continue\r\n" % LENGTH, b""),
    post(b"Content-Length: %s\r\n" % LENGTH, b"").replace(b"application/x-www-form-urlencoded", b"text/plain"),
    post(b"Transfer-Encoding: chunked\r\n", b"8000000000000000\r\n"),
    post(b"Transfer-Encoding: chunked\r\n", b"7fffffff\r\n"),
]


@pytest.mark.parametrize("request_bytes", named(*BODIES))
def test_what_stands_in_a_body_is_no_second_request(marker, request_bytes):
    answer = marker.send(request_bytes)
    assert not marker.was_executed, answer
    assert len([status for status in answer.statuses if status != 100]) <= 1, answer


@pytest.mark.parametrize("request_bytes", named(
    post(b"Connection: close\r\nContent-Length: 1\r\n"),
    b"POST /introspect HTTP/1.0\r\n" + FORM + b"Content-Length: 1\r\n\r\na",
))
def test_nothing_follows_the_reply_after_which_the_connection_is_to_end(marker, request_bytes):
    answer = marker.send(request_bytes)
    assert not marker.was_executed, answer
    assert len(answer.statuses) == 1 and answer.closed, answer


@pytest.mark.parametrize("request_bytes", named(
    post(b"Content-Length: 1\r\n"),
    post(b"Transfer-Encoding: Chunked\r\n", b"1;x=y\r\na\r\n0\r\n\r\n"),
    post(b"Content-Length: 1\r\n", line=b"POST http://x/introspect HTTP/1.1\r\n"),
    b"\r\n" + post(b"Content-Length: 1\r\n"),
))
def test_a_second_request_that_is_clear_is_answered_and_the_marker_shows_it(marker, request_bytes):
    answer = marker.send(request_bytes)
    assert answer.statuses == [401, 200], answer
    assert marker.was_executed


UPGRADES = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
)


@pytest.mark.parametrize("headers", named(*UPGRADES))
def test_after_a_request_for_an_upgrade_the_next_request_is_answered_or_the_connection_closed(server, headers):
    get = b"GET /public HTTP/1.1\r\nHost: x\r\n"
    answer = exchange(server.port, get + headers + b"\r\n", get + b"\r\n", pause=0.3)
    assert answer.statuses == [200, 200] or (answer.statuses == [200] and answer.closed), answer


def test_a_tunnel_is_refused_and_what_is_sent_through_it_is_not_executed(marker):
    answer = marker.send(b"CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: x\r\n\r\n", pause=0.3)
    assert not marker.was_executed, answer
    assert len(answer.statuses) == 1 and answer.statuses[0] >= 400 and answer.closed, answer


def test_a_client_that_awaits_100_continue_is_told_to_go_on_or_answered(server):
    answer = exchange(server.port, post(b"Content-Length: 1\r\nExpect: 100-continue\r\n", b""))
    assert answer.statuses, "neither 100 nor a final status: the client waits for nothing"


@pytest.fixture(scope="module")
def hasty(serve) -> Server:
    return serve("http: { headerTimeout: 1s, bodyTimeout: 1s }\n")


@pytest.mark.parametrize("endless", [b"x" * 65_536, b"1000\r\n" + b"x" * 4096 + b"\r\n"], ids=["chunk extension", "chunks"])
def test_a_body_past_its_limit_ends_the_connection_instead_of_being_read_on(hasty, endless):
    first = b"1;" if b"\r\n" not in endless else b""
    answer = exchange(hasty.port, post(b"Transfer-Encoding: chunked\r\n", first), *[endless] * 1000, pause=0, quiet=2)
    assert answer.closed and answer.statuses in ([], [413], [400]), answer
