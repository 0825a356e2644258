"""dnspython: the flags and sections of replies, EDNS, and a resolver that follows registrations."""

import time

import dns.message
import dns.resolver

from tests.support.case import Case
from tests.support.dnsclient import Dns, has_flag, rcode_text, records_in
from tests.support.processes import free_port, need_ipv6

MANY = 60
OTHER_ZONE = """\
@ 1 IN SOA ns.other.test. hostmaster.other.test. 1 10 5 3600 1
@ 1 IN NS ns.other.test.
ns 1 IN A 127.0.0.1
"""


class DnspythonTest(Case):
    def setUp(self):
        self.rollcalld = self.server_with_zone()
        self.dns = self.rollcalld.dns()
        self.api = self.api_of(self.rollcalld)

    def test_answers_are_authoritative_and_offer_no_recursion(self):
        self.api.expect_registered("web", "i-1")
        for name in ("web.svc.internal", "fixed.svc.internal", "nobody.svc.internal"):
            reply = self.dns.ask(name)
            self.assertTrue(has_flag(reply, "AA"), name)
            self.assertFalse(has_flag(reply, "RA"), name)
            self.assertFalse(has_flag(reply, "TC"), name)

    def test_the_reply_has_an_opt_record_exactly_when_the_question_had_one(self):
        self.api.expect_registered("web", "i-1")
        for name in ("web.svc.internal", "nobody.svc.internal", "www.example.org"):
            self.assertEqual(-1, self.dns.ask(name).edns, name)
            self.assertEqual(0, self.dns.ask(name, payload=1232).edns, name)

    def test_no_udp_answer_is_larger_than_the_client_takes_or_than_1232_bytes(self):
        for n in range(MANY):
            self.api.expect_registered("many", f"i-{n}", f"192.0.2.{n + 1}", 8000 + n)
        for payload, limit in ((None, 512), (0, 512), (512, 512), (1232, 1232), (4096, 1232), (65535, 1232)):
            with self.subTest(payload=payload):
                wire = self.dns.ask_for_bytes("_many._tcp.svc.internal", "SRV", payload=payload)
                self.assertLessEqual(len(wire), limit)
                reply = dns.message.from_wire(wire)
                self.assertTrue(has_flag(reply, "TC"))
                self.assertGreater(len(records_in(reply.answer, "SRV")), 0)

    def test_additional_records_are_dropped_first_and_without_tc(self):
        for n in range(8):
            self.api.expect_registered("few", f"i-{n}", [f"192.0.2.{n + 1}", f"2001:db8::{n + 1}"], 8000 + n)
        reply = self.dns.ask("few.svc.internal", "SRV")
        self.assertFalse(has_flag(reply, "TC"))
        self.assertEqual(8, len(records_in(reply.answer, "SRV")))
        self.assertLess(len(records_in(reply.additional, "A")), 8)
        whole = self.dns.ask("few.svc.internal", "SRV", payload=1232)
        self.assertEqual(8, len(records_in(whole.additional, "A")))

    def test_addresses_are_those_of_the_best_priority_and_srv_records_all_of_them(self):
        self.api.expect_registered("db", "primary", "192.0.2.1", 5432, priority=1)
        self.api.expect_registered("db", "standby", "192.0.2.2", 5432, priority=2)
        self.assertEqual({"192.0.2.1"}, self.dns.addresses("db.svc.internal"))
        self.assertEqual({(1, 1, 5432, "primary.db.svc.internal."), (2, 1, 5432, "standby.db.svc.internal.")},
                         self.dns.srv("db.svc.internal"))
        self.api.expect_deregistered("db", "primary")
        self.assertEqual({"192.0.2.2"}, self.dns.addresses("db.svc.internal"))

    def test_the_protocol_name_finds_only_instances_of_that_protocol(self):
        self.api.expect_registered("dns", "t", "192.0.2.1", 53, protocol="tcp")
        self.api.expect_registered("dns", "u", "192.0.2.2", 53, protocol="udp")
        self.assertEqual({(1, 1, 53, "t.dns.svc.internal.")}, self.dns.srv("_dns._tcp.svc.internal"))
        self.assertEqual({(1, 1, 53, "u.dns.svc.internal.")}, self.dns.srv("_dns._udp.svc.internal"))

    def test_many_questions_go_over_one_tcp_connection(self):
        for n in range(20):
            self.api.expect_registered("web", f"i-{n}", f"192.0.2.{n + 1}")
            self.assertEqual(n + 1, len(self.dns.addresses("web.svc.internal", tcp=True)))

    def test_the_ttl_is_never_longer_than_the_lease(self):
        self.api.expect_registered("short", "i-1", ttl="1s")
        time.sleep(0.01)
        self.assertEqual(0, self.dns.ask("short.svc.internal").answer[0].ttl)
        self.api.expect_registered("long", "i-1", ttl="60s")
        self.assertEqual(1, self.dns.ask("long.svc.internal").answer[0].ttl)

    def test_names_outside_the_zone_are_refused_without_aa(self):
        reply = self.dns.ask("www.example.org")
        self.assertEqual("REFUSED", rcode_text(reply))
        self.assertFalse(has_flag(reply, "AA"))

    def test_a_resolver_follows_registrations(self):
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [self.rollcalld.address], self.rollcalld.dns_port
        self.assertRaises(dns.resolver.NXDOMAIN, resolver.resolve, "web.svc.internal", "A")
        self.api.expect_registered("web", "i-1", "192.0.2.1", 8080)
        self.assertEqual(["192.0.2.1"], [r.address for r in resolver.resolve("web.svc.internal", "A")])
        self.assertEqual([8080], [r.port for r in resolver.resolve("_web._tcp.svc.internal", "SRV")])
        self.api.expect_deregistered("web", "i-1")
        self.assertRaises(dns.resolver.NoAnswer, resolver.resolve, "web.svc.internal", "A")


