"""Keys, sessions and prepared queries of Consul's clients in a cluster: etcd has them, and every node answers with them."""

import base64
import concurrent.futures
import importlib.util
import shutil
import signal
import sys
import threading
import time
import unittest

from tests.cluster.case import ClusterCase
from tests.cluster.test_cluster_by_hand import ByHandCase
from tests.support.processes import REPOSITORY, Process, environment


class KeysCase(ByHandCase):
    def call(self, number, method, path, body=None):
        return self.api_of(self.nodes[number]).call(method, path, body)

    def put(self, number, path, value=b""):
        answer = self.call(number, "PUT", "/v1/kv/" + path, value)
        self.assertEqual(200, answer.status, answer)
        return answer.json

    def value(self, number, key, more=""):
        answer = self.call(number, "GET", f"/v1/kv/{key}{more}")
        return base64.b64decode(answer.json[0]["Value"]) if answer.status == 200 else None

    def begin_session(self, number, **fields):
        answer = self.call(number, "PUT", "/v1/session/create", fields)
        self.assertEqual(200, answer.status, answer)
        return answer.json["ID"]

    def index(self, number, path):
        return int(self.call(number, "GET", path).headers["x-consul-index"])


class KeysInAClusterTest(KeysCase):
    def test_what_one_node_acknowledges_a_consistent_read_of_another_shows(self):
        for round in range(50):
            value = str(round).encode()
            self.assertIs(True, self.put(round % 3, "web/max", value))
            self.assertEqual(value, self.value(round % 3, "web/max"), "acknowledged is visible here")
            self.assertEqual(value, self.value((round + 1) % 3, "web/max", "?consistent"))
        for path in ["/v1/kv/web/max", "/v1/kv/web/?recurse"]:
            indexes = {self.index(number, path + ("&" if "?" in path else "?") + "consistent") for number in range(3)}
            self.assertEqual(1, len(indexes), path)
        self.assertIn("/rollcall/test.kv/key/web/max", self.etcd.keys("/rollcall/test.kv/"))

    def test_of_many_that_count_up_at_all_nodes_every_success_counts_once(self):
        def count(number):
            done = 0
            while done < 20:
                answer = self.call(number % 3, "GET", "/v1/kv/counter?consistent")
                [entry] = answer.json if answer.status == 200 else [{"Value": "MA==", "ModifyIndex": 0}]
                value = int(base64.b64decode(entry["Value"])) + 1
                done += self.put(number % 3, f"counter?cas={entry['ModifyIndex']}", str(value).encode())

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(count, range(6)))
        self.assertEqual(b"120", self.value(0, "counter", "?consistent"))

    def test_a_blocking_query_wakes_at_every_node(self):
        self.put(0, "config/a", b"1")
        index = self.index(1, "/v1/kv/config/?recurse&consistent")
        answers = {}

        def wait(number):
            api = self.nodes[number].api(timeout=30)
            answers[number] = api.call("GET", f"/v1/kv/config/?recurse&index={index}&wait=20s")
            api.close()

        waiting = [threading.Thread(target=wait, args=(number,)) for number in range(3)]
        for thread in waiting:
            thread.start()
        self.put(0, "other", b"1")
        time.sleep(0.5)
        self.assertEqual({}, answers, "another key wakes nobody")
        self.put(2, "config/b", b"1")
        for thread in waiting:
            thread.join(25)
        self.assertEqual({0, 1, 2}, answers.keys())
        for answer in answers.values():
            self.assertEqual(["config/a", "config/b"], [entry["Key"] for entry in answer.json])
        self.assertEqual(1, len({answer.headers["x-consul-index"] for answer in answers.values()}))
        index = self.index(0, "/v1/kv/config/?recurse")
        self.assertIs(True, self.call(1, "DELETE", "/v1/kv/config/?recurse").json)
        self.eventually_equal(404, lambda: self.call(0, "GET", "/v1/kv/config/?recurse").status)
        self.assertGreater(self.index(0, "/v1/kv/config/?recurse"), index)

    def test_a_session_is_kept_by_heartbeats_at_any_node_and_ends_for_all(self):
        kept = self.begin_session(0, TTL="10s")
        lost = self.begin_session(1, TTL="10s", LockDelay="1s", Behavior="delete")
        self.assertIs(True, self.put(1, f"kept?acquire={kept}"))
        self.assertIs(True, self.put(2, f"lost?acquire={lost}"))
        self.assertIs(False, self.put(0, f"lost?acquire={kept}"))
        began = time.monotonic()
        for beat in range(24):
            self.assertEqual(200, self.call(beat % 3, "PUT", f"/v1/session/renew/{kept}").status)
            time.sleep(1)
            if time.monotonic() - began < 9.5:
                self.assertEqual(1, len(self.call(beat % 3, "GET", f"/v1/session/info/{lost}").json))
        for number in range(3):
            self.assertEqual([kept], [each["ID"] for each in self.call(number, "GET", "/v1/session/list").json])
            self.assertIsNone(self.value(number, "lost"))
            self.assertEqual(404, self.call(number, "PUT", f"/v1/session/renew/{lost}").status)

    def test_a_session_ends_everywhere_with_a_check_that_fails_at_another_node(self):
        body = {"ID": "x1", "Name": "web", "Address": "192.0.2.1", "Port": 80, "Check": {"TTL": "60s", "Status": "passing"}}
        self.assertEqual(200, self.call(0, "PUT", "/v1/agent/service/register", body).status)
        session = self.begin_session(0, Checks=["service:x1"], LockDelay="0s")
        other = self.begin_session(1)
        self.assertIs(True, self.put(2, f"leader?acquire={session}"))
        self.assertIs(False, self.put(1, f"leader?acquire={other}"))
        self.eventually_equal(200, lambda: self.call(1, "PUT", "/v1/agent/check/fail/service:x1").status)
        for number in range(3):
            self.eventually_equal([], lambda: self.call(number, "GET", f"/v1/session/info/{session}").json, timeout=5)
        self.assertIs(True, self.put(1, f"leader?acquire={other}"))

    def test_a_query_is_asked_at_all_nodes(self):
        body = {"ID": "x1", "Name": "web", "Address": "192.0.2.1", "Port": 80, "Check": {"TTL": "60s", "Status": "passing"}}
        self.assertEqual(200, self.call(0, "PUT", "/v1/agent/service/register", body).status)
        answer = self.call(1, "POST", "/v1/query", {"Name": "near-web", "Service": {"Service": "web"}})
        self.assertEqual(200, answer.status, answer)
        for number in range(3):
            self.eventually_equal(200, lambda: self.call(number, "GET", "/v1/query/near-web/execute").status)
            self.eventually_equal(1, lambda: len(self.call(number, "GET", "/v1/query/near-web/execute").json["Nodes"]))
            self.assertEqual({"192.0.2.1"}, self.nodes[number].dns(timeout=1).addresses("near-web.query.consul"))

    def test_without_a_majority_of_etcd_keys_are_read_and_not_changed(self):
        self.put(0, "a", b"1")
        self.eventually_equal(b"1", lambda: self.value(1, "a"))
        for member in list(self.etcd.members)[:2]:
            self.etcd.signal(member, signal.SIGSTOP)
        began = time.monotonic()
        answer = self.call(1, "PUT", "/v1/kv/a", b"2")
        self.assertIn(answer.status, (500, 503), answer)
        self.assertIn(b"etcd", answer.body)
        self.assertLess(time.monotonic() - began, 15)
        self.assertEqual(b"1", self.value(1, "a"))
        self.assertEqual(500, self.call(1, "GET", "/v1/kv/a?consistent").status)
        for member in list(self.etcd.members)[:2]:
            self.etcd.signal(member, signal.SIGCONT)
        self.eventually_equal(200, lambda: self.call(1, "PUT", "/v1/kv/b", b"3").status, timeout=30)
        self.assertEqual(b"3", self.value(2, "b", "?consistent"))

    def test_a_value_of_512_KiB_passes_and_more_than_a_transaction_takes_is_a_sentence(self):
        large = b"x" * (512 << 10)
        self.assertIs(True, self.put(0, "large", large))
        self.assertEqual(large, self.value(2, "large", "?consistent"))
        operations = [{"KV": {"Verb": "set", "Key": f"k{i}", "Value": "MQ=="}} for i in range(128)]
        answer = self.call(0, "PUT", "/v1/txn", operations)
        self.assertEqual(413, answer.status, answer)
        self.assertIn(b"120 keys", answer.body)
        self.assertEqual(200, self.call(0, "PUT", "/v1/txn", operations[:120]).status)


