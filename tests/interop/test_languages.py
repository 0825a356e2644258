"""The resolvers that come with Node, Go and Java, pointed straight at the server."""

import json

from tests.interop.languages import build_go, build_java, run_node
from tests.support.case import Case
from tests.support.processes import run

MANY = 100


class LanguagesTest(Case):
    def setUp(self):
        self.rollcalld = self.server_with_zone()
        self.where = f"{self.rollcalld.address}:{self.rollcalld.dns_port}"
        self.api = self.api_of(self.rollcalld)

    def output(self, command, *arguments):
        result = run([*command, self.where, *arguments])
        self.assertEqual(0, result.returncode, result.stderr)
        return result.stdout

    def register_two(self):
        self.api.expect_registered("web", "i-1", ["192.0.2.1", "2001:db8::1"], 8001, weight=3)
        self.api.expect_registered("web", "i-2", "192.0.2.2", 8002)

    def register_many(self):
        for n in range(MANY):
            self.api.expect_registered("many", f"i-{n}", f"192.0.2.{n + 1}", 8000 + n)

    def test_nodes_resolver_follows_registrations(self):
        node = run_node()
        ask = lambda what, name: json.loads(self.output(node, what, name))
        self.assertEqual("ENOTFOUND", ask("4", "web.svc.internal"))
        self.register_two()
        self.assertEqual(["192.0.2.1", "192.0.2.2"], ask("4", "web.svc.internal"))
        self.assertEqual(["2001:db8::1"], ask("6", "web.svc.internal"))
        self.assertEqual(["1 1 8002 i-2.web.svc.internal", "1 3 8001 i-1.web.svc.internal"],
                         ask("Srv", "_web._tcp.svc.internal"))
        self.api.expect_deregistered("web", "i-1")
        self.assertEqual(["192.0.2.2"], ask("4", "web.svc.internal"))
        self.assertEqual("ENODATA", ask("6", "web.svc.internal"))
        self.register_many()
        self.assertEqual(MANY, len(ask("Srv", "_many._tcp.svc.internal")))

    def test_gos_resolver_follows_registrations(self):
        go = [build_go()]
        ask = lambda what, name: json.loads(self.output(go, what, name))
        self.assertEqual("not found", ask("host", "web.svc.internal"))
        self.register_two()
        self.assertEqual(["192.0.2.1", "192.0.2.2", "2001:db8::1"], ask("host", "web.svc.internal"))
        self.assertEqual(["1 1 8002 i-2.web.svc.internal.", "1 3 8001 i-1.web.svc.internal."],
                         ask("srv", "_web._tcp.svc.internal"))
        self.api.expect_deregistered("web", "i-1")
        self.assertEqual(["192.0.2.2"], ask("host", "web.svc.internal"))
        self.register_many()
        self.assertEqual(MANY, len(ask("srv", "_many._tcp.svc.internal")))
        self.assertEqual(MANY, len(ask("host", "many.svc.internal")))

    def test_javas_naming_provider_follows_registrations(self):
        java = build_java(self.directory)
        ask = lambda what, name: self.output(java, what, name).split("\n")[:-1]
        self.assertEqual(["not found"], ask("a", "web.svc.internal"))
        self.register_two()
        self.assertEqual(["192.0.2.1", "192.0.2.2"], ask("a", "web.svc.internal"))
        self.assertEqual(["2001:db8::1"], ask("aaaa", "web.svc.internal"))
        self.assertEqual(["1 1 8002 i-2.web.svc.internal.", "1 3 8001 i-1.web.svc.internal."],
                         ask("srv", "_web._tcp.svc.internal"))
        self.api.expect_deregistered("web", "i-1")
        self.assertEqual(["192.0.2.2"], ask("a", "web.svc.internal"))
        self.register_many()
        self.assertEqual(MANY, len(ask("srv", "_many._tcp.svc.internal")))
