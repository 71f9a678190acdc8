"""One client of several instances, one request after another: for a fault that plays a story to its end."""

import http.client
import socket
import threading
import time
from typing import NamedTuple

from clients import ADMIN
from ground import wait_until
from routes import open_session, pair_in, refresh, revoke

# No answer: what was asked may have happened or not.
NONE = 0
GRANTED = 200
REFUSED = 400
PAUSE_SECONDS = 0.05


class Answer(NamedTuple):
    status: int
    # The refresh token of a pair.
    token: str = ""


class OneClient:
    def __init__(self, addresses: list[tuple[str, int]], client: str, subject: str):
        self.addresses = addresses
        self.client = client
        self.subject = subject

    def open(self, at: int) -> str:
        """A session at an instance, and its refresh token."""
        return self._decided(at, open_session(ADMIN, self.subject, self.client), 30).token

    def rotate(self, at: int, token: str, seconds: float = 10) -> Answer:
        return self._ask(at, refresh(self.client, token), seconds)

    def rotate_patiently(self, at: int, token: str, seconds: float = 30) -> Answer:
        """Again and again until there is a decision."""
        return self._decided(at, refresh(self.client, token), seconds)

    def rotate_beside(self, at: int, token: str) -> threading.Thread:
        """A request that nobody waits for."""
        return self._beside(at, refresh(self.client, token))

    def end_beside(self, at: int, token: str) -> threading.Thread:
        return self._beside(at, revoke(self.client, token))

    def _beside(self, at: int, request: bytes) -> threading.Thread:
        thread = threading.Thread(target=self._ask, args=(at, request, 30), daemon=True)
        thread.start()
        return thread

    def _decided(self, at: int, request: bytes, seconds: float) -> Answer:
        answers: list[Answer] = []

        def decides() -> bool:
            answers.append(self._ask(at, request, seconds))
            if answers[-1].status in (GRANTED, REFUSED):
                return True
            time.sleep(PAUSE_SECONDS)
            return False

        wait_until(decides, f"instance {at + 1} decides", seconds)
        return answers[-1]

    def _ask(self, at: int, request: bytes, seconds: float) -> Answer:
        try:
            with socket.create_connection(self.addresses[at], timeout=seconds) as connection:
                connection.sendall(request)
                reply = http.client.HTTPResponse(connection)
                reply.begin()
                body = reply.read()
        except (OSError, http.client.HTTPException):
            return Answer(NONE)
        try:
            return Answer(reply.status, pair_in(body).refresh)
        except ValueError:
            return Answer(reply.status)
