"""The verdict over a run that long_run.py --keep has recorded.

    /usr/bin/python3 -B tests/cluster/look_again.py DIR [INSTANCE]

With an instance (SERVICE/ID) also everything that was recorded of it, in order.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from tests.cluster.checker import check  # noqa: E402
from tests.cluster.figures import report  # noqa: E402
from tests.cluster.history import load  # noqa: E402
from tests.cluster.ledger import Ledger  # noqa: E402


def life(history, x):
    """(time, line) of each thing that was recorded of an instance, and of each fault."""
    ledger = Ledger(history)
    for fault in history.faults:
        yield fault.began, f"fault   {fault.what} {' '.join(fault.nodes)}, until {fault.ended:.3f}"
    for op in ledger.ops[x]:
        yield op.sent, f"{op.op:<7} at {op.node}: {op.status or 'unknown'}, index {op.index}, answered at {op.done:.3f}, ttl {op.ttl:g}"
    for told in ledger.told_of[x]:
        arrivals = ", ".join(f"{node} {at:.3f}" for node, at in sorted(told.arrivals.items()))
        yield told.first, f"event   {told.event} ({told.cause}) {told.key}: {arrivals}"
    for (node, shown_x), rows in ledger.shown.items():
        if shown_x == x:
            for row in rows:
                yield row.first_done, f"dns     {node}: {'there' if row.present else 'not there'} until {row.last_done:.3f}"
    for probe in history.probes:
        if probe.x == x and not probe.found:
            yield probe.sent, f"probe   {probe.node}: {probe.found} (rcode {probe.rcode})"


def main():
    directory = pathlib.Path(sys.argv[1])
    history = load(directory / "fleet.history", directory / "faults.history")
    violations = check(history)
    print(report(history, violations, most=200))
    if len(sys.argv) > 2:
        for at, line in sorted(life(history, sys.argv[2])):
            print(f"{at:.3f} {line}")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