class ElectionTest(KeysCase):
    def prepare(self):
        if importlib.util.find_spec("consul") is None:
            self.skipTest("python3-consul is not installed")

    def member(self, number, name):
        node = self.nodes[number]
        return Process(name, [sys.executable, "-B", REPOSITORY / "tests/cluster/programs/consul_leader.py", node.address,
                              str(node.http_port), name], self.directory, env=environment())

    def said(self, member):
        """[(word, time)] of a member of the election."""
        lines = [line.split() for line in member.stdout().splitlines() if line.startswith(("leads", "follows"))]
        return [(word, float(at)) for word, at in lines]

    def test_a_leader_whose_node_is_killed_is_followed_by_another_one_and_never_are_there_two(self):
        first = self.member(0, "one")
        self.addCleanup(first.kill)
        self.eventually_equal("leads", lambda: ([word for word, _ in self.said(first)] or [""])[-1], timeout=15)
        second = self.member(1, "two")
        self.addCleanup(second.kill)
        self.eventually_equal("follows", lambda: ([word for word, _ in self.said(second)] or [""])[-1], timeout=15)
        self.nodes[0].kill()
        self.eventually_equal("leads", lambda: self.said(second)[-1][0], timeout=60)
        self.assertEqual("follows", self.said(first)[-1][0])
        self.assertLess(self.said(first)[-1][1], self.said(second)[-1][1])
        self.assertEqual("two", self.value(2, "service/web/leader", "?consistent").decode())
        self.nodes[0].start()
        time.sleep(5)
        self.assertEqual(("leads", "follows"), (self.said(second)[-1][0], self.said(first)[-1][0]))


