"""Three nodes and three members of etcd: CPU beside etcd's own client and single servers, convergence, fail-over, catching up.

Everything is on one machine and on all of its cores, etcd's disk and network too: CPU time of an operation counts, times are
those of six servers and a load that share the cores. Each measurement has a cluster of its own, which begins empty.
"""

import heapq
import itertools
import json
import time
from concurrent import futures

from bench.harness import cpu, http, node_clients, nodes, pipeline, rounds
from bench.harness.roll import Roll, address

TARGETS = ("rollcalld", "rollcall_etcd", "http-load")
GROUPS = ("etcd", "test")
ROUNDS = 3
TRANSACTION = 100          # puts in one of etcd's client, and in flight of it as many transactions as nodes have
IN_FLIGHT = 8
VALUE_OCTETS = 140         # of an instance on the roll, as these are
LEASE_SECONDS = 2
STEP = 0.003               # between two questions after one lease at one node
BEFORE = 0.02
GIVE_UP = 30
CONFLICT_EVERY = 100       # registrations: one of them is of the id that both nodes are told of
BATCH = 1_000              # instances in one call
REST_SECONDS = 5
GAP_WATCHED = 4            # seconds after a kill
ETCD_CPU_MAX = 4.0
HEARTBEAT_CPU_MAX = 1.5
CONFLICT_COST_MAX = 1.5
GONE_MAX = 1.0
GAP_MAX = 0.5


def options(parser):
    parser.add_argument("--count", type=int, default=20_000, help="registrations of each measurement (%(default)s)")
    parser.add_argument("--instances", type=int, default=100_000, help="of the cluster that an empty node joins (%(default)s)")
    parser.add_argument("--ends", type=int, default=20_000, help="leases that end at once (%(default)s)")
    parser.add_argument("--sample", type=int, default=200, help="registrations and ends that are looked for (%(default)s)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement of heartbeats (%(default)s)")
    parser.add_argument("--connections", type=int, default=128, help="to each node (%(default)s)")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(MEASUREMENTS), metavar="WORDS",
                        help="some of " + ",".join(MEASUREMENTS))


def measure(run):
    unknown = set(run.arguments.only) - set(MEASUREMENTS)
    assert not unknown, f"there is no {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}"
    for name in run.arguments.only:
        run.say(name)
        MEASUREMENTS[name](run)
    run.report.note("Three members of etcd, the nodes and the load share the cores and one disk.")


def load(run, server, requests, *arguments, expect=(201,)):
    """What http-load found; `expect`: the statuses that there may be."""
    return http.send(run, server, requests, *arguments, expect=expect, everywhere=True)


def on_all(work, arguments):
    """work(…) for each at the same time; what they return, in order."""
    with futures.ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(lambda each: work(*each), arguments))


def registration(service, id, number, ttl=http.TTL):
    return {"service": service, "id": id, "address": address(number), "port": 8080, "ttl": ttl}


def shares(run, count, parts, prefix, ttl=http.TTL, moved_by=0):
    """Files of requests, one for each of so many loads: `count` instances, four in a service."""
    files = []
    for part in range(parts):
        requests = (http.request("POST", "/v1/heartbeat", registration(f"{prefix}{n // 4}", f"i{n}", n + moved_by, ttl))
                    for n in range(part, count, parts))
        files.append(http.write(run.directory / f"{prefix}-{part}", requests))
    return files


def fill(run, servers, count, prefix, *words, ttl=http.TTL):
    """count instances over all nodes, everywhere when it returns. `words`: how http-load sends them."""
    servers = list(servers)
    on_all(lambda server, file: load(run, server, file, "--once", *(words or ("--connections", 128)), expect=(201,)),
           list(zip(servers, shares(run, count, len(servers), prefix, ttl))))
    for server in servers:
        server.wait_until(lambda: server.metrics()["rollcall_instances"] >= count, f"shows {count} instances")


# --- registrations, beside etcd's own client ---

WAITING, BULK, CLIENT = "nodes, one open", "nodes, pipelined", "etcd's client"
REGISTRATION = "a registration"


