"""The other side of wall_clock.c: how far off the wall clock is that the server reads, and how long a reading takes."""

import mmap
import struct
import time
from pathlib import Path

# offset, pause before, pause after, pauses left, readings, timers of the wall clock.
_LAYOUT = struct.Struct("=qqqqQQ")


class WallClock:
    """The clock of one machine: of its server and of the commands that are run there."""

    def __init__(self, library: Path, control: Path):
        control.write_bytes(bytes(4096))
        self._file = control.open("r+b")
        self._memory = mmap.mmap(self._file.fileno(), 4096)
        self.environment = {"LD_PRELOAD": str(library), "LEDGER_CLOCK_CONTROL": str(control)}

    @property
    def offset(self) -> float:
        return struct.unpack_from("=q", self._memory, 0)[0] / 1000

    def set_ahead(self, seconds: float) -> None:
        """By so much ahead of the truth; behind it where negative."""
        struct.pack_into("=q", self._memory, 0, round(seconds * 1000))

    def set_right(self) -> None:
        self.set_ahead(0)

    def set_to(self, seconds_since_1970: float) -> None:
        self.set_ahead(seconds_since_1970 - time.time())

    def pause(self, before: float, after: float, readings: int) -> None:
        """The next readings are held up, before the clock is looked at and before they are handed out."""
        struct.pack_into("=qqq", self._memory, 8, round(before * 1000), round(after * 1000), readings)

    @property
    def pauses_left(self) -> int:
        return max(0, _LAYOUT.unpack_from(self._memory, 0)[3])

    @property
    def readings(self) -> int:
        return _LAYOUT.unpack_from(self._memory, 0)[4]

    @property
    def wall_timers(self) -> int:
        return _LAYOUT.unpack_from(self._memory, 0)[5]

    def close(self) -> None:
        self._memory.close()
        self._file.close()
