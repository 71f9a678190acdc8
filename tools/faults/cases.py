"""Which file calls are made to fail, how, and what the server must make of it."""

from typing import NamedTuple

# What the server does after the fault.
STOPS = "stops"  # takes no changes until it is started again
GOES_ON = "goes on"  # does the rest of the work, and nobody notices
STALLS = "stalls"  # answers nobody until the disk answers, then goes on


class Fault(NamedTuple):
    call: str
    form: str
    code: str
    sticky: bool
    outcome: str

    def __str__(self) -> str:
        what = self.code if self.form == "fail" else self.form
        return f"{self.call} {what} {'from then on' if self.sticky else 'once'}"

    @property
    def is_in_commit(self) -> bool:
        """Every commit makes this call, so the very next one meets the fault."""
        return self.call in ("write", "data sync")


def while_serving() -> list[Fault]:
    faults = []
    for call in ("write", "data sync", "folder sync", "rename", "open", "truncate"):
        for code in ("EIO", "ENOSPC", "EINTR"):
            for sticky in (False, True):
                outcome = STOPS
                if call in ("write", "open") and code == "EINTR":
                    # It is made again where it was interrupted; one that never comes through is a disk that does not
                    # answer. A sync is never made again.
                    outcome = STALLS if sticky else GOES_ON
                faults.append(Fault(call, "fail", code, sticky, outcome))
    for sticky in (False, True):
        faults.append(Fault("write", "shorten", "EIO", sticky, GOES_ON))
    for call in ("write", "data sync"):
        faults.append(Fault(call, "hang", "EIO", True, STALLS))
    return faults


# A write that reaches the disk up to a sector's edge and no further: what a power loss leaves.
TEAR = Fault("write", "tear", "EIO", True, STOPS)


def while_opening() -> list[Fault]:
    calls = ("write", "data sync", "folder sync", "rename", "open", "truncate", "unlink")
    return [Fault(call, "fail", code, False, "") for call in calls for code in ("EIO", "ENOSPC")]


def amid_checkpoint(all_calls: bool) -> list[Fault]:
    calls = ("write", "data sync", "folder sync", "rename", "open", "unlink") if all_calls else ("data sync", "unlink")
    return [Fault(call, "fail", code, False, "") for call in calls for code in ("EIO", "ENOSPC")[: 1 + all_calls]]