def registrations(run):
    program, wanted, numbers = nodes.guarded_puts(run), run.arguments, itertools.count()
    shapes = {WAITING: ["--connections", wanted.connections], BULK: ["--connections", 8, "--depth", 100], CLIENT: None}
    with nodes.Cluster(run) as cluster:
        def once(words):
            with_own = {"etcd": cluster.etcd.members, "nodes": cluster.nodes.values()}
            prefix = f"r{next(numbers)}-"
            if words is None:
                with nodes.Used(**with_own) as used:
                    said, own = nodes.cpu_of_child([program, ",".join(cluster.etcd.endpoints), f"/puts/{prefix}", wanted.count,
                                                    TRANSACTION, IN_FLIGHT, VALUE_OCTETS])
                found = json.loads(said)
                assert found["refused"] == 0, said
                return figures(used.etcd, own, found["seconds"], wanted.count)
            files = shares(run, wanted.count, len(cluster.nodes), prefix)
            with nodes.Used(**with_own) as used:
                found = on_all(lambda node, file: load(run, node, file, "--once", *words, expect=(201,)),
                               list(zip(cluster.nodes.values(), files)))
            return {**figures(used.etcd, used.nodes, used.elapsed, wanted.count),
                    "p50": max(each["p50_us"] for each in found) / 1000, "p99": max(each["p99_us"] for each in found) / 1000}

        taken = rounds.in_turn(shapes, once, run.rounds)
        run.report.add(REGISTRATION, taken, {"CPU of etcd": "µs", "CPU of nodes or client": "µs", "rate": "/s",
                                             "worth": "/CPU s", "p50": "ms", "p99": "ms"})
        run.report.ratio("CPU of etcd for a registration", REGISTRATION, "CPU of etcd", BULK, CLIENT, at_most=ETCD_CPU_MAX)
        with nodes.Used(etcd=cluster.etcd.members, nodes=cluster.nodes.values()) as used:
            time.sleep(REST_SECONDS)
        run.report.add_values("at rest, three of each", "etcd", "CPU", [100 * used.etcd / used.elapsed], "% of a core")
        run.report.add_values("at rest, three of each", "nodes", "CPU", [100 * used.nodes / used.elapsed], "% of a core")


def figures(etcd, own, elapsed, count):
    return {"CPU of etcd": 1e6 * etcd / count, "CPU of nodes or client": 1e6 * own / count, "rate": count / elapsed,
            "worth": count / (etcd + own)}


# --- heartbeats, beside single servers ---

def heartbeats(run):
    roll = Roll(1_000, 4)
    requests = http.write(run.directory / "beats", (http.heartbeat(f"s{service}", id) for service in range(roll.services)
                                                    for id, _ in roll.members(service)))
    whole = http.write(run.directory / "whole", (http.registration(f"s{service}", id, literal) for service in range(roll.services)
                                                 for id, literal in roll.members(service)))
    singles = [roll.served_by(run, core=cpu.everywhere()) for _ in nodes.NAMES]
    with nodes.Cluster(run) as cluster:
        members = list(cluster.nodes.values())
        load(run, members[0], whole, "--once", "--connections", 64)
        for node in members:
            node.wait_until(lambda: node.metrics()["rollcall_instances"] == roll.instances, "shows all of the roll")

        def once(servers):
            with nodes.Used(servers=servers, etcd=cluster.etcd.members) as used:
                found = on_all(lambda server: load(run, server, requests, "--seconds", run.arguments.seconds, "--connections", 64,
                                                   expect=(200,)), [(server,) for server in servers])
            answers = sum(each["answers"] for each in found)
            return {"CPU": 1e6 * used.servers / answers, "worth": answers / used.servers, "rate": answers / used.elapsed,
                    "p99": max(each["p99_us"] for each in found) / 1000, "etcd": 100 * used.etcd / used.elapsed}

        taken = rounds.in_turn({"three nodes": members, "three single servers": singles}, once, run.rounds)
    for server in singles:
        server.stop()
    run.report.add("a heartbeat", taken, {"CPU": "µs", "worth": "/CPU s", "rate": "/s", "p99": "ms", "etcd": "% of a core"})
    run.report.ratio("CPU of a heartbeat", "a heartbeat", "CPU", "three nodes", "three single servers", at_most=HEARTBEAT_CPU_MAX)


# --- convergence ---

def convergence(run):
    shown, late, early = [], [], []
    with nodes.Cluster(run) as cluster:
        cluster.wait_for_calm()
        askers = [node_clients.Asker(node) for node in cluster.nodes.values()]
        with pipeline.Pipeline(cluster.nodes[nodes.NAMES[0]].http_port) as client:
            for number in range(run.rounds):
                shown.append([shown_after(client, askers[1:], f"c{number}-{n}") for n in range(run.arguments.sample)])
                lateness, too_early = [], 0
                while len(lateness) < run.arguments.sample:
                    more, lost = gone_after(client, askers, f"g{number}-{len(lateness)}")
                    lateness += more
                    too_early += lost
                late.append(lateness)
                early.append(too_early)
        for asker in askers:
            asker.close()
    add_percentiles(run, "from a 201 to the answers of both other nodes", "ms", [[1000 * s for s in each] for each in shown])
    add_percentiles(run, "from the end of a lease to its absence everywhere", "ms", [[1000 * s for s in each] for each in late])
    run.report.bound("leases that ended early", early, "leases", at_most=0)
    run.report.bound("p99 of the lateness of ends, everywhere", [rounds.percentile(each, 99) for each in late], "s",
                     at_most=GONE_MAX)


