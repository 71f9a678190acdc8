"""Bytes on a connection, and what came back: for requests that no HTTP library would send."""

import re
import socket
import time
from dataclasses import dataclass, field

# What the server may take to answer or to close. A connection that it leaves open is awaited for as long.
QUIET_SECONDS = 0.4
STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3}) [^\r\n]*\r\n")


@dataclass(frozen=True)
class Exchange:
    """What a server sent, and whether it closed the connection."""

    received: bytes = field(repr=False)
    closed: bool

    @property
    def statuses(self) -> list[int]:
        return [int(status) for status in STATUS_LINE.findall(self.received)]

    def __str__(self) -> str:
        return f"statuses {self.statuses}, {'closed' if self.closed else 'open'}"


def exchange(port: int, *pieces: bytes, quiet: float = QUIET_SECONDS, pause: float = 0.02) -> Exchange:
    """Sends each piece, with a pause between them, and reads until the server closes or sends nothing for `quiet` seconds."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        try:
            for number, piece in enumerate(pieces):
                if number:
                    time.sleep(pause)
                connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        connection.settimeout(quiet)
        while True:
            try:
                got = connection.recv(65536)
            except TimeoutError:
                return Exchange(received, closed=False)
            except ConnectionResetError:
                return Exchange(received, closed=True)
            if not got:
                return Exchange(received, closed=True)
            received += got
