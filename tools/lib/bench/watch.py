"""Blocked watchers: memory for each, how soon they are woken, and what heartbeats lose by them.

Each watcher blocks on one service (?index=&wait=), and asks again when it is answered. Meanwhile one client registers new
instances at a steady rate, and another sends heartbeats as fast as they are answered. The clients are Python; they and the
server share all cores.
"""

import json
import multiprocessing
import re
import resource
import selectors
import socket
import time

from bench.harness import cpu, rounds

ROUNDS = 1
PIPELINED = 64
WATCHER_PROCESSES = 2
LEAST_FILES = 1000
INDEX = re.compile(rb"X-(?:Rollcall|Consul)-Index: (\d+)")
NATIVE = b"/v1/services/s%d?index=%d&wait=600s&tag=none"  # what a watcher asks
LENGTH = re.compile(rb"Content-Length: (\d+)")


def put(service, instance):
    body = b'{"address":"192.0.2.1","port":80,"ttl":"24h"}'
    return b"PUT /v1/services/s%d/instances/%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (
        service, instance, len(body), body)


def read_answer(stream):
    status, fields, length = stream.readline(), b"", 0
    for line in iter(stream.readline, b"\r\n"):
        fields += line
    if found := LENGTH.search(fields):
        length = int(found[1])
    return int(status.split()[1]), stream.read(length)


def register_all(port, services):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        stream = connection.makefile("rb")
        for first in range(0, services, PIPELINED):
            block = range(first, min(first + PIPELINED, services))
            connection.sendall(b"".join(put(service, b"first") for service in block))
            for _ in block:
                assert read_answer(stream)[0] in (200, 201)


def watch(port, services, pipe, target=NATIVE):
    """Blocks on each of the services; sends [(service, index, time)] of the answers when it is told to stop."""
    selector, woken, told = selectors.EpollSelector(), [], False

    def ask(connection, service, index):
        connection.send(b"GET " + target % (service, index) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")

    for service in services:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ, service)
        ask(connection, service, 0)
    pipe.send("asked")
    while not told:
        for key, _ in selector.select(0.2):
            text, now = key.fileobj.recv(65536), time.monotonic()
            index = int(INDEX.search(text)[1])
            woken.append((key.data, index, now))
            ask(key.fileobj, key.data, index)
        told = pipe.poll()
    pipe.send(woken)


def register_steadily(port, services, rate, seconds, run, pipe):
    """{index: (sent, answered)} of new instances, what is due at once."""
    made, number = {}, 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        stream, begun = connection.makefile("rb"), time.monotonic()
        while (now := time.monotonic()) < begun + seconds:
            due = int((now - begun) * rate) - number
            if due <= 0:
                time.sleep(0.002)
                continue
            block = range(number, number + min(due, PIPELINED))
            sent = time.monotonic()
            connection.sendall(b"".join(put(services[i % len(services)], b"r%d-%d" % (run, i)) for i in block))
            for i in block:
                status, body = read_answer(stream)
                assert status == 201, (status, body)
                made[json.loads(body)["index"]] = (sent, time.monotonic())
            number = block.stop
    pipe.send(made)


def beat(port, seconds, pipe):
    """Heartbeats a second, pipelined on one connection."""
    block = b"POST /v1/services/s0/instances/first/heartbeat HTTP/1.1\r\nHost: localhost\r\n\r\n" * PIPELINED
    count = 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        stream, begun = connection.makefile("rb"), time.monotonic()
        while time.monotonic() < begun + seconds:
            connection.sendall(block)
            for _ in range(PIPELINED):
                assert read_answer(stream)[0] == 200
            count += PIPELINED
    pipe.send(count / (time.monotonic() - begun))


def start(work, *arguments):
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=work, args=(*arguments, theirs), daemon=True)
    process.start()
    return ours


def start_watching(port, services, target):
    ours, theirs = multiprocessing.Pipe()
    multiprocessing.Process(target=watch, args=(port, services, theirs, target), daemon=True).start()
    return ours


