"""Runs every test of the house and adds them up: what `tools/test` does once everything is installed.

A part is a list of suites; a suite is one program, run with a deadline, in a session of its own. Whatever processes it leaves
behind are ended with it. Suites that mostly wait run two at a time. One line a suite; the whole output only of those that failed.

    part        what it runs
    house       tests/house: layers, zones, the README's commands
    cli         tests/cli: the command line, beside good and bad servers, and as PID 1
    interop     tests/interop: real clients and servers
    differential tests/differential: random questions over random zones, beside Knot and NSD
    crash       tests/crash: kill -9, SIGSTOP, exact leases
    fault       tests/fault: the database locked, the disk full
    package     tests/package: Debian packages, installed and removed in a root of their own; their man pages
    hostile     tests/hostile: garbage over UDP, TCP and HTTP
    unit        every test program of the Release build: units, conformance, scenarios, model, faults, fuzz corpora
    sanitizers  the server's test programs again, and a server under fire, with ASan+UBSan; those of threads with TSan
    cluster     tests/cluster: nodes and etcd in network namespaces, faults, and a checker of what clients saw; a run without
                arguments has four of its suites, one of them three minutes of faults
    clients     ASan+UBSan over the client library, the command line and the settings; not part of a run without arguments
    threads     TSan over the rest that has threads, and over a server under fire; nor is this
    nodes       ASan+UBSan over the units of a cluster, the engine over etcd, and nodes that start, are cut off and are killed; nor is
                this
    clang       everything builds with Clang 19 too; nor is this

    quick       the same as unit: what to run after every change
    all         every part

One suite alone is PART/SUITE, as the run prints it: `tools/test hostile/defence`, `tools/test unit/test_net`. Only what it
needs is built.
"""

import argparse
import concurrent.futures
import json
import os
import queue
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from contain import adopt_orphans, end_descendants
from test_counts import Count, count, skip_reasons

ROOT = Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"
# Those that mostly wait come first: what the others need is built beside them.
CLUSTER_SUITES = ["checker", "cluster_faults", "cluster_start", "cluster_by_hand"]  # of a run without arguments
DEFAULT_PARTS = ["house", "cli", "interop", "differential", "crash", "fault", "package",
                 *(f"cluster/{suite}" for suite in CLUSTER_SUITES), "hostile", "unit", "sanitizers"]
ALL_PARTS = [part for part in DEFAULT_PARTS if "/" not in part] + ["cluster", "clients", "threads", "nodes", "clang"]
GROUPS = {"quick": ["unit"], "all": ALL_PARTS}
BLACK_BOX = {"house", "cli", "interop", "differential", "crash", "fault", "hostile", "cluster", "package"}
BLACK_BOX_TARGETS = ["rollcalld", "rollcalld_on_a_faulty_disk", "rollcall", "rollcall_library", "rollcall_etcd", "examples"]
SERVERS = ["rollcalld", "rollcalld_on_a_faulty_disk"]  # what black boxes ask
# Parts whose suites mostly wait run two at a time; but not those that count the failures of a steady load.
SIDE_BY_SIDE = {"cli", "interop"}
ALONE = {"interop/server_side_haproxy", "interop/server_side_nginx", "interop/prometheus", "interop/consul_blocking"}
LANES = 2
CONTAIN = str(Path(__file__).with_name("contain.py"))
SUITE_SECONDS_MAX = 600
BUILD_SECONDS_MAX = 1800
# What each sanitizer looks at: test programs, and folders of tests of a server. What only asks a server from outside is left
# out, and for TSan what has one thread.
SANITIZED_PROGRAMS = {
    "asan-ubsan": ["test_base", "test_dns", "test_health", "test_registry", "test_kv", "test_consul", "test_store", "test_answer",
                   "test_api", "test_net", "test_fuzz_corpus"],
    "tsan": ["test_base", "test_registry", "test_kv", "test_answer", "test_net"],
}
SANITIZED_BLACK_BOX = {"asan-ubsan": ["hostile", "fault"], "tsan": []}
CLIENTS_PROGRAMS = ["test_ops", "test_client", "test_cli"]
THREADS_PROGRAMS = ["test_store", "test_client", "test_cli"]
THREADS_BLACK_BOX = ["hostile"]
NODES_PROGRAMS = ["test_cluster", "test_etcd"]
NODES_SUITES = ["cluster_start", "cluster_lapses", "cluster_partition"]
# What gRPC keeps until the end is left out: it is not built with sanitizers.
NODES_OPTIONS = {"LSAN_OPTIONS": f"suppressions={ROOT}/tests/sanitizers/lsan.supp:print_suppressions=0"}
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "second_deadlock_stack=1:halt_on_error=1",
}


