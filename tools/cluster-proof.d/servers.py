"""Servers with a patch: one of the rules left out, or the next version of the schema. Built once for each patch and state of the sources."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tools/mutants.d")]

from anchored import SERVERS, Edit, NotFound, Product, read_mutants  # noqa: E402
from product_copy import copy_product  # noqa: E402

PLACE = ROOT / ".build/rules"
SERVER = "refresh-ledger"
FOLLOWER = "event-follower"
NEXT_VERSION = "next-version"
BUILD_SECONDS = 3600
# Beside others a build on all processors takes longer, and so do they.
LOAD_MAX = 6


class BuildFailure(Exception):
    """A patch that does not apply, or does not compile; says which and why."""


class PatchedServers:
    """One tree in which one patch after the other is built. The working tree is never changed."""

    def __init__(self, place: Path = PLACE):
        self.place = place
        self.tree = place / "tree"
        self.patches = {mutant.name: mutant for mutant in read_mutants() + read_mutants(SERVERS)}
        self.is_copied = False

    def made(self, name: str, program: str = SERVER) -> Path:
        """The program with this patch, or with several that have + between them, built if it is not there."""
        self.copy()
        product = Product(self.tree)
        try:
            changed = product.change(self.edits(name))
        except NotFound as error:
            raise BuildFailure(f"the patch {name} does not apply; tools/mutants --check says more: {error}") from None
        key = self.key(product.texts | changed)
        folder = self.place / name
        binary, written = folder / program, folder / f"{program}.key"
        if binary.is_file() and written.is_file() and written.read_text() == key:
            return binary
        written.unlink(missing_ok=True)
        try:
            for path, text in changed.items():
                (self.tree / path).write_text(text, encoding="utf-8")
            built = self.build(name, program)
        finally:
            for path in changed:
                (self.tree / path).write_text(product.texts[path], encoding="utf-8")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy2(built, binary)
        written.write_text(key)
        return binary

    def edits(self, names: str) -> list[Edit]:
        """Those of a patch, or of several with + between them."""
        if unknown := [name for name in names.split("+") if name not in self.patches]:
            raise BuildFailure(f"there is no patch {unknown[0]}; they are in tools/mutants.d and tools/cluster-proof.d")
        return [edit for name in names.split("+") for edit in self.patches[name].edits]

    def copy(self) -> None:
        if self.is_copied:
            return
        copy_product(ROOT, self.tree)
        # The versions of what it depends on are those of the working tree.
        resolved = ROOT / "Package.resolved"
        if resolved.is_file() and not (self.tree / resolved.name).is_file():
            shutil.copyfile(resolved, self.tree / resolved.name)
        self.is_copied = True

    def key(self, texts: dict[str, str]) -> str:
        found = hashlib.sha256((self.tree / "Package.swift").read_bytes())
        for path, text in sorted(texts.items()):
            found.update(f"{path}\0{text}\0".encode())
        return found.hexdigest()

    def build(self, name: str, program: str) -> Path:
        log = self.place / f"{name}.build"
        print(f"building {program} with {name}; {log.relative_to(ROOT)} has what the compiler says", flush=True)
        jobs = 1 if os.getloadavg()[0] > LOAD_MAX else os.cpu_count() or 1
        command = [str(ROOT / "tools/swift-build"), "--product", program, "-debug-info-format", "none", "-j", str(jobs)]
        with open(log, "w") as output:
            made = subprocess.run(command, cwd=self.tree, stdout=output, stderr=subprocess.STDOUT, timeout=BUILD_SECONDS, check=False)
        if made.returncode != 0:
            lines = [line for line in log.read_text(errors="replace").splitlines() if "error:" in line]
            raise BuildFailure(f"{program} with {name} does not compile: {(lines or ['see ' + str(log)])[0]}")
        return self.tree / ".build/debug" / program
