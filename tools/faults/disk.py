"""A small file system in a file that can lose its power: what was not synced is gone, as after a pulled plug."""

import contextlib
import fcntl
import os
import shutil
import signal
import struct
import subprocess
import time
from collections.abc import Sequence
from glob import glob
from pathlib import Path

# _IOR('X', 125, __u32), the shutdown ioctl of XFS, which ext4 has taken over.
_SHUTDOWN = 2 << 30 | 4 << 16 | ord("X") << 8 | 125
# "No log flush": neither dirty pages nor the journal that is in memory are written any more; every later write fails.
# The default flag 0 freezes the device first, which writes all of it, and flag 1 writes the journal: both are kinder
# than a power loss.
_WITHOUT_FLUSH = 2

PACKAGES = {"ext4": "e2fsprogs", "xfs": "xfsprogs"}
# The least that mkfs.xfs accepts; the file is sparse.
_IMAGE_BYTES = {"ext4": 96 << 20, "xfs": 320 << 20}
_MAKE = {
    # Nothing is kept back for root: it is full for everybody at the same time.
    "ext4": ["mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0"],
    "xfs": ["mkfs.xfs", "-q", "-f"],
}


class NotPossible(Exception):
    """This machine cannot do it; says what is missing."""


def _run(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotPossible(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.returncode}")
    return done.stdout.strip()


class Disk:
    """Made, attached to a loop device and mounted in the `with`; unmounted, detached and removed after it."""

    def __init__(self, kind: str, parent: Path, name: str | None = None, size: int | None = None):
        self.kind = kind
        self.image = parent / f"{name or kind}.image"
        self.place = parent / (name or kind)
        self.size = size or _IMAGE_BYTES[kind]
        self.device = ""
        # While this is open the device keeps the image; it lets go of it by itself, however this program ends.
        self.held: int | None = None
        self.is_mounted = False

    def __enter__(self) -> "Disk":
        if os.geteuid() != 0:
            raise NotPossible("needs root, to mount a file system of its own")
        if shutil.which(f"mkfs.{self.kind}") is None:
            _install(PACKAGES[self.kind])
        try:
            self.place.mkdir()
            with self.image.open("wb") as file:
                file.truncate(self.size)
            _run(*_MAKE[self.kind], self.image)
            self.device = _run("losetup", "--find", "--show", self.image)
            self.held = os.open(self.device, os.O_RDONLY)
            _run("losetup", "--detach", self.device)
            self.mount()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", self.place], check=False)
        if self.held is not None:
            os.close(self.held)
        elif self.device:
            subprocess.run(["losetup", "--detach", self.device], check=False)
        self.image.unlink(missing_ok=True)

    def mount(self) -> None:
        """After a power loss this replays the journal."""
        _run("mount", "-t", self.kind, self.device, self.place)
        self.is_mounted = True

    def lose_power(self, child: subprocess.Popen[bytes]) -> None:
        """Takes the power from the file system and from the process that works on it, and gives it back to the first."""
        self.cut_power([child.pid])
        child.kill()
        child.wait()
        self.restore_power()

    def cut_power(self, processes: Sequence[int]) -> None:
        """Of all that work on it. They stand still afterwards and are to be killed.

        They are stopped before: a sync that is under way when the file system goes may come back as if it had been
        done, and must then reach nobody.
        """
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGSTOP)
        for process in processes:
            _wait_until_stopped(process)
        descriptor = os.open(self.place, os.O_RDONLY)
        fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("=I", _WITHOUT_FLUSH))
        os.close(descriptor)

    def restore_power(self) -> None:
        """Once nobody works on it any more."""
        _run("umount", self.place)
        self.is_mounted = False
        self.mount()

    def fill(self) -> None:
        """Until not a block is free."""
        with open(self._filling, "wb") as file:
            for size in (1 << 24, 1 << 20, 1 << 16, 1 << 12):
                with contextlib.suppress(OSError):
                    while True:
                        os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)

    def free(self) -> None:
        self._filling.unlink(missing_ok=True)

    @property
    def _filling(self) -> Path:
        return self.place / "filling"


def _wait_until_stopped(process: int, seconds: float = 1) -> None:
    """Until each thread is stopped, or sleeps in a file call whose return stops it, or has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        states = set()
        for thread in glob(f"/proc/{process}/task/*/stat"):
            try:
                states.add(Path(thread).read_text().rsplit(")", 1)[1].split()[0])
            except OSError:
                continue
        if states <= {"T", "D", "Z", "X"}:
            return
        time.sleep(0.0005)
    raise NotPossible("the process did not stop at SIGSTOP")


def _install(package: str) -> None:
    if shutil.which("apt-get") is None:
        raise NotPossible(f"needs {package}: install what your system calls so")
    print(f"installing {package} with apt-get", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    options = ["-qq", "-o", "DPkg::Lock::Timeout=120", "--no-install-recommends"]
    for command in (["apt-get", "-qq", "update"], ["apt-get", "install", "-y", *options, package]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0 and "install" in command:
            raise NotPossible(f"needs {package}, which apt-get could not install: {done.stderr.strip()[-200:]}")
