"""New tokens after the clock was ahead: others accept them, and we do, until their end."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from clock_steps.answers import Pair
from clock_steps.trial import ADMIN, DAY, ISSUER, SECRET, Trial, sleep_until

LIFETIME = 5
# A start may lose the time in which no server ran.
SHIFT_DOUBT = 30


def cases() -> Iterator[tuple[str, Callable[[Trial], None]]]:
    for algorithm in ("HS256", "ES256"):
        yield f"new tokens are good elsewhere too, {algorithm}", partial(new_tokens, algorithm)


def new_tokens(algorithm: str, trial: Trial) -> None:
    trial.set(TOKENS_ACCESS_TTL=f"{LIFETIME}s", TOKENS_ALGORITHM=algorithm)
    trial.start()
    keys = write_keys(trial, algorithm)
    trial.clock.set_ahead(DAY)
    old = trial.log_in()
    trial.clock.set_right()
    expect_new(trial, keys, "log-in", trial.log_in())
    answer = trial.refresh(old.refresh)
    expect_new(trial, keys, "refresh", trial.granted("refresh of the session that was opened ahead", answer))
    for how in ("SIGTERM", "kill -9"):
        trial.restart(how)
        pair = trial.log_in()
        expect_new(trial, keys, f"after {how}", pair)
    sleep_until(pair.came + LIFETIME + 0.3)
    trial.expect_access("/me after the end", 401, pair)
    trial.expect("/auth after the end", 401, trial.ask("GET", "/auth", bearer=pair.access).status)
    trial.expect("/introspect after the end", False, introspect(trial, pair.access).get("active"))
    trial.expect("token verify after the end", 1, verify(trial, keys, pair)[0])


def write_keys(trial: Trial, algorithm: str) -> list[str]:
    """The options of `token verify` that name the key."""
    place = trial.folder / "verification-keys"
    if algorithm == "HS256":
        found = json.loads((trial.data / "keys/access.json").read_text())["keys"]
        current = next(key for key in found if key["state"] == "current")
        key = {name: value for name, value in current.items() if name != "state"}
        return ["--secret-file", str(private(place, json.dumps(key)))]
    return ["--jwks", str(private(place, trial.ask("GET", "/.well-known/jwks.json").body.decode()))]


def private(place: Path, text: str) -> Path:
    place.touch(0o600)
    place.write_text(text)
    return place


def expect_new(trial: Trial, keys: list[str], what: str, pair: Pair) -> None:
    claims = pair.claims
    expect_issued_now(trial, what, pair)
    trial.expect(f"exp - iat of {what}", LIFETIME, claims["exp"] - claims["iat"])
    trial.expect_about(f"shift of {what}", DAY, claims.get("shift"), SHIFT_DOUBT, 2)
    code, printed = verify(trial, keys, pair)
    trial.expect(f"token verify of {what}", "exit 0", f"exit {code} {printed}".strip(), code == 0)
    found = introspect(trial, pair.access)
    trial.expect(f"/introspect of {what}", True, found.get("active"))
    times = [found.get("iat"), found.get("exp")]
    trial.expect(f"iat, exp in /introspect of {what}", [claims["iat"], claims["exp"]], times)
    trial.expect_access(f"/me with {what}", 200, pair)
    trial.expect(f"/auth with {what}", 204, trial.ask("GET", "/auth", bearer=pair.access).status)
    trial.expect_about(f"expires_in of {what}", LIFETIME, pair.members.get("expires_in"), 2, 0)


def expect_issued_now(trial: Trial, what: str, pair: Pair) -> None:
    """By the clock of the trial's machine. Never in the future; a shift is right to two seconds, and `iat` is rounded down."""
    asked, came = (time.time() - time.monotonic() + moment + trial.clock.offset for moment in (pair.asked, pair.came))
    issued = pair.claims["iat"]
    seen = f"{issued - asked:+.1f} s after the request, {issued - came:+.1f} s after the reply"
    expected = "-3 s or more after the request, at most +1 s after the reply"
    trial.expect(f"iat of {what}", expected, seen, asked - 3.1 <= issued <= came + 1)


def introspect(trial: Trial, token: str, hint: str = "") -> dict:
    form = {"token": token} | ({"token_type_hint": hint} if hint else {})
    return trial.ask("POST", "/introspect", form, basic=(ADMIN, SECRET)).members


def verify(trial: Trial, keys: list[str], pair: Pair) -> tuple[int, str]:
    """As another machine does, whose clock is right."""
    words = ["token", "verify", *keys, "--iss", ISSUER, "--aud", ISSUER, pair.access]
    done = trial.command(*words, with_clock=False)
    return done.returncode, done.stderr.strip()
