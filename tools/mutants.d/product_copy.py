"""A copy of the product, in which faults are seeded: the working tree is never changed."""

import subprocess
from pathlib import Path

PARTS = ("Package.swift", "README.md", "Sources", "Tests", "Examples", "docs")


def copy_product(root: Path, to: Path) -> None:
    """Brings a copy up to date. What is the same stays as it is, so that a build there makes anew only what has changed."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard", *PARTS],
        capture_output=True, check=True)
    names = {name for name in listed.stdout.decode().split("\0") if name and (root / name).is_file()}
    for name in sorted(names):
        content, copied = (root / name).read_bytes(), to / name
        if copied.is_file() and copied.read_bytes() == content:
            continue
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_bytes(content)
    for part in PARTS:
        for path in (to / part).rglob("*"):
            if path.is_file() and str(path.relative_to(to)) not in names:
                path.unlink()
