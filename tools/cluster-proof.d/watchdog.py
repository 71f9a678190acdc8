"""A watchdog of a host, as the machine's would be: who switched it on and then says nothing for too long is reset.

Patroni's driver `testing` writes to a pipe what it would tell the device /dev/watchdog.
"""

import os
import re
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path

_SAID = re.compile(rb"Ctimeout=(\d+)\n|(1)|(V)")
_STEP = 0.2


class Watchdog(threading.Thread):
    def __init__(self, pipe: Path, bite: Callable[[], None]):
        super().__init__(daemon=True, name=f"watchdog {pipe.parent.name}")
        self.pipe = pipe
        self.bite = bite
        # Of a machine that stands still as a whole: its clock does so too.
        self.is_paused = False
        self._timeout = 0
        self._left: float | None = None
        self._lock = threading.Lock()

    def disarm(self) -> None:
        with self._lock:
            self._left = None

    def run(self) -> None:
        # With an end to write to, so that it never comes to an end of the file.
        pipe = os.open(self.pipe, os.O_RDWR | os.O_NONBLOCK)
        last = time.monotonic()
        while True:
            if select.select([pipe], [], [], _STEP)[0]:
                self._hear(os.read(pipe, 4096))
            now = time.monotonic()
            if self._is_over(0 if self.is_paused else now - last):
                self.bite()
            last = now

    def _hear(self, said: bytes) -> None:
        with self._lock:
            for timeout, alive, off in _SAID.findall(said):
                if timeout:
                    self._timeout = int(timeout)
                self._left = None if off else float(self._timeout)

    def _is_over(self, passed: float) -> bool:
        with self._lock:
            if self._left is not None:
                self._left -= passed
                if self._left <= 0:
                    self._left = None
                    return True
        return False
