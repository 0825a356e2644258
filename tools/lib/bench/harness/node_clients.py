"""Clients of nodes: one that asks for addresses, one that keeps leases, and one that goes to the next node."""

import http.client
import socket
import struct
import threading
import time

from bench.harness import pipeline
from bench.harness.roll import ZONE

RENEW_EVERY = 0.4
HEARTBEAT_EVERY = 0.01
HEARTBEAT_TIMEOUT = 0.5


class Asker:
    """Questions for addresses of services, one at a time, to one node."""

    def __init__(self, node):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", node.dns_port))
        self._socket.settimeout(1)
        self._number = 0

    def has(self, service):
        self._number = (self._number + 1) & 65535
        labels = f"{service}.{ZONE}".split(".")
        name = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
        self._socket.send(struct.pack(">HHHHHH", self._number, 0, 1, 0, 0, 0) + name + b"\0\1\0\1")
        while (answer := self._socket.recv(4096))[:2] != self._number.to_bytes(2, "big"):
            pass  # of a question that was given up
        return answer[6:8] != b"\0\0"

    def close(self):
        self._socket.close()


class Renewals(threading.Thread):
    """Keeps the leases of `batches` (requests; more are put there as they are registered) until it is stopped."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.batches, self._answered, self._port, self._is_over = [], 0.0, port, threading.Event()

    def run(self):
        with pipeline.Pipeline(self._port) as client:
            while not self._is_over.is_set():
                begun = time.monotonic()
                client.run(list(self.batches), {200}, depth=4)
                self._answered = time.monotonic()
                self._is_over.wait(max(0, RENEW_EVERY - (time.monotonic() - begun)))

    def stop(self):
        """When the last answer came."""
        self._is_over.set()
        self.join()
        return self._answered


class Client(threading.Thread):
    """Heartbeats for one instance, every 10 ms, from the first of `ports` on; when one does not answer with 200, at once from the
    next. `answered`: the times of the 200s."""

    def __init__(self, ports):
        super().__init__(daemon=True)
        self.answered, self.others, self._ports, self._is_over = [], 0, list(ports), threading.Event()

    def run(self):
        connection = None
        while not self._is_over.is_set():
            connection = connection or http.client.HTTPConnection("127.0.0.1", self._ports[0], timeout=HEARTBEAT_TIMEOUT)
            if self._beat(connection):
                self.answered.append(time.monotonic())
                self._is_over.wait(HEARTBEAT_EVERY)
                continue
            self.others += 1
            connection.close()
            connection = None
            self._ports.append(self._ports.pop(0))
            self._is_over.wait(0.001)

    @staticmethod
    def _beat(connection):
        try:
            connection.request("POST", "/v1/services/f/instances/one/heartbeat")
            answer = connection.getresponse()
            answer.read()
            return answer.status == 200
        except (OSError, http.client.HTTPException):
            return False

    def stop(self):
        self._is_over.set()
        self.join()
