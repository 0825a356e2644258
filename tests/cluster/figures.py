"""What came of a run, in numbers: the lines that a test prints beside the checker's verdict."""

from collections import Counter, defaultdict

from tests.cluster.ledger import Ledger


def quantile(values, share):
    ordered = sorted(values)
    return ordered[int(share * (len(ordered) - 1))] if ordered else 0.0


def spread(values):
    return f"p50 {quantile(values, .5):.3f} p99 {quantile(values, .99):.3f} max {quantile(values, 1):.3f} s of {len(values)}"


class Figures:
    def __init__(self, history, violations):
        ledger = Ledger(history)
        self.early = sum(violation.rule == "early" for violation in violations)
        self.violations = Counter(violation.rule for violation in violations)
        self.faults = Counter(fault.what for fault in history.faults)
        self.statuses = Counter((op.op, op.status) for op in history.ops)
        self.acknowledged = sum(op.is_acknowledged for op in history.ops)
        self._refusals(ledger)
        self._lateness(ledger)
        self._elsewhere(ledger)
        self._silence(history)
        self.delays = [delay.seconds for delay in history.delays]

    def _refusals(self, ledger):
        """A failover is an acknowledgement by another node than the one that failed; a refusal lasts from the first
        failure to the next acknowledgement."""
        self.failovers, self.longest_refusal, self.longest_refused = 0, 0.0, ""
        for x, ops in ledger.ops.items():
            failed = None
            for op in ops:
                if op.status in (-1, 0, 503):
                    failed = failed or op
                elif failed is not None:
                    self.failovers += op.is_acknowledged and op.node != failed.node
                    if op.done - failed.sent > self.longest_refusal:
                        self.longest_refusal, self.longest_refused = op.done - failed.sent, x
                    failed = None

    def _lateness(self, ledger):
        """Of ended leases: from the end of the lease, as its client knows it, to the last node's event."""
        self.late_in_calm, self.late = [], []
        for told in ledger.told:
            if told.event != "expired":
                continue
            op = ledger.last_op(told.x, told.first, lambda op: op.keeps and op.may_have_happened and op.index < told.index)
            if op is None or op.is_unknown:
                continue
            until = op.done + op.ttl
            late = max(told.arrivals.values()) - until
            self.late.append(late)
            if ledger.due(until, op.ttl) == until:
                self.late_in_calm.append(late)

    def _elsewhere(self, ledger):
        """From the 201 to the event at each other node."""
        self.elsewhere_in_calm = []
        by_index = defaultdict(list)
        for told in ledger.told:
            by_index[told.x, told.index].append(told)
        for x, ops in ledger.ops.items():
            for op in ops:
                if op.status != 201 or not ledger.is_calm(op.sent, op.done + 3, 5):
                    continue
                for told in by_index[x, op.index]:
                    self.elsewhere_in_calm += [max(0.0, at - op.done) for node, at in told.arrivals.items() if node != op.node]

    def _silence(self, history):
        """Of each node's DNS: the longest time without an answer."""
        answered, self.silence = {}, defaultdict(float)
        for run in history.runs:
            if run.rcode < 0:
                continue
            self.silence[run.node] = max(self.silence[run.node], run.first_sent - answered.get(run.node, run.first_sent))
            answered[run.node] = max(answered.get(run.node, 0.0), run.last_done)

    def lines(self):
        yield "faults: " + (", ".join(f"{count} {what}" for what, count in sorted(self.faults.items())) or "none")
        yield f"acknowledged: {self.acknowledged}; " + ", ".join(
            f"{op} {status or 'unknown'}: {count}" for (op, status), count in sorted(self.statuses.items()))
        yield f"failovers survived: {self.failovers}"
        yield f"longest refusal of a client: {self.longest_refusal:.3f} s ({self.longest_refused})"
        yield "gone from the last node after the lease, in calm: " + spread(self.late_in_calm)
        yield "gone from the last node after the lease, always: " + spread(self.late)
        yield "shown by the other nodes after the 201, in calm: " + spread(self.elsewhere_in_calm)
        yield "longest silence of the DNS: " + ", ".join(f"{node} {seconds:.3f} s" for node, seconds in self.silence.items())
        if self.delays:
            yield "the machine itself was late, by the second: " + spread(self.delays)
        yield f"early ends: {self.early}"
        yield "violations: " + (", ".join(f"{count} {rule}" for rule, count in self.violations.items()) or "none")


def report(history, violations, most=20):
    lines = [*Figures(history, violations).lines(), *map(str, violations[:most])]
    if len(violations) > most:
        lines.append(f"and {len(violations) - most} more")
    return "\n".join(lines)
