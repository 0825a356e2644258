"""HTTP and DNS as the fleet speaks them, with asyncio: one connection for each client, one socket for each node asked."""

import asyncio
import json

from tests.cluster.history import boot_time
from tests.cluster.wire import Malformed, Reply, question


class NotSent(Exception):
    """No connection: the request never left."""


class Unanswered(Exception):
    """The request may have been carried out."""


class Http:
    """A keep-alive connection that is opened again when needed. A request is never sent twice."""

    def __init__(self, address, port):
        self._to = address, port
        self._streams = None

    async def call(self, method, path, body=None, timeout=1.0):
        """(sent, done, status, headers, body)"""
        try:
            if self._streams is None:
                self._streams = await asyncio.wait_for(asyncio.open_connection(*self._to), timeout)
        except (OSError, asyncio.TimeoutError):
            raise NotSent() from None
        sent = boot_time()
        try:
            status, headers, answer = await asyncio.wait_for(self._exchange(method, path, body), timeout)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError):
            self.close()
            raise Unanswered(sent, boot_time()) from None
        done = boot_time()
        if headers.get("connection") == "close":
            self.close()
        return sent, done, status, headers, answer

    async def _exchange(self, method, path, body):
        reader, writer = self._streams
        text = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(text)}\r\n"
        head += "Content-Type: application/json\r\n\r\n" if text else "\r\n"
        writer.write(head.encode() + text)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in lines[1:])}
        return int(lines[0].split()[1]), headers, await reader.readexactly(int(headers.get("content-length", 0)))

    def close(self):
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


class Dns(asyncio.DatagramProtocol):
    """Questions over one UDP socket, told apart by their numbers."""

    def __init__(self):
        self._waiting, self._next = {}, 0

    @classmethod
    async def open(cls, address, port):
        loop = asyncio.get_running_loop()
        _, dns = await loop.create_datagram_endpoint(cls, remote_addr=(address, port))
        return dns

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, octets, _address):
        waiting = self._waiting.pop(int.from_bytes(octets[:2], "big"), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(octets)

    def error_received(self, _error):
        pass  # a port without listener: the question goes unanswered

    async def ask(self, qname, qtype, timeout=0.5):
        """(sent, done, Reply), or None for the reply."""
        self._next = (self._next + 1) % 65536
        number = self._next
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        sent = boot_time()
        self.transport.sendto(question(number, qname, qtype))
        try:
            octets = await asyncio.wait_for(waiting, timeout)
            return sent, boot_time(), Reply(octets)
        except (asyncio.TimeoutError, Malformed):
            return sent, boot_time(), None
        finally:
            self._waiting.pop(number, None)
