"""How late leases end while 20,000 of them end in the same second, seen from the DNS, and from those who watch.

Each service has one instance. All are renewed, and then left alone; some of them are asked for around the known end of their
leases, every millisecond. The end is known from the clock of who renewed: not before the renewal was sent plus the ttl, and not
after its answer came plus what that said was left. A lease is late by what it was answered after the later bound, and early if
it was denied before the earlier one.
"""

import heapq
import re
import socket
import struct
import threading
import time

from bench.harness import cpu, pipeline, rounds
from bench.harness.roll import ZONE, address

ROUNDS = 3
TTL_SECONDS = 4
STEP = 0.001
BEFORE = 0.004  # the first question comes so long before the end
GIVE_UP = 1.0
LATENESS_MAX_MS = 10


def options(parser):
    parser.add_argument("--leases", type=int, default=20_000, metavar="N")
    parser.add_argument("--sample", type=int, default=500, metavar="N", help="leases that are asked for")


def registration(number):
    return pipeline.post("/v1/heartbeat", {"service": f"e{number}", "id": "one", "address": address(number), "port": 80,
                                           "ttl": f"{TTL_SECONDS}s"})


def renewal(number):
    return pipeline.post(f"/v1/services/e{number}/instances/one/heartbeat")


def ends_of(client, leases):
    """[(not before, not after)] of every lease, renewed now."""
    ends = []
    for sent, answered, body in client.run([renewal(number) for number in range(leases)], {200}):
        left = int(re.search(rb'"expires_in_ms":(\d+)', body)[1]) / 1000
        ends.append((sent + TTL_SECONDS, answered + left + STEP))  # what is left is told in whole milliseconds
    return ends


def question(number):
    label = f"e{number}".encode()
    rest = b"".join(bytes([len(part)]) + part.encode() for part in ZONE.split("."))
    return struct.pack(">HHHHHH", number & 65535, 0, 1, 0, 0, 0) + bytes([len(label)]) + label + rest + b"\0\0\1\0\1"


class Gone:
    """What was seen of one lease."""

    def __init__(self, end):
        self.not_before, self.not_after = end
        self.last_answered = 0.0  # when the last question was sent that still found it
        self.denied = None        # when the first answer came that did not

    @property
    def is_early(self):
        return self.denied is not None and self.denied < self.not_before

    @property
    def lateness(self):
        return max(0.0, self.last_answered - self.not_after)


def ask_around(port, ends, sample):
    """Asks for each of the sample from shortly before its end until it is gone."""
    leases = {number: Gone(ends[number]) for number in sample}
    due = [(ends[number][0] - BEFORE, number) for number in sample]
    heapq.heapify(due)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        client.settimeout(1)
        while due:
            at, number = heapq.heappop(due)
            while (now := time.monotonic()) < at:
                time.sleep(min(at - now, 0.0005))
            sent = time.monotonic()
            client.send(question(number))
            answer = client.recv(4096)
            lease = leases[number]
            if struct.unpack(">H", answer[6:8])[0] == 0:
                lease.denied = time.monotonic()
                continue
            lease.last_answered = sent
            assert sent < lease.not_after + GIVE_UP, f"e{number} is answered {GIVE_UP} s after its end"
            heapq.heappush(due, (sent + STEP, number))
    return list(leases.values())


def watch(port, told, leases, ready):
    """Notes when each expiry is told of: {service: time}."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /v1/watch HTTP/1.1\r\nHost: localhost\r\n\r\n")
        stream = connection.makefile("rb")
        ready.set()
        expired = False
        for line in stream:
            if line.startswith(b"event:"):
                expired = b"expired" in line
            elif expired and line.startswith(b"data:"):
                told[re.search(rb'"service":"([^"]+)"', line)[1].decode()] = time.monotonic()
                if len(told) == leases:
                    return


def one_round(server, wanted):
    with pipeline.Pipeline(server.http_port) as client:
        return let_end(server, client, wanted)


def let_end(server, client, wanted):
    client.run([registration(number) for number in range(wanted.leases)], {200, 201})
    told, ready = {}, threading.Event()
    watcher = threading.Thread(target=watch, args=(server.http_port, told, wanted.leases, ready), daemon=True)
    watcher.start()
    ready.wait()
    with cpu.Meter(server) as used:
        ends = ends_of(client, wanted.leases)
        span = max(end[1] for end in ends) - min(end[0] for end in ends)
        assert span < 1.0, f"the leases end within {span:.2f} s, not one"
        sample = range(0, wanted.leases, max(1, wanted.leases // wanted.sample))
        seen = ask_around(server.dns_port, ends, sample)
        watcher.join(30)
    assert len(told) == wanted.leases, f"{len(told)} of {wanted.leases} expiries were told of"
    behind = [told[f"e{number}"] - ends[number][1] for number in range(wanted.leases)]
    return {"early": sum(lease.is_early for lease in seen),
            "p99": 1000 * rounds.percentile([lease.lateness for lease in seen], 99),
            "worst": 1000 * max(lease.lateness for lease in seen),
            "told": 1000 * rounds.percentile(behind, 99), "cpu": 1e6 * used.seconds / wanted.leases}


def measure(run):
    wanted = run.arguments
    taken = {}
    with run.rollcalld() as server:
        for _ in range(run.rounds):
            for metric, value in one_round(server, wanted).items():
                taken.setdefault(metric, []).append(value)
    case = f"{wanted.leases} leases ending in one second"
    for metric, unit in {"p99": "ms", "worst": "ms", "told": "ms", "cpu": "µs each"}.items():
        run.report.add_values(case, "rollcalld", metric, taken[metric], unit)
    run.report.bound("leases that ended early", taken["early"], "leases", at_most=0)
    run.report.bound("p99 of the lateness, in the DNS", taken["p99"], "ms", at_most=LATENESS_MAX_MS)
    run.report.note("\"told\": the 99th percentile of how late the event of an end reaches a watcher, which is after its row "
                    "is out of the database.")
