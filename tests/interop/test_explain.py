"""GET /v1/explain through curl, beside what dig is answered, and the same in the DNS."""

import json

from tests.support.case import Case
from tests.support.processes import need_program, run


class ExplainTest(Case):
    def setUp(self):
        self.curl, self.dig = need_program("curl"), need_program("dig")
        self.rollcalld = self.server_with_zone(*self.settings())
        self.http = f"http://{self.rollcalld.address}:{self.rollcalld.http_port}"
        for number in (1, 2, 3):
            self.beat({"service": "web", "id": f"i-{number}", "address": f"192.0.2.{number}", "port": 8080,
                       "ttl": "60s", "priority": 2 if number == 3 else 1})
        self.beat({"service": "web", "id": "i-6", "address": "2001:db8::6", "port": 8080, "ttl": "60s"})
        self.call("-X", "POST", "/v1/services/web/instances/i-2/drain")

    def settings(self):
        return []

    def call(self, *arguments):
        *options, path = arguments
        result = run([self.curl, "-sS", "--max-time", "10", *options, self.http + path])
        self.assertEqual(0, result.returncode, result.stderr)
        return json.loads(result.stdout)

    def beat(self, registration):
        self.call("-d", json.dumps(registration), "/v1/heartbeat")

    def explain(self, name, type="A"):
        return self.call(f"/v1/explain?name={name}&type={type}")

    def dug(self, name, type, *options):
        result = run([self.dig, f"@{self.rollcalld.address}", "-p", str(self.rollcalld.dns_port), "+tcp", "+noall",
                      "+norec", *options, name, type])
        self.assertEqual(0, result.returncode, result.stdout)
        return result.stdout

    def records(self, section, name, type):
        """Name, type and data of each record as dig shows them; a TTL may have changed from one to the other."""
        lines = [line.split() for line in self.dug(name, type, f"+{section}").splitlines() if line.strip()]
        return sorted((words[0], words[3], " ".join(words[4:])) for words in lines)


class HttpTest(ExplainTest):
    def test_each_instance_is_in_the_answer_or_has_its_reason(self):
        explained = self.explain("web.svc.internal")
        self.assertEqual("service", explained["rule"])
        self.assertEqual("web", explained["service"])
        self.assertEqual(["i-1"], [id for record in explained["answer"] for id in record["instances"]])
        reasons = {one["id"]: one["reason"] for one in explained["left_out"]}
        self.assertEqual({"i-2": "draining", "i-3": "lower_priority", "i-6": "no_address"}, reasons)
        self.assertRegex(explained["left_out"][0]["since"], r"^20\d\d-\d\d-\d\dT.*Z$")
        self.assertIn("1 of its 4 instances", explained["sentence"])

    def test_the_answer_is_the_one_that_dig_gets(self):
        for name, type in (("web.svc.internal", "A"), ("web.svc.internal", "AAAA"), ("web.svc.internal", "SRV"),
                           ("_web._tcp.svc.internal", "SRV"), ("_web._tcp.svc.internal", "PTR"),
                           ("i-2.web.svc.internal", "A"), ("i-1.web.svc.internal", "TXT"), ("svc.internal", "SOA"),
                           ("svc.internal", "NS"), ("alias.svc.internal", "A"), ("x.wild.svc.internal", "A"),
                           ("nobody.svc.internal", "A"), ("empty.svc.internal", "A"), ("www.example.org.", "A")):
            with self.subTest(name=name, type=type):
                explained = self.explain(name, type)
                for section in ("answer", "additional"):
                    shown = sorted((r["name"], r["type"], r["data"]) for r in explained[section])
                    self.assertEqual(self.records(section, name, type), shown)
                self.assertIn(f"status: {explained['rcode']},", self.dug(name, type, "+comments"))

    def test_names_are_explained_by_their_rules(self):
        rules = {name: self.explain(name)["rule"] for name in
                 ("web", "i-1.web", "fixed", "alias", "x.wild", "empty", "nobody", "www.example.org.")}
        self.assertEqual({"web": "service", "i-1.web": "instance", "fixed": "static", "alias": "cname",
                          "x.wild": "wildcard", "empty": "empty_non_terminal", "nobody": "nothing",
                          "www.example.org.": "outside"}, rules)

    def test_a_drain_is_safe_at_once_however_often_it_is_explained(self):
        self.beat({"service": "quiet", "id": "i-1", "address": "192.0.2.1", "port": 8080, "ttl": "60s"})
        for _ in range(3):
            self.explain("quiet.svc.internal")
        self.assertTrue(self.call("-X", "POST", "/v1/services/quiet/instances/i-1/drain")["safe"])

    def test_explanations_are_no_queries(self):
        def queries():
            result = run([self.curl, "-sS", self.http + "/metrics"])
            return [line for line in result.stdout.splitlines() if line.startswith("rollcall_dns_queries_total")]
        before = queries()
        self.explain("web.svc.internal")
        self.assertEqual(before, queries())

    def test_it_is_off_in_the_dns(self):
        self.assertIn("status: NXDOMAIN", self.dug("_explain.web.svc.internal", "TXT", "+comments"))


class DnsTest(ExplainTest):
    def settings(self):
        return ["--config", str(self.settings_file("[dns]\nexplain = true\n"))]

    def test_dig_is_told_why_where_it_is_switched_on(self):
        lines = self.dug("_explain.web.svc.internal", "TXT", "+short").splitlines()
        self.assertIn("web.svc.internal A: NOERROR.", lines[0])
        self.assertIn('"i-6: it has no IPv4 address"', lines)
        self.assertTrue(any(line.startswith('"i-2: draining since 20') for line in lines), lines)
