"""Consul's names in the DNS, through dig and dnspython: registered by the native API, and by Consul's."""

import http.client
import json
import time

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rrset

from tests.support.case import Case
from tests.support.dnsclient import has_flag, rcode_text, records_in
from tests.support.processes import need_program, run

SETTINGS = """
[consul]
node = "Node-1"
address = "192.0.2.100"
{more}
"""
SOA = "ns.consul. postmaster.consul."


class ConsulDnsTest(Case):
    def setUp(self):
        self.serve()

    def serve(self, more="", *arguments):
        path = self.settings_file(SETTINGS.format(more=more))
        self.rollcalld = self.server("--config", str(path), *arguments)
        self.dns = self.rollcalld.dns()
        self.api = self.api_of(self.rollcalld)

    def put(self, path, body=None, expect=200):
        connection = http.client.HTTPConnection(self.rollcalld.address, self.rollcalld.http_port, timeout=10)
        try:
            connection.request("PUT", path, json.dumps(body) if body is not None else None)
            reply = connection.getresponse()
            text = reply.read().decode()
            self.assertEqual(expect, reply.status, text)
            return text
        finally:
            connection.close()

    def register(self, **fields):
        self.put("/v1/agent/service/register", {"Name": "web", **fields})

    def native(self, service="web", id="i-1", address="192.0.2.1", **fields):
        self.api.expect_registered(service, id, address=address, port=8080, **fields)

    def assert_nodata(self, name, type="A"):
        reply = self.dns.ask(name, type)
        self.assertEqual("NOERROR", rcode_text(reply), name)
        self.assertEqual([], reply.answer, name)
        self.assert_soa(reply, name)

    def assert_nxdomain(self, name, type="A"):
        reply = self.dns.ask(name, type)
        self.assertEqual("NXDOMAIN", rcode_text(reply), name)
        self.assert_soa(reply, name)

    def assert_soa(self, reply, name):
        self.assertTrue(has_flag(reply, "AA"), name)
        self.assertEqual(["consul."], [rrset.name.to_text() for rrset in reply.authority], name)
        self.assertEqual(1, reply.authority[0].ttl, name)
        self.assertIn(SOA, reply.authority[0][0].to_text(), name)


class NativeInstancesTest(ConsulDnsTest):
    def test_they_answer_under_all_forms_of_their_names(self):
        self.native(tags=["v1"], weight=7)
        for name in ("web.service.consul", "web.service.dc1.consul", "web.service.dc1.dc.consul", "v1.web.service.consul"):
            self.assertEqual({"192.0.2.1"}, self.dns.addresses(name), name)
            self.assertEqual({(1, 7, 8080, "c0000201.addr.dc1.consul.")}, self.dns.srv(name), name)
        for name in ("_web._tcp.service.consul", "_web._v1.service.consul", "_web._tcp.consul", "_web._tcp.dc1.consul"):
            reply = self.dns.ask(name, "SRV")
            self.assertEqual(1, len(records_in(reply.answer, "SRV")), name)
            self.assertEqual(1, reply.answer[0].ttl, name)
            self.assertEqual(["c0000201.addr.dc1.consul. 1 IN A 192.0.2.1"],
                             [rrset.to_text() for rrset in reply.additional], name)
        self.assertEqual({"192.0.2.1"}, self.dns.addresses("c0000201.addr.dc1.consul"))
        self.assertEqual({"2001:db8::1"}, self.dns.addresses("20010db8000000000000000000000001.addr.consul", "AAAA"))
        self.assertEqual({"192.0.2.100"}, self.dns.addresses("node-1.node.consul"))

    def test_draining_takes_out_and_names_stay_known(self):
        self.native()
        self.api.call("POST", "/v1/services/web/instances/i-1/drain")
        self.assert_nodata("web.service.consul")
        self.assert_nodata("web.service.consul", "SRV")
        for name in ("service.consul", "node.consul", "addr.consul", "query.consul", "dc.consul", "dc1.consul",
                     "_tcp.service.consul", "service.dc1.dc.consul"):
            self.assert_nodata(name)
        for name in ("api.service.consul", "web.service.dc2.consul", "web.connect.consul", "web.ingress.consul",
                     "v9.web.service.consul", "q.query.consul", "nobody.node.consul", "web.consul"):
            self.assert_nxdomain(name)


