"""The other side of slow_sync.c: how much longer a sync of a file takes, on one machine."""

import mmap
import struct
from pathlib import Path

# delay, syncs.
_LAYOUT = struct.Struct("=qQ")


class SlowSync:
    def __init__(self, control: Path):
        control.write_bytes(bytes(4096))
        # The database's user opens it too.
        control.chmod(0o666)
        self._file = control.open("r+b")
        self._memory = mmap.mmap(self._file.fileno(), 4096)
        self.control = control

    def set_delay(self, seconds: float) -> None:
        struct.pack_into("=q", self._memory, 0, round(seconds * 1000))

    @property
    def syncs(self) -> int:
        return _LAYOUT.unpack_from(self._memory, 0)[1]
