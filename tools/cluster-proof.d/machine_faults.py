"""Machines that end, lose their power, stand still or are slow."""

import contextlib
import os
import signal
import time

from scene import STUCK_SECONDS, Scene, Service, fault


@fault("kill-primary", Service.PAUSES)
def primary_is_killed(scene: Scene) -> None:
    """kill -9 of the primary's processes; a standby takes over."""
    scene.primary.kill()
    scene.wait(0, 0.5)
    scene.fail_over()
    scene.wait(0.5, 1)


@fault("kill-standby", Service.CONTINUES, pause_seconds=1)
def standby_is_killed(scene: Scene) -> None:
    """kill -9 of a standby; a commit waits for the other."""
    standby = scene.a_standby()
    scene.note(str(standby))
    standby.kill()
    scene.wait(1, 2)


@fault("kill-instance", Service.CONTINUES, pause_seconds=1)
def instance_is_killed(scene: Scene) -> None:
    """kill -9 of an instance, which is started again."""
    machine = scene.an_instance()
    scene.note(str(machine))
    machine.kill()
    scene.wait(0, 1)
    machine.start()
    scene.wait(1, 2)


@fault("power-loss", Service.PAUSES)
def primary_loses_its_power(scene: Scene) -> None:
    """What the primary's disk had not synced is gone; a standby takes over, or the same one comes back."""
    primary = scene.primary
    primary.lose_power()
    if scene.chooser.random() < 0.5:
        scene.fail_over()
    else:
        scene.note(f"{primary} comes back")
        primary.start()
    scene.wait(0.5, 1)


@fault("power-loss-of-all", Service.PAUSES)
def all_lose_their_power(scene: Scene) -> None:
    """The disks of all databases lose what was not synced, one after another within milliseconds; the primary comes back, or a standby is promoted."""
    primary = scene.primary
    for machine in scene.chooser.sample(scene.ground.databases, len(scene.ground.databases)):
        machine.lose_power()
    if scene.chooser.random() < 0.5:
        scene.note(f"{primary} comes back")
        primary.start()
    for machine in scene.ground.standbys:
        machine.start()
    if not primary.node.is_running:
        scene.fail_over()
    scene.wait(0.5, 1)


@fault("crash-of-backend", Service.PAUSES)
def backend_crashes(scene: Scene) -> None:
    """kill -9 of a process that works for an instance: PostgreSQL ends all sessions, and starts again by itself."""
    scene.primary.crash()
    scene.wait(1, 2)


@fault("frozen-primary", Service.PAUSES)
def primary_stands_still(scene: Scene) -> None:
    """SIGSTOP of all processes of the primary, which wakes after another was promoted."""
    old = scene.primary
    old.freeze()
    scene.wait(0, 1)
    scene.fail_over()
    scene.wait(0, 1)
    old.thaw()
    scene.wait(1, 2)


@fault("frozen-instance", Service.CONTINUES, pause_seconds=STUCK_SECONDS)
def instance_stands_still(scene: Scene) -> None:
    """SIGSTOP of an instance for some seconds, and over a failover half of the time."""
    machine = scene.an_instance()
    scene.note(str(machine))
    machine.freeze()
    scene.wait(0.5, 2)
    if scene.chooser.random() < 0.5:
        scene.primary.kill()
        scene.fail_over()
        scene.wait(0.2, 1)
    machine.thaw()
    scene.wait(1, 2)


@fault("frozen-backend", Service.CONTINUES, pause_seconds=STUCK_SECONDS)
def change_stands_still(scene: Scene) -> None:
    """SIGSTOP, again and again, of a process that is amid a change for an instance; the changes of others go on and are committed before it."""
    end = time.monotonic() + scene.chooser.uniform(5, 7)
    times = 0
    while time.monotonic() < end:
        if not (workers := scene.primary.workers_amid_a_change()):
            continue
        worker = scene.chooser.choice(workers)
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGSTOP)
            scene.wait(0.2, 0.8)
            os.kill(worker, signal.SIGCONT)
            times += 1
            # What waited for it is done before the next one.
            scene.wait(0.1, 0.2)
    scene.note(f"{times} times")


@fault("slow-disk", Service.CONTINUES)
def disk_is_slow(scene: Scene) -> None:
    """Each sync of the primary, of a standby or of all takes up to a quarter of a second longer."""
    machines = scene.chooser.choice([[scene.primary], [scene.a_standby()], scene.ground.databases])
    delay = scene.chooser.uniform(0.03, 0.25)
    scene.note(f"{', '.join(map(str, machines))}, {delay * 1000:.0f} ms a sync")
    for machine in machines:
        machine.sync.set_delay(delay)
    scene.wait(2, 3)
    for machine in machines:
        machine.sync.set_delay(0)


@fault("full-disk", Service.PAUSES)
def disk_is_full(scene: Scene) -> None:
    """Not a block is free on the disk of the primary or of a standby; then there is room again. A standby takes over if the primary has ended."""
    machine = scene.a_database()
    scene.note(str(machine))
    machine.disk.fill()
    scene.wait(2, 3)
    if machine is scene.primary and not machine.node.answers():
        machine.stop(signal.SIGQUIT)
        scene.fail_over()
    machine.disk.free()
    scene.wait(0.5, 1)


@fault("clock-step", Service.CONTINUES)
def clock_is_set(scene: Scene) -> None:
    """The wall clock of a database or of an instance is set forward or back, and later right again."""
    machine = scene.chooser.choice([scene.primary, scene.primary, scene.a_standby(), scene.an_instance()])
    # An instance's clock decides nothing. A database's moves ages, and all its steps together stay below the doubt of the oracle.
    most = 86400 if machine in scene.ground.instances else 8
    ahead = scene.chooser.choice([-1, 1]) * scene.chooser.uniform(most / 4, most)
    scene.note(f"{machine} by {ahead:+.1f} s")
    machine.clock.set_ahead(ahead)
    scene.wait(1, 2)
    if machine is not scene.primary and scene.chooser.random() < 0.5:
        scene.primary.kill()
        scene.fail_over()
        scene.wait(0.5, 1)
    machine.clock.set_right()
    scene.wait(0.5, 1)
