"""Three instances behind nginx on a PostgreSQL with two synchronous standbys, all on the loopback address of this machine.

  up            starts all of it in a folder of its own, makes a first user and client, prints the URL and lines to paste
  status        shows who runs, who follows whom and how far behind; exit 1 where something is missing
  kill-primary  kill -9 of the primary; promotes the standby that has all that was acknowledged, and says how long there was no service
  rejoin        brings the nodes that were killed back as standbys
  kill-instance kill -9 of one instance, and its start again
  down          ends what `up` started, by its process ids, and removes the folder
  try           all of that on a cluster of its own, under writers; what was acknowledged and lost, or left behind, is a fault

PostgreSQL and nginx are Debian's, installed where they are missing without their services. Nothing listens on a default port or on
another address, nothing but the instances runs as root, passwords are in files that their owner alone reads. The folder is .cluster in
this clone, or where root's clone is closed to others /var/tmp/refresh-ledger-cluster.

environment: REFRESH_LEDGER_BINARY is the command that the instances run; without it .build/release/refresh-ledger, or
.build/debug/refresh-ledger, or it is built. Exit 0 when done, 1 when not, 2 for wrong usage.
"""

import argparse
import re
import signal
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import operations  # noqa: E402
import trial  # noqa: E402
from demonstration import lines  # noqa: E402
from place import Place, default_folder  # noqa: E402
from programs import Failure  # noqa: E402
from status import show  # noqa: E402

DEFAULT_PORT_OF_POSTGRES = 5432


def options_of(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/cluster", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    place = argparse.ArgumentParser(add_help=False)
    place.add_argument("--folder", type=Path, help="where the cluster is (default: see tools/cluster --help)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shape = argparse.ArgumentParser(add_help=False)
    shape.add_argument("--standbys", type=int, default=2, metavar="N", help="databases that follow the primary, 0 to 8 (default: 2)")
    shape.add_argument("--instances", type=int, default=3, metavar="N", help="instances of the server, 0 to 32; 0 starts the database alone (default: 3)")
    shape.add_argument("--port", type=int, help="of nginx (default: a free one)")
    shape.add_argument("--database-port", type=int, metavar="PORT", help="of the first database; the others have the next (default: free ones)")
    shape.add_argument("--schema", default="refresh_ledger", help="the schema of the tables (default: refresh_ledger)")
    commands.add_parser("up", parents=[place, shape], help="start all of it")
    showing = commands.add_parser("status", parents=[place], help="who runs, who follows whom")
    showing.add_argument("--json", action="store_true", help="as JSON")
    commands.add_parser("kill-primary", parents=[place], help="kill -9 the primary, and promote a standby")
    commands.add_parser("rejoin", parents=[place], help="bring killed databases back as standbys")
    killing = commands.add_parser("kill-instance", parents=[place], help="kill -9 an instance, and start it again")
    killing.add_argument("number", type=int, nargs="?", default=1, metavar="N", help="which (default: 1)")
    commands.add_parser("down", parents=[place], help="end all of it, and remove its folder")
    trying = commands.add_parser("try", parents=[shape], help="try all of it on a cluster of its own")
    trying.add_argument("--rounds", type=int, default=2, metavar="N", help="primaries that are killed (default: 2)")
    options = parser.parse_args(arguments)
    if options.command in ("up", "try"):
        if not re.fullmatch("[a-z_][a-z0-9_]{0,62}", options.schema):
            parser.error("--schema is lower case letters, digits and _, at most 63")
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
    try:
        if options.command == "try":
            trial.try_all(options)
            return 0
        place = Place(options.folder.absolute() if options.folder else default_folder())
        if options.command == "status":
            return show(place, options.json)
        if options.command == "up":
            settings = operations.up(options, place)
            if settings.instances:
                print(lines(settings, place))
            return 0
        {"kill-primary": lambda: operations.kill_primary(place),
         "rejoin": lambda: operations.rejoin(place), "kill-instance": lambda: operations.kill_instance(place, options.number),
         "down": lambda: operations.down(place)}[options.command]()
    except (Failure, OSError) as failure:
        print(f"cluster: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
