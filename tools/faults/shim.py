"""The other side of shim.c: builds it, and tells it through shared memory which file call is to fail, and how."""

import errno
import mmap
import shutil
import struct
import subprocess
from pathlib import Path

CALLS = ("write", "data sync", "folder sync", "rename", "open", "truncate", "unlink")
FORMS = {"no fault": 0, "fail": 1, "shorten": 2, "hang": 3, "nothing": 4, "tear": 5}
# form, call, errno, sticky, calls left, fired; then how often each call was seen.
_LAYOUT = struct.Struct("=IIiIqQ")
_SEEN = struct.Struct(f"={len(CALLS)}Q")


def compile_shim(source: Path, library: Path) -> None:
    """A library for LD_PRELOAD, by the system's compiler or the one of the Swift toolchain."""
    compiler = shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        raise SystemExit("neither cc nor clang on PATH: install gcc, or a Swift toolchain, which brings clang")
    options = ["-std=c17", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run([compiler, *options, "-o", library, source, "-ldl"], check=True)


class Shim:
    """One shim for one log folder, used by any number of runs of the server."""

    def __init__(self, folder: Path, log: Path):
        library, control = folder / "shim.so", folder / "shim.control"
        compile_shim(Path(__file__).resolve().parent / "shim.c", library)
        control.write_bytes(bytes(4096))
        self._file = control.open("r+b")
        self._memory = mmap.mmap(self._file.fileno(), 4096)
        self.environment = {
            "LD_PRELOAD": str(library),
            "LEDGER_FAULT_CONTROL": str(control),
            "LEDGER_FAULT_FOLDER": str(log),
        }

    def arm(self, call: str, form: str, after: int = 1, code: str = "EIO", sticky: bool = False) -> None:
        """The `after`-th such call from now on meets the form; with `sticky` all after it do too."""
        self.disarm()
        values = (CALLS.index(call), getattr(errno, code), int(sticky), after, 0)
        _LAYOUT.pack_into(self._memory, 0, FORMS["no fault"], *values)
        struct.pack_into("=I", self._memory, 0, FORMS[form])

    def disarm(self) -> None:
        struct.pack_into("=I", self._memory, 0, FORMS["no fault"])

    @property
    def fired(self) -> int:
        return _LAYOUT.unpack_from(self._memory, 0)[5]

    @property
    def seen(self) -> dict[str, int]:
        return dict(zip(CALLS, _SEEN.unpack_from(self._memory, _LAYOUT.size)))
