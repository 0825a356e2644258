"""HTTP requests sent ahead of their answers, over one connection: as fast as Python can."""

import json
import re
import socket
import time

DEPTH = 200
LENGTH = re.compile(rb"content-length:\s*(\d+)", re.I)


def post(path, body=b""):
    """A request. `body`: octets, or what is to be JSON."""
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    return b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (path.encode(), len(octets)) + octets


class Pipeline:
    def __init__(self, port):
        self.connection = socket.create_connection(("127.0.0.1", port))
        self.stream = self.connection.makefile("rb", buffering=1 << 18)

    def run(self, requests, expected, depth=DEPTH):
        """[(when sent, when answered, body)] in order; every status must be one of `expected`."""
        answers = []
        for first in range(0, len(requests), depth):
            block = requests[first:first + depth]
            sent = time.monotonic()
            self.connection.sendall(b"".join(block))
            answers += [(sent, *self._answer(expected)) for _ in block]
        return answers

    def _answer(self, expected):
        status, length = int(self.stream.readline().split()[1]), 0
        for line in iter(self.stream.readline, b"\r\n"):
            if found := LENGTH.match(line):
                length = int(found[1])
        body = self.stream.read(length)
        assert status in expected, f"{status}: {body.decode()}"
        return time.monotonic(), body

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.connection.close()
