"""Alert rules and dashboard: each metric, label and value that they name must be on the real server's page."""

import json
import re
import urllib.request
from collections.abc import Iterator

from packaging_check.report import RUNNING, program, require, run

RULES = RUNNING / "alert-rules.yaml"
DASHBOARD = RUNNING / "grafana-dashboard.json"
# Labels that Prometheus itself adds, the bounds of histograms, and a standby's name in another exporter's metrics.
FOREIGN_LABELS = {"job", "instance", "le", "application_name"}


class Page:
    """What GET /metrics printed: the types, and each label's values, by metric."""

    def __init__(self, text: str) -> None:
        self.types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
        self.labels: dict[str, dict[str, set[str]]] = {}
        for sample, labels in re.findall(r"^(\w+)\{(.*)\} ", text, re.MULTILINE):
            values = self.labels.setdefault(self.metric(sample) or sample, {})
            for name, value in re.findall(r'(\w+)="([^"]*)"', labels):
                values.setdefault(name, set()).add(value)

    def add(self, types: dict[str, str]) -> None:
        """Takes metrics for known that this server does not have."""
        self.types = types | self.types

    def metric(self, sample: str) -> str | None:
        """The metric that a sample's name belongs to; nil where there is none."""
        if sample in self.types:
            return None if self.types[sample] == "histogram" else sample
        base = re.sub(r"_(bucket|sum|count)$", "", sample)
        return base if self.types.get(base) == "histogram" else None

    def faults(self, expression: str) -> Iterator[str]:
        known: set[str] = set(FOREIGN_LABELS)
        for sample, matchers in re.findall(r"\b(refresh_ledger_\w+)(?:\{([^}]*)\})?", expression):
            metric = self.metric(sample)
            if metric is None:
                yield f"{sample} is no metric of the server"
                continue
            labels = self.labels.get(metric, {})
            known |= labels.keys()
            for name, value in re.findall(r'(\w+)\s*[=!]~?\s*"([^"]*)"', matchers):
                if name in FOREIGN_LABELS:
                    continue
                wrong = set(value.split("|")) - labels.get(name, set())
                if wrong:
                    yield f"{metric} has no {name} {', '.join(sorted(wrong))}"
        for group in re.findall(r"\b(?:by|without)\s*\(([^)]*)\)", expression):
            for name in re.findall(r"\w+", group):
                if name not in known:
                    yield f"no metric of the expression has a label {name}"


def database_metrics() -> dict[str, str]:
    """The types of the metrics that a server on a database has in place of those of a log, as docs/metrics.md lists them."""
    section = (RUNNING.parent / "metrics.md").read_text().partition("### With a database")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", section, re.MULTILINE))


def rule_expressions() -> list[str]:
    # promtool has read the file before; its YAML has expressions on one line or folded.
    text = re.sub(r">-\n\s+", "", RULES.read_text())
    text = re.sub(r"\n\s+(?=> )", " ", text)
    return re.findall(r"^\s+expr: (.+)$", text, re.MULTILINE)


def dashboard_expressions() -> list[str]:
    dashboard = json.loads(DASHBOARD.read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    require(len(ids) == len(set(ids)), "two panels of the dashboard have the same id")
    for panel in dashboard["panels"]:
        require(bool(panel["title"] and panel["targets"]), f"panel {panel['id']} has no title or asks for nothing")
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    variables = [variable["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    return expressions + [re.sub(r"^label_values\((.*), \w+\)$", r"\1", query) for query in variables]


def check(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as reply:
        page = Page(reply.read().decode())
    require(len(page.types) > 20, "the server's page lists hardly a metric")
    # A check that flags nothing would not be one.
    bad = 'rate(refresh_ledger_nothing_total[5m]) + sum by (colour) (refresh_ledger_reuses_total{class="old"})'
    require(len(list(page.faults(bad))) == 3, "the check does not see wrong names")
    page.add(database_metrics())
    page.labels["refresh_ledger_store_info"]["kind"].add("postgres")
    rules, panels = rule_expressions(), dashboard_expressions()
    require(len(rules) >= 10 and len(panels) >= 25, f"only {len(rules)} rules and {len(panels)} queries were found")
    faults = [f"{fault}, in: {expression}" for expression in rules + panels for fault in page.faults(expression)]
    require(not faults, "\n".join(faults))
    promtool = program("promtool")
    told = run([promtool, "check", "rules", RULES])
    require(f"{len(rules)} rules found" in told, f"promtool reads other rules than this check: {told}")
    run([promtool, "test", "rules", RUNNING / "alert-rules.test.yaml"])
    return f"{len(rules)} rules, tested; {len(panels)} queries of the dashboard"
