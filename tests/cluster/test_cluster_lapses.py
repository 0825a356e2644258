"""Instances of other doors in a cluster: leases that turn a check critical, checks that end them, names of any kind."""

import json
import time
import unittest
import urllib.parse

from tests.cluster.nodes import NAME
from tests.cluster.test_cluster_by_hand import ByHandCase

TTL = 2


def row(status="passing", ends_after_ms=0, **fields):
    """What the door of Consul's agents writes, as far as this is about."""
    return {"door": "consul", "address": "192.0.2.1", "port": 80, "ttl": f"{TTL}s", "lease": "critical", "lease_check": "service:x1",
            "results": [{"id": "service:x1", "kind": "ttl", "status": status, "ends_after_ms": ends_after_ms}], **fields}


class LapseTest(ByHandCase):
    def put(self, value, service="web", id="x1"):
        self.etcd.ctl("put", self.place(service, id), json.dumps(value))

    def place(self, service="web", id="x1"):
        return f"/rollcall/{NAME}/roll/svc.internal/{service}/{id}"

    def status(self, node, service="web"):
        return {id: instance["status"] for id, instance in self.api_of(node).instances(service).items()}

    def statuses_are(self, expected, timeout=5):
        for node in self.nodes:
            self.eventually_equal(expected, lambda: self.status(node), timeout=timeout)

    def causes(self, node):
        return [(event["event"], event["cause"]) for event in self.api_of(node).call("GET", "/v1/events?service=web").json["events"]]

    def test_silence_turns_the_check_critical_at_every_node_and_the_instance_stays(self):
        self.put(row())
        put_at = time.monotonic()
        self.statuses_are({"x1": "ready"}, timeout=1.5)
        self.statuses_are({"x1": "critical"}, timeout=10)
        self.assertGreater(time.monotonic() - put_at, TTL)
        self.shown_everywhere(set())
        time.sleep(3 * TTL)  # nothing else happens
        value = json.loads(self.etcd.keys(self.place())[self.place()])
        self.assertEqual("critical", value["results"][0]["status"])
        self.assertEqual({"x1": "critical"}, self.status(self.nodes[2]))
        indexes = {self.api_of(node).call("GET", "/v1/services/web").json["index"] for node in self.nodes}
        self.assertEqual(1, len(indexes), "the same index everywhere, and it stands")
        # A pass begins a whole lease.
        self.put({**value, "results": [{**value["results"][0], "status": "passing", "output": ""}]})
        self.shown_everywhere({"192.0.2.1"}, timeout=1.5)
        self.statuses_are({"x1": "critical"}, timeout=10)

    def test_heartbeats_at_any_node_keep_it_ready(self):
        self.put(row())
        self.statuses_are({"x1": "ready"}, timeout=1.5)
        end = time.monotonic() + 3 * TTL
        while time.monotonic() < end:
            for node in self.nodes:
                self.assertEqual(200, self.api_of(node).heartbeat("web", "x1").status)
                time.sleep(0.2)
        self.shown_everywhere({"192.0.2.1"}, timeout=0.5)

    def test_a_check_that_is_critical_for_too_long_ends_the_instance_whatever_its_lease(self):
        self.put(row(ends_after_ms=2_000))
        without_lease = {**row(status="critical", ends_after_ms=3_000), "ttl": "none", "lease": "none", "lease_check": None, "port": 81}
        self.put(without_lease, id="x2")
        self.statuses_are({"x1": "ready", "x2": "critical"}, timeout=1.5)
        self.statuses_are({}, timeout=15)
        self.assertEqual({}, self.etcd.keys(f"/rollcall/{NAME}/roll/"))
        for node in self.nodes:
            self.eventually(lambda: self.causes(node).count(("expired", "critical too long")) == 2, f"it is told, at {node.name}")

    def test_one_that_is_passing_again_in_time_stays(self):
        self.put(row(status="critical", ends_after_ms=4_000))
        self.statuses_are({"x1": "critical"})
        time.sleep(2)
        self.put({**row(), "ttl": "600s"})
        time.sleep(4)
        self.statuses_are({"x1": "ready"}, timeout=0.5)

    def test_without_a_lease_it_stays_also_when_the_node_that_knew_it_is_gone(self):
        self.put({"address": "192.0.2.1", "port": 80, "ttl": "none"})
        self.shown_everywhere({"192.0.2.1"})
        self.nodes[1].process.kill()
        self.nodes.pop(1)
        time.sleep(8)
        self.shown_everywhere({"192.0.2.1"}, timeout=0.5)

    def test_a_service_of_any_name_is_on_the_roll(self):
        name = "my web/1 é"
        key = self.place(urllib.parse.quote(name, safe="-_."))
        self.etcd.ctl("put", key, json.dumps({"door": "consul", "service": "My Web/1 é", "address": "192.0.2.1", "port": 80, "ttl": "none"}))
        self.etcd.ctl("put", self.place("my%20web"), json.dumps({"address": "192.0.2.1", "port": 80}))  # the native API has labels alone
        for node in self.nodes:
            self.eventually_equal(1, lambda: node.status()["cluster"]["ignored_keys"]["count"])
            self.eventually_equal(1, lambda: node.status()["instances"])
        self.nodes[2].restart()
        self.eventually_equal(1, lambda: self.nodes[2].status()["instances"])


if __name__ == "__main__":
    unittest.main()
