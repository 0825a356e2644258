"""Many leases that end at once, on machines that are busy: the nodes stay members all the same.

CLUSTER_MASS=20000 for more than the usual number.
"""

import base64
import http.client
import json
import os
import sys
import time
import unittest
import urllib.parse

from tests.cluster.nodes import NAME
from tests.cluster.test_cluster_by_hand import ByHandCase
from tests.support.processes import Process

COUNT = int(os.environ.get("CLUSTER_MASS") or 4000)
TTL = 15
SERVICES = 4
BURNERS = os.cpu_count() or 2
NO_MEMBER = "is no member of its cluster any more"


def base64_of(text):
    return base64.b64encode(text.encode()).decode()


class MassTest(ByHandCase):
    def put_all(self, count, value):
        """By etcd's JSON gateway, a hundred in a transaction."""
        url = urllib.parse.urlparse(self.etcd.endpoints[0])
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
        for first in range(0, count, 100):
            puts = [{"requestPut": {"key": base64_of(f"/rollcall/{NAME}/roll/svc.internal/s{number % SERVICES}/m{number}"),
                                    "value": base64_of(json.dumps({**value, "port": number % 60_000 + 1}))}}
                    for number in range(first, min(first + 100, count))]
            connection.request("POST", "/v3/kv/txn", json.dumps({"success": puts}))
            answer = connection.getresponse()
            self.assertEqual(200, answer.status, answer.read())
            answer.read()
        connection.close()

    def burn(self):
        for number in range(BURNERS):
            burner = Process(f"burner-{number}", [sys.executable, "-c", "while True: pass"], self.directory)
            self.addCleanup(burner.kill)

    def instances(self, node):
        return node.status()["instances"]

    def end_all(self, value, is_over):
        self.put_all(COUNT, value)
        put_at = time.monotonic()
        for node in self.nodes:
            self.eventually_equal(COUNT, lambda: self.instances(node), timeout=60, every=0.3)
        self.burn()
        for node in self.nodes:
            self.eventually(lambda: is_over(node), f"all have ended at {node.name}", timeout=TTL + 120, every=0.5)
        print(f"\n{COUNT} ended {time.monotonic() - put_at - TTL:.1f} s after their leases", flush=True)
        for node in self.nodes:
            self.assertNotIn(NO_MEMBER, node.log(), node.name)
            self.assertTrue(node.is_ready())

    def test_leases_that_end_at_once_starve_no_session(self):
        self.end_all({"address": "192.0.2.1", "ttl": f"{TTL}s"}, lambda node: self.instances(node) == 0)

    def test_checks_that_turn_critical_at_once_starve_no_session(self):
        value = {"door": "consul", "address": "192.0.2.1", "ttl": f"{TTL}s", "lease": "critical", "lease_check": "t",
                 "results": [{"id": "t", "kind": "ttl", "status": "passing"}]}
        self.end_all(value, lambda node: all(not self.addresses(node, f"s{number}") for number in range(SERVICES)))


if __name__ == "__main__":
    unittest.main()
