"""DNS over TLS and the API over HTTPS, as kdig, curl, OpenSSL and Python's ssl see them."""

import re
import shutil
import socket
import ssl
import struct
import time

import dns.message
import dns.query
import dns.rdatatype

from tests.support import certificates
from tests.support.case import Case
from tests.support.dnsclient import framed, read_framed
from tests.support.processes import need_program, run
from tests.support.rollcall import run_to_end

SETTINGS = certificates.LISTENERS + """\
[[zone]]
name = "svc.internal"
transfer_to = ["127.0.0.1"]
"""


class TlsCase(Case):
    def setUp(self):
        self.certificate, self.key = certificates.make(self.directory)
        settings = self.settings_file(SETTINGS.format(certificate=self.certificate, key=self.key))
        self.rollcalld = self.server("--config", settings)
        self.api = self.api_of(self.rollcalld)
        listeners = self.api.call("GET", "/v1/status").json["listeners"]
        self.dns_port = int(listeners["dns_tls"][0].rpartition(":")[2])
        self.https_port = int(listeners["https"][0].rpartition(":")[2])

    def context(self, alpn=(), certificate=None, **limits):
        context = ssl.create_default_context(cafile=certificate or self.certificate)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        for name, value in limits.items():
            setattr(context, name, value)
        return context

    def connect(self, port=None, session=None, **options):
        raw = socket.create_connection(("127.0.0.1", port or self.dns_port), timeout=10)
        self.addCleanup(raw.close)
        stream = self.context(**options).wrap_socket(raw, server_hostname=certificates.NAME, session=session)
        self.addCleanup(stream.close)
        return stream

    def serial_of(self, port):
        with self.connect(port, certificate=self.certificate) as stream:
            return stream.getpeercert()["serialNumber"]


def read_message(stream, **options):
    """None at the end."""
    try:
        return dns.message.from_wire(read_framed(stream), **options)
    except EOFError:
        return None


