"""A hundred thousand HTTP connections: memory of an idle one, CPU of a heartbeat beside them, and their coming.

Every connection is of an instance of its own, sends one heartbeat as soon as it is open, and stays. Beside all those that are
idle, few busy ones are measured in turn with as many on a server that has no others; then all send, each as soon as it is answered.
One core serves, http-load has another. A process may have only so many files open: where the limit is lower, there are as many
connections as fit.
"""

import contextlib
import json
import resource
import selectors
import subprocess
import time
from pathlib import Path

from bench.harness import cpu, http, rounds
from bench.harness.roll import Roll

TARGETS = ("rollcalld", "http-load")
ROUNDS = 5
REST_SECONDS = 2
TURNS = 3  # of a round: alone, and beside
SERVICES = 1_000
CLIENTS = 2  # processes; each has half of what the server has open
FILES_BESIDES = 1_000  # of the server: its database, its listeners, and what its other settings allow to be open
SPARE = 36  # connections that ask how it goes, or have not been seen to close yet
STEP_WITHIN = 300
GONE_WITHIN = 60
SETTINGS = """\
[http]
max_connections = {}
max_connections_per_client = 0
[dns]
max_tcp_connections = 10
"""
HTTP = '{protocol="http"}'
MEMORY_MAX_KIB = 6
REST_MAX_MS = 5  # of a second
BESIDE_MAX, ALL_MAX = 1.1, 2.0  # CPU of a heartbeat over that of few alone


def options(parser):
    parser.add_argument("--connections", type=int, default=100_000, metavar="N", help="open at once (%(default)s)")
    parser.add_argument("--busy", type=int, default=64, metavar="N", help="of these (%(default)s)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement (%(default)s)")


