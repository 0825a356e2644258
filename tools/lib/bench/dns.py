"""Questions over UDP, beside NSD, Knot and a bare echo: CPU time of an answer, answers a second, latency.

The echo sends back what comes, in batches: the floor, what the kernel takes for a datagram in and one out. Everybody serves the
same names, four addresses (A) and four targets with their addresses (SRV) each, with one worker on one core; udp-load asks from
another core, as fast as answers come.

    --sockets 200          one question open at each socket: no two answers of a batch go to the same client
    --workers 2            two workers on two cores, and the load on both: what a core's time is still worth
    --instances 1000000    beside 4,000: what a large roll costs
"""

from bench.harness import cpu, load, peers, rounds
from bench.harness.roll import Roll
from tests.support.processes import free_port

TARGETS = ("rollcalld", "udp-load", "udp-echo")
VARIANTS = ((), ("--sockets", "200"), ("--workers", "2"), ("--instances", "1000000"))
ROUNDS = 7
SMALL = 1_000  # services of four instances
EACH = 4
UNITS = {"CPU": "µs/answer", "throughput": "answers/s", "p50": "µs", "p99": "µs", "lost": "questions"}
# CPU of an answer over that of …
LIMITS = {"A": {"echo": 1.08, "nsd": 0.97, "knot": 0.95}, "SRV": {"echo": 1.15, "nsd": 0.92, "knot": 0.95}}
LARGE_OVER_SMALL = 1.35
SOCKETS = 8
SPREAD = 32  # sockets, so that the kernel's hash gives both workers their half
WORTH_OF_A_SECOND = 0.9  # answers of a CPU second with two workers, over those with one


def options(parser):
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement (%(default)s)")
    parser.add_argument("--outstanding", type=int, default=200, help="questions open at a time (%(default)s)")
    parser.add_argument("--sockets", type=int, default=SOCKETS, help="they leave from (%(default)s)")
    parser.add_argument("--edns", action="store_true", help="questions have an OPT record")
    parser.add_argument("--with-bind", action="store_true", help="BIND too")
    parser.add_argument("--workers", type=int, choices=(1, 2), default=1, help="(%(default)s)")
    parser.add_argument("--instances", type=int, default=SMALL * EACH, help="on the roll (%(default)s)")


def measure(run):
    if run.arguments.workers == 2:
        two_workers(run)
    elif run.arguments.instances > SMALL * EACH:
        large_roll(run)
    else:
        beside_peers(run)


def ask(run, server, questions, *more, sockets=None, **options):
    """{metric of UNITS: value}"""
    wanted = run.arguments
    words = ["--seconds", wanted.seconds, "--outstanding", wanted.outstanding, "--sockets", sockets or wanted.sockets, *more]
    found = load.udp(run, server, questions, *(str(word) for word in words), *["--edns"] * wanted.edns, **options)
    return {"CPU": found["cpu_us"], "throughput": found["rate"], "p50": found["p50_us"], "p99": found["p99_us"],
            "lost": found["lost"]}


# --- beside the peers ---


def beside_peers(run):
    if run.arguments.sockets != SOCKETS:
        run.report.name = f"dns-{run.arguments.sockets}-sockets"
    roll = Roll(SMALL, EACH)
    zones = roll.zone_file(run.directory / "zone")
    ours, floor = roll.served_by(run), echo(run)
    knot = run.start(peers.knot, zones)
    bind = run.start(peers.bind, zones) if run.arguments.with_bind else None
    for type, minimal in (("A", "yes"), ("SRV", "no")):
        with run.start(peers.nsd, zones, minimal=minimal) as nsd:
            servers = {"echo": floor, "rollcalld": ours, "nsd": nsd, "knot": knot, **({"bind": bind} if bind else {})}
            compare(run, type, servers, roll.questions(run.directory / type, type))
    check_load(run, ours, run.directory / "A")


