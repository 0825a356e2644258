"""Heartbeats over HTTP, beside nginx's empty 204: CPU time of a request, requests a second, latency.

nginx answers every request with an empty 204, which is the least that a server of this kind can do. Ours renews leases: without a
body, with the whole registration as body, which changes nothing, and many in one call. One core serves, http-load asks from
another, over connections that have one request open each; each is one service's, and beside that, one that speaks for many.
"""

from bench.harness import http, peers, rounds
from bench.harness.roll import Roll

TARGETS = ("rollcalld", "http-load")
SERVICES = 1_000
EACH = 4
BATCH = 1_000  # instances in one call
PIPELINED = 64  # requests open on one connection
UNITS = {"CPU": "µs/request", "throughput": "requests/s", "p50": "µs", "p99": "µs"}
NOTHING = "an empty 204"
BARE, WHOLE, OTHERS = "without a body", "whole registration", "whole registration, another each time"
LIMITS = {BARE: 1.25, WHOLE: 1.7}  # CPU of a request over that of nginx
RENEWALS = 2_000_000  # a second of CPU, at least


def options(parser):
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement (%(default)s)")
    parser.add_argument("--connections", type=int, default=64, help="kept open (%(default)s)")


def measure(run):
    roll = Roll(SERVICES, EACH)
    ours, nginx = roll.served_by(run), run.start(peers.nginx)
    files = {name: http.write(run.directory / name.replace(" ", "-"), requests)
             for name, requests in cases(roll, run.arguments.connections).items()}
    for name, own in ((BARE, True), (WHOLE, True), (OTHERS, False)):
        beside_nginx(run, name, {"rollcalld": (ours, files[name], 200), "nginx": (nginx, files[NOTHING], 204)}, own)
    pipelined(run, ours, files[BARE])
    batches(run, ours, files["batch"])


def cases(roll, connections):
    """{name: requests}; the roll's instances in the order of their ids, so that neighbours are of different services. Of those
    that each connection sends for itself there are as many as connections."""
    members = [(service, id, literal) for k in range(roll.each) for service in range(roll.services)
               for id, literal in [roll.members(service)[k]]]
    whole = [http.registration(f"s{service}", id, literal) for service, id, literal in members]
    keys = [{"service": f"s{service}", "id": id} for service, id, _ in members]
    return {NOTHING: [http.request("POST", "/")],
            BARE: [http.heartbeat(f"s{service}", id) for service, id, _ in members],
            WHOLE: whole[:connections], OTHERS: whole,
            "batch": [http.request("POST", "/v1/heartbeats", {"instances": keys[first:first + BATCH]})
                      for first in range(0, len(keys), BATCH)]}


def figures(found):
    return {"CPU": found["cpu_us"], "throughput": found["rate"], "p50": found["p50_us"], "p99": found["p99_us"]}


def beside_nginx(run, name, servers, own):
    wanted = run.arguments
    run.say(f"{name}: {', '.join(servers)}, {run.rounds} rounds")

    def once(served):
        server, requests, status = served
        words = ["--seconds", wanted.seconds, "--connections", wanted.connections, *["--own"] * (own and status == 200)]
        return figures(renewing(run, server, requests, words) if status == 200
                       else http.send(run, server, requests, *words, expect=status))

    run.report.add(name, rounds.in_turn(servers, once, run.rounds), UNITS)
    if name in LIMITS:
        run.report.ratio(f"CPU of a heartbeat, {name}", name, "CPU", "rollcalld", "nginx", at_most=LIMITS[name])


def pipelined(run, server, requests):
    name = f"without a body, {PIPELINED} open on one connection"
    run.say(name)
    words = ["--seconds", run.arguments.seconds, "--connections", 1, "--depth", PIPELINED]
    taken = rounds.in_turn({"rollcalld": server}, lambda it: figures(renewing(run, it, requests, words)), run.rounds)
    run.report.add(name, taken, UNITS)


def batches(run, server, requests):
    """Renewals of a second of the server's CPU."""
    name = f"{BATCH:,} in one call"
    run.say(name)
    words = ["--seconds", run.arguments.seconds, "--connections", 2]

    def once(it):
        found = renewing(run, it, requests, words, each=BATCH)
        return {"renewals": BATCH * 1e6 / found["cpu_us"], **figures(found)}

    taken = rounds.in_turn({"rollcalld": server}, once, run.rounds)
    run.report.add(name, taken, {"renewals": "1/CPU s", **UNITS})
    run.report.bound("leases renewed by a second of CPU, in batches", taken["rollcalld"]["renewals"].values, "1/s",
                     at_least=RENEWALS)


def renewing(run, server, requests, words, each=1):
    """What http-load found; every request has renewed `each` leases, and changed nothing else."""
    before = renewed(server)
    found = http.send(run, server, requests, *words, expect=200)
    assert renewed(server) - before == each * found["answers"], "not every lease of every request was renewed"
    return found


def renewed(server):
    return server.metrics()["rollcall_heartbeats_total"]
