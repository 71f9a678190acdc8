"""A database that is set back to a backup, and what instances that saw more do then."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request

from instances import command_environment, health
from node import Node
from place import Place, Settings
from programs import Failure, as_user, run
from replication import members, say, wait_until_streaming

SETTLED_SECONDS = 30


def ask_for_tokens(port: int, settings: Settings, **form: str) -> tuple[int, dict]:
    """Status and reply of POST /token; status 0 where nobody answers."""
    body = urllib.parse.urlencode({"client_id": settings.client} | form).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/token", data=body, timeout=30) as reply:
            return reply.status, json.loads(reply.read())
    except urllib.error.HTTPError as error:
        return error.code, {}
    except OSError:
        return 0, {}


def log_in(port: int, settings: Settings) -> tuple[int, dict]:
    return ask_for_tokens(port, settings, grant_type="password", username=settings.user, password=settings.user_password)


def try_restore(settings: Settings, place: Place, all_nodes: list[Node]) -> None:
    """A token is consumed after a backup was taken. With the backup in place it must not be good again, and after `database fence` all goes on."""
    say("-- the database is set back to a backup")
    port = settings.instances[0]
    primary = members(all_nodes).found_primary()
    standbys = [node for node in all_nodes if node is not primary]
    status, opened = log_in(port, settings)
    if status != 200:
        raise Failure(f"the trial found a fault: the log-in before the backup was answered {status}")
    backup = primary.data.with_name("backup")
    primary.take_backup(primary, backup)
    status, _ = ask_for_tokens(port, settings, grant_type="refresh_token", refresh_token=opened["refresh_token"])
    say(f"a token was consumed after the backup ({status})")
    for node in all_nodes:
        node.kill()
    run([*as_user("postgres"), "rm", "-rf", primary.data])
    run([*as_user("postgres"), "mv", backup, primary.data])
    primary.start()
    for node in standbys:
        node.copy(primary)
        node.start()
        wait_until_streaming(node, primary)
    deadline = time.monotonic() + SETTLED_SECONDS
    while time.monotonic() < deadline:
        status, _ = ask_for_tokens(port, settings, grant_type="refresh_token", refresh_token=opened["refresh_token"])
        if status not in (0, 503):
            raise Failure(f"the trial found a fault: a consumed token was answered {status} from a database that was set back")
        if health(port).status == 200 and not health(port).writes:
            break
    say(f"the instance that saw it refuses to serve from the backup ({status})")
    fence = [settings.binary, "database", "fence", "--yes", "--database", settings.database_url]
    say(run(fence, **command_environment(settings, place)).strip())
    while log_in(port, settings)[0] != 200:
        if time.monotonic() > deadline + SETTLED_SECONDS:
            raise Failure("the trial found a fault: nobody can log in after database fence")
        time.sleep(0.2)
    status, _ = ask_for_tokens(port, settings, grant_type="refresh_token", refresh_token=opened["refresh_token"])
    if status != 400:
        raise Failure(f"the trial found a fault: after database fence the consumed token was answered {status}")
    say("after database fence everybody logs in again, and no token from before is good")
