"""Where it was measured: the machine and the versions, as far as figures depend on them. Nothing that names the machine."""

import os
import platform
import re
import subprocess
from pathlib import Path

PACKAGES = ("knot", "nsd", "bind9", "nginx", "etcd-server", "dnsperf", "wrk", "valgrind", "g++", "libsqlite3-0")


def describe(root):
    return {"processor": _processor(), "cores": len(os.sched_getaffinity(0)), "kernel": platform.release(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "load_before": round(os.getloadavg()[0], 1), "commit": _commit(root), "packages": _versions()}


def _processor():
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _commit(root):
    done = subprocess.run(["git", "-C", root, "describe", "--always", "--dirty", "--exclude", "*"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def _versions():
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES], capture_output=True, text=True)
    return dict(line.split() for line in done.stdout.splitlines() if len(line.split()) == 2)
