"""What must hold of every history of a cluster, whatever befell it (cluster.md §1), and what only in calm.

    early      an instance left, or was unknown, within its ttl of a 2xx
    visible    acknowledged, and the same node's DNS does not have it in the next answer
    elsewhere  acknowledged, and another node's DNS still has not, in calm, after the bound
    lingers    no heartbeat any more, and a node's DNS has it long after its lease and every fault
    lost       acknowledged, and not in the order of events; or one node did not tell what the others told
    returns    it was removed, nobody asked for it again, and it is back
    order      events, indexes and serials go backwards, or nodes disagree on them
    cached     a TTL beyond the lease, in calm
    answer     a status that no client should see; in calm, a stale answer or none

`check` returns what is wrong; an empty list is the verdict a run must have. Bounds of time grow by what the machine itself has been
measured to be late (pulse.py), and a second in which it was very late counts as a fault; early, visible, lost, returns and order
know no such excuse.
"""

import bisect
from collections import defaultdict
from dataclasses import dataclass

from tests.cluster.ledger import DIFFERENCE, REMOVALS, Ledger, key_of

# Clocks of nodes run within 100 ppm; ours reads with a resolution of its own.
SAFE = 1 - 2.5e-4
SLACK_SECONDS = 0.002
EDE_STALE_ANSWER = 3


@dataclass(frozen=True)
class Bounds:
    """Seconds. Of a machine whose few cores carry everything: calm, and still busy."""
    elsewhere: float = 2.0
    gone: float = 3.0
    settle: float = 5.0
    odd: float = 15.0  # after the last fault until nothing may be stale, refused or silent any more
    calm: float = 30.0  # after the last fault until TTLs are held to the lease again


@dataclass(frozen=True)
class Violation:
    rule: str
    at: float
    text: str

    def __str__(self):
        return f"{self.at:.3f} {self.rule}: {self.text}"


def promised(op):
    """Until when an acknowledged heartbeat keeps its instance at least."""
    return op.sent + op.ttl * SAFE - SLACK_SECONDS


def check(history, bounds=Bounds()):
    ledger = Ledger(history)
    found = [violation for rule in RULES for violation in rule(ledger, bounds)]
    return sorted(found, key=lambda violation: violation.at)


def early_by_events(ledger, _bounds):
    for x, tolds in ledger.told_of.items():
        acks = sorted((op for op in ledger.ops[x] if op.keeps and op.is_acknowledged), key=lambda op: op.index)
        begin = -1
        for told in tolds:
            if told.event not in REMOVALS:
                continue
            at = bisect.bisect_left(acks, told.index, key=lambda op: op.index) - 1
            op = acks[at] if at >= 0 and acks[at].index > begin else None
            begin = told.index
            if told.key[1] >= DIFFERENCE:
                continue  # that it is gone is known, and not why
            if told.event == "deregistered":
                if not ledger.last_op(x, told.first, lambda op: op.op == "del" and op.may_have_happened):
                    yield Violation("early", told.first, f"{x} was deregistered, and nobody asked for it")
            # Ended before it was asked: what was answered is the registration that came after.
            elif op is not None and op.sent <= told.first < promised(op) and not ledger.is_shortened(op, told.first):
                yield Violation("early", told.first, f"{x} ended {promised(op) - told.first:.3f} s before its lease of "
                                f"{op.ttl:g} s, which {op.node} renewed at {op.sent:.3f}")


def early_by_replies(ledger, _bounds):
    for x, ops in ledger.ops.items():
        last = None
        for op in ops:
            if op.op == "del" and op.may_have_happened:
                last = None
                continue
            tells_of_an_end = op.status == 404 and op.op == "beat" or op.status == 201
            # Two clients may share an id: of calls at the same time nobody knows which was first.
            if tells_of_an_end and last and last.done <= op.sent and op.done < promised(last) and not ledger.is_in_doubt(
                    x, op.sent, ("del",)) and not ledger.is_shortened(last, op.sent):
                yield Violation("early", op.done, f"{op.node} answered {op.status} to {op.op} of {x}, "
                                f"{promised(last) - op.done:.3f} s before its lease ended, renewed by {last.node}")
            if op.keeps and op.is_acknowledged:
                last = op


def early_by_dns(ledger, _bounds):
    """It was there and is not any more: then some stream tells why."""
    if not ledger.is_told_whole:
        return
    for (node, x), rows in ledger.shown.items():
        ends = sorted(told.first for told in ledger.told_of[x] if told.event in REMOVALS)
        for before, after in zip(rows, rows[1:]):
            if before.present and not after.present:
                at = bisect.bisect_right(ends, before.first_sent - 30)
                if at == len(ends) or ends[at] > after.first_done + 30:
                    yield Violation("early", after.first_done, f"{x} left the DNS of {node}, and no event says why")


