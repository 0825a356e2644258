"""Prepared queries, asked over HTTP and in the DNS (docs/consul-kv.md)."""

from tests.support.case import Case

ZONE = "$TTL 60\n@ IN SOA ns.test. hostmaster.test. 1 3600 600 86400 1\n@ IN NS ns.test.\n"


class ConsulQueriesTest(Case):
    def setUp(self):
        zones = "".join(f'[[zone]]\nname = "{name}"\nfile = "{self.zone_file(ZONE, name)}"\n' for name in ("one.test", "two.test"))
        self.rollcalld = self.server("--config", self.settings_file(zones))
        self.api = self.api_of(self.rollcalld)

    def ask(self, method, path, body=None, status=200):
        answer = self.api.call(method, path, body)
        self.assertEqual(status, answer.status, f"{method} {path}: {answer}")
        return answer

    def register(self, id, status="passing", dc="dc1", **fields):
        number = sum(id.encode()) % 200 + 1
        self.ask("PUT", "/v1/catalog/register", {
            "Node": f"node-{id}", "Address": f"192.0.2.{number}", "Datacenter": dc,
            "Service": {"ID": id, "Service": "Web", "Port": 80, **fields},
            "Check": {"CheckID": f"c-{id}", "Name": "alive", "Status": status, "ServiceID": id}})
        return f"192.0.2.{number}"

    def make(self, name, **service):
        return self.ask("POST", "/v1/query", {"Name": name, "Service": {"Service": "web", **service},
                                              "DNS": {"TTL": "30s"}}).json["ID"]

    def execute(self, query, parameters=""):
        answer = self.ask("GET", f"/v1/query/{query}/execute{parameters}").json
        return sorted(row["Service"]["ID"] for row in answer["Nodes"]), answer

    def addresses(self, name):
        reply = self.rollcalld.dns().ask(name, "A")
        return sorted(record.to_text() for rrset in reply.answer for record in rrset)

    def test_a_query_answers_with_those_who_meet_its_conditions(self):
        good = self.register("a", Tags=["v1", "blue"], Meta={"k": "v"})
        warning = self.register("b", "warning", Tags=["v1", "old"])
        self.register("c", "critical", Tags=["v1"])
        every, passing = self.make("every"), self.make("Passing", OnlyPassing=True)
        for name, conditions, expected in [("tagged", {"Tags": ["V1", "!old"]}, ["a"]), ("meta", {"ServiceMeta": {"k": "v"}}, ["a"]),
                                           ("none", {"Tags": ["green"]}, [])]:
            self.make(name, **conditions)
            self.assertEqual(expected, self.execute(name)[0], name)
        ids, answer = self.execute(every)
        self.assertEqual(["a", "b"], ids)
        self.assertEqual(("web", "30s", "dc1", 0),
                         (answer["Service"], answer["DNS"]["TTL"], answer["Datacenter"], answer["Failovers"]))
        self.assertEqual({"Node", "Service", "Checks"}, answer["Nodes"][0].keys())
        self.assertEqual(["a"], self.execute(passing)[0])
        self.assertEqual(["a"], self.execute("PASSING")[0])
        self.assertEqual(1, len(self.execute("every", "?limit=1&near=_agent")[0]))
        self.assertEqual(sorted([good, warning]), self.addresses("every.query.consul."))
        self.assertEqual([good], self.addresses("passing.query.consul."))
        self.assertEqual([good], self.addresses("tagged.query.consul."))
        self.ask("GET", "/v1/query/nobody/execute", status=404)
        self.ask("GET", "/v1/query/every/execute?limit=x", status=400)

    def test_another_datacenter_answers_where_nobody_is_left(self):
        there = self.register("far", dc="two.test")
        self.make("q", Failover={"Datacenters": ["unknown", "two.test"]})
        ids, answer = self.execute("q")
        self.assertEqual((["far"], "two.test", 1), (ids, answer["Datacenter"], answer["Failovers"]))
        self.assertEqual([there], self.addresses("q.query.consul."))
        here = self.register("near")
        self.assertEqual((["near"], 0), (self.execute("q")[0], self.execute("q")[1]["Failovers"]))
        self.assertEqual([here], self.addresses("q.query.consul."))
        self.assertEqual(["far"], self.execute("q", "?dc=two.test")[0])

    def test_a_query_that_is_changed_or_deleted_is_so_in_the_dns_at_once(self):
        address = self.register("a", Tags=["v1"])
        query = self.make("q")
        self.assertEqual([address], self.addresses("q.query.consul."))
        self.ask("PUT", f"/v1/query/{query}", {"Name": "r", "Service": {"Service": "web", "Tags": ["v2"]}})
        self.assertEqual([], self.addresses("r.query.consul."))
        self.assertEqual([], self.addresses("q.query.consul."))
        self.ask("PUT", f"/v1/query/{query}", {"Name": "r", "Service": {"Service": "web"}})
        self.rollcalld.restart()
        self.assertEqual([address], self.addresses("r.query.consul."))
        self.api = self.api_of(self.rollcalld)
        self.ask("DELETE", f"/v1/query/{query}")
        self.assertEqual([], self.addresses("r.query.consul."))