class ConformanceTest(ConsulDnsTest):
    """docs/consul-dns.md: the zone obeys what the others do."""

    def many(self, count):
        for number in range(count):
            self.native(id=f"i-{number}", address=f"192.0.2.{number}")

    def test_two_hundred_instances_are_cut_over_udp_and_whole_over_tcp(self):
        self.many(200)
        for type in ("A", "SRV"):
            for payload, most in ((None, 512), (1232, 1232), (4096, 1232)):
                reply = self.dns.ask("web.service.consul", type, payload=payload)
                self.assertTrue(has_flag(reply, "TC"), (type, payload))
                self.assertLessEqual(len(self.dns.ask_for_bytes("web.service.consul", type, payload)), most)
                self.assertEqual(0 if payload else -1, reply.edns)
            whole = self.dns.ask("web.service.consul", type, tcp=True)
            self.assertFalse(has_flag(whole, "TC"))
            self.assertEqual(200, len(records_in(whole.answer, type)))

    def test_the_case_of_the_question_is_kept(self):
        self.native()
        wire = self.dns.ask_for_bytes("WeB.sErViCe.CoNsUl")
        self.assertIn(b"\x03WeB\x07sErViCe\x06CoNsUl\x00", wire)
        self.assertEqual(1, len(dns.message.from_wire(wire).answer))

    def test_edns_version_nsid_and_bad_versions(self):
        query = dns.message.make_query("service.consul", "A", use_edns=0, options=[dns.edns.GenericOption(3, b"")])
        reply = dns.query.udp(query, self.dns.address, port=self.dns.port, timeout=3)
        self.assertEqual(0, reply.edns)
        self.assertEqual(1, len([option for option in reply.options if option.otype == 3]))
        query = dns.message.make_query("service.consul", "A")
        query.use_edns(1)
        reply = dns.query.udp(query, self.dns.address, port=self.dns.port, timeout=3)
        self.assertEqual("BADVERS", dns.rcode.to_text(reply.rcode()))

    def test_any_is_one_set_and_unknown_types_are_nodata(self):
        self.native(address="192.0.2.1")
        self.assertEqual(1, len(self.dns.ask("web.service.consul", "ANY").answer))
        for type in ("TYPE65400", "MX", "TXT", "HTTPS", "DNSKEY", "CAA"):
            self.assert_nodata("web.service.consul", type)
        self.assert_nodata("consul", "DS")
        self.assert_nodata("consul", "A")

    def test_the_top_of_the_zone(self):
        soa = self.dns.records("consul", "SOA")[0]
        self.assertIn(SOA, soa.to_text())
        self.assertEqual(["ns.consul."], [record.target.to_text() for record in self.dns.records("consul", "NS")])
        self.assertEqual({"192.0.2.100"}, self.dns.addresses("ns.consul"))
        before = soa.serial
        self.native()
        self.eventually(lambda: self.dns.records("consul", "SOA")[0].serial > before, "the serial moves")

    def test_transfers_updates_and_other_classes_are_refused(self):
        for type in ("AXFR", "IXFR"):
            query = dns.message.make_query("consul", type)
            if type == "IXFR":
                soa = "ns.consul. postmaster.consul. 1 1 1 1 1"
                query.authority.append(dns.rrset.from_text("consul.", 0, "IN", "SOA", soa))
            reply = dns.query.tcp(query, self.dns.address, port=self.dns.port, timeout=3)
            self.assertEqual("REFUSED", rcode_text(reply), type)
        query = dns.message.make_query("web.service.consul", "A", rdclass=dns.rdataclass.CH)
        reply = dns.query.udp(query, self.dns.address, port=self.dns.port, timeout=3)
        self.assertEqual("REFUSED", rcode_text(reply))

    def test_dig_reads_an_answer(self):
        self.native()
        dig = need_program("dig")
        result = run([dig, f"@{self.dns.address}", "-p", str(self.dns.port), "+norec", "web.service.consul", "SRV"])
        self.assertIn("status: NOERROR", result.stdout)
        self.assertIn("flags: qr aa;", result.stdout)
        self.assertRegex(result.stdout, r"web\.service\.consul\.\s+1\s+IN\s+SRV\s+1 1 8080 c0000201\.addr\.dc1\.consul\.")

    def test_explain_says_who_is_left_out(self):
        self.native()
        self.native(id="i-2", address="2001:db8::2")
        explained = self.api.call("GET", "/v1/explain?name=web.service.consul.&type=A").json
        self.assertEqual("service", explained["rule"])
        self.assertEqual(["i-1"], explained["answer"][0]["instances"])
        self.assertEqual([("i-2", "no_address")], [(one["id"], one["reason"]) for one in explained["left_out"]])