def add_percentiles(run, case, unit, by_round):
    for percent in (50, 99):
        run.report.add_values(case, "nodes", f"p{percent}", [rounds.percentile(values, percent) for values in by_round], unit)


def register_one(client, service, ttl=http.TTL):
    """(when it was sent, when the 201 came)"""
    [(sent, answered, _)] = client.run([pipeline.post("/v1/heartbeat", registration(service, "one", 1, ttl))], {201})
    return sent, answered


def shown_after(client, askers, service):
    """Seconds from the 201 to the last node's answer."""
    _, answered = register_one(client, service)
    for asker in askers:  # the last answer is what counts, whoever is asked first
        while not asker.has(service):
            assert time.monotonic() < answered + GIVE_UP, f"{service} is not shown within {GIVE_UP} s"
    seen = time.monotonic() - answered
    time.sleep(0.003)
    return seen


def gone_after(client, askers, prefix):
    """([seconds from the end of each lease to its absence everywhere], how many answers lacked it before its end), of as many as
    can be registered in half a lease, so that all are asked for before they end."""
    ends, begun = {}, time.monotonic()
    while time.monotonic() < begun + LEASE_SECONDS / 2:
        service = f"{prefix}-{len(ends)}"
        sent, answered = register_one(client, service, f"{LEASE_SECONDS}s")
        ends[service] = sent + LEASE_SECONDS, answered + LEASE_SECONDS
        time.sleep(0.015)
    due = [(ends[service][0] - BEFORE, service, place) for service in ends for place in range(len(askers))]
    heapq.heapify(due)
    late, early = dict.fromkeys(ends, 0.0), 0
    while due:
        at, service, place = heapq.heappop(due)
        time.sleep(max(0, at - time.monotonic()))
        sent = time.monotonic()
        if askers[place].has(service):
            assert sent < ends[service][1] + GIVE_UP, f"{service} is answered {GIVE_UP} s after its end"
            heapq.heappush(due, (sent + STEP, service, place))
            continue
        now = time.monotonic()
        early += now < ends[service][0]
        late[service] = max(late[service], now - ends[service][1])
    return list(late.values()), early


# --- conflicts ---

APART, SHARED = "all of different ids", "1 % of the same id"


def conflicts(run):
    numbers = itertools.count()
    with nodes.Cluster(run) as cluster:
        two = list(cluster.nodes.values())[:2]

        def once(is_shared):
            prefix, half, files = f"k{next(numbers)}-", run.arguments.count // 2, []
            for place in range(len(two)):
                # The same id with another address each time: each of them is a change, and follows one of the other node.
                bodies = (registration(f"{prefix}same", "one", 2 * n + place) if is_shared and n % CONFLICT_EVERY == 0 else
                          registration(f"{prefix}{n // 4}", f"{place}-{n}", n) for n in range(half))
                files.append(http.write(run.directory / f"{prefix}{place}", (http.request("POST", "/v1/heartbeat", body)
                                                                             for body in bodies)))
            with nodes.Used(etcd=cluster.etcd.members, nodes=cluster.nodes.values()) as used:
                found = on_all(lambda node, file: load(run, node, file, "--once", "--connections", run.arguments.connections,
                                                       expect=(200, 201)), list(zip(two, files)))
            count = sum(each["answers"] for each in found)
            return {"CPU": 1e6 * (used.etcd + used.nodes) / count, "CPU of etcd": 1e6 * used.etcd / count,
                    "rate": count / used.elapsed, "p99": max(each["p99_us"] for each in found) / 1000}

        taken = rounds.in_turn({SHARED: True, APART: False}, once, run.rounds)
    run.report.add("registrations at two nodes", taken, {"CPU": "µs", "CPU of etcd": "µs", "rate": "/s", "p99": "ms"})
    run.report.ratio("CPU of etcd and nodes", "registrations at two nodes", "CPU", SHARED, APART, at_most=CONFLICT_COST_MAX)


# --- all leases end at once ---

def ends(run):
    taken = {}
    for number in range(run.rounds):
        with nodes.Cluster(run) as cluster:
            cluster.wait_for_calm()
            for metric, value in all_end(run, cluster, number).items():
                taken.setdefault(metric, []).append(value)
    case = f"{run.arguments.ends:,} leases of {LEASE_SECONDS} s that end at once"
    units = {"all gone": "s", "ends": "/s", "CPU of etcd": "µs each", "CPU of nodes": "µs each", "sessions kept": "of 3"}
    for metric, unit in units.items():
        run.report.add_values(case, "three nodes", metric, taken[metric], unit)
    run.report.bound("sessions kept while all leases end", taken["sessions kept"], "sessions", at_least=len(nodes.NAMES))


