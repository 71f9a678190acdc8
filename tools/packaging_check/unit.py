"""The units for systemd: are they understood, and how much of the system do they leave open."""

import re
import subprocess
from pathlib import Path

from packaging_check.report import RUNNING, Problem, Skipped, program, require, run

# Of 100 (all is open). What is left open is the network and, for one, a folder.
EXPOSURE_MAX = 15


# As what each is placed: a template gets its instance.
UNITS = {"refresh-ledger.service": "refresh-ledger.service", "refresh-ledger@.service": "refresh-ledger@8081.service"}


def check(binary: Path, folder: Path) -> str:
    analyze = program("systemd-analyze")
    for name, placed_as in UNITS.items():
        text = (RUNNING / name).read_text()
        require("ExecStart=/usr/bin/refresh-ledger serve " in text, f"{name} does not start /usr/bin/refresh-ledger serve")
        (folder / placed_as).write_text(text.replace("/usr/bin/refresh-ledger", str(binary)))
        remarks = run([analyze, "verify", "--man=no", folder / placed_as])
        require(remarks == "", f"systemd-analyze verify remarks on {name}:\n{remarks}")
    several(binary)
    exposures = [exposure(analyze, folder / placed_as) for placed_as in UNITS.values()]
    return f"verified, exposure {' and '.join(exposures)}"


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


def several(binary: Path) -> None:
    """The configuration of several instances is read, and its hosts are asked for; they are nobody's."""
    done = subprocess.run(
        [binary, "database", "check", "--config", RUNNING / "shared.yaml"], capture_output=True, text=True, check=False, timeout=60,
        env={"PATH": "/usr/bin:/bin"})
    asked = set(re.findall(r"\b(db[123]):5432\b", done.stdout))
    require(done.returncode == 1 and asked == {"db1", "db2", "db3"}, f"database check --config shared.yaml exited {done.returncode}:\n{done.stdout}{done.stderr}")
