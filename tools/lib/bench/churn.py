"""The DNS while the roll changes: 1,000 registrations and 20,000 heartbeats a second, and queries at half of what is possible.

The server, with the workers that it takes by itself, and the other loads run on all cores; the queries come from one of them, on
which the others run too. Nothing may be lost, no answer may be SERVFAIL or empty, and the 99th percentile of the queries' latency
may at most be twice what it is on a quiet server at the same rate. Latency is the server's (udp-load's --server-only): the other
loads keep this one waiting too, and that is not what is asked.

Half of what is possible is measured twice: of what is possible beside the other loads, where everybody finds room on the cores;
and of what is possible without them, where on two cores these are full, and all wait for all.
"""

import itertools
import time
from concurrent import futures

from bench.harness import cpu, http, load
from bench.harness.roll import Roll, address

ROUNDS = 7
TARGETS = ("rollcalld", "udp-load")
CONNECTIONS = 100  # of each of the two other loads
BEFORE, AFTER = 1, 1  # seconds in which they are there already, and still
LATENCY_GROWTH_MAX = 2.0
RATE_KEPT_MIN = 0.98
OUTSTANDING = 2_000  # the server may be far behind and is still asked
HALF = {"churn": "half of what is possible beside churn", "quiet": "half of what is possible when quiet"}


def options(parser):
    parser.add_argument("--services", type=int, default=1_000, metavar="N")
    parser.add_argument("--seconds", type=int, default=3, metavar="N", help="of each measurement")
    parser.add_argument("--registrations", type=int, default=1_000, metavar="N", help="a second")
    parser.add_argument("--heartbeats", type=int, default=20_000, metavar="N", help="a second")


class Churn:
    """Two loads for as long as the `with`: each sends so many requests a second, one by one, over connections of its own, and
    all of them must succeed. Then `kept`: what share of them was answered in time, of the load with less."""

    def __init__(self, run, server, roll, round_number):
        wanted = run.arguments
        seconds = wanted.seconds + BEFORE + AFTER
        new = (http.registration(f"c{round_number}-{n // 4}", f"i{n % 4}", address(n))
               for n in range(wanted.registrations * (seconds + 1)))
        beats = (http.heartbeat(f"s{service}", id) for service in range(roll.services) for id, _ in roll.members(service))
        loads = (("new", new, wanted.registrations, 201), ("beats", beats, wanted.heartbeats, 200))
        self._loads = [(http.write(run.directory / name, requests), rate, status) for name, requests, rate, status in loads]
        self._run, self._server, self._seconds = run, server, seconds

    def _send(self, file, rate, status):
        found = http.send(self._run, self._server, file, "--rate", rate, "--seconds", self._seconds,
                          "--connections", CONNECTIONS, expect=status, everywhere=True)
        return found["rate"] / rate

    def __enter__(self):
        self._pool = futures.ThreadPoolExecutor(len(self._loads))
        self._shares = [self._pool.submit(self._send, *one) for one in self._loads]
        time.sleep(BEFORE)
        return self

    def __exit__(self, *failure):
        with self._pool:
            self.kept = min(share.result() for share in self._shares)


def measure(run):
    wanted, roll = run.arguments, Roll(run.arguments.services)
    questions = roll.questions(run.directory / "questions", "A")
    server = roll.served_by(run, "--dns-workers", "0", core=cpu.everywhere())
    numbers = itertools.count()

    def churn():
        return Churn(run, server, roll, next(numbers))

    def ask(*arguments):
        return load.udp(run, server, questions, "--server-only", "--seconds", wanted.seconds, *arguments)

    possible = {"quiet": ask()["rate"]}
    with churn():
        possible["churn"] = ask()["rate"]
    for state, most in reversed(possible.items()):
        rate = int(most / 2)
        run.say(f"{state}: {most:.0f} answers a second are possible; {rate} are asked for")
        paced = ("--rate", rate, "--wait", "--outstanding", OUTSTANDING)
        taken, kept = {"quiet": [], "churn": []}, []
        for _ in range(run.rounds):
            taken["quiet"].append(ask(*paced))
            with churn() as others:
                taken["churn"].append(ask(*paced))
            kept.append(others.kept)
        show(run, HALF[state], taken, kept)


def show(run, half, taken, kept):
    for subject, rounds in taken.items():
        for metric, unit in {"p50_us": "µs", "p99_us": "µs", "rate": "answers/s", "lost": "lost", "cpu_us": "µs CPU"}.items():
            run.report.add_values(f"queries at {half}", subject, metric, [one[metric] for one in rounds], unit)
    pairs = list(zip(taken["churn"], taken["quiet"]))
    run.report.bound(f"queries lost, at {half}", [one["lost"] for one in taken["churn"]], "queries", at_most=0)
    run.report.bound(f"p99 under churn, to the quiet one, at {half}", [a["p99_us"] / b["p99_us"] for a, b in pairs], "",
                     at_most=LATENCY_GROWTH_MAX)
    run.report.bound(f"answers a second, to the quiet ones, at {half}", [a["rate"] / b["rate"] for a, b in pairs], "",
                     at_least=RATE_KEPT_MIN)
    run.report.bound(f"registrations and heartbeats, to those asked for, at {half}", kept, "", at_least=RATE_KEPT_MIN)
