"""The door of Consul's clients in a cluster: what is registered at one node lapses, and is revived, at all of them."""

import threading
import time
import unittest

from tests.cluster.test_cluster_by_hand import ByHandCase

TTL = 3


class ConsulDoorTest(ByHandCase):
    def setUp(self):
        super().setUp()
        if self.call(0, "GET", "/v1/health/service/web").status == 404:
            self.skipTest("this rollcalld has no door for Consul's clients")

    def call(self, number, method, path, body=None):
        return self.api_of(self.nodes[number]).call(method, path, body)

    def register(self, number=0, id="x1", status="passing", name="web", **check):
        body = {"ID": id, "Name": name, "Address": "192.0.2.1", "Port": 80, "Check": {"TTL": f"{TTL}s", "Status": status, **check}}
        answer = self.call(number, "PUT", "/v1/agent/service/register", body)
        self.assertEqual(200, answer.status, answer)

    def health(self, number, name="web"):
        """{id: the worst status} of the service, as this node tells it."""
        answer = self.call(number, "GET", f"/v1/health/service/{name}")
        self.assertEqual(200, answer.status, answer)
        order = ["passing", "warning", "critical"]
        return {entry["Service"]["ID"]: max((check["Status"] for check in entry["Checks"]), key=order.index, default="passing")
                for entry in answer.json}

    def index(self, number, path):
        return int(self.call(number, "GET", path).headers["x-consul-index"])

    def everywhere(self, expected, timeout=5, name="web"):
        for number in range(len(self.nodes)):
            self.eventually_equal(expected, lambda: self.health(number, name), timeout=timeout)

    def test_a_ttl_check_lapses_at_every_node_and_a_pass_at_another_node_revives_it(self):
        self.register(0)
        registered_at = time.monotonic()
        self.everywhere({"x1": "passing"}, timeout=1.5)
        self.everywhere({"x1": "critical"}, timeout=10)
        self.assertGreater(time.monotonic() - registered_at, TTL)
        self.shown_everywhere(set())
        answer = self.call(1, "PUT", "/v1/agent/check/pass/service:x1")
        self.assertEqual(200, answer.status, answer)
        passed_at = time.monotonic()
        self.assertEqual({"x1": "passing"}, self.health(1), "acknowledged is visible here")
        self.everywhere({"x1": "passing"}, timeout=1.5)
        self.shown_everywhere({"192.0.2.1"})
        self.everywhere({"x1": "critical"}, timeout=10)
        self.assertGreater(time.monotonic() - passed_at, TTL - 0.1)

    def test_passes_at_any_node_keep_it_passing_and_move_no_index(self):
        self.register(0)
        self.everywhere({"x1": "passing"}, timeout=1.5)
        before = [self.index(number, "/v1/health/service/web") for number in range(3)]
        end = time.monotonic() + 3 * TTL
        while time.monotonic() < end:
            for number in range(3):
                self.assertEqual(200, self.call(number, "PUT", "/v1/agent/check/pass/service:x1").status)
                time.sleep(0.2)
        self.assertEqual(before, [self.index(number, "/v1/health/service/web") for number in range(3)])
        self.everywhere({"x1": "passing"}, timeout=0.5)

    def test_a_check_that_is_critical_for_too_long_deregisters_the_service(self):
        self.register(0, DeregisterCriticalServiceAfter="60s")  # Consul's least
        self.register(1, id="x2", name="db")
        self.everywhere({"x1": "critical"}, timeout=10)
        self.everywhere({"x2": "critical"}, timeout=10, name="db")

    def test_indexes_are_the_same_everywhere_and_a_blocking_query_at_any_node_wakes(self):
        self.register(0)
        self.everywhere({"x1": "passing"}, timeout=1.5)
        paths = ["/v1/catalog/services", "/v1/health/service/web", "/v1/catalog/service/web"]
        for path in paths:
            indexes = {self.index(number, path) for number in range(3)}
            self.assertEqual(1, len(indexes), f"{path}: {indexes}")
        woken = {}

        def wait(number, index):
            api = self.nodes[number].api(timeout=30)
            answer = api.call("GET", f"/v1/catalog/services?index={index}&wait=20s")
            woken[number] = (time.monotonic(), answer.json)
            api.close()

        index = self.index(0, "/v1/catalog/services")
        waiting = [threading.Thread(target=wait, args=(number, index)) for number in range(3)]
        for thread in waiting:
            thread.start()
        time.sleep(1)
        self.assertEqual({}, woken)
        registered_at = time.monotonic()
        self.register(2, id="y1", name="other")
        for thread in waiting:
            thread.join(15)
        self.assertEqual({0, 1, 2}, set(woken))
        for at, services in woken.values():
            self.assertIn("other", services)
            self.assertLess(at - registered_at, 5)

    def test_a_service_of_any_name_is_registered_and_found_at_every_node(self):
        self.register(0, name="My Web/1", id="x y")
        self.everywhere({"x y": "passing"}, timeout=1.5, name="My%20Web%2F1")
        self.assertEqual(200, self.call(2, "PUT", "/v1/agent/service/deregister/x%20y").status)
        self.everywhere({}, name="My%20Web%2F1")


if __name__ == "__main__":
    unittest.main()
