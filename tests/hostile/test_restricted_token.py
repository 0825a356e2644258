"""A token for one service learns of nothing else, by whatever call."""

import http.client
import json
import pathlib
import re
import sqlite3

from tests.interop.test_access import token_table
from tests.support.case import Case
from tests.support.processes import REPOSITORY

OURS, ADMIN = "reader-of-web-0123456789", "admin-0123456789abcdef"

ZONE = """$TTL 60
@ IN SOA ns.test. hostmaster.test. 1 3600 600 86400 1
@ IN NS ns.test.
hidden-host IN A 192.0.2.77
hidden-alias IN CNAME hidden-db.first.test.
webmail IN MX 10 hidden-db.first.test.
"""
REVERSE = "$TTL 60\n@ IN SOA ns.test. hostmaster.test. 1 3600 600 86400 1\n@ IN NS ns.test.\n"

# Every GET of the native API (src/api/native/door.cc), as a curious client asks it. A new route there needs a line here.
ASKED = {
    "/v1/services": ["/v1/services", "/v1/services?zone=second.test"],
    "/v1/services/{service}": ["/v1/services/web", "/v1/services/hidden-db", "/v1/services/hidden-none"],
    "/v1/services/{service}/instances/{id}": ["/v1/services/web/instances/a", "/v1/services/hidden-db/instances/hidden-1"],
    "/v1/instances": ["/v1/instances", "/v1/instances?zone=second.test", "/v1/instances?text=idden", "/v1/instances?sort=-weight",
                      "/v1/instances?service=hidden-db"],
    "/v1/whoami": ["/v1/whoami"],
    "/v1/watch": ["/v1/watch", "/v1/watch?service=hidden-db"],
    "/v1/events": ["/v1/events", "/v1/events?service=web", "/v1/events?service=hidden-db", "/v1/events?id=hidden-1"],
    "/v1/explain": [f"/v1/explain?name={name}&type={type}" for name, type in [
        ("web", "A"), ("web", "ANY"), ("_web._tcp", "SRV"), ("a.web", "TXT"), ("hidden-db", "A"), ("hidden-db", "TXT"),
        ("hidden-none", "A"), ("hidden-1.hidden-db", "A"), ("_hidden-db._tcp", "SRV"), ("_hidden-db._tcp", "PTR"),
        ("x._sub._hidden-db._tcp", "PTR"), ("_services._dns-sd._udp", "PTR"), ("b._dns-sd._udp", "PTR"), ("_tcp", "A"),
        ("hidden-host", "A"), ("hidden-alias", "A"), ("first.test", "ANY"), ("second.test.", "SOA"), ("webmail", "MX"),
        ("8.2.0.192.in-addr.arpa.", "PTR"), ("9.2.0.192.in-addr.arpa.", "PTR"), ("2.0.192.in-addr.arpa.", "ANY"),
        ("www.example.org.", "A")]],
    "/v1/status": ["/v1/status"],
    "/v1/nodes": ["/v1/nodes"],
    "/v1/openapi.json": ["/v1/openapi.json"],
    "/": ["/"],
    "/healthz": ["/healthz"],
    "/readyz": ["/readyz"],
    "/metrics": ["/metrics"],
}