def all_end(run, cluster, number):
    """{metric: value} of one round."""
    members, wanted = list(cluster.nodes.values()), run.arguments.ends
    renewals = node_clients.Renewals(members[0].http_port)
    renewals.start()
    for first in range(0, wanted, BATCH):
        every = [registration(f"e{n // 4}", f"i{n}", n, f"{LEASE_SECONDS}s") for n in range(first, min(wanted, first + BATCH))]
        load(run, members[0], http.write(run.directory / "some", (http.request("POST", "/v1/heartbeat", body) for body in every)),
             "--once", "--connections", 128)
        names = [{"service": each["service"], "id": each["id"]} for each in every]
        renewals.batches.append(pipeline.post("/v1/heartbeats", {"instances": names}))
    for node in members:
        node.wait_until(lambda: node.metrics()["rollcall_instances"] == wanted, f"shows {wanted} instances")
    before = cluster.etcd.sessions()
    with nodes.Used(etcd=cluster.etcd.members, nodes=members) as used:
        last = renewals.stop() + LEASE_SECONDS
        for node in members:
            node.wait_until(lambda: node.metrics()["rollcall_instances"] == 0, "shows nobody")
        gone = time.monotonic() - last
    after = cluster.etcd.sessions()
    kept = sum(after.get(key) == begun for key, begun in before.items())
    return {"all gone": gone, "ends": wanted / gone, "CPU of etcd": 1e6 * used.etcd / wanted,
            "CPU of nodes": 1e6 * used.nodes / wanted, "sessions kept": kept}


# --- a client's node is killed ---

def failover(run):
    gaps, calm, back = [], [], []
    with nodes.Cluster(run) as cluster:
        with pipeline.Pipeline(cluster.nodes[nodes.NAMES[0]].http_port) as client:
            register_one(client, "f")
        for number in range(run.rounds):
            name = nodes.NAMES[number % len(nodes.NAMES)]
            others = [node.http_port for other, node in cluster.nodes.items() if other != name]
            client = node_clients.Client([cluster.nodes[name].http_port, *others])
            client.start()
            time.sleep(1)
            killed = time.monotonic()
            cluster.nodes[name].kill()
            time.sleep(GAP_WATCHED)
            client.stop()
            calm.append(1000 * longest_gap([at for at in client.answered if at < killed]))
            gaps.append(1000 * longest_gap([at for at in client.answered if at > killed - 0.5]))
            assert client.answered[-1] > killed + GAP_WATCHED - 1, "the client has not come back"
            begun = time.monotonic()
            cluster.start(name)
            back.append(time.monotonic() - begun)
    case = f"heartbeats every {1000 * node_clients.HEARTBEAT_EVERY:.0f} ms, and kill -9 of their node"
    run.report.add_values(case, "nodes", "longest gap", gaps, "ms")
    run.report.add_values(case, "nodes", "longest gap before", calm, "ms")
    run.report.add_values(case, "nodes", "the node is back", back, "s")
    run.report.bound("longest gap of a client whose node is killed", [gap / 1000 for gap in gaps], "s", at_most=GAP_MAX)


def longest_gap(times):
    return max(after - before for before, after in itertools.pairwise(times))


# --- an empty node joins ---

def joining(run):
    taken, count = {}, run.arguments.instances
    with nodes.Cluster(run) as cluster:
        fill(run, cluster.nodes.values(), count, "j")
        for _ in range(run.rounds):
            begun = time.monotonic()
            node = cluster.start("n4")
            took = time.monotonic() - begun
            assert node.metrics()["rollcall_instances"] == count, "a member that does not have everybody"
            older = cluster.nodes[nodes.NAMES[0]]
            for metric, value in {"to membership": took, "CPU of it": cpu.seconds(node.pid),
                                  "memory": cpu.resident_bytes(node.pid) / 2**20,
                                  "memory of an older node": cpu.resident_bytes(older.pid) / 2**20,
                                  "database of etcd": cluster.etcd.database_bytes() / 2**20}.items():
                taken.setdefault(metric, []).append(value)
            cluster.remove("n4")
    for metric, unit in {"to membership": "s", "CPU of it": "s", "memory": "MiB", "memory of an older node": "MiB",
                         "database of etcd": "MiB"}.items():
        run.report.add_values(f"an empty node joins {count:,} instances", "it", metric, taken[metric], unit)


MEASUREMENTS = {"registrations": registrations, "heartbeats": heartbeats, "convergence": convergence, "conflicts": conflicts,
                "ends": ends, "failover": failover, "joining": joining}
