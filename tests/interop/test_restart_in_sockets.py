"""A server whose sockets a service manager keeps is restarted under load: what comes meanwhile waits, and is answered."""

import os
import signal
import socket
import struct
import subprocess
import threading
import time

from tests.support.api import registration, wire
from tests.support.case import Case
from tests.support.processes import environment, free_port, wait_until
from tests.support.rollcall import BINARY, need_binary

RESTARTS = 3
# 512 wait in a socket of the default size, 10,000 where a larger one may be had; a restart on a busy machine takes seconds.
QUERIES_PER_SECOND = 300 if os.geteuid() == 0 else 50
RECEIVE_BUFFER = 4 << 20
SO_RCVBUFFORCE = 33  # as systemd does for ReceiveBuffer=
ANSWER_WITHIN = 20
QNAME = b"\x03web\x03svc\x08internal\x00"


class Queries(threading.Thread):
    """Sends numbered queries at a steady rate from one socket; `answered` has the numbers that came back."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(0.05)
        self.sent = 0
        self.refused = 0
        self.answered = set()
        self.wrong = []
        self.ends = threading.Event()

    def run(self):
        begin = time.monotonic()
        deadline = None
        while deadline is None or (len(self.answered) < self.sent and time.monotonic() < deadline):
            if not self.ends.is_set():
                while self.sent < (time.monotonic() - begin) * QUERIES_PER_SECOND:
                    self.socket.send(struct.pack("!6H", self.sent, 0x0100, 1, 0, 0, 0) + QNAME + b"\0\x01\0\x01")
                    self.sent += 1
            elif deadline is None:
                deadline = time.monotonic() + ANSWER_WITHIN
            self.receive()

    def receive(self):
        try:
            answer = self.socket.recv(4096)
        except socket.timeout:
            return
        except ConnectionRefusedError:
            self.refused += 1
            return
        number, flags, _, answers = struct.unpack("!4H", answer[:8])
        self.answered.add(number)
        if flags & 0xF or answers != 1:
            self.wrong.append((number, flags & 0xF, answers))


class Heartbeats(threading.Thread):
    """One after the other, each on a connection of its own."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.heads = []
        self.ends = threading.Event()

    def run(self):
        while not self.ends.is_set():
            with socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_WITHIN) as connection:
                connection.sendall(wire("POST", "/v1/services/web/instances/a/heartbeat", close=True))
                try:
                    self.heads.append(connection.recv(4096).split(b"\r\n")[0])
                except OSError as error:
                    self.heads.append(repr(error).encode())
            time.sleep(0.01)


class RestartTest(Case):
    def setUp(self):
        need_binary()
        self.dns, self.http = free_port(), free_port()
        self.held = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(), socket.socket()]
        for each in self.held:
            self.addCleanup(each.close)
        if os.geteuid() == 0:
            self.held[0].setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        self.held[0].bind(("127.0.0.1", self.dns))
        for each, port in zip(self.held[1:], (self.dns, self.http)):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            each.bind(("127.0.0.1", port))
            each.listen(512)

    def start_once(self, number):
        log = self.directory / f"rollcalld-{number}.stderr"

        def place():
            for i, each in enumerate(self.held):
                os.dup2(each.fileno(), 200 + i)
            for i in range(len(self.held)):
                os.dup2(200 + i, 3 + i, inheritable=True)
            os.closerange(3 + len(self.held), 300)

        words = ["sh", "-c", 'exec env LISTEN_PID=$$ LISTEN_FDS=3 "$@"', "sh", BINARY, "--db", self.directory / "rollcall.db"]
        with open(log, "wb") as err:
            process = subprocess.Popen([str(word) for word in words], stderr=err, stdout=subprocess.DEVNULL, preexec_fn=place,
                                       close_fds=False, env=environment())
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_until(lambda: "is ready" in log.read_text(), 20, "it is ready")
        return process

    def register(self):
        with socket.create_connection(("127.0.0.1", self.http), timeout=10) as connection:
            connection.sendall(wire("PUT", "/v1/services/web/instances/a", registration("192.0.2.1", 80), close=True))
            self.assertIn(b" 201 ", connection.recv(4096).split(b"\r\n")[0])

    def test_no_query_is_lost_and_no_heartbeat_refused_while_it_is_restarted(self):
        process = self.start_once(0)
        self.register()
        queries, heartbeats = Queries(self.dns), Heartbeats(self.http)
        for each in (queries, heartbeats):
            each.start()
        for number in range(1, RESTARTS + 1):
            time.sleep(0.4)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(0, process.wait(20))
            process = self.start_once(number)
        time.sleep(0.4)
        for each in (queries, heartbeats):
            each.ends.set()
        for each in (queries, heartbeats):
            each.join(ANSWER_WITHIN + 10)
        queries.socket.close()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(20))
        self.assertEqual([], queries.wrong)
        self.assertEqual((0, 0), (queries.refused, queries.sent - len(queries.answered)), f"of {queries.sent}")
        self.assertEqual({b"HTTP/1.1 200 OK"}, set(heartbeats.heads), f"of {len(heartbeats.heads)}")
        self.assertGreater(len(heartbeats.heads), 10)
        print(f"\n{queries.sent} queries and {len(heartbeats.heads)} heartbeats, {RESTARTS} restarts")
