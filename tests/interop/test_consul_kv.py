"""Keys, sessions, transactions and prepared queries as Consul's clients use them (docs/consul-kv.md)."""

import base64
import concurrent.futures
import threading
import time

from tests.support.case import Case

WALL_2020_MS = 1_577_836_800_000


def index_of(answer):
    return int(answer.headers["X-Consul-Index"])


def value_of(answer):
    """The decoded value of the one key that was read."""
    [entry] = answer.json
    return None if entry["Value"] is None else base64.b64decode(entry["Value"])


class KeysTest(Case):
    def setUp(self):
        self.rollcalld = self.server()
        self.api = self.api_of(self.rollcalld)

    def put(self, path, value=b"", api=None):
        answer = (api or self.api).call("PUT", "/v1/kv/" + path, value)
        self.assertEqual(200, answer.status, answer)
        return answer.json

    def begin_session(self, **fields):
        answer = self.api.call("PUT", "/v1/session/create", fields)
        self.assertEqual(200, answer.status, answer)
        return answer.json["ID"]

    # --- keys ---

    def test_a_key_has_its_value_its_flags_and_its_indexes(self):
        self.assertIs(True, self.put("a/b?flags=18446744073709551615", b"\x00\xffvalue"))
        answer = self.api.call("GET", "/v1/kv/a/b")
        self.assertEqual("application/json", answer.headers.get_content_type())
        [entry] = answer.json
        self.assertEqual({"LockIndex", "Key", "Flags", "Value", "CreateIndex", "ModifyIndex"}, entry.keys())
        self.assertEqual(("a/b", 18446744073709551615, 0), (entry["Key"], entry["Flags"], entry["LockIndex"]))
        self.assertEqual(b"\x00\xffvalue", value_of(answer))
        self.assertEqual(index_of(answer), entry["ModifyIndex"])
        self.assertGreater(entry["CreateIndex"], WALL_2020_MS)
        self.assertEqual("true", answer.headers["X-Consul-KnownLeader"])
        raw = self.api.call("GET", "/v1/kv/a/b?raw")
        self.assertEqual((200, b"\x00\xffvalue", "nosniff"),
                         (raw.status, raw.body, raw.headers["X-Content-Type-Options"]))

    def test_an_empty_value_is_null_and_no_key_is_404_with_an_index(self):
        self.put("empty")
        self.assertIsNone(value_of(self.api.call("GET", "/v1/kv/empty")))
        for path in ["none", "none?recurse", "none?keys", "none?raw"]:
            answer = self.api.call("GET", "/v1/kv/" + path)
            self.assertEqual((404, b""), (answer.status, answer.body))
            self.assertGreaterEqual(index_of(answer), 1)
        self.assertEqual((400, b"Missing key name"), (lambda a: (a.status, a.body))(self.api.call("GET", "/v1/kv/")))
        self.assertIs(True, self.api.call("DELETE", "/v1/kv/none").json)

    def test_slashes_and_encoded_octets_of_a_key_are_kept(self):
        for path, key in [("/lead", "/lead"), ("a//b", "a//b"), ("dir/", "dir/"), ("%C3%BC%20x%2Fy", "ü x/y"), ("a/../b", "a/../b"),
                          ("p%2525", "p%25"), ("a+b", "a+b")]:
            self.put(path, b"1")
            self.assertEqual(key, self.api.call("GET", "/v1/kv/" + path).json[0]["Key"])
        names = self.api.call("GET", "/v1/kv/?keys").json
        self.assertEqual(sorted(["/lead", "a//b", "dir/", "ü x/y", "a/../b", "p%25", "a+b"], key=str.encode), names)
        self.assertEqual(400, self.api.call("PUT", "/v1/kv/%ff", b"").status)
        self.assertEqual(400, self.api.call("PUT", "/v1/kv/" + "k" * 1025, b"").status)
        self.put("k" * 1024)

    def test_lists_of_keys_with_and_without_a_separator(self):
        for key in ["web/a", "web/b/1", "web/b/2", "web/c/", "webx"]:
            self.put(key, key.encode())
        names = lambda path: self.api.call("GET", "/v1/kv/" + path).json  # noqa: E731
        self.assertEqual(["web/a", "web/b/1", "web/b/2", "web/c/"], names("web/?keys"))
        self.assertEqual(["web/a", "web/b/", "web/c/"], names("web/?keys&separator=/"))
        self.assertEqual(["web/", "webx"], names("web?keys=true&separator=%2F"))
        self.assertEqual(["web/b/1", "web/b/2"], [each["Key"] for each in names("web/b?recurse")])
        self.assertIs(True, self.api.call("DELETE", "/v1/kv/web/b/?recurse").json)
        self.assertEqual(["web/a", "web/c/"], names("web/?keys"))
        self.assertIs(True, self.api.call("DELETE", "/v1/kv/?recurse").json)
        self.assertEqual(404, self.api.call("GET", "/v1/kv/?keys").status)

    def test_a_value_has_512_kib_and_not_one_octet_more(self):
        self.put("big", b"x" * (512 << 10))
        self.assertEqual(512 << 10, len(value_of(self.api.call("GET", "/v1/kv/big"))))
        self.assertEqual(413, self.api.call("PUT", "/v1/kv/big", b"x" * ((512 << 10) + 1)).status)

    def test_of_many_who_check_and_set_one_index_one_wins(self):
        self.put("counter", b"0")

        def add(times):
            api = self.rollcalld.api()
            done = 0
            while done < times:
                [entry] = api.call("GET", "/v1/kv/counter").json
                number = int(base64.b64decode(entry["Value"])) + 1
                done += self.put(f"counter?cas={entry['ModifyIndex']}", str(number).encode(), api)
            api.close()

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(add, [25] * 8))
        self.assertEqual(b"200", value_of(self.api.call("GET", "/v1/kv/counter")))
        self.assertIs(False, self.put("counter?cas=0", b"x"))
        self.assertIs(False, self.api.call("DELETE", "/v1/kv/counter?cas=1").json)

    def test_wrong_parameters_are_refused_with_a_sentence(self):
        for path in ["a?cas=1&acquire=x", "a?flags=-1", "a?flags=18446744073709551616", "a?cas=x"]:
            answer = self.api.call("PUT", "/v1/kv/" + path, b"")
            self.assertEqual(400, answer.status, path)
            self.assertEqual("text/plain", answer.headers.get_content_type())
        for path, text in [("a?index=x", b"Invalid index"), ("a?index=1&wait=5", b"Invalid wait time")]:
            answer = self.api.call("GET", "/v1/kv/" + path)
            self.assertEqual((400, text), (answer.status, answer.body))
        answer = self.api.call("GET", "/v1/kv/a?dc=nowhere")
        self.assertEqual((500, b"No path to datacenter"), (answer.status, answer.body))

    # --- waiting ---

    def wait_for(self, path, change, seconds=5):
        """What a blocking read answers while `change` happens, and how long it took."""
        result = {}

        def read():
            api = self.rollcalld.api()
            start = time.monotonic()
            result["answer"] = api.call("GET", path)
            result["took"] = time.monotonic() - start
            api.close()

        reader = threading.Thread(target=read)
        reader.start()
        time.sleep(0.3)
        change()
        reader.join(seconds)
        self.assertFalse(reader.is_alive(), "the read was not woken")
        return result["answer"], result["took"]

    def test_a_read_waits_until_its_key_is_set_changed_and_deleted(self):
        index = index_of(self.api.call("GET", "/v1/kv/w"))
        answer, took = self.wait_for(f"/v1/kv/w?index={index}&wait=10s", lambda: (self.put("wx"), self.put("w", b"1")))
        self.assertEqual(b"1", value_of(answer))
        self.assertGreater(took, 0.25)
        index = index_of(answer)
        answer, _ = self.wait_for(f"/v1/kv/w?index={index}&wait=10s", lambda: self.put("w", b"2"))
        self.assertEqual(b"2", value_of(answer))
        answer, _ = self.wait_for(f"/v1/kv/w?index={index_of(answer)}&wait=10s", lambda: self.api.call("DELETE", "/v1/kv/w"))
        self.assertEqual(404, answer.status)
        gone = index_of(answer)
        self.assertGreater(gone, index)
        start = time.monotonic()
        again = self.api.call("GET", f"/v1/kv/w?index={gone}&wait=500ms")
        self.assertEqual((404, gone), (again.status, index_of(again)))
        self.assertTrue(0.45 < time.monotonic() - start < 0.75)

    def test_a_read_of_a_prefix_waits_for_it_alone(self):
        self.put("p/a")
        index = index_of(self.api.call("GET", "/v1/kv/p/?recurse"))
        start = time.monotonic()
        self.assertEqual(index, index_of(self.wait_for(f"/v1/kv/p/?recurse=&index={index}&wait=700ms",
                                                       lambda: self.put("q"))[0]))
        self.assertGreater(time.monotonic() - start, 0.65)
        answer, _ = self.wait_for(f"/v1/kv/p/?keys&index={index}&wait=10s", lambda: self.api.call("DELETE", "/v1/kv/p/a"))
        self.assertEqual(404, answer.status)
        start = time.monotonic()  # an index from elsewhere is answered at once, with ours
        self.assertLess(index_of(self.api.call("GET", "/v1/kv/p/?keys&index=9000000000000000&wait=10s")), 9_000_000_000_000_000)
        self.assertLess(time.monotonic() - start, 1)

    # --- sessions ---

    def test_one_leader_at_a_time_by_a_lock(self):
        sessions = [self.begin_session(Name=f"node-{i}", TTL="30s", LockDelay="0s") for i in range(4)]
        got = [self.put(f"leader?acquire={session}", session.encode()) for session in sessions]
        self.assertEqual([True, False, False, False], got)
        answer = self.api.call("GET", "/v1/kv/leader")
        self.assertEqual((sessions[0], 1), (answer.json[0]["Session"], answer.json[0]["LockIndex"]))
        self.assertIs(False, self.put(f"leader?release={sessions[1]}"))
        answer, _ = self.wait_for(f"/v1/kv/leader?index={index_of(answer)}&wait=10s",
                                  lambda: self.put(f"leader?release={sessions[0]}"))
        self.assertNotIn("Session", answer.json[0])
        self.assertIs(True, self.put(f"leader?acquire={sessions[2]}"))
        self.assertIs(True, self.api.call("PUT", f"/v1/session/destroy/{sessions[2]}").json)
        self.assertIs(True, self.put(f"leader?acquire={sessions[3]}"))  # LockDelay 0s
        self.assertEqual(2 + 1, self.api.call("GET", "/v1/kv/leader").json[0]["LockIndex"])

    def test_a_leader_that_dies_is_replaced_after_its_ttl_and_the_lock_delay(self):
        dead = self.begin_session(TTL="10s", LockDelay="2s")
        heir = self.begin_session()
        self.put(f"leader?acquire={dead}", b"dead")
        self.put(f"beside?acquire={self.begin_session(TTL='10s', Behavior='delete')}", b"x")
        start = time.monotonic()
        index = index_of(self.api.call("GET", "/v1/kv/leader"))
        waiting = self.rollcalld.api(timeout=60)
        answer = waiting.call("GET", f"/v1/kv/leader?index={index}&wait=40s")
        took = time.monotonic() - start
        self.assertTrue(10 <= took <= 20, took)
        self.assertEqual(b"dead", value_of(answer))
        self.assertNotIn("Session", answer.json[0])
        self.assertIs(False, self.put(f"leader?acquire={heir}"))
        self.eventually(lambda: self.put(f"leader?acquire={heir}"), "the lock delay ends", timeout=5)
        self.assertGreater(time.monotonic() - start, took + 1.9)
        self.assertEqual(404, self.api.call("PUT", f"/v1/session/renew/{dead}").status)
        self.assertEqual([], self.api.call("GET", f"/v1/session/info/{dead}").json)
        self.eventually(lambda: self.api.call("GET", "/v1/kv/beside").status == 404, "its key was deleted", timeout=3)
        waiting.close()

    def test_a_session_that_is_renewed_stays_also_while_the_server_is_stopped(self):
        session = self.begin_session(TTL="10s")
        self.put(f"leader?acquire={session}")
        time.sleep(8)
        [shown] = self.api.call("PUT", f"/v1/session/renew/{session}").json
        self.assertEqual((session, "10s"), (shown["ID"], shown["TTL"]))
        self.rollcalld.suspend(16)  # longer than it has: the pause is the server's own
        time.sleep(0.5)
        self.assertEqual(session, self.api_of(self.rollcalld).call("GET", "/v1/kv/leader").json[0]["Session"])

    def test_sessions_are_shown_as_they_were_made(self):
        plain = self.api.call("PUT", "/v1/session/create").json["ID"]
        full = self.begin_session(Name="n", Node="other", TTL="1m", LockDelay="20s", Behavior="delete", Checks=["serfHealth"])
        [shown] = self.api.call("GET", f"/v1/session/info/{full}").json
        self.assertEqual({"Name": "n", "Node": "other", "TTL": "60s", "LockDelay": 20_000_000_000, "Behavior": "delete",
                          "NodeChecks": ["serfHealth"]},
                         {key: shown[key] for key in ("Name", "Node", "TTL", "LockDelay", "Behavior", "NodeChecks")})
        [shown] = self.api.call("GET", f"/v1/session/info/{plain}").json
        self.assertEqual(("", 15_000_000_000, "release"), (shown["TTL"], shown["LockDelay"], shown["Behavior"]))
        self.assertEqual([full], [each["ID"] for each in self.api.call("GET", "/v1/session/node/OTHER").json])
        self.assertEqual({plain, full}, {each["ID"] for each in self.api.call("GET", "/v1/session/list").json})
        for fields in [{"TTL": "9s"}, {"TTL": "24h1s"}, {"TTL": "soon"}, {"Behavior": "explode"}, {"LockDelay": "x"}]:
            self.assertEqual(400, self.api.call("PUT", "/v1/session/create", fields).status, fields)
        answer = self.api.call("PUT", "/v1/kv/a?acquire=nobody", b"")
        self.assertEqual((500, b'invalid session "nobody"'), (answer.status, answer.body))

    def test_a_read_of_the_sessions_waits(self):
        index = index_of(self.api.call("GET", "/v1/session/list"))
        made = []
        answer, _ = self.wait_for(f"/v1/session/list?index={index}&wait=10s", lambda: made.append(self.begin_session()))
        self.assertEqual(made, [each["ID"] for each in answer.json])
        answer, _ = self.wait_for(f"/v1/session/info/{made[0]}?index={answer.json[0]['ModifyIndex']}&wait=10s",
                                  lambda: self.api.call("PUT", f"/v1/session/destroy/{made[0]}"))
        self.assertEqual([], answer.json)

    # --- what is on the disk ---

    def test_what_was_acknowledged_before_kill_9_is_there_after_it(self):
        session = self.begin_session(TTL="10s")
        self.put(f"leader?acquire={session}", b"me")
        acknowledged, stop = {}, threading.Event()

        def write(number):
            api = self.rollcalld.api()
            for i in range(100_000):
                if stop.is_set():
                    return
                try:
                    if api.call_once("PUT", f"/v1/kv/w{number}/{i}", str(i).encode()).json is True:
                        acknowledged[f"w{number}/{i}"] = i
                except Exception:  # the server was killed
                    return

        threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        self.rollcalld.kill()
        stop.set()
        for thread in threads:
            thread.join()
        last = max(acknowledged.values())
        self.assertGreater(last, 0)
        self.rollcalld.start()
        api = self.api_of(self.rollcalld)
        stored = {each["Key"]: int(base64.b64decode(each["Value"])) for each in api.call("GET", "/v1/kv/w?recurse").json}
        self.assertEqual({}, {key: value for key, value in acknowledged.items() if stored.get(key) != value})
        leader = api.call("GET", "/v1/kv/leader")
        self.assertEqual(session, leader.json[0]["Session"])
        self.assertEqual(200, api.call("PUT", f"/v1/session/renew/{session}").status)
        before = max(each["ModifyIndex"] for each in api.call("GET", "/v1/kv/?recurse").json)
        self.put("after", b"", api)
        self.assertGreater(index_of(api.call("GET", "/v1/kv/after")), before)

    def test_a_watcher_from_before_a_restart_is_answered_at_once(self):
        self.put("a/1")
        index = index_of(self.api.call("GET", "/v1/kv/a/?recurse"))
        self.rollcalld.restart()
        api = self.api_of(self.rollcalld)
        start = time.monotonic()
        again = index_of(api.call("GET", f"/v1/kv/a/?recurse&index={index}&wait=10s"))
        self.assertGreater(again, index)
        self.assertLess(time.monotonic() - start, 2)

    # --- transactions ---

    def txn(self, *operations):
        return self.api.call("PUT", "/v1/txn", [{"KV": operation} for operation in operations])

    def test_a_transaction_is_done_as_a_whole_or_not_at_all(self):
        value = base64.b64encode(b"1").decode()
        answer = self.txn({"Verb": "set", "Key": "t/a", "Value": value, "Flags": 7}, {"verb": "get", "key": "t/a"})
        self.assertEqual(200, answer.status, answer)
        self.assertFalse(answer.json["Errors"])
        first, second = [each["KV"] for each in answer.json["Results"]]
        self.assertEqual((None, 7, value), (first["Value"], first["Flags"], second["Value"]))
        answer = self.txn({"Verb": "delete", "Key": "t/a"}, {"Verb": "set", "Key": "t/b", "Value": value},
                          {"Verb": "cas", "Key": "t/c", "Value": value, "Index": 5}, {"Verb": "get", "Key": "t/a"})
        self.assertEqual(409, answer.status)
        [error] = answer.json["Errors"]
        self.assertEqual((2, 'failed to set key "t/c", index is stale'), (error["OpIndex"], error["What"]))
        self.assertEqual(["t/a"], self.api.call("GET", "/v1/kv/t/?keys").json)
        self.assertEqual(409, self.txn({"Verb": "check-not-exists", "Key": "t/a"}).status)

    def test_a_transaction_has_128_operations_and_no_other_kind(self):
        self.assertEqual(200, self.txn(*[{"Verb": "set", "Key": f"n/{i}"} for i in range(128)]).status)
        self.assertEqual(413, self.txn(*[{"Verb": "set", "Key": f"n/{i}"} for i in range(129)]).status)
        large = base64.b64encode(b"x" * (512 << 10)).decode()
        self.assertEqual(200, self.txn(*[{"Verb": "set", "Key": f"l/{i}", "Value": large} for i in range(2)]).status)
        for body in [b"{", b"{}", b'[{"Node":{"Verb":"set"}}]', b'[{"KV":{"Verb":"explode","Key":"a"}}]',
                     b'[{"KV":{"Verb":"set","Key":"a","Value":"%"}}]', b'[{"KV":{"Verb":"set","Key":""}}]', b"[1]"]:
            answer = self.api.call("PUT", "/v1/txn", body)
            self.assertEqual((400, "text/plain"), (answer.status, answer.headers.get_content_type()), body)

    # --- prepared queries, and what is empty here ---

    def test_prepared_queries_are_stored(self):
        body = {"Name": "Q", "Service": {"Service": "web", "OnlyPassing": True, "Failover": {"Datacenters": ["dc2"]}},
                "DNS": {"TTL": "10s"}}
        made = self.api.call("POST", "/v1/query", body)
        self.assertEqual(200, made.status, made)
        query = made.json["ID"]
        [shown] = self.api.call("GET", f"/v1/query/{query}").json
        self.assertEqual(("Q", "web", ["dc2"], "10s"),
                         (shown["Name"], shown["Service"]["Service"], shown["Service"]["Failover"]["Datacenters"],
                          shown["DNS"]["TTL"]))
        self.assertEqual(400, self.api.call("POST", "/v1/query", body).status)  # the name is taken
        self.assertEqual(200, self.api.call("PUT", f"/v1/query/{query}", {**body, "Name": "R"}).status)
        self.rollcalld.restart()
        self.api = self.api_of(self.rollcalld)
        self.assertEqual(["R"], [each["Name"] for each in self.api.call("GET", "/v1/query").json])
        self.assertEqual("R", self.api.call("GET", "/v1/query/r/explain").json["Query"]["Name"])
        self.assertEqual(200, self.api.call("DELETE", f"/v1/query/{query}").status)
        for method in ["GET", "DELETE"]:
            answer = self.api.call(method, f"/v1/query/{query}")
            self.assertEqual((404, b"Query not found"), (answer.status, answer.body))
        answer = self.api.call("POST", "/v1/query", {**body, "Template": {"Type": "name_prefix_match"}})
        self.assertEqual(400, answer.status)
        self.assertIn(b"templates are not supported", answer.body)

    def test_what_is_not_here_is_empty_or_404(self):
        for path in ["/v1/coordinate/nodes", "/v1/connect/intentions", "/v1/config/service-defaults", "/v1/query"]:
            answer = self.api.call("GET", path)
            self.assertEqual((200, []), (answer.status, answer.json), path)
        for path in ["/v1/event/list", "/v1/connect/ca/roots"]:
            self.assertEqual(404, self.api.call("GET", path).status, path)
