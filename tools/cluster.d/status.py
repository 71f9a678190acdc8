"""What runs, who follows whom, and how far behind."""

import contextlib
import json
from dataclasses import asdict, dataclass

from balancer import Balancer
from instances import Health, health, instances
from node import Node, nodes
from place import Place, Settings
from programs import Failure
from replication import NAMES, Members, members, shown


@dataclass
class Row:
    """Of one program. `is_right` is false where somebody has to do something."""

    name: str
    role: str
    address: str
    pid: int | None
    state: str
    is_right: bool


def show(place: Place, as_json: bool) -> int:
    settings = place.load()
    rows = [*balancer_rows(settings, place), *instance_rows(settings, place), *node_rows(settings, place)]
    is_right = all(row.is_right for row in rows)
    if as_json:
        shared = {"folder": str(place.folder), "url": settings.url if settings.instances else None, "database": settings.database_url}
        print(json.dumps(shared | {"in_order": is_right, "programs": [asdict(row) for row in rows]}, indent=1))
    else:
        for row in rows:
            print(f"{row.name:11} {row.address:22} {f'process {row.pid}' if row.pid else 'does not run':16} {row.state}".rstrip())
        print(f"folder {place.folder}" + ("" if is_right else "; something is missing: see above"))
    return 0 if is_right else 1


def balancer_rows(settings: Settings, place: Place) -> list[Row]:
    if not settings.instances:
        return []
    pid = Balancer(settings, place).program.pid
    answer = health(settings.balancer)
    return [Row("nginx", "balancer", settings.url, pid, answer.text, pid is not None and answer == Health(200, True))]


def instance_rows(settings: Settings, place: Place) -> list[Row]:
    rows = []
    for each in instances(settings, place):
        answer = each.health()
        rows.append(Row(each.program.name, "instance", each.url, each.program.pid, answer.text, answer == Health(200, True)))
    return rows


def node_rows(settings: Settings, place: Place) -> list[Row]:
    all_nodes = nodes(settings, place)
    found = members(all_nodes)
    rows = []
    for node in all_nodes:
        state, is_right = node_state(node, found)
        role = "primary" if node is found.primary else "standby"
        rows.append(Row(node.name, role, node.where, node.program.pid, state, is_right))
    return rows


def node_state(node: Node, found: Members) -> tuple[str, bool]:
    if not node.is_running:
        return "tools/cluster rejoin brings it back", False
    standing = found.standings.get(node)
    if standing is None:
        return "does not answer", False
    if node is found.primary:
        # Asked again, after the standbys, which would else be ahead of it.
        with contextlib.suppress(Failure):
            standing = node.standing()
    where = f"timeline {standing.timeline}, at {shown(standing.position)}"
    if node is found.primary:
        return f"primary, {where}, a commit waits for {node.ask(f'show {NAMES}') or 'nobody'}", True
    if standing.is_primary or found.primary is None:
        return f"{'a primary of an older timeline' if standing.is_primary else 'standby of nobody'}, {where}", False
    try:
        told = found.primary.ask(f"""
            select sync_state, state, pg_current_wal_lsn() - flush_lsn, coalesce(round(extract(epoch from flush_lag) * 1000, 1)::text, '')
            from pg_stat_replication where application_name = '{node.name}'""")
    except Failure as failure:
        return str(failure), False
    if not told:
        return f"standby, {where}, receives nothing", False
    sync, state, behind, lag = told.split("\t")
    late = f", on its disk {lag} ms later" if lag else ""
    return f"standby, {where}, {sync}, {state}, {behind} bytes behind{late}", sync in ("quorum", "sync") and state == "streaming"
