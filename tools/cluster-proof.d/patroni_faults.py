"""What can happen to servers that Patroni looks after."""

import signal
from functools import partial

from ground import wait_until
from network import REPLICATION
from scene import Fault, Scene, Service, fault

FAULTS: dict[str, Fault] = {}
patroni_fault = partial(fault, among=FAULTS)
# Of docs/running/patroni.yaml.
TTL = 20
# So long no failover may take.
SECONDS = 3 * TTL


def until_served(scene: Scene) -> None:
    scene.until_granted(50, SECONDS)


@patroni_fault("host-lost", Service.PAUSES)
def host_is_lost(scene: Scene) -> None:
    """The leader's host is gone at once, with what its disk had not synced: PostgreSQL, Patroni and etcd."""
    old = scene.primary
    lose_host(scene, old)
    until_served(scene)
    scene.note(f"{old} -> {scene.primary}")


def lose_host(scene: Scene, server) -> None:
    # First its network, so that no peer is told that its connection ended.
    scene.network.isolate(server.host)
    server.lose_power()


@patroni_fault("postgres-killed", Service.PAUSES)
def postgres_is_killed(scene: Scene) -> None:
    """kill -9 of the leader's PostgreSQL alone."""
    old = scene.primary
    old.kill_postgres()
    until_served(scene)
    scene.note(f"{old} -> {scene.primary}")


@patroni_fault("switchover", Service.PAUSES)
def leader_is_switched(scene: Scene) -> None:
    """A planned switchover, by patronictl."""
    old, new = scene.primary, scene.a_standby()
    new.control("switchover", "--leader", old.name, "--candidate", new.name, "--force")
    until_served(scene)
    scene.note(f"{old} -> {scene.primary}")
    scene.require(scene.primary is new, f"{new} was to be the leader, and {scene.primary} is")


@patroni_fault("leader-cut-off", Service.PAUSES)
def leader_is_cut_off(scene: Scene) -> None:
    """The leader reaches neither standbys nor etcd, and instances reach it."""
    old = scene.primary
    scene.network.cut(old.host, REPLICATION)
    until_served(scene)
    scene.note(f"{old} -> {scene.primary}")
    scene.wait(0, 2)


@patroni_fault("patroni-frozen", Service.PAUSES)
def patroni_stands_still(scene: Scene) -> None:
    """SIGSTOP of the leader's Patroni alone: its watchdog resets the machine before another takes over."""
    old, resets = scene.primary, scene.primary.resets
    old.signal_patroni(signal.SIGSTOP)
    scene.wait(24, 26)
    until_served(scene)
    scene.note(f"{old} -> {scene.primary}")
    scene.require(old.resets == resets + 1, f"the watchdog of {old} did not reset it")


@patroni_fault("patroni-frozen-shortly", Service.CONTINUES)
def patroni_stands_still_and_goes_on(scene: Scene) -> None:
    """SIGSTOP of the leader's Patroni alone, which goes on before its watchdog has noticed."""
    old, resets = scene.primary, scene.primary.resets
    old.signal_patroni(signal.SIGSTOP)
    scene.wait(3, 8)
    old.signal_patroni(signal.SIGCONT)
    scene.wait(3, 4)
    scene.require(scene.primary is old and old.resets == resets, f"{old} is not the leader any more")


@patroni_fault("host-frozen", Service.PAUSES)
def host_stands_still(scene: Scene) -> None:
    """SIGSTOP of all that runs on the leader's host, which wakes after another was promoted, or while that is about to happen."""
    old = scene.primary
    old.freeze()
    if scene.chooser.random() < 0.5:
        until_served(scene)
        scene.wait(0, 1)
    else:
        seconds = scene.chooser.uniform(TTL - 1.5, TTL + 3)
        scene.note(f"wakes after {seconds:.1f} s")
        scene.wait(seconds, seconds)
    old.thaw()
    until_served(scene)
    scene.wait(2, 3)
    scene.note(f"{old} -> {scene.primary}")


@patroni_fault("two-at-once", Service.PAUSES)
def leader_wakes_and_standby_is_slow(scene: Scene) -> None:
    """The leader's host stands still and wakes when another has been elected, its Patroni last, while that of the third is slow."""
    old = scene.primary
    others = scene.ground.standbys
    lengths = {server: server.patroni.log.stat().st_size for server in others}
    old.freeze()

    def elected():
        return next((server for server in others if "Got quorum vote" in server.log_since(lengths[server])), None)

    wait_until(lambda: elected() is not None, "a standby is elected", SECONDS)
    new = elected()
    slow = next(server for server in others if server is not new)
    slow.signal_patroni(signal.SIGSTOP)
    old.thaw(but=old.patroni.pid)
    scene.wait(2, 3)
    old.thaw()
    scene.wait(1, 3)
    slow.signal_patroni(signal.SIGCONT)
    until_served(scene)
    scene.wait(2, 3)
    scene.note(f"{old} -> {scene.primary}, {new} was elected, {slow} was slow")


@patroni_fault("restart-of-all", Service.PAUSES)
def all_are_restarted(scene: Scene) -> None:
    """The power of all three hosts goes, one after another within milliseconds, and comes back."""
    for server in scene.chooser.sample(scene.ground.databases, len(scene.ground.databases)):
        lose_host(scene, server)
    scene.network.heal_all()
    for server in scene.ground.databases:
        server.start()
    until_served(scene)


@patroni_fault("etcd-member-lost", Service.CONTINUES)
def etcd_member_is_lost(scene: Scene) -> None:
    """kill -9 of etcd on one host, the leader's half of the time."""
    server = scene.chooser.choice([scene.primary, scene.a_standby()])
    scene.note(f"{server}{', the leader' if server is scene.primary else ''}")
    server.etcd.kill()
    scene.wait(8, 12)


@patroni_fault("etcd-lost", Service.CONTINUES)
def etcd_is_lost(scene: Scene) -> None:
    """kill -9 of etcd on all hosts, which comes back after more than the ttl."""
    for server in scene.ground.databases:
        server.etcd.kill()
    scene.wait(24, 28)


@patroni_fault("standby-lost", Service.CONTINUES)
def standby_is_lost(scene: Scene) -> None:
    """The host of a standby is gone at once."""
    server = scene.a_standby()
    scene.note(str(server))
    lose_host(scene, server)
    scene.wait(3, 6)