def visible(ledger, _bounds):
    for probe in ledger.history.probes:
        if probe.found is None:
            continue
        op = ledger.last_op(probe.x, probe.sent, lambda op: True)
        if op is None or op.node != probe.node or not op.is_acknowledged or op.done > probe.sent:
            continue
        if op.keeps and not probe.found and probe.done < promised(op):
            yield Violation("visible", probe.done, f"{probe.node} acknowledged {op.op} of {probe.x}, and does not answer with it")
        if not op.keeps and probe.found and not ledger.is_in_doubt(probe.x, probe.sent):
            yield Violation("visible", probe.done, f"{probe.node} deregistered {probe.x}, and still answers with it")


def elsewhere(ledger, bounds):
    for (node, x), rows in ledger.shown.items():
        for row in rows:
            if row.present:
                continue
            overruled = float("inf")  # by a deregistration, or a later registration with a shorter lease
            for op in reversed(ledger.ops_sent_within(x, row.first_sent - 60, row.last_done + 60)):
                if op.op == "del" and op.may_have_happened:
                    overruled = op.sent
                if not (op.keeps and op.may_have_happened):
                    continue
                begin, end = op.done + bounds.elsewhere, min(promised(op), overruled)
                begin += ledger.patience(op.sent, begin)
                overruled = min(overruled, promised(op))
                if not op.is_acknowledged:
                    continue
                if row.is_seen_within(begin, end) and ledger.is_calm(op.sent, min(end, row.last_done), bounds.settle):
                    yield Violation("elsewhere", begin, f"{node} does not answer with {x}, {bounds.elsewhere:g} s after "
                                    f"{op.node} acknowledged its {op.op}")
                    break


def lingers(ledger, bounds):
    for (node, x), rows in ledger.shown.items():
        ops = [op for op in ledger.ops[x] if op.may_have_happened]
        for row in rows:
            if not row.present:
                continue
            at = max(0, bisect.bisect_right(ops, row.first_sent, key=lambda op: op.sent) - 1)
            to = bisect.bisect_right(ops, row.last_done, key=lambda op: op.sent)
            for op, after in zip(ops[at:to], [*ops[at + 1:to + 1], None]):
                # The next to renew it, when that may have been carried out, or the end of the row.
                end = after.sent if after is not None else row.last_done
                if op.done > row.last_done or end < row.first_sent or not op.is_acknowledged or ledger.is_in_doubt(x, end):
                    continue
                until = op.done if op.op == "del" else op.done + op.ttl
                bound = bounds.elsewhere if op.op == "del" else bounds.gone
                begin = ledger.due(until, op.ttl) + bound
                begin += ledger.patience(until, begin)
                if row.is_seen_within(begin, end):
                    what = "was deregistered" if op.op == "del" else "had to be gone"
                    yield Violation("lingers", end, f"{node} answers with {x}, which {what} by {begin:.3f}")
                    break


def lost(ledger, bounds):
    for stream in ledger.history.streams:
        if stream.what == "gap" and ledger.is_calm(stream.at, stream.at, bounds.odd):
            yield Violation("lost", stream.at, f"{stream.node} says in calm that it does not have all events")
    indexes = defaultdict(set)
    for told in ledger.told:
        indexes[told.x].add(told.index)
    last = max((told.index for told in ledger.told), default=0)
    removed = {x: sorted(told.first for told in tolds if told.event in REMOVALS) for x, tolds in ledger.told_of.items()}
    for x, ops in ledger.ops.items():
        for op in ops:
            if not ledger.is_told_whole:
                break
            if op.status == 201 and op.index < last and op.index not in indexes[x]:
                yield Violation("lost", op.done, f"{op.node} created {x} at index {op.index}, and no stream tells of it")
            if op.op == "del" and op.status == 204 and last:
                ends = removed.get(x, [])
                at = bisect.bisect_right(ends, op.sent - 30)
                if at == len(ends) or ends[at] > op.done + 30:
                    yield Violation("lost", op.done, f"{op.node} deregistered {x}, and no stream tells of it")
    gaps = {stream.node for stream in ledger.history.streams if stream.what == "gap"}
    for node in ledger.nodes:
        keys = [told.key for told in ledger.told if node in told.arrivals]
        if not keys or node in gaps:
            continue
        for told in ledger.told:
            if told.key[1] >= DIFFERENCE:
                continue  # of another node, which had to read everything
            if keys[0] < told.key < keys[-1] and node not in told.arrivals:
                # etcd had compacted what the node had not followed: it has told what came of it, not each step.
                if keys[bisect.bisect_right(keys, told.key)][1] >= DIFFERENCE:
                    continue
                yield Violation("lost", told.first, f"{node} did not tell {told.event} of {told.x} at {told.key}")


