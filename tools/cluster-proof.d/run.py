"""Tries whether many instances on a replicated PostgreSQL keep their promise: rounds of faults amid clients that keep a history.

Three database hosts and three application hosts are network namespaces, each database on a file system of its own that can lose its power. All
of it, processes too, is in namespaces of this call and vanishes with it. Needs root, loop devices and PostgreSQL; where namespaces or loop
devices are refused it says so in one line and exits 77. Else exit 0 when nothing was contradicted, 1 otherwise: the logs are kept then.

The seed decides which faults come in which order, when, and what the clients do; how the machine interleaves them it cannot.

With --self-test as the first word it leaves out one rule of the ledger at a time, in servers built for that, and must find the violation that each is
known for: see tools/cluster-proof --self-test --help.
"""

import argparse
import json
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[1:1] = [str(HERE.parent / "cluster.d"), str(HERE.parent)]

import network_check  # noqa: E402
import own_namespaces  # noqa: E402
import self_test  # noqa: E402
from clients import REUSE, SETTINGS, Traffic, accounts  # noqa: E402
from faults.disk import NotPossible as DiskNotPossible  # noqa: E402
from faults.server import built_binary  # noqa: E402
from history import Bounds  # noqa: E402
from ground import Ground  # noqa: E402
from network import Network, NetworkFailure  # noqa: E402
from patroni import PatroniGround  # noqa: E402
from patroni_faults import FAULTS as PATRONI_FAULTS  # noqa: E402
from patroni_programs import prepared_programs  # noqa: E402
from programs import ROOT, Failure  # noqa: E402
from rounds import SETTLE_EVERY, Round, Rounds, as_json, deck, table  # noqa: E402
from scene import FAULTS, Fault  # noqa: E402
from self_test import CONTRADICTION  # noqa: E402
from story import Story  # noqa: E402

NOT_POSSIBLE = 77
# In the namespaces' own file system in memory, which lies over the system's.
FOLDER = Path("/run/cluster-proof")
UPGRADE = "upgrade"
SELF_TEST = "--self-test"
# store.requestDeadline, longer than a failover takes here, and how much later a request may take effect.
DEADLINE_SECONDS = 5
# With Patroni the database is away for long enough that the feed of an instance asks for it once a second alone, and an instance grants before it has news.
FEED_SECONDS = 3.0
MARGIN_SECONDS = 3
# Between two wide revocations of one process of clients.
MARK_SECONDS = 2.0


def listed(faults: dict[str, Fault]) -> str:
    return "".join(f"\n  {each.name:22} {each.about} The service {each.service.value}." for each in faults.values())


def arguments() -> argparse.Namespace:
    about = f"{__doc__}\nfaults:{listed(FAULTS)}\n\nfaults with --patroni:{listed(PATRONI_FAULTS)}"
    parser = argparse.ArgumentParser(prog="tools/cluster-proof", description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=12, metavar="N", help="how many faults; 200 is the long form (default: 12)")
    parser.add_argument("--seed", type=int, help="(default: random, printed)")
    parser.add_argument("--fault", action="append", choices=[*FAULTS, *PATRONI_FAULTS], metavar="NAME", help="only this one; may be given again")
    parser.add_argument("--patroni", action="store_true", help="Patroni and etcd look after the databases, as docs/running/patroni.yaml has it; it has faults of its own")
    parser.add_argument("--grants", type=int, default=5000, metavar="N", help="rotations that a round goes on for, if it can (default: 5000)")
    parser.add_argument("--clients", type=int, default=24, metavar="N", help="at the same time (default: 24)")
    parser.add_argument("--seconds", type=float, metavar="S", help="begin no round after so long")
    parser.add_argument("--binary", metavar="FILE", help="the refresh-ledger to try (default: the release build, built if missing)")
    parser.add_argument("--next-binary", metavar="FILE", help="one with a newer schema, for the fault upgrade")
    parser.add_argument("--make-next", type=Path, metavar="FILE", help="build one with the next version of the schema, and do nothing else")
    parser.add_argument("--set", action="append", default=[], type=setting, metavar="NAME=VALUE", help="in the environment of the instances; may be given again")
    parser.add_argument("--deadline", type=int, default=DEADLINE_SECONDS, metavar="S", help=f"store.requestDeadline (default: {DEADLINE_SECONDS})")
    parser.add_argument("--reuse", choices=REUSE, default=REUSE[0], help=f"rotation.reuse (default: {REUSE[0]})")
    parser.add_argument("--mark-seconds", type=float, default=MARK_SECONDS, metavar="S", help=f"between two wide revocations (default: {MARK_SECONDS})")
    parser.add_argument(
        "--settle", type=int, default=SETTLE_EVERY, metavar="N", help=f"rounds after which the traffic rests and sessions are asked about (default: {SETTLE_EVERY})")
    parser.add_argument("--event-follower", metavar="FILE", help="the program that follows the events (default: that of the release build, if there is one)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write each round there")
    parser.add_argument("--keep", action="store_true", help="keep the logs also where nothing was contradicted")
    options = parser.parse_args()
    if other := [name for name in options.fault or [] if name not in faults(options)]:
        parser.error(f"--fault {other[0]}: {'not ' if options.patroni else 'only '}with --patroni")
    if options.seed is None:
        options.seed = secrets.randbelow(1_000_000)
    return options


