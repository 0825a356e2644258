"""Registrations over HTTP, durable and visible when they are answered: how many a second, and how soon.

Each round begins with an empty database on this machine's disk, with the settings as they come (every commit is synced, every
registration is an event of the history and a line of the log), and ends with all instances on the roll. Server and load share all
cores. Over many connections each waits for its answer before it sends the next registration, each time of another service; the
bulk load is pipelined, service by service.
"""

import os

from bench.harness import cpu, http, rounds
from bench.harness.roll import address

TARGETS = ("rollcalld", "http-load")
ROUNDS = 3
EACH = 4  # instances of a service
BULK = {"connections": 8, "depth": 100}
UNITS = {"throughput": "registrations/s", "p50": "ms", "p99": "ms", "CPU": "µs/registration"}
WAITING, LOADING = "{} connections", "bulk load, pipelined"


def options(parser):
    parser.add_argument("--count", type=int, default=100_000, help="instances of each measurement (%(default)s)")
    parser.add_argument("--connections", type=int, default=128, help="that wait for their answers (%(default)s)")


def measure(run):
    wanted = run.arguments
    waiting = WAITING.format(wanted.connections)
    services = wanted.count // EACH
    by_turns = ((number % services, number // services, number) for number in range(services * EACH))
    one_by_one = ((number // EACH, number % EACH, number) for number in range(services * EACH))
    shapes = {waiting: (http.write(run.directory / "by-turns", map(registration, by_turns)),
                        ["--connections", wanted.connections]),
              LOADING: (http.write(run.directory / "one-by-one", map(registration, one_by_one)),
                        ["--connections", BULK["connections"], "--depth", BULK["depth"]])}
    for name, (requests, words) in shapes.items():
        run.say(f"{name}: {services * EACH:,} registrations, {run.rounds} rounds")
        taken = rounds.in_turn({"rollcalld": None}, lambda _: once(run, requests, words, services * EACH), run.rounds,
                               warm_up=False)
        run.report.add(name, taken, UNITS)
        found = taken["rollcalld"]
        least = 40_000 if name == waiting else 80_000
        run.report.bound(f"registrations a second, {name}", found["throughput"].values, "1/s", at_least=least)
        run.report.bound(f"p99 of a registration, {name}", found["p99"].values, "ms", at_most=20)
    run.report.note(f"Server and load share {len(os.sched_getaffinity(0))} cores.")


def registration(member):
    service, place, number = member
    return http.registration(f"s{service:06}", f"i{place}", address(number))


def once(run, requests, words, count):
    with run.rollcalld("--log-level", "info", core=cpu.everywhere()) as server:
        found = http.send(run, server, requests, "--once", *words, expect=201, everywhere=True)
        on_the_roll = server.metrics()["rollcall_instances"]
        assert found["answers"] == on_the_roll == count, f"{found['answers']} answered, {on_the_roll} on the roll"
        return {"throughput": found["rate"], "p50": found["p50_us"] / 1000, "p99": found["p99_us"] / 1000, "CPU": found["cpu_us"]}
