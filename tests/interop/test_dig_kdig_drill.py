"""dig, kdig and drill: the answers as the tools of the field show them, over UDP and TCP, in all sizes."""

import itertools

from tests.support.case import Case
from tests.support.processes import need_program, run

MANY = 60


class Tool:
    """One of the three programs, with its own words for the same questions."""

    def __init__(self, name, server):
        self._program = need_program(name)
        self._server = server

    def output(self, name, type, *options):
        result = run([self._program, *self.where(), *options, name, type])
        if result.returncode != 0:
            raise AssertionError(f"{result.args}: exit {result.returncode}\n{result.stdout}{result.stderr}")
        return result.stdout

    def where(self):
        return [f"@{self._server.address}", "-p", self._server.dns_port]

    def section(self, name, type, title, *options):
        """The records of one section, in presentation format, single spaces between fields."""
        lines = iter(self.output(name, type, *options).splitlines())
        for line in lines:
            if line.startswith(f";; {title} SECTION:"):
                break
        records = itertools.takewhile(lambda line: line.strip() and not line.startswith(";"), lines)
        return sorted(" ".join(line.split()) for line in records)


class Questions:
    """Run for each tool by the classes below."""

    tool_name = ""
    over_tcp = "+tcp"
    no_edns = ["+noedns"]
    status = "status: {}"

    def setUp(self):
        self.rollcalld = self.server_with_zone()
        self.tool = Tool(self.tool_name, self.rollcalld)
        self.api = self.api_of(self.rollcalld)

    def answer(self, name, type, *options):
        return self.tool.section(name, type, "ANSWER", *options)

    def test_a_registered_instance_has_an_address_and_a_port(self):
        self.api.expect_registered("web", "i-1", ["192.0.2.1", "2001:db8::1"], 8080, priority=5, weight=7, tags=["blue"])
        for options in ([], [self.over_tcp]):
            with self.subTest(options=options):
                self.assertEqual(["web.svc.internal. 1 IN A 192.0.2.1"],
                                 self.answer("web.svc.internal", "A", *options))
                self.assertEqual(["web.svc.internal. 1 IN AAAA 2001:db8::1"],
                                 self.answer("web.svc.internal", "AAAA", *options))
                for name in ("web.svc.internal.", "_web._tcp.svc.internal.", "blue.web.svc.internal."):
                    self.assertEqual([f"{name} 1 IN SRV 5 7 8080 i-1.web.svc.internal."],
                                     self.answer(name, "SRV", *options))
                self.assertEqual(["i-1.web.svc.internal. 1 IN A 192.0.2.1"],
                                 self.answer("i-1.web.svc.internal", "A", *options))

    def test_the_addresses_of_targets_come_with_the_srv_records(self):
        self.api.expect_registered("web", "i-1", ["192.0.2.1", "2001:db8::1"], 8080)
        self.assertEqual(["i-1.web.svc.internal. 1 IN A 192.0.2.1", "i-1.web.svc.internal. 1 IN AAAA 2001:db8::1"],
                         self.tool.section("_web._tcp.svc.internal", "SRV", "ADDITIONAL"))

    def test_what_does_not_exist_is_nxdomain_and_what_has_no_such_type_nodata_both_with_the_soa(self):
        self.api.expect_registered("web", "i-1")
        # The serial follows the roll.
        soa = r"^svc\.internal\. 1 IN SOA ns\.svc\.internal\. hostmaster\.svc\.internal\. \d+ 10 5 3600 1$"
        for name, type, code in (("nobody.svc.internal", "A", "NXDOMAIN"), ("web.svc.internal", "AAAA", "NOERROR"),
                                 ("empty.svc.internal", "A", "NOERROR"), ("fixed.svc.internal", "MX", "NOERROR")):
            with self.subTest(name=name, type=type):
                self.assertIn(self.status.format(code), self.tool.output(name, type))
                self.assertEqual([], self.answer(name, type))
                [record] = self.tool.section(name, type, "AUTHORITY")
                self.assertRegex(record, soa)

    def test_names_outside_the_zone_are_refused(self):
        self.assertIn(self.status.format("REFUSED"), self.tool.output("www.example.org", "A"))

    def test_a_deregistered_instance_is_gone_with_the_next_question(self):
        self.api.expect_registered("web", "i-1", "192.0.2.1")
        self.api.expect_registered("web", "i-2", "192.0.2.2")
        self.assertEqual(2, len(self.answer("web.svc.internal", "A")))
        self.api.expect_deregistered("web", "i-1")
        self.assertEqual(["web.svc.internal. 1 IN A 192.0.2.2"], self.answer("web.svc.internal", "A"))
        self.api.expect_deregistered("web", "i-2")
        self.assertEqual([], self.answer("web.svc.internal", "A"))
        self.assertIn(self.status.format("NOERROR"), self.tool.output("web.svc.internal", "A"))

    def test_an_answer_too_large_for_udp_comes_whole_over_tcp(self):
        for n in range(MANY):
            self.api.expect_registered("many", f"i-{n}", f"192.0.2.{n + 1}", 8000 + n)
        for options in ([self.over_tcp], self.no_edns, self.buffer_size(512), self.buffer_size(4096)):
            with self.subTest(options=options):
                self.assertEqual(MANY, len(self.answer("_many._tcp.svc.internal", "SRV", *options)))

    def test_static_names_are_answered_beside_the_services(self):
        self.assertEqual(["fixed.svc.internal. 60 IN A 203.0.113.7"], self.answer("fixed.svc.internal", "A"))
        self.assertEqual(["alias.svc.internal. 60 IN CNAME fixed.svc.internal.",
                          "fixed.svc.internal. 60 IN A 203.0.113.7"], self.answer("alias.svc.internal", "A"))
        self.assertEqual(["any.wild.svc.internal. 60 IN A 203.0.113.8"], self.answer("any.wild.svc.internal", "A"))


class DigTest(Questions, Case):
    tool_name = "dig"

    def buffer_size(self, bytes):
        return [f"+bufsize={bytes}"]

    def test_a_truncated_answer_says_so_and_keeps_whole_records_in_a_stable_order(self):
        for n in range(MANY):
            self.api.expect_registered("many", f"i-{n}", f"192.0.2.{n + 1}", 8000 + n)
        for options in (["+noedns"], ["+bufsize=512"], ["+bufsize=1232"]):
            with self.subTest(options=options):
                text = self.tool.output("_many._tcp.svc.internal", "SRV", "+ignore", *options)
                self.assertRegex(text, r"flags: [a-z ]*\btc\b")
                answers = [self.answer("_many._tcp.svc.internal", "SRV", "+ignore", *options) for _ in range(3)]
                self.assertGreater(len(answers[0]), 0)
                self.assertLess(len(answers[0]), MANY)
                self.assertEqual([answers[0]] * 3, answers)

    def test_the_case_of_the_question_is_kept(self):
        self.api.expect_registered("web", "i-1")
        self.assertEqual(["wEb.SvC.internal. 1 IN A 192.0.2.1"], self.answer("wEb.SvC.internal", "A"))


class KdigTest(Questions, Case):
    tool_name = "kdig"

    def buffer_size(self, bytes):
        return [f"+bufsize={bytes}"]


class DrillTest(Questions, Case):
    tool_name = "drill"
    over_tcp = "-t"
    no_edns = ["-a"]
    status = "rcode: {}"

    def buffer_size(self, bytes):
        return ["-a", "-b", str(bytes)]


del Questions