class ListenersTest(Case):
    def test_ipv6_is_served_like_ipv4(self):
        need_ipv6()
        rollcalld = self.server(listen="::1")
        self.api_of(rollcalld).expect_registered("web", "i-1", ["192.0.2.1", "2001:db8::1"], 8080)
        for tcp in (False, True):
            self.assertEqual({"2001:db8::1"}, rollcalld.dns().addresses("web.svc.internal", "AAAA", tcp=tcp))

    def test_the_answer_comes_from_the_address_that_was_asked(self):
        port = free_port("0.0.0.0")
        rollcalld = self.server("--dns", f"0.0.0.0:{port}")
        self.api_of(rollcalld).expect_registered("web", "i-1", "192.0.2.1")
        for address in ("127.0.0.1", "127.0.0.2", "127.1.2.3"):
            for tcp in (False, True):  # dnspython takes an answer only from where it has asked
                self.assertEqual({"192.0.2.1"}, Dns(address, port).addresses("web.svc.internal", tcp=tcp))

    def test_every_listener_answers(self):
        ports = [free_port() for _ in range(3)]
        rollcalld = self.server(*(word for port in ports for word in ("--dns", f"127.0.0.1:{port}")))
        self.api_of(rollcalld).expect_registered("web", "i-1", "192.0.2.1")
        for port in (rollcalld.dns_port, *ports):
            self.assertEqual({"192.0.2.1"}, Dns("127.0.0.1", port).addresses("web.svc.internal"))

    def test_any_number_of_workers_answers(self):
        for workers in (1, 4):
            rollcalld = self.server("--dns-workers", workers, name=f"rollcalld-{workers}",
                                    database=self.directory / f"{workers}.db")
            self.api_of(rollcalld).expect_registered("web", "i-1", "192.0.2.1")
            for _ in range(40):  # a new source port each time, so that every worker gets some
                self.assertEqual({"192.0.2.1"}, rollcalld.dns().addresses("web.svc.internal"))

    def test_each_zone_has_its_own_services(self):
        rollcalld = self.server("--zone", "svc.internal", "--zone", f"other.test={self.zone_file(OTHER_ZONE)}")
        api, dns = self.api_of(rollcalld), rollcalld.dns()
        api.expect_registered("web", "i-1", "192.0.2.1")
        api.expect_registered("web", "i-1", "192.0.2.2", zone="other.test")
        self.assertEqual({"192.0.2.1"}, dns.addresses("web.svc.internal"))
        self.assertEqual({"192.0.2.2"}, dns.addresses("web.other.test"))
        self.assertEqual(204, api.call("DELETE", "/v1/services/web/instances/i-1?zone=other.test").status)
        self.assertEqual({"192.0.2.1"}, dns.addresses("web.svc.internal"))
        self.assertEqual(set(), dns.addresses("web.other.test"))
