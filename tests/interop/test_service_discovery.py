"""DNS-SD, SVCB and HTTPS, TXT and reverse names of what is registered, as dnspython reads them."""

import time

import dns.rcode

from tests.support.case import Case
from tests.support.rollcall import run_to_end

REVERSE_ZONE = """\
@ 60 IN SOA ns.svc.internal. hostmaster.svc.internal. 1 10 5 3600 1
@ 60 IN NS ns.svc.internal.
7 60 IN PTR fixed.svc.internal.
"""


def texts(reply):
    return sorted(record.to_text() for rrset in reply.answer for record in rrset)


class Discovery(Case):
    def setUp(self):
        self.rollcalld = self.server()
        self.dns = self.rollcalld.dns()
        self.api = self.api_of(self.rollcalld)
        self.api.expect_registered("web", "i-1", ["192.0.2.1", "2001:db8::1"], 8080, tags=["blue"],
                                   meta={"path": "/a", "alpn": "h2,http/1.1"})
        self.api.expect_registered("web", "i-2", "192.0.2.2", 8081, priority=0)
        self.api.expect_registered("dns", "u", "192.0.2.3", 53, protocol="udp")

    def ask(self, name, rtype):
        return self.dns.ask(name + ".svc.internal", rtype, tcp=True)

    def test_services_are_browsed_by_type_and_subtype(self):  # RFC 6763 §4.1, §7.1
        self.assertEqual(["i-1._web._tcp.svc.internal.", "i-2._web._tcp.svc.internal."], texts(self.ask("_web._tcp", "PTR")))
        self.assertEqual(["i-1._web._tcp.svc.internal."], texts(self.ask("_blue._sub._web._tcp", "PTR")))
        self.assertEqual([], texts(self.ask("_web._udp", "PTR")))

    def test_types_and_domains_are_listed(self):  # RFC 6763 §9, §11
        self.assertEqual(["_dns._udp.svc.internal.", "_web._tcp.svc.internal."], texts(self.ask("_services._dns-sd._udp", "PTR")))
        for name in ("b", "lb"):
            self.assertEqual(["svc.internal."], texts(self.ask(f"{name}._dns-sd._udp", "PTR")))
        for name in ("_dns-sd._udp", "_sub._web._tcp", "_udp"):
            reply = self.ask(name, "PTR")
            self.assertEqual((dns.rcode.NOERROR, 0), (reply.rcode(), len(reply.answer)), name)

    def test_an_instance_has_srv_and_txt_below_its_type(self):  # RFC 6763 §5, §6.1
        self.assertEqual(["1 1 8080 i-1.web.svc.internal."], texts(self.ask("i-1._web._tcp", "SRV")))
        self.assertEqual({'"path=/a"', '"alpn=h2,http/1.1"'}, set(texts(self.ask("i-1._web._tcp", "TXT"))[0].split()))
        self.assertEqual(['""'], texts(self.ask("i-2._web._tcp", "TXT")))
        self.assertEqual(['""'], texts(self.ask("i-2.web", "TXT")))

    def test_https_and_svcb_lead_to_the_instances_that_speak_tls(self):  # RFC 9460
        for rtype in ("HTTPS", "SVCB"):
            self.assertEqual(['1 i-1.web.svc.internal. alpn="h2,http/1.1" port="8080" ipv4hint="192.0.2.1" '
                              'ipv6hint="2001:db8::1"'], texts(self.ask("web", rtype)))


