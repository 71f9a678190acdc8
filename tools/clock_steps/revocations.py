"""Revocation, retries and reuse while the clock is ahead, and after it was set right."""

from collections.abc import Callable, Iterator
from functools import partial

from clock_steps.answers import Pair
from clock_steps.trial import DAY, HOUR, Trial
from faults.server import USER


def cases() -> Iterator[tuple[str, Callable[[Trial], None]]]:
    for when in ("while it is ahead", "after it was set right", "after it was set right and kill -9"):
        yield f"revocation of what was opened ahead, {when}", partial(revocations, when)
    yield "retries are answered with the identical pair", retries


def end(trial: Trial, what: str, selector: str) -> None:
    status = trial.ask_as_admin("DELETE", f"/admin/sessions{selector}").status
    trial.expect(f"revoking {what}", "200 or 204", status, status in (200, 204))


def revocations(when: str, trial: Trial) -> None:
    trial.start()
    trial.clock.set_ahead(DAY)
    one, alone, other = trial.log_in(), trial.log_in(), trial.log_in()
    if when != "while it is ahead":
        trial.clock.set_right()
    if when.endswith("kill -9"):
        trial.restart("kill -9")
    # Of one session.
    end(trial, "a session", f"/{one.session}")
    over = [one]
    expect_over(trial, "a revoked session", one)
    trial.expect_access("another session's access token", 200, other)
    # Of one access token.
    revoked = trial.ask("POST", "/revoke", {"token": alone.access, "client_id": "plain"}).status
    trial.expect("revoking an access token", 200, revoked)
    trial.expect_access("a revoked access token", 401, alone)
    next_pair = trial.expect_refresh("the refresh of its session", 200, alone)
    trial.expect_access("the next access token of its session", 200, next_pair)
    over.append(alone)
    # Of many, each followed by a log-in in the same moment.
    newest = next_pair
    for what, selector in (
        ("a subject", f"?subject={USER}"),
        ("everything", "?all=true"),
        ("a client", "?client_id=plain"),
        ("a subject once more", f"?subject={USER}"),
    ):
        before = trial.log_in()
        end(trial, what, selector)
        for pair in (before, newest):
            trial.expect_access(f"access token of before revoking {what}", 401, pair)
        expect_over(trial, f"a session of before revoking {what}", before)
        over += [before, newest]
        newest = trial.log_in()
        trial.expect_access(f"access token of right after revoking {what}", 200, newest)
        newest = trial.expect_refresh(f"refresh token of right after revoking {what}", 200, newest)
        trial.expect_access(f"access token of its refresh, after revoking {what}", 200, newest)
    for how in ("SIGTERM", "kill -9"):
        if how == "kill -9":
            trial.checkpoint()
        trial.restart(how, trial.clock.set_right)
        states = {trial.me(pair.access) for pair in over}
        trial.expect(f"{len(over)} access tokens that were revoked, after {how}", {401}, states)
        trial.expect_access(f"access token of the newest session, after {how}", 200, newest)
        newest = trial.expect_refresh(f"refresh token of the newest session, after {how}", 200, newest)


def expect_over(trial: Trial, what: str, pair: Pair) -> None:
    trial.expect_access(f"access token of {what}", 401, pair)
    trial.expect_refresh(f"refresh token of {what}", 400, pair)


def retries(trial: Trial) -> None:
    trial.start()
    trial.clock.set_ahead(DAY)
    first = trial.log_in("patient")
    second = trial.expect_refresh("a rotation while it is ahead", 200, first, "patient")

    def expect_identical(when: str, used: Pair, successor: Pair) -> None:
        answer = trial.refresh(used.refresh, "patient")
        if isinstance(answer, Pair):
            same = [answer.refresh == successor.refresh, answer.access == successor.access]
            seen = "the identical pair" if all(same) else f"same refresh token {same[0]}, same access token {same[1]}"
        else:
            seen = str(answer)
        trial.expect(f"a retry {when}", "the identical pair", seen)

    expect_identical("while it is ahead", first, second)
    trial.clock.set_right()
    expect_identical("after it was set right", first, second)
    trial.restart("kill -9")
    expect_identical("after that and kill -9", first, second)
    third = trial.expect_refresh("a rotation under the shift", 200, second, "patient")
    expect_identical("of a rotation under the shift", second, third)
    # Another hour back: the shift grows, and what was answered stays answered so.
    trial.clock.set_ahead(-HOUR)
    trial.log_in()
    expect_identical("under another shift", second, third)
    for how in ("kill -9", "SIGTERM"):
        trial.restart(how)
        expect_identical(f"under another shift after {how}", second, third)
    trial.checkpoint()
    trial.restart("kill -9")
    expect_identical("under another shift from a checkpoint", second, third)
    trial.clock.set_right()
    expect_identical("under the first shift again", second, third)
    fourth = trial.expect_refresh("one more rotation", 200, third, "patient")
    trial.expect_access("the access token of the newest pair", 200, fourth)
    trial.expect_refresh("reuse, two generations behind", 400, second, "patient")
    trial.expect_refresh("the live refresh token after the reuse", 400, fourth, "patient")
    trial.expect_access("the access token after the reuse", 401, fourth)
