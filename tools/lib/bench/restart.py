"""A start with a million instances: to the first correct answer, to all of them, and the memory they take.

The server is killed (kill -9) and started again over the same database, on all cores. Nobody is answered before everybody is
back, so the two times are nearly one; that it is so is seen from the metrics of that moment, and from asking for every service.
"""

import socket
import struct
import time

from bench.harness import cpu, load
from bench.harness.roll import ZONE, Roll

ROUNDS = 3
ASK_SECONDS = 5
TARGETS = ("rollcalld", "udp-load")
FIRST_MAX, ALL_MAX, BYTES_MAX = 3.0, 6.0, 700


def options(parser):
    parser.add_argument("--services", type=int, default=250_000, metavar="N")
    parser.add_argument("--each", type=int, default=4, metavar="N", help="instances of a service")


def question(name, identity):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">HHHHHH", identity & 65535, 0, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"


def addresses_in(answer, asked):
    """(RCODE, the addresses); owners are pointers."""
    count = struct.unpack(">H", answer[6:8])[0]
    rest = answer[len(asked):]
    return answer[3] & 15, sorted(".".join(map(str, rest[16 * i + 12:16 * i + 16])) for i in range(count))


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, roll, service):
    """What is said of a service: its addresses, or the RCODE where it is not NOERROR; None: nothing."""
    asked = question(f"s{service}.{ZONE}", service)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:  # of its own: what comes late is nobody's
        client.settimeout(0.02)
        try:
            client.connect(("127.0.0.1", port))
            client.send(asked)
            code, found = addresses_in(client.recv(4096), asked)
        except OSError:
            return None
    return found if code == 0 else code


def until_right(server, port, roll):
    """Asks for the last service until it is answered. Until then there is silence, or SERVFAIL, and nothing else."""
    service = roll.services - 1
    wanted = sorted(literal for _, literal in roll.members(service))
    while (found := ask(port, roll, service)) != wanted:
        assert found in (None, 2), f"a service that is stored was answered with {found}"
        assert server.process.is_running(), server.process.stderr()
        time.sleep(0.002)


def start(run, directory, roll):
    """{metric: value} of one start, and the server."""
    port = free_port()
    begun = time.monotonic()
    server = run.rollcalld("--dns", f"127.0.0.1:{port}", directory=directory, core=",".join(map(str, sorted(set(cpu.cores())))),
                           wait=False)
    until_right(server, port, roll)
    first = time.monotonic() - begun
    server.find_ports()
    assert server.metrics()["rollcall_instances"] == roll.instances, "the first answer came before everybody was back"
    everybody = time.monotonic() - begun
    held = cpu.resident_bytes(server.pid)
    return server, {"first": first, "all": everybody, "cpu": cpu.seconds(server.pid), "memory": held / roll.instances}


def measure(run):
    roll = Roll(run.arguments.services, run.arguments.each)
    with run.rollcalld() as empty:
        directory = empty.directory
    run.say(f"writing {roll.instances} instances")
    roll.fill(directory / "rollcall.db")
    questions = roll.questions(run.directory / "questions", "A")
    taken = {}
    for _ in range(run.rounds):
        server, found = start(run, directory, roll)
        for metric, value in found.items():
            taken.setdefault(metric, []).append(value)
        asked = load.udp(run, server, questions, "--seconds", ASK_SECONDS)
        assert asked["answers"] >= roll.services, "not every service has been asked for"
        server.kill()
    case = f"{roll.instances} instances in {roll.services} services"
    for metric, unit in {"first": "s", "all": "s", "cpu": "s", "memory": "bytes each"}.items():
        run.report.add_values(case, "rollcalld", metric, taken[metric], unit)
    run.report.bound("to the first correct answer", taken["first"], "s", at_most=FIRST_MAX)
    run.report.bound("to all of them", taken["all"], "s", at_most=ALL_MAX)
    run.report.bound("resident memory of an instance", taken["memory"], "bytes", at_most=BYTES_MAX)