class TwoProtocols(Case):
    def test_tcp_and_udp_on_one_port_stay_two_instances_whoever_sends_heartbeats(self):
        rollcalld = self.server()
        client = rollcalld.dns()
        api = self.api_of(rollcalld)
        body = {"service": "dns", "address": "192.0.2.53", "port": 53}
        for beat in range(3):
            for protocol in ("tcp", "udp"):
                answer = api.call("POST", "/v1/heartbeat", {**body, "protocol": protocol})
                self.assertEqual(201 if beat == 0 else 200, answer.status)
            for protocol, id in (("tcp", "192.0.2.53-53"), ("udp", "192.0.2.53-53-udp")):
                self.assertEqual(protocol, api.instances("dns")[id]["protocol"])
                reply = client.ask(f"_dns._{protocol}.svc.internal", "SRV")
                self.assertEqual(1, len(texts(reply)))
                self.assertRegex(texts(reply)[0], rf"^1 1 53 192-0-2-53-53(-udp)?--[0-9a-f]{{8}}\.dns\.svc\.internal\.$")
        events = api.call("GET", "/v1/events?service=dns").json["events"]
        self.assertEqual(["registered", "registered"], [event["event"] for event in events])


class MetaOrder(Case):
    META = {"z": "1", "a": "2", "TxtVers": "1", "m": ""}
    TOLD = {"TxtVers": "1", "z": "1", "a": "2", "m": ""}

    def told(self):
        meta = self.api_of(self.rollcalld).instances("web")["i-1"]["meta"]
        record = texts(self.rollcalld.dns().ask("i-1.web.svc.internal", "TXT"))[0]
        return list(meta.items()), record

    def test_the_order_of_meta_is_the_clients_after_a_restart_too(self):  # RFC 6763 §6.7
        self.rollcalld = self.server()
        self.api_of(self.rollcalld).expect_registered("web", "i-1", meta=self.META)
        expected = (list(self.TOLD.items()), '"TxtVers=1" "z=1" "a=2" "m="')
        self.assertEqual(expected, self.told())
        self.assertEqual(0, self.rollcalld.stop())
        self.rollcalld.start()
        self.assertEqual(expected, self.told())


class ReverseNames(Case):
    def setUp(self):
        file = self.zone_file(REVERSE_ZONE, name="reverse.zone")
        self.rollcalld = self.server("--zone", "svc.internal", "--zone", f"2.0.192.in-addr.arpa={file}",
                                     "--zone", f"8.b.d.0.1.0.0.2.ip6.arpa={self.zone_file(REVERSE_ZONE, name='six.zone')}")
        self.dns = self.rollcalld.dns()
        self.api = self.api_of(self.rollcalld)
        self.api.expect_registered("web", "i-1", ["192.0.2.1", "2001:db8::1", "192.0.2.7"])

    def reverse(self, name):
        reply = self.dns.ask(name, "PTR")
        return dns.rcode.to_text(reply.rcode()), texts(reply)

    def test_addresses_lead_to_instances_and_static_names_stand(self):  # RFC 1035 §3.5, RFC 3596 §2.5
        six = "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa"
        self.assertEqual(("NOERROR", ["i-1.web.svc.internal."]), self.reverse("1.2.0.192.in-addr.arpa"))
        self.assertEqual(("NOERROR", ["i-1.web.svc.internal."]), self.reverse(six))
        self.assertEqual(("NOERROR", ["fixed.svc.internal."]), self.reverse("7.2.0.192.in-addr.arpa"))
        self.assertEqual(("NXDOMAIN", []), self.reverse("9.2.0.192.in-addr.arpa"))
        self.assertEqual(("NOERROR", []), self.reverse("0.0.8.b.d.0.1.0.0.2.ip6.arpa"))
        self.api.expect_deregistered("web", "i-1")
        self.assertEqual(("NXDOMAIN", []), self.reverse("1.2.0.192.in-addr.arpa"))

    def test_an_address_of_several_instances_has_several_names_and_the_ttl_of_the_shortest_lease(self):
        self.api.expect_registered("db", "i-2", "192.0.2.1", ttl="1s")
        time.sleep(0.01)
        reply = self.dns.ask("1.2.0.192.in-addr.arpa", "PTR")
        self.assertEqual(["i-1.web.svc.internal.", "i-2.db.svc.internal."], texts(reply))
        self.assertEqual(0, reply.answer[0].ttl)

    def test_a_reverse_zone_takes_no_services(self):
        body = {"service": "web", "id": "i-9", "address": "192.0.2.9", "port": 80, "zone": "2.0.192.in-addr.arpa"}
        refused = self.api.call("POST", "/v1/heartbeat", body)
        self.assertEqual((409, "zone"), (refused.status, refused.json["field"]))
        self.assertIn("no service can be in the zone 2.0.192.in-addr.arpa", refused.json["detail"])


