"""The rules of docs/postgres-ledger.md that are left out one at a time, and the violation that each is known for."""

import re
from dataclasses import dataclass

# Of a line that tells the violation.
WORDS_SHOWN = 160


@dataclass(frozen=True)
class Rule:
    """A patch of the server, the fault amid which that breaks the promise, and the words of the violation."""

    # Of the patch, in tools/mutants.d/postgres.mutants or tools/cluster-proof.d/rules.mutants. Two, with + between them, where the second
    # rule would keep the promise alone.
    patch: str
    # What is left out.
    about: str
    fault: str
    # In what the oracle says.
    violation: str
    # Within so many rounds it is found, or the proof is blunt.
    rounds: int = 6
    # Further options of the call.
    options: tuple[str, ...] = ()
    # Whether it takes the stream of events to see it, told by a program with the same patch.
    follows: bool = False

    def is_met(self, told: str) -> bool:
        return re.search(self.violation, told) is not None

    def words(self, told: str) -> str:
        """What of it is met, with what is around that in its line."""
        line, found = next((line, found) for line in told.splitlines() if (found := re.search(self.violation, line)))
        return (line.strip() if found.end() < WORDS_SHOWN else f"... {line[found.start() :]}")[:WORDS_SHOWN]


# Whatever a history says of a token that has two successors, of a rotation or a revocation that is lost; and an instance that finds by
# itself that what it acknowledged is lost, and serves no more.
CONTRADICTED = r"presented|refused|accepted|lacks what this instance acknowledged"
SHORT_DEADLINE = ("--deadline", "2")

RULES = (
    Rule("wait-cancelled", "a waiting commit is not cancelled", "partition-past-deadline", CONTRADICTED, options=SHORT_DEADLINE),
    Rule("warning-believed", "a warning that comes with a commit makes it unknown", "cancelled-waits", CONTRADICTED),
    Rule("retry-without-write", "the answer to a retry writes", "crash-under-partition", CONTRADICTED, rounds=10),
    Rule("refusal-without-write", "a refusal writes", "unsure-refusal", "refused as over by what was lost"),
    Rule("attempt-without-id", "a call has one id, however often it is tried", "crash-of-backend", "refused", rounds=10),
    Rule("retry-revokes", "the second try of a call never revokes", "overtaken-instance", "ended its session"),
    Rule("standby-answers", "a standby decides nothing", "lagging-standby", CONTRADICTED, options=("--reuse", "refuse")),
    Rule("old-primary-decides+missing-unnoticed", "a primary that was left behind decides nothing", "old-primary-returns", CONTRADICTED,
         options=("--set", "REFRESH_LEDGER_STORE_STANDBY=none", *SHORT_DEADLINE)),
    Rule("standby-unasked", "each step asks whether commits wait for a standby", "names-emptied", f"{CONTRADICTED}|granted while"),
    Rule("mark-beside-steps", "a wide mark waits for the steps under way", "frozen-backend",
         r"of a session that is over is accepted|after its end|possible before: \{live #\d+, revoked", rounds=20,
         options=("--mark-seconds", "0.2"), follows=True),
    Rule("events-without-floor", "the stream of events waits for the floor", "frozen-backend", "was never told",
         rounds=20, follows=True),
    Rule("feed-without-floor", "the feed's cursor waits for the floor", "frozen-backend",
         "accepts? its access token|accepted at instance", rounds=20),
    Rule("missing-unnoticed", "after a change of server an instance looks for what it acknowledged", "laggard-promoted", CONTRADICTED),
)
