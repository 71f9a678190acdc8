"""Who is the primary, for whom it waits, and how another takes its place without losing what was acknowledged."""

import re
import signal
import time
from dataclasses import dataclass

from node import REPLICATION, Node, Standing, literal, remove_traces
from place import Settings
from programs import ROOT, Failure

# The role of the instances, their database and its schema, as recommended.
RECOMMENDED = ROOT / "docs/running/database.sql"
STANDBY_SECONDS = 60
# A killed standby that has more than the primary never follows it.
AGAIN_SECONDS = 15
NAMES = "synchronous_standby_names"


def say(text: str) -> None:
    print(text, flush=True)


def quorum(standbys: int) -> int:
    """For how many of them a commit waits: with the primary they are most of the nodes."""
    return (standbys + 1) // 2


def names_for(waited: int, standbys: list[Node]) -> str:
    return f"ANY {waited} ({', '.join(node.name for node in standbys)})" if standbys else ""


@dataclass(frozen=True)
class Members:
    """The nodes that answer, and what they say."""

    primary: Node | None
    standings: dict[Node, Standing]

    @property
    def standbys(self) -> list[Node]:
        return [node for node, standing in self.standings.items() if not standing.is_primary]

    def found_primary(self) -> Node:
        if self.primary is None:
            raise Failure("no primary runs: kill-primary was broken off, or both standbys are gone; end it with tools/cluster down, and up again")
        return self.primary


def members(all_nodes: list[Node]) -> Members:
    standings = {}
    for node in all_nodes:
        if node.is_running:
            try:
                standings[node] = node.standing()
            except Failure:
                continue
    primaries = [node for node, standing in standings.items() if standing.is_primary]
    primary = max(primaries, key=lambda node: standings[node].timeline, default=None)
    return Members(primary, standings)


def make(all_nodes: list[Node], settings: Settings, replication_password: str) -> None:
    """The first node is the primary, all others follow it, and it waits for them."""
    primary, *standbys = all_nodes
    primary.make(settings.admin_password)
    primary.start()
    primary.ask(f"create role {REPLICATION} login replication password {literal(replication_password)}")
    names = f"\\set role ledger\n\\set database ledger\n\\set schema {settings.schema}\n"
    primary.ask(f"{names}{RECOMMENDED.read_text()}\nalter role ledger password {literal(settings.ledger_password)}", seconds=60)
    say(f"{primary.name}: primary on {primary.where}")
    for node in standbys:
        node.copy(primary)
        node.start()
    for node in standbys:
        wait_until_streaming(node, primary)
        say(f"{node.name}: standby on {node.where}, by a base backup of {primary.name}")
    wait_for(primary, standbys)