def faults(options: argparse.Namespace) -> dict[str, Fault]:
    return PATRONI_FAULTS if options.patroni else FAULTS


def setting(text: str) -> tuple[str, str]:
    name, is_given, value = text.partition("=")
    if not is_given or not name.startswith("REFRESH_LEDGER_"):
        raise argparse.ArgumentTypeError(f"{text} is not REFRESH_LEDGER_NAME=VALUE")
    return name, value


def again(options: argparse.Namespace) -> str:
    words = ["tools/cluster-proof", f"--rounds {options.rounds}", f"--seed {options.seed}", f"--grants {options.grants}", f"--clients {options.clients}"]
    words += ["--patroni"] if options.patroni else []
    words += [f"--fault {name}" for name in options.fault or []]
    words += [f"--{name.replace('_', '-')} {value}" for name in ("binary", "next_binary", "event_follower") if (value := getattr(options, name))]
    words += [f"--set {name}={value}" for name, value in options.set]
    usual = {"deadline": DEADLINE_SECONDS, "reuse": REUSE[0], "mark_seconds": MARK_SECONDS, "settle": SETTLE_EVERY}
    words += [f"--{name.replace('_', '-')} {value}" for name, default in usual.items() if (value := getattr(options, name)) != default]
    return " ".join(words)


