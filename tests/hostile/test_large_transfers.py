"""Zone transfers whose records or readers are of unusual size: none of them may hold a network loop, or be cut while it
goes on."""

import socket

import dns.flags
import dns.message
import dns.query
import dns.rcode

from tests.support.case import Case
from tests.support.dnsclient import framed, read_framed
from tests.support.rollcall import TRANSFERRED_ZONE

SETTINGS = "[dns]\nworkers = 1\n" + TRANSFERRED_ZONE
ZONE = """\
$TTL 60
@ IN SOA ns hostmaster 1 10 5 1h 1
@ IN NS ns
ns IN A 192.0.2.53
big IN TYPE65280 \\# {octets} {hex}
"""


class LargeRecord(Case):
    def start_with(self, octets):
        zone = self.zone_file(ZONE.format(octets=octets, hex="ab" * octets))
        return self.server("--config", self.settings_file(SETTINGS.format(zone=zone)))

    def ask_over_tcp(self, server, type, **options):
        with socket.create_connection(("127.0.0.1", server.dns_port), timeout=5) as stream:
            stream.sendall(framed("svc.internal", type, **options))
            return dns.message.from_wire(read_framed(stream), one_rr_per_rrset=True)

    def test_a_record_that_no_message_holds_ends_the_transfer_and_not_the_service(self):
        server = self.start_with(65_500)
        for _ in range(3):
            answer = self.ask_over_tcp(server, "AXFR", use_edns=0)
            self.assertEqual(dns.rcode.SERVFAIL, answer.rcode())
            self.assertIn("too large", str(answer.options[0]))
        # The one loop that serves TCP goes on, and the server can be stopped.
        self.assertEqual(dns.rcode.NOERROR, self.ask_over_tcp(server, "SOA").rcode())
        self.assertEqual(0, server.stop())

    def test_the_largest_record_that_a_message_holds_is_transferred(self):
        # 65,535 octets less the header (12), the name big.svc.internal (18), and the head of a record (10).
        server = self.start_with(65_495)
        with socket.create_connection(("127.0.0.1", server.dns_port), timeout=5) as stream:
            stream.sendall(framed("svc.internal", "AXFR"))
            sizes = []
            soas = 0
            while soas < 2:
                octets = read_framed(stream)
                sizes.append(len(octets))
                message = dns.message.from_wire(octets, xfr=True, one_rr_per_rrset=True)
                soas += sum(rrset.rdtype == 6 for rrset in message.answer)
        self.assertIn(65_535, sizes)
