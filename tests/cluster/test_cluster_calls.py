"""Calls that change the roll, made at different nodes: what one acknowledges, all have, and nothing of two calls is lost."""

import threading

from tests.cluster.case import ClusterCase

NXDOMAIN, NOERROR = 3, 0


class CallsTest(ClusterCase):
    def setUp(self):
        super().setUp()
        world = self.world().start()
        self.nodes = list(world.nodes.values())
        self.n1, self.n2, self.n3 = (self.api_of(node) for node in self.nodes)
        self.n1.expect_registered("web", "i-1", "192.0.2.1", ttl="600s", meta={"release": "7"})

    def patch(self, api, fields):  # RFC 7396
        return api.call("PATCH", "/v1/services/web/instances/i-1", fields)

    def seen(self, api):
        return api.call("GET", "/v1/services/web/instances/i-1?consistent").json

    def test_fields_changed_on_another_node_are_there_on_all(self):
        self.eventually(lambda: "i-1" in self.n2.ids("web"), "the second node has it")
        patched = self.patch(self.n2, {"weight": 40, "meta": {"release": None, "zone": "b"}})
        self.assertEqual(200, patched.status, patched)
        for api in (self.n1, self.n2, self.n3):
            found = self.seen(api)
            self.assertEqual((40, {"zone": "b"}), (found["weight"], found["meta"]))
        self.assertEqual(1, len({self.seen(api)["index"] for api in (self.n1, self.n2, self.n3)}))

    def test_two_nodes_change_two_fields_at_once_and_neither_is_lost(self):
        def change(api, key):
            for number in range(40):
                done = self.patch(api, {"meta": {key: str(number)}})
                if done.status != 200:
                    refused.append(done)

        refused, threads = [], [threading.Thread(target=change, args=each) for each in ((self.n2, "a"), (self.n3, "b"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # A change that lost to the other node too often is told so, and is not applied: it is sent again.
        self.assertTrue(all(each.status == 503 for each in refused), refused)
        for api, key in ((self.n2, "a"), (self.n3, "b")):
            self.eventually(lambda: self.patch(api, {"meta": {key: "last"}}).status == 200, "it is changed")
        self.assertEqual({"release": "7", "a": "last", "b": "last"}, self.seen(self.n1)["meta"])

    def rcode(self, node):
        return node.dns(timeout=1).ask("web.svc.internal").rcode()

    def test_a_service_forgotten_on_one_node_is_unknown_on_all(self):
        for node in self.nodes:
            self.eventually(lambda: self.rcode(node) == NOERROR, "it is known")
        self.assertEqual(409, self.n2.call("DELETE", "/v1/services/web").status)
        self.assertEqual(204, self.n3.deregister("web", "i-1").status)
        self.assertEqual(204, self.n2.call("DELETE", "/v1/services/web").status)
        self.assertEqual(NXDOMAIN, self.rcode(self.nodes[1]))
        for node in self.nodes:
            self.eventually_equal(NXDOMAIN, lambda: self.rcode(node))
        self.assertEqual(404, self.n1.call("DELETE", "/v1/services/web").status)
        self.n3.expect_registered("web", "i-1", "192.0.2.9", ttl="600s")
        for node in self.nodes:
            self.eventually_equal({"192.0.2.9"}, lambda: self.addresses(node, "web"))