# Reads of the catalog and of health of Consul's API (src/api/consul/catalog.h, health.h), by their patterns.
ASKED_OF_CONSUL = {
    "/v1/catalog/datacenters": ["/v1/catalog/datacenters"],
    "/v1/catalog/services": ["/v1/catalog/services", "/v1/catalog/services?dc=second.test", "/v1/catalog/services?filter=ServiceName!=x"],
    "/v1/catalog/service/*": ["/v1/catalog/service/web", "/v1/catalog/service/hidden-db"],
    "/v1/catalog/nodes": ["/v1/catalog/nodes"],
    "/v1/catalog/node/*": ["/v1/catalog/node/here", "/v1/catalog/node/there"],
    "/v1/catalog/node-services/*": ["/v1/catalog/node-services/here", "/v1/catalog/node-services/there"],
    "/v1/catalog/connect/*": ["/v1/catalog/connect/web", "/v1/catalog/connect/hidden-db"],
    "/v1/health/connect/*": ["/v1/health/connect/web", "/v1/health/connect/hidden-db"],
    "/v1/health/ingress/*": ["/v1/health/ingress/web", "/v1/health/ingress/hidden-db"],
    "/v1/health/service/*": ["/v1/health/service/web", "/v1/health/service/hidden-db", "/v1/health/service/hidden-none?index=1"],
    "/v1/health/checks/*": ["/v1/health/checks/web", "/v1/health/checks/hidden-db"],
    "/v1/health/node/*": ["/v1/health/node/here"],
    "/v1/health/state/*": ["/v1/health/state/any", "/v1/health/state/passing?dc=second.test"],
}

# Reads of its agent (src/api/consul/agent/calls.h).
ASKED_OF_CONSULS_AGENT = {
    "/v1/agent/services": ["/v1/agent/services", "/v1/agent/services?dc=second.test"],
    "/v1/agent/service/*": ["/v1/agent/service/a", "/v1/agent/service/hidden-1"],
    "/v1/agent/checks": ["/v1/agent/checks"],
    "/v1/agent/health/service/name/*": ["/v1/agent/health/service/name/web", "/v1/agent/health/service/name/hidden-db"],
    "/v1/agent/health/service/id/*": ["/v1/agent/health/service/id/a", "/v1/agent/health/service/id/hidden-1"],
    "/v1/agent/self": ["/v1/agent/self"],
    "/v1/agent/members": ["/v1/agent/members"],
}


