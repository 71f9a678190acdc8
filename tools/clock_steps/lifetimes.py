"""What ends, ends on time: after the clock was ahead and is right again, across restarts, and after a step forward."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from clock_steps.answers import Pair
from clock_steps.trial import ADMIN, DAY, HOUR, RESTARTS, SECRET, Trial, sleep_until

# An access token of whole seconds ends on a whole second: up to one second early. All else is exact.
WHOLE_SECOND = 1.0
# How exactly this program knows an age.
DOUBT = 0.05


class Probe(NamedTuple):
    """One look, at an age of its token."""

    kind: str
    token: Pair
    age: float
    ask: Callable[[], int]


class Limit(NamedTuple):
    seconds: float
    early: float


def cases() -> Iterator[tuple[str, Callable[[Trial], None]]]:
    for how in RESTARTS:
        yield f"a session of 10 s ends on time, clock set right, {how}", partial(absolute_end, how, False)
        yield f"tokens end on time, clock set right, {how}", partial(ends, how, False)
    for how in ("SIGTERM", "kill -9"):
        yield f"a session of 10 s ends on time, {how}, clock set right while down", partial(absolute_end, how, True)
        yield f"tokens end on time, {how}, clock set right while down", partial(ends, how, True)
    for how in ("no restart", "kill -9"):
        yield f"a grace window of 2 s ends on time, {how}", partial(grace_end, how)
    yield "a step forward that verifiers alone saw ends tokens for good", step_seen_by_verifiers
    for how in ("SIGTERM", "kill -9"):
        yield f"a step forward ends tokens for good, {how}", partial(step_forward, how, False)
        yield f"a step forward ends tokens for good, {how}, clock set back while down", partial(step_forward, how, True)


def set_right(trial: Trial, how: str, while_down: bool) -> None:
    if while_down:
        trial.restart(how, trial.clock.set_right)
    else:
        trial.clock.set_right()
        # A request of the time after it, which a server that was killed in the same moment would not have seen.
        trial.ask("GET", "/health/ready")
        trial.restart(how)


def ends(how: str, while_down: bool, trial: Trial) -> None:
    trial.set(TOKENS_ACCESS_TTL="2s", SESSIONS_REFRESH_TTL="4s", SESSIONS_MAX_AGE="1h")
    trial.start()
    trial.clock.set_ahead(DAY)
    access = trial.log_in()
    sessions = [trial.log_in() for _ in range(4)]
    once = [trial.issue_one_time(1000) for _ in range(4)]
    set_right(trial, how, while_down)
    late = RESTARTS[how] + trial.down
    limits = {
        "access token of 2 s": Limit(2, WHOLE_SECOND),
        "one-time token of 1 s": Limit(1, 0),
        "refresh token of 4 s": Limit(4, 0),
    }
    me = partial(trial.me, access.access)
    probes = [Probe("access token of 2 s", access, age, me) for age in (0.4, 0.8, 2.1 + late, 2.5 + late)]
    for token, age in zip(once, (0.4, 0.8, 1.1 + late, 1.5 + late), strict=True):
        probes.append(Probe("one-time token of 1 s", token, age, partial(trial.consume, token.access)))
    for token, age in zip(sessions, (2.0, 3.6, 4.1 + late, 4.5 + late), strict=True):
        probes.append(Probe("refresh token of 4 s", token, age, partial(status_of_refresh, trial, token)))
    look(trial, probes, limits, late)


def absolute_end(how: str, while_down: bool, trial: Trial) -> None:
    trial.set(TOKENS_ACCESS_TTL="2s", SESSIONS_REFRESH_TTL="10s", SESSIONS_MAX_AGE="10s")
    trial.start()
    trial.clock.set_ahead(DAY)
    first = trial.log_in()
    set_right(trial, how, while_down)
    late = RESTARTS[how] + trial.down
    newest = [first]

    def refresh() -> int:
        answer = trial.refresh(newest[0].refresh)
        if not isinstance(answer, Pair):
            return answer.status
        newest[0] = answer
        return 200

    ages = (2.0, 5.0, 8.0, 9.4, 10.1 + late, 10.5 + late)
    probes = [Probe("session of 10 s", first, age, refresh) for age in ages]
    look(trial, probes, {"session of 10 s": Limit(10, 0)}, late)


def look(trial: Trial, probes: list[Probe], limits: dict[str, Limit], late: float) -> None:
    """Asks at each age, and holds the answer against the lifetime; an age that lies in doubt is not judged."""
    told: dict[str, list[str]] = {kind: [] for kind in limits}
    wrong: dict[str, bool] = {kind: False for kind in limits}
    for probe in sorted(probes, key=lambda probe: probe.token.came + probe.age):
        sleep_until(probe.token.came + probe.age)
        asked = time.monotonic()
        accepted = probe.ask() == 200
        least, most = asked - probe.token.came, time.monotonic() - probe.token.asked
        limit = limits[probe.kind]
        if accepted:
            wrong[probe.kind] |= least > limit.seconds + late + DOUBT
        else:
            wrong[probe.kind] |= most < limit.seconds - limit.early - DOUBT
        told[probe.kind].append(f"{'accepted' if accepted else 'refused'} at {least:.1f} s")
    for kind, limit in limits.items():
        expected = f"accepted until {limit.seconds - limit.early:g} s, refused from {limit.seconds + late:.1f} s on"
        trial.expect(kind, expected, ", ".join(told[kind]), not wrong[kind])


def status_of_refresh(trial: Trial, pair: Pair) -> int:
    answer = trial.refresh(pair.refresh)
    return 200 if isinstance(answer, Pair) else answer.status


def grace_end(how: str, trial: Trial) -> None:
    """Of the client that has no grace of its own."""
    trial.set(ROTATION_GRACE="2s", ROTATION_REUSE="refuse")
    trial.start()
    trial.clock.set_ahead(DAY)
    # One session for each look.
    used = [trial.log_in(ADMIN, secret=SECRET) for _ in range(4)]
    rotated = [trial.granted("a rotation", trial.refresh(pair.refresh, ADMIN, SECRET)) for pair in used]
    set_right(trial, how, False)
    late = RESTARTS[how] + trial.down

    def retry(pair: Pair) -> int:
        answer = trial.refresh(pair.refresh, ADMIN, SECRET)
        return 200 if isinstance(answer, Pair) else answer.status

    ages = (0.8, 1.6, 2.1 + late, 2.5 + late)
    kind = "token that was rotated out, grace 2 s"
    probes = [Probe(kind, new, age, partial(retry, old)) for old, new, age in zip(used, rotated, ages, strict=True)]
    look(trial, probes, {kind: Limit(2, 0)}, late)


def step_seen_by_verifiers(trial: Trial) -> None:
    trial.set(TOKENS_ACCESS_TTL="1m", SESSIONS_REFRESH_TTL="1m")
    trial.start()
    pair = trial.log_in()
    once = trial.issue_one_time(60_000)
    trial.clock.set_ahead(HOUR)
    trial.expect_access("access token an hour ahead", 401, pair)
    trial.clock.set_right()
    trial.expect_access("access token after the clock was set back", 401, pair)
    trial.expect_refresh("refresh token after the clock was set back", 400, pair)
    trial.expect("one-time token after the clock was set back", 400, trial.consume(once.access))


def step_forward(how: str, while_down: bool, trial: Trial) -> None:
    trial.set(TOKENS_ACCESS_TTL="30s", SESSIONS_REFRESH_TTL="30s")
    trial.start()
    # Presented once each, so that no refusal is one of a token that was consumed or revoked before.
    pairs = [trial.log_in() for _ in range(3)]
    once = [trial.issue_one_time(30_000) for _ in range(3)]

    def expect_over(when: str) -> None:
        pair, token = pairs.pop(), once.pop()
        trial.expect_access(f"access token {when}", 401, pair)
        trial.expect_refresh(f"refresh token {when}", 400, pair)
        trial.expect(f"one-time token {when}", 400, trial.consume(token.access))

    trial.expect_access("access token before the step", 200, pairs[0])
    trial.clock.set_ahead(HOUR)
    expect_over("an hour ahead")
    new = trial.log_in()
    trial.expect_access("access token of a log-in an hour ahead", 200, new)
    if while_down:
        # What was seen of the hour is in the log within a minute while no shift is in force: here by the log-in.
        trial.restart(how, trial.clock.set_right)
    else:
        trial.clock.set_right()
        expect_over("after the clock was set back")
        trial.restart(how)
    expect_over(f"after {how}")
    trial.expect_access("access token of the log-in an hour ahead, at the end", 200, new)
    trial.expect_refresh("refresh token of the log-in an hour ahead, at the end", 200, new)
    age = time.monotonic() - new.asked
    trial.expect("the trial took less than the lifetime", "under 28 s", f"{age:.0f} s", age < 28)
