"""Changes beside the registrations, lists in pages, and what a caller may do: as curl and Python see them."""

import http.client
import json
import subprocess

from tests.interop.test_access import token_table
from tests.support.case import Case

WEB = {"service": "web", "id": "a", "address": "192.0.2.1", "port": 80, "ttl": "5m", "tags": ["blue"], "meta": {"version": "1"}}
A = "/v1/services/web/instances/a"
ADMIN, READER = "admin-0123456789abcdef", "reader-of-web-0123456789"


class ChangesTest(Case):
    def setUp(self):
        self.rollcalld = self.server()
        self.api = self.api_of(self.rollcalld)

    def call(self, method, path, body=None):
        return self.api.call(method, path, body)

    def patch(self, body, *headers, path=A):
        """By curl, which sends what it is told: status and answer."""
        headers = headers or ("Content-Type: application/merge-patch+json",)
        done = subprocess.run(["curl", "-sS", "-X", "PATCH", "-d", body, "-w", "\n%{http_code}",
                               *[word for header in headers for word in ("-H", header)],
                               f"http://127.0.0.1:{self.rollcalld.http_port}{path}"],
                              capture_output=True, text=True, timeout=20, check=True)
        text, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(text)

    def test_patched_fields_stay_over_heartbeats_and_kill_9(self):
        self.assertEqual(201, self.call("POST", "/v1/heartbeat", WEB).status)
        index = self.call("GET", A).json["index"]
        status, shown = self.patch('{"weight":7,"tags":["green"],"meta":{"canary":"yes","version":null}}')
        self.assertEqual((200, 7, ["green"], {"canary": "yes"}), (status, shown["weight"], shown["tags"], shown["meta"]))
        self.assertGreater(shown["index"], index)
        self.assertEqual({"weight": 1, "tags": ["blue"], "meta": {"version": "1"}}, shown["registered"])
        self.assertEqual(200, self.call("POST", "/v1/heartbeat", WEB).status)
        self.assertEqual(shown["index"], self.call("GET", A).json["index"])
        self.rollcalld.kill()
        self.rollcalld.start()
        self.api = self.api_of(self.rollcalld)
        self.assertEqual(200, self.call("POST", "/v1/heartbeat", WEB).status)
        again = self.call("GET", A).json
        self.assertEqual((7, ["green"], {"canary": "yes"}), (again["weight"], again["tags"], again["meta"]))
        self.assertEqual(200, self.call("POST", "/v1/heartbeat", WEB | {"weight": 3}).status)
        last = self.call("GET", A).json
        self.assertEqual((3, ["green"]), (last["weight"], last["tags"]))
        self.assertNotIn("weight", last["registered"])
        events = [event["event"] for event in self.call("GET", "/v1/events?service=web").json["events"]]
        self.assertEqual(2, events.count("updated"), events)
        self.assertIn('audit: patch service="web"', self.rollcalld.log())

    def test_null_takes_a_field_back_to_its_default(self):
        self.call("POST", "/v1/heartbeat", WEB | {"weight": 5, "priority": 4})
        _, shown = self.patch('{"weight":null,"priority":null,"tags":null,"meta":null}', "Content-Type: application/json")
        self.assertEqual((1, 1, [], {}), (shown["weight"], shown["priority"], shown["tags"], shown["meta"]))

    def test_what_is_wrong_is_refused_and_changes_nothing(self):
        self.call("POST", "/v1/heartbeat", WEB)
        before = self.call("GET", A).json["index"]
        for expected, field, body in [
                (400, "port", '{"port":81}'), (400, "weight", '{"weight":65536}'), (400, "tags[0]", '{"tags":["a b"]}'),
                (400, "meta.version", '{"meta":{"version":2}}'), (400, None, '[1]'), (409, "tags", '{"tags":["a"]}')]:
            with self.subTest(body):
                status, problem = self.patch(body)
                self.assertEqual((expected, field), (status, problem.get("field")), problem)
        self.assertEqual(404, self.patch('{"weight":2}', path="/v1/services/web/instances/b")[0])
        status, problem = self.patch('{"weight":2}', "Content-Type: text/plain")
        self.assertEqual((415, "urn:rollcall:unsupported_media_type"), (status, problem["type"]))
        self.assertIn("application/merge-patch+json", problem["detail"])
        self.assertEqual(before, self.call("GET", A).json["index"])

    def test_an_empty_service_is_forgotten_and_one_with_instances_is_not(self):
        self.assertEqual(404, self.call("DELETE", "/v1/services/web").status)
        self.call("POST", "/v1/heartbeat", WEB)
        refused = self.call("DELETE", "/v1/services/web")
        self.assertEqual(409, refused.status)
        self.assertIn("has 1 instance: deregister it first", refused.json["detail"])
        self.call("DELETE", A)
        self.assertEqual("NOERROR", self.call("GET", "/v1/explain?name=web").json["rcode"])
        self.assertEqual(204, self.call("DELETE", "/v1/services/web").status)
        self.assertEqual("NXDOMAIN", self.call("GET", "/v1/explain?name=web").json["rcode"])
        self.rollcalld.restart()
        self.api = self.api_of(self.rollcalld)
        self.assertEqual(404, self.call("GET", "/v1/services/web").status)

    def pages(self, query):
        """The ids of each page, until the last."""
        pages, cursor = [], ""
        while cursor is not None:
            page = self.call("GET", f"/v1/instances?{query}{'&cursor=' + cursor if cursor else ''}").json
            pages.append([f"{each['service']}/{each['id']}" for each in page["instances"]])
            cursor = page["next_cursor"]
        return pages

    def test_pages_have_everybody_once_also_while_others_come_and_go(self):
        for number in range(7):
            self.call("POST", "/v1/heartbeat", WEB | {"service": f"s{number % 2}", "id": f"i-{number}", "weight": number,
                                                     "meta": {"rack": str(number % 3)}, "tags": []})
        self.assertEqual([["s0/i-0", "s0/i-2", "s0/i-4"], ["s0/i-6", "s1/i-1", "s1/i-3"], ["s1/i-5"]], self.pages("limit=3"))
        self.assertEqual([["s0/i-6", "s1/i-5", "s0/i-4", "s1/i-3"], ["s0/i-2", "s1/i-1", "s0/i-0"]], self.pages("limit=4&sort=-weight"))
        self.assertEqual([["s0/i-0", "s0/i-6", "s1/i-3"]], self.pages("meta.rack=0"))
        self.assertEqual([["s1/i-1", "s1/i-3", "s1/i-5"]], self.pages("service=s1"))
        self.assertEqual([["s1/i-5"]], self.pages("text=I-5"))
        self.assertEqual([[]], self.pages("tag=blue"))
        first = self.call("GET", "/v1/instances?limit=3").json
        self.call("DELETE", "/v1/services/s0/instances/i-4")
        self.call("POST", "/v1/heartbeat", WEB | {"service": "s0", "id": "i-1"})
        second = self.call("GET", "/v1/instances?limit=3&cursor=" + first["next_cursor"]).json
        self.assertEqual(["i-6", "i-1", "i-3"], [each["id"] for each in second["instances"]])
        for wrong in ("cursor=x", "sort=port", "limit=0", "meta.=1", "sort=id&cursor=" + first["next_cursor"]):
            self.assertEqual(400, self.call("GET", "/v1/instances?" + wrong).status, wrong)

    def test_more_instances_than_one_answer_makes_at_once_are_paged_too(self):
        for number in range(300):
            self.call("POST", "/v1/heartbeat", WEB | {"id": f"i-{number:03}", "tags": []})
        pages = self.pages("limit=128")
        self.assertEqual([128, 128, 44], [len(page) for page in pages])
        self.assertEqual([f"web/i-{number:03}" for number in range(300)], [each for page in pages for each in page])


class RightsTest(Case):
    def ask(self, method, path, token):
        connection = http.client.HTTPConnection("127.0.0.1", self.rollcalld.http_port, timeout=10)
        self.addCleanup(connection.close)
        connection.request(method, path, None, {"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def test_everybody_is_told_what_he_may_do(self):
        self.rollcalld = self.server("--config", self.settings_file(
            token_table("admin", ADMIN, 'allow = "admin"\n') + token_table("web", READER, 'allow = "read"\nservices = ["web"]\n')))
        self.assertEqual((200, {"who": "token web", "kind": "token", "address": "127.0.0.1", "right": "read", "zones": [],
                                "all_zones": True, "services": ["web"], "no_lease": False}), self.ask("GET", "/v1/whoami", READER))
        _, told = self.ask("GET", "/v1/whoami", ADMIN)
        self.assertEqual(("admin", True), (told["right"], told["no_lease"]))
        self.assertEqual(401, self.ask("GET", "/v1/whoami", "nobody-0123456789")[0])
        for method, path in (("PATCH", A), ("DELETE", "/v1/services/web")):
            self.assertEqual(403, self.ask(method, path, READER)[0])