class DnsOverTlsTest(TlsCase):
    def setUp(self):
        super().setUp()
        self.api.expect_registered("web", "i-1", "192.0.2.1")

    def kdig(self, *words):
        result = run([need_program("kdig"), "@127.0.0.1", "-p", self.dns_port, *words])
        return result.stdout + result.stderr

    def test_kdig_asks_over_tls_and_believes_the_certificate(self):
        text = self.kdig(f"+tls-ca={self.certificate}", f"+tls-hostname={certificates.NAME}", "web.svc.internal", "A")
        self.assertIn("TLS session (TLS1.3)", text)
        self.assertIn("status: NOERROR", text)
        self.assertRegex(text, r"web\.svc\.internal\.\s+1\s+IN\s+A\s+192\.0\.2\.1")

    def test_kdig_does_not_believe_another_name(self):
        text = self.kdig(f"+tls-ca={self.certificate}", "+tls-hostname=other.test", "web.svc.internal", "A")
        self.assertNotIn("192.0.2.1", text)

    def test_who_pads_is_padded_to_in_blocks_of_468(self):
        text = self.kdig("+tls", "+padding=128", "web.svc.internal", "A")
        self.assertIn("PADDING", text)
        self.assertIn("Received 468 B", text)

    def test_kdig_transfers_the_zone_over_tls(self):  # RFC 9103
        address = re.compile(r"web\.svc\.internal\.\s+1\s+IN\s+A\s+192\.0\.2\.1")
        self.eventually(lambda: address.search(self.kdig("+tls", "svc.internal", "AXFR")), "the transfer has the address")

    def test_a_transfer_and_questions_share_a_connection(self):  # RFC 9103 §7.3.2
        with self.connect(alpn=["dot"]) as stream:
            stream.sendall(framed("svc.internal", "AXFR") + framed("web.svc.internal"))
            self.assertEqual(dns.rdatatype.SOA, read_message(stream, one_rr_per_rrset=True).answer[0].rdtype)
            self.assertEqual(1, len(read_message(stream).answer))

    def test_alpn_agrees_on_dot_and_on_nothing_else(self):
        self.assertEqual("dot", self.connect(alpn=["dot"]).selected_alpn_protocol())
        self.assertEqual("dot", self.connect(alpn=["h2", "dot"]).selected_alpn_protocol())
        self.assertIsNone(self.connect().selected_alpn_protocol())
        with self.assertRaises(ssl.SSLError):
            self.connect(alpn=["h2"])
        result = run([need_program("openssl"), "s_client", "-connect", f"127.0.0.1:{self.dns_port}", "-alpn", "dot",
                      "-CAfile", self.certificate])
        self.assertIn("ALPN protocol: dot", result.stdout)
        self.assertIn("Verify return code: 0 (ok)", result.stdout)

    def test_tls_1_2_and_1_3_are_spoken_and_nothing_older(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            stream = self.connect(minimum_version=version, maximum_version=version)
            stream.sendall(framed("web.svc.internal"))
            self.assertEqual(1, len(read_message(stream).answer))
        result = run([need_program("openssl"), "s_client", "-connect", f"127.0.0.1:{self.dns_port}", "-tls1_1",
                      "-cipher", "DEFAULT@SECLEVEL=0"])
        self.assertNotEqual(0, result.returncode)

    def test_a_session_is_resumed(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context(maximum_version=version)
            sessions = [None]
            for turn in range(2):
                with socket.create_connection(("127.0.0.1", self.dns_port), timeout=10) as raw, \
                        context.wrap_socket(raw, server_hostname=certificates.NAME, session=sessions[0]) as stream:
                    stream.sendall(framed("web.svc.internal"))
                    self.assertIsNotNone(read_message(stream))  # tickets of TLS 1.3 come with the first octets
                    self.assertEqual(turn == 1, stream.session_reused)
                    sessions[0] = stream.session

    def test_queries_sent_together_are_answered_in_order_on_one_connection(self):
        stream = self.connect()
        queries = [dns.message.make_query("web.svc.internal", "A") for _ in range(50)]
        stream.sendall(b"".join(struct.pack("!H", len(q.to_wire())) + q.to_wire() for q in queries))
        for query in queries:
            self.assertTrue(query.is_response(read_message(stream)))

    def test_octets_that_come_one_by_one_are_a_query_in_the_end(self):
        stream = self.connect()
        for octet in framed("web.svc.internal"):
            stream.sendall(bytes([octet]))
        self.assertEqual(1, len(read_message(stream).answer))

    def test_an_answer_of_many_records_is_read_as_slowly_as_one_likes(self):
        for n in range(3000):
            self.api.expect_registered("many", f"i-{n}", f"198.51.{n // 250}.{n % 250 + 1}", ttl="10m")
        stream = self.connect()
        stream.sendall(framed("many.svc.internal") * 20)
        time.sleep(1)
        for _ in range(20):
            self.assertEqual(3000, len(read_message(stream).answer[0]))

    def test_dnspython_asks_over_tls(self):
        reply = dns.query.tls(dns.message.make_query("web.svc.internal", "A"), "127.0.0.1", port=self.dns_port,
                              timeout=5, ssl_context=self.context(), server_hostname=certificates.NAME)
        self.assertEqual("192.0.2.1", reply.answer[0][0].address)

    def test_a_message_that_is_none_ends_the_connection_with_close_notify(self):
        for message in (b"\0\0", b"\0\x0b" + b"x" * 11):
            stream = self.connect()
            stream.sendall(framed("web.svc.internal") + message)
            self.assertIsNotNone(read_message(stream))
            self.assertEqual(b"", stream.recv(1))  # without close_notify, ssl.SSLEOFError

    def test_a_peer_that_ends_with_close_notify_gets_one_back(self):
        stream = self.connect()
        stream.sendall(framed("web.svc.internal"))
        self.assertIsNotNone(read_message(stream))
        stream.unwrap().close()

    def test_an_idle_connection_is_ended_with_close_notify(self):
        stream = self.connect()
        stream.settimeout(30)
        stream.sendall(framed("web.svc.internal") + b"\0")
        self.assertIsNotNone(read_message(stream))
        self.assertEqual(b"", stream.recv(1))

    def test_what_does_not_speak_tls_is_turned_away_and_keeps_nobody_waiting(self):
        with socket.create_connection(("127.0.0.1", self.dns_port), timeout=10) as plain:
            plain.sendall(framed("web.svc.internal"))
            while plain.recv(100):
                pass
        silent = [socket.create_connection(("127.0.0.1", self.dns_port), timeout=20) for _ in range(20)]
        self.assertEqual("192.0.2.1", self.connect_and_ask())
        for each in silent:
            self.assertEqual(b"", each.recv(1))
            each.close()

    def connect_and_ask(self):
        stream = self.connect()
        stream.sendall(framed("web.svc.internal"))
        return read_message(stream).answer[0][0].address

    def test_connections_cut_off_anywhere_in_the_handshake_harm_nobody(self):
        context = self.context()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(incoming, outgoing, server_hostname=certificates.NAME)
        with self.assertRaises(ssl.SSLWantReadError):
            client.do_handshake()
        hello = outgoing.read()
        for length in range(0, len(hello) + 1, 16):
            with socket.create_connection(("127.0.0.1", self.dns_port), timeout=10) as raw:
                raw.sendall(hello[:length])
        self.assertEqual("192.0.2.1", self.connect_and_ask())


class HttpsTest(TlsCase):
    def curl(self, path, *words):
        where = f"{certificates.NAME}:{self.https_port}"
        return run([need_program("curl"), "-sS", "--cacert", self.certificate, "--resolve", f"{where}:127.0.0.1",
                    *words, f"https://{where}{path}"])

    def test_curl_registers_and_reads_over_https(self):
        result = self.curl("/v1/heartbeat", "--data", '{"service":"web","address":"192.0.2.1","port":80}')
        self.assertEqual(0, result.returncode, result.stderr)
        self.assertIn('"service":"web"', result.stdout)
        self.assertEqual({"192.0.2.1"}, self.rollcalld.dns().addresses("web.svc.internal"))
        self.assertIn('"web"', self.curl("/v1/services").stdout)

    def test_curl_does_not_believe_a_certificate_it_does_not_know(self):
        other, _ = certificates.make(self.directory, "other")
        result = run([need_program("curl"), "-sS", "--cacert", other, f"https://127.0.0.1:{self.https_port}/healthz"])
        self.assertEqual(60, result.returncode)

    def test_alpn_agrees_on_http_1_1(self):
        self.assertEqual("http/1.1", self.connect(self.https_port, alpn=["h2", "http/1.1"]).selected_alpn_protocol())
        with self.assertRaises(ssl.SSLError):
            self.connect(self.https_port, alpn=["dot"])

    def test_pipelined_requests_are_answered_in_order(self):
        stream = self.connect(self.https_port)
        bodies = [f'{{"service":"web","id":"i-{n}","address":"192.0.2.{n + 1}","port":80}}' for n in range(50)]
        stream.sendall(b"".join(f"POST /v1/heartbeat HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}"
                                .encode() for body in bodies))
        text = b""
        while text.count(b"HTTP/1.1 201") < len(bodies):
            more = stream.recv(65536)
            self.assertTrue(more, text[-300:])
            text += more
        places = [text.index(f'"id":"i-{n}"'.encode()) for n in range(50)]
        self.assertEqual(sorted(places), places)

    def test_a_large_read_arrives_whole(self):
        for n in range(2000):
            self.api.expect_registered("many", f"i-{n}", f"198.51.{n // 250}.{n % 250 + 1}", ttl="10m")
        result = self.curl("/v1/services/many")
        self.assertEqual(2000, result.stdout.count('"expires_in_ms"'))

    def test_connection_close_is_followed_by_close_notify(self):
        stream = self.connect(self.https_port)
        stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        text = b""
        while more := stream.recv(4096):  # without close_notify, ssl.SSLEOFError
            text += more
        self.assertIn(b"HTTP/1.1 200", text)

    def test_plain_http_on_the_https_port_is_turned_away(self):
        with socket.create_connection(("127.0.0.1", self.https_port), timeout=10) as plain:
            plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            octets = b""
            while more := plain.recv(1000):
                octets += more
        self.assertNotIn(b"200", octets)


class ReloadTest(TlsCase):
    def replace_certificate(self, **names):
        new_certificate, new_key = certificates.make(self.directory, "new", **names)
        shutil.move(new_key, self.key)
        shutil.move(new_certificate, self.certificate)

    def test_sighup_shows_the_new_certificate_and_leaves_open_connections_alone(self):
        old = self.serial_of(self.dns_port)
        stream = self.connect()
        self.replace_certificate()
        self.rollcalld.reload()
        self.eventually(lambda: "reloaded" in self.rollcalld.log(), "the reload")
        self.assertNotEqual(old, self.serial_of(self.dns_port))
        self.assertEqual(self.serial_of(self.https_port), self.serial_of(self.dns_port))
        stream.sendall(framed("svc.internal", "SOA"))
        self.assertIsNotNone(read_message(stream))

    def test_a_broken_certificate_keeps_the_old_one_and_says_so_while_the_rest_is_reloaded(self):
        old = self.serial_of(self.dns_port)
        good = self.certificate.with_suffix(".good")
        shutil.copy(self.certificate, good)
        self.certificate.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n")
        self.rollcalld.reload()
        self.eventually(lambda: "reloaded" in self.rollcalld.log(), "the reload")
        self.assertIn("the old certificate stays", self.rollcalld.log())
        self.certificate = good
        self.assertEqual(old, self.serial_of(self.dns_port))

    def test_the_key_of_another_certificate_keeps_the_old_one(self):
        old = self.serial_of(self.dns_port)
        _, other_key = certificates.make(self.directory, "other")
        shutil.copy(other_key, self.key)
        self.rollcalld.reload()
        self.eventually(lambda: "the old certificate stays" in self.rollcalld.log(), "the refusal")
        self.assertEqual(old, self.serial_of(self.dns_port))

    def test_it_does_not_start_with_a_certificate_it_cannot_use_and_check_finds_it(self):
        self.key.write_text("nonsense")
        settings = self.settings_file(SETTINGS.format(certificate=self.certificate, key=self.key), "broken.toml")
        for more in ([], ["--check"]):
            result = run_to_end(["--config", settings, *more], self.directory)
            self.assertEqual(1, result.returncode)
            self.assertIn(str(self.key), result.stderr)
