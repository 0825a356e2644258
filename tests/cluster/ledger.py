"""A history in the order in which the checker asks for it: by instance, by event, by what each node showed when."""

import bisect
from collections import defaultdict
from dataclasses import dataclass

from tests.cluster.history import Fault

REMOVALS = ("expired", "deregistered")
# A request that nobody answered may sit in the socket of a stopped node, and be carried out when that one goes on.
DOUBT_SECONDS = 60.0
# What a change passes one after the other, on its way from a client over etcd to every node: each may wait as long.
HOPS = 10
DIFFERENCE = 1 << 19  # events from this place on are what one node's full read has found, and its alone (docs/cluster.md)
# A machine on which a program waits so long for a core: a session of 5 s is lost by it, as by a fault.
SLOW_SECONDS = 0.25


@dataclass(slots=True)
class Told:
    """An event as all streams have told it."""
    key: tuple
    event: str
    x: str
    cause: str
    index: int
    first: float  # when the first stream told it: it had happened by then
    arrivals: dict


@dataclass(slots=True)
class Shown:
    """What one node's DNS said of one instance, from the first of equal answers to the last."""
    present: bool
    first_sent: float
    first_done: float
    last_sent: float
    last_done: float
    gap: float

    def is_seen_within(self, begin, end):
        """Whether a whole question and its answer lie between the two."""
        for sent, done in ((self.first_sent, self.first_done), (self.last_sent, self.last_done)):
            if begin <= sent and done <= end:
                return True
        return self.gap > 0 and min(end, self.last_done) - max(begin, self.first_sent) > self.gap


def key_of(id):
    """`index.place` of a cluster, or the plain number of a single node."""
    index, _, place = id.partition(".")
    return int(index), int(place or 0)


class Ledger:
    def __init__(self, history):
        self.history = history
        self.ops = defaultdict(list)
        for op in history.ops:
            self.ops[op.x].append(op)
        self.faults = history.faults + [Fault("a slow machine", (), delay.began, delay.ended)
                                        for delay in history.delays if delay.seconds >= SLOW_SECONDS]
        self.nodes = sorted({op.node for op in history.ops} | {run.node for run in history.runs}
                            | {event.node for event in history.events})
        # Some stream that told everything: only then does a missing event mean something.
        gaps = {stream.node for stream in history.streams if stream.what == "gap"}
        self.is_told_whole = bool({event.node for event in history.events} - gaps)
        self.told = self._merge(history.events)
        self.told_of = defaultdict(list)
        for told in self.told:
            self.told_of[told.x].append(told)
        self.shown = self._show(history.runs)

    @staticmethod
    def _merge(events):
        merged = {}
        for event in events:
            key = key_of(event.id)
            known_by = event.id, event.node if key[1] >= DIFFERENCE else None
            told = merged.get(known_by)
            if told is None:
                told = merged[known_by] = Told(key, event.event, event.x, event.cause, event.index, event.at, {})
            told.first = min(told.first, event.at)
            told.arrivals.setdefault(event.node, event.at)
        return sorted(merged.values(), key=lambda told: told.key)

    def _show(self, runs):
        """{(node, x): [Shown]}"""
        of_service = defaultdict(set)
        for x in self.ops:
            of_service[x.partition("/")[0]].add(x)
        shown = defaultdict(list)
        for run in runs:
            if run.rcode not in (0, 3):
                continue
            ids = set(run.ids)
            for x in of_service[run.service]:
                present = x in ids
                rows = shown[run.node, x]
                last = rows[-1] if rows else None
                if last is not None and last.present == present:
                    last.gap = max(last.gap, run.gap, run.first_done - last.last_sent)
                    last.last_sent, last.last_done = run.last_sent, run.last_done
                else:
                    rows.append(Shown(present, run.first_sent, run.first_done, run.last_sent, run.last_done, run.gap))
        return shown

    def ops_sent_within(self, x, begin, end):
        ops = self.ops[x]
        low = bisect.bisect_left(ops, begin, key=lambda op: op.sent)
        high = bisect.bisect_right(ops, end, key=lambda op: op.sent)
        return ops[low:high]

    def last_op(self, x, until, wanted):
        """The latest op sent by then for which `wanted` holds."""
        ops = self.ops[x]
        for number in range(bisect.bisect_right(ops, until, key=lambda op: op.sent) - 1, -1, -1):
            if wanted(ops[number]):
                return ops[number]
        return None

    def is_in_doubt(self, x, at, kinds=("put", "beat", "del")):
        return any(op.is_unknown and op.op in kinds for op in self.ops_sent_within(x, at - DOUBT_SECONDS, at))

    def is_shortened(self, op, until):
        """Whether a registration with a shorter lease may have overruled an acknowledged one before it ended: one that was
        sent later, or one that nobody has seen answered, and that a slow network may have brought later."""
        return any(other.ttl < op.ttl and other.keeps and other.may_have_happened and (other.sent > op.sent or other.is_unknown)
                   for other in self.ops_sent_within(op.x, op.sent - 30, until))

    # --- faults ---

    def is_calm(self, begin, end, settle, counts_slowness=True):
        faults = self.faults if counts_slowness else self.history.faults
        return not any(fault.began < end and fault.ended + settle > begin for fault in faults)

    def patience(self, begin, end):
        """What the machine's own delays between the two may add to a bound."""
        delays = self.history.delays
        at = max(0, bisect.bisect_right(delays, begin, key=lambda delay: delay.began) - 1)
        most = 0.0
        while at < len(delays) and delays[at].began <= end:
            most = max(most, min(delays[at].seconds, SLOW_SECONDS))
            at += 1
        return HOPS * most

    def due(self, until, ttl, session=15.0, soon=3.0):
        """When a lease that runs to `until` has to be over everywhere: two sessions and a lease after each loss."""
        for fault in self.faults:
            if fault.began <= until + soon:
                until = max(until, fault.ended + session + ttl)
        return until

    def has_restarted(self, node, begin, end):
        return any(fault.restarts and node in fault.nodes and fault.began < end and fault.ended > begin
                   for fault in self.history.faults)
