"""Who looks at every node all the time: at its DNS, its stream of events, its serial and its index."""

import asyncio
import json

from tests.cluster.calls import Http, NotSent, Unanswered
from tests.cluster.history import Event, Index, Run, Serial, Stream, boot_time
from tests.cluster.wire import TYPE_A, TYPE_SOA

DNS_EVERY, SERIAL_EVERY, INDEX_EVERY = 0.1, 0.25, 0.5
SILENT_STREAM_SECONDS = 20  # a comment comes every 15 s


async def watch_dns(fleet, node, service):
    """Equal answers in a row become one Run; it is written when the next begins, or after a minute."""
    run, numbers, before = None, fleet.numbers_by_address, 0.0
    while not fleet.is_over:
        began = boot_time()
        sent, done, reply = await fleet.dns[node].ask(f"{service}.svc.internal", TYPE_A)
        ids, rcode, ede, cached = (), -1, -1, 0.0
        if reply is not None:
            ids = tuple(sorted(f"{service}/i{numbers[address]}" for address in reply.addresses))
            rcode, ede = reply.rcode, reply.ede
            cached = sent + reply.ttl if ids else 0.0
        if run and (run.ids, run.rcode, run.ede) == (ids, rcode, ede) and done - run.first_sent < 60:
            run.gap = max(run.gap, done - before)
            run.last_sent, run.last_done, run.count = sent, done, run.count + 1
            run.cached_until = max(run.cached_until, cached)
        else:
            if run:
                fleet.record(run)
            run = Run(fleet.nodes[node].name, service, ids, rcode, sent, done, sent, done, 1, cached, ede)
        before = sent
        await fleet.sleep(began + DNS_EVERY - boot_time())
    if run:
        fleet.record(run)


async def watch_serial(fleet, node):
    last = None
    while True:
        is_last = fleet.is_over
        sent, done, reply = await fleet.dns[node].ask("svc.internal", TYPE_SOA)
        if reply is not None and reply.serial is not None and (reply.serial != last or is_last):
            fleet.record(Serial(fleet.nodes[node].name, sent, done, reply.serial, is_last))
            last = reply.serial
        if is_last:
            return
        await fleet.sleep(SERIAL_EVERY)


async def watch_index(fleet, node):
    last, http = None, Http(fleet.nodes[node].address, fleet.nodes[node].http_port)
    while True:
        is_last = fleet.is_over
        try:
            sent, done, status, _, body = await http.call("GET", "/v1/status")
            index = json.loads(body)["index"] if status == 200 else 0
            if index and (index != last or is_last):
                fleet.record(Index(fleet.nodes[node].name, sent, done, index, is_last))
                last = index
        except (NotSent, Unanswered):
            pass
        if is_last:
            return http.close()
        await fleet.sleep(INDEX_EVERY)


async def watch_events(fleet, node):
    """The whole stream, resumed with the last id whenever it breaks."""
    to, last = fleet.nodes[node], ""
    while not fleet.is_over:
        writer = None
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(to.address, to.http_port, limit=1 << 20), 1)
            resume = f"Last-Event-ID: {last}\r\n" if last else ""
            writer.write(f"GET /v1/watch HTTP/1.1\r\nHost: localhost\r\n{resume}\r\n".encode())
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 3)
            if b" 200 " in head.split(b"\r\n")[0]:
                fleet.record(Stream(to.name, boot_time(), "open"))
                async for fields in _messages(reader, b"chunked" in head):
                    last = _note(fleet, to.name, fields) or last
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            if writer is not None:
                writer.transport.abort()
        fleet.record(Stream(to.name, boot_time(), "lost"))
        await fleet.sleep(0.2)


async def _messages(reader, is_chunked):
    """The fields of each message."""
    rest = b""
    while True:
        block = await asyncio.wait_for(_chunk(reader) if is_chunked else reader.read(1 << 16), SILENT_STREAM_SECONDS)
        if not block:
            return
        *messages, rest = (rest + block).split(b"\n\n")
        for message in messages:
            lines = (line.partition(": ") for line in message.decode().split("\n"))
            yield {name: value for name, _, value in lines if name}


async def _chunk(reader):
    """RFC 9112 §7.1"""
    octets = await reader.readexactly(int(await reader.readuntil(b"\r\n"), 16) + 2)
    return octets[:-2]


def _note(fleet, node, fields):
    now = boot_time()
    if fields.get("event") == "gap":
        fleet.record(Stream(node, now, "gap"))
    elif "data" in fields:
        data = json.loads(fields["data"])
        x = f"{data['service']}/{data['id']}"
        fleet.record(Event(node, now, fields["id"], data["event"], x, data["cause"], data["index"]))
    return fields.get("id")
