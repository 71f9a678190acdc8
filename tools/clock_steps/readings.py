"""Readings that nobody expects: absurd years, many steps both ways, and pauses between one clock and the other."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

from clock_steps.answers import Pair
from clock_steps.reports import SHIFT_METRIC, STEPS_METRIC, wait_for_warnings
from clock_steps.tokens import expect_issued_now
from clock_steps.trial import DAY, HOUR, Trial

YEARS = (1970, 2300)
STEPS = 14
ACCESS_SECONDS = 60.0
IDLE_SECONDS = 1200.0
# How exactly this program knows the time of the ledger, beside the doubt that a kill leaves.
DOUBT = 1.2


def cases(walks: int) -> Iterator[tuple[str, Callable[[Trial], None]]]:
    yield "pauses between two readings", pauses
    for year in YEARS:
        yield f"the year {year} for one moment", partial(absurd, year)
    for year in YEARS:
        yield f"the year {year} at a first start", partial(absurd_start, year)
    for number in range(walks):
        yield f"{STEPS} steps both ways, walk {number}", partial(walk, number)


def moment_of(year: int) -> float:
    return datetime(year, 1, 1, 0, 10, tzinfo=UTC).timestamp()


def expect_health(trial: Trial, when: str) -> None:
    for path in ("/health/live", "/health/ready"):
        trial.expect(f"{path} {when}", 200, trial.ask("GET", path).status)
    trial.expect(f"the server's exit code {when}", None, trial.running().child.poll())


def expect_service(trial: Trial, when: str) -> Pair:
    pair = trial.log_in()
    expect_issued_now(trial, f"a log-in {when}", pair)
    trial.expect_access(f"access token {when}", 200, pair)
    return trial.expect_refresh(f"refresh token {when}", 200, pair)


def absurd(year: int, trial: Trial) -> None:
    trial.start()
    before = trial.log_in()
    trial.clock.set_to(moment_of(year))
    expect_health(trial, f"in {year}")
    during = trial.log_in()
    trial.expect_access(f"access token of a log-in in {year}", 200, during)
    trial.clock.set_right()
    expect_health(trial, "afterwards")
    if year < 2000:
        # The clock was never ahead: nothing is over.
        trial.expect_access("access token of before", 200, before)
        before = trial.expect_refresh("refresh token of before", 200, before)
    during = trial.expect_refresh(f"refresh token of a log-in in {year}, afterwards", 200, during)
    expect_service(trial, "afterwards")
    for how in ("SIGTERM", "kill -9"):
        trial.restart(how)
        expect_health(trial, f"after {how}")
        expect_service(trial, f"after {how}")
    during = trial.expect_refresh(f"refresh token of a log-in in {year}, at the end", 200, during)


def absurd_start(year: int, trial: Trial) -> None:
    trial.clock.set_to(moment_of(year))
    trial.start()
    made = trial.banner(r"NAME=(\S+) PASSWORD='([^']+)' CLIENT='([^:]+):([^']+)'")
    user, password, client, secret = made.groups()
    pair = trial.log_in(client, user, password, secret)
    for when, how in (("at the start", ""), ("then right", "no restart"), ("SIGTERM", "SIGTERM"), ("kill -9", "kill -9")):
        if how:
            trial.clock.set_right()
            trial.restart(how)
        expect_health(trial, when)
        if how != "no restart" or year > 2000:
            # Else a session of the year 1970 is over, and rightly.
            trial.expect_access(f"access token, {when}", 200, pair)
            trial.expect_refresh(f"refresh token, {when}", 200, pair, client, secret)
        pair = trial.log_in(client, user, password, secret)
        expect_issued_now(trial, f"a log-in, {when}", pair)


class Model:
    """The time of the ledger beside the true one: `offset` ahead, at least and at most, as the steps so far tell."""

    def __init__(self) -> None:
        self.least = self.most = 0.0

    def saw(self, offset: float) -> None:
        self.least, self.most = max(self.least, offset), max(self.most, offset)

    def restarted(self, down: float, how: str) -> None:
        self.least -= down + (2 if how == "kill -9" else 0.1)

    def verdict(self, pair: Pair, at: tuple[float, float], lifetime: float) -> int | None:
        """Whether a token with this lifetime is good; None where it lies in doubt. `at`: the offsets of its issue."""
        least, most = time.monotonic() - pair.came + self.least - at[1], time.monotonic() - pair.asked + self.most - at[0]
        if most < lifetime - DOUBT:
            return 200
        return 401 if least > lifetime + DOUBT else None


def walk(number: int, trial: Trial) -> None:
    """Any steps, by the seed; what is asked after each is what the model of the ledger's time tells."""
    chooser = random.Random(f"{trial.seed} {number}")
    trial.set(TOKENS_ACCESS_TTL=f"{ACCESS_SECONDS:g}s", SESSIONS_REFRESH_TTL=f"{IDLE_SECONDS:g}s")
    trial.start()
    model = Model()
    alive: list[tuple[Pair, tuple[float, float]]] = []
    for step in range(STEPS):
        size = chooser.choice((3.0, 30.0, 300.0, HOUR, DAY, 30 * DAY))
        offset = round(chooser.uniform(-size, size), 3) if chooser.random() < 0.8 else 0.0
        how = chooser.choice(("no restart",) * 5 + ("SIGTERM", "kill -9"))
        down = trial.down
        name = f"step {step} to {offset:+.1f} s" + ("" if how == "no restart" else f", {how}")
        trial.restart(how, partial(trial.clock.set_ahead, offset))
        if how != "no restart":
            model.restarted(trial.down - down, how)
        model.saw(offset)
        expect_alive(trial, model, name, alive)
        pair = trial.log_in()
        expect_claims(trial, model, name, pair)
        trial.expect_access(f"a new access token, {name}", 200, pair)
        alive = [*alive[-3:], (pair, (model.least, model.most))]
    expect_health(trial, "at the end")


