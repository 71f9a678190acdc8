"""Questions about sessions when nothing waits any more: does the newest token work, is what was consumed refused, is what has ended over
everywhere."""

import asyncio
import random

from callers import Caller
from faults.worlds import UNKNOWN, Violation
from history import ClusterHistory
from wire import Instance
from work import Kind, Work

CHECKERS = 24
CONSUMED_EACH = 3


class Check:
    """One look at some of the sessions, the uncertain ones first."""

    def __init__(self, work: Work, sample: int | None, turn: int):
        self.work = work
        self.chooser = random.Random(f"{work.plan.seed} {work.number} check {turn}")
        self.caller = Caller(work, 0, turn)
        self.chosen = [*work.living.values(), *work.ended]
        if sample is not None:
            self.chooser.shuffle(self.chosen)
            self.chosen.sort(key=lambda each: each[1].is_certain)
            self.chosen = self.chosen[:sample]
        self.chosen.reverse()

    async def run(self) -> int:
        count = len(self.chosen)
        await asyncio.gather(*(self._work_off() for _ in range(CHECKERS)))
        return count

    async def _work_off(self) -> None:
        while self.chosen:
            kind, history = self.chosen.pop()
            try:
                await self._ask_about(kind, history)
                self.work.counts["checked"] += 1
            except Violation as violation:
                self.work.violate(violation, history)
                self.work.living.pop(history.session, None)
                self.work.ended = [each for each in self.work.ended if each[1] is not history]

    async def _ask_about(self, kind: Kind, history: ClusterHistory) -> None:
        await self._show_all(history)
        consumed = history.consumed()
        revokes = self.work.plan.revokes_on_reuse
        if not kind.is_honest and not revokes:
            await self._replay(history, consumed)
        newest = history.newest
        await self._present(history, newest)
        if history.newest != newest:
            await self._present(history, history.newest)
        if not kind.is_honest and revokes and consumed and (history.is_ended or self.chooser.random() < 0.3):
            had_ended = history.is_ended
            await self._replay(history, consumed)
            await self._present(history, history.newest)
            if not had_ended:
                # The others hear of it.
                await asyncio.sleep(self.work.plan.bounds.revocation)
            await self._show_all(history)

    async def _replay(self, history: ClusterHistory, consumed: list[str]) -> None:
        for token in self.chooser.sample(consumed, min(CONSUMED_EACH, len(consumed))):
            await self._present(history, token)

    async def _present(self, history: ClusterHistory, token: str) -> None:
        """An answer without a decision is none of a healed cluster."""
        instance = self.chooser.choice(self.work.instances)
        attempts = await self.caller.present(history, [(instance, token)])
        if not attempts or attempts[0].reply == UNKNOWN:
            raise Violation(history.story(f"instance {instance.number + 1} did not answer, although all was healed"))

    async def _show_all(self, history: ClusterHistory) -> None:
        """The newest access token at every instance; of a session that is over each older one at one of them."""
        instances = self.work.instances
        newest = history.access_tokens[-1]
        if not history.is_certain or not history.is_ended:
            await self.caller.show_token(history, newest, self.chooser.choice(instances), is_settled=True)
        if history.is_ended:
            for instance in instances:
                await self.caller.show_token(history, newest, instance, is_settled=True)
            for token in list(history.access_tokens)[:-1]:
                await self.caller.show_token(history, token, self.chooser.choice(instances), is_settled=True)


async def answers_again(work: Work, seconds: float) -> str:
    """Waits until each instance has opened and rotated a session; else says which has not."""
    caller = Caller(work, 0, -1)
    loop = asyncio.get_running_loop()
    limit = loop.time() + seconds
    for instance in work.instances:
        while not await _decides(caller, instance):
            if loop.time() > limit:
                return f"instance {instance.number + 1} does not answer from the database {seconds:g} s after the traffic ended"
            await asyncio.sleep(0.1)
    return ""


async def _decides(caller: Caller, instance: Instance) -> bool:
    try:
        history = await caller.open_at(instance)
        if history is None:
            return False
        attempts = await caller.present(history, [(instance, history.newest)])
        caller.retire(history)
        return bool(attempts) and attempts[0].reply != UNKNOWN
    except Violation as violation:
        caller.work.violate(violation)
        return True