class ConsulInstancesTest(ConsulDnsTest):
    def test_a_check_that_turns_critical_takes_its_instance_out_and_a_pass_brings_it_back(self):
        self.register(ID="web-1", Address="192.0.2.1", Port=80, Check={"TTL": "30s", "Status": "passing"})
        self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.service.consul"))
        self.put("/v1/agent/check/fail/service:web-1")
        self.assert_nodata("web.service.consul")
        self.put("/v1/agent/check/warn/service:web-1")
        self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.service.consul"))
        self.put("/v1/agent/check/pass/service:web-1")
        self.assertEqual({(1, 1, 80, "c0000201.addr.dc1.consul.")}, self.dns.srv("web.service.consul"))
        self.put("/v1/agent/service/maintenance/web-1?enable=true")
        self.assert_nodata("web.service.consul")
        self.put("/v1/agent/service/maintenance/web-1?enable=false")
        self.put("/v1/agent/service/deregister/web-1")
        self.assert_nodata("web.service.consul")

    def test_a_silent_check_takes_its_instance_out_when_its_ttl_is_over(self):
        begun = time.monotonic()
        self.register(ID="web-1", Address="192.0.2.1", Port=80, Check={"TTL": "2s", "Status": "passing"})
        registered = time.monotonic()
        seen = begun
        while time.monotonic() < registered + 5:
            asked = time.monotonic()
            reply = self.dns.ask("web.service.consul")
            if not reply.answer:
                break
            seen = asked
            self.assertLessEqual(asked + reply.answer[0].ttl, time.monotonic() + 2.1, "no answer outlives the check")
        self.assertFalse(self.dns.ask("web.service.consul").answer)
        self.assertGreater(time.monotonic(), begun + 2)
        self.assertLess(seen, registered + 2.1)

    def test_weights_of_passing_and_warning(self):
        self.register(ID="web-1", Address="192.0.2.1", Port=80, Weights={"Passing": 10, "Warning": 3},
                      Check={"TTL": "30s", "Status": "passing"})
        self.assertEqual({(1, 10, 80, "c0000201.addr.dc1.consul.")}, self.dns.srv("web.service.consul"))
        self.put("/v1/agent/check/warn/service:web-1")
        self.assertEqual({(1, 3, 80, "c0000201.addr.dc1.consul.")}, self.dns.srv("web.service.consul"))

    def test_without_an_address_the_node_is_meant_and_without_a_port_there_is_no_srv(self):
        self.register(ID="web-1", Port=80)
        self.assertEqual({"192.0.2.100"}, self.dns.addresses("web.service.consul"))
        self.assertEqual({(1, 1, 80, "Node-1.node.dc1.consul.")}, self.dns.srv("web.service.consul"))
        self.assertEqual({"192.0.2.100"}, self.dns.addresses("node-1.node.dc1.consul"))
        self.register(Name="bare", ID="bare-1")
        self.assertEqual({"192.0.2.100"}, self.dns.addresses("bare.service.consul"))
        self.assert_nodata("bare.service.consul", "SRV")

    def test_the_name_of_a_host_is_an_alias(self):
        self.register(ID="web-1", Address="db.example.com", Port=80)
        reply = self.dns.ask("web.service.consul")
        self.assertEqual(["web.service.consul. 1 IN CNAME db.example.com."], [rrset.to_text() for rrset in reply.answer])
        self.assertEqual({(1, 1, 80, "db.example.com.")}, self.dns.srv("web.service.consul"))

    def test_names_and_tags_of_any_text(self):
        self.register(Name="My_App", ID="1", Address="192.0.2.1", Port=80, Tags=["Primary", "traefik.enable=true"])
        self.register(Name="a.b", ID="2", Address="192.0.2.2", Port=80)
        for name in ("my_app.service.consul", "MY_APP.service.consul", "primary.my_app.service.consul",
                     "traefik.enable=true.my_app.service.consul", "_my_app._primary.service.consul"):
            self.assertEqual({"192.0.2.1"}, self.dns.addresses(name), name)
        self.assert_nxdomain("a.b.service.consul")
        self.register(Name="x" * 200, ID="3", Address="192.0.2.3", Port=80)
        self.put("/v1/agent/service/deregister/3")

    def test_a_prepared_query_is_a_name(self):
        self.register(ID="web-1", Address="192.0.2.1", Port=80, Tags=["v1"])
        self.register(ID="web-2", Address="192.0.2.2", Port=80, Tags=["v2"])
        connection = http.client.HTTPConnection(self.rollcalld.address, self.rollcalld.http_port, timeout=10)
        query = {"Name": "first", "Service": {"Service": "web", "Tags": ["v1"]}, "DNS": {"TTL": "10s"}}
        connection.request("POST", "/v1/query", json.dumps(query))
        self.assertEqual(200, connection.getresponse().status)
        connection.close()
        reply = self.dns.ask("first.query.consul")
        self.assertEqual(["first.query.consul. 10 IN A 192.0.2.1"], [rrset.to_text() for rrset in reply.answer])
        self.assertEqual({(1, 1, 80, "c0000201.addr.dc1.consul.")}, self.dns.srv("_first._tcp.query.consul"))

    def test_a_node_of_the_catalog_has_its_name(self):
        self.put("/v1/catalog/register", {"Node": "db-1", "Address": "192.0.2.77", "NodeMeta": {"rack": "7"},
                                          "Service": {"Service": "db", "ID": "db", "Port": 5432}})
        self.assertEqual({(1, 1, 5432, "db-1.node.dc1.consul.")}, self.dns.srv("db.service.consul"))
        self.assertEqual({"192.0.2.77"}, self.dns.addresses("db.service.consul"))
        self.assertEqual({"192.0.2.77"}, self.dns.addresses("db-1.node.consul"))
        self.assertEqual(['"rack=7"'], [record.to_text() for record in self.dns.records("db-1.node.consul", "TXT")])

    def test_the_tag_and_the_id_may_be_one_text(self):
        self.register(ID="web", Address="192.0.2.1", Port=80, Tags=["web"])
        self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.web.service.consul"))
        self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.web.svc.internal"))


