"""Faults to which a server without one of the ledger's rules is known to fall, sooner than by chance: with each rule they do nothing."""

import time

import replication
from clients import GRACE_SECONDS
from network import CLIENT, REPLICATION
from one_client import GRANTED, REFUSED, OneClient
from scene import Scene, Service, fault

# A commit is on its way to the standbys after so long.
SENT_SECONDS = 0.5


@fault("cancelled-waits", Service.PAUSES)
def waits_for_standbys_are_cancelled(scene: Scene) -> None:
    """Replication is cut, somebody cancels the commits that wait for a standby, again and again; a standby is promoted."""
    old = scene.primary
    scene.network.cut(old.host, REPLICATION)
    end = time.monotonic() + scene.chooser.uniform(0.8, 1.5)
    cancelled = 0
    while time.monotonic() < end:
        cancelled += int(old.node.ask("select count(pg_cancel_backend(pid)) from pg_stat_activity where wait_event = 'SyncRep'"))
        time.sleep(0.02)
    scene.note(f"{cancelled} waits cancelled")
    scene.fail_over()
    scene.wait(1, 2)


@fault("partition-past-deadline", Service.PAUSES)
def partition_outlasts_the_deadline(scene: Scene) -> None:
    """The primary is cut from its standbys, and the instances reach it, until requests have been given up; a standby is promoted in the middle."""
    scene.network.cut(scene.primary.host, REPLICATION)
    scene.wait(0.2, 0.6)
    scene.fail_over()
    scene.wait(4, 5)


@fault("old-primary-returns", Service.PAUSES)
def old_primary_comes_back(scene: Scene) -> None:
    """A primary that was cut off and left behind comes back with no standby's name, to an instance that does not reach the new one."""
    old = scene.primary
    scene.network.isolate(old.host)
    scene.wait(0.1, 0.3)
    new = scene.fail_over()
    scene.until_granted(200)
    old.node.set(replication.NAMES, "")
    machine = scene.an_instance()
    scene.note(f"{old} comes back, {machine} does not reach {new}")
    scene.network.part(machine.host, new.host)
    scene.network.heal(old.host, CLIENT)
    scene.wait(4, 6)


@fault("overtaken-instance", Service.PAUSES)
def client_overtakes_an_instance(scene: Scene) -> None:
    """A rotation has taken effect when PostgreSQL crashes and its instance stands still; its client goes on elsewhere before that asks again."""
    slow, other = scene.chooser.sample(range(len(scene.ground.instances)), 2)
    machine = scene.ground.instances[slow]
    client = quiet_client(scene)
    token = client.rotate_patiently(slow, client.open(slow)).token
    scene.network.cut(scene.primary.host, REPLICATION)
    asked = client.rotate_beside(slow, token)
    time.sleep(SENT_SECONDS)
    machine.freeze()
    scene.primary.crash()
    scene.network.heal_all()
    for _ in range(3):
        token = client.rotate_patiently(other, token).token
    scene.note(f"{machine} was asked, instance {other + 1} granted three more")
    machine.thaw()
    asked.join()
    answer = client.rotate_patiently(other, token)
    scene.require(answer.status == GRANTED, f"{machine} asked again for a client that had gone on elsewhere, and ended its session")
    scene.traffic.start()


@fault("unsure-refusal", Service.PAUSES)
def refusal_rests_on_what_is_lost(scene: Scene) -> None:
    """A revocation is seen at a primary that was cut off and has crashed, and its instance is killed; a standby that lacks it is promoted."""
    asked, other = scene.chooser.sample(range(len(scene.ground.instances)), 2)
    client = quiet_client(scene)
    token = client.rotate_patiently(asked, client.open(asked)).token
    scene.network.cut(scene.primary.host, REPLICATION)
    client.end_beside(asked, token)
    time.sleep(SENT_SECONDS)
    scene.ground.instances[asked].kill()
    scene.primary.crash()
    time.sleep(SENT_SECONDS)
    told = client.rotate(other, token, seconds=5)
    scene.note(f"instance {other + 1} said {told.status}")
    old = scene.primary
    scene.fail_over()
    # The instance would ask it again.
    scene.network.isolate(old.host)
    answer = client.rotate_patiently(other, told.token or token)
    scene.network.heal_all()
    if told.status == REFUSED:
        scene.require(answer.status == REFUSED, "a session was refused as over by what was lost then, and is granted again")
    if told.status == GRANTED:
        scene.require(answer.status == GRANTED, "a rotation was granted, and its successor is refused")
    scene.traffic.start()


def quiet_client(scene: Scene) -> OneClient:
    """A client with a long grace window, and nobody else meanwhile."""
    scene.traffic.stop()
    return OneClient(scene.ground.addresses, f"proof-honest-{GRACE_SECONDS}", "proof-honest")
