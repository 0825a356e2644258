"""What clients do while a server is upgraded: each notes what was lost, refused or wrong."""

import os
import select
import socket
import struct
import threading
import time

from tests.support.api import registration, wire

QUERIES_PER_SECOND = int(os.environ.get("ROLLCALL_TAKEOVER_QPS", "1000"))
QNAME = b"\x03web\x03svc\x08internal\x00"
LAST_ANSWERS = 20  # seconds


class Load(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.ends = threading.Event()


class Queries(Load):
    """Over UDP, at an even rate whatever the answers do; A of web.svc.internal, which has one instance."""

    def __init__(self, port):
        super().__init__()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.connect(("127.0.0.1", port))
        self.sent, self.answered, self.wrong = 0, 0, []

    def run(self):
        begin = time.monotonic()
        while not self.ends.is_set():
            while self.sent < (time.monotonic() - begin) * QUERIES_PER_SECOND:
                self.socket.send(struct.pack("!6H", self.sent & 0xFFFF, 0x0100, 1, 0, 0, 0) + QNAME + b"\0\x01\0\x01")
                self.sent += 1
                self.receive(0)
            self.receive(0.002)
        end = time.monotonic() + LAST_ANSWERS
        while self.answered < self.sent and time.monotonic() < end:
            self.receive(0.05)
        self.socket.close()

    def receive(self, wait):
        while select.select([self.socket], [], [], wait)[0]:
            answer = self.socket.recv(4096)
            _, flags, _, answers = struct.unpack("!4H", answer[:8])
            self.answered += 1
            if flags & 0xF or answers != 1:
                self.wrong.append((flags & 0xF, answers))
            wait = 0


class Heartbeats(Load):
    """Of web/a, on one connection (`stays`), or a new one for each."""

    def __init__(self, port, stays):
        super().__init__()
        self.port, self.stays, self.heads = port, stays, []

    def run(self):
        connection = None
        while not self.ends.is_set():
            try:
                if connection is None:
                    connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
                connection.sendall(wire("POST", "/v1/services/web/instances/a/heartbeat"))
                self.heads.append(connection.recv(65536).split(b"\r\n")[0] or b"closed")
                if not self.stays:
                    connection.close()
                    connection = None
            except OSError as error:
                self.heads.append(repr(error).encode())
                break
            time.sleep(0.01)
        if connection is not None:
            connection.close()


class Registrations(Load):
    """One after the other; each is looked for in the DNS as soon as it is acknowledged. `forgives`: a server may be killed."""

    def __init__(self, http_port, dns_port, forgives=False, prefix="i"):
        super().__init__()
        self.ports = http_port, dns_port
        self.prefix = prefix
        self.forgives, self.acknowledged, self.wrong = forgives, [], []

    def run(self):
        http_port, dns_port = self.ports
        resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        resolver.settimeout(30)
        resolver.connect(("127.0.0.1", dns_port))
        n = 0
        while not self.ends.is_set():
            n += 1
            name = f"{self.prefix}{n}"
            try:
                with socket.create_connection(("127.0.0.1", http_port), timeout=30) as connection:
                    connection.sendall(wire("PUT", f"/v1/services/kept/instances/{name}",
                                            registration("192.0.2.9", 80, ttl="1h"), close=True))
                    head = connection.recv(65536).split(b"\r\n")[0]
                if b" 201 " not in head:
                    raise OSError(f"answered {head!r}")
                self.acknowledged.append(name)
                if not self.forgives:
                    self.look_up(resolver, name, n)
            except OSError as error:
                self.wrong.append((name, repr(error)))
                if not self.forgives:
                    return
            time.sleep(0.01)
        resolver.close()

    def look_up(self, resolver, name, n):
        label = bytes([len(name)]) + name.encode()
        resolver.send(struct.pack("!6H", n & 0xFFFF, 0x0100, 1, 0, 0, 0) + label + b"\x04kept\x03svc\x08internal\0\0\x01\0\x01")
        answer = resolver.recv(4096)
        _, flags, _, answers = struct.unpack("!4H", answer[:8])
        if flags & 0xF or answers != 1:
            self.wrong.append((name, "acknowledged, and not in the DNS", flags & 0xF, answers))
