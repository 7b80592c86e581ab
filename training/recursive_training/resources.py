"""What this process has used so far, from the kernel's own books."""

import os
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# https://docs.kernel.org/admin-guide/cgroup-v2.html and its first version
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True)
class Usage:
    """Peak resident memory in MiB; processor time, user and system, and wall time in seconds.

    Memory and processor time add up over processes that ran side by side; wall time does not.
    """

    peak_memory_mib: float = 0.0
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            round(self.peak_memory_mib + other.peak_memory_mib, 1),
            round(self.cpu_seconds + other.cpu_seconds, 3),
            max(self.wall_seconds, other.wall_seconds),
        )

    def after(self, others: Sequence["Usage"]) -> "Usage":
        """Of this container and `others`, which ran side by side before it, each on a machine of its own.

        The largest memory, all processor time, and the time on the way without waits.
        """
        return Usage(
            max(one.peak_memory_mib for one in (self, *others)),
            round(sum(one.cpu_seconds for one in (self, *others)), 3),
            round(self.wall_seconds + max(one.wall_seconds for one in others), 3),
        )


def memory_bytes() -> int:
    """What this container may use: its limit, or the machine's memory where it has none."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _LIMITS:
        try:
            text = Path(path).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdecimal():
            return min(physical, int(text))
    return physical


def usage(started: float | None = None) -> Usage:
    """What this process used; wall time since `started` (time.monotonic()) when that is given."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    wall = 0.0 if started is None else round(time.monotonic() - started, 3)
    return Usage(round(_peak_kib(own.ru_maxrss) / 1024, 1), round(own.ru_utime + own.ru_stime, 3), wall)


def _peak_kib(maximum: int) -> float:
    """VmHWM where there is one: ru_maxrss also remembers the parent's size at the fork (getrusage(2), BUGS of
    exec).
    """
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1])
    except OSError:
        pass
    return maximum / 1024 if sys.platform == "darwin" else float(maximum)
