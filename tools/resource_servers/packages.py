"""Debian packages of servers, without their services."""

import os
import subprocess
from pathlib import Path


def install(packages: list[str]) -> None:
    """A policy-rc.d of our own keeps the services from being started; one that is there already is left alone."""
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(["apt-get", "-qq", "update"], env=quiet, check=False, stdin=subprocess.DEVNULL)
        subprocess.run(
            ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *packages], env=quiet, check=True, stdin=subprocess.DEVNULL
        )
    finally:
        if ours:
            policy.unlink()
