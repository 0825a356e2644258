"""Consul's API: blocked queries, TTL heartbeats, and health of 200 instances, beside the native API and nginx.

Blocked queries are those of `watch`, on health/service, and beside them the native ones; each must be woken by its own service
alone. A heartbeat is agent/check/pass of a TTL check, beside a native one without a body. health/service?passing of 200 instances is
read over connections that have one request open each, beside nginx, which sends the same octets from a file.
"""

import resource
import urllib.request

from bench import watch
from bench.harness import cpu, http, peers, rounds

TARGETS = ("rollcalld", "http-load")
ROUNDS = 3
CONSUL = b"/v1/health/service/s%d?index=%d&wait=600s&tag=none"
UNITS = {"CPU": "µs/request", "throughput": "requests/s", "p50": "µs", "p99": "µs"}
INSTANCES = 4_000  # that send heartbeats
ROWS = 200  # of the service whose health is read


def options(parser):
    watch.options(parser)
    parser.add_argument("--connections", type=int, default=64, help="of heartbeats (%(default)s)")
    parser.add_argument("--readers", type=int, default=8, help="connections that read health (%(default)s)")
    parser.add_argument("--load-seconds", type=float, default=3.0, help="of each measurement over HTTP (%(default)s)")
    parser.add_argument("--without-waits", action="store_true", help="only heartbeats and health")


def measure(run):
    heartbeats(run)
    health(run)
    if not run.arguments.without_waits:
        waits(run)


def figures(found):
    return {"CPU": found["cpu_us"], "throughput": found["rate"], "p50": found["p50_us"], "p99": found["p99_us"]}


def register(service, id, port, ttl="24h"):
    return http.request("PUT", "/v1/agent/service/register", {
        "Name": service, "ID": id, "Address": "192.0.2.1", "Port": port, "Tags": ["v1", "blue"], "Meta": {"version": "2.7.1"},
        "Check": {"TTL": ttl, "Status": "passing"}})


def heartbeats(run):
    server = run.rollcalld(core=cpu.cores()[0])
    run.say(f"{INSTANCES:,} instances of each kind register")
    for kind, requests in {
            "native": [http.registration(f"n{i % 1000}", f"native-{i}", "192.0.2.1") for i in range(INSTANCES)],
            "consul": [register(f"c{i % 1000}", f"consul-{i}", 80) for i in range(INSTANCES)]}.items():
        http.send(run, server, http.write(run.directory / f"register-{kind}", requests), "--once",
                  "--connections", 16, expect=(200, 201))
    files = {
        "native, without a body": http.write(run.directory / "beat-native", [http.heartbeat(f"n{i % 1000}", f"native-{i}")
                                                                             for i in range(INSTANCES)]),
        "check/pass": http.write(run.directory / "beat-consul", [http.request("PUT", f"/v1/agent/check/pass/service:consul-{i}")
                                                                 for i in range(INSTANCES)])}
    words = ["--seconds", run.arguments.load_seconds, "--connections", run.arguments.connections]
    for name, file in files.items():
        run.say(f"heartbeats: {name}, {run.rounds} rounds")
        taken = rounds.in_turn({"rollcalld": file}, lambda it: with_rate(figures(http.send(run, server, it, *words, expect=200))),
                               run.rounds)
        run.report.add(f"a heartbeat: {name}", taken, {"heartbeats": "1/CPU s", **UNITS})


def with_rate(found):
    return {"heartbeats": 1e6 / found["CPU"], **found}


def health(run):
    server = run.rollcalld(core=cpu.cores()[0])
    send = [register("web", f"web-{i}", 8000 + i) for i in range(ROWS)]
    http.send(run, server, http.write(run.directory / "register-web", send), "--once", "--connections", 4, expect=200)
    target = "/v1/health/service/web?passing=1"
    with urllib.request.urlopen(f"http://127.0.0.1:{server.http_port}{target}") as answer:
        body = answer.read()
    nginx = run.start(peers.nginx_with, body, core=cpu.cores()[0])
    words = ["--seconds", run.arguments.load_seconds, "--connections", run.arguments.readers]
    subjects = {"rollcalld": (server, http.write(run.directory / "health", [http.request("GET", target)])),
                "nginx": (nginx, http.write(run.directory / "static", [http.request("GET", "/body")]))}
    run.say(f"health of {ROWS} instances, {len(body):,} octets, {run.rounds} rounds")
    taken = rounds.in_turn(subjects, lambda it: figures(http.send(run, it[0], it[1], *words, expect=200)), run.rounds)
    case = f"health/service?passing, {ROWS} instances, {len(body) // 1024} KiB"
    run.report.add(case, taken, UNITS)
    run.report.ratio("CPU of a read of 200 instances", case, "CPU", "rollcalld", "nginx", at_most=3)


def waits(run):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    connections = run.arguments.watchers + watch.LEAST_FILES
    settings = (f"[http]\nmax_connections = {connections}\nmax_connections_per_client = 0\n"
                '[lease]\nforget_service_after = "24h"\n')
    for dialect, target in (("native", watch.NATIVE), ("consul", CONSUL)):
        run.say(f"{run.arguments.watchers:,} blocked queries, {dialect}")
        with run.rollcalld(settings=settings, core=cpu.everywhere()) as server:
            found = watch.one_round(server, run.arguments, target)
        for case, metric, unit in watch.UNITS:
            run.report.add_values(f"{dialect}: {case}", "rollcalld", metric, [found[case, metric]], unit)
