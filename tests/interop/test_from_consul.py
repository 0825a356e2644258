"""`rollcall import --from-consul`: what a Consul holds, once and again (docs/from-consul.md). A rollcalld plays the Consul."""

import base64
import json
import subprocess
import time

from tests.support.case import Case
from tests.support.cli import ROLLCALL


class FromConsulTest(Case):
    def setUp(self):
        self.consul = self.server(name="consul", database=self.directory / "consul.db")
        self.rollcalld = self.server()
        self.there = self.api_of(self.consul)
        self.here = self.api_of(self.rollcalld)

    def ask(self, api, method, path, body=None):
        answer = api.call(method, path, body)
        self.assertEqual(200, answer.status, f"{method} {path}: {answer}")
        return answer

    def register(self, name, id, status="passing", node="db-1", address="192.0.2.1"):
        self.ask(self.there, "PUT", "/v1/catalog/register", {
            "Node": node, "Address": address, "NodeMeta": {"rack": "r1"},
            "Service": {"ID": id, "Service": name, "Port": 5432, "Tags": ["v1"], "Meta": {"k": "v"}},
            "Checks": [{"Node": node, "CheckID": f"c-{id}", "Name": "alive", "Status": status, "ServiceID": id}]})

    def command(self, *options):
        return [ROLLCALL, "--http", f"http://127.0.0.1:{self.rollcalld.http_port}", "--json", "import", "--from-consul",
                f"http://127.0.0.1:{self.consul.http_port}", *options]

    def copy(self, *options, code=0):
        done = subprocess.run(self.command(*options), capture_output=True, text=True, timeout=60)
        self.assertEqual(code, done.returncode, done)
        return json.loads(done.stdout)

    def ids(self, name, *parameters):
        rows = self.ask(self.here, "GET", f"/v1/health/service/{name}?" + "&".join(parameters)).json
        return sorted((row["Node"]["Node"], row["Service"]["ID"]) for row in rows)

    def value(self, key):
        answer = self.here.call("GET", f"/v1/kv/{key}")
        return None if answer.status == 404 else base64.b64decode(answer.json[0]["Value"])

    def test_services_keys_and_queries_are_copied_once_and_then_left_alone(self):
        self.register("db", "db-a")
        self.register("db", "db-b", "critical", "db-2", "192.0.2.2")
        self.ask(self.there, "PUT", "/v1/kv/app/%C3%BC%2520x?flags=7", b"\x00one")
        self.ask(self.there, "POST", "/v1/query", {"Name": "q", "Service": {"Service": "db"}})
        trial = self.copy("--dry-run")
        self.assertEqual((2, 1, 1), (trial["registered"], trial["keys_set"], trial["queries_made"]))
        self.assertEqual([], self.ids("db"))
        self.assertIsNone(self.value("app/%C3%BC%2520x"))
        first = self.copy()
        self.assertEqual((2, 1, 1, [], []),
                         (first["registered"], first["keys_set"], first["queries_made"], first["skipped"], first["failed"]))
        self.assertEqual([("db-1", "db-a"), ("db-2", "db-b")], self.ids("db"))
        self.assertEqual([("db-1", "db-a")], self.ids("db", "passing"))
        [row] = [row for row in self.ask(self.here, "GET", "/v1/health/service/db").json if row["Service"]["ID"] == "db-a"]
        self.assertEqual(("192.0.2.1", 5432, ["v1"], "v", "r1"),
                         (row["Node"]["Address"], row["Service"]["Port"], row["Service"]["Tags"], row["Service"]["Meta"]["k"],
                          row["Node"]["Meta"]["rack"]))
        self.assertEqual(b"\x00one", self.value("app/%C3%BC%2520x"))
        self.assertEqual(7, self.ask(self.here, "GET", "/v1/kv/app/?recurse").json[0]["Flags"])
        index = self.ask(self.here, "GET", "/v1/health/service/db").headers["X-Consul-Index"]
        again = self.copy()
        self.assertEqual((0, 1, 0, 1), (again["keys_set"], again["keys_unchanged"], again["queries_made"],
                                        again["queries_unchanged"]))
        self.assertEqual(index, self.ask(self.here, "GET", "/v1/health/service/db").headers["X-Consul-Index"])

    def test_what_vanishes_there_is_deregistered_here_and_nothing_else_is(self):
        self.register("db", "db-a")
        self.register("db", "db-b")
        self.ask(self.here, "PUT", "/v1/agent/service/register", {"Name": "db", "ID": "own", "Port": 1})
        self.copy()
        self.ask(self.there, "PUT", "/v1/catalog/deregister", {"Node": "db-1", "ServiceID": "db-b"})
        self.assertEqual(1, self.copy()["deregistered"])
        self.assertEqual({"own", "db-a"}, {id for _, id in self.ids("db")})

    def test_an_instance_that_has_moved_here_replaces_its_copy(self):
        self.register("db", "db-a")
        self.copy()
        self.ask(self.here, "PUT", "/v1/agent/service/register", {"Name": "db", "ID": "db-a", "Port": 5432})
        moved = self.copy()
        self.assertEqual(1, moved["deregistered"])
        self.assertIn("it has registered here by itself", moved["skipped"][0])
        [(node, id)] = self.ids("db")
        self.assertEqual("db-a", id)
        self.assertNotEqual("db-1", node)

    def test_a_key_that_was_changed_here_stays_unless_it_is_to_be_overwritten(self):
        self.ask(self.there, "PUT", "/v1/kv/a", b"there")
        self.ask(self.here, "PUT", "/v1/kv/a", b"here")
        self.assertIn("key a: it has another value here", self.copy()["skipped"][0])
        self.assertEqual(b"here", self.value("a"))
        self.assertEqual(1, self.copy("--overwrite")["keys_set"])
        self.assertEqual(b"there", self.value("a"))

    def test_a_lock_is_not_copied_and_said(self):
        session = self.ask(self.there, "PUT", "/v1/session/create", {}).json["ID"]
        self.ask(self.there, "PUT", f"/v1/kv/leader?acquire={session}", b"me")
        self.assertIn("sessions are not copied", self.copy()["skipped"][0])
        self.assertEqual(b"me", self.value("leader"))
        self.assertNotIn("Session", self.ask(self.here, "GET", "/v1/kv/leader").json[0])

    def test_both_stay_in_step_until_it_is_stopped(self):
        copying = self.start("copying", self.command("--every", "100ms"))
        self.register("db", "db-a")
        self.ask(self.there, "PUT", "/v1/kv/a", b"1")
        self.eventually(lambda: self.value("a") == b"1" and self.ids("db"), "they are copied")
        self.ask(self.there, "PUT", "/v1/kv/a", b"2")
        self.ask(self.there, "PUT", "/v1/catalog/register", {
            "Node": "db-1", "Address": "192.0.2.1", "NodeMeta": {"rack": "r1"},
            "Check": {"Node": "db-1", "CheckID": "c-db-a", "Name": "alive", "Status": "critical", "ServiceID": "db-a"}})
        self.eventually(lambda: self.value("a") == b"2" and not self.ids("db", "passing"), "the changes too")
        self.consul.stop()
        time.sleep(0.5)
        self.assertEqual(1, len(self.ids("db")))  # a source that is away takes nothing with it
        self.consul.start()
        there = self.api_of(self.consul)
        self.ask(there, "DELETE", "/v1/kv/a")
        self.ask(there, "PUT", "/v1/catalog/deregister", {"Node": "db-1", "ServiceID": "db-a"})
        self.eventually(lambda: self.value("a") is None and not self.ids("db"), "what is gone there goes here")
        self.assertEqual(0, copying.stop())

    def test_a_server_that_is_no_consul_is_named(self):
        done = subprocess.run([ROLLCALL, "import", "--from-consul", "http://127.0.0.1:1"], capture_output=True, text=True, timeout=60)
        self.assertEqual(3, done.returncode, done)
        self.assertIn("127.0.0.1:1", done.stderr)
