"""`rollcall register`: on the roll until stopped, whatever the registry does meanwhile."""

import signal
import time
import unittest

from tests.support.cli import CliCase


class Register(CliCase):
    def setUp(self):
        super().setUp()
        self.registry = self.server()

    def test_it_stays_with_heartbeats_and_leaves_in_order(self):
        process = self.begin(self.registry, "register", "web", "--port", "8080", "--id", "web-1", "--ttl", "1s",
                             "--address", "192.0.2.1", "--tag", "blue", "--meta", "version=1.2", "--weight", "7")
        self.eventually(lambda: process.stdout(), "it says where it is")
        self.assertEqual("on the roll as web-1, web-1.web.svc.internal\n", process.stdout())
        instance = self.api_of(self.registry).call("GET", "/v1/services/web/instances/web-1").json
        self.assertEqual((["blue"], {"version": "1.2"}, 7, "1s"),
                         (instance["tags"], instance["meta"], instance["weight"], instance["ttl"]))
        self.assertEqual(["registered"], self.events_after_seconds(2.5))
        process.signal(signal.SIGINT)
        self.assertEqual(0, process.wait())
        self.assertEqual(["registered", "draining", "deregistered"], self.events())

    def test_it_is_back_after_the_registry_has_forgotten_it(self):
        process = self.begin(self.registry, "register", "web", "--port", "8080", "--ttl", "1s")
        self.eventually(lambda: self.ids(self.registry, "web"), "on the roll")
        self.assertEqual(["127.0.0.1-8080"], self.ids(self.registry, "web"))
        self.said(self.registry, "deregister", "web", "127.0.0.1-8080")
        self.eventually(lambda: self.ids(self.registry, "web"), "back on the roll")
        self.assertEqual(0, process.stop())

    def test_it_outlives_the_registry(self):
        process = self.begin(self.registry, "register", "web", "--port", "8080", "--ttl", "3s")
        self.eventually(lambda: process.stdout(), "on the roll")
        self.registry.kill()
        self.eventually(lambda: "trying again: cannot connect to" in process.stderr(), "a remark")
        self.registry.start()
        self.eventually(lambda: process.stdout().count("on the roll") == 2, "back on the roll")
        self.assertEqual(0, process.stop())

    def test_with_patience_it_waits_for_a_registry_that_is_not_there_yet(self):
        self.registry.stop()
        process = self.begin(self.registry, "register", "web", "--port", "8080", "--retry")
        self.eventually(lambda: process.stderr(), "a remark")
        self.registry.start()
        self.eventually(lambda: process.stdout(), "on the roll")
        self.assertEqual(0, process.stop())

    def test_a_registry_that_went_away_for_good_is_told_at_the_end(self):
        process = self.begin(self.registry, "register", "web", "--port", "8080")
        self.eventually(lambda: process.stdout(), "on the roll")
        self.registry.stop()
        self.assertEqual(3, process.stop(), process.stderr())
        self.assertRegex(process.stderr().splitlines()[-1], r"^rollcall: 127\.0\.0\.1-8080 could not be taken off the roll: ")

    def events(self):
        events = self.api_of(self.registry).call("GET", "/v1/events?service=web").json["events"]
        return [event["event"] for event in reversed(events)]

    def events_after_seconds(self, seconds):
        time.sleep(seconds)
        return self.events()


if __name__ == "__main__":
    unittest.main()
