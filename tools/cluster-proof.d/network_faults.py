"""Networks that part, lose or hold back what they should carry."""

import os
import signal

from ground import wait_until
from machines import DatabaseMachine
from network import CLIENT, REPLICATION
from programs import Failure
from scene import STUCK_SECONDS, Scene, Service, fault

# So many rotations a standby that lags lacks at least.
LAGS_BY = 100
# From here on `database check` warns of a standby: none to promote.
WARNED_MEBIBYTES = 72
# So many connections after a crash are those of instances that go on, and so long they are waited for.
ASKS_AGAIN = 3
AGAIN_SECONDS = 10
STOPS = 5
NUMBERS = 200


@fault("partition", Service.PAUSES)
def primary_is_cut_from_its_standbys(scene: Scene) -> None:
    """Replication is cut, and the instances reach the old primary all the time; a standby is promoted."""
    scene.network.cut(scene.primary.host, REPLICATION)
    scene.wait(0.2, 1.5)
    scene.fail_over()
    # Both sides are alive now.
    scene.wait(1, 2)


@fault("instance-cut", Service.CONTINUES, pause_seconds=STUCK_SECONDS)
def instance_is_cut_from_the_primary(scene: Scene) -> None:
    """An instance reaches the standbys, and the primary no more; or none of them."""
    machine = scene.an_instance()
    if scene.chooser.random() < 0.5:
        scene.note(f"{machine}, from the primary")
        scene.network.part(machine.host, scene.primary.host)
    else:
        scene.note(f"{machine}, from all")
        scene.network.isolate(machine.host)
    scene.wait(2, 4)


@fault("everything-cut", Service.PAUSES)
def everything_is_cut_from_everything(scene: Scene) -> None:
    """No database and no instance reaches another, for some seconds; half of the time another is promoted meanwhile."""
    for host in scene.network.hosts:
        scene.network.isolate(host)
    scene.wait(1, 3)
    if scene.chooser.random() < 0.5:
        # Its others come back to it: the old primary, and the instances, do not yet.
        for machine in scene.ground.standbys:
            scene.network.heal(machine.host, REPLICATION)
        scene.fail_over()
    scene.wait(0, 1)


@fault("crash-under-partition", Service.PAUSES)
def primary_crashes_while_it_is_cut_off(scene: Scene) -> None:
    """Replication is cut, then PostgreSQL crashes and starts again with what no standby has; a standby is promoted before or after it."""
    old = scene.primary
    scene.network.cut(old.host, REPLICATION)
    scene.wait(0.3, 1)
    if scene.chooser.random() < 0.5:
        scene.note("crash, promotion")
        before = set(old.workers())
        old.crash()
        # So that instances ask it again for what they had asked before, which takes them a moment after they are connected.
        wait_until(lambda: len(set(old.workers()) - before) >= ASKS_AGAIN, f"instances ask {old} again", AGAIN_SECONDS)
        scene.wait(1.5, 3)
        scene.fail_over()
    else:
        scene.note("promotion, crash")
        scene.fail_over()
        old.crash()
    scene.wait(1, 2)


@fault("numbers-rolled-back", Service.PAUSES)
def numbers_are_rolled_back_before_a_promotion(scene: Scene) -> None:
    """Replication is cut, numbers are taken and rolled back, the primary crashes or not, and a standby that never heard of them is promoted."""
    old = scene.primary
    scene.network.cut(old.host, REPLICATION)
    scene.wait(0.2, 0.5)
    taken = scene.ground.sql(f"begin; select max(nextval('ledger_number')) from generate_series(1, {NUMBERS}); rollback")
    crashes = scene.chooser.random() < 0.5
    if crashes:
        old.crash()
    scene.wait(0.5, 1)
    scene.note(f"up to {taken}" + (", then a crash" if crashes else ""))
    scene.fail_over()
    scene.wait(1, 2)


@fault("slow-network", Service.CONTINUES, pause_seconds=STUCK_SECONDS)
def network_is_slow(scene: Scene) -> None:
    """A link of the primary, of a standby or of an instance lets little through."""
    host, network = scene.chooser.choice([
        (scene.primary.host, CLIENT), (scene.primary.host, REPLICATION), (scene.a_standby().host, REPLICATION), (scene.an_instance().host, CLIENT)])
    rate = scene.chooser.choice(["500kbit", "2mbit", "8mbit"])
    scene.note(f"{host.name}, {network}, {rate}")
    scene.network.slow(host, network, rate)
    scene.wait(2, 3)


@fault("lagging-standby", Service.PAUSES)
def standby_lags(scene: Scene) -> None:
    """A standby is far behind when the primary is killed: the other one must be promoted, and database check says why."""
    laggard = hold_back(scene)
    scene.primary.node.ask(f"select count(pg_logical_emit_message(false, 'proof', repeat('x', 1 << 20))) from generate_series(1, {WARNED_MEBIBYTES})")
    check = scene.ground.command("database", "check", fails=True)
    warned = any(laggard.name in line and "behind" in line for line in check.splitlines()) and "do not promote it before it has caught up" in check
    scene.require(warned, f"database check does not warn of {laggard}: {check}")
    scene.primary.kill()
    new = scene.fail_over()
    scene.require(new is not laggard, f"{laggard}, which lagged, was promoted")
    scene.wait(0.5, 1)


@fault("laggard-promoted", Service.REFUSES)
def laggard_is_promoted(scene: Scene) -> None:
    """Against the rule a standby that lags is promoted, as the other one is lost with the primary: the instances must refuse until the fence."""
    laggard = hold_back(scene)
    since = scene.logs()
    others = [machine for machine in scene.ground.databases if machine is not laggard]
    for machine in others:
        machine.kill()
    scene.network.heal_all()
    scene.ground.promote_against_the_rule(laggard)
    scene.note(f"{laggard} is promoted all the same")
    scene.fence(since)
    scene.wait(0.5, 1)


def hold_back(scene: Scene) -> DatabaseMachine:
    """A standby that lacks what was acknowledged meanwhile. Its sender stands still, and it reaches no other."""
    laggard, primary = scene.a_standby(), scene.primary
    scene.network.part(primary.host, laggard.host, REPLICATION)
    for _ in range(STOPS):
        sender = primary.sender_to(laggard)
        os.kill(sender, signal.SIGSTOP)
        try:
            scene.until_granted(LAGS_BY, seconds=10)
            break
        except Failure:
            # It was stopped while it held a lock of the primary, for which all others wait.
            os.kill(sender, signal.SIGCONT)
    scene.wait(0.3, 1)
    scene.note(f"{laggard} lags")
    return laggard