def expect_alive(trial: Trial, model: Model, name: str, alive: list[tuple[Pair, tuple[float, float]]]) -> None:
    for place, (pair, at) in enumerate(alive):
        if (wanted := model.verdict(pair, at, ACCESS_SECONDS)) is not None:
            trial.expect_access(f"access token {len(alive) - place} steps old, {name}", wanted, pair)
        wanted = model.verdict(pair, at, IDLE_SECONDS)
        answer = trial.refresh(pair.refresh)
        if wanted is not None:
            status = 200 if isinstance(answer, Pair) else answer.status
            trial.expect(f"refresh token {len(alive) - place} steps old, {name}", 200 if wanted == 200 else 400, status)
        if isinstance(answer, Pair):
            alive[place] = (answer, (model.least, model.most))


def expect_claims(trial: Trial, model: Model, name: str, pair: Pair) -> None:
    claims, offset = pair.claims, trial.clock.offset
    expect_issued_now(trial, f"a log-in, {name}", pair)
    trial.expect(f"exp - iat, {name}", int(ACCESS_SECONDS), claims["exp"] - claims["iat"])
    least, most = model.least - offset, model.most - offset
    shift = claims.get("shift", 0)
    # It is rounded up and right to two seconds; there is none below a second.
    holds = least - 0.1 <= shift <= most + 2.1 or (shift == 0 and least < 1.1)
    trial.expect(f"shift, {name}", f"{least:.1f} to {most + 2:.1f}", shift, holds)


def pauses(trial: Trial) -> None:
    """A process that is stopped between its two readings: the time of the ledger must not run ahead by that."""
    trial.log_level = "info"
    trial.clock.pause(0.7, 0.7, 2)
    trial.start()
    trial.clock.pause(0, 0, 0)
    trial.log_in()
    # The last as long as a step that is told: one reading alone, so that a second look finds the clock right.
    for before, after, readings in ((1.6, 0.0, 3), (0.0, 1.6, 3), (1.2, 1.2, 3), (0.0, 3.0, 1)):
        trial.clock.pause(before, after, readings)
        pair = trial.log_in()
        trial.clock.pause(0, 0, 0)
        when = f"after pauses of {before:g} s before and {after:g} s after a reading"
        expect_issued_now(trial, f"a log-in {when}", pair)
        trial.expect_access(f"access token {when}", 200, pair)
        trial.expect_refresh(f"refresh token {when}", 200, pair)
        trial.expect(f"shift {when}", None, trial.log_in().claims.get("shift"))
        trial.expect(f"{SHIFT_METRIC} {when}", 0.0, trial.metric(SHIFT_METRIC))
    # Whoever looks at the clock while nothing is asked is held up too.
    for _ in range(2):
        trial.clock.pause(0.0, 3.0, 1)
        deadline = time.monotonic() + 2
        while trial.clock.pauses_left and time.monotonic() < deadline:
            time.sleep(0.05)
        trial.clock.pause(0.0, 3.0, 0)
        time.sleep(4.5)
    trial.expect(STEPS_METRIC, 0.0, trial.metric(STEPS_METRIC))
    trial.expect(f"{SHIFT_METRIC} at the end", 0.0, trial.metric(SHIFT_METRIC))
    trial.expect("warnings of the clock", 0, len(wait_for_warnings(trial, 0)))
