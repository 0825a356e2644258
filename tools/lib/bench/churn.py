"""The DNS while the roll changes: 1,000 registrations and 20,000 heartbeats a second, and queries at half of what is possible.

Everybody shares all cores. Nothing may be lost, no answer may be SERVFAIL or empty, and the 99th percentile of the queries'
latency may at most be twice what it is on a quiet server at the same rate. Latency is the server's (udp-load's --server-only): the
other loads keep this one waiting too, and that is not what is asked.
"""

import multiprocessing
import socket
import time

from bench.harness import cpu, load, pipeline
from bench.harness.roll import Roll, address

ROUNDS = 7
TARGETS = ("rollcalld", "udp-load")
STEP = 0.005
ANSWERED_WITHIN = 30
LATENCY_GROWTH_MAX = 2.0
RATE_KEPT_MIN = 0.98


def options(parser):
    parser.add_argument("--services", type=int, default=1_000, metavar="N")
    parser.add_argument("--seconds", type=int, default=3, metavar="N", help="of each measurement")
    parser.add_argument("--registrations", type=int, default=1_000, metavar="N", help="a second")
    parser.add_argument("--heartbeats", type=int, default=20_000, metavar="N", help="a second")


def send_at_rate(port, requests, rate, status, stop, done):
    """Sends so many a second, in steps, over one connection, and counts the answers with the status. Reports how many were sent,
    how many were answered so, and in how many seconds."""
    wanted, good, sent, tail = b"HTTP/1.1 %d" % status, 0, 0, b""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        begun = time.monotonic()
        while not stop.is_set():
            due = int((time.monotonic() - begun) * rate)
            connection.sendall(b"".join(requests[n % len(requests)] for n in range(sent, due)))
            sent = due
            connection.settimeout(STEP)
            good, tail = count(connection, wanted, good, tail)
            connection.settimeout(ANSWERED_WITHIN)
            time.sleep(STEP)
        took = time.monotonic() - begun
        begun = time.monotonic()
        while good < sent and time.monotonic() - begun < ANSWERED_WITHIN:
            good, tail = count(connection, wanted, good, tail)
    done.put((rate, sent, good, took))


def count(connection, wanted, good, tail):
    """Reads once. The tail is what may be the beginning of another answer."""
    try:
        text = tail + connection.recv(1 << 20)
    except TimeoutError:
        return good, tail
    return good + text.count(wanted), text[1 - len(wanted):]


class Churn:
    """Two clients, each a process of its own, for as long as the `with`."""

    def __init__(self, server, roll, wanted, round_number):
        new = [pipeline.post("/v1/heartbeat", {"service": f"c{round_number}-{n // 4}", "id": f"i{n % 4}", "address": address(n),
                                               "port": 80, "ttl": "24h"})
               for n in range(wanted.registrations * (wanted.seconds + 30))]
        beats = [pipeline.post(f"/v1/services/s{service}/instances/{id}/heartbeat")
                 for service in range(roll.services) for id, _ in roll.members(service)]
        self._stop, self._done = multiprocessing.Event(), multiprocessing.Queue()
        self._clients = [multiprocessing.Process(target=send_at_rate, daemon=True,
                                                 args=(server.http_port, requests, rate, status, self._stop, self._done))
                         for requests, rate, status in ((new, wanted.registrations, 201), (beats, wanted.heartbeats, 200))]

    def __enter__(self):
        for client in self._clients:
            client.start()
        time.sleep(0.5)
        return self

    def __exit__(self, *failure):
        self._stop.set()
        for _ in self._clients:
            rate, sent, good, seconds = self._done.get(timeout=2 * ANSWERED_WITHIN)
            if failure[0] is not None:
                continue
            assert good == sent, f"{sent - good} of {sent} calls have failed"
            assert sent > RATE_KEPT_MIN * rate * seconds, f"only {sent / seconds:.0f} of {rate} calls a second were sent"
        for client in self._clients:
            client.join()


def measure(run):
    wanted, roll = run.arguments, Roll(run.arguments.services)
    questions = roll.questions(run.directory / "questions", "A")
    everywhere = ",".join(map(str, sorted(set(cpu.cores()))))
    server = roll.served_by(run, core=everywhere)
    most = load.udp(run, server, questions, "--seconds", 2)["rate"]
    rate = int(most / 2)
    run.say(f"{most:.0f} answers a second are possible; {rate} are asked for")
    paced = ("--rate", rate, "--wait", "--server-only", "--seconds", wanted.seconds)
    taken = {"quiet": [], "churn": []}
    for number in range(run.rounds):
        taken["quiet"].append(load.udp(run, server, questions, *paced))
        with Churn(server, roll, wanted, number):
            taken["churn"].append(load.udp(run, server, questions, *paced))
    for subject, rounds in taken.items():
        for metric, unit in {"p50_us": "µs", "p99_us": "µs", "rate": "answers/s", "lost": "lost", "cpu_us": "µs CPU"}.items():
            run.report.add_values("queries at half load", subject, metric, [one[metric] for one in rounds], unit)
    pairs = list(zip(taken["churn"], taken["quiet"]))
    run.report.bound("queries lost", [one["lost"] for one in taken["churn"]], "queries", at_most=0)
    run.report.bound("p99 under churn, to the quiet one", [a["p99_us"] / b["p99_us"] for a, b in pairs], "",
                     at_most=LATENCY_GROWTH_MAX)
    run.report.bound("answers a second, to the quiet ones", [a["rate"] / b["rate"] for a, b in pairs], "",
                     at_least=RATE_KEPT_MIN)