def fitting(run):
    """How many connections may be open; a note where that is less than was asked for."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # of the load; rollcalld does the same for itself
    wanted = run.arguments.connections
    if hard == resource.RLIM_INFINITY or wanted + FILES_BESIDES <= hard:
        return wanted
    run.report.note(f"{max(hard - FILES_BESIDES, 0):,} connections, not {wanted:,}: a process may have {hard:,} files open here "
                    "(RLIMIT_NOFILE, the hard limit), and each connection is one.")
    return hard - FILES_BESIDES


def sources(count):
    """How many addresses so many connections come from. Of the ports of each only a quarter is used: the kernel looks long for
    one when few of those that it prefers, every other one, are free."""
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    return -(-4 * count // (high - low + 1))


class Crowd:
    """So many connections as there are requests in the `shares`, [(file, requests)], each in a process; for the `with`."""

    def __init__(self, run, server, shares):
        addresses = sources(sum(count for _, count in shares))
        self._processes = [subprocess.Popen(
            run.on_load_core([run.program("http-load"), "--port", server.http_port, "--requests", file, "--connections", count,
                              "--own", "--steps", "--sources", addresses]),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for file, count in shares]

    def step(self, word):
        """All do it; how many heartbeats have been answered, each with a 200, and the worst p99."""
        for process in self._processes:
            with contextlib.suppress(BrokenPipeError):  # it says itself why it has ended
                process.stdin.write(f"{word}\n")
                process.stdin.flush()
        found = [json.loads(line) for line in self._lines()]
        for one in found:
            assert set(one["statuses"]) == {"200"}, f"answered {one['statuses']}, not 200"
        return sum(one["answers"] for one in found), max(one["p99_us"] for one in found)

    def _lines(self):
        with selectors.DefaultSelector() as waiting:
            for process in self._processes:
                waiting.register(process.stdout, selectors.EVENT_READ, process)
            while waiting.get_map():
                ready = waiting.select(STEP_WITHIN)
                assert ready, "http-load does not come to an end"
                for key, _ in ready:
                    waiting.unregister(key.fileobj)
                    line = key.fileobj.readline()
                    assert line, f"http-load: {key.data.stderr.read().strip()}"
                    yield line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self._processes:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        for process in self._processes:
            process.wait(STEP_WITHIN)
            process.stdout.close()
            process.stderr.close()


class Connections:
    """What the rounds have in common."""

    def __init__(self, run):
        self.run = run
        self.busy = run.arguments.busy
        most = fitting(run)
        self.count = most - self.busy - SPARE
        assert self.count > 0, f"of {most:,} connections none are left to be idle"
        self.roll = Roll(SERVICES, -(-max(self.count, self.busy) // SERVICES))
        beats = [http.heartbeat(f"s{service}", self.roll.members(service)[k][0])
                 for k in range(self.roll.each) for service in range(SERVICES)]
        parts = [beats[part:self.count:CLIENTS] for part in range(CLIENTS)]
        self.shares = [(http.write(run.directory / f"share-{n}", part), len(part)) for n, part in enumerate(parts) if part]
        self.few = http.write(run.directory / "few", beats[:self.busy])
        self.settings = SETTINGS.format(most)

    def once(self, _):
        """{(case, metric): value} of a server with all connections, from its start to its end, and of one without."""
        with self.start() as alone, self.start() as server:
            found = {}
            for each in (alone, server):
                self.beat(each)  # warms up
            before = cpu.resident_bytes(server.pid)
            with Crowd(self.run, server, self.shares) as crowd:
                self.measure_coming(server, crowd, found)
                found["idle", "memory"] = (cpu.resident_bytes(server.pid) - before) / self.count / 1024
                found["alone", "rest"], found["idle", "rest"] = at_rest(alone, server)
                for case, metrics in rounds.in_turn({"alone": alone, "beside": server}, self.beat, TURNS, warm_up=False).items():
                    found.update({(case, metric): series.median for metric, series in metrics.items()})
                self.measure_all(server, crowd, found)
                closing = time.monotonic()
            found["going", "rate"] = self.count / (self.wait_until_gone(server) - closing)
            found["going", "memory"] = (cpu.resident_bytes(server.pid) - before) / self.count / 1024
            return found

    def start(self):
        return self.roll.served_by(self.run, settings=self.settings)

    def beat(self, server):
        words = ("--seconds", self.run.arguments.seconds, "--connections", self.busy, "--own")
        found = http.send(self.run, server, self.few, *words, expect=200)
        return {"CPU": found["cpu_us"], "p99": found["p99_us"]}

    def measure_coming(self, server, crowd, found):
        with cpu.Meter(server) as used:
            answers, p99 = crowd.step("connect")
        assert answers == self.count, f"{answers} first heartbeats were answered, not {self.count}"
        found.update({("coming", "rate"): self.count / used.elapsed, ("coming", "CPU"): 1e6 * used.seconds / self.count,
                      ("coming", "p99"): p99})

    def measure_all(self, server, crowd, found):
        with cpu.Meter(server) as used:
            answers, p99 = crowd.step(self.run.arguments.seconds)
        metrics = server.metrics()
        found.update({("all", "CPU"): 1e6 * used.seconds / answers, ("all", "p99"): p99,
                      ("all", "lost"): self.count + 1 - metrics["rollcall_connections" + HTTP],  # 1: the one that asks
                      ("all", "refused"): metrics["rollcall_connections_refused_total" + HTTP]})

    def wait_until_gone(self, server):
        """When it was so. Only the connection that asks is open."""
        end = time.monotonic() + GONE_WITHIN
        while (still := server.metrics()["rollcall_connections" + HTTP] - 1) > 0:
            assert time.monotonic() < end, f"{still:,.0f} connections are open after their clients have gone"
            time.sleep(0.002)
        return time.monotonic()


def at_rest(*servers):
    """Milliseconds of CPU a second of each, while nobody asks for anything."""
    with contextlib.ExitStack() as measured:
        meters = [measured.enter_context(cpu.Meter(server)) for server in servers]
        time.sleep(REST_SECONDS)
    return [1000 * used.seconds / used.elapsed for used in meters]


UNITS = {"memory": "KiB", "rest": "ms/s", "CPU": "µs", "p99": "µs", "rate": "connections/s"}


def measure(run):
    connections = Connections(run)
    count, busy = f"{connections.count:,}", connections.busy
    run.say(f"{count} connections, {run.rounds} rounds")
    taken = rounds.in_turn({"rollcalld": None}, connections.once, run.rounds, warm_up=False)["rollcalld"]
    names = {"idle": f"one of {count} idle", "alone": f"{busy} busy, alone", "beside": f"{busy} busy, beside {count} idle",
             "all": f"{count} busy", "coming": f"{count} come", "going": f"{count} have gone"}
    for case, name in names.items():
        for metric, unit in UNITS.items():
            if (case, metric) in taken:
                run.report.add_values(name, "rollcalld", metric, taken[case, metric].values, unit)
    promise(run.report, {key: series.values for key, series in taken.items()})
    run.report.note("\"CPU\" is of a heartbeat, and of a connection that comes, with its heartbeat. \"rest\" is what the "
                    "server uses while nobody asks. \"memory\" is what it has resident for each connection; what the kernel keeps "
                    "comes on top.")


def promise(report, values):
    report.bound("memory of an idle connection", values["idle", "memory"], "KiB", at_most=MEMORY_MAX_KIB)
    for sentence, case, limit in (("CPU of a heartbeat beside idle connections, to alone", "beside", BESIDE_MAX),
                                  ("CPU of a heartbeat of all connections, to few alone", "all", ALL_MAX)):
        ratios = [one / alone for one, alone in zip(values[case, "CPU"], values["alone", "CPU"])]
        report.bound(sentence, ratios, "×", at_most=limit)
    report.bound("CPU of the server with all of them idle", values["idle", "rest"], "ms/s", at_most=REST_MAX_MS)
    for what in ("refused", "lost"):
        report.bound(f"connections {what}", values["all", what], "connections", at_most=0)
