"""What those who run the cluster do to it, rightly or wrongly."""

import signal

import replication
from ground import wait_until
from network import REPLICATION
from scene import Scene, Service, fault


@fault("restore", Service.REFUSES)
def backup_is_restored(scene: Scene) -> None:
    """The databases are set back to a base backup while the instances run: they must refuse until the fence."""
    backup = scene.ground.back_up()
    scene.until_granted(100)
    since = scene.logs()
    scene.ground.restore(backup)
    scene.fence(since)
    scene.wait(0.5, 1)


@fault("names-emptied", Service.PAUSES)
def names_are_emptied(scene: Scene) -> None:
    """Somebody empties synchronous_standby_names, with replication cut half of the time; a failover or the right names follow."""
    primary = scene.primary
    is_cut = scene.chooser.random() < 0.5
    if is_cut:
        scene.network.cut(primary.host, REPLICATION)
        scene.wait(0, 0.5)
    primary.node.set(replication.NAMES, "")
    scene.wait(0.5, 1)
    granted = scene.traffic.counts["granted"]
    scene.wait(0.5, 1.5)
    scene.require(scene.traffic.counts["granted"] == granted, "rotations were granted while synchronous_standby_names was empty")
    if is_cut or scene.chooser.random() < 0.5:
        scene.fail_over()
    else:
        scene.note("named again")
        replication.wait_for(primary.node, [machine.node for machine in scene.ground.standbys])
    scene.wait(0.5, 1)


@fault("restart-of-databases", Service.PAUSES)
def databases_are_restarted(scene: Scene) -> None:
    """All databases are stopped and started, by a fast shutdown, an immediate one or kill -9."""
    number = scene.chooser.choice([signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
    scene.note(number.name)
    # The primary first: a fast shutdown waits until its standbys have all of it.
    for machine in [scene.primary, *scene.ground.standbys]:
        machine.kill() if number == signal.SIGKILL else machine.stop(number)
    for machine in [scene.primary, *scene.ground.standbys]:
        machine.start()
    scene.wait(0.5, 1)


@fault("rolling-restart", Service.CONTINUES, pause_seconds=1)
def instances_are_restarted(scene: Scene) -> None:
    """One instance after another ends by SIGTERM and is started again, under load."""
    for machine in scene.ground.instances:
        machine.stop()
        machine.start()
        scene.ground.wait_until_served([machine])


@fault("upgrade", Service.CONTINUES, pause_seconds=2)
def version_is_upgraded(scene: Scene) -> None:
    """The schema is upgraded under load, then one instance after another gets the next version; two run side by side meanwhile."""
    assert scene.next_binary is not None
    settings = scene.ground.settings
    before = scene.ground.command("database", "check")
    said = scene.ground.command("database", "init", binary=scene.next_binary)
    scene.note(said.strip().splitlines()[-1])
    # The old ones go on.
    scene.until_granted(200)
    settings.binary = scene.next_binary
    for machine in scene.ground.instances:
        machine.stop()
        machine.start()
        wait_until(machine.takes_writes, f"{machine} serves with the next version", 30, lambda: machine.instance.program.end_of_log())
        scene.until_granted(200)
    scene.require(scene.ground.command("database", "check") != before, "database check tells no difference after the upgrade")
