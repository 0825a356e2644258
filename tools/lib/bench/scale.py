"""A million instances: the memory of each, what a registration costs beside them, heartbeats for all, and one large service.

Beside the million, a service of 20,000 instances is registered, changed and read: what one change of it costs. Costs of a
registration are compared with those of the same server while it is empty.
"""

import json
import time

from bench.harness import cpu, pipeline
from bench.harness.roll import Roll, address

ROUNDS = 1
LARGE = 20_000
REGISTRATIONS = 20_000
BATCH = 20_000  # instances of a batch of heartbeats: below 1 MiB
BYTES_MAX = 700
GROWTH_MAX = 1.5


def options(parser):
    parser.add_argument("--services", type=int, default=250_000, metavar="N")
    parser.add_argument("--each", type=int, default=4, metavar="N", help="instances of a service")


def registration(service, id, number):
    return pipeline.post("/v1/heartbeat", {"service": service, "id": id, "address": address(number), "port": 80, "ttl": "24h"})


def spent(server, requests, expected):
    """CPU microseconds of the server for each request, and how many a second."""
    with pipeline.Pipeline(server.http_port) as client, cpu.Meter(server) as used:
        begun = time.monotonic()
        client.run(requests, expected)
        took = time.monotonic() - begun
    return 1e6 * used.seconds / len(requests), len(requests) / took


def renewals(roll):
    """Batches for every instance, as requests."""
    every = [{"service": f"s{service}", "id": id} for service in range(roll.services) for id, _ in roll.members(service)]
    return [pipeline.post("/v1/heartbeats", json.dumps({"instances": every[first:first + BATCH]}, separators=(",", ":")).encode())
            for first in range(0, len(every), BATCH)]


def renew_all(server, roll):
    """Million renewals per CPU second."""
    requests = renewals(roll)
    with pipeline.Pipeline(server.http_port) as client, cpu.Meter(server) as used:
        answers = client.run(requests, {200}, depth=1)
    renewed = sum(json.loads(body)["renewed"] for _, _, body in answers)
    assert renewed == roll.instances, f"{renewed} leases were renewed, not {roll.instances}"
    return renewed / used.seconds / 1e6


def new_ones(prefix):
    return [registration(f"{prefix}{n // 4}", f"i{n % 4}", n) for n in range(REGISTRATIONS)]


def measure(run):
    report, roll = run.report, Roll(run.arguments.services, run.arguments.each)
    taken = {}

    def note(case, metric, value, unit):
        taken.setdefault((case, metric, unit), []).append(value)

    for _ in range(run.rounds):
        with run.rollcalld() as empty:
            alone, _ = spent(empty, new_ones("n"), {201})
        server = roll.served_by(run)
        with server:
            note("at rest", "memory", cpu.resident_bytes(server.pid) / roll.instances, "bytes each")
            note("heartbeats by batch", "renewals", renew_all(server, roll), "million per CPU second")
            beside, rate = spent(server, new_ones("n"), {201})
            note("registration", "an empty roll", alone, "µs CPU")
            note("registration", "beside a million", beside, "µs CPU")
            large, _ = spent(server, [registration("large", f"i{n}", n) for n in range(LARGE)], {201})
            note("service of 20,000", "registered", large, "µs CPU each")
            one, _ = change_one_by_one(server)
            note("service of 20,000", "changed alone", one, "µs CPU")
            beat, _ = spent(server, [pipeline.post(f"/v1/services/large/instances/i{n}/heartbeat") for n in range(LARGE)], {200})
            note("service of 20,000", "heartbeat", beat, "µs CPU")
            instances = server.metrics()["rollcall_instances"]
            note("after all of it", "memory", cpu.resident_bytes(server.pid) / instances, "bytes each")
    for (case, metric, unit), values in taken.items():
        report.add_values(case, "rollcalld", metric, values, unit)
    report.bound("resident memory of an instance", taken["at rest", "memory", "bytes each"], "bytes", at_most=BYTES_MAX)
    report.bound("CPU of a registration beside a million, to an empty roll",
                 [a / b for a, b in zip(taken["registration", "beside a million", "µs CPU"],
                                        taken["registration", "an empty roll", "µs CPU"])], "", at_most=GROWTH_MAX)


def change_one_by_one(server):
    """Each its own commit: the dearest way to change a large service."""
    requests = [pipeline.post("/v1/heartbeat", {"service": "large", "id": f"i{n}", "address": address(n), "port": 81,
                                                "ttl": "24h"}) for n in range(0, LARGE, LARGE // 100)]
    with pipeline.Pipeline(server.http_port) as client, cpu.Meter(server) as used:
        begun = time.monotonic()
        client.run(requests, {200}, depth=1)
        took = time.monotonic() - begun
    return 1e6 * used.seconds / len(requests), len(requests) / took
