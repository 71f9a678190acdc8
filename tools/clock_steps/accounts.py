"""A change of an account ends the sessions of before, whatever the clock said when they were opened; and none of after."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from clock_steps.answers import Pair, Reply
from clock_steps.trial import DAY, HOUR, Trial
from faults.server import PASSWORD, USER

EARLY_PASSWORD, NEW_PASSWORD = "password-of-tomorrow", "another-password"
# How soon a running server must have followed the files, and one that was started must have read them.
FOLLOWED_SECONDS = 2.0
AT_ONCE_SECONDS = 0.25
# How old an account may be that a log-in is held against: about 10 ms, says docs/configuration.md.
READ_AGAIN_SECONDS = 0.03


class Change(NamedTuple):
    """Commands that get the new password on the standard input where they ask for one."""

    name: str
    commands: list[list[str]]
    sets_password: bool = False

    def run(self, trial: Trial, password: str) -> None:
        for words in self.commands:
            trial.must(*words, text=password if "--password-stdin" in words else "")

    def password(self, new: str) -> str:
        return new if self.sets_password else PASSWORD


CHANGES = (
    Change("users password", [["users", "password", USER, "--password-stdin"]], True),
    Change("users disable + enable", [["users", "disable", USER], ["users", "enable", USER]]),
    Change(
        "users remove + add",
        [["users", "remove", USER], ["users", "add", USER, "--password-stdin", "--scopes", "read write"]],
        True,
    ),
    Change("clients remove + add", [["clients", "remove", "plain"], ["clients", "add", "plain", "--public"]]),
)
OFFLINE, BESIDE, ASLEEP = "offline", "beside the server", "while the server sleeps"
SKEWS = {"an hour": HOUR, "5 s": 5.0}


def cases() -> Iterator[tuple[str, Callable[[Trial], None]]]:
    for change in CHANGES:
        for place, account in ((OFFLINE, ""), (BESIDE, ""), (OFFLINE, ", account of ahead"), (ASLEEP, ", account of ahead")):
            case = partial(ends_sessions, change, place, account != "")
            yield f"{change.name} {place} ends what was opened ahead{account}", case
        for place in (OFFLINE, BESIDE):
            yield f"{change.name} {place} with the clock ahead", partial(made_ahead, change, HOUR, place)
    for name, skew in SKEWS.items():
        for place in (OFFLINE, BESIDE):
            yield f"users add {place} with the clock {name} ahead", partial(added_ahead, skew, place)
        for how in ("no restart", "SIGTERM"):
            yield f"first start with the clock {name} ahead, then right, {how}", partial(first_start, skew, how)


def run(trial: Trial, place: str, what: Callable[[], None]) -> None:
    if place == OFFLINE:
        trial.restart("SIGTERM", what)
        return
    if place == BESIDE:
        what()
    else:
        # It sees the last state of the files alone, and nothing of what was between.
        with trial.asleep():
            what()
    time.sleep(READ_AGAIN_SECONDS)


def ends_sessions(change: Change, place: str, account_of_ahead: bool, trial: Trial) -> None:
    trial.start()
    trial.clock.set_ahead(DAY)
    password = PASSWORD
    if account_of_ahead:
        change.run(trial, EARLY_PASSWORD)
        password = change.password(EARLY_PASSWORD)
    ahead = [trial.log_in(password=password), trial.log_in(password=password)]
    by_admin = trial.open_by_admin()
    trial.clock.set_right()
    old = {
        "opened ahead": ahead[0],
        "opened ahead and refreshed": trial.expect_refresh("a refresh before the change", 200, ahead[1]),
        "opened ahead by an admin": by_admin,
        "opened since": trial.log_in(password=password),
    }
    if account_of_ahead and place == OFFLINE:
        trial.checkpoint()
    run(trial, place, lambda: change.run(trial, NEW_PASSWORD))
    began = time.monotonic()
    if place == OFFLINE:
        expect_over(trial, old, began, AT_ONCE_SECONDS)
    # In the same moment: it is of the account as it is now.
    new = log_in_soon(trial, change.password(NEW_PASSWORD))
    if place != OFFLINE:
        expect_over(trial, old, began, FOLLOWED_SECONDS)
    for name, pair in old.items():
        trial.expect_refresh(f"refresh token {name}", 400, pair)
    expect_life(trial, "the log-in right after the change", new, began + FOLLOWED_SECONDS + 0.5)


def log_in_soon(trial: Trial, password: str) -> Pair:
    """On a busy machine a file takes longer to be read than docs/configuration.md says: a refusal is given a moment."""
    form = {"grant_type": "password", "username": USER, "password": password}
    deadline = time.monotonic() + FOLLOWED_SECONDS / 2
    while isinstance(answer := trial.token_pair(form, "plain"), Reply) and time.monotonic() < deadline:
        time.sleep(0.02)
    return trial.granted("the log-in right after the change", answer)


def expect_over(trial: Trial, pairs: dict[str, Pair], began: float, patience: float) -> None:
    for name, pair in pairs.items():
        while (status := trial.me(pair.access)) == 200 and time.monotonic() < began + patience:
            time.sleep(0.02)
        seen = f"{status} after {time.monotonic() - began:.2f} s"
        trial.expect(f"access token {name}", f"401 within {patience:g} s", seen, status == 401)


def expect_life(trial: Trial, what: str, pair: Pair, until: float, client: str = "plain", secret: str = "") -> None:
    """It goes on: now, when the server has followed every change, and after a restart."""
    trial.expect_access(f"access token of {what}", 200, pair)
    statuses = []
    while True:
        answer = trial.refresh(pair.refresh, client, secret)
        if not isinstance(answer, Pair):
            statuses.append(answer.status)
            break
        pair = answer
        statuses.append(trial.me(pair.access))
        if time.monotonic() > until:
            break
        time.sleep(0.4)
    seen = f"{statuses.count(200)} times 200" + (f", then {statuses[-1]}" if statuses[-1] != 200 else "")
    trial.expect(f"refreshes of {what}", "200 each time", seen, set(statuses) == {200})
    trial.restart("SIGTERM")
    trial.expect_access(f"access token of {what}, after a restart", 200, pair)
    trial.expect_refresh(f"refresh token of {what}, after a restart", 200, pair, client, secret)


def made_ahead(change: Change, skew: float, place: str, trial: Trial) -> None:
    """The other way round: the account is from ahead, and the sessions are of a right clock."""
    trial.start()
    before = trial.log_in()

    def change_it() -> None:
        trial.clock.set_ahead(skew)
        change.run(trial, NEW_PASSWORD)
        trial.clock.set_right()

    run(trial, place, change_it)
    began = time.monotonic()
    new = log_in_soon(trial, change.password(NEW_PASSWORD))
    expect_over(trial, {"of before": before}, began, FOLLOWED_SECONDS)
    trial.expect_refresh("refresh token of before", 400, before)
    expect_life(trial, "the log-in right after the change", new, began + FOLLOWED_SECONDS + 0.5)


def added_ahead(skew: float, place: str, trial: Trial) -> None:
    def add() -> None:
        trial.clock.set_ahead(skew)
        trial.must("users", "add", "late", "--password-stdin", "--scopes", "read", text=PASSWORD)
        trial.must("clients", "add", "app", "--public")
        trial.clock.set_right()

    if place == BESIDE:
        trial.start()
        add()
        time.sleep(READ_AGAIN_SECONDS)
    else:
        add()
        trial.start()
    began = time.monotonic()
    expect_life(trial, "the added user", trial.log_in(user="late"), began + 1)
    expect_life(trial, "the added user at the added client", trial.log_in("app", "late"), began + 1, "app")
    expect_life(trial, "an older user at the added client", trial.log_in("app"), began + 1, "app")


def first_start(skew: float, how: str, trial: Trial) -> None:
    """On a folder that is not there yet."""
    trial.clock.set_ahead(skew)
    trial.start()
    made = trial.banner(r"NAME=(\S+) PASSWORD='([^']+)' CLIENT='([^:]+):([^']+)'")
    user, password, client, secret = made.groups()
    trial.restart(how, trial.clock.set_right)
    began = time.monotonic()
    pair = trial.log_in(client, user, password, secret)
    expect_life(trial, "the first user", pair, began + 1, client, secret)