class PromotedKeysTest(ClusterCase):
    def test_the_keys_and_queries_of_a_single_server_come_along(self):
        single = self.server()
        api = single.api()
        for number in range(250):
            self.assertIs(True, api.call("PUT", f"/v1/kv/many/{number}?flags={number}", str(number).encode()).json)
        self.assertIs(True, api.call("PUT", "/v1/kv/large", b"x" * (512 << 10)).json)
        self.assertEqual(200, api.call("POST", "/v1/query", {"Name": "q", "Service": {"Service": "web"}}).status)
        api.close()
        self.assertEqual(0, single.stop())
        world = self.world()
        shutil.copy(single.database, world.nodes["n1"].database)
        api = self.api_of(list(world.start().nodes.values())[2])

        def names():
            answer = api.call("GET", "/v1/kv/many/?keys&consistent")
            return answer.json if answer.status == 200 else []

        self.eventually_equal(250, lambda: len(names()))
        [entry] = api.call("GET", "/v1/kv/many/17").json
        self.assertEqual((17, "MTc="), (entry["Flags"], entry["Value"]))
        self.eventually_equal(512 << 10, lambda: len(api.call("GET", "/v1/kv/large?raw&consistent").body))
        self.eventually_equal(["q"], lambda: [query["Name"] for query in api.call("GET", "/v1/query").json])


if __name__ == "__main__":
    unittest.main()
