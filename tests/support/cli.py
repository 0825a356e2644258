"""`rollcall` under test, and the servers that it may meet instead of a registry.

The binary is $ROLLCALL, else `rollcall` beside the rollcalld of support.rollcall.
"""

import os
import pathlib
import socket
import subprocess
import threading
import unittest

from tests.support.case import Case
from tests.support.processes import environment, free_port
from tests.support.rollcall import BINARY

ROLLCALL = pathlib.Path(os.environ.get("ROLLCALL") or BINARY.with_name("rollcall")).absolute()


def need_rollcall():
    if not ROLLCALL.exists():
        raise unittest.SkipTest(f"{ROLLCALL} has not been built")


def rollcall(*arguments, stdin="", timeout=30, **changes):
    """Runs it to its end; the result has returncode, stdout and stderr as text. `changes` are of the environment."""
    need_rollcall()
    kept = {k: v for k, v in environment(**changes).items() if not k.startswith("ROLLCALL_") or k in changes}
    return subprocess.run([str(ROLLCALL), *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                          input=stdin, env=kept)


class CliCase(Case):
    """A Case whose rollcall asks the server that was started last."""

    def setUp(self):
        need_rollcall()

    def ask(self, server, *arguments, **options):
        return rollcall("--http", f"{server.address}:{server.http_port}", "--dns", f"{server.address}:{server.dns_port}",
                        *arguments, **options)

    def said(self, server, *arguments, **options):
        """stdout of a command that must succeed."""
        done = self.ask(server, *arguments, **options)
        self.assertEqual((0, ""), (done.returncode, done.stderr), arguments)
        return done.stdout

    def begin(self, server, *arguments, name="rollcall", wrapper=(), pass_fds=(), **changes):
        """A command that goes on, as a Process."""
        return self.start(name, [*wrapper, ROLLCALL, "--http", f"{server.address}:{server.http_port}", *arguments],
                          env=environment(**changes), pass_fds=pass_fds)

    def ids(self, server, service, status=None):
        answer = self.api_of(server).call("GET", f"/v1/services/{service}" + (f"?status={status}" if status else ""))
        return [each["id"] for each in answer.json["instances"]] if answer.status == 200 else []


class BadServer:
    """Listens for TCP and UDP on one port, and is no registry: says `octets` to whoever connects or asks, or nothing."""

    def __init__(self, octets=None, closes=False):
        self.port = free_port()
        self._octets = octets
        self._closes = closes
        self._tcp = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._held = []
        self._threads = [threading.Thread(target=serve, daemon=True) for serve in (self._serve_tcp, self._serve_udp)]
        for thread in self._threads:
            thread.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def close(self):
        self._tcp.shutdown(socket.SHUT_RDWR)
        self._tcp.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            self._octets = None
            waker.sendto(b"", ("127.0.0.1", self.port))
        for thread in self._threads:
            thread.join(5)
        self._udp.close()
        for connection in self._held:
            connection.close()

    def _serve_tcp(self):
        while True:
            try:
                connection, _ = self._tcp.accept()
                if self._octets is not None:
                    connection.sendall(self._octets)
            except OSError:
                if self._tcp.fileno() < 0:
                    return
                continue
            if self._closes:
                connection.close()
            else:
                self._held.append(connection)

    def _serve_udp(self):
        while True:
            question, asker = self._udp.recvfrom(65535)
            if not question:
                return
            if self._octets is not None:
                self._udp.sendto(self._octets, asker)
