"""The loads: udp-load, which is ours, and dnsperf, which it is checked against."""

import json
import re
import subprocess
from concurrent import futures

from bench.harness import cpu

RUN_WITHIN = 600
DNSPERF = {"answers": r"Queries completed:\s+(\d+)", "lost": r"Queries lost:\s+(\d+)",
           "rate": r"Queries per second:\s+([\d.]+)", "mean": r"Average Latency \(s\):\s+([\d.]+)"}


def udp(run, server, questions, *arguments, cores=None):
    """What udp-load found: {"answers", "rate", "lost", "p50_us", "p99_us", "cpu_us", …} (its --json). Every answer but those of
    an echo must be NOERROR, whole, and have a record. With several `cores` there is a load on each of them; rates and answers
    are added up, latencies are the worst."""
    pids = [word for pid in cpu.family(server.pid) for word in ("--pid", str(pid))]
    command = [run.program("udp-load"), "--port", str(server.dns_port), "--questions", questions, "--json", *pids, *arguments]
    places = cores or [cpu.cores()[1]]
    with futures.ThreadPoolExecutor(len(places)) as pool:
        found = list(pool.map(lambda core: _one(core, command), places))
    for one in found:
        wrong = {name: one[name] for name in ("servfail", "other_rcode", "empty", "truncated") if one[name]}
        assert not wrong or "--echo" in arguments, f"{server.name} answered otherwise than asked: {wrong}"
        assert one["answers"] > 0, f"{server.name} has not answered"
    return added(found)


def added(found):
    """Several loads as one. Each has told the CPU time of the same server over the same seconds."""
    whole = {name: max(one[name] for one in found) for name in found[0]}
    for name in ("answers", "rate", "lost"):
        whole[name] = sum(one[name] for one in found)
    whole["cpu_us"] = 1e6 * whole["cpu_seconds"] / whole["answers"]
    return whole


def _one(core, command):
    done = subprocess.run([str(word) for word in (*cpu.pinned(core), *command)], capture_output=True, text=True,
                          timeout=RUN_WITHIN)
    assert done.returncode == 0, f"udp-load: {done.stderr.strip()}"
    return json.loads(done.stdout)


def dnsperf(run, server, questions, seconds, outstanding, sockets):
    """The same of dnsperf: {"answers", "rate", "lost", "mean" seconds, "cpu_us"}."""
    command = run.on_load_core(["dnsperf", "-s", "127.0.0.1", "-p", server.dns_port, "-d", questions, "-l", seconds,
                                "-q", outstanding, "-c", sockets, "-T", 1])
    with cpu.Meter(server) as used:
        done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_WITHIN)
    assert done.returncode == 0, f"dnsperf: {done.stderr.strip()}"
    found = {name: float(re.search(pattern, done.stdout)[1]) for name, pattern in DNSPERF.items()}
    return {**found, "cpu_us": 1e6 * used.seconds / found["answers"]}
