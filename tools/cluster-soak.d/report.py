"""The result of a soak, for people and for programs."""

from dataclasses import asdict

from figures import number, table
from shape import Shape
from soak import Outcome, counted


def lines(outcome: Outcome) -> list[str]:
    shape, load = outcome.shape, outcome.load
    told = {
        "Command": f"`{outcome.command}`", **outcome.machine,
        "Filled": f"{shape.sessions:,} sessions in {outcome.filling:,.0f} s, {filled(shape)}",
        "Run": f"{shape.duration:,.0f} s after {shape.warm_up:,.0f} s of warm-up; {load['rotations']:,} rotations of {shape.rotating:,} "
               f"sessions, {counted(load['errors'], 'error')}, {counted(load['invariant_violations'], 'broken invariant')}; "
               + ", ".join(f"{count:,} {what}" for what, count in sorted(outcome.people.items())),
        "Events": f"a partition began every {shape.passing:.0f} s, and its newest event was set back by an hour one partition later",
        "Processors": f"{outcome.cores:.2f} used by all of it, the load's client included"}
    if outcome.problems:
        told["Problems"] = "; ".join(outcome.problems)
    head = ["", "first tenth", "middle", "last tenth", "verdict", "rule"]
    cells = [[row.name, *(number(value) for value in row.values), row.verdict, row.rule] for row in outcome.rows]
    return [*(f"- {name}: {value}" for name, value in told.items()), "", *table(head, cells)]


def filled(shape: Shape) -> str:
    imported = f"by `refresh-ledger import`, {shape.importers} at a time"
    if not shape.by_sql:
        return f"all of them {imported}"
    return f"{100 * (1 - shape.by_sql):.0f} % of them {imported}, **the others by SQL**, which have no event and are not rotated"


def document(outcome: Outcome) -> dict:
    load = {name: value for name, value in outcome.load.items() if name not in ("distribution", "service_distribution")}
    return {
        "command": outcome.command, "machine": outcome.machine, "shape": asdict(outcome.shape), "filling_seconds": outcome.filling,
        "people": dict(outcome.people), "problems": outcome.problems, "processors": outcome.cores,
        "rows": [asdict(row) for row in outcome.rows], "load": load, "samples": [asdict(sample) for sample in outcome.samples]}
