"""How soon a check that turns critical or passing is seen in Consul's DNS names, and what a question about a tag costs.

The service has 200 instances with a TTL check each. One after the other is told to be critical, and then to pass; from the moment
the call is sent, the name of a tag that this instance alone has is asked for until the answer is another. A question about a tag
that 2 of 2,000 instances have is asked one at a time, beside one about a tag that nobody has.
"""

import socket
import struct
import time

from bench.harness import cpu, http, pipeline, rounds

ROUNDS = 3
LATE_MAX_MS = 50
GIVE_UP = 5.0


def options(parser):
    parser.add_argument("--instances", type=int, default=200, metavar="N", help="of the service whose checks turn")
    parser.add_argument("--changes", type=int, default=400, metavar="N", help="of a round, half of them to critical")
    parser.add_argument("--large", type=int, default=2_000, metavar="N", help="instances of the service with tags")
    parser.add_argument("--questions", type=int, default=5_000, metavar="N", help="about each tag")


def register(service, number, tags):
    return http.request("PUT", "/v1/agent/service/register", {
        "Name": service, "ID": f"{service}-{number}", "Address": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}",
        "Port": 80, "Tags": tags, "Check": {"TTL": "24h", "Status": "passing"}})


def send(server, requests):
    with pipeline.Pipeline(server.http_port) as client:
        client.run(requests, {200})


def question(name):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack(">HHHHHH", 7, 0, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"


class Dns:
    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(GIVE_UP)

    def count(self, asked):
        """The answers of one question."""
        self.socket.send(asked)
        return struct.unpack(">H", self.socket.recv(4096)[6:8])[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def turn(call, dns, number, word):
    """Seconds from the call to the first answer that knows of it."""
    asked, wanted = question(f"t{number}.turns.service.consul"), int(word == "pass")
    assert dns.count(asked) != wanted, "the check is as it will be told already"
    sent = time.monotonic()
    call.sendall(f"PUT /v1/agent/check/{word}/service:turns-{number} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".encode())
    while dns.count(asked) != wanted:
        assert time.monotonic() < sent + GIVE_UP, f"t{number} is not {word} in the DNS after {GIVE_UP} s"
    seen = time.monotonic() - sent
    head = call.recv(4096)
    assert head.startswith(b"HTTP/1.1 200"), head
    return seen


def turns(run, server):
    wanted = run.arguments
    requests = [register("turns", number, ["all", f"t{number}"]) for number in range(wanted.instances)]
    send(server, requests)
    taken = {"critical": [], "passing": []}
    with Dns(server.dns_port) as dns, socket.create_connection(("127.0.0.1", server.http_port)) as call:
        for _ in range(run.rounds):
            late = {"critical": [], "passing": []}
            for change in range(wanted.changes // 2):
                number = change % wanted.instances
                late["critical"].append(1000 * turn(call, dns, number, "fail"))
                late["passing"].append(1000 * turn(call, dns, number, "pass"))
            for kind, values in late.items():
                taken[kind].append(values)
    for kind, sets in taken.items():
        case = f"a check turns {kind}, {wanted.instances} instances"
        for metric, share in (("p50", 50), ("p99", 99), ("worst", 100)):
            run.report.add_values(case, "rollcalld", metric, [rounds.percentile(values, share) for values in sets], "ms")
        run.report.bound(f"p99 until the DNS knows that a check is {kind}", [rounds.percentile(values, 99) for values in sets],
                         "ms", at_most=LATE_MAX_MS)


def tags(run, server):
    wanted = run.arguments
    requests = [register("large", number, ["rare" if number < 2 else "usual"]) for number in range(wanted.large)]
    send(server, requests)
    with Dns(server.dns_port) as dns:
        for tag, answers in (("rare", 2), ("none", 0)):
            asked, taken = question(f"{tag}.large.service.consul"), []
            for _ in range(run.rounds):
                with cpu.Meter(server) as used:
                    for _ in range(wanted.questions):
                        assert dns.count(asked) == answers
                taken.append(1e6 * used.seconds / wanted.questions)
            run.report.add_values(f"a tag that {answers} of {wanted.large:,} instances have", "rollcalld", "CPU", taken, "µs/question")


def measure(run):
    server = run.rollcalld(core=cpu.cores()[0])
    run.say(f"{run.arguments.changes} changes a round, {run.rounds} rounds")
    turns(run, server)
    run.say(f"{run.arguments.large:,} instances, {run.arguments.questions:,} questions about each tag")
    tags(run, server)
