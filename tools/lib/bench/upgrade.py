"""Upgrades in place (SIGUSR2) under load: queries and heartbeats lost or refused, and how long heartbeats waited.

dnsperf asks at a steady rate over UDP, heartbeats come on connections that stay and on new ones, and the server is upgraded again
and again by another process of the same program. Nothing may be lost, refused or wrong.
"""

import contextlib
import os
import re
import signal
import subprocess
import time

from bench.harness import cpu
from bench.harness.roll import ZONE, Roll
from bench.harness.servers import program
from tests.support.processes import wait_until
from tests.support.takeover_load import Heartbeats

ROUNDS = 3
TARGETS = ("rollcalld",)
WAIT_MAX = 1000  # milliseconds
UPGRADE_WITHIN = 120
BEFORE_AND_AFTER = 2  # seconds


def options(parser):
    parser.add_argument("--rate", type=int, default=20_000, metavar="N", help="queries a second (%(default)s)")
    parser.add_argument("--services", type=int, default=25_000, metavar="N")
    parser.add_argument("--each", type=int, default=4, metavar="N", help="instances of a service")
    parser.add_argument("--connections", type=int, default=8, metavar="N", help="of heartbeats; half of them anew for each")


def asked(run, server, questions, seconds):
    return subprocess.Popen(
        [program("dnsperf"), "-s", "127.0.0.1", "-p", str(server.dns_port), "-d", questions, "-l", str(seconds), "-Q",
         str(run.arguments.rate), "-q", "20000", "-c", "4", "-t", "10", "-b", "4096"], stdout=subprocess.PIPE, text=True)


def upgrade(server, pid, log):
    """The process that has taken over, and how many milliseconds heartbeats waited."""
    before = len(log())
    os.kill(pid, signal.SIGUSR2)
    taken = re.compile(r"taken over from process \d+; changes and heartbeats waited for (\d+) ms")
    waited = wait_until(lambda: taken.search(log(), before), UPGRADE_WITHIN, "another process has taken over", every=0.02)
    new = re.findall(r"process (\d+) is started to take over", log()[before:])[-1]
    return int(new), int(waited[1])


def measure(run):
    roll = Roll(run.arguments.services, run.arguments.each)
    with run.rollcalld() as empty:
        directory = empty.directory
    roll.fill(directory / "rollcall.db")
    questions = roll.questions(run.directory / "questions", "A")
    cores = ",".join(map(str, sorted(set(cpu.cores()))))
    server = run.rollcalld("--log-level", "info", directory=directory, core=cores)
    pid, waits = server.pid, []
    status, _ = server.call("PUT", f"/v1/services/web/instances/a?zone={ZONE}", {"address": "192.0.2.1", "port": 80, "ttl": "5s"})
    assert status == 201, f"registered with {status}"
    with contextlib.ExitStack() as stack:
        stack.callback(lambda: os.kill(pid, signal.SIGTERM) if pid != server.pid else None)
        heartbeats = [Heartbeats(server.http_port, stays=n % 2 == 0) for n in range(run.arguments.connections)]
        for each in heartbeats:
            each.start()
        load = asked(run, server, questions, run.rounds * 2 * BEFORE_AND_AFTER + 10)
        for _ in range(run.rounds):
            time.sleep(BEFORE_AND_AFTER)
            pid, waited = upgrade(server, pid, server.process.stderr)
            waits.append(waited)
        said = load.communicate(timeout=120)[0]
        for each in heartbeats:
            each.ends.set()
        for each in heartbeats:
            each.join(60)
    sent = int(re.search(r"Queries sent:\s+(\d+)", said)[1])
    lost = int(re.search(r"Queries lost:\s+(\d+)", said)[1])
    good = int((re.search(r"NOERROR (\d+)", said) or [0, 0])[1])
    heads = [head for each in heartbeats for head in each.heads]
    refused = sum(head != b"HTTP/1.1 200 OK" for head in heads)
    case = f"{run.arguments.rate} queries a second, {roll.instances} instances"
    for metric, value in {"queries": sent, "lost queries": lost, "heartbeats": len(heads), "heartbeats refused": refused}.items():
        run.report.add_values(case, "rollcalld", metric, [value], "")
    run.report.add_values(case, "rollcalld", "wait", waits, "ms")
    run.report.bound("queries lost or answered otherwise than NOERROR", [sent - good], "", at_most=0)
    run.report.bound("heartbeats refused", [refused], "", at_most=0)
    run.report.bound("wait of changes and heartbeats", waits, "ms", at_most=WAIT_MAX)
