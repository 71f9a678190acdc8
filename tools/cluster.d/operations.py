"""What the commands do."""

import argparse
import re
import secrets
import time

import replication
from balancer import Balancer
from instances import Instance, health, instances, knows_databases, make_shared, start_all
from node import ADMIN, REPLICATION, nodes, stop_all
from place import Place, Settings, write_private
from programs import Failure, Program, free_ports, nginx_program, postgres_programs, server_program
from replication import say

READY_SECONDS = 60


def up(options: argparse.Namespace, place: Place) -> Settings:
    place.require_free()
    binary = ""
    # What is missing is told before anything is built or made.
    postgres_programs()
    if options.instances:
        nginx_program()
        binary = str(server_program())
        if not knows_databases(binary):
            raise Failure(
                f"{binary} cannot keep its sessions in a database: it is older than this clone, or was built without the trait Postgres; "
                "build it again: tools/swift-build -c release --product refresh-ledger")
    place.make()
    try:
        with place.held():
            return start(options, place, binary)
    except BaseException:
        end_all(place)
        raise


def start(options: argparse.Namespace, place: Place, binary: str) -> Settings:
    say(f"folder: {place.folder}")
    settings = chosen_settings(options, binary)
    replication_password = secrets.token_urlsafe(24)
    place.save(settings)
    write_private(place.ledger_passfile, f"127.0.0.1:*:*:ledger:{settings.ledger_password}\n")
    write_private(place.admin_passfile, f"127.0.0.1:*:*:{ADMIN}:{settings.admin_password}\n")
    of_nodes = f"127.0.0.1:*:*:{REPLICATION}:{replication_password}\n127.0.0.1:*:*:{ADMIN}:{settings.admin_password}\n"
    place.write_owned(place.nodes_passfile, of_nodes, "postgres")
    replication.make(nodes(settings, place), settings, replication_password)
    say(f"database: {settings.database_url}, its password in {place.ledger_passfile} (PGPASSFILE)")
    if options.instances:
        make_shared(settings, place)
        start_all(instances(settings, place))
        Balancer(settings, place).start()
        say(f"nginx: {settings.url}, before all instances")
    return settings


def chosen_settings(options: argparse.Namespace, binary: str) -> Settings:
    count = options.standbys + 1
    node_ports = free_ports(count, options.database_port) if options.database_port else []
    balancer_ports = free_ports(1, options.port) if options.port else []
    row = free_ports(count + 1 + options.instances, without=(*node_ports, *balancer_ports))
    return Settings(
        nodes=node_ports or row[:count], balancer=(balancer_ports or row[count:])[0], instances=row[count + 1 :], binary=binary,
        schema=options.schema, ledger_password=secrets.token_urlsafe(24), admin_password=secrets.token_urlsafe(24),
        user_password=secrets.token_urlsafe(24))


def kill_primary(place: Place) -> None:
    settings = place.load()
    with place.held():
        old, new, began = replication.kill_primary(nodes(settings, place))
        say(f"the database took no commits for {time.monotonic() - began:.1f} s: from {old.name} to {new.name}")
        while settings.instances and not health(settings.balancer, "?writes=true").writes:
            if time.monotonic() - began > READY_SECONDS:
                raise Failure(f"no instance takes writes {READY_SECONDS} s after the kill: see tools/cluster status, and {place.folder}/log")
            time.sleep(0.02)
        if settings.instances:
            say(f"the instances, asked through nginx, took no writes for {time.monotonic() - began:.1f} s")
        say(f"{old.name} is gone; tools/cluster rejoin brings it back as a standby")


def rejoin(place: Place) -> None:
    settings = place.load()
    with place.held():
        if not replication.rejoin(nodes(settings, place)):
            say("every node runs: nothing had to rejoin")


def kill_instance(place: Place, number: int) -> None:
    settings = place.load()
    with place.held():
        if not 1 <= number <= len(settings.instances):
            raise Failure(f"there is no instance {number}: there are {len(settings.instances)}")
        instance = Instance(number, settings, place)
        instance.program.kill()
        began = time.monotonic()
        say(f"instance {number}: killed (kill -9)")
        instance.start()
        instance.wait_until_ready()
        say(f"instance {number}: ready again after {time.monotonic() - began:.1f} s")


def down(place: Place) -> None:
    if not place.mark.exists():
        say(f"no cluster in {place.folder}: nothing to end")
        return
    place.require_owned()
    with place.held():
        end_all(place)
    say(f"ended, and removed {place.folder}")


def end_all(place: Place) -> None:
    """By what was written down when each was started: first those who ask the databases, then these."""
    for record in sorted((place.folder / "run").iterdir()):
        if not re.fullmatch(r"s\d+", record.name):
            Program(record.name, place.folder).end()
    stop_all(place)
    place.remove()
