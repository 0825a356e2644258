"""Masses of instances on three nodes: heartbeats of all of them, and all of them again after a power cut.

As `tools/bench cluster`: three members of etcd and three nodes, on one machine and on all of its cores. `--instances 1000000`
takes 4 GB of memory and a quarter of an hour.
"""

import time

from bench import cluster
from bench.harness import http, nodes

TARGETS = cluster.TARGETS
GROUPS = cluster.GROUPS
ROUNDS = 1
BATCH = 200                # instances in one heartbeat call
BULK = ("--connections", 8, "--depth", 100)
PASSES_MAX = 60            # of clients that were refused
PAUSE = 1.0                # between two passes
OF_CLUSTER = "three nodes"


def options(parser):
    parser.add_argument("--instances", type=int, default=60_000, help="on the roll (%(default)s)")
    parser.add_argument("--heartbeats", type=int, default=200_000, help="a second, over all nodes (%(default)s)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of heartbeats (%(default)s)")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(MEASUREMENTS), metavar="WORDS",
                        help="some of " + ",".join(MEASUREMENTS))


def measure(run):
    unknown = set(run.arguments.only) - set(MEASUREMENTS)
    assert not unknown, f"there is no {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}"
    for name in run.arguments.only:
        run.say(name)
        MEASUREMENTS[name](run)
    run.report.note("Three members of etcd, the nodes and the load share the cores and one disk.")


def kept(before, after):
    return sum(after.get(key) == begun for key, begun in before.items())


# --- so many heartbeats a second ---

def beats(run):
    wanted, count, taken = run.arguments, run.arguments.instances, {}
    with nodes.Cluster(run) as group:
        members = list(group.nodes.values())
        cluster.fill(run, members, count, "b", *BULK)
        # Whoever registered at one node calls in at the next: every heartbeat has to be told to the others.
        files = []
        for place in range(len(members)):
            mine = [{"service": f"b{n // 4}", "id": f"i{n}"} for n in range((place + 1) % len(members), count, len(members))]
            files.append(http.write(run.directory / f"beats-{place}", (
                http.request("POST", "/v1/heartbeats", {"instances": mine[first:first + BATCH]})
                for first in range(0, len(mine), BATCH))))
        rate = max(1, wanted.heartbeats // len(members) // BATCH)
        for _ in range(run.rounds):
            before = group.etcd.sessions()
            renewed = [renewed_at(node) for node in members]
            with nodes.Used(etcd=group.etcd.members, nodes=members) as used:
                found = cluster.on_all(lambda node, file: cluster.load(
                    run, node, file, "--seconds", wanted.seconds, "--rate", rate, "--connections", 8, expect=(200, 503)),
                    list(zip(members, files)))
            beaten = sum(renewed_at(node) for node in members) - sum(renewed)
            refused = sum(each["statuses"].get("503", 0) for each in found)
            for metric, value in {
                    "heartbeats": beaten / used.elapsed, "refused": 100 * refused / sum(each["answers"] for each in found),
                    "p99 of a call": max(each["p99_us"] for each in found) / 1000, "CPU of nodes": 1e6 * used.nodes / beaten,
                    "nodes": 100 * used.nodes / used.elapsed, "etcd": 100 * used.etcd / used.elapsed,
                    "sessions kept": kept(before, group.etcd.sessions())}.items():
                taken.setdefault(metric, []).append(value)
    add(run, f"heartbeats of {count:,} instances in calls of {BATCH}", taken, {
        "heartbeats": "/s", "refused": "% of calls", "p99 of a call": "ms", "CPU of nodes": "µs each", "nodes": "% of a core",
        "etcd": "% of a core", "sessions kept": "of 3"})
    run.report.bound("sessions kept under heartbeats", taken["sessions kept"], "sessions", at_least=len(nodes.NAMES))


def renewed_at(node):
    return sum(value for name, value in node.metrics().items() if name.startswith("rollcall_heartbeats_total"))


def add(run, case, taken, units):
    for metric, unit in units.items():
        run.report.add_values(case, OF_CLUSTER, metric, taken[metric], unit)


# --- all of them again ---

def power(run):
    count, taken = run.arguments.instances, {"as they were": {}, "at other addresses": {}}
    for number in range(run.rounds):
        with nodes.Cluster(run) as group:
            cluster.fill(run, group.nodes.values(), count, "p", *BULK)
            for place, (case, found) in enumerate(taken.items()):
                for metric, value in cut(run, group, count, (number + 1) * count * place).items():
                    found.setdefault(metric, []).append(value)
    for case, found in taken.items():
        add(run, f"power cut; {count:,} instances register again, {case}", found, {
            "nodes ready": "s", "all back": "s", "passes": "", "refused": "% of calls", "CPU of etcd": "µs each",
            "CPU of nodes": "µs each", "sessions kept": "of 3"})
    run.report.bound("sessions kept while all register again",
                     [value for found in taken.values() for value in found["sessions kept"]], "sessions", at_least=len(nodes.NAMES))


def cut(run, group, count, moved_by):
    """{metric: value}: kill -9 of everything at once, and the same clients as before."""
    for server in (*group.nodes.values(), *group.etcd.members):
        server.kill()
    begun = time.monotonic()
    group.etcd.start_again()
    members = [group.start(name) for name in nodes.NAMES]  # by this thread: they end with the one that began them
    ready = time.monotonic() - begun
    files = cluster.shares(run, count, len(members), "p", moved_by=moved_by)
    before, refused, calls, passes = group.etcd.sessions(), 0, 0, 0
    with nodes.Used(etcd=group.etcd.members, nodes=members) as used:
        while True:  # heartbeat loops: whoever was answered calls in as well
            passes += 1
            found = cluster.on_all(lambda node, file: cluster.load(run, node, file, "--once", *BULK, expect=(200, 201, 503)),
                                   list(zip(members, files)))
            calls += sum(each["answers"] for each in found)
            late = sum(each["statuses"].get("503", 0) for each in found)
            refused += late
            if late == 0:
                break
            assert passes < PASSES_MAX, f"{late} are refused after {passes} passes"
            time.sleep(PAUSE)
    for node in members:
        node.wait_until(lambda: node.metrics()["rollcall_instances"] == count, f"shows {count} instances")
    return {"nodes ready": ready, "all back": used.elapsed, "passes": passes, "refused": 100 * refused / calls,
            "CPU of etcd": 1e6 * used.etcd / count, "CPU of nodes": 1e6 * used.nodes / count,
            "sessions kept": kept(before, group.etcd.sessions())}


MEASUREMENTS = {"beats": beats, "power": power}
