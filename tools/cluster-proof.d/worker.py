"""One process of clients: does what its parent asks for, one thing after another."""

import asyncio
import gc
import time
from multiprocessing.connection import Connection

from callers import Caller, Marker
from checks import Check, answers_again
from faults.worlds import Violation
from work import Kind, Plan, Work


class Worker:
    def __init__(self, plan: Plan, number: int, kinds: list[Kind], callers: int):
        self.work = Work(plan, number, kinds)
        self.callers = callers
        self.turn = 0
        self.stopping = asyncio.Event()
        self.tasks: list[asyncio.Task] = []

    async def serve(self, line: Connection) -> None:
        """Answers calls until the parent has gone."""
        loop = asyncio.get_running_loop()
        while True:
            ready = loop.create_future()
            loop.add_reader(line.fileno(), lambda: ready.done() or ready.set_result(None))
            await ready
            loop.remove_reader(line.fileno())
            try:
                name, arguments = line.recv()
            except EOFError:
                return
            try:
                answer = await getattr(self, name)(*arguments)
            except Violation as violation:
                self.work.violate(violation)
                answer = None
            line.send(answer)

    async def start(self) -> None:
        self.stopping = asyncio.Event()
        callers = [Caller(self.work, number, self.turn) for number in range(self.callers)]
        for kind, history in self.work.living.values():
            same = [caller for caller in callers if caller.kind == kind]
            min(same, key=lambda caller: len(caller.sessions)).adopt([history])
        drivers = [*callers, Marker(self.work, self.turn)] if self.work.plan.mark_seconds else callers
        self.tasks = [asyncio.create_task(driver.drive(self.stopping)) for driver in drivers]
        self.turn += 1

    async def stop(self) -> None:
        self.stopping.set()
        tasks, self.tasks = self.tasks, []
        await asyncio.gather(*tasks)

    async def settle(self, seconds: float) -> str:
        """Waits until nothing that was asked can take effect any more; says why where that cannot be known."""
        if problem := await answers_again(self.work, seconds):
            return problem
        everyone = [history for _, history in [*self.work.living.values(), *self.work.ended]]
        if any(history.is_waiting for history in everyone):
            await asyncio.sleep(self.work.plan.bounds.deadline + self.work.plan.bounds.margin)
        else:
            await asyncio.sleep(2 * self.work.plan.bounds.revocation)
        for history in everyone:
            history.settled(time.monotonic())
        self.work.marks.clear()
        return ""

    async def check(self, sample: int | None) -> int:
        self.turn += 1
        return await Check(self.work, sample, self.turn).run()

    async def report(self) -> tuple:
        return dict(self.work.counts), list(self.work.violations), list(self.work.delays)

    async def grants(self, since: float) -> list[list[float]]:
        return [instance.grants.moments(since) for instance in self.work.instances]

    async def facts(self) -> tuple[dict, dict]:
        for _, history in [*self.work.living.values(), *self.work.ended]:
            self.work.facts[history.session].is_ended = history.is_ended
        return self.work.facts, dict(self.work.acknowledged_marks)

    async def histories(self) -> list[dict]:
        """Those that were contradicted first."""
        return [*self.work.contradicted, *(history.line() for _, history in [*self.work.living.values(), *self.work.ended])]

    async def fence(self, has_happened: bool) -> None:
        """`database fence` is about to end every session, or has done so."""
        now = time.monotonic()
        if has_happened:
            self.work.fenced = now
        for _, history in [*self.work.living.values(), *self.work.ended]:
            if has_happened:
                history.end_acknowledged(now, -1)
            else:
                history.may_end(0, self.work.service, now)

    async def forget(self) -> None:
        """All sessions, and what was acknowledged of them."""
        for kept in (self.work.living, self.work.ended, self.work.facts, self.work.acknowledged_marks, self.work.marks):
            kept.clear()


def run(line: Connection, plan: Plan, number: int, kinds: list[Kind], callers: int) -> None:
    """The whole life of the process."""
    # Histories live long and hold no cycles: looking through them all is most of what the collector would do.
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)
    try:
        asyncio.run(_serve(line, plan, number, kinds, callers))
    except KeyboardInterrupt:
        pass


async def _serve(line: Connection, plan: Plan, number: int, kinds: list[Kind], callers: int) -> None:
    worker = Worker(plan, number, kinds, callers)
    await worker.serve(line)
    for task in worker.tasks:
        task.cancel()
