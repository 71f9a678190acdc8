"""What tells of a shift: log, metrics, doctor, dump; and that times which are shown are those of the wall."""

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from clock_steps.answers import Pair
from clock_steps.tokens import introspect
from clock_steps.trial import DAY, Trial

SHIFT_METRIC = "refresh_ledger_clock_shift_seconds"
STEPS_METRIC = "refresh_ledger_clock_steps_total"
IDLE_SECONDS, ABSOLUTE_SECONDS = 30 * DAY, 365 * DAY
# What names a day's shift in a sentence, also one that lost some seconds to a restart.
NAMES_A_DAY = re.compile(r"86[ ,_]?(?:3[789]\d|40\d)|\b24 ?h|\b23 ?h 59|\b1 ?d(?:ay)?\b|\ba day\b", re.IGNORECASE)
SECONDS_DOUBT = 5.0
# How soon a step is told.
TOLD_SECONDS = 3.0


def cases() -> Iterator[tuple[str, Callable[[Trial], None]]]:
    yield "the shift is told", shift_is_told
    yield "times that are shown are those of the wall", times_of_the_wall
    yield "times of a session that was opened ahead are shown by the wall", times_of_an_early_session
    yield "sessions that have ended are not listed", ended_are_not_listed
    yield "where no clock was moved, nothing is told", nothing_is_told


def with_shift(trial: Trial) -> Pair:
    trial.log_level = "info"
    trial.start()
    trial.log_in()
    trial.clock.set_ahead(DAY)
    early = trial.log_in()
    trial.clock.set_right()
    trial.log_in()
    return early


def shift_is_told(trial: Trial) -> None:
    with_shift(trial)
    trial.expect_about(SHIFT_METRIC, DAY, trial.metric(SHIFT_METRIC), 2)
    deadline = time.monotonic() + TOLD_SECONDS
    while not (steps := trial.metric(STEPS_METRIC)) and time.monotonic() < deadline:
        time.sleep(0.1)
    trial.expect(STEPS_METRIC, "at least 1", steps, steps is not None and steps >= 1)
    warnings = wait_for_warnings(trial, TOLD_SECONDS)
    trial.expect("warnings of the clock in the server's log", "at least 1", len(warnings), len(warnings) > 0)
    expect_doctor(trial, "beside the server")
    trial.restart("kill -9")
    trial.expect_about(f"{SHIFT_METRIC} after kill -9", DAY, trial.metric(SHIFT_METRIC), 30, 2)
    trial.stop()
    expect_doctor(trial, "offline")
    records = [json.loads(line) for line in trial.must("log", "dump", "--json").splitlines()]
    found = [r for r in records if re.search("clock|shift", r["kind"], re.IGNORECASE)]
    kinds = sorted({record["kind"] for record in found})
    trial.expect("records of the clock in log dump", "at least 1", f"{len(found)} {' '.join(kinds)}", len(found) > 0)
    named = [record for record in found if NAMES_A_DAY.search(json.dumps(record["facts"]))]
    trial.expect("of these, such that name the shift", "at least 1", len(named), len(named) > 0)


def wait_for_warnings(trial: Trial, seconds: float) -> list[str]:
    deadline = time.monotonic() + seconds
    while True:
        lines = trial.printed().splitlines()
        found = [line for line in lines if " warning " in line and re.search("clock", line, re.IGNORECASE)]
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def doctor(trial: Trial) -> list[dict]:
    """What doctor says of the clock. What else it finds is not asked here."""
    findings = [json.loads(line) for line in trial.command("doctor", "--json").stdout.splitlines()]
    return [found for found in findings if found["check"] == "clock"]


def expect_doctor(trial: Trial, place: str) -> None:
    said = " ".join(str(value) for found in doctor(trial) for value in found.values())
    names = NAMES_A_DAY.search(said) is not None and re.search("shift|ahead", said, re.IGNORECASE) is not None
    trial.expect(f"doctor {place}", "names the shift", said or "nothing", names)


def seconds(time_text: str) -> float:
    return datetime.fromisoformat(time_text.replace("Z", "+00:00")).timestamp()


def lines_of(trial: Trial, *arguments: str) -> list[dict]:
    return [json.loads(line) for line in trial.must(*arguments).splitlines()]