def chosen(options: argparse.Namespace) -> list[str]:
    """The names of the faults to come, in their order."""
    names = [name for name in options.fault or faults(options) if name != UPGRADE]
    upgrades = UPGRADE in (options.fault or faults(options))
    if upgrades and not options.next_binary:
        say("SKIPPED: the upgrade with two versions side by side, which needs another version: --next-binary FILE")
        upgrades = False
    order = deck(options.seed, names)
    found = [next(order) for _ in range(options.rounds)] if names else []
    if upgrades:
        # Once, as there is no way back; most faults meet the version before it.
        found[2 * len(found) // 3 : 2 * len(found) // 3 + bool(found)] = [UPGRADE]
    return found


def follower_program(options: argparse.Namespace) -> Path | None:
    place = Path(options.event_follower or ROOT / ".build/release/event-follower").resolve()
    if place.is_file():
        return place
    if options.event_follower:
        raise Failure(f"{place} is not there: leave --event-follower out, or name what tools/swift-build -c release --product event-follower built")
    say("SKIPPED: the stream of events beside tables and clients, as there is no .build/release/event-follower: --event-follower FILE")
    return None


def say(text: str) -> None:
    print(text, flush=True)


def keep_logs(options: argparse.Namespace, rounds: list[Round]) -> Path:
    """Outside of what vanishes."""
    kept = Path(tempfile.mkdtemp(prefix=f"cluster-proof-{options.seed}-", dir="/var/tmp"))
    shutil.copytree(FOLDER / "log", kept / "log")
    (kept / "rounds.json").write_text(json.dumps(as_json(rounds), indent=1) + "\n")
    return kept


def prove(options: argparse.Namespace) -> int:
    network = Network()
    network.make()
    tempfile.tempdir = str(FOLDER.parent)
    network_check.check(network)
    began = time.monotonic()
    binary = built_binary(options.binary)
    kind = PatroniGround if options.patroni else Ground
    settings = {"REFRESH_LEDGER_STORE_REQUEST_DEADLINE": f"{options.deadline}s", "REFRESH_LEDGER_ROTATION_REUSE": options.reuse}
    with kind(binary, FOLDER, network, accounts(), SETTINGS | settings | dict(options.set)) as ground:
        say(f"the ground was made in {time.monotonic() - began:.1f} s: {len(ground.databases)} databases, {len(ground.instances)} instances")
        traffic = ground.ends.enter_context(
            Traffic(
                options.seed, ground.addresses, options.clients, reuse=options.reuse, mark_seconds=options.mark_seconds,
                bounds=Bounds(revocation=FEED_SECONDS if options.patroni else Bounds().revocation, deadline=options.deadline, margin=MARGIN_SECONDS)))
        story = Story(ground, traffic, follower_program(options), options.seed)
        ground.ends.callback(story.abandon)
        story.begin()
        rounds = Rounds(options.seed, ground, story, options.grants, options.next_binary, options.settle)
        try:
            problems = play(options, rounds)
        except BaseException:
            say(f"the logs are kept in {keep_logs(options, rounds.played)}")
            raise
        say("\n" + table(rounds.played))
        if options.json:
            options.json.write_text(json.dumps(as_json(rounds.played), indent=1) + "\n")
        if problems:
            traffic.dump((kept := keep_logs(options, rounds.played)) / "history.jsonl")
            say("\n".join(f"{CONTRADICTION}{problem}" for problem in problems[:5]))
            say(f"FAILED: {len(problems)} contradictions; logs and history are kept in {kept}; again: {again(options)}")
            return 1
        if options.keep:
            say(f"the logs are kept in {keep_logs(options, rounds.played)}")
        say(f"passed: {len(rounds.played)} rounds in {time.monotonic() - began:.0f} s, {traffic.counts['granted']} acknowledged rotations, nothing contradicted")
    return 0


def play(options: argparse.Namespace, rounds: Rounds) -> list[str]:
    began = time.monotonic()
    for number, name in enumerate(chosen(options), 1):
        if options.seconds and time.monotonic() - began > options.seconds:
            break
        played = rounds.play(number, faults(options)[name])
        say(played.line)
        # What the clients saw comes first: what stands in the way of going on is often its consequence.
        problems = rounds.traffic.violations + [f"round {number}, {name}: {breach}" for breach in played.breaches]
        if problems:
            return list(dict.fromkeys(problems))
    return rounds.finish()


def is_interruption(failure: BaseException | None) -> bool:
    """Also of a failure to put away what the interruption itself has ended."""
    while failure and not isinstance(failure, KeyboardInterrupt):
        failure = failure.__context__
    return failure is not None


def main() -> int:
    if sys.argv[1:2] == [SELF_TEST]:
        return self_test.main()
    options = arguments()
    if options.make_next:
        return self_test.make_next(options.make_next)
    try:
        if options.patroni and not own_namespaces.is_inside():
            # It may have to be fetched, and the hosts of the proof reach nobody.
            prepared_programs()
        own_namespaces.enter(__file__, [*sys.argv[1:], f"--seed={options.seed}"])
        say(f"seed {options.seed}; again: {again(options)}")
        return prove(options)
    except (own_namespaces.NotPossible, DiskNotPossible) as reason:
        print(f"cluster-proof: SKIPPED, not possible here: {reason}", file=sys.stderr)
        return NOT_POSSIBLE
    except (Failure, NetworkFailure, OSError) as failure:
        if is_interruption(failure):
            raise KeyboardInterrupt from None
        print(f"cluster-proof: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
