"""What a process has used, and which core is whose.

CPU time is of the process with all its threads and children, to the nanosecond where the kernel keeps /proc/PID/task/N/schedstat,
else to a tick (10 ms). A thread that ends while it is measured is lost in the first; the servers measured here keep theirs.
"""

import os
import pathlib
import re
import time

TICKS = os.sysconf("SC_CLK_TCK")
NANOSECONDS = 1e9


def cores():
    """(the servers' core, the load's core); the same one twice on a machine with one."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[1 % len(allowed)]


def everywhere():
    """All that this process may run on, as taskset wants them."""
    return ",".join(map(str, sorted(os.sched_getaffinity(0))))


def pinned(core):
    """The words in front of a command that keep it on `core`, or on several: 0, "0,1"."""
    return ["taskset", "-c", str(core)]


def family(pid):
    """The process and all below it that are still running."""
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for member in found:
        found += children.get(member, [])
    return found


def seconds(pid):
    """CPU seconds of the process so far, with its threads and children."""
    return sum(sum(threads(member).values()) for member in family(pid))


def threads(pid):
    """{thread id: CPU seconds}"""
    used = {}
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*"):
        try:
            used[int(task.name)] = _of_task(task)
        except OSError:
            continue
    return used


def thread_names(pid):
    """{thread id: name}"""
    return {int(task.parent.name): task.read_text().strip() for task in pathlib.Path(f"/proc/{pid}/task").glob("*/comm")}


def _of_task(task):
    try:
        return int((task / "schedstat").read_text().split()[0]) / NANOSECONDS
    except (OSError, IndexError):
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def resident_bytes(pid):
    """VmRSS of the process alone."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024


class Meter:
    """`with Meter(server) as used:` then used.seconds of CPU and used.elapsed by the clock. `server` has a pid;
    who is its child when the Meter is made counts with it."""

    def __init__(self, server):
        self._family = family(server.pid)
        self.seconds = self.elapsed = 0.0

    def __enter__(self):
        self._cpu, self._begun = self._used(), time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds, self.elapsed = self._used() - self._cpu, time.monotonic() - self._begun

    def _used(self):
        return sum(sum(threads(member).values()) for member in self._family)
