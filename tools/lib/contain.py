"""Runs one program, and ends whatever it has left behind.

    contain.py PROGRAM [ARGUMENT...]

Ends with the program's status, 128 + N where signal N has ended it. SIGTERM to this process kills all of them. Whoever starts
several programs side by side starts each by this one, and none can touch what belongs to another.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def adopt_orphans():
    """Processes whose parent dies become ours (PR_SET_CHILD_SUBREAPER), so that none escapes `end_descendants`."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def descendants():
    """The processes below this one, at any depth; those that have ended and wait to be collected too."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text(errors="replace").rpartition(")")[2]
        except OSError:
            continue
        parents.setdefault(int(after_name.split()[1]), []).append(int(stat.parent.name))
    found, pending = [], [os.getpid()]
    while pending:
        children = parents.get(pending.pop(), [])
        found += children
        pending += children
    return found


def end_descendants():
    """Everything below this process is gone when this returns."""
    while pids := descendants():
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for pid in pids:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass  # not ours yet
        time.sleep(0.01)


def main(command):
    adopt_orphans()

    def stop(number, _frame):
        end_descendants()
        os._exit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    try:
        status = subprocess.Popen(command).wait()
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", flush=True)
        return 127
    end_descendants()
    if status < 0:
        print(f"\nended by {signal.Signals(-status).name}", flush=True)
        return 128 - status
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