def expect_session(trial: Trial, place: str, found: list[dict], session: str, names: list[str]) -> None:
    """Names of: opening, last use, end unused, end at last; texts, or milliseconds."""
    of_session = [row for row in found if row["sid"] == session]
    if not of_session:
        trial.expect(place, f"session {session}", f"{len(found)} other sessions")
        return
    now = time.time()
    expected = (now, now, now + IDLE_SECONDS, now + ABSOLUTE_SECONDS)
    for name, wanted in zip(names, expected, strict=True):
        value = of_session[0][name]
        value = value / 1000 if isinstance(value, int) else seconds(value)
        trial.expect_about(f"{name} in {place}", wanted, value, SECONDS_DOUBT)


def expect_everywhere(trial: Trial, session: str, with_history: bool) -> None:
    rows = ["opened_at", "last_used_at", "idle_end", "absolute_end"]
    lines = ["opened_at", "last_used_at", "idle_end", "expires_at"]
    of_server = [f"{name}_ms" for name in rows]
    found = trial.ask_as_admin("GET", "/admin/sessions?limit=1000").members.get("sessions", [])
    expect_session(trial, "/admin/sessions", found, session, of_server)
    found = [trial.ask_as_admin("GET", f"/admin/sessions/{session}").members]
    expect_session(trial, "/admin/sessions/SID", found, session, of_server)
    for place in ("beside the server", "offline"):
        if place == "offline":
            trial.stop()
        expect_session(trial, f"sessions list {place}", lines_of(trial, "sessions", "list", "--json"), session, rows)
        expect_session(trial, f"export {place}", lines_of(trial, "export"), session, lines)
        if not with_history:
            continue
        for event in lines_of(trial, "log", "history", "--session", session, "--json"):
            what = f"{event.get('kind', 'an event')} in log history {place}"
            trial.expect_about(what, time.time(), seconds(event["time"]), SECONDS_DOUBT)


def times_of_the_wall(trial: Trial) -> None:
    with_shift(trial)
    pair = trial.log_in()
    found = introspect(trial, pair.refresh, "refresh_token")
    trial.expect_about("exp of a refresh token in /introspect", time.time() + IDLE_SECONDS, found.get("exp"), SECONDS_DOUBT)
    trial.expect_about("refresh_expires_in", IDLE_SECONDS, pair.members.get("refresh_expires_in"), SECONDS_DOUBT)
    once = trial.issue_one_time(60_000).members["expires_at_ms"] / 1000
    trial.expect_about("expires_at_ms of a one-time token", time.time() + 60, once, SECONDS_DOUBT)
    expect_everywhere(trial, pair.session, with_history=True)


def times_of_an_early_session(trial: Trial) -> None:
    # What its events were told at is another question: they were told by the clock of then.
    expect_everywhere(trial, with_shift(trial).session, with_history=False)


def ended_are_not_listed(trial: Trial) -> None:
    trial.set(TOKENS_ACCESS_TTL="1s", SESSIONS_REFRESH_TTL="1s")
    session = with_shift(trial).session
    # Who reads the log beside the server knows its time to a heartbeat.
    time.sleep(2.8)

    def expect_none(place: str) -> None:
        for words in (("sessions", "list", "--json"), ("export",)):
            trial.expect(f"sessions in {' '.join(words[:2])} {place}", 0, len(lines_of(trial, *words)))

    found = trial.ask_as_admin("GET", "/admin/sessions").members.get("sessions", [])
    trial.expect("sessions in /admin/sessions", 0, len(found))
    trial.expect("/admin/sessions/SID", 404, trial.ask_as_admin("GET", f"/admin/sessions/{session}").status)
    expect_none("beside the server")
    trial.stop()
    expect_none("offline")


def nothing_is_told(trial: Trial) -> None:
    trial.log_level = "info"
    trial.start()
    # Half a second is no shift: clocks are set by so much all the time.
    for offset in (0, 0.5, 0):
        trial.clock.set_ahead(offset)
        pair = trial.log_in()
        trial.expect("shift in a token", None, pair.claims.get("shift"))
        trial.expect_access("its access token", 200, pair)
    trial.expect(SHIFT_METRIC, 0.0, trial.metric(SHIFT_METRIC))
    trial.expect(STEPS_METRIC, 0.0, trial.metric(STEPS_METRIC))
    trial.expect("warnings of the clock", 0, len(wait_for_warnings(trial, 0)))
    trial.stop()
    said = [found["what"] for found in doctor(trial) if found["verdict"] not in ("ok", "note")]
    trial.expect("doctor's complaints of the clock", [], said)
