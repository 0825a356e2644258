"""Rate limits, access lists, and peers on TCP that are slow, silent, half gone, or too many."""

import json
import socket
import struct
import sys
import time
import unittest

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode

from tests.support.case import Case
from tests.support.processes import REPOSITORY, need_program, run
from tests.support.rollcall import BINARY

NAME = "web.svc.internal"
RATE = 20


def message(name=NAME, type="A", **options):
    wire = dns.message.make_query(name, type, **options).to_wire()
    return struct.pack("!H", len(wire)) + wire


def read_messages(stream):
    """Every message until the server closes."""
    octets = b""
    while more := stream.recv(65536):
        octets += more
    while octets:
        length = struct.unpack("!H", octets[:2])[0]
        yield dns.message.from_wire(octets[2:2 + length])
        octets = octets[2 + length:]


class DefenceCase(Case):
    settings = ""

    def setUp(self):
        arguments = ["--config", self.settings_file(self.settings)] if self.settings else []
        self.rollcalld = self.server(*arguments)
        self.api = self.api_of(self.rollcalld)
        self.api.expect_registered("web", "i-1", "192.0.2.1", ttl="10m")

    def ask(self, source="127.0.0.1", tcp=False, name=NAME, **options):
        exchange = dns.query.tcp if tcp else dns.query.udp
        return exchange(dns.message.make_query(name, "A", **options), "127.0.0.1", port=self.rollcalld.dns_port,
                        source=source, timeout=5)

    def tcp(self, timeout=30):
        stream = socket.create_connection(("127.0.0.1", self.rollcalld.dns_port), timeout=timeout)
        self.addCleanup(stream.close)
        return stream

    def metric(self, line_start):
        text = self.api.call("GET", "/metrics").body.decode()
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(line_start))


class BurstCase(DefenceCase):
    def burst(self, source, count=RATE * 10, name=NAME, **options):
        """The replies to `count` queries sent as fast as can be, and how many seconds that took."""
        query = dns.message.make_query(name, "A", **options).to_wire()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind((source, 0))
            udp.connect(("127.0.0.1", self.rollcalld.dns_port))
            udp.settimeout(1)
            began = time.monotonic()
            for _ in range(count):
                udp.send(query)
            replies = []
            try:
                while len(replies) < count:
                    replies.append(dns.message.from_wire(udp.recv(4096)))
            except TimeoutError:
                pass
            return replies, time.monotonic() - began

    def burst_with_cookie(self, source):
        """The replies to a burst with the cookie that the first query has brought."""
        client = bytes(range(8))
        first = self.ask(source, use_edns=0, options=[dns.edns.GenericOption(10, client)])
        cookie = next(option.data for option in first.options if option.otype == 10)
        replies, _ = self.burst(source, use_edns=0, options=[dns.edns.GenericOption(10, cookie)])
        return replies

    def dig_is_answered(self, *words):
        for cookie in ("+nocookie", "+cookie"):
            result = run([need_program("dig"), "@127.0.0.1", *words, "-p", self.rollcalld.dns_port, "+short", cookie, NAME])
            self.assertEqual("192.0.2.1", result.stdout.split("\n")[-2], result.stdout)


class RateLimitTest(BurstCase):
    settings = f"[dns]\nworkers = 1\n[dns.rrl]\nrate = {RATE}\nloopback = true\n"

    def test_beyond_the_rate_answers_are_cut_short_and_tcp_has_them(self):
        replies, seconds = self.burst("127.0.7.1")
        self.assertEqual(RATE * 10, len(replies))
        whole = [reply for reply in replies if reply.answer]
        cut = [reply for reply in replies if reply.flags & dns.flags.TC]
        self.assertEqual(len(replies), len(whole) + len(cut))
        self.assertGreaterEqual(len(whole), RATE)
        self.assertLessEqual(len(whole), RATE * (1 + seconds) + 1)
        self.assertEqual(1, len(self.ask("127.0.7.1", tcp=True).answer))
        self.assertEqual(len(cut), self.metric('rollcall_dns_rate_limited_total{action="truncated"}'))

    def test_another_network_is_answered_meanwhile(self):
        def its_neighbour_is_held_to_the_rate():  # unless so much time has passed that one more answer is due
            self.burst("127.0.7.1")
            neighbour = self.ask("127.0.7.250")
            self.assertTrue(self.ask("127.0.8.1").answer)
            return not neighbour.answer

        self.eventually(its_neighbour_is_held_to_the_rate, "a neighbour's answer is cut short", timeout=60)

    def test_a_client_with_a_cookie_is_answered_in_any_number(self):
        replies = self.burst_with_cookie("127.0.7.1")
        self.assertEqual(RATE * 10, sum(1 for reply in replies if reply.answer))

    def test_dig_finds_its_way_around_the_limit(self):
        self.burst("127.0.7.1")
        self.dig_is_answered("-b", "127.0.7.1")


class CookiesUnderLoadTest(BurstCase):
    settings = f"[dns]\nworkers = 1\ncookies_required_above = {RATE}\n"

    def test_beyond_the_rate_everybody_needs_a_cookie_or_tcp(self):
        replies, seconds = self.burst("127.0.7.1")
        whole = [reply for reply in replies if reply.answer]
        cut = [reply for reply in replies if reply.flags & dns.flags.TC]
        self.assertEqual(RATE * 10, len(whole) + len(cut))
        self.assertGreaterEqual(len(whole), RATE)
        self.assertLessEqual(len(whole), RATE * (1 + seconds) + 1)
        self.assertEqual(len(cut), self.metric('rollcall_dns_cookies_required_total{action="truncated"}'))

    def test_who_comes_back_with_the_cookie_is_answered_in_any_number(self):
        self.burst("127.0.7.1")
        replies = self.burst_with_cookie("127.0.8.1")
        self.assertEqual(RATE * 10, sum(1 for reply in replies if reply.answer))

    def test_dig_finds_its_way(self):
        self.burst("127.0.7.1")
        self.dig_is_answered()