def returns(ledger, bounds):
    for x, tolds in ledger.told_of.items():
        for before, after in zip(tolds, tolds[1:]):
            if before.event not in REMOVALS or after.event in REMOVALS:
                continue
            asked = [op for op in ledger.ops_sent_within(x, before.first - 60, after.first)
                     if op.keeps and (op.is_unknown or op.is_acknowledged and op.index > before.index)]
            if not asked:
                yield Violation("returns", after.first, f"{x} is {after.event} again at {after.key}, and nobody asked for it")
    for (node, x), rows in ledger.shown.items():
        for before, after in zip(rows, rows[1:]):
            if not after.present or ledger.is_in_doubt(x, after.first_sent):
                continue
            op = ledger.last_op(x, after.first_done, lambda op: op.may_have_happened)
            if op is not None and op.op == "del" and op.status == 204 and op.done < before.first_sent:
                if ledger.is_calm(before.first_sent, after.first_done, bounds.settle, counts_slowness=False):
                    yield Violation("returns", after.first_done, f"{x} was deregistered, was gone, and {node} answers with it again")


def order_of_events(ledger, _bounds):
    last, tale = {}, {}
    for event in ledger.history.events:
        told = event.event, event.x, event.cause, event.index
        if key_of(event.id)[1] < DIFFERENCE and tale.setdefault(event.id, told) != told:
            yield Violation("order", event.at, f"event {event.id} is {told} at {event.node}, and {tale[event.id]} elsewhere")
        parts = tuple(int(part) for part in event.id.split("."))
        if parts <= last.get(event.node, (-1,)):
            yield Violation("order", event.at, f"{event.node} told event {event.id} after {last[event.node]}")
        last[event.node] = parts


def order_of_numbers(ledger, _bounds):
    for what, values, behind in (("serial", ledger.history.serials, serial_is_behind),
                                 ("index", ledger.history.indexes, lambda new, old: new < old)):
        latest, ends = {}, {}
        for value in values:
            number = getattr(value, what)
            old = latest.get(value.node)
            # Of two that were asked at the same time nobody knows which was answered first.
            if old is not None and old.done <= value.sent and behind(number, getattr(old, what)):
                if not ledger.has_restarted(value.node, old.sent, value.done):
                    yield Violation("order", value.done, f"the {what} of {value.node} went from {getattr(old, what)} to {number}")
            latest[value.node] = value
            if value.is_last:
                ends[value.node] = number
        if len(set(ends.values())) > 1:
            yield Violation("order", max(value.done for value in values), f"at the end the nodes have different {what}: {ends}")


def serial_is_behind(new, old):
    """RFC 1982 §3.2."""
    return new != old and (new - old) % (1 << 32) >= 1 << 31


def cached(ledger, bounds):
    for run in ledger.history.runs:
        if not run.cached_until or not ledger.is_calm(run.first_sent, run.last_done, bounds.calm):
            continue
        for x in run.ids:
            op = ledger.last_op(x, run.last_done, lambda op: op.keeps and op.may_have_happened)
            if op is None or op.is_unknown:
                continue
            end = op.done + op.ttl + 1.0  # 1 s where an end is being made (cluster.md §1.6)
            if run.cached_until > end + SLACK_SECONDS + ledger.patience(op.done + op.ttl, run.last_done):
                yield Violation("cached", run.last_done, f"a cache may have {x} from {run.node} until {run.cached_until:.3f}, "
                                f"and its lease ends {end - 1.0:.3f}")


def answers(ledger, bounds):
    allowed = {"put": (200, 201, 503), "beat": (200, 404, 503), "del": (204, 404, 503)}
    for op in ledger.history.ops:
        if op.status > 0 and op.status not in allowed[op.op]:
            yield Violation("answer", op.done, f"{op.node} answered {op.status} to {op.op} of {op.x}")

    for run in ledger.history.runs:
        is_odd = run.rcode not in (-1, 0, 3) or run.ede == EDE_STALE_ANSWER
        # One datagram may be lost where a few cores carry everything.
        if (is_odd or run.rcode == -1 and run.count > 3) and ledger.is_calm(run.first_sent, run.last_done, bounds.odd):
            yield Violation("answer", run.first_done, f"{run.node} answered rcode {run.rcode} with extended error {run.ede} for "
                            f"{run.service} in calm, until {run.last_done:.3f}")


RULES = [early_by_events, early_by_replies, early_by_dns, visible, elsewhere, lingers, lost, returns, order_of_events,
         order_of_numbers, cached, answers]
