"""This build beside another one of rollcalld, in turn: CPU time of an answer, of a heartbeat and of a registration.

    --other PATH           the other rollcalld, an earlier build for example; it makes a database of its own

What a change of the hot paths costs, on this machine and in this weather: both are asked the same in the same round, and every
other round goes backwards.
"""

from pathlib import Path

from bench.harness import cpu, http, load, rounds
from bench.harness.roll import Roll, address

TARGETS = ("rollcalld", "udp-load", "http-load")
VARIANTS = ()  # not a part of `all`: it wants another build
ROUNDS = 10
SERVICES = 1_000
EACH = 4
UNITS = {"CPU": "µs/operation"}
OURS, OTHER = "this build", "the other build"
AT_MOST = 1.02


def options(parser):
    parser.add_argument("--other", type=Path, required=True, metavar="PATH", help="another build of rollcalld")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement (%(default)s)")
    parser.add_argument("--count", type=int, default=20_000, help="registrations of each measurement (%(default)s)")


def measure(run):
    roll = Roll(SERVICES, EACH)
    builds = {OURS: run.program("rollcalld"), OTHER: run.arguments.other.absolute()}
    servers = {name: roll.served_by(run, program=program) for name, program in builds.items()}
    for type in ("A", "SRV"):
        questions = roll.questions(run.directory / type, type)
        compare(run, f"an {type} answer", servers, lambda server, asked=questions: answers(run, server, asked))
    for name, requests in heartbeats(run, roll).items():
        compare(run, name, servers, lambda server, sent=requests: renewals(run, server, sent))
    requests = http.write(run.directory / "registrations", registrations(run.arguments.count))
    compare(run, "a registration", builds, lambda program: registered(run, program, requests))


def compare(run, name, subjects, once):
    run.say(f"{name}, {run.rounds} rounds")
    run.report.add(name, rounds.in_turn(subjects, once, run.rounds), UNITS)
    run.report.ratio(f"CPU of {name}", name, "CPU", OURS, OTHER, at_most=AT_MOST)


def answers(run, server, questions):
    found = load.udp(run, server, questions, "--seconds", str(run.arguments.seconds), "--outstanding", "200", "--sockets", "8")
    return {"CPU": found["cpu_us"]}


def heartbeats(run, roll):
    members = [(service, id, literal) for k in range(roll.each) for service in range(roll.services)
               for id, literal in [roll.members(service)[k]]]
    shapes = {"a heartbeat without a body": [http.heartbeat(f"s{service}", id) for service, id, _ in members],
              "a heartbeat with the whole registration":
                  [http.registration(f"s{service}", id, literal) for service, id, literal in members]}
    return {name: http.write(run.directory / name.replace(" ", "-"), requests) for name, requests in shapes.items()}


def renewals(run, server, requests):
    found = http.send(run, server, requests, "--seconds", run.arguments.seconds, "--connections", 64, expect=200)
    return {"CPU": found["cpu_us"]}


def registrations(count):
    return [http.registration(f"s{number % (count // EACH):06}", f"i{number // (count // EACH)}", address(number))
            for number in range(count // EACH * EACH)]


def registered(run, program, requests):
    with run.rollcalld("--log-level", "info", core=cpu.everywhere(), program=program) as server:
        found = http.send(run, server, requests, "--once", "--connections", 128, expect=201, everywhere=True)
        return {"CPU": found["cpu_us"]}
