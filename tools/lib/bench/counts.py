"""Instructions of a query, a heartbeat, a registration: what a change has made dearer, seen without a clock.

count-operations does one thing N times, without sockets, threads and clocks; callgrind counts the instructions of two runs with
different Ns, and their difference is what the thing costs. Seeds are fixed, so the figure is the same within a percent wherever
it is taken, as long as the compiler and the libraries are. bench/counts.json has the last figures. The status is 1 when anything
is more than 5 % dearer than there.

    --accept    the figures of this run are the last ones from now on; to be committed with what has moved them
"""

import json
import re
import subprocess
import tempfile
from concurrent import futures

from bench.harness import servers
from bench.harness.run import ROOT

TARGETS = ("count-operations",)
ROUNDS = 1
FIGURES = ROOT / "bench/counts.json"
DEARER_MAX = 1.05
RUN_WITHIN = 600
# The two Ns: whole batches of heartbeats, whole services of registrations.
CASES = {"query-a": (1_024, 5_120), "query-srv": (1_024, 5_120), "query-nxdomain": (1_024, 5_120),
         "heartbeat-bare": (1_024, 5_120), "heartbeat-body": (1_024, 3_072), "heartbeat-batch": (1_000, 5_000),
         "registration": (256, 1_280)}


def options(parser):
    parser.add_argument("--case", action="append", choices=CASES, help="only this one; may be given again")
    parser.add_argument("--accept", action="store_true", help="writes the figures into bench/counts.json")


def measure(run):
    names = run.arguments.case or list(CASES)
    program = run.program("count-operations")
    taken = {name: [] for name in names}
    for _ in range(run.rounds):
        for name, count in counted(program, names).items():
            taken[name].append(count)
    for name in names:
        run.report.add_values("one operation", name, "instructions", taken[name], "each")
    found = {name: run.report.series("one operation", name, "instructions").median for name in names}
    last = json.loads(FIGURES.read_text()) if FIGURES.exists() else {"counts": {}}
    status = compare(run, found, last, tools_of(run))
    if run.arguments.accept:
        accept(found, last, tools_of(run))
        return 0
    return status


def counted(program, names):
    """{case: instructions of one}"""
    work = [(name, times) for name in names for times in CASES[name]]
    with futures.ThreadPoolExecutor() as pool:
        totals = dict(zip(work, pool.map(lambda one: instructions(program, *one), work)))
    return {name: (totals[name, high] - totals[name, low]) / (high - low)
            for name, (low, high) in ((name, CASES[name]) for name in names)}


def instructions(program, case, times):
    """Of a whole run."""
    with tempfile.TemporaryDirectory(prefix="rollcall-count-") as directory:
        command = [servers.program("valgrind"), "--tool=callgrind", "--callgrind-out-file=/dev/null", program, case, times,
                   directory]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=RUN_WITHIN)
    assert done.returncode == 0, f"count-operations {case}: {done.stderr.strip().splitlines()[-1]}"
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def compare(run, found, last, tools):
    """1 when something is too much dearer than the last figures."""
    for name, count in found.items():
        before = last["counts"].get(name)
        if before is None:
            run.report.note(f"{name} has no last figure: tools/bench counts --accept")
            continue
        run.report.bound(f"{name}: {moved(count, before)}", [count], "instructions", at_most=before * DEARER_MAX)
    if last.get("tools", tools) != tools:
        run.report.note(f"The last figures were made with {listed(last['tools'])}, these with {listed(tools)}: they may differ "
                        "for that reason alone.")
    return 0 if all(target.is_met for target in run.report.targets) else 1


def moved(count, before):
    share = 100 * (count / before - 1)
    return f"{share:+.1f} % since {before:,.0f}"


def listed(tools):
    return ", ".join(f"{name} {version}" for name, version in tools.items())


def tools_of(run):
    """What the counts depend on besides our sources."""
    packages = run.report.machine["packages"]
    return {name: packages.get(name, "unknown") for name in ("g++", "libsqlite3-0", "valgrind")}


def accept(found, last, tools):
    counts = {**last["counts"], **{name: round(count) for name, count in found.items()}}
    FIGURES.write_text(json.dumps({"tools": tools, "counts": dict(sorted(counts.items()))}, indent=1) + "\n")