def load(server, wanted, run, services):
    """{metric: value}, and the instances made."""
    with cpu.Meter(server) as used:
        beating = start(beat, server.http_port, wanted.seconds)
        registering = start(register_steadily, server.http_port, services, wanted.rate, wanted.seconds, run)
        beats, made = beating.recv(), registering.recv()
    return {"heartbeats": beats, "registrations": len(made) / used.elapsed, "CPU": used.seconds / used.elapsed}, made


def options(parser):
    parser.add_argument("--watchers", type=int, default=10_000, help="(%(default)s)")
    parser.add_argument("--services", type=int, default=1_000, help="they are spread over (%(default)s)")
    parser.add_argument("--rate", type=int, default=1_000, help="registrations a second (%(default)s)")
    parser.add_argument("--seconds", type=int, default=20, help="of each phase (%(default)s)")


def measure(run):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    connections = run.arguments.watchers + LEAST_FILES
    settings = (f"[http]\nmax_connections = {connections}\nmax_connections_per_client = 0\n"
                '[lease]\nforget_service_after = "24h"\n')
    taken = []
    for _ in range(run.rounds):
        with run.rollcalld(settings=settings, core=cpu.everywhere()) as server:
            taken.append(one_round(server, run.arguments))
    for case, metric, unit in UNITS:
        run.report.add_values(case, "rollcalld", metric, [figures[case, metric] for figures in taken], unit)


PHASES = ("no watchers", "watchers, none woken", "watchers woken")
UNITS = [
    *((phase, metric, unit) for phase in PHASES
      for metric, unit in (("heartbeats", "/s"), ("registrations", "/s"), ("CPU", "cores"))),
    ("a watcher", "memory", "KiB"), ("watchers woken", "woken", "/s"),
    *(("since the registration was sent", percent, "ms") for percent in ("p50", "p99")),
    *(("since its own answer", percent, "ms") for percent in ("p50", "p99")),
]


def one_round(server, wanted, target=NATIVE):
    """{(case, metric): value} of UNITS."""
    watched = list(range(wanted.services))
    others = [wanted.services + service for service in watched]
    register_all(server.http_port, 2 * wanted.services)
    alone, _ = load(server, wanted, 1, others)
    before = cpu.resident_bytes(server.pid)
    places = [number % wanted.services for number in range(wanted.watchers)]
    watching = [start_watching(server.http_port, places[part::WATCHER_PROCESSES], target) for part in range(WATCHER_PROCESSES)]
    for pipe in watching:
        pipe.recv()
    server.wait_until(lambda: server.status()["events"]["waiting"] >= wanted.watchers, "everybody waits")
    memory = (cpu.resident_bytes(server.pid) - before) / wanted.watchers / 1024
    asleep, _ = load(server, wanted, 2, others)
    awake, made = load(server, wanted, 3, watched)
    time.sleep(1)
    for pipe in watching:
        pipe.send("stop")
    woken = [answer for pipe in watching for answer in pipe.recv()]
    figures = {(phase, metric): value for phase, found in zip(PHASES, (alone, asleep, awake))
               for metric, value in found.items()}
    return {**figures, ("a watcher", "memory"): memory, **wakes(woken, made, wanted.seconds)}


def wakes(woken, made, seconds):
    """{(case, metric): value}: `woken` [(service, index, time)], `made` {index: (sent, answered)}."""
    ours = [(now, *made[index]) for _, index, now in woken if index in made]
    assert ours, "nobody was woken"
    figures = {("watchers woken", "woken"): len(ours) / seconds}
    for percent in (50, 99):
        figures["since the registration was sent", f"p{percent}"] = 1000 * rounds.percentile(
            [now - sent for now, sent, _ in ours], percent)
        figures["since its own answer", f"p{percent}"] = 1000 * rounds.percentile(
            [max(0.0, now - answered) for now, _, answered in ours], percent)
    return figures
