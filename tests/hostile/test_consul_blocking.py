"""Thousands of blocked queries of Consul's API: what they cost others, who is woken, and what is left when they go."""

import json
import resource
import selectors
import socket
import time

from tests.interop.test_consul_catalog import Consul
from tests.support.case import Case

WAITERS = 5_000
SERVICES = 50


class BlockedCrowdTest(Case):
    def setUp(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.waiters = min(WAITERS, (hard - 1000) // 2)
        settings = self.settings_file(f"[http]\nmax_connections = {self.waiters + 500}\nmax_connections_per_client = 0\n")
        self.rollcalld = self.server("--config", settings)
        self.consul = Consul(self.rollcalld.http_port)
        self.connections = []
        self.addCleanup(lambda: [connection.close() for connection in self.connections])
        for service in range(SERVICES):
            self.consul.register(f"s{service}", Port=80)

    def waiting(self):
        return json.loads(self.consul.call("GET", "/v1/status")[2])["events"]["waiting"]

    def block(self, path, count):
        _, index = self.consul.get(path)
        crowd = []
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", self.rollcalld.http_port))
            connection.sendall(f"GET {path}?index={index}&wait=10m HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            crowd.append(connection)
        self.connections += crowd
        return crowd

    def answered(self, crowd, within=10.0):
        """Which of them have an answer by then, or as soon as all have."""
        selector, found = selectors.DefaultSelector(), set()
        with selector:
            for connection in crowd:
                selector.register(connection, selectors.EVENT_READ)
            deadline = time.monotonic() + within
            while len(found) < len(crowd) and time.monotonic() < deadline:
                for key, _ in selector.select(0.1):
                    found.add(key.fileobj)
                    selector.unregister(key.fileobj)
        return found

    def test_a_crowd_is_woken_by_its_own_service_alone_and_holds_nobody_up(self):
        each = self.waiters // SERVICES
        crowds = {service: self.block(f"/v1/health/service/s{service}", each) for service in range(SERVICES)}
        self.eventually_equal(each * SERVICES, self.waiting)
        begin = time.monotonic()
        self.consul.register("s7", ID="another", Port=81)
        self.assertLess(time.monotonic() - begin, 2)
        self.assertEqual(each, len(self.answered(crowds[7])))
        others = [connection for service, crowd in crowds.items() if service != 7 for connection in crowd]
        self.assertEqual(set(), self.answered(others, within=0.5))
        self.assertEqual(each * (SERVICES - 1), self.waiting())
        for connection in self.connections:
            connection.close()
        self.eventually_equal(0, self.waiting)

    def test_lists_wake_all_who_wait_for_them_and_a_stop_answers_the_rest(self):
        lists = self.block("/v1/catalog/services", 500)
        nodes = self.block("/v1/health/state/any", 500)
        rest = self.block("/v1/health/service/none", 500)
        self.eventually_equal(1500, self.waiting)
        self.consul.put("/v1/agent/check/register", {"Name": "up", "ServiceID": "s0", "TTL": "10m"})
        self.assertEqual(500, len(self.answered(nodes)))
        self.assertEqual(set(), self.answered(lists, within=0.5))
        self.consul.register("fresh", Port=1)
        self.assertEqual(500, len(self.answered(lists)))
        self.assertEqual(set(), self.answered(rest, within=0.5))
        self.assertEqual(0, self.rollcalld.stop())
        self.assertEqual(500, len(self.answered(rest)))