def wait_until_streaming(node: Node, primary: Node, seconds: float = STANDBY_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    sql = f"select count(*) from pg_stat_replication where application_name = {literal(node.name)} and state = 'streaming'"
    while primary.ask(sql) != "1":
        if not node.is_running or time.monotonic() > deadline:
            raise Failure(f"{node.name} does not follow {primary.name}; the end of its log:\n{node.program.end_of_log()}")
        time.sleep(0.1)


def wait_for(primary: Node, standbys: list[Node]) -> None:
    """From now on a commit waits for most of them."""
    names = names_for(quorum(len(standbys)), standbys)
    primary.set(NAMES, names)
    say(f"{primary.name}: a commit waits for {names or 'nobody: there is no standby'}")


def named(primary: Node) -> tuple[int, list[str]]:
    """For how many standbys its commits wait, and of which."""
    found = re.fullmatch(r"ANY (\d+) \((.+)\)", primary.ask(f"show {NAMES}"))
    return (int(found[1]), found[2].split(", ")) if found else (0, [])


def commit_waits(primary: Node, seconds: float) -> None:
    """Returns once it has committed something for which it waited."""
    primary.ask("begin; select pg_logical_emit_message(true, 'cluster', ''); commit", seconds=seconds)


def kill_primary(all_nodes: list[Node]) -> tuple[Node, Node, float]:
    """The old primary, the new one, and the moment of the kill on the monotonic clock."""
    found = members(all_nodes)
    old = found.found_primary()
    waited, names = named(old)
    followers = [node for node in found.standbys if node.name in names]
    if len(followers) < 2:
        raise Failure(
            f"{old.name} waits for {len(followers)} standby alone: once that one is promoted nobody is left to wait for, and nothing may be "
            f"acknowledged; run tools/cluster rejoin first, or start with --standbys 2 or more")
    old.kill()
    began = time.monotonic()
    say(f"{old.name}: killed (kill -9), the primary on {old.where}")
    return old, fail_over(followers, waited, len(names)), began


def fail_over(followers: list[Node], waited: int, named_count: int) -> Node:
    """The new primary. The old one waited for so many of so many standbys; those are given that can be asked. Whether it has ended or cannot be
    reached makes no difference: its standbys leave it before one of them is chosen, so no commit of it comes to an end any more."""
    new = elected(followers, answers_needed=named_count - waited + 1)
    others = [node for node in followers if node is not new]
    # Before it is promoted: it must never acknowledge alone, or wait for itself.
    new.set(NAMES, names_for(min(waited, len(others)), others))
    new.ask("select pg_promote(true, 60)", seconds=70)
    say(f"{new.name}: promoted, timeline {new.standing().timeline}; a commit waits for {new.ask(f'show {NAMES}')}")
    for node in others:
        node.set("primary_conninfo", node.conninfo(new))
        say(f"{node.name}: follows {new.name}")
    commit_waits(new, STANDBY_SECONDS)
    return new


def elected(followers: list[Node], answers_needed: int) -> Node:
    """The one that has all that was acknowledged. Of so many answers at least one is of a standby that a commit waited for; and as nobody
    receives any more, no answer changes after it was given."""
    standings = {}
    for node in followers:
        try:
            node.set("primary_conninfo", "")
            deadline = time.monotonic() + STANDBY_SECONDS
            while (standing := node.standing()).is_receiving and time.monotonic() < deadline:
                time.sleep(0.02)
        except Failure as failure:
            say(f"{node.name}: does not answer: {failure}")
            continue
        if not standing.is_receiving:
            standings[node] = standing
    if len(standings) < answers_needed:
        raise Failure(
            f"{len(standings)} of {len(followers)} standbys answered, and {answers_needed} must: who has every acknowledged commit cannot be told; "
            "nothing was promoted. See tools/cluster status, and the logs beside it")
    highest = max(standing.timeline for standing in standings.values())
    positions = {node: standing.position for node, standing in standings.items() if standing.timeline == highest}
    chosen = max(positions, key=lambda node: positions[node])
    say("; ".join(f"{node.name}: receives nothing any more, has up to {shown(standing.position)}" for node, standing in standings.items()))
    return chosen


def shown(position: int) -> str:
    """As PostgreSQL writes it."""
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


def rejoin(all_nodes: list[Node]) -> int:
    """Brings back what does not run, as standbys; how many those were."""
    primary = members(all_nodes).found_primary()
    gone = [node for node in all_nodes if not node.is_running]
    for node in gone:
        say(f"{node.name}: {bring_back(node, primary)}, standby of {primary.name}")
    follow_all(all_nodes, primary)
    return len(gone)


def bring_back(node: Node, primary: Node) -> str:
    """How it was brought back."""
    remove_traces(node.data)
    if node.is_made_standby:
        node.follow_from_start(primary)
        node.start()
        try:
            wait_until_streaming(node, primary, AGAIN_SECONDS)
            return "started again"
        except Failure as failure:
            say(f"{node.name}: {str(failure).partition(';')[0]}; takes a new base backup")
            node.program.end(signal.SIGQUIT)
    elif reason := node.rewind(primary):
        say(f"{node.name}: cannot be rewound ({reason}); takes a new base backup")
    else:
        node.start()
        wait_until_streaming(node, primary)
        return "rewound"
    node.copy(primary)
    node.start()
    wait_until_streaming(node, primary)
    return "copied anew"


def follow_all(all_nodes: list[Node], primary: Node) -> None:
    """Names all standbys; one that still waits for its orders gets them."""
    standbys = [node for node in all_nodes if node is not primary]
    for node in standbys:
        if node.ask("show primary_conninfo") != node.conninfo(primary):
            node.set("primary_conninfo", node.conninfo(primary))
        wait_until_streaming(node, primary)
    if named(primary) != (quorum(len(standbys)), [node.name for node in standbys]):
        wait_for(primary, standbys)