@dataclass
class Suite:
    name: str
    command: list
    cwd: Path = ROOT
    env: dict = field(default_factory=dict)
    seconds_max: int = SUITE_SECONDS_MAX


# --- Processes ---


def start_builds_ahead(parts):
    """Builds made beside tests that mostly wait. They only fill the build directories: whoever needs one builds it again and
    learns whether it is whole."""
    # Where the scheduler groups by session, it is the group that has to be nice (sched(7), autogroup).
    lines = "echo 19 2>/dev/null >/proc/self/autogroup; " + "; ".join(shlex.join(suite.command) for suite in builds_of(parts))
    subprocess.Popen(["nice", "-n", "19", "sh", "-c", lines], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                     stderr=subprocess.DEVNULL, start_new_session=True)


def execute(suite, env=None):
    """Output, exit status, seconds. What the suite leaves behind is gone by then."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-B", CONTAIN, *suite.command], cwd=suite.cwd,
            env={**os.environ, "LC_ALL": "C.UTF-8", **suite.env, **(env or {})}, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True)
        note = ""
        try:
            status = process.wait(suite.seconds_max)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
            status = 124
            note = f"\nstopped: not done after {suite.seconds_max} s\n"
        output.seek(0)
        text = output.read().decode("utf-8", "replace") + note
    return text, status, time.monotonic() - began


def execute_side_by_side(suites):
    """Yields each suite and what `execute` says of it, in the order in which they end."""
    lanes = queue.SimpleQueue()
    for lane in range(LANES):
        lanes.put(lane)

    def in_a_lane(suite):
        lane = lanes.get()
        try:
            return execute(suite, {"ROLLCALL_TEST_LANE": f"{lane}/{LANES}"})
        finally:
            lanes.put(lane)

    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        running = {pool.submit(in_a_lane, suite): suite for suite in suites}
        for ended in concurrent.futures.as_completed(running):
            yield running[ended], ended.result()


# --- Suites ---


def targets_of(preset):
    server = SERVERS if SANITIZED_BLACK_BOX[preset] else []
    return server + SANITIZED_PROGRAMS[preset]


def builds_of(parts):
    """What these parts need beyond the targets of black boxes, in the order in which they need it."""
    if "unit" in parts:
        yield build("release")
    if "sanitizers" in parts:
        for preset in SANITIZED_PROGRAMS:
            yield build(preset, *targets_of(preset))


def build(preset, *targets):
    return Suite(f"build {preset}", [str(ROOT / "tools/build"), preset, *targets], seconds_max=BUILD_SECONDS_MAX)


def without_random_layout():
    """GCC 12's sanitizers need an address space less random than newer kernels make it."""
    command = ["setarch", "-R"]
    works = shutil.which("setarch") and subprocess.run(command + ["true"], capture_output=True).returncode == 0
    return command if works else []


def listed_tests(preset):
    listing = subprocess.run(["ctest", "--show-only=json-v1"], cwd=ROOT / "build" / preset, capture_output=True, text=True,
                             check=True)
    return json.loads(listing.stdout)["tests"]


def test_programs(preset, prefix=(), env=None, names=None):
    """What CTest knows of, or of these, to be run one by one."""
    directory = ROOT / "build" / preset
    own = {} if preset == "release" else {"ROLLCALLD": str(directory / "bin/rollcalld")}
    for test in listed_tests(preset):
        if names is not None and test["name"] not in names:
            continue
        properties = {item["name"]: item["value"] for item in test.get("properties", [])}
        environment = dict(item.split("=", 1) for item in properties.get("ENVIRONMENT", []))
        yield Suite(f"{preset}/{test['name']}", [*prefix, *test["command"]],
                    cwd=Path(properties.get("WORKING_DIRECTORY", directory)), env={**own, **(env or {}), **environment})


def python_files(directory, preset="release", prefix=(), env=None):
    program = os.environ.get("ROLLCALLD") if preset == "release" else None
    environment = {"ROLLCALLD": program or str(ROOT / "build" / preset / "bin/rollcalld"), **(env or {})}
    label = directory if preset == "release" else f"{preset}/{directory}"
    for file in sorted((ROOT / "tests" / directory).glob("test_*.py")):
        yield Suite(f"{label}/{file.stem.removeprefix('test_')}",
                    [*prefix, PYTHON, "-B", "-m", "unittest", "-v", str(file.relative_to(ROOT))], env=environment)