class SettingsTest(ConsulDnsTest):
    def setUp(self):
        pass

    def test_another_domain_and_datacenter(self):
        self.serve('domain = "sd.example"\ndatacenter = "Paris"')
        self.native()
        self.assertEqual({(1, 1, 8080, "c0000201.addr.paris.sd.example.")}, {
            (priority, weight, port, target.lower())
            for priority, weight, port, target in self.dns.srv("web.service.paris.sd.example")})
        self.assertEqual("REFUSED", rcode_text(self.dns.ask("web.service.consul")))

    def test_warnings_are_out_with_only_passing(self):
        self.serve("only_passing = true")
        self.register(ID="web-1", Address="192.0.2.1", Port=80, Check={"TTL": "30s", "Status": "passing"})
        self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.service.consul"))
        self.put("/v1/agent/check/warn/service:web-1")
        self.assert_nodata("web.service.consul")

    def test_a_door_that_is_off_has_no_names(self):
        self.serve("enabled = false")
        for name in ("consul", "web.service.consul"):
            self.assertEqual("REFUSED", rcode_text(self.dns.ask(name)), name)

    def test_a_zone_of_the_settings_wins(self):
        zone = self.zone_file("@ 1 IN SOA ns hostmaster 7 10 5 3600 1\n@ 1 IN NS ns\nns 1 IN A 127.0.0.1\n", "consul.zone")
        self.serve("", "--zone", "svc.internal", "--zone", f"consul={zone}")
        self.native()
        self.assertEqual("NXDOMAIN", rcode_text(self.dns.ask("web.service.consul")))
        self.assertIn("hostmaster.consul.", self.dns.records("consul", "SOA")[0].to_text())
        self.assertIn("Consul's names are not answered", self.rollcalld.log())

    def test_other_zones_are_datacenters(self):
        zone = self.zone_file("@ 1 IN SOA ns hostmaster 7 10 5 3600 1\n@ 1 IN NS ns\nns 1 IN A 127.0.0.1\n", "lab.zone")
        self.serve("", "--zone", "svc.internal", "--zone", f"lab.example={zone}")
        self.native()
        self.native(id="i-2", address="192.0.2.2", zone="lab.example")
        self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.service.consul"))
        self.assertEqual({(1, 1, 8080, "c0000202.addr.lab.example.consul.")},
                         self.dns.srv("web.service.lab.example.consul"))
        self.assert_nodata("example.consul")
