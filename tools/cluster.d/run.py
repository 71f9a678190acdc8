"""Three instances behind nginx on a PostgreSQL with two synchronous standbys, all on the loopback address of this machine.

  up            starts all of it in a folder of its own, makes a first user and client, prints the URL and lines to paste
  status        shows who runs, who follows whom and how far behind; exit 1 where something is missing
  kill-primary  kill -9 of the primary; promotes the standby that has all that was acknowledged, and says how long there was no service
  rejoin        brings the nodes that were killed back as standbys
  kill-instance kill -9 of one instance, and its start again
  down          ends what `up` started, by its process ids, and removes the folder

PostgreSQL and nginx are Debian's, installed where they are missing without their services. Nothing listens on a default port or on
another address, nothing but the instances runs as root, passwords are in files that their owner alone reads. The folder is .cluster in
this clone, or where root's clone is closed to others /var/tmp/refresh-ledger-cluster.

environment: REFRESH_LEDGER_BINARY is the command that the instances run; without it .build/release/refresh-ledger, or
.build/debug/refresh-ledger, or it is built. Exit 0 when done, 1 when not, 2 for wrong usage.
"""

import argparse
import re
import secrets
import signal
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True

import replication  # noqa: E402
from balancer import Balancer  # noqa: E402
from demonstration import lines  # noqa: E402
from instances import Instance, health, instances, knows_databases, make_shared, start_all  # noqa: E402
from node import ADMIN, REPLICATION, nodes, stop_all  # noqa: E402
from place import Place, Settings, default_folder, write_private  # noqa: E402
from programs import Failure, Program, free_ports, server_program  # noqa: E402
from replication import say  # noqa: E402
from status import show  # noqa: E402

DEFAULT_PORT_OF_POSTGRES = 5432
READY_SECONDS = 60


def up(options: argparse.Namespace, place: Place) -> None:
    binary = ""
    if options.instances:
        binary = str(server_program())
        if not knows_databases(binary):
            raise Failure(f"{binary} has no `serve --database`: it is older than this clone, or was built without the trait Postgres; build it again")
    place.make()
    try:
        with place.held():
            start(options, place, binary)
    except BaseException:
        end_all(place)
        raise


def start(options: argparse.Namespace, place: Place, binary: str) -> None:
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
        say(lines(settings, place))


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
    """By what was written down when each was started: first those who ask the database, then the database."""
    for record in sorted((place.folder / "run").iterdir()):
        if not re.fullmatch(r"s\d+", record.name):
            Program(record.name, place.folder).end()
    stop_all(place)
    place.remove()


def options_of(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/cluster", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    place = argparse.ArgumentParser(add_help=False)
    place.add_argument("--folder", type=Path, help="where the cluster is (default: see tools/cluster --help)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    starting = commands.add_parser("up", parents=[place], help="start all of it")
    starting.add_argument("--standbys", type=int, default=2, metavar="N", help="databases that follow the primary, 0 to 8 (default: 2)")
    starting.add_argument("--instances", type=int, default=3, metavar="N", help="instances of the server, 0 to 32; 0 starts the database alone (default: 3)")
    starting.add_argument("--port", type=int, help="of nginx (default: a free one)")
    starting.add_argument("--database-port", type=int, metavar="PORT", help="of the first database; the others have the next (default: free ones)")
    starting.add_argument("--schema", default="refresh_ledger", help="the schema of the tables (default: refresh_ledger)")
    showing = commands.add_parser("status", parents=[place], help="who runs, who follows whom")
    showing.add_argument("--json", action="store_true", help="as JSON")
    commands.add_parser("kill-primary", parents=[place], help="kill -9 the primary, and promote a standby")
    commands.add_parser("rejoin", parents=[place], help="bring killed databases back as standbys")
    killing = commands.add_parser("kill-instance", parents=[place], help="kill -9 an instance, and start it again")
    killing.add_argument("number", type=int, nargs="?", default=1, metavar="N", help="which (default: 1)")
    commands.add_parser("down", parents=[place], help="end all of it, and remove its folder")
    options = parser.parse_args(arguments)
    if options.command == "up":
        if not 0 <= options.standbys <= 8 or not 0 <= options.instances <= 32:
            parser.error("--standbys is 0 to 8, --instances 0 to 32")
        last = (options.database_port or 0) + options.standbys
        if options.database_port and options.database_port <= DEFAULT_PORT_OF_POSTGRES <= last:
            parser.error(f"port {DEFAULT_PORT_OF_POSTGRES} is the system's PostgreSQL's: name others")
        if options.port and (options.database_port or 0) <= options.port <= last:
            parser.error("--port is one of the databases' ports: name another")
    return options


def main() -> int:
    options = options_of(sys.argv[1:])
    # So that what `up` began is ended when somebody ends it, or closes its terminal.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    place = Place(options.folder.absolute() if options.folder else default_folder())
    try:
        if options.command == "status":
            return show(place, options.json)
        {"up": lambda: up(options, place), "kill-primary": lambda: kill_primary(place), "rejoin": lambda: rejoin(place),
         "kill-instance": lambda: kill_instance(place, options.number), "down": lambda: down(place)}[options.command]()
    except (Failure, OSError) as failure:
        print(f"cluster: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
