"""What clients do: honest ones rotate and retry, others race, replay, lose answers, steal tokens and end sessions."""

import asyncio
import random
import time

from faults.worlds import UNKNOWN, Attempt, Violation
from history import AccessToken, ClusterHistory
from routes import end_all, open_session, refresh, show
from wire import Instance, Lost, Unreached
from work import Kind, Mark, Work

# How often a client does what, where its session allows it.
HONEST_STEPS = {"rotate": 94, "show": 6}
ROUGH_STEPS = {"rotate": 60, "race": 9, "replay": 7, "repeat": 6, "lose": 5, "steal": 4, "show": 7, "end": 2}
# A session without a fault ends by itself after so many steps, on the average.
STEPS_MEAN = 150
# After as many requests without an answer as there are instances, a client waits.
PAUSE_SECONDS = 0.1
# Of the revocations so many are followed at another instance until its access tokens are refused there.
PROBED_SHARE = 0.3
PROBE_SECONDS = 0.003
PROBE_LIMIT_SECONDS = 3.0


class Caller:
    """One client program with some sessions, one request after another but where it races itself."""

    def __init__(self, work: Work, number: int, turn: int):
        self.work = work
        self.chooser = random.Random(f"{work.plan.seed} {work.number} {number} {turn}")
        self.kind = work.kinds[number % len(work.kinds)]
        self.sessions: list[ClusterHistory] = []
        self.failures = 0

    async def drive(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            history: ClusterHistory | None = None
            try:
                if len(self.sessions) < self.work.plan.sessions_each:
                    await self.open_at(self.somewhere())
                else:
                    history = self.chooser.choice(self.sessions)
                    await self.step(history)
            except Violation as violation:
                self.work.violate(violation, history)
                if history is not None:
                    self.forget(history)
            if self.failures >= len(self.work.instances):
                self.failures = 0
                await asyncio.sleep(PAUSE_SECONDS * (0.5 + self.chooser.random()))

    def somewhere(self, beside: Instance | None = None) -> Instance:
        """Of two instances by chance the one that owes fewer answers: else all clients would soon wait for one that stands still."""
        others = [instance for instance in self.work.instances if instance is not beside] or self.work.instances
        now = time.monotonic()
        up = [instance for instance in others if not instance.seems_down(now)] or others
        one, other = self.chooser.choice(up), self.chooser.choice(up)
        return other if len(other.owed) < len(one.owed) else one

    def adopt(self, histories: list[ClusterHistory]) -> None:
        self.sessions += histories

    def forget(self, history: ClusterHistory) -> None:
        if history in self.sessions:
            self.sessions.remove(history)
        self.work.living.pop(history.session, None)

    def retire(self, history: ClusterHistory) -> None:
        self.sessions.remove(history)
        self.work.keep_ended(self.kind, history)

    async def open_at(self, instance: Instance) -> ClusterHistory | None:
        """Of an opening without an answer nobody knows the session."""
        request = open_session(self.work.plan.admin, self.kind.subject, self.kind.client)
        try:
            reply = await instance.ask(request, self.work.plan.patience)
        except (Lost, Unreached):
            self.failures += 1
            return None
        if self.work.is_put_off(reply):
            self.failures += 1
            return None
        if reply.status != 200:
            raise Violation(f"an opening was answered {reply.status} {reply.body!r}")
        instance.note_decision(reply, is_grant=False)
        history = self.work.opened(self.kind, reply)
        self.sessions.append(history)
        return history

    async def step(self, history: ClusterHistory) -> None:
        steps = HONEST_STEPS if self.kind.is_honest else ROUGH_STEPS
        name = self.chooser.choices(list(steps), list(steps.values()))[0]
        await getattr(self, name)(history)
        if history.is_over and history in self.sessions:
            if self.kind.is_honest:
                self.work.counts["honest ended"] += 1
            await self.show_somewhere(history)
            self.retire(history)
        elif history in self.sessions and self.chooser.random() < 1 / STEPS_MEAN:
            self.retire(history)

    async def rotate(self, history: ClusterHistory) -> None:
        """With the newest token, and where no answer comes at once again at another instance."""
        instance = self.somewhere()
        for _ in self.work.instances:
            attempts = await self.present(history, [(instance, history.newest)])
            if attempts and attempts[0].reply != UNKNOWN:
                return
            if attempts:
                self.work.counts["retries"] += 1
            instance = self.somewhere(beside=instance)

    def ends_rarely(self, history: ClusterHistory) -> bool:
        """Whether to leave out what ends most sessions without grace where a reuse revokes."""
        return self.work.plan.revokes_on_reuse and history.grace_seconds == 0 and self.chooser.random() < 0.8

    async def race(self, history: ClusterHistory) -> None:
        if self.ends_rarely(history):
            return
        count = self.chooser.choice([2, 2, 3])
        await self.present(history, [(self.somewhere(), history.newest) for _ in range(count)])

    async def replay(self, history: ClusterHistory) -> None:
        consumed = history.consumed()
        if consumed and (not self.work.plan.revokes_on_reuse or self.chooser.random() < 0.15):
            self.work.counts["replays"] += 1
            await self.present(history, [(self.somewhere(), self.chooser.choice(consumed))])

    async def repeat(self, history: ClusterHistory) -> None:
        """Within the grace window, as a client whose answer was lost does."""
        if history.grace_seconds > 0 and len(history.tokens) > 1 and not history.may_be_revoked:
            await self.present(history, [(self.somewhere(), history.tokens[-2])])

    async def steal(self, history: ClusterHistory) -> None:
        """A thief rotates with a copy of the newest token, while the owner does, or before it."""
        if self.work.plan.revokes_on_reuse and self.chooser.random() < 0.8:
            return
        stolen = history.newest
        if self.chooser.random() < 0.5 and len(history.tokens) > 1:
            older = self.chooser.choice(history.tokens[-3:-1])
            await self.present(history, [(self.somewhere(), stolen), (self.somewhere(), older)])
            return
        for _ in range(self.chooser.choice([1, 2, 3])):
            await self.present(history, [(self.somewhere(), history.newest)])
        await self.present(history, [(self.somewhere(), stolen)])

    async def lose(self, history: ClusterHistory) -> None:
        """Sends a request and goes away: it may happen or not, before or after whatever comes next."""
        if self.ends_rarely(history):
            return
        instance = self.somewhere()
        history.begin(self.work.service, time.monotonic())
        try:
            token = history.newest
            await instance.ask_and_leave(refresh(history.client, token), self.chooser.choice([0.0, 0.002 * self.chooser.random()]))
            now = time.monotonic()
            self.work.counts["lost"] += 1
            attempt = Attempt(token, UNKNOWN, server=instance.number)
            history.judge([attempt], now, self.work.plan.revokes_on_reuse, self.work.place(now), self.work.service)
        except Unreached:
            self.work.counts["unreached"] += 1
        finally:
            history.finish()

    async def end(self, history: ClusterHistory) -> None:
        """Asks for the end of the session with one of its tokens."""
        instance = self.somewhere()
        attempts = await self.present(history, [(instance, self.chooser.choice(history.tokens[-3:]))], is_end=True)
        if attempts and attempts[0].reply != UNKNOWN:
            if self.chooser.random() < PROBED_SHARE:
                await self.probe(history, history.access_tokens[-1], instance, time.monotonic())
            await self.show_somewhere(history, instance)

    async def show(self, history: ClusterHistory) -> None:
        await self.show_somewhere(history)

    async def show_somewhere(self, history: ClusterHistory, instance: Instance | None = None, is_settled: bool = False) -> None:
        await self.show_token(history, history.access_tokens[-1], instance or self.somewhere(), is_settled)

    async def show_token(self, history: ClusterHistory, token: AccessToken, instance: Instance, is_settled: bool = False) -> None:
        if token.ends - time.monotonic() < self.work.plan.bounds.doubt:
            return
        history.begin(self.work.service, time.monotonic())
        try:
            reply = await instance.ask(show(token.text), self.work.plan.patience)
            if reply.status == 503:
                self.work.is_put_off(reply)
                return
            self.work.counts["shown"] += 1
            history.shown(token, reply.status, instance, reply.sent, reply.came, self.work.place(reply.came), is_settled)
        except (Lost, Unreached):
            self.failures += 1
        finally:
            history.finish()

    async def probe(self, history: ClusterHistory, token: AccessToken, acting: Instance, acknowledged: float) -> None:
        """Shows an access token of what was ended to another instance until that refuses it, and notes how long it took."""
        others = [instance for instance in self.work.instances if instance is not acting]
        if not others:
            return
        instance = self.chooser.choice(others)
        while True:
            try:
                reply = await instance.ask(show(token.text), self.work.plan.patience)
            except (Lost, Unreached):
                return
            if reply.status == 401:
                self.work.delays.append(max(0.0, reply.sent - acknowledged))
                return
            if reply.status != 200 or reply.sent - acknowledged > PROBE_LIMIT_SECONDS or instance.was_troubled(acknowledged):
                return
            if instance.has_news_of(acknowledged, reply.sent, self.work.plan.bounds.revocation):
                late = reply.sent - acknowledged
                raise Violation(history.story(
                    f"instance {instance.number + 1} accepts its access token {late:.3f} s after instance {acting.number + 1} ended it"))
            await asyncio.sleep(PROBE_SECONDS)

    async def present(self, history: ClusterHistory, asks: list[tuple[Instance, str]], is_end: bool = False) -> list[Attempt]:
        attempts = await self.work.present(history, asks, asyncio.gather, is_end)
        if attempts and any(attempt.reply != UNKNOWN for attempt in attempts):
            self.failures = 0
        else:
            self.failures += 1
        return attempts


class Marker:
    """An administrator that ends all sessions of a client or of a subject now and then, while they are in use."""

    def __init__(self, work: Work, turn: int):
        self.work = work
        self.chooser = random.Random(f"{work.plan.seed} {work.number} marker {turn}")
        self.caller = Caller(work, 0, turn)

    async def drive(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                async with asyncio.timeout(self.work.plan.mark_seconds * (0.5 + self.chooser.random())):
                    await stopping.wait()
            except TimeoutError:
                pass
            else:
                return
            try:
                await self.mark()
            except Violation as violation:
                self.work.violate(violation)

    async def mark(self) -> None:
        kind = self.chooser.choice([kind for kind in self.work.kinds if not kind.is_honest])
        selector, name = self.chooser.choice([("client_id", kind.client), ("subject", kind.subject)])
        instance, now = self.caller.somewhere(), time.monotonic()
        bounds = self.work.plan.bounds
        mark = Mark(selector, name, instance.number, now, instance.service + bounds.deadline + bounds.margin)
        everyone = [*self.work.living.values(), *self.work.ended]
        covered = [history for kind, history in everyone if mark.covers(kind) and not history.is_ended]
        live = [history for history in covered if not history.may_be_revoked]
        for history in covered:
            history.may_end(instance.number, self.work.service, now)
        self.work.marks.append(mark)
        try:
            reply = await instance.ask(end_all(self.work.plan.admin, selector, name), self.work.plan.patience)
        except Unreached:
            # Nothing was asked; that they may have ended is forgotten with what else waits.
            return
        except Lost:
            self.work.counts["unknown"] += 1
            return
        if self.work.is_put_off(reply):
            self.work.counts["unknown"] += 1
            return
        if reply.status != 200:
            raise Violation(f"the end of all sessions of {selector} {name} was answered {reply.status} {reply.body!r}")
        instance.note_decision(reply, is_grant=False)
        mark.acknowledged = reply.came
        self.work.counts["marks"] += 1
        self.work.acknowledged_marks[(selector, name)] += 1
        for history in covered:
            history.end_acknowledged(reply.came, instance.number)
        if live:
            history = self.chooser.choice(live)
            await self.caller.probe(history, history.access_tokens[0], instance, reply.came)
