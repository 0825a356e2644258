"""The Debian packages of the build under test, and a root with what they depend on: made once, and kept in build/ for the suites
that come later.

build/package   the packages; made again when the programs, or what is packed beside them, have changed
build/roots     archives of roots made by mmdebstrap
"""

import hashlib
import os
import re
import subprocess
import unittest

from tests.support.processes import REPOSITORY, need_program
from tests.support.rollcall import BINARY, need_binary

ROOT_SECONDS_MAX = 300  # half of what a suite may take
PACKED = ("packaging", "zones", "templates", "docs/rollcall.toml", "docs/settings.md", "tools/package", "CHANGELOG.md", "src/ops/version.h")
TOOLS = ("curl", "bind9-dnsutils")  # for tests that run inside the root


def expect(command, timeout=500, **more):
    """Runs a program that must succeed; its output."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, **more)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def made_packages():
    """The packages' paths."""
    need_program("dpkg-buildpackage")
    need_binary()
    build = BINARY.parents[1]
    inputs = [BINARY.parent / "rollcalld", BINARY.parent / "rollcall", BINARY.parent / "librollcall_etcd.so"]
    for name in PACKED:
        path = REPOSITORY / name
        inputs += sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    made_of = "".join(f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}\n" for path in inputs)
    stamp = REPOSITORY / "build/package/made_of"
    if not stamp.exists() or stamp.read_text() != made_of:
        expect([REPOSITORY / "tools/package"], env={**os.environ, "ROLLCALL_BUILD": str(build)})
        stamp.write_text(made_of)
    return sorted((REPOSITORY / "build/package").glob("*.deb"))


def made_root(packages):
    """The archive of a root with what the packages depend on, and TOOLS. Where there is no mirror the test is skipped."""
    needs = set(TOOLS)
    for package in packages:
        for clause in expect(["dpkg-deb", "-f", package, "Depends"]).split(","):
            needs.add(re.match(r"[\w.+-]*", clause.split("|")[0].strip())[0])
    include = ",".join(sorted(name for name in needs if name and "rollcall" not in name))
    kept = REPOSITORY / f"build/roots/{hashlib.sha256(include.encode()).hexdigest()[:12]}.tar"
    if kept.exists():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    make = [need_program("mmdebstrap"), "--quiet", "--variant=minbase", f"--include={include}", "bookworm", f"{kept}.part.tar"]
    try:
        made = subprocess.run(make, capture_output=True, text=True, timeout=ROOT_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        raise unittest.SkipTest(f"mmdebstrap had made no root after {ROOT_SECONDS_MAX} s") from None
    if made.returncode != 0:
        raise unittest.SkipTest(f"mmdebstrap made no root: {(made.stderr.strip() or 'it says nothing').splitlines()[-1]}")
    os.replace(f"{kept}.part.tar", kept)
    return kept
