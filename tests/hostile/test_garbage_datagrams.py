"""Garbage over DNS: silence or FORMERR, never a crash, a leak or a wrong answer afterwards. The seed is printed."""

import os
import random
import socket
import struct
import time

import dns.exception
import dns.message

from tests.support.case import Case
from tests.support.processes import need_open_files

DATAGRAMS = 6000
TCP_CONNECTIONS_MAX = 1000  # the server's setting
GROWTH_MAX_BYTES = 32 * 1024 * 1024
REPLIES_ALLOWED = {0, 1, 3, 4, 5, 6, 9, 16}  # NOERROR FORMERR NXDOMAIN NOTIMP REFUSED YXDOMAIN NOTAUTH BADVERS


def valid_queries():
    """Questions of many shapes, as bytes."""
    for name in ("web.svc.internal", "_web._tcp.svc.internal", "nobody.svc.internal", "alias.svc.internal", ".",
                 "www.example.org", "x." * 60 + "svc.internal", "a" * 63 + ".svc.internal"):
        for type in ("A", "AAAA", "SRV", "ANY", "SOA", "TXT", "AXFR", "TYPE65400"):
            for edns in (False, 0, 1):
                yield dns.message.make_query(name, type, use_edns=edns).to_wire()


class Garbage:
    def __init__(self):
        self.seed = int(os.environ.get("ROLLCALL_TEST_SEED") or random.randrange(1 << 32))
        self._random = random.Random(self.seed)
        self._queries = list(valid_queries())

    def message(self):
        """Random bytes, a truncated query, a query with bits flipped, or one with bytes added."""
        query = self._random.choice(self._queries)
        shape = self._random.randrange(5)
        if shape == 0:
            return self._random.randbytes(self._random.randrange(0, 600))
        if shape == 1:
            return query[:self._random.randrange(len(query))]
        if shape == 2:
            return query + self._random.randbytes(self._random.randrange(1, 40))
        changed = bytearray(query)
        for _ in range(self._random.randrange(1, 8)):
            changed[self._random.randrange(len(changed))] ^= 1 << self._random.randrange(8)
        return bytes(changed)


class GarbageTest(Case):
    def setUp(self):
        self.garbage = Garbage()
        self.rollcalld = self.server_with_zone()
        self.dns = self.rollcalld.dns()
        self.api_of(self.rollcalld).expect_registered("web", "i-1", "192.0.2.1", 8080)
        self.where = (self.rollcalld.address, self.rollcalld.dns_port)

    def expect_well(self):
        self.assertTrue(self.rollcalld.process.is_running(), f"seed {self.garbage.seed}")
        self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.svc.internal"))
        self.assertEqual({8080}, self.dns.ports("_web._tcp.svc.internal", tcp=True))

    def expect_no_growth_beyond(self, before):
        """Under a sanitizer freed memory is kept for a while: nothing can be said there."""
        if "ASAN_OPTIONS" not in os.environ and "TSAN_OPTIONS" not in os.environ:
            self.assertLess(self.rollcalld.process.resident_bytes() - before, GROWTH_MAX_BYTES)

    def drain(self, udp):
        """Whatever has come back is a reply, not a question, and has an RCODE that garbage may have."""
        udp.setblocking(False)
        replies = 0
        try:
            while True:
                reply = udp.recv(65535)
                self.assertGreaterEqual(len(reply), 12)
                self.assertTrue(reply[2] & 0x80)
                self.assertIn(reply[3] & 15, REPLIES_ALLOWED, f"seed {self.garbage.seed}")
                replies += 1
        except BlockingIOError:
            return replies

    def test_garbage_datagrams_are_survived(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.connect(self.where)
            self.send(udp, DATAGRAMS // 3)
            before = self.rollcalld.process.resident_bytes()
            replies = self.send(udp, DATAGRAMS)
        print(f"\nseed {self.garbage.seed}: {replies} replies to {DATAGRAMS} pieces of garbage")
        self.expect_well()
        self.expect_no_growth_beyond(before)

    def send(self, udp, count):
        replies = 0
        for n in range(count):
            udp.send(self.garbage.message())
            if n % 50 == 49:
                self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.svc.internal"))
                replies += self.drain(udp)
        return replies

    def test_what_is_too_short_or_is_a_reply_gets_silence(self):
        query = dns.message.make_query("web.svc.internal", "A").to_wire()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.connect(self.where)
            for length in range(12):
                udp.send(query[:length])
            udp.send(query[:2] + bytes([query[2] | 0x80]) + query[3:])
            udp.send(bytes(65507))
            self.expect_well()
            time.sleep(0.2)
            self.assertLessEqual(self.drain(udp), 1)  # the largest of datagrams, all zeros, may be FORMERR

    def test_garbage_over_tcp_closes_at_most_its_own_connection(self):
        before = self.rollcalld.process.resident_bytes()
        for n in range(400):
            message = self.garbage.message()
            with socket.create_connection(self.where, timeout=5) as tcp:
                try:
                    tcp.sendall(struct.pack(">H", len(message)) + message)
                    if n % 4 == 0:
                        tcp.sendall(struct.pack(">H", 65535) + message)  # promises more than it sends
                except (BrokenPipeError, ConnectionResetError):
                    pass
            if n % 50 == 49:
                self.expect_well()
        self.expect_well()
        self.expect_no_growth_beyond(before)

    def test_idle_and_half_sent_tcp_connections_do_not_keep_others_out(self):
        query = dns.message.make_query("web.svc.internal", "A").to_wire()
        for n in range(200):
            self.half_open().sendall((struct.pack(">H", len(query)) + query)[:n % 20])
        self.expect_well()

    def test_more_connections_than_the_limit_are_turned_away_and_the_rest_go_on(self):
        need_open_files(2 * TCP_CONNECTIONS_MAX)
        held = [self.half_open() for _ in range(TCP_CONNECTIONS_MAX + 100)]
        self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.svc.internal"))
        for tcp in held:
            tcp.close()
        self.eventually(self.answers_over_tcp, "TCP is served again")
        self.expect_well()

    def half_open(self):
        tcp = socket.create_connection(self.where, timeout=5)
        self.addCleanup(tcp.close)
        return tcp

    def answers_over_tcp(self):
        try:
            return self.dns.addresses("web.svc.internal", tcp=True) == {"192.0.2.1"}
        except (OSError, EOFError, dns.exception.DNSException):
            return False

    def test_a_client_that_never_reads_its_answers_costs_no_more_than_a_bound(self):
        for n in range(60):
            self.api_of(self.rollcalld).expect_registered("many", f"i-{n}", f"192.0.2.{n + 1}", 8000 + n)
        query = dns.message.make_query("_many._tcp.svc.internal", "SRV").to_wire()
        before = self.rollcalld.process.resident_bytes()
        with socket.create_connection(self.where, timeout=1) as tcp:
            try:
                for _ in range(20_000):
                    tcp.sendall((struct.pack(">H", len(query)) + query) * 10)
            except OSError:
                pass  # the server stops reading, or hangs up
            self.expect_well()
            self.expect_no_growth_beyond(before)