class RestrictedTokenTest(Case):
    def setUp(self):
        first = self.zone_file(ZONE, "first.zone")
        reverse = self.zone_file(REVERSE, "reverse.zone")
        settings = self.settings_file(
            '[consul]\nnode = "here"\n' +
            token_table("ours", OURS, 'allow = "read"\nservices = ["web"]\n') +
            token_table("admin", ADMIN, 'allow = "admin"\n') +
            "".join(f'[[zone]]\nname = "{name}"\nfile = "{file}"\n' for name, file in
                    [("first.test", first), ("second.test", first), ("2.0.192.in-addr.arpa", reverse)]))
        self.rollcalld = self.server("--config", settings)
        for body in [{"service": "web", "id": "a", "address": "192.0.2.8", "port": 80},
                     {"service": "hidden-db", "id": "hidden-1", "address": "192.0.2.9", "port": 80, "tags": ["hidden-tag"],
                      "meta": {"hidden": "hidden"}},
                     {"service": "hidden-too", "id": "hidden-2", "address": "192.0.2.10", "port": 80,
                      "zone": "second.test"}]:
            self.assertEqual(201, self.ask("POST", "/v1/heartbeat", ADMIN, body)[0])
        with sqlite3.connect(self.rollcalld.database, timeout=10) as database:
            database.execute("PRAGMA ignore_check_constraints = ON")
            database.execute("INSERT INTO instance (zone, service, id, addresses, port)"
                             " VALUES ('first.test', 'hidden-row', 'x', '[\"192.0.2.1\"]', 70000)")
        database.close()
        self.eventually(lambda: self.json("/v1/status", ADMIN)["ignored_rows"], "the row is ignored")

    def ask(self, method, path, token, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.rollcalld.http_port, timeout=10)
        self.addCleanup(connection.close)
        connection.request(method, path, json.dumps(body) if body else None, {"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        return response.status, response.read().decode()

    def json(self, path, token):
        status, body = self.ask("GET", path, token)
        self.assertEqual(200, status, body)
        return json.loads(body)

    def test_no_call_tells_of_another_service(self):
        for path in [path for paths in ASKED.values() for path in paths]:
            with self.subTest(path):
                status, body = self.ask("GET", path, OURS)
                self.assertNotIn("hidden", body.replace("/hidden", "").replace(self.named_in(path), ""))
                if "hidden" in path:
                    self.assertEqual(403, status, body)

    def named_in(self, path):
        """The name the question itself has: an answer may repeat that."""
        return next(iter(re.findall(r"hidden-[a-z]+", path)), "(nothing)")

    def test_what_is_not_there_looks_like_what_it_may_not_read(self):
        def refusal(name):
            return self.ask("GET", f"/v1/explain?name={name}", OURS)
        self.assertEqual(refusal("hidden-db"), refusal("hidden-none"))
        self.assertEqual(refusal("9.2.0.192.in-addr.arpa."), refusal("200.2.0.192.in-addr.arpa."))

    def test_its_own_service_is_explained_whether_or_not_it_is_there(self):
        self.assertEqual("service", self.json("/v1/explain?name=web", OURS)["rule"])
        self.assertEqual("service", self.json("/v1/explain?name=_web._tcp&type=SRV", OURS)["rule"])
        self.assertEqual("instance", self.json("/v1/explain?name=a.web", OURS)["rule"])
        self.assertEqual("reverse", self.json("/v1/explain?name=8.2.0.192.in-addr.arpa.&type=PTR", OURS)["rule"])
        self.assertEqual(204, self.ask("DELETE", "/v1/services/web/instances/a", ADMIN)[0])
        self.assertEqual("NOERROR", self.json("/v1/explain?name=web", OURS)["rcode"])
        self.assertEqual("nothing", self.json("/v1/explain?name=gone.web", OURS)["rule"])

    def test_the_status_counts_what_the_token_may_read(self):
        status = self.json("/v1/status", OURS)
        self.assertEqual((1, 1, []), (status["services"], status["instances"], status["ignored_rows"]))
        everything = self.json("/v1/status", ADMIN)
        self.assertEqual((3, 3, 1), (everything["services"], everything["instances"], len(everything["ignored_rows"])))

    def test_no_call_of_consuls_api_tells_of_another_service(self):
        for path in [path for paths in ASKED_OF_CONSUL.values() for path in paths]:
            with self.subTest(path):
                status, body = self.ask("GET", path, OURS)
                self.assertNotIn("hidden", body.replace(self.named_in(path), ""))
                self.assertEqual(403 if "hidden" in path else 200, status, body)

    def test_no_call_of_consuls_agent_tells_of_another_service(self):
        for path in [path for paths in ASKED_OF_CONSULS_AGENT.values() for path in paths]:
            with self.subTest(path):
                status, body = self.ask("GET", path, OURS)
                named = "hidden-1" if path.endswith("hidden-1") else self.named_in(path)
                self.assertNotIn("hidden", body.replace(named, ""))
                self.assertEqual(404 if named == "hidden-1" else 403 if "hidden" in path else 200, status, body)

    def test_every_read_of_consuls_catalog_is_tried_here(self):
        table = "".join(pathlib.Path(REPOSITORY, "src/api/consul", name).read_text() for name in ("catalog.h", "health.h"))
        self.assertEqual(set(ASKED_OF_CONSUL), set(re.findall(r'\{Method::get,\s+"([^"]+)"', table)))

    def test_every_read_of_consuls_agent_is_tried_here(self):
        table = pathlib.Path(REPOSITORY, "src/api/consul/agent/calls.h").read_text()
        self.assertEqual(set(ASKED_OF_CONSULS_AGENT), set(re.findall(r'\{Method::get,\s+"([^"]+)"', table)))

    def test_every_read_of_the_api_is_tried_here(self):
        table = pathlib.Path(REPOSITORY, "src/api/native/door.cc").read_text()
        self.assertEqual(set(ASKED), set(re.findall(r'\{Method::get, "([^"]+)"', table)))
