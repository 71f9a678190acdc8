"""The units for systemd: are they understood, and how much of the system do they leave open."""

import re
from pathlib import Path

from packaging_check.container import asked_of_database
from packaging_check.report import RUNNING, Problem, Skipped, program, require, run

# Of 100 (all is open). What is left open is the network and, for one, a folder.
EXPOSURE_MAX = 15


# As what each is placed: a template gets its instance.
UNITS = {
    "refresh-ledger.service": "refresh-ledger.service", "refresh-ledger@.service": "refresh-ledger@8081.service",
    "refresh-ledger-check.service": "refresh-ledger-check.service"}
TIMERS = ("refresh-ledger-check.timer",)


def check(binary: Path, folder: Path) -> str:
    analyze = program("systemd-analyze")
    for name, placed_as in UNITS.items():
        text = (RUNNING / name).read_text()
        command = "database check" if name == "refresh-ledger-check.service" else "serve"
        require(f"ExecStart=/usr/bin/refresh-ledger {command} " in text, f"{name} does not start /usr/bin/refresh-ledger {command}")
        (folder / placed_as).write_text(text.replace("/usr/bin/refresh-ledger", str(binary)))
        remarks = run([analyze, "verify", "--man=no", folder / placed_as])
        require(remarks == "", f"systemd-analyze verify remarks on {name}:\n{remarks}")
    for name in TIMERS:
        (folder / name).write_text((RUNNING / name).read_text())
        remarks = run([analyze, "verify", "--man=no", folder / name])
        require(remarks == "", f"systemd-analyze verify remarks on {name}:\n{remarks}")
    asked_of_database(binary, RUNNING / "shared.yaml")
    exposures = [exposure(analyze, folder / placed_as) for placed_as in UNITS.values()]
    return f"verified, exposure {', '.join(exposures)}"


def exposure(analyze: str, placed: Path) -> str:
    try:
        told = run([analyze, "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", "--no-pager", placed])
    except Problem as problem:
        if "unrecognized option" in str(problem):
            raise Skipped("verified; this systemd-analyze is too old to judge a unit's security") from None
        raise
    found = re.search(r"exposure level for .*?: ([\d.]+)", told)
    require(found is not None, f"systemd-analyze security says nothing of exposure:\n{told}")
    return found[1]
