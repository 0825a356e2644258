"""Garbage over HTTP: a 4xx or a closed connection; the server stays, and nothing of it is stored."""

import os
import random
import socket
import time

from tests.support.api import instance_path, registration, wire
from tests.support.case import Case

GROWTH_MAX_BYTES = 32 * 1024 * 1024


class GarbageHttpTest(Case):
    def setUp(self):
        self.rollcalld = self.server()
        self.where = (self.rollcalld.address, self.rollcalld.http_port)
        self.api = self.api_of(self.rollcalld)
        self.api.expect_registered("web", "i-1", "192.0.2.1")

    def tearDown(self):
        self.assertTrue(self.rollcalld.is_ready())
        self.assertEqual({"i-1"}, self.api_of(self.rollcalld).ids("web"))
        listed = self.api_of(self.rollcalld).call("GET", "/v1/services").json["services"]
        self.assertEqual(["web"], [service["service"] for service in listed])
        super().tearDown()

    def exchange(self, data, timeout=5):
        """What the server says until it closes, or is silent for `timeout`."""
        with socket.create_connection(self.where, timeout=timeout) as connection:
            received = b""
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                while block := connection.recv(65536):
                    received += block
            except OSError:
                pass
            return received

    def expect_refused(self, data):
        answer = self.exchange(data)
        if answer:
            self.assertRegex(answer[:13], rb"^HTTP/1\.[01] 4\d\d ", data[:80])

    def test_bad_request_lines_are_refused(self):
        for line in (b"\r\n\r\n", b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0\1\2\3\r\n\r\n",
                     b"G\xc3\xa4T / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /v1/services HTTP/1.1\r\nbad header\r\n\r\n",
                     b"GET  / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\n\r\n"):
            with self.subTest(line=line[:40]):
                self.expect_refused(line)

    def test_targets_that_are_none_are_refused(self):
        for target in (b"*", b"//", b"/%zz", b"/v1/services/%", b"/v1/services/\xff", b"http://[::1", b"/v1/../../etc",
                       b"/v1/services/web/instances/" + b"a" * 5000, b"/v1/services/%00/instances/x"):
            with self.subTest(target=target[:40]):
                self.expect_refused(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def test_queries_are_read_or_refused_at_any_length(self):
        for query in (b"%zz", b"a=b", b"zone=nowhere.test", b"&&==&", b"zone", b"=", b"zone=%00", b"status=" + b"x" * 3000):
            with self.subTest(query=query[:40]):
                answer = self.exchange(b"GET /v1/services/web?" + query + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertRegex(answer[:13], rb"^HTTP/1\.1 [24]\d\d ")
        for length in range(0, 400, 7):
            good = b"GET /v1/services/web?status=ready&zone=svc.internal HTTP/1.1\r\nHost: localhost\r\nX-Fill: " + b"x" * length + b"\r\n\r\n"
            self.assertTrue(self.exchange(good).startswith(b"HTTP/1.1 200 "))

    def test_headers_without_end_are_refused(self):
        self.expect_refused(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000 + b"\r\n\r\n")
        self.expect_refused(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X-Y: z\r\n" * 20_000 + b"\r\n")

    def test_bad_lengths_and_chunks_are_refused(self):
        head = b"PUT /v1/services/evil/instances/i-1 HTTP/1.1\r\nHost: localhost\r\n"
        body = b'{"address":"192.0.2.66","port":80}'
        for rest in (b"Content-Length: -1\r\n\r\n" + body, b"Content-Length: x\r\n\r\n" + body,
                     b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + body,
                     b"Content-Length: 99999999999999999999\r\n\r\n" + body,
                     b"Content-Length: 1000\r\n\r\n" + body,
                     b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body,
                     b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" + body,
                     b"Transfer-Encoding: chunked\r\n\r\n5\r\n" + body,
                     b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"):
            with self.subTest(rest=rest[:50]):
                self.expect_refused(head + rest)

    def test_a_body_over_the_limit_is_refused_with_413(self):
        for size in (64 * 1024 + 1, 5 * 1024 * 1024):
            head = f"PUT /v1/services/evil/instances/i-1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode()
            answer = self.exchange(head + b" " * min(size, 70_000))
            self.assertTrue(answer.startswith(b"HTTP/1.1 413 ") or answer == b"", answer[:80])

    def test_bodies_with_bits_flipped_are_refused_or_understood_and_never_more(self):
        seed = int(os.environ.get("ROLLCALL_TEST_SEED") or random.randrange(1 << 32))
        chance = random.Random(seed)
        good = b'{"address":"192.0.2.1","port":80,"ttl":"300s","tags":["a"],"meta":{"k":"v"}}'
        for _ in range(500):
            body = bytearray(good)
            for _ in range(chance.randrange(1, 4)):
                body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
            answer = self.api.call("PUT", instance_path("web", "i-1"), bytes(body))
            self.assertIn(answer.status, (200, 400), f"seed {seed}: {bytes(body)!r}: {answer}")

    def test_random_bytes_are_survived(self):
        seed = int(os.environ.get("ROLLCALL_TEST_SEED") or random.randrange(1 << 32))
        chance = random.Random(seed)
        before = self.rollcalld.process.resident_bytes()
        request = wire("PUT", "/v1/services/web/instances/i-1", registration("192.0.2.1", 80))
        for n in range(300):
            data = bytearray(request)
            for _ in range(chance.randrange(1, 6)):
                data[chance.randrange(20, len(data))] ^= 1 << chance.randrange(8)
            self.exchange(bytes(data[:chance.randrange(len(data))]) if n % 3 else chance.randbytes(300))
        if "ASAN_OPTIONS" not in os.environ and "TSAN_OPTIONS" not in os.environ:
            self.assertLess(self.rollcalld.process.resident_bytes() - before, GROWTH_MAX_BYTES)

    def test_slow_clients_do_not_keep_others_waiting(self):
        request = wire("GET", "/v1/services")
        slow = [socket.create_connection(self.where, timeout=5) for _ in range(100)]
        for connection in slow:
            self.addCleanup(connection.close)
        for step in range(10):
            for connection in slow:
                connection.sendall(request[step:step + 1])
            began = time.monotonic()
            self.assertEqual(200, self.api.call("GET", "/v1/services").status)
            self.assertLess(time.monotonic() - began, 3)

    def test_a_client_that_pipelines_and_never_reads_costs_no_more_than_a_bound(self):
        before = self.rollcalld.process.resident_bytes()
        request = wire("GET", "/v1/services/web") * 100
        with socket.create_connection(self.where, timeout=1) as connection:
            try:
                for _ in range(2000):
                    connection.sendall(request)
            except OSError:
                pass  # the server stops reading, or hangs up
            self.assertEqual(200, self.api.call("GET", "/v1/services").status)
            if "ASAN_OPTIONS" not in os.environ and "TSAN_OPTIONS" not in os.environ:
                self.assertLess(self.rollcalld.process.resident_bytes() - before, GROWTH_MAX_BYTES)
