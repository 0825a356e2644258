"""The forms of a list, a list that is printed again, and changes beside registrations."""

import json
import unittest

from tests.support.cli import CliCase


class Lists(CliCase):
    def setUp(self):
        super().setUp()
        self.registry = self.server()
        self.register("web-1")

    def register(self, id):
        body = {"service": "web", "id": id, "address": "192.0.2.1", "port": 8080, "ttl": "5m", "meta": {"version": "1: \"x\""}}
        self.assertEqual(201, self.api_of(self.registry).call("POST", "/v1/heartbeat", body).status)

    def test_wide_has_more_columns(self):
        head, row = self.said(self.registry, "list", "web", "-o", "wide").splitlines()
        for word in ("PROTOCOL", "SINCE", "META", "REGISTERED"):
            self.assertIn(word, head)
        self.assertIn('version=1: "x"', row)
        self.assertIn("svc.internal", self.said(self.registry, "list", "-o", "wide"))

    def test_json_and_yaml_have_every_field(self):
        shown = json.loads(self.said(self.registry, "list", "web", "-o", "json"))
        self.assertEqual("web-1", shown["instances"][0]["id"])
        lines = self.said(self.registry, "list", "web", "-o", "yaml").splitlines()
        self.assertEqual(['"service": "web"', '"zone": "svc.internal"'], lines[:2])
        self.assertIn('"instances":', lines)
        self.assertIn('    "id": "web-1"', lines)
        self.assertIn('      "version": "1: \\"x\\""', lines)
        self.assertIn('    "tags": []', lines)

    def test_it_is_printed_again_at_each_change(self):
        watcher = self.begin(self.registry, "list", "web", "--names", "--watch")
        self.eventually_equal("web-1\n", watcher.stdout)
        self.register("web-2")
        self.eventually_equal("web-1\n\nweb-1\nweb-2\n", watcher.stdout)

    def test_a_field_is_set_and_stays_over_heartbeats(self):
        self.assertEqual("web-1 has weight 0\n", self.said(self.registry, "set", "weight", "web", "web-1", "0"))
        self.assertEqual("web-1 has the tags blue, new\n", self.said(self.registry, "set", "tags", "web", "web-1", "new", "blue"))
        self.assertEqual("web-1 has the meta canary=yes\n", self.said(self.registry, "set", "meta", "web", "web-1", "canary=yes", "version"))
        self.said(self.registry, "heartbeat", "web", "web-1")
        shown = json.loads(self.said(self.registry, "show", "web", "web-1", "--json"))
        self.assertEqual((0, ["blue", "new"], {"canary": "yes"}), (shown["weight"], shown["tags"], shown["meta"]))
        self.assertEqual("web-1 has no tags\n", self.said(self.registry, "set", "tags", "web", "web-1", "--default"))
        for words, said in ((["weight", "web", "web-1", "many"], "weight must be 0 to 65535, not many"),
                            (["weight", "web", "web-1"], "VALUE is missing"), (["port", "web", "web-1", "80"], "FIELD must be"),
                            (["meta", "web", "web-1", "=x"], "meta takes KEY=VALUE"), (["tags", "web", "web-1", "a", "--default"], "give either")):
            done = self.ask(self.registry, "set", *words)
            self.assertEqual(2, done.returncode, done.stderr)
            self.assertIn(said, done.stderr)
        self.assertEqual(4, self.ask(self.registry, "set", "weight", "web", "web-9", "5").returncode)

    def test_a_service_is_deleted_when_it_is_empty(self):
        refused = self.ask(self.registry, "delete", "service", "web")
        self.assertEqual((1, "rollcall: the service \"web\" has 1 instance: deregister it first, or wait for the end of its lease\n"),
                         (refused.returncode, refused.stderr))
        self.said(self.registry, "deregister", "web", "web-1")
        self.said(self.registry, "delete", "service", "web")
        self.assertEqual(4, self.ask(self.registry, "list", "web").returncode)
        self.assertEqual(4, self.ask(self.registry, "delete", "service", "web").returncode)

    def test_load_leaves_nothing_behind(self):
        self.said(self.registry, "load", "--instances", "20", "--services", "3", "--for", "100ms")
        self.assertEqual("web\n", self.said(self.registry, "list", "--names"))


if __name__ == "__main__":
    unittest.main()
