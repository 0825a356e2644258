"""Several TTL checks of one service of Consul's API: each has a deadline of its own, and the DNS follows each."""

import time

from tests.support.case import Case

SOON = 15


class ConsulTtlChecksTest(Case):
    def setUp(self):
        self.rollcalld = self.server()
        self.api = self.api_of(self.rollcalld)

    def put(self, path, body=None):
        answer = self.api.call("PUT", f"/v1/agent/{path}", body)
        self.assertEqual((200, b""), (answer.status, answer.body))

    def check(self, id):
        return self.api.call("GET", "/v1/agent/checks").json[id]

    def answered(self, name):
        return sorted(self.rollcalld.dns().addresses(name))

    def test_a_check_that_is_silent_takes_its_service_out_though_the_others_call_and_a_call_brings_it_back(self):
        self.put("service/register", {"Name": "web", "Address": "192.0.2.1", "Port": 80, "Tags": ["v1"], "Checks": [
            {"CheckID": "first", "TTL": "60s", "Status": "passing"},
            {"CheckID": "second", "TTL": "2s", "Status": "passing"}]})
        for _ in range(6):  # three times its TTL
            time.sleep(0.5)
            self.put("check/pass/second")
            self.assertEqual("passing", self.check("second")["Status"])
        names = ("web.service.consul", "v1.web.service.consul", "web.svc.internal")
        self.assertEqual([["192.0.2.1"]] * 3, [self.answered(name) for name in names])
        self.eventually_equal([[]] * 3, lambda: [self.answered(name) for name in names], timeout=SOON)
        self.assertEqual(("critical", "TTL expired"), (self.check("second")["Status"], self.check("second")["Output"]))
        self.assertEqual("passing", self.check("first")["Status"])
        self.put("check/warn/second")
        self.assertEqual([["192.0.2.1"]] * 3, [self.answered(name) for name in names])

    def test_after_a_restart_each_check_has_a_whole_ttl(self):
        self.put("service/register", {"Name": "web", "Address": "192.0.2.1", "Port": 80, "Checks": [
            {"CheckID": "first", "TTL": "60s", "Status": "passing"},
            {"CheckID": "second", "TTL": "2s", "Status": "passing", "DeregisterCriticalServiceAfter": "1s"}]})
        self.api.close()
        self.rollcalld.stop()
        time.sleep(2.5)
        self.rollcalld.start()
        self.api = self.api_of(self.rollcalld)
        self.assertEqual("passing", self.check("second")["Status"])
        self.eventually(lambda: self.api.call("GET", "/v1/agent/services").json == {}, "the check has ended the service", SOON)
