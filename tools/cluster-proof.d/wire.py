"""Keep-alive HTTP/1.1 connections to instances, and what their answers say about each instance."""

import asyncio
import math
import socket
import time
from bisect import bisect_left
from typing import NamedTuple

# An answer that took longer, or none in that time, is no service without trouble; one that took much longer may be that of a process that
# stood still.
TROUBLE_SECONDS = 0.5
STANDSTILL_SECONDS = 1.5
CONNECT_SECONDS = 3.0
# An instance that has owed some answers for so long, or was not reached within this time, seems to be down.
SILENT_SECONDS, UNREACHED_SECONDS, OWED_MAX = 0.5, 0.5, 2
# Grants that lie closer together than this are one stretch of service.
STRETCH_SECONDS = 0.01


class Lost(Exception):
    """No answer came: what was asked may have happened or not."""


class Unreached(Exception):
    """There was no connection: nothing was asked."""


class Reply(NamedTuple):
    status: int
    body: bytes
    # 503 without it breaks a rule.
    has_retry_after: bool
    # By the clock that nobody sets.
    sent: float
    came: float


class Channel(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.waiter: asyncio.Future | None = None
        self.received = b""
        self.sent = 0.0

    @property
    def is_open(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()

    def connection_made(self, transport) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> asyncio.Future:
        self.received = b""
        self.sent = time.monotonic()
        self.waiter = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.waiter

    def data_received(self, piece: bytes) -> None:
        self.received = received = self.received + piece if self.received else piece
        end = received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = received[:end].lower()
        length = head.find(b"\r\ncontent-length:")
        until = end + 4
        if length >= 0:
            stop = head.find(b"\r\n", length + 17)
            until += int(head[length + 17 : stop if stop >= 0 else end])
        if len(received) < until:
            return
        waiter, self.waiter = self.waiter, None
        if waiter is None or waiter.done() or not head[9:12].isdigit():
            self.close()
            return
        waiter.set_result(
            Reply(int(head[9:12]), received[end + 4 : until], b"\r\nretry-after:" in head, self.sent, time.monotonic()))
        if b"\r\nconnection: close" in head:
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_exception(Lost(str(error or "the connection ended")))
        self.waiter = None
        self.transport = None

    def close(self) -> None:
        if self.transport is not None:
            # Not lingering: what is on its way is cut off, as by a client that goes away.
            self.transport.abort()


class Instance:
    """One instance as its clients see it: idle connections, its grants, and since when it answers without trouble."""

    def __init__(self, number: int, address: tuple[str, int]):
        self.number = number
        self.address = address
        self.idle: list[Channel] = []
        # Since when it owes an answer on which connection, the oldest first.
        self.owed: dict[Channel, float] = {}
        self.last_unreached = 0.0
        # Seconds in which it answered from the database: they do not pass while it, or the database, stands still.
        self.service = 0.0
        self.last_answer = 0.0
        # The request of the last grant was sent then.
        self.granted_sent = 0.0
        # No trouble since; 0 before the first answer.
        self.healthy_since = 0.0
        self.last_trouble = 0.0
        # It was silent for as long as one that stands still, until then.
        self.last_silence = -math.inf
        # Beginnings and ends of stretches in which it granted.
        self.grants = Stretches()

    async def ask(self, request: bytes, patience: float) -> Reply:
        """The answer; `Unreached` or `Lost` if there is none within so many seconds."""
        channel = await self._channel()
        waiter = channel.send(request)
        self.owed[channel] = channel.sent
        timer = asyncio.get_running_loop().call_later(patience, channel.close)
        try:
            reply = await waiter
        except Lost:
            self._note_trouble(time.monotonic(), channel.sent)
            raise
        finally:
            timer.cancel()
            del self.owed[channel]
        if channel.is_open:
            self.idle.append(channel)
        if reply.status == 503 or reply.came - reply.sent > TROUBLE_SECONDS:
            self._note_trouble(reply.came, reply.sent)
        return reply

    async def ask_and_leave(self, request: bytes, seconds: float) -> None:
        """Sends it and goes away after so long, whatever becomes of it."""
        channel = await self._channel()
        channel.send(request)
        channel.waiter = None
        await asyncio.sleep(seconds)
        channel.close()

    async def _channel(self) -> Channel:
        while self.idle:
            channel = self.idle.pop()
            if channel.is_open:
                return channel
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, channel = await asyncio.get_running_loop().create_connection(Channel, *self.address)
        except (OSError, TimeoutError) as error:
            self.last_unreached = time.monotonic()
            self._note_trouble(self.last_unreached, self.last_unreached)
            raise Unreached(str(error)) from None
        return channel

    def note_decision(self, reply: Reply, is_grant: bool) -> None:
        """An answer for which it had to ask the database."""
        pause = reply.came - self.last_answer
        if pause > TROUBLE_SECONDS:
            self._note_trouble(reply.came, self.last_answer or reply.came)
        if pause > 0:
            self.service += min(pause, TROUBLE_SECONDS)
            self.last_answer = reply.came
        if is_grant:
            self.granted_sent = max(self.granted_sent, reply.sent)
            self.grants.note(reply.came)

    def seems_down(self, now: float) -> bool:
        """As a balancer sees it. Some requests always go to one that is silent, so that it is seen when it answers again."""
        if now - self.last_unreached < UNREACHED_SECONDS:
            return True
        return len(self.owed) >= OWED_MAX and now - next(iter(self.owed.values())) > SILENT_SECONDS

    def was_troubled(self, since: float) -> bool:
        """Whether it had trouble then or later: an answer may be that of its own second try."""
        return self.last_trouble >= since

    def stood_still(self, since: float) -> bool:
        """Whether it may have been stopped for a while then or later: what it reads after that may have been sent long before."""
        return self.last_silence >= since

    def has_news_of(self, moment: float, sent: float, bound: float) -> bool:
        """Whether it must know, when a request was sent, what was decided elsewhere by that moment: it has granted since, and
        had no trouble."""
        known = max(moment, self.healthy_since)
        return sent > known + bound and self.granted_sent > known

    def close(self) -> None:
        for channel in self.idle:
            channel.close()
        self.idle.clear()

    def _note_trouble(self, now: float, since: float) -> None:
        self.last_trouble = self.healthy_since = now
        if now - since > STANDSTILL_SECONDS:
            self.last_silence = now


class Stretches:
    """Moments, kept as the ends of stretches without a gap: what is between two of them is a pause."""

    def __init__(self) -> None:
        self.edges: list[float] = []
        self.last = 0.0

    def note(self, moment: float) -> None:
        if moment - self.last > STRETCH_SECONDS:
            if self.last:
                self.edges.append(self.last)
            self.edges.append(moment)
        self.last = max(self.last, moment)

    def moments(self, since: float) -> list[float]:
        return [*self.edges[bisect_left(self.edges, since) :], self.last]


def longest_gap(moments: list[float], since: float, until: float) -> float:
    """The longest time between two of the moments, in order, within a span; its ends count as moments."""
    first, after = bisect_left(moments, since), bisect_left(moments, until)
    within = [since, *moments[first:after], until]
    return max(later - earlier for earlier, later in zip(within, within[1:]))
