"""Recordings of Consul's clients (data/consul), read as exchanges, and sent again in their order.

A recorded request is sent as it was: method, target, headers, body, on a connection of its own where the client had one. What
differs is what another server gave out (indexes, sessions), and how long it may take: a wait that ran out in the recording is
made short, and a TTL of seconds long, so that a slow machine answers alike.
"""

import gzip
import http.client
import json
import pathlib
import re
import socket
import urllib.parse

RECORDINGS = pathlib.Path(__file__).parent / "data/consul"
SHORT_WAIT = "200ms"
REPLY_WITHIN = 30
CLOCK_STEP = 0.002  # of the recorded times, and a little
NO_VIEW = {"index", "wait", "token", "stale", "consistent", "pretty"}  # parameters that ask for nothing else
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class NoReply(Exception):
    """A recorded request, sent again, to which there came none."""


class Exchange:
    """A recorded request and its reply."""

    def __init__(self, client, line, number, step, headers):
        self.client = client
        self.name = f"{client} {number}: {line['method']} {line['target']} ({step})"
        self.began, self.ended = line["t"], line["t"] + line["took"] + CLOCK_STEP
        self.connection = line.get("by"), line["conn"]
        self.method, self.target = line["method"], line["target"]
        self.headers = {} if line.get("by") else headers
        self.body = line.get("body")
        self.is_cancelled = "cancelled" in line
        self.status = line.get("status")
        self.reply_headers = {name.lower(): value for name, value in line.get("reply_headers", {}).items()}
        self.has_reply = "reply" in line
        self.reply = line.get("reply")
        self.reply_bytes = line.get("reply_bytes", 0)
        parts = urllib.parse.urlsplit(self.target)
        self.path = parts.path
        self.query = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
        self.previous = None  # of the same view
        self.source = None  # of the same view, whose index this one names
        self.is_caused = False  # whether something was written meanwhile that a blocking query may wait for

    @property
    def asked_index(self):
        """The index a blocking query names, as recorded; None for a read that is answered at once."""
        return next((int(value) for name, value in self.query if name == "index" and value != "0"), None)

    @property
    def index(self):
        value = self.reply_headers.get("x-consul-index")
        return None if value is None else int(value)

    @property
    def view(self):
        """What is read, without how: two exchanges of one view speak of one index."""
        return self.path, tuple(sorted(item for item in self.query if item[0] not in NO_VIEW))

    @property
    def may_time_out(self):
        """A blocking query that this server need not wake: nothing came since the reply whose index it names, or what came is
        not its business. Indexes are of a service, a key, the nodes; the stand-in had one for most."""
        if self.asked_index is None or self.is_cancelled:
            return False
        if self.index == self.asked_index or self.path == "/v1/catalog/nodes" or not self.is_caused:
            return True
        return self.previous is not None and self.previous.is_nothing and self.is_nothing

    @property
    def is_write(self):
        return self.method != "GET" or "/deregister/" in self.path or "/v1/agent/check/" in self.path

    def may_cause(self, read):
        """Whether this write is one that the blocking query `read` waits for."""
        if not self.is_write or self.began > read.ended or read.source is None or self.ended < read.source.began:
            return False
        ours, others = self.path.startswith(("/v1/kv/", "/v1/session/")), read.path.startswith("/v1/kv/")
        return read.path.startswith(self.path) if ours and others else not ours and not others

    def precedes(self, later):
        """Whether the client had the reply before it sent `later`, whatever the clock says."""
        return self.connection == later.connection or self.view == later.view and self.index == later.asked_index

    @property
    def is_nothing(self):
        return self.status == 404 or self.has_reply and self.reply == []

    @property
    def is_json(self):
        return self.reply_headers.get("content-type", "").startswith("application/json")


def clients():
    return sorted(path.stem for path in RECORDINGS.glob("*.jsonl"))


def exchanges_of(client):
    lines = [json.loads(line) for line in (RECORDINGS / f"{client}.jsonl").read_text().splitlines()]
    step, headers, found, views = "", {}, [], {}
    for line in lines[1:]:
        step, headers = line.get("step", step), line.get("headers", headers)
        exchange = Exchange(client, line, line["seq"], step, headers)
        of_view = views.setdefault(exchange.view, [])
        exchange.previous = of_view[-1] if of_view else None
        exchange.source = next((before for before in of_view if before.index == exchange.asked_index), None)
        of_view.append(exchange)
        found.append(exchange)
    for exchange in found:
        exchange.is_caused = any(other.may_cause(exchange) for other in found)
    return found


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    @classmethod
    def read(cls, connection):
        response = http.client.HTTPResponse(connection)
        response.begin()
        body = response.read()
        if response.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return cls(response.status, dict(response.headers.items()), body)

    @property
    def media_type(self):
        return self.headers.get("content-type", "").partition(";")[0].strip()

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:300]!r}>"


