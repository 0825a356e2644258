"""Many TCP health checks against a local responder: CPU of the server, and how late the checks begin.

    checks.py ROLLCALLD [--count N] [--interval SECONDS] [--seconds N]

A process of its own accepts the connections. Everything is on 127.0.0.1, with free ports and a directory that goes away.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

PIPELINED = 200
SERVICES = 100
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def accept_all(listener):
    while True:
        connection, _ = listener.accept()
        connection.close()


def responder():
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    process = multiprocessing.Process(target=accept_all, args=(listener,), daemon=True)
    process.start()
    return process, listener.getsockname()[1]


class Server:
    def __init__(self, program, directory):
        self.log = open(pathlib.Path(directory) / "log", "w+")
        self.process = subprocess.Popen(
            [program, "--dns", "127.0.0.1:0", "--http", "127.0.0.1:0", "--db", "bench.db", "--log-level", "warn"],
            cwd=directory, stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
                self.port = int(found[1])
                return
        sys.exit("the server has not started")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def register(self, bodies):
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
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
                        sys.exit(f"a registration came to {status}: {text}")

    def metrics(self):
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        return {name: float(value) for name, value in re.findall(r"^(rollcall_\S+) (\S+)\s*$", text, re.M)}

    def cpu_seconds(self):
        """{thread: seconds}, and all of them under "rollcalld"."""
        spent = {"rollcalld": 0.0}
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            fields = (task / "stat").read_text().rpartition(")")[2].split()
            seconds = (int(fields[11]) + int(fields[12])) / CLOCK_TICKS
            name = (task / "comm").read_text().strip()
            spent[name] = spent.get(name, 0.0) + seconds
            spent["rollcalld"] += seconds
        return spent

    def memory_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def body(number, port, interval):
    registration = {"service": f"svc-{number % SERVICES}", "id": f"i-{number}", "address": "127.0.0.1", "port": port,
                    "ttl": "24h", "checks": [{"type": "tcp", "interval": f"{interval}s"}]}
    text = json.dumps(registration).encode()
    return b"POST /v1/heartbeat HTTP/1.1\r\nHost: bench\r\nContent-Length: %d\r\n\r\n" % len(text) + text


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


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("server", type=os.path.abspath)
    arguments.add_argument("--count", type=int, default=20_000)
    arguments.add_argument("--interval", type=int, default=10)
    arguments.add_argument("--seconds", type=int, default=60)
    wanted = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as directory:
        acceptor, port = responder()
        server = Server(wanted.server, directory)
        try:
            server.register([body(number, port, wanted.interval) for number in range(wanted.count)])
            time.sleep(wanted.interval + 2)  # each has run once
            before, cpu_before, begun = server.metrics(), server.cpu_seconds(), time.monotonic()
            time.sleep(wanted.seconds)
            after, cpu_after, took = server.metrics(), server.cpu_seconds(), time.monotonic() - begun
            show(wanted, before, after, cpu_before, cpu_after, took, server.memory_mib())
        finally:
            server.stop()
            acceptor.terminate()


def show(wanted, before, after, cpu_before, cpu_after, took, memory):
    def since(name):
        return after.get(name, 0) - before.get(name, 0)

    passed = since('rollcall_checks_total{type="tcp",result="passed"}')
    others = sum(since(name) for name in after if name.startswith("rollcall_checks_total")) - passed
    print(f"{wanted.count} TCP checks every {wanted.interval} s, {took:.0f} s measured")
    rows = [("checks a second", f"{(passed + others) / took:.0f}"), ("not passed", f"{others:.0f}"),
            ("changes of health", f"{sum(since(n) for n in after if n.startswith('rollcall_health_changes')):.0f}"),
            ("more than 1 s late", f"{since('rollcall_checks_late_total'):.0f}"),
            ("memory of the server", f"{memory:.0f} MiB")]
    for name in ("rollcalld", "checks"):
        spent = cpu_after.get(name, 0) - cpu_before.get(name, 0)
        what = "CPU of the server" if name == "rollcalld" else "CPU of the checks' thread"
        rows.append((what, f"{100 * spent / took:.1f} % of a core, {1e6 * spent / max(passed + others, 1):.0f} µs a check"))
    for bound, share in lateness(before, after):
        rows.append((f"begun within {1000 * bound:.0f} ms", f"{100 * share:.2f} %"))
        if share >= 1:
            break
    for name, value in rows:
        print(f"  {name:<28} {value}")


if __name__ == "__main__":
    main()
