"""Sessions that end with checks, and the audit of keys (docs/consul-kv.md)."""

import time

from tests.support.case import Case


class SessionChecksTest(Case):
    def setUp(self):
        self.rollcalld = self.server()
        self.api = self.api_of(self.rollcalld)

    def put(self, path, value=b""):
        answer = self.api.call("PUT", "/v1/kv/" + path, value)
        self.assertEqual(200, answer.status, answer)
        return answer.json

    def begin_session(self, **fields):
        answer = self.api.call("PUT", "/v1/session/create", fields)
        self.assertEqual(200, answer.status, answer)
        return answer.json["ID"]

    def register(self, id, **check):
        body = {"Name": "web", "ID": id, "Address": "192.0.2.1", "Port": 80, "Check": {"Status": "passing", **check}}
        self.assertEqual(200, self.api.call("PUT", "/v1/agent/service/register", body).status)

    def test_a_session_ends_with_a_check_that_turns_critical(self):
        self.register("w1", TTL="600s")
        self.register("w2", TTL="600s")
        session = self.begin_session(LockDelay="1s", NodeChecks=["serfHealth"], ServiceChecks=[{"ID": "service:w1"}])
        other = self.begin_session(Checks=["service:w2"])
        self.put(f"leader?acquire={session}")
        self.put(f"kept?acquire={other}")
        self.assertEqual(200, self.api.call("PUT", "/v1/agent/check/warn/service:w1").status)
        time.sleep(1.5)
        self.assertEqual(session, self.api.call("GET", "/v1/kv/leader").json[0]["Session"], "a warning ends nothing")
        self.assertEqual(200, self.api.call("PUT", "/v1/agent/check/fail/service:w1").status)
        self.eventually_equal([], lambda: self.api.call("GET", f"/v1/session/info/{session}").json, timeout=3)
        self.assertNotIn("Session", self.api.call("GET", "/v1/kv/leader").json[0])
        heir = self.begin_session()
        self.assertIs(False, self.put(f"leader?acquire={heir}"))
        self.eventually(lambda: self.put(f"leader?acquire={heir}"), "the lock delay ends", timeout=5)
        self.assertEqual(other, self.api.call("GET", "/v1/kv/kept").json[0]["Session"])

    def test_a_session_ends_with_a_ttl_check_that_lapses_and_with_one_that_is_deregistered(self):
        self.register("w1", TTL="2s")
        self.register("w2", TTL="600s")
        lapsing = self.begin_session(Checks=["service:w1"], Behavior="delete")
        leaving = self.begin_session(Checks=["service:w2"])
        self.put(f"a?acquire={lapsing}")
        self.assertEqual(200, self.api.call("PUT", "/v1/agent/service/deregister/w2").status)
        for session in (lapsing, leaving):
            self.eventually_equal([], lambda: self.api.call("GET", f"/v1/session/info/{session}").json, timeout=6)
        self.assertEqual(404, self.api.call("GET", "/v1/kv/a").status)

    def test_a_session_is_bound_to_its_checks_over_a_restart_too(self):
        self.register("w1", TTL="600s")
        session = self.begin_session(Checks=["service:w1"])
        self.rollcalld.kill()
        self.rollcalld.start()
        self.api = self.api_of(self.rollcalld)
        time.sleep(2.5)
        self.assertEqual(1, len(self.api.call("GET", f"/v1/session/info/{session}").json))
        self.assertEqual(200, self.api.call("PUT", "/v1/agent/check/fail/service:w1").status)
        self.eventually_equal([], lambda: self.api.call("GET", f"/v1/session/info/{session}").json, timeout=3)

    def test_a_session_is_not_made_with_a_check_that_is_not_there_or_is_critical(self):
        answer = self.api.call("PUT", "/v1/session/create", {"Checks": ["service:none"]})
        self.assertEqual((500, b"Missing check 'service:none' registration"), (answer.status, answer.body))
        self.register("w1", TTL="600s", Status="critical")
        answer = self.api.call("PUT", "/v1/session/create", {"Checks": ["service:w1"]})
        self.assertEqual((500, b"Check 'service:w1' is in critical state"), (answer.status, answer.body))

    def test_each_change_is_a_line_of_the_log_without_its_value(self):
        session = self.begin_session(Name="me")
        self.put(f"audited/key?acquire={session}", b"a-secret-value")
        self.put("audited/key?cas=1", b"a-secret-value")
        self.api.call("PUT", "/v1/txn", [{"KV": {"Verb": "set", "Key": "audited/b", "Value": "YQ=="}},
                                         {"KV": {"Verb": "delete", "Key": "audited/key"}}])
        self.api.call("PUT", f"/v1/session/renew/{session}")
        self.api.call("DELETE", "/v1/kv/audited?recurse")
        self.api.call("PUT", f"/v1/session/destroy/{session}")
        lines = [line.partition("audit: ")[2] for line in self.rollcalld.log().splitlines() if "audit: " in line]
        self.assertEqual([f'create session="{session}" name="me"', f'lock key="audited/key" session="{session}"',
                          'set key="audited/b"', 'delete key="audited/key"', 'delete keys below="audited"',
                          f'destroy session="{session}"'],
                         [line.partition(" by=")[0] for line in lines])
        self.assertTrue(all(line.endswith("from=127.0.0.1: done") for line in lines), lines)
        self.assertNotIn("a-secret-value", self.rollcalld.log())
