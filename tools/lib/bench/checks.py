"""Many TCP health checks against a local responder: CPU of the server, and how late the checks begin.

A process of its own accepts the connections. Each round begins anew, with an empty roll.
"""

import json
import multiprocessing
import re
import socket
import time

from bench.harness import cpu

PIPELINED = 200
SERVICES = 100
ROUNDS = 1


def accept_all(listener):
    while True:
        connection, _ = listener.accept()
        connection.close()


def responder():
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    process = multiprocessing.Process(target=accept_all, args=(listener,), daemon=True)
    process.start()
    return process, listener.getsockname()[1]


def register(port, bodies):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        stream = connection.makefile("rb")
        for start in range(0, len(bodies), PIPELINED):
            block = bodies[start:start + PIPELINED]
            connection.sendall(b"".join(block))
            for _ in block:
                status = int(stream.readline().split()[1])
                length = 0
                for header in iter(stream.readline, b"\r\n"):
                    if header.lower().startswith(b"content-length:"):
                        length = int(header.split(b":")[1])
                text = stream.read(length)
                if status != 201:
                    raise AssertionError(f"a registration came to {status}: {text}")


def body(number, port, interval):
    registration = {"service": f"svc-{number % SERVICES}", "id": f"i-{number}", "address": "127.0.0.1", "port": port,
                    "ttl": "24h", "checks": [{"type": "tcp", "interval": f"{interval}s"}]}
    text = json.dumps(registration).encode()
    return b"POST /v1/heartbeat HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(text) + text


def cumulative(metrics, prefix):
    pairs = [(float(bound), value) for name, value in metrics.items()
             for bound in re.findall(re.escape(prefix) + r'_bucket\{le="([\d.e+-]+)"\}', name)]
    return dict(sorted(pairs))


def lateness(before, after):
    """[(seconds, share of the checks that began no later)]"""
    name = "rollcall_check_lateness_seconds"
    all_runs = after[f"{name}_count"] - before[f"{name}_count"]
    earlier = cumulative(before, name)
    return [(bound, (count - earlier[bound]) / max(all_runs, 1)) for bound, count in cumulative(after, name).items()]


def options(parser):
    parser.add_argument("--count", type=int, default=20_000, help="checks (%(default)s)")
    parser.add_argument("--interval", type=int, default=10, help="seconds between two of one instance (%(default)s)")
    parser.add_argument("--seconds", type=int, default=60, help="measured in each round (%(default)s)")


def measure(run):
    wanted, taken = run.arguments, []
    for _ in range(run.rounds):
        acceptor, port = responder()
        try:
            with run.rollcalld() as server:
                taken.append(one_round(server, port, wanted))
        finally:
            acceptor.terminate()
    case = f"{wanted.count} TCP checks every {wanted.interval} s"
    for metric, unit in UNITS.items():
        run.report.add_values(case, "rollcalld", metric, [figures[metric] for figures in taken], unit)


UNITS = {"checks": "/s", "not passed": "checks", "changes of health": "changes", "more than 1 s late": "checks",
         "CPU": "% of a core", "CPU of the checks' thread": "% of a core", "CPU of a check": "µs", "memory": "MiB",
         "begun within 10 ms": "%", "begun within 100 ms": "%"}


def one_round(server, port, wanted):
    """{metric: value} of UNITS."""
    register(server.http_port, [body(number, port, wanted.interval) for number in range(wanted.count)])
    time.sleep(wanted.interval + 2)  # each has run once
    checkers = [thread for thread, name in cpu.thread_names(server.pid).items() if name == "checks"]
    before, threads_before = server.metrics(), cpu.threads(server.pid)
    with cpu.Meter(server) as used:
        time.sleep(wanted.seconds)
    after, threads_after = server.metrics(), cpu.threads(server.pid)

    def since(prefix):
        return sum(value - before.get(name, 0) for name, value in after.items() if name.startswith(prefix))

    runs, passed = since("rollcall_checks_total"), since('rollcall_checks_total{type="tcp",result="passed"}')
    own = sum(threads_after[thread] - threads_before[thread] for thread in checkers)
    late = lateness(before, after)
    return {"checks": runs / used.elapsed, "not passed": runs - passed, "changes of health": since("rollcall_health_changes"),
            "more than 1 s late": since("rollcall_checks_late_total"), "CPU": 100 * used.seconds / used.elapsed,
            "CPU of the checks' thread": 100 * own / used.elapsed, "CPU of a check": 1e6 * used.seconds / max(runs, 1),
            "memory": cpu.resident_bytes(server.pid) / 2**20, "begun within 10 ms": share_within(late, 0.010),
            "begun within 100 ms": share_within(late, 0.100)}


def share_within(late, seconds):
    """Percent; of the nearest bound that is no longer."""
    return 100 * max((share for bound, share in late if bound <= seconds), default=0.0)
