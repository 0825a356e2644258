"""A token for one service learns nothing of keys, sessions and prepared queries (docs/consul-kv.md, "Rights")."""

import http.client
import json
import pathlib
import re

from tests.interop.test_access import token_table
from tests.support.case import Case
from tests.support.processes import REPOSITORY

OURS, ADMIN = "reader-of-web-0123456789", "admin-0123456789abcdef"

# Every GET of src/api/consul/{kv,session,query}.h. A new route there needs a line here.
ASKED = {
    "/v1/kv/*": ["/v1/kv/hidden-key", "/v1/kv/hidden-none", "/v1/kv/?recurse", "/v1/kv/?keys", "/v1/kv/hidden-key?raw"],
    "/v1/session/info/{id}": ["/v1/session/info/hidden-none"],
    "/v1/session/list": ["/v1/session/list"],
    "/v1/session/node/{node}": ["/v1/session/node/hidden-node"],
    "/v1/query": ["/v1/query"],
    "/v1/query/{id}": ["/v1/query/hidden-none"],
    "/v1/query/{name}/explain": ["/v1/query/hidden-query/explain", "/v1/query/hidden-none/explain"],
    "/v1/query/{name}/execute": ["/v1/query/hidden-query/execute", "/v1/query/hidden-none/execute"],
}
# These have the same empty list for everybody.
EMPTY = {"/v1/coordinate/nodes", "/v1/coordinate/datacenters", "/v1/coordinate/node/{node}", "/v1/connect/intentions",
         "/v1/config/{kind}"}


class RestrictedKeysTest(Case):
    def setUp(self):
        self.rollcalld = self.server("--config", self.settings_file(
            token_table("ours", OURS, 'allow = "write"\nservices = ["web"]\n') +
            token_table("admin", ADMIN, 'allow = "admin"\n')))

    def ask(self, method, path, token, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.rollcalld.http_port, timeout=10)
        self.addCleanup(connection.close)
        connection.request(method, path, json.dumps(body) if body else None, {"X-Consul-Token": token})
        response = connection.getresponse()
        return response.status, response.read().decode()

    def test_no_read_tells_anything(self):
        self.assertEqual(200, self.ask("PUT", "/v1/kv/hidden-key", ADMIN, {"hidden": "hidden"})[0])
        self.assertEqual(200, self.ask("PUT", "/v1/session/create", ADMIN, {"Node": "hidden-node"})[0])
        query = {"Name": "hidden-query", "Service": {"Service": "hidden-db"}}
        self.assertEqual(200, self.ask("POST", "/v1/query", ADMIN, query)[0])
        self.assertEqual(200, self.ask("GET", "/v1/query/hidden-query/execute", ADMIN)[0])
        sentences = set()
        for path in [path for paths in ASKED.values() for path in paths]:
            with self.subTest(path):
                status, body = self.ask("GET", path, OURS)
                self.assertEqual(403, status, body)
                self.assertNotIn("hidden", body)
                sentences.add(body)
        self.assertEqual(1, len(sentences), sentences)

    def test_its_own_service_may_be_asked_by_a_query(self):
        self.assertEqual(200, self.ask("POST", "/v1/query", ADMIN, {"Name": "q", "Service": {"Service": "Web"}})[0])
        self.assertEqual(200, self.ask("GET", "/v1/query/q/execute", OURS)[0])

    def test_every_read_is_tried_here(self):
        tables = "".join(pathlib.Path(REPOSITORY, f"src/api/consul/{name}.h").read_text()
                         for name in ("kv", "session", "query"))
        self.assertEqual(set(ASKED) | EMPTY, set(re.findall(r'\{Method::get, "([^"]+)"', tables)))