class LoopbackTest(DefenceCase):
    def test_loopback_is_not_limited_by_default(self):
        with self.rollcalld.dns().connected_udp() as udp:
            query = dns.message.make_query(NAME, "A").to_wire()
            for _ in range(1000):
                udp.send(query)
                self.assertFalse(udp.recv(4096)[2] & 2)


class AccessTest(DefenceCase):
    settings = '[dns]\nallow = ["127.0.0.0/24", "127.0.9.0/24"]\ndeny = ["127.0.9.66"]\n'

    def test_who_is_not_allowed_is_refused_with_the_reason(self):
        for tcp in (False, True):
            self.assertTrue(self.ask("127.0.0.5", tcp).answer)
            self.assertTrue(self.ask("127.0.9.1", tcp).answer)
            for outsider in ("127.0.8.1", "127.0.9.66"):
                reply = self.ask(outsider, tcp, use_edns=0)
                self.assertEqual(dns.rcode.REFUSED, reply.rcode())
                self.assertEqual([18], [option.code for option in reply.options if option.otype == 15])
                self.assertEqual([], reply.answer)


class TcpPeersTest(DefenceCase):
    def test_a_message_without_length_or_shorter_than_a_header_ends_the_connection_after_what_came_before(self):
        for junk in (b"\0\0", b"\0\x01x", b"\0\x0b" + b"x" * 11):
            stream = self.tcp()
            stream.sendall(message() + junk + message())
            self.assertEqual(1, len(list(read_messages(stream))))

    def test_a_peer_that_has_closed_its_side_is_still_answered(self):
        stream = self.tcp()
        stream.sendall(message() * 3)
        stream.shutdown(socket.SHUT_WR)
        self.assertEqual(3, len(list(read_messages(stream))))

    def test_a_slow_reader_gets_every_answer(self):
        for n in range(2000):
            self.api.expect_registered("many", f"i-{n}", f"198.51.{n // 250}.{n % 250 + 1}", ttl="10m")
        stream = self.tcp()
        stream.sendall(message("many.svc.internal") * 100)
        stream.shutdown(socket.SHUT_WR)
        time.sleep(2)
        replies = list(read_messages(stream))
        self.assertEqual([2000] * 100, [len(reply.answer[0]) for reply in replies])

    def test_one_octet_a_second_does_not_keep_a_connection_open(self):
        stream = self.tcp()
        began = time.monotonic()
        stream.sendall(message()[:3])
        stream.settimeout(1)
        while time.monotonic() - began < 25:
            try:
                if stream.recv(1) == b"":
                    break
            except TimeoutError:
                stream.send(b"x")
            except ConnectionError:
                break
        self.assertLess(time.monotonic() - began, 20)

    def test_a_thousand_idle_connections_of_loopback_leave_the_rest_alone(self):
        idle = [self.tcp() for _ in range(900)]
        self.assertTrue(self.ask(tcp=True).answer)
        idle[450].sendall(message())
        self.assertTrue(idle[450].recv(100))


# Runs in a network of its own, where the machine has an address that is not loopback.
OPEN_TOO_MANY = """
import json, pathlib, socket, subprocess, sys, time
binary, directory, connections = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
for words in (["link", "set", "lo", "up"], ["addr", "add", "192.0.2.1/32", "dev", "lo"],
              ["addr", "add", "192.0.2.2/32", "dev", "lo"]):
    subprocess.run(["ip", *words], check=True)
server = subprocess.Popen([binary, "--config", "limits.toml", "--dns", "192.0.2.1:5300", "--http", "192.0.2.1:8500"],
                          cwd=directory, stdout=subprocess.PIPE)
server.stdout.readline()
from tests.hostile.test_defence import message
def count_open(port, octets, source):
    streams = [socket.create_connection(("192.0.2.1", port), timeout=5, source_address=(source, 0))
               for _ in range(connections)]
    answered = 0
    for stream in streams:
        try:
            stream.sendall(octets)
            answered += bool(stream.recv(1))
        except ConnectionError:
            pass
    return answered, streams
http = b"GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n"
first, held = count_open(5300, message("svc.internal", "SOA"), "192.0.2.1")
other, _ = count_open(5300, message("svc.internal", "SOA"), "192.0.2.2")
api, _ = count_open(8500, http, "192.0.2.1")
for stream in held:
    stream.close()
time.sleep(0.5)
again, _ = count_open(5300, message("svc.internal", "SOA"), "192.0.2.1")
server.terminate()
print(json.dumps([first, other, api, again, server.wait()]))
"""


class ConnectionsPerClientTest(Case):
    def test_one_client_has_so_many_connections_and_the_next_client_its_own(self):
        self.settings_file("[dns]\nmax_tcp_connections_per_client = 5\n[http]\nmax_connections_per_client = 7\n",
                           "limits.toml")
        unshare, _ = need_program("unshare"), need_program("ip")
        if run([unshare, "--net", "true"]).returncode != 0:
            raise unittest.SkipTest("no network namespace")
        result = run([unshare, "--net", sys.executable, "-c", OPEN_TOO_MANY, BINARY, self.directory, 12],
                     cwd=REPOSITORY)
        self.assertEqual(0, result.returncode, result.stderr)
        self.assertEqual([5, 5, 7, 5, 0], json.loads(result.stdout.splitlines()[-1]))
