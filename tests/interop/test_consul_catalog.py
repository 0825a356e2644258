"""Consul's catalog and health over HTTP: what plain clients read, and blocking queries on a running server."""

import http.client
import json
import threading
import time
import urllib.parse

from tests.interop.test_access import token_table
from tests.support.case import Case

READER, ADMIN = "reader-of-web-0123456789", "admin-0123456789abcdef"


class Consul:
    """Calls on connections of their own, so that one that blocks holds nobody up."""

    def __init__(self, port, token=None):
        self.port, self.token = port, token

    def call(self, method, path, body=None, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            headers = {"X-Consul-Token": self.token} if self.token else {}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()
        finally:
            connection.close()

    def get(self, path, **options):
        status, headers, body = self.call("GET", path, **options)
        if status != 200:
            raise AssertionError(f"{path}: {status} {body}")
        return json.loads(body), int(headers["X-Consul-Index"])

    def put(self, path, body=None):
        status, _, text = self.call("PUT", path, body)
        if status != 200:
            raise AssertionError(f"{path}: {status} {text}")
        return text

    def register(self, name, **fields):
        return self.put("/v1/agent/service/register", {"Name": name, **fields})


class Blocked(threading.Thread):
    """A call that blocks, and how long it took."""

    def __init__(self, consul, path):
        super().__init__(daemon=True)
        self.consul, self.path = consul, path
        self.answer = self.index = self.took = None
        self.start()

    def run(self):
        begin = time.monotonic()
        self.answer, self.index = self.consul.get(self.path, timeout=60)
        self.took = time.monotonic() - begin


class ConsulCatalogTest(Case):
    def setUp(self):
        self.rollcalld = self.server()
        self.consul = Consul(self.rollcalld.http_port)

    def test_a_registration_is_seen_by_every_read(self):
        self.consul.register("web", ID="web-1", Port=80, Tags=["v1"], Check={"TTL": "30s", "Status": "passing"})
        services, _ = self.consul.get("/v1/catalog/services")
        self.assertEqual({"web": ["v1"]}, services)
        entries, _ = self.consul.get("/v1/health/service/web?passing=1")
        self.assertEqual(["web-1"], [entry["Service"]["ID"] for entry in entries])
        rows, _ = self.consul.get("/v1/catalog/service/web")
        self.assertEqual([80], [row["ServicePort"] for row in rows])
        node = rows[0]["Node"]
        self.assertIn("web-1", self.consul.get(f"/v1/catalog/node/{node}")[0]["Services"])
        self.assertEqual(["service:web-1"], [check["CheckID"] for check in self.consul.get("/v1/health/state/any")[0]])
        self.assertEqual(["service:web-1"], [check["CheckID"] for check in self.consul.get(f"/v1/health/node/{node}")[0]])

    def test_a_blocking_query_ends_with_its_services_change_and_with_no_other(self):
        self.consul.register("web", Port=80)
        _, index = self.consul.get("/v1/health/service/web")
        blocked = Blocked(self.consul, f"/v1/health/service/web?index={index}&wait=30s")
        self.consul.register("db", Port=5432)
        time.sleep(0.5)
        self.assertTrue(blocked.is_alive())
        self.consul.register("web", ID="web-2", Port=81)
        blocked.join(10)
        self.assertEqual(2, len(blocked.answer))
        self.assertGreater(blocked.index, index)

    def test_a_wait_ends_in_its_time_with_the_same_index_and_the_whole_body(self):
        self.consul.register("web", Port=80)
        _, index = self.consul.get("/v1/catalog/services")
        blocked = Blocked(self.consul, f"/v1/catalog/services?index={index}&wait=1s")
        blocked.join(10)
        self.assertEqual((index, {"web": []}), (blocked.index, blocked.answer))
        self.assertGreaterEqual(blocked.took, 1)
        self.assertLess(blocked.took, 3)

    def test_a_service_that_is_missing_blocks_until_it_comes(self):
        _, index = self.consul.get("/v1/health/service/later")
        blocked = Blocked(self.consul, f"/v1/health/service/later?index={index}&wait=30s")
        time.sleep(0.3)
        self.assertTrue(blocked.is_alive())
        self.consul.register("later", Port=1)
        blocked.join(10)
        self.assertEqual(1, len(blocked.answer))

    def test_a_restart_repeats_no_index(self):
        self.consul.register("web", Port=80)
        indexes = [self.consul.get(path)[1] for path in ("/v1/health/service/web", "/v1/catalog/services", "/v1/health/state/any")]
        self.rollcalld.stop()
        self.rollcalld.start()
        self.consul = Consul(self.rollcalld.http_port)
        after = [self.consul.get(path) for path in ("/v1/health/service/web", "/v1/catalog/services", "/v1/health/state/any")]
        self.assertEqual(1, len(after[0][0]))
        for before, (_, now) in zip(indexes, after):
            self.assertGreaterEqual(now, before)
        self.consul.register("web", ID="web-2", Port=81)
        self.assertGreater(self.consul.get("/v1/health/service/web")[1], max(indexes))

    def test_a_ttl_that_is_over_wakes_whoever_waits_for_passing_instances(self):
        self.consul.register("web", Port=80, Check={"TTL": "1s", "Status": "passing"})
        entries, index = self.consul.get("/v1/health/service/web?passing=1")
        self.assertEqual(1, len(entries))
        blocked = Blocked(self.consul, f"/v1/health/service/web?passing=1&index={index}&wait=30s")
        blocked.join(10)
        self.assertEqual([], blocked.answer)
        self.assertEqual("critical", self.consul.get("/v1/health/service/web")[0][0]["Checks"][0]["Status"])
        self.consul.put("/v1/agent/check/pass/service:web")
        self.assertEqual(1, len(self.consul.get("/v1/health/service/web?passing=1")[0]))

    def test_an_external_node_and_a_filter(self):
        self.assertEqual("true", self.consul.put("/v1/catalog/register", {
            "Node": "ext", "Address": "192.0.2.9", "NodeMeta": {"rack": "7"},
            "Service": {"Service": "db", "ID": "db-1", "Port": 5432, "Meta": {"env": "prod"}},
            "Checks": [{"Name": "up", "Status": "passing"}]}))
        chosen = urllib.parse.quote('Service.Meta["env"] == "prod" and Checks.Status == passing and Node.Meta.rack == 7')
        entries, _ = self.consul.get(f"/v1/health/service/db?filter={chosen}")
        self.assertEqual(["ext"], [entry["Node"]["Node"] for entry in entries])
        status, _, sentence = self.consul.call("GET", "/v1/health/service/db?filter=Service.Nothing%20==%201")
        self.assertEqual(400, status)
        self.assertIn("at character 1", sentence)
        self.assertEqual("true", self.consul.put("/v1/catalog/deregister", {"Node": "ext"}))
        self.assertEqual([], self.consul.get("/v1/health/service/db")[0])


class RestrictedConsulTest(Case):
    def test_a_restricted_token_sees_its_services_alone(self):
        settings = self.settings_file(token_table("ours", READER, 'allow = "read"\nservices = ["web"]\n') +
                                      token_table("admin", ADMIN, 'allow = "admin"\n'))
        port = self.server("--config", settings).http_port
        admin, ours = Consul(port, ADMIN), Consul(port, READER)
        admin.register("web", ID="w", Port=80)
        admin.register("hidden", ID="h", Port=81)
        self.assertEqual({"web": []}, ours.get("/v1/catalog/services")[0])
        self.assertEqual(1, len(ours.get("/v1/health/service/web")[0]))
        for path in ("/v1/health/service/hidden", "/v1/catalog/service/hidden", "/v1/health/checks/hidden"):
            self.assertEqual(403, ours.call("GET", path)[0], path)
        self.assertEqual(403, ours.call("PUT", "/v1/catalog/register", {
            "Node": "n", "Address": "192.0.2.1", "Service": {"Service": "web"}})[0])
        self.assertEqual(403, Consul(port, "nobody's").call("GET", "/v1/catalog/services")[0])