def request_bytes(exchange, target, body):
    head = [f"{exchange.method} {target} HTTP/1.1", "Host: localhost:8500"]
    head += [f"{name}: {value}" for name, value in exchange.headers.items()]
    if exchange.headers.get("transfer-encoding") == "chunked":
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    elif exchange.method != "GET":
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def with_wait(target, wait):
    if "wait=" in target:
        return re.sub(r"\bwait=[^&]*", f"wait={wait}", target)
    return f"{target}&wait={wait}"


def body_bytes(exchange):
    if exchange.body is None:
        return b""
    if isinstance(exchange.body, str):
        return exchange.body.encode()
    return json.dumps(patient(exchange.body)).encode()


def patient(body):
    """With TTLs of checks that no machine is too slow for; the recorded ones are of 2 s and 3 s."""
    if isinstance(body, dict):
        return {key: "600s" if key.lower() == "ttl" and value in ("2s", "3s") else patient(value)
                for key, value in body.items()}
    return [patient(item) for item in body] if isinstance(body, list) else body


class Replay:
    """One recording against one server. `judge(exchange, asked_index, reply)` hears of every reply; what the client cancelled
    has none."""

    def __init__(self, address, port, judge):
        self._where = (address, port)
        self._judge = judge
        self._connections = {}
        self._indexes = {}   # (view, recorded index) -> the server's
        self._sessions = {}  # recorded id -> the server's
        self._pending = []   # blocking queries: exchange, the index it asked with, its connection

    def run(self, exchanges):
        last_use = {exchange.connection: exchange for exchange in exchanges}
        try:
            for exchange in exchanges:
                self._await(lambda before: before.ended < exchange.began or before.precedes(exchange))
                self._send(exchange)
                if exchange.asked_index is None:
                    self._hear(*self._pending.pop())
                if last_use[exchange.connection] is exchange and not self._is_blocked(exchange.connection):
                    self._close(exchange.connection)
            self._await(lambda before: True)
        finally:
            for connection in list(self._connections):
                self._close(connection)

    def _await(self, is_due):
        """Requests that arrive before a reply was sent may be what the reply waits for."""
        due = sorted((item for item in self._pending if is_due(item[0])), key=lambda item: item[0].ended)
        for item in due:
            self._pending.remove(item)
            self._hear(*item)

    def _send(self, exchange):
        connection = self._connections.get(exchange.connection)
        if connection is None:
            connection = socket.create_connection(self._where, timeout=REPLY_WITHIN)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections[exchange.connection] = connection
        asked, target = self._asked_index(exchange), UUID.sub(self._session, exchange.target)
        if asked is not None:
            target = re.sub(r"\bindex=\d+", f"index={asked}", target)
        if exchange.may_time_out:
            target = with_wait(target, SHORT_WAIT)
        connection.sendall(request_bytes(exchange, target, body_bytes(exchange)))
        self._pending.append((exchange, asked, connection))

    def _hear(self, exchange, asked, connection):
        if exchange.is_cancelled:
            self._close(exchange.connection)
            return
        try:
            reply = Reply.read(connection)
        except (OSError, http.client.HTTPException) as error:
            raise NoReply(f"{exchange.name}: no reply: {error!r}") from None
        if exchange.index is not None and reply.headers.get("x-consul-index", "").isdigit():
            self._indexes[exchange.view, exchange.index] = int(reply.headers["x-consul-index"])
        if exchange.path.endswith("/session/create") and reply.status == 200:
            self._sessions[exchange.reply["ID"]] = json.loads(reply.body)["ID"]
        reply.body = UUID.sub(self._recorded_session, reply.body.decode()).encode()
        self._judge(exchange, asked, reply)
        if reply.headers.get("connection", "").lower() == "close":
            self._close(exchange.connection)

    def _asked_index(self, exchange):
        recorded = exchange.asked_index
        if recorded is None:
            return None
        known = self._indexes.get((exchange.view, recorded))
        return max(self._indexes.values(), default=recorded) if known is None else known

    def _session(self, found):
        return self._sessions.get(found.group(), found.group())

    def _recorded_session(self, found):
        return next((ours for ours, theirs in self._sessions.items() if theirs == found.group()), found.group())

    def _is_blocked(self, connection):
        return any(exchange.connection == connection for exchange, _, _ in self._pending)

    def _close(self, connection):
        if connection in self._connections:
            self._connections.pop(connection).close()
