"""What is recorded of a run: one JSON object a line, and the values that the checker reads them into.

All times are seconds of CLOCK_BOOTTIME, one clock for everybody who records. Everything observed has two of them, because it
happened somewhere between: `sent`, before the question left, and `done`, when the answer was there.

    op      what a client asked for: op is `put` (a whole registration), `beat` (a heartbeat without body) or `del`;
            status 0: nobody knows what came of it; -1: it was never sent
    probe   a question for one instance, at the node that has just acknowledged it
    run     equal answers of one node for one service, merged: the first of them, and the last
    event   of a node's stream of events
    stream  the stream was opened, lost, or had a gap
    serial  of the zone, from its SOA; recorded when it changes, and at the end
    index   of the roll, from X-Rollcall-Index; likewise
    fault   from its beginning to its cure; `nodes`: whom it befell; restarts: whether they were started anew
    delay   the most that a program waited for a core, or a file for the disk, between two moments (pulse.py)
"""

import json
import threading
import time
from dataclasses import asdict, dataclass, field


def boot_time():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(slots=True)
class Op:
    x: str  # service/id
    op: str
    node: str
    sent: float
    done: float
    status: int
    ttl: float
    index: int = 0

    @property
    def is_acknowledged(self):
        return self.status in (200, 201, 204)

    @property
    def is_unknown(self):
        """Also a 503: a change that is stored too late to be acknowledged is answered so, and is on the roll."""
        return self.status in (0, 503)

    @property
    def may_have_happened(self):
        return self.is_acknowledged or self.is_unknown

    @property
    def keeps(self):
        """Whether it registers or renews."""
        return self.op != "del"


@dataclass(slots=True)
class Probe:
    x: str
    node: str
    sent: float
    done: float
    found: bool | None  # None: no answer that says so
    rcode: int = 0


@dataclass(slots=True)
class Run:
    node: str
    service: str
    ids: tuple
    rcode: int  # -1: no answer
    first_sent: float
    first_done: float
    last_sent: float
    last_done: float
    count: int = 1
    cached_until: float = 0.0  # the latest moment at which a cache may still have one of these answers
    ede: int = -1
    gap: float = 0.0  # the longest time from the sending of one of these questions to the answer of the next


@dataclass(slots=True)
class Event:
    node: str
    at: float
    id: str
    event: str
    x: str
    cause: str
    index: int


@dataclass(slots=True)
class Stream:
    node: str
    at: float
    what: str


@dataclass(slots=True)
class Serial:
    node: str
    sent: float
    done: float
    serial: int
    is_last: bool = False


@dataclass(slots=True)
class Index:
    node: str
    sent: float
    done: float
    index: int
    is_last: bool = False


@dataclass(slots=True)
class Fault:
    what: str
    nodes: tuple
    began: float
    ended: float
    restarts: bool = False


@dataclass(slots=True)
class Delay:
    began: float
    ended: float
    seconds: float


KINDS = {"op": Op, "probe": Probe, "run": Run, "event": Event, "stream": Stream, "serial": Serial, "index": Index,
         "fault": Fault, "delay": Delay}
NAMES = {kind: name for name, kind in KINDS.items()}


class Recorder:
    """Appends to a file. One process, one file; any thread."""

    def __init__(self, path):
        self._file, self._lock = open(path, "a", buffering=1 << 16), threading.Lock()

    def add(self, value):
        line = json.dumps({"k": NAMES[type(value)], **asdict(value)}, separators=(",", ":")) + "\n"
        with self._lock:
            self._file.write(line)

    def flush(self):
        self._file.flush()

    def close(self):
        self._file.close()


@dataclass
class History:
    ops: list = field(default_factory=list)
    probes: list = field(default_factory=list)
    runs: list = field(default_factory=list)
    events: list = field(default_factory=list)
    streams: list = field(default_factory=list)
    serials: list = field(default_factory=list)
    indexes: list = field(default_factory=list)
    faults: list = field(default_factory=list)
    delays: list = field(default_factory=list)

    def add(self, *values):
        lists = {Op: self.ops, Probe: self.probes, Run: self.runs, Event: self.events, Stream: self.streams,
                 Serial: self.serials, Index: self.indexes, Fault: self.faults, Delay: self.delays}
        for value in values:
            lists[type(value)].append(value)
        return self

    def sort(self):
        for each in (self.ops, self.probes, self.serials, self.indexes):
            each.sort(key=lambda value: value.sent)
        self.runs.sort(key=lambda run: run.first_sent)
        self.events.sort(key=lambda event: event.at)
        self.faults.sort(key=lambda fault: fault.began)
        self.delays.sort(key=lambda delay: delay.began)
        return self


def load(*paths):
    history = History()
    for path in paths:
        with open(path) as lines:
            for line in lines:
                if not line.endswith("\n"):
                    continue  # a recorder was killed in the middle of it
                value = json.loads(line)
                kind = KINDS[value.pop("k")]
                for name in ("ids", "nodes"):
                    if name in value:
                        value[name] = tuple(value[name])
                history.add(kind(**value))
    return history.sort()