class ReverseZonesOfAnyCut(Case):
    HALF = "0/25.2.0.192.in-addr.arpa"

    def start_with(self, *names, files=()):
        zones = []
        for n, name in enumerate(names):
            file = self.zone_file(dict(files).get(name, REVERSE_ZONE), name=f"{n}.zone")
            zones += ["--zone", f"{name}={file}"]
        name = f"rollcalld-{len(self._servers)}"
        rollcalld = self.server("--zone", "svc.internal", *zones, name=name, database=self.directory / f"{name}.db")
        self.api_of(rollcalld).expect_registered("web", "i-1", ["192.0.2.1", "192.0.2.200", "2001:db8::1"])
        return rollcalld

    def reverse(self, rollcalld, name):
        reply = rollcalld.dns().ask(name, "PTR")
        return dns.rcode.to_text(reply.rcode()), texts(reply)

    def test_every_cut_of_an_address_has_its_ptr(self):
        found = ("NOERROR", ["i-1.web.svc.internal."])
        for zone, name in (("192.in-addr.arpa", "1.2.0.192.in-addr.arpa"), ("0.192.in-addr.arpa", "1.2.0.192.in-addr.arpa"),
                           ("1.2.0.192.in-addr.arpa", "1.2.0.192.in-addr.arpa"),
                           ("0-127.2.0.192.in-addr.arpa", "1.0-127.2.0.192.in-addr.arpa"),
                           ("0/17.0.192.in-addr.arpa", "1.2.0/17.0.192.in-addr.arpa"),
                           ("b.d.0.1.0.0.2.ip6.arpa", "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa")):
            with self.subTest(zone=zone):
                rollcalld = self.start_with(zone)
                self.assertEqual(found, self.reverse(rollcalld, name))
                self.assertEqual(0, rollcalld.stop())

    def test_the_zone_above_leads_to_a_half_by_cname(self):  # RFC 2317 §4
        above = REVERSE_ZONE + f"0/25 IN NS ns.svc.internal.\n1 IN CNAME 1.{self.HALF}.\n"
        rollcalld = self.start_with("2.0.192.in-addr.arpa", self.HALF, files=[("2.0.192.in-addr.arpa", above)])
        reply = rollcalld.dns().ask("1.2.0.192.in-addr.arpa", "PTR")
        self.assertEqual([f"1.{self.HALF}.", "i-1.web.svc.internal."], texts(reply))
        self.assertEqual(("NXDOMAIN", []), self.reverse(rollcalld, f"200.{self.HALF}"))
        # An address that is not delegated has its PTR in the zone above.
        self.assertEqual(("NOERROR", ["i-1.web.svc.internal."]), self.reverse(rollcalld, "200.2.0.192.in-addr.arpa"))

    def test_a_zone_of_no_addresses_is_refused_with_a_sentence(self):
        for name, sentence in (("0-25.2.0.192.in-addr.arpa", "can mean 0 to 25"), ("web.in-addr.arpa", "no octet"),
                               ("1/25.2.0.192.in-addr.arpa", "no range"), ("db8.ip6.arpa", "no nibble"),
                               ("1.1.2.0.192.in-addr.arpa", "more labels than an address")):
            process = run_to_end(["--zone", "svc.internal", "--zone", f"{name}={self.zone_file(REVERSE_ZONE)}"], self.directory)
            self.assertEqual(1, process.returncode, name)
            self.assertRegex(process.stderr, rf"(?m)^rollcalld: the reverse zone .*{sentence}", name)
