"""Answers that are waited for, are long, or are never read: late ones crash nothing, and what one client is owed is bounded."""

import hashlib
import os
import socket
import sqlite3
import time

from tests.support.api import wire
from tests.support.case import Case
from tests.support.load import register_many

MIB = 1 << 20
IS_INSTRUMENTED = "ASAN_OPTIONS" in os.environ or "TSAN_OPTIONS" in os.environ
EVENTS = 100_000
SERVICES = 3_000


def fill_history(path):
    """A full history, as a server that has run for long has one: rows are copied from one that it has written."""
    with sqlite3.connect(path, timeout=10) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(event)")]
        first = database.execute(f"SELECT {columns[0]} FROM event ORDER BY 1 DESC LIMIT 1").fetchone()[0]
        rest = ", ".join(columns[1:])
        database.execute(f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {EVENTS}) "
                         f"INSERT INTO event ({columns[0]}, {rest}) SELECT {first} + i, {rest} FROM event, n "
                         f"WHERE {columns[0]} = {first}")
        database.execute(f"UPDATE roll SET event_id = {first + EVENTS}")
    database.close()


def read_answer(stream):
    """Status and body of the next answer; `stream` is a file."""
    status = int(stream.readline().split()[1])
    length = 0
    for line in iter(stream.readline, b"\r\n"):
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return status, stream.read(length)


class OwedCase(Case):
    def connect(self, receive_buffer=0):
        stream = socket.socket()
        if receive_buffer:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        stream.settimeout(30)
        stream.connect((self.rollcalld.address, self.rollcalld.http_port))
        self.addCleanup(stream.close)
        return stream

    def growth(self, before):
        return self.rollcalld.process.resident_bytes() - before


class LateAnswerTest(OwedCase):
    def test_answers_of_the_history_that_come_too_late_crash_nothing(self):
        server = self.make_server()
        self.rollcalld = server.start()
        self.api_of(server).expect_registered("web", "i-1", "192.0.2.1", ttl="10m")
        server.stop()
        fill_history(server.database)
        server.start()
        api = self.api_of(server)
        readers = [self.connect() for _ in range(4)]
        for reader in readers:
            reader.sendall(wire("GET", "/v1/events?service=nobody") * 256)
        until = time.monotonic() + 13  # longer than an answer may take
        while time.monotonic() < until:
            self.assertEqual(200, api.heartbeat("web", "i-1").status)
            time.sleep(0.1)
        for reader in readers:
            status, body = read_answer(reader.makefile("rb"))
            self.assertIn(status, (200, 503))
            self.assertNotIn(b"change", body)  # a read has changed nothing


class MemoryTest(OwedCase):
    def setUp(self):
        self.rollcalld = self.server()
        self.api = self.api_of(self.rollcalld)

    def register_services(self):
        register_many(self.rollcalld, [(f"service-{n:05}-{'x' * 40}", "i-1", "10m") for n in range(SERVICES)])
        self.api.expect_registered("web", "i-1", "192.0.2.1", ttl="10m")
        return self.api.call("GET", "/v1/services/web").json["index"]

    def test_answers_behind_a_call_that_waits_are_not_made_before_they_can_be_sent(self):
        index = self.register_services()
        self.assertGreater(len(self.api.call("GET", "/v1/services").body), 300_000)
        before = self.rollcalld.process.resident_bytes()
        client = self.connect()
        client.sendall(wire("GET", f"/v1/services/web?index={index}&wait=60s") + wire("GET", "/v1/services") * 255)
        time.sleep(2)
        if not IS_INSTRUMENTED:
            self.assertLess(self.growth(before), 16 * MIB)
        self.api.expect_registered("web", "i-2", "192.0.2.2", ttl="10m")
        answers = client.makefile("rb")
        for n in range(256):
            status, body = read_answer(answers)
            self.assertEqual(200, status)
            self.assertEqual(n == 0, b'"instances":[' in body)

    def test_pages_of_the_history_that_nobody_reads_are_not_held(self):
        server = self.rollcalld
        self.api.expect_registered("web", "i-1", "192.0.2.1", ttl="10m")
        server.stop()
        fill_history(server.database)
        server.start()
        self.api = self.api_of(server)
        before = server.process.resident_bytes()
        client = self.connect(receive_buffer=4096)
        client.sendall(wire("GET", "/v1/events?limit=10000") * 256)
        until = time.monotonic() + 5
        largest = 0
        while time.monotonic() < until:
            self.api.call("GET", "/healthz")
            largest = max(largest, self.growth(before))
            time.sleep(0.1)
        if not IS_INSTRUMENTED:
            self.assertLess(largest, 48 * MIB)


TOKEN = "a-token-for-the-tests-0123456789"


class UnreadBodyTest(OwedCase):
    def setUp(self):
        digest = hashlib.sha256(TOKEN.encode()).hexdigest()
        self.rollcalld = self.server("--config", self.settings_file(
            f'[[token]]\nname = "writer"\nhash = "sha256:{digest}"\nallow = "write"\n'
            f'[[token]]\nname = "reader"\nhash = "sha256:{hashlib.sha256(b"r" * 32).hexdigest()}"\nallow = "read"\n'))

    def test_who_may_not_write_is_told_before_the_body_is_taken(self):
        body = b" " * (MIB - 1)
        for fields, status in ((b"", 401), (b"Authorization: Bearer " + b"r" * 32 + b"\r\n", 403)):
            for expect in (b"", b"Expect: 100-continue\r\n"):
                client = self.connect()
                client.sendall(b"POST /v1/heartbeats HTTP/1.1\r\nHost: localhost\r\n" + fields + expect +
                               b"Content-Length: %d\r\n\r\n" % len(body))  # and none of it
                answer = client.recv(65536)
                self.assertTrue(answer.startswith(b"HTTP/1.1 %d " % status), answer)
                self.assertIn(b"Connection: close", answer)

    def test_bodies_of_strangers_take_no_memory(self):
        before = self.rollcalld.process.resident_bytes()
        clients = [self.connect() for _ in range(60)]
        for client in clients:
            client.sendall(b"POST /v1/heartbeats HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % MIB + b"x" * 9000)
        time.sleep(0.5)
        for client in clients:
            try:
                client.sendall(b" " * (MIB - 10_000))
            except OSError:
                pass  # the server has said what it has to say
        if not IS_INSTRUMENTED:
            self.assertLess(self.growth(before), 16 * MIB)
        self.assertTrue(clients[0].recv(100).startswith(b"HTTP/1.1 401 "))


class SlowReaderTest(OwedCase):
    def test_a_steady_but_slow_reader_gets_a_list_of_many_mib(self):
        self.rollcalld = self.server()
        api = self.api_of(self.rollcalld)
        register_many(self.rollcalld, [("many", f"i-{n:05}-{'x' * 100}", "10m") for n in range(20_000)])
        whole = len(api.call("GET", "/v1/services/many").body)
        self.assertGreater(whole, 8 * MIB)
        client = self.connect(receive_buffer=64 << 10)
        client.sendall(wire("GET", "/v1/services/many", close=True))
        got = b""
        began = time.monotonic()
        while block := client.recv(65536):
            got += block
            if time.monotonic() - began < 14:  # as slowly as that for longer than any fixed time for a write
                time.sleep(len(block) / (300 << 10))
        self.assertEqual(whole, len(got.partition(b"\r\n\r\n")[2]))
