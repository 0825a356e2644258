"""What the parts of tools/bench stand on.

A part is a module of `bench` with

    \"\"\"What it measures, in one line.\"\"\"       shown by `tools/bench --help`
    TARGETS = ("rollcalld", "udp-load")            what must be built; `rollcalld` unless said
    GROUPS = ("etcd",)                             groups of tools/packages that it needs beside `bench`, if any
    def options(parser): ...                       its own arguments, if any (argparse)
    def measure(run): ...                          fills `run.report`

and measures like this, servers in turn, several rounds:

    def measure(run):
        with run.rollcalld("--dns-workers", "1") as ours, run.start(peers.nsd, zone) as nsd:
            def once(server):
                with cpu.Meter(server) as meter:
                    answers = load(server)
                return {"cpu": 1e6 * meter.seconds / answers, "rate": answers / meter.elapsed}
            taken = rounds.in_turn({"rollcalld": ours, "nsd": nsd}, once, run.rounds)
        run.report.add("A", taken, {"cpu": "µs", "rate": "answers/s"})
        run.report.ratio("CPU per A answer", "A", "cpu", "rollcalld", "nsd", at_most=0.97)
        run.report.bound("p99 of a registration", values, "ms", at_most=20)

    cpu       CPU seconds of a process with all its threads and children; memory; which cores are whose
    rounds    in turn, medians, spreads
    servers   a process on the server's core, in a directory of its own; rollcalld as one of them
    peers     Knot, NSD, BIND, nginx, etcd
    nodes     three members of etcd and nodes beside them; node_clients: who asks those
    report    what came out: tables, targets, JSON
    plot      the same as SVG
    tables    the same as the tables of docs/performance.md
    command   the command line
"""
