"""TLS clients, zone transfers, NOTIFY, reloads and registrations, all at once for a few seconds: what the sanitizers are to
see of the rooms that share sessions, certificates and zones between threads."""

import random
import socket
import ssl
import struct
import threading
import time

import dns.edns
import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from tests.support import certificates
from tests.support.case import Case
from tests.support.dnsclient import framed, read_framed
from tests.support.rollcall import TRANSFERRED_ZONE

SECONDS = 6
SETTINGS = """\
[dns]
cookies_required_above = 50
max_transfers = 2
""" + certificates.LISTENERS + TRANSFERRED_ZONE + """\
notify = ["127.0.0.1:{secondary}"]
"""


def read_message(stream):
    return dns.message.from_wire(read_framed(stream), xfr=True, one_rr_per_rrset=True)


class EverythingAtOnce(Case):
    def setUp(self):
        self.secondary = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.secondary.close)
        self.secondary.bind(("127.0.0.1", 0))
        self.secondary.settimeout(0.2)
        certificate, key = certificates.make(self.directory)
        self.settings = self.settings_file(SETTINGS.format(
            certificate=certificate, key=key, zone=self.zone_file(), secondary=self.secondary.getsockname()[1]))
        self.rollcalld = self.server("--config", self.settings)
        listeners = self.api_of(self.rollcalld).call("GET", "/v1/status").json["listeners"]
        self.tls_port = int(listeners["dns_tls"][0].rpartition(":")[2])
        self.context = ssl.create_default_context(cafile=certificate)
        self.end = 0.0
        self.done = {}
        self.failures = []
        self.lock = threading.Lock()

    def repeat(self, turn):
        """Calls `turn` until the time is over, and counts."""
        count = 0
        try:
            while time.monotonic() < self.end:
                turn(count)
                count += 1
        except Exception as error:
            self.failures.append(f"{turn.__name__}: {error!r}")
        with self.lock:
            self.done[turn.__name__] = self.done.get(turn.__name__, 0) + count

    def tls_stream(self):
        raw = socket.create_connection(("127.0.0.1", self.tls_port), timeout=20)
        try:
            return self.context.wrap_socket(raw, server_hostname=certificates.NAME)
        except BaseException:
            raw.close()
            raise

    def ask_over_tls(self, count):
        with self.tls_stream() as stream:
            stream.sendall(framed("web.svc.internal", use_edns=0, pad=128) * 20)
            for _ in range(20):
                read_message(stream)
            if count % 3 == 0:
                stream.unwrap().close()

    def break_off_over_tls(self, count):
        octets = random.Random(count).randbytes(40)
        with socket.create_connection(("127.0.0.1", self.tls_port), timeout=20) as raw:
            raw.sendall(octets)
        with self.tls_stream() as stream:
            stream.sendall(framed("svc.internal", "AXFR"))
            stream.recv(10)

    def transfer_whole(self, count):
        stream = self.tls_stream() if count % 2 else socket.create_connection(
            (self.rollcalld.address, self.rollcalld.dns_port), timeout=20)
        with stream:
            stream.sendall(framed("svc.internal", "AXFR", **({"use_edns": 0} if count % 3 else {})))
            soas, records = 0, 0
            while soas < 2:
                message = read_message(stream)
                if message.rcode() == dns.rcode.SERVFAIL:  # too many at once
                    return
                assert message.rcode() == dns.rcode.NOERROR, message
                records += len(message.answer)
                soas += sum(1 for each in message.answer if each.rdtype == dns.rdatatype.SOA)
            assert soas == 2 and records > 10, (soas, records)

    def transfer_changes(self, count):
        address, port = self.rollcalld.address, self.rollcalld.dns_port
        soa = dns.query.tcp(dns.message.make_query("svc.internal", "SOA"), address, port=port, timeout=20)
        serial = soa.answer[0][0].serial - count % 50
        try:
            for message in dns.query.xfr(address, "svc.internal", rdtype="IXFR", serial=serial & 0xFFFFFFFF, port=port,
                                         relativize=False, timeout=20):
                assert message.answer
        except dns.query.TransferError as refused:
            assert refused.rcode == dns.rcode.SERVFAIL, refused

    def ask_over_udp(self, count):
        options = [dns.edns.GenericOption(10, struct.pack("!Q", count))] if count % 2 else []
        dns.query.udp(dns.message.make_query("web.svc.internal", "SRV", use_edns=0, options=options),
                      self.rollcalld.address, port=self.rollcalld.dns_port, timeout=20, ignore_unexpected=True)

    def register(self, count):
        id = f"i-{count % 300}"
        if count % 5 == 4:
            self.own.api.deregister("web", f"i-{(count - 100) % 300}")
        else:
            self.own.api.expect_registered("web", id, address=f"192.0.2.{count % 250 + 1}", port=1 + count % 60000, ttl="1h",
                                           tags=["blue"], meta={"alpn": "h2"})

    def answer_notify(self, count):
        try:
            octets, sender = self.secondary.recvfrom(2048)
        except TimeoutError:
            return
        if count % 4 != 3:
            self.secondary.sendto(octets[:2] + bytes([octets[2] | 0x80]) + octets[3:4] + bytes(8), sender)

    def reload_everything(self, _count):
        self.rollcalld.reload()
        with self.rollcalld.dns().connected_udp() as udp:
            udp.send(dns.message.make_query("fixed.svc.internal", "A").to_wire())
            udp.recv(4096)
        time.sleep(0.3)

    def scrape(self, _count):
        assert self.own.scraper.call("GET", "/metrics").status == 200
        time.sleep(0.1)

    def test_all_are_served_and_nothing_races(self):
        self.own = threading.local()
        own = self.own

        def with_api(turn):
            own.api = own.scraper = self.rollcalld.api(timeout=30)
            try:
                self.repeat(turn)
            finally:
                own.api.close()

        turns = [self.ask_over_tls, self.ask_over_tls, self.break_off_over_tls, self.transfer_whole, self.transfer_whole,
                 self.transfer_whole, self.transfer_changes, self.ask_over_udp, self.register, self.answer_notify,
                 self.reload_everything, self.scrape]
        self.end = time.monotonic() + SECONDS
        threads = [threading.Thread(target=with_api, args=(turn,)) for turn in turns]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], self.failures)
        self.assertEqual({turn.__name__ for turn in turns}, {name for name, count in self.done.items() if count > 0})
        api = self.api_of(self.rollcalld)
        self.eventually(lambda: b"rollcall_dns_transfers 0\n" in api.call("GET", "/metrics").body,
                        "every transfer has given its place back")
