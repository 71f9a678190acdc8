"""Callers that write rows and keep a list of what was acknowledged to them."""

import subprocess
import threading
import time

from place import Place, Settings
from programs import environment, postgres_programs

NOTES = "trial.note"
TABLE = f"create schema trial authorization ledger; create table {NOTES} (number int8 primary key); alter table {NOTES} owner to ledger"


class Writer(threading.Thread):
    """One caller on one connection, on the primary; looks for that again when its connection breaks."""

    def __init__(self, first: int, step: int, settings: Settings, place: Place):
        super().__init__(daemon=True)
        self.next = first
        self.step = step
        self.source = f"{settings.database_url}?target_session_attrs=read-write&connect_timeout=2&application_name=writer"
        self.place = place
        self.acknowledged: list[int] = []
        # The longest time between two acknowledgements, since `began` was called.
        self.longest = 0.0
        self.last = time.monotonic()
        self.is_ending = False
        self.psql: subprocess.Popen | None = None

    def run(self) -> None:
        while not self.is_ending:
            self.write_until_broken()
            time.sleep(0.02)

    def write_until_broken(self) -> None:
        command = [postgres_programs() / "psql", "-XqAtw", "-v", "ON_ERROR_STOP=1", "-f", "-", self.source]
        with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1, cwd="/",
                env=environment(PGPASSFILE=str(self.place.ledger_passfile))) as self.psql:
            try:
                while not self.is_ending:
                    number = self.next
                    # One that was not answered is never sent again: whether it was committed is not known.
                    self.next += self.step
                    self.psql.stdin.write(f"insert into {NOTES} values ({number}) returning number;\n")
                    if self.psql.stdout.readline().strip() != str(number):
                        break
                    self.acknowledged.append(number)
                    now = time.monotonic()
                    self.longest = max(self.longest, now - self.last)
                    self.last = now
            except OSError:
                pass
            finally:
                self.psql.kill()


class Writers:
    """Some of them, as a context: they write from its beginning to its end."""

    def __init__(self, count: int, settings: Settings, place: Place):
        self.all = [Writer(number, count, settings, place) for number in range(count)]

    def __enter__(self) -> "Writers":
        for writer in self.all:
            writer.start()
        return self

    def __exit__(self, *_) -> None:
        for writer in self.all:
            writer.is_ending = True
        for writer in self.all:
            if writer.psql is not None:
                writer.psql.kill()
            writer.join()

    @property
    def acknowledged(self) -> int:
        return sum(len(writer.acknowledged) for writer in self.all)

    def begin_pause(self) -> None:
        for writer in self.all:
            writer.longest = 0.0

    @property
    def pause(self) -> float:
        """The longest that one of them waited for an acknowledgement since `begin_pause`."""
        return max(writer.longest for writer in self.all)

    def lost(self, kept: set[int]) -> list[int]:
        """What was acknowledged and is not among those."""
        return sorted(number for writer in self.all for number in writer.acknowledged if number not in kept)
