"""Blocked watchers: memory for each, how soon they are woken, and what heartbeats lose by them.

    watch.py ROLLCALLD [--watchers N] [--services N] [--rate N] [--seconds N]

Each watcher blocks on one service (?index=&wait=), and asks again when it is answered. Meanwhile one client registers new
instances at a steady rate, and another sends heartbeats as fast as they are answered. Everything is on 127.0.0.1, with free
ports and a directory that goes away. The clients are Python, on the same cores as the server.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import re
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import time

PIPELINED = 64
WATCHER_PROCESSES = 2
LEAST_FILES = 1000
INDEX = re.compile(rb"X-Rollcall-Index: (\d+)")
LENGTH = re.compile(rb"Content-Length: (\d+)")


class Server:
    def __init__(self, program, directory, connections):
        settings = pathlib.Path(directory) / "bench.toml"
        settings.write_text(f"[http]\nmax_connections = {connections}\n[lease]\nforget_service_after = \"24h\"\n")
        self.log = open(pathlib.Path(directory) / "log", "w")
        self.process = subprocess.Popen(
            [program, "--config", settings, "--dns", "127.0.0.1:0", "--http", "127.0.0.1:0", "--db", "bench.db",
             "--log-level", "warn"], cwd=directory, stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
                self.port = int(found[1])
                return
        sys.exit("the server has not started")

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024

    def waiting(self):
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(b"GET /v1/status HTTP/1.0\r\n\r\n")
            text = b"".join(iter(lambda: connection.recv(65536), b""))
        return json.loads(text.partition(b"\r\n\r\n")[2])["events"]["waiting"]

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def put(service, instance):
    body = b'{"address":"192.0.2.1","port":80,"ttl":"24h"}'
    return b"PUT /v1/services/s%d/instances/%s HTTP/1.1\r\nHost: b\r\nContent-Length: %d\r\n\r\n%s" % (
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


def watch(port, services, pipe):
    """Blocks on each of the services; sends [(service, index, time)] of the answers when it is told to stop."""
    selector, woken, told = selectors.EpollSelector(), [], False

    def ask(connection, service, index):
        connection.send(b"GET /v1/services/s%d?index=%d&wait=600s&tag=none HTTP/1.1\r\nHost: b\r\n\r\n" % (service, index))

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
    block = b"POST /v1/services/s0/instances/first/heartbeat HTTP/1.1\r\nHost: b\r\n\r\n" * PIPELINED
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


def load(server, wanted, run, services):
    """Heartbeats a second, the instances made, and the server's share of a core."""
    before, begun = server.cpu_seconds(), time.monotonic()
    beating = start(beat, server.port, wanted.seconds)
    registering = start(register_steadily, server.port, services, wanted.rate, wanted.seconds, run)
    beats, made = beating.recv(), registering.recv()
    return beats, made, (server.cpu_seconds() - before) / (time.monotonic() - begun)


def share(sorted_values, percent):
    return sorted_values[min(len(sorted_values) - 1, len(sorted_values) * percent // 100)] * 1000


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("server", type=os.path.abspath)
    arguments.add_argument("--watchers", type=int, default=10_000)
    arguments.add_argument("--services", type=int, default=1_000)
    arguments.add_argument("--rate", type=int, default=1_000)
    arguments.add_argument("--seconds", type=int, default=20)
    wanted = arguments.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as directory:
        server = Server(wanted.server, directory, wanted.watchers + LEAST_FILES)
        try:
            measure(server, wanted)
        finally:
            server.stop()


def measure(server, wanted):
    watched = list(range(wanted.services))
    others = [wanted.services + service for service in watched]
    register_all(server.port, 2 * wanted.services)
    alone = load(server, wanted, 1, others)
    before = server.memory()
    places = [number % wanted.services for number in range(wanted.watchers)]
    watching = [start(watch, server.port, places[part::WATCHER_PROCESSES]) for part in range(WATCHER_PROCESSES)]
    for pipe in watching:
        pipe.recv()
    while server.waiting() < wanted.watchers:
        time.sleep(0.2)
    memory = (server.memory() - before) / wanted.watchers
    asleep = load(server, wanted, 2, others)
    awake = load(server, wanted, 3, watched)
    time.sleep(1)
    for pipe in watching:
        pipe.send("stop")
    woken = [answer for pipe in watching for answer in pipe.recv()]
    print(f"{wanted.watchers} watchers blocked on {wanted.services} services, {wanted.rate} registrations a second wanted, "
          f"{wanted.seconds} s each; {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}")
    print(f"  memory for each watcher: {memory / 1024:.1f} KiB")
    for name, (beats, made, cpu) in (("no watchers", alone), ("watchers, none woken", asleep), ("watchers woken", awake)):
        print(f"  {name:<22} {len(made) / wanted.seconds:6.0f} registrations/s   {beats:8.0f} heartbeats/s   "
              f"ratio {beats / alone[0]:.2f}   server CPU {cpu:.2f} cores")
    show_wakes(woken, awake[1], wanted.seconds)


def show_wakes(woken, made, seconds):
    after_send = sorted(now - made[index][0] for _, index, now in woken if index in made)
    after_answer = sorted(max(0.0, now - made[index][1]) for _, index, now in woken if index in made)
    print(f"  {len(after_send) / seconds:.0f} watchers woken and blocked again a second")
    for name, values in (("after the registration was sent", after_send), ("after its own answer", after_answer)):
        print(f"  woken {name:<32} p50 {share(values, 50):8.1f} ms   p99 {share(values, 99):8.1f} ms   "
              f"max {values[-1] * 1000:8.1f} ms")


if __name__ == "__main__":
    main()
