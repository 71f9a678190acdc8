"""The stages of tools/check."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    name: str
    command: str
    # How long it took on two cores, alone; only to show the plan of a first run.
    seconds: int
    needs: tuple[str, ...] = ()
    # Computes with a build tree of its own, or with none, and minds no neighbour: runs beside the others, with less of the processors.
    beside: bool = False
    # Has time limits that a neighbour could let run out: runs when nothing else does, after those that can share.
    alone: bool = False
    # Whether it may be ended at any moment; what mounts something may not.
    may_be_ended: bool = True


_COMMAND = "env REFRESH_LEDGER_BINARY=.build/debug/refresh-ledger"
_PLACES = "Package.swift Sources Tests Benchmarks Examples"

# In the order in which they start where nothing is waited for. What is built: the whole package for debugging (.build), by the stage
# build and by no other; log, ledger, signing and engine for release (.build-engine-release), by costs and the proofs of the ledger;
# log and ledger once for each sanitizer (.build-thread, .build-address); what bytes from outside reach for the fuzzer (.build-fuzz);
# the packages of embedders (.build/linkage-check), by linkage.
STAGES = (
    # The whole package, and what tries it.
    Stage("build", "tools/swift-build --build-tests --explicit-target-dependency-import-check error", 540),
    Stage("tests", "tools/test --share computing --skip-build", 180, ("build", "programs")),
    Stage("server-tests", "tools/test --share servers --skip-build", 120, ("build", "programs"), alone=True),
    Stage("interoperability", f"{_COMMAND} tools/interoperability", 150, ("build", "python"), alone=True),
    Stage("browser", f"{_COMMAND} tools/browser", 50, ("build", "python")),
    Stage("api", "tools/api-check", 10, ("build",)),
    Stage("documentation", "tools/documentation", 30, ("build",)),
    Stage("packaging", f"{_COMMAND} tools/packaging-check", 60, ("build",)),
    Stage("crash-loop", "tools/reliability crash-loop", 30, ("build",)),
    Stage("power-loss", "tools/reliability power-loss", 50, ("build",), may_be_ended=False),
    Stage("syscall-faults", "tools/reliability syscall-faults", 60, ("build",)),
    Stage("clock-steps", "tools/reliability clock-steps", 55, ("build",)),
    Stage("database-faults", "tools/reliability database-faults", 75, ("build", "programs")),
    Stage("verification-proof", "tools/verification-proof", 40, ("build",), alone=True),
    Stage("cluster", f"{_COMMAND} tools/cluster try", 120, ("build", "programs"), alone=True),
    Stage(
        "cluster-proof", "tools/reliability cluster-proof", 250, ("build", "programs"), alone=True, may_be_ended=False),
    # What builds nothing.
    Stage("format", f"swift format lint --strict --parallel --recursive {_PLACES}", 30, beside=True),
    Stage("self-test", "tools/house-check --self-test", 1, beside=True),
    Stage("api-self-test", "tools/api-check --self-test", 1, beside=True),
    # Whether those who judge what clients of a cluster saw find lies, and accuse nobody who is slow.
    Stage("judges", "python3 -B -m unittest discover --start-directory tools/cluster-proof.d", 45, beside=True),
    Stage("house", "tools/house-check", 5, beside=True),
    Stage("mutants", "tools/reliability mutants", 2, beside=True),
    # What the stages above would install and make one by one: as early as can be.
    Stage(
        "programs", "tools/install-dependencies curl openssl promtool lz4cat python3-venv slowhttptest valgrind objcopy chromium chromedriver postgres nginx",
        60, beside=True),
    Stage("python", f"{_COMMAND} tools/check.d/environments", 40, ("programs",), beside=True),
    # What has a build tree of its own.
    Stage("costs", "tools/cost-guard", 230, ("programs",), beside=True),
    Stage("simulate", "tools/reliability simulate", 150, ("costs",), beside=True),
    Stage("damage", "tools/reliability damage", 60, ("costs",), beside=True),
    Stage("io-faults", "tools/reliability io-faults", 60, ("costs",), beside=True),
    Stage("backup-faults", "tools/reliability backup-faults", 20, ("costs",), beside=True),
    Stage("crash-images", "tools/reliability crash-images", 60, ("costs",), beside=True),
    Stage("linkage", "tools/linkage-check", 400, beside=True),
    Stage("sanitize-thread", "tools/reliability sanitize-thread", 190, beside=True),
    Stage("sanitize-address", "tools/reliability sanitize-address", 160, beside=True),
    Stage("fuzz", "tools/reliability fuzz", 220, beside=True),
)
AT_ONCE_MAX = 2


def next_stage(waiting: list[Stage], running: list[Stage], ended: set[str]) -> Stage | None:
    """The stage to start now: one that tries the whole package, and one of those beside it; two of a kind only for want of the other.
    One that runs alone comes when nothing else is left to run."""
    if len(running) >= AT_ONCE_MAX or any(stage.alone for stage in running):
        return None
    ready = [stage for stage in waiting if all(need in ended for need in stage.needs)]
    wants_beside = any(not stage.beside for stage in running)
    sharing = [stage for stage in ready if not stage.alone]
    if not sharing and not running:
        return next(iter(ready), None)
    return min(sharing, key=lambda stage: stage.beside != wants_beside, default=None)
