"""The unit for systemd: is it understood, and how much of the system does it leave open."""

import re
from pathlib import Path

from packaging_check.report import RUNNING, Problem, Skipped, program, require, run

# Of 100 (all is open). What is left open is the network and a folder.
EXPOSURE_MAX = 15


def check(binary: Path, folder: Path) -> str:
    analyze = program("systemd-analyze")
    text = (RUNNING / "refresh-ledger.service").read_text()
    require("ExecStart=/usr/bin/refresh-ledger serve " in text, "the unit does not start /usr/bin/refresh-ledger serve")
    placed = folder / "refresh-ledger.service"
    placed.write_text(text.replace("/usr/bin/refresh-ledger", str(binary)))
    remarks = run([analyze, "verify", "--man=no", placed])
    require(remarks == "", f"systemd-analyze verify remarks:\n{remarks}")
    try:
        told = run([analyze, "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", "--no-pager", placed])
    except Problem as problem:
        if "unrecognized option" in str(problem):
            raise Skipped("verified; this systemd-analyze is too old to judge a unit's security") from None
        raise
    exposure = re.search(r"exposure level for .*?: ([\d.]+)", told)
    require(exposure is not None, f"systemd-analyze security says nothing of exposure:\n{told}")
    return f"verified, exposure {exposure[1]}"