def compare(run, type, servers, questions):
    run.say(f"{type}: {', '.join(servers)}, {run.rounds} rounds")
    taken = rounds.in_turn(servers, lambda server: ask(run, server, questions, *["--echo"] * (server.name == "echo")),
                           run.rounds, warm_up=False)
    run.report.add(type, taken, UNITS)
    for peer, limit in LIMITS[type].items():
        run.report.ratio(f"CPU of an {type} answer", type, "CPU", "rollcalld", peer, at_most=limit)


def echo(run):
    port = free_port()
    return run.server("echo", [run.program("udp-echo"), "127.0.0.1", str(port)], {"dns": port})


def check_load(run, server, questions):
    """udp-load beside dnsperf on one server, and both against what the server has counted itself."""
    wanted = run.arguments
    words = ("--seconds", str(wanted.seconds), "--warm-up", "0", "--outstanding", str(wanted.outstanding),
             "--sockets", str(wanted.sockets))
    before = counted(server)
    theirs = load.dnsperf(run, server, questions, max(1, round(wanted.seconds)), wanted.outstanding, wanted.sockets)
    between = counted(server)
    ours = load.udp(run, server, questions, *words)
    after = counted(server)
    for name, found, answered in (("dnsperf", theirs, between - before), ("udp-load", ours, after - between)):
        run.report.add_values("load on rollcalld", name, "CPU", [found["cpu_us"]], UNITS["CPU"])
        run.report.add_values("load on rollcalld", name, "throughput", [found["rate"]], UNITS["throughput"])
        # What is under way at the end has been answered, and nobody has counted it.
        stray = answered - found["answers"]
        assert 0 <= stray <= wanted.outstanding, f"the server has answered {stray:.0f} more than {name} says"
    run.report.note(f"udp-load and dnsperf kept {wanted.outstanding} questions open each; both count what the server counts.")


def counted(server):
    return sum(value for name, value in server.metrics().items() if name.startswith("rollcall_dns_queries_total"))


# --- two workers; many instances ---


def two_workers(run):
    run.report.name = "dns-two-workers"
    roll, (first, second) = Roll(SMALL, EACH), cpu.cores()
    questions = roll.questions(run.directory / "A", "A")
    one = roll.served_by(run)
    two = roll.served_by(run, "--dns-workers", "2", core=f"{first},{second}")

    def once(server):
        return ask(run, server, questions, "--wait", sockets=SPREAD, cores=[first, second] if server is two else None)

    taken = rounds.in_turn({"rollcalld, 1 worker": one, "rollcalld, 2 workers": two}, once, run.rounds, warm_up=False)
    for metrics in taken.values():
        metrics["worth"] = rounds.Series([1e6 / value for value in metrics["CPU"].values])
    run.report.add("A", taken, {**UNITS, "worth": "answers/CPU s"})
    run.report.ratio("answers of a CPU second", "A", "worth", "rollcalld, 2 workers", "rollcalld, 1 worker",
                     at_least=WORTH_OF_A_SECOND)


def large_roll(run):
    run.report.name = "dns-large-roll"
    rolls = {f"rollcalld, {count:,} instances": Roll(count // EACH, EACH)
             for count in (SMALL * EACH, run.arguments.instances)}
    for type in ("A", "SRV"):
        for name, roll in rolls.items():
            roll.questions(run.directory / f"{type}-{roll.services}", type)
    run.say(f"filling {run.arguments.instances:,} instances")
    servers = {name: (roll.served_by(run), roll) for name, roll in rolls.items()}
    small, large = servers
    for type in ("A", "SRV"):
        taken = rounds.in_turn(
            servers, lambda served: ask(run, served[0], run.directory / f"{type}-{served[1].services}"), run.rounds,
            warm_up=False)
        run.report.add(type, taken, UNITS)
    run.report.ratio("CPU of an A answer", "A", "CPU", large, small, at_most=LARGE_OVER_SMALL)
