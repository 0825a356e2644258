"""`rollcall export`, `import` and `load`: the roll as lines, from one registry to another, and a roll to try things with."""

import json
import signal

from tests.support.case import Case
from tests.support.processes import run
from tests.support.cli import ROLLCALL, need_rollcall

FULL = {"addresses": ["192.0.2.1", "2001:db8::1"], "port": 8080, "protocol": "udp", "priority": 3, "weight": 7,
        "tags": ["blue", "eu"], "meta": {"version": "1.2", "note": "\"quoted\"\tüber"}, "ttl": "5m",
        "checks": [{"type": "tcp", "interval": "1h"}], "initial": "critical", "rise": 2}


class LinesTest(Case):
    def setUp(self):
        need_rollcall()
        self.rollcalld = self.server()
        self.api = self.api_of(self.rollcalld)

    def tool(self, *arguments, server=None, **options):
        return run([ROLLCALL, "--http", f"127.0.0.1:{(server or self.rollcalld).http_port}", *arguments], **options)

    def put(self, service, id, body):
        answer = self.api.call("PUT", f"/v1/services/{service}/instances/{id}", body)
        self.assertEqual(201, answer.status, answer)

    def export(self, *arguments, server=None):
        done = self.tool("export", *arguments, server=server)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def lines(self, text, name="lines.jsonl"):
        path = self.directory / name
        path.write_text(text)
        return path

    def test_what_is_exported_is_imported_as_it_was(self):
        self.put("web", "full", FULL)
        for n in range(50):
            self.api.expect_registered(f"many-{n % 3}", f"i-{n}", f"192.0.2.{n + 1}", 8000 + n)
        path = self.directory / "roll.jsonl"
        self.assertEqual("", self.export(path))
        self.assertEqual(51, len(path.read_text().splitlines()))
        other = self.server(name="other", database=self.directory / "other.db")
        done = self.tool("import", path, server=other)
        self.assertEqual((0, "51 registered, 0 renewed, 0 failed\n", ""), (done.returncode, done.stdout, done.stderr))
        self.assertEqual(sorted(path.read_text().splitlines()), sorted(self.export(server=other).splitlines()))
        again = self.tool("import", path, server=other)
        self.assertEqual("0 registered, 51 renewed, 0 failed\n", again.stdout)

    def test_a_line_of_an_export_is_what_a_heartbeat_takes(self):
        self.put("web", "full", FULL)
        line = self.export("--service", "web")
        self.assertEqual(1, line.count("\n"))
        self.assertEqual(200, self.api.call("POST", "/v1/heartbeat", line.encode()).status)
        self.assertEqual(FULL["meta"], json.loads(line)["meta"])

    def test_lines_that_are_refused_are_named_and_stop_nobody(self):
        good = {"service": "web", "address": "192.0.2.1", "port": 80}
        text = "\n".join(["", json.dumps(good), '{"service":', json.dumps({**good, "port": 0}), "  ",
                          json.dumps({**good, "port": 81})])
        done = self.tool("import", self.lines(text))
        self.assertEqual((1, "2 registered, 0 renewed, 2 failed\n"), (done.returncode, done.stdout))
        self.assertEqual(["rollcall: line 3: bad JSON at byte 11: it ends too early",
                          "rollcall: line 4: port must be an integer from 1 to 65535"], done.stderr.splitlines())
        as_json = json.loads(self.tool("--json", "import", self.lines(text)).stdout)
        self.assertEqual((4, 0, 2, [3, 4]), (as_json["lines"], as_json["registered"], as_json["renewed"],
                                             [failure["line"] for failure in as_json["failed"]]))

    def test_a_file_that_is_not_there_and_a_registry_that_is_away_are_one_sentence(self):
        done = self.tool("import", self.directory / "none")
        self.assertEqual((1, 1), (done.returncode, done.stderr.count("\n")))
        self.rollcalld.stop()
        path = self.lines('{"service":"web","address":"192.0.2.1","port":80}\n')
        done = self.tool("import", path)
        self.assertEqual((3, 1, ""), (done.returncode, done.stderr.count("\n"), done.stdout), done.stderr)
        done = self.tool("export")
        self.assertEqual((3, 1, ""), (done.returncode, done.stderr.count("\n"), done.stdout), done.stderr)

    def test_an_unknown_service_is_not_an_empty_export(self):
        self.assertEqual(4, self.tool("export", "--service", "nobody").returncode)

    def test_load_registers_renews_and_cleans_up(self):
        done = self.tool("--json", "load", "--instances", "200", "--services", "5", "--rate", "400", "--for", "1s")
        self.assertEqual(0, done.returncode, done.stderr)
        phases = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([("registered", 200, 0), ("renewed", 400, 0), ("deregistered", 200, 0)],
                         [(phase["calls"], phase["count"], phase["failed"]) for phase in phases])
        self.assertGreaterEqual(phases[1]["seconds"], 0.9)
        services = self.api.call("GET", "/v1/services").json["services"]
        self.assertEqual([], services)  # nothing is left behind

    def test_load_that_is_interrupted_cleans_up(self):
        load = self.start("load", [ROLLCALL, "--http", f"127.0.0.1:{self.rollcalld.http_port}", "load", "--instances", "100",
                                   "--for", "60s"])
        total = lambda: sum(s["total"] for s in self.api.call("GET", "/v1/services").json["services"])
        self.eventually_equal(100, total)
        load.signal(signal.SIGINT)
        self.assertEqual(0, load.wait())
        self.assertEqual(0, total())
        self.assertRegex(load.stdout(), r"(?m)^deregistered +100 in ")
