"""A pretended cluster for the tests of the clients: several instances on one ledger in memory, right by default, with chances to be slow
and with lies to tell."""

import asyncio
import base64
import json
import random
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

GRANTED, REFUSED = 200, 400
FEED_SECONDS = 0.02


@dataclass
class Session:
    identifier: bytes
    client: str
    subject: str
    generation: int = 0
    is_revoked: bool = False
    # Each generation's pair, as it was answered.
    pairs: dict[int, dict] = field(default_factory=dict)
    # By which instance it is known to be over.
    known_over: set[int] = field(default_factory=set)


class PretendedCluster:
    """`lies` name what it does wrong, `luck` is the share of requests whose answer is lost, late or 503."""

    def __init__(
        self, graces: dict[str, int], revokes: bool, seed: int, lies: set[str] = frozenset(), luck: float = 0.0, late: float = 0.4
    ):
        self.graces = graces
        self.revokes = revokes
        self.lies = lies
        self.luck = luck
        # At most so many seconds later than its answer was given up a request takes effect.
        self.late = late
        self.chooser = random.Random(seed)
        self.sessions: dict[bytes, Session] = {}
        # What happened, as the stream of events would tell it.
        self.events: list[dict] = []
        self.servers: list[asyncio.Server] = []
        self.tasks: set[asyncio.Task] = set()
        self.writers: set[asyncio.StreamWriter] = set()

    async def open(self, count: int) -> list[tuple[str, int]]:
        for number in range(count):
            self.servers.append(await asyncio.start_server(lambda reader, writer, n=number: self._serve(n, reader, writer), "127.0.0.1", 0))
        return [server.sockets[0].getsockname()[:2] for server in self.servers]

    async def close(self) -> None:
        for server in self.servers:
            server.close()
        for task in self.tasks:
            task.cancel()
        for writer in self.writers:
            writer.transport.abort()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        while self.writers:
            await asyncio.sleep(0.001)

    async def _serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next((int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")), 0)
                body = (await reader.readexactly(length)).decode()
                method, target, _ = head.split(" ", 2)
                bearer = head.partition("Authorization: Bearer ")[2].partition("\r\n")[0]
                if not await self._answer(number, method, target, body, bearer, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.writers.discard(writer)
            writer.transport.abort()

    async def _answer(self, number: int, method: str, target: str, body: str, bearer: str, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        if target != "/me" and self.chooser.random() < self.luck:
            return await self._be_unlucky(number, method, target, body, writer)
        await asyncio.sleep(self.chooser.random() * (0.02 if self.luck else 0.001))
        status, members = self._decide(number, method, target, body, bearer, may_revoke=True)
        self._write(writer, status, members)
        return True

    async def _be_unlucky(self, number: int, method: str, target: str, body: str, writer: asyncio.StreamWriter) -> bool:
        """Done or not, sooner or later, and not answered, or with 503."""
        how = self.chooser.choice(["before", "never", "late"])
        if how == "before":
            self._decide(number, method, target, body, "", may_revoke=True)
        elif how == "late":
            task = asyncio.create_task(self._decide_late(number, method, target, body))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        if self.chooser.random() < 0.5:
            return False
        self._write(writer, 503, {"error": "invalid_grant" if "grant beside 503" in self.lies else "temporarily_unavailable"})
        return True

    async def _decide_late(self, number: int, method: str, target: str, body: str) -> None:
        """As an instance's own retry, which revokes nothing; now and then as the first try of a request that lay about, where that is no
        honest client's."""
        lies = "old request revokes" in self.lies
        await asyncio.sleep(self.chooser.random() * self.late * (5 if lies else 1))
        self._decide(number, method, target, body, "", may_revoke=lies or ("honest" not in body and self.chooser.random() < 0.5))

    def _write(self, writer: asyncio.StreamWriter, status: int, members: dict) -> None:
        body = json.dumps(members).encode()
        retry = "Retry-After: 1\r\n" if status == 503 and "no retry-after" not in self.lies else ""
        writer.write(f"HTTP/1.1 {status} x\r\n{retry}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def _decide(self, number: int, method: str, target: str, body: str, bearer: str, may_revoke: bool) -> tuple[int, dict]:
        place = urlsplit(target)
        if place.path == "/me":
            return self._show(number, bearer)
        if method == "DELETE":
            return self._mark(number, {name: values[0] for name, values in parse_qs(place.query).items()})
        if place.path == "/admin/sessions":
            return 200, self._opened(json.loads(body))
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if place.path == "/revoke":
            return self._revoke(number, form["token"])
        return self._refresh(number, form["refresh_token"], may_revoke)

    def _opened(self, members: dict) -> dict:
        session = Session(secrets.token_bytes(12), members["client_id"], members["subject"])
        self.sessions[session.identifier] = session
        self._tell("opened", session)
        return self._pair(session)

    def _pair(self, session: Session) -> dict:
        session.pairs[session.generation] = {
            "refresh_token": self._token("rt", session), "access_token": self._token("at", session), "expires_in": 43200}
        return session.pairs[session.generation]

    @staticmethod
    def _token(kind: str, session: Session) -> str:
        """As a token of ours, but for its signature; no two are alike."""
        identifier = session.identifier + session.generation.to_bytes(4, "big")
        members = {"jti": base64.urlsafe_b64encode(identifier).decode().rstrip("="), "kind": kind, "nonce": secrets.token_hex(4)}
        return f"x.{base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip('=')}.x"

    def _session_of(self, text: str) -> tuple[Session, int]:
        payload = text.split(".")[1]
        raw = base64.urlsafe_b64decode(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["jti"] + "==")
        return self.sessions[raw[:12]], int.from_bytes(raw[12:], "big")

    def _lies(self, name: str, share: float = 0.05) -> bool:
        return name in self.lies and self.chooser.random() < share

    def _refresh(self, number: int, text: str, may_revoke: bool) -> tuple[int, dict]:
        session, generation = self._session_of(text)
        grace = self.graces[session.client]
        if session.is_revoked and not self._lies("revived", 0.5):
            return REFUSED, {"error": "invalid_grant"}
        if generation == session.generation and session.pairs[generation]["refresh_token"] == text:
            if self._lies("live token refused", 0.01):
                return REFUSED, {"error": "invalid_grant"}
            if self._lies("rotation lost", 0.01):
                session.generation += 1
                pair = dict(self._pair(session))
                session.generation -= 1
                return GRANTED, pair
            session.generation += 1
            self._tell("rotated", session)
            return GRANTED, self._pair(session)
        is_parent = generation == session.generation - 1
        is_refused = "honest" in session.client and self._lies("retry refused", 0.2)
        if is_parent and (grace or self._lies("no end of grace")) and not is_refused:
            if self._lies("two successors", 0.3):
                return GRANTED, self._pair(session)
            if self._lies("another access token", 0.3):
                return GRANTED, {**session.pairs[session.generation], "access_token": self._token("at", session)}
            return GRANTED, session.pairs[session.generation]
        if self._lies("consumed accepted", 0.1):
            return GRANTED, session.pairs[generation + 1]
        if self.revokes and may_revoke and "reuse revokes nothing" not in self.lies:
            self._end(number, session)
            self._tell("reused", session)
        return REFUSED, {"error": "invalid_grant"}

    def _revoke(self, number: int, text: str) -> tuple[int, dict]:
        session, _ = self._session_of(text)
        if not session.is_revoked and not self._lies("revocation lost", 0.5):
            self._end(number, session)
            self._tell("revoked", session)
        return 200, {}

    def _mark(self, number: int, query: dict[str, str]) -> tuple[int, dict]:
        ended = 0
        for session in self.sessions.values():
            covers = query.get("subject") == session.subject or query.get("client_id") == session.client
            if covers and not session.is_revoked:
                if self._lies("mark misses one", 0.3):
                    continue
                self._end(number, session)
                ended += 1
        self.events.append({"event": "revoked_all", **query})
        return 200, {"ended": ended}

    def _end(self, number: int, session: Session) -> None:
        session.is_revoked = True
        if "acting instance forgets" not in self.lies:
            session.known_over.add(number)
        if not self._lies("feed is deaf", 0.5):
            others = {other for other in range(len(self.servers)) if other != number}
            asyncio.get_running_loop().call_later(FEED_SECONDS, session.known_over.update, others)

    def _show(self, number: int, bearer: str) -> tuple[int, dict]:
        session, generation = self._session_of(bearer)
        if self._lies("access token refused", 0.02):
            return 401, {}
        if number not in session.known_over:
            return 200, {}
        # The pair of a rotation that overlapped the end.
        if "overlapping access token lives" in self.lies and generation == session.generation:
            return 200, {}
        return 401, {}

    def _tell(self, event: str, session: Session) -> None:
        self.events.append({"event": event, "session": session.identifier, "generation": session.generation})
