"""What clients and a follower of the events were told since the beginning, or since the last fence, and whether it agrees."""

import random
from pathlib import Path

from clients import Traffic
from events import Follower, judge, last_number
from ground import SCHEMA, Ground
from programs import environment

# The follower's instance is killed about so often.
BREAK_SECONDS = 20


class Story:
    """A database that lacks something after a restore begins a new one: its events do not tell of what is missing."""

    def __init__(self, ground: Ground, traffic: Traffic, follower: Path | None, seed: int):
        self.ground = ground
        self.traffic = traffic
        self.program = follower
        self.chooser = random.Random(f"{seed} stories")
        self.follower: Follower | None = None
        self.events = 0

    def begin(self) -> None:
        """Before the first request of it."""
        if self.program is None:
            return
        environ = environment(**self.ground.environment)
        self.follower = Follower(
            self.command, last_number(self.query, SCHEMA), environment=environ, break_seconds=BREAK_SECONDS, seed=self.chooser.randrange(1 << 30))
        self.follower.start()

    def command(self, cursor: int) -> list[str]:
        """On the host of an instance, another one each time."""
        host = self.chooser.choice(self.ground.network.applications)
        return [*host.enter, str(self.program), self.ground.settings.database_url, SCHEMA, str(cursor)]

    def query(self, sql: str) -> list[list[str]]:
        told = self.ground.sql(sql, seconds=120)
        return [row.split("\t") for row in told.split("\n")] if told else []

    def settle(self, sample: int | None) -> list[str]:
        """Nothing is under way any more, and so everything can be asked about for certain."""
        self.traffic.stop()
        if problem := self.traffic.settle():
            return [problem]
        self.traffic.check(sample)
        return self.traffic.violations

    def end(self) -> list[str]:
        """Settled, and with a last look at the events. The clients know all that they knew."""
        if self.follower is None:
            return []
        follower, self.follower = self.follower, None
        found = follower.finish(self.query, SCHEMA)
        self.events += len(follower.numbers)
        return found or judge(follower, self.query, *self.traffic.facts(), SCHEMA)

    def abandon(self) -> None:
        """Without a look at what it knows."""
        if self.follower is not None:
            self.follower.finish(lambda sql: [["0"]], SCHEMA, seconds=0)