def sanitized(run, preset, programs, directories):
    prefix = without_random_layout()
    server = SERVERS if directories else []
    if not run(build(preset, *server, *programs), quiet=True):
        return
    for suite in test_programs(preset, prefix, SANITIZER_OPTIONS, programs):
        run(suite)
    for directory in directories:
        for suite in python_files(directory, preset, prefix, SANITIZER_OPTIONS):
            run(suite)


def sanitized_nodes(run):
    preset, prefix, options = "asan-ubsan", without_random_layout(), {**SANITIZER_OPTIONS, **NODES_OPTIONS}
    if not run(build(preset, "rollcalld", "rollcall_etcd", *NODES_PROGRAMS), quiet=True):
        return
    for suite in test_programs(preset, prefix, options, NODES_PROGRAMS):
        run(suite)
    for suite in python_files("cluster", preset, prefix, options):
        if suite.name.rpartition("/")[2] in NODES_SUITES:
            run(suite)


class Run:
    """The run so far: prints as it goes, and ends with the line that counts."""

    def __init__(self):
        self.total = Count()

    def __call__(self, suite, quiet=False):
        """Whether the suite passed. A quiet one is not a test: it counts, and is seen, only when it fails."""
        return self.add(suite, execute(suite), quiet)

    def add(self, suite, outcome, quiet=False):
        output, status, seconds = outcome
        if quiet and status == 0:
            return True
        result = count(output, status)
        self.total.add(result)
        verdict = "ok    " if result.failed == 0 else "FAILED"
        print(f"{verdict} {suite.name:<34} {result!s:<36} {seconds:7.1f} s", flush=True)
        if result.failed:
            print("    " + output.rstrip().replace("\n", "\n    "), flush=True)
        else:
            for reason in skip_reasons(output):
                print(f"       skipped: {reason}", flush=True)
        return result.failed == 0

    def one(self, name):
        """A suite by the name that the run prints; programs of the Release build stand below `unit`."""
        part, _, suite = name.partition("/")
        if part == "unit":
            if self(build("release", suite), quiet=True):
                for program in test_programs("release", names=[suite]):
                    self(program)
            return
        for found in python_files(part):
            if found.name == name:
                self(found)

    def part(self, name):
        if "/" in name:
            self.one(name)
        elif name == "unit":
            if not self(build("release"), quiet=True):
                return
            for suite in test_programs("release"):
                self(suite)
        elif name == "sanitizers":
            for preset, programs in SANITIZED_PROGRAMS.items():
                sanitized(self, preset, programs, SANITIZED_BLACK_BOX[preset])
        elif name == "clients":
            sanitized(self, "asan-ubsan", CLIENTS_PROGRAMS, [])
        elif name == "threads":
            sanitized(self, "tsan", THREADS_PROGRAMS, THREADS_BLACK_BOX)
        elif name == "nodes":
            sanitized_nodes(self)
        elif name == "clang":
            self(build("clang"))
        else:
            suites = list(python_files(name))
            beside = [suite for suite in suites if name in SIDE_BY_SIDE and suite.name not in ALONE]
            for suite, outcome in execute_side_by_side(beside):
                self.add(suite, outcome)
            for suite in suites:
                if suite not in beside:
                    self(suite)


def wanted_parts(words, refuse):
    """What these words of the command line name: parts and single suites, in the order in which they run."""
    parts = []
    for word in words:
        if word not in ALL_PARTS and word not in GROUPS and not is_suite(word):
            refuse(f"there is no part {word}; there are {', '.join([*ALL_PARTS, *GROUPS])}, or one suite as PART/SUITE")
        parts += GROUPS.get(word, [word])
    return list(dict.fromkeys(parts)) or DEFAULT_PARTS


def is_suite(word):
    part, _, suite = word.partition("/")
    if part == "unit":
        return bool(re.search(rf"rollcall_test\({re.escape(suite)} ", (ROOT / "tests/CMakeLists.txt").read_text()))
    return part in BLACK_BOX and word in [found.name for found in python_files(part)]


def main():
    parser = argparse.ArgumentParser(prog="tools/test", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", help="a part, a group (quick, all) or one suite; all parts but clients, threads, nodes, clang and most of cluster, unless named")
    parts = wanted_parts(parser.parse_args().part, parser.error)

    adopt_orphans()
    run = Run()

    def stop(number, _frame):
        end_descendants()
        run.total.failed += 1
        print(f"stopped by {signal.Signals(number).name}\n{run.total}", flush=True)
        os._exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)

    if any(part.partition("/")[0] in BLACK_BOX for part in parts):
        if run(build("release", *BLACK_BOX_TARGETS), quiet=True):
            start_builds_ahead(parts)
        else:
            parts = []
    for part in parts:
        run.part(part)
    end_descendants()
    print(run.total)
    return 1 if run.total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
