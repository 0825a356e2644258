"""The commands that ask once, against a real server."""

import hashlib
import http.server
import json
import os
import pty
import subprocess
import threading
import unittest

from tests.support.cli import ROLLCALL, CliCase, rollcall
from tests.support.processes import environment
from tests.support.rollcall import BINARY


class Commands(CliCase):
    def setUp(self):
        super().setUp()
        self.registry = self.server()
        for number, tags in ((1, ["blue"]), (2, [])):
            body = {"service": "web", "id": f"web-{number}", "address": f"192.0.2.{number}", "port": 8080, "tags": tags,
                    "meta": {"version": "1.2"}, "weight": number, "ttl": "5m"}
            self.assertEqual(201, self.api_of(self.registry).call("POST", "/v1/heartbeat", body).status)

    def test_list_shows_services_and_instances(self):
        self.assertEqual(["SERVICE  READY  TOTAL  TAGS", "web      2      2      blue"],
                         self.said(self.registry, "list").splitlines())
        rows = self.said(self.registry, "list", "web").splitlines()
        self.assertEqual(3, len(rows))
        self.assertRegex(rows[1], r"^web-1  192\.0\.2\.1  8080  ready   4m 5\ds +1         1       blue$")
        self.assertEqual("web-1\n", self.said(self.registry, "list", "web", "--tag", "blue", "--names"))
        self.assertEqual("web\n", self.said(self.registry, "list", "--names"))

    def test_show_has_every_field(self):
        page = self.said(self.registry, "show", "web", "web-1")
        for line in ("name        web-1.web.svc.internal", "addresses   192.0.2.1", "port        8080/tcp",
                     "meta        version=1.2"):
            self.assertIn(line + "\n", page)

    def test_json_is_what_the_api_says(self):
        shown = json.loads(self.said(self.registry, "show", "web", "web-1", "--json"))
        told = self.api_of(self.registry).call("GET", "/v1/services/web/instances/web-1").json
        shown.pop("expires_in_ms"), told.pop("expires_in_ms")
        self.assertEqual(told, shown)
        for words in (["list"], ["list", "web"], ["status"], ["nodes"], ["explain", "web"], ["resolve", "web"],
                      ["resolve", "web", "--pick"], ["resolve", "web", "--count", "3"], ["resolve", "web", "--a"],
                      ["heartbeat", "web", "web-1"], ["drain", "web", "web-1"], ["undrain", "web", "web-1"],
                      ["deregister", "web", "web-1"], ["help"]):
            with self.subTest(words):
                json.loads(self.said(self.registry, *words, "--json"))
        for line in self.said(self.registry, "events", "--json").splitlines():
            self.assertEqual("web", json.loads(line)["service"])

    def test_drain_and_undrain_change_what_the_dns_answers(self):
        self.assertEqual("draining; no cache has it any more\n",
                         self.said(self.registry, "drain", "web", "web-1", "--wait", "5s"))
        self.assertEqual("192.0.2.2\n", self.said(self.registry, "resolve", "web", "--a"))
        self.assertEqual("ready\n", self.said(self.registry, "undrain", "web", "web-1"))
        self.assertEqual({"192.0.2.1", "192.0.2.2"}, set(self.said(self.registry, "resolve", "web", "--a").split()))

    def test_deregister_takes_it_off_the_roll(self):
        self.assertEqual("", self.said(self.registry, "deregister", "web", "web-1"))
        self.assertEqual(["web-2"], self.ids(self.registry, "web"))

    def test_heartbeat_renews_or_registers(self):
        self.assertRegex(self.said(self.registry, "heartbeat", "web", "web-1"), r"^web-1 is ready for (5m 0s|4m 59s)$")
        # Without an address, the one that this machine has towards the registry.
        self.assertRegex(self.said(self.registry, "heartbeat", "db", "--port", "5432"), r"^127\.0\.0\.1-5432 is ready")
        self.assertEqual(["127.0.0.1-5432"], self.ids(self.registry, "db"))

    def test_resolve_chooses_by_weight(self):
        self.assertRegex(self.said(self.registry, "resolve", "web", "--pick"), r"^192\.0\.2\.[12]:8080$")
        rows = self.said(self.registry, "resolve", "web", "--count", "1000").splitlines()
        self.assertEqual(3, len(rows))
        self.assertRegex(rows[1], r"^192\.0\.2\.2:8080 ")  # with twice the weight
        self.assertEqual(1000, sum(int(row.split()[1]) for row in rows[1:]))
        once = self.said(self.registry, "resolve", "web", "--pick", "--policy", "hash", "--hash-key", "user-7")
        again = self.said(self.registry, "resolve", "web", "--pick", "--policy", "hash", "--hash-key", "user-7")
        self.assertEqual(once, again)

    def test_events_are_told_in_the_order_in_which_they_happened(self):
        self.said(self.registry, "deregister", "web", "web-1")
        lines = self.said(self.registry, "events", "web").splitlines()
        self.assertEqual(3, len(lines))
        self.assertRegex(lines[-1], r"^\S+Z  deregistered  web/web-1  deregistered")
        self.assertEqual(lines[-1:], self.said(self.registry, "events", "-n", "1").splitlines())

    def test_events_can_be_followed_until_the_server_is_away(self):
        follower = self.begin(self.registry, "events", "--follow", "--json")
        self.eventually(lambda: self.api_of(self.registry).call("GET", "/v1/status").json["events"]["watching"],
                        "a watcher")
        self.said(self.registry, "drain", "web", "web-2")
        self.eventually(lambda: follower.stdout(), "the event")
        self.assertEqual("draining", json.loads(follower.stdout())["event"])
        self.registry.stop()
        self.assertEqual(3, follower.wait(), follower.stderr())
        self.assertRegex(follower.stderr(), r"\Arollcall: [^\n]+\n\Z")

    def test_explain_says_who_is_left_out_and_why(self):
        self.said(self.registry, "drain", "web", "web-2")
        page = self.said(self.registry, "explain", "web")
        self.assertIn("1 of its 2 instances is in the answer to A.", page)
        self.assertRegex(page, r"(?m)^web\.svc\.internal\. .*192\.0\.2\.1 +service +web-1$")
        self.assertRegex(page, r"(?m)^web-2 +draining +draining since ")

    def test_status_tells_where_it_listens(self):
        page = self.said(self.registry, "status")
        self.assertIn(f"127.0.0.1:{self.registry.http_port}", page)
        self.assertIn("2 instances of 1 service,", page)

    def test_whether_it_is_ready_is_told_without_a_token(self):
        digest = hashlib.sha256(b"correct-horse-battery").hexdigest()
        settings = self.settings_file(f'[[token]]\nname = "all"\nhash = "sha256:{digest}"\nallow = "admin"\n')
        guarded = self.server("--config", settings, name="guarded", database=self.directory / "guarded.db")
        self.assertEqual("ready\n", self.said(guarded, "status", "--ready"))
        self.assertEqual('{"status":"ready"}\n', self.said(guarded, "status", "--ready", "--json"))
        self.assertEqual(5, self.ask(guarded, "status").returncode)
        guarded.stop()
        done = self.ask(guarded, "status", "--ready")
        self.assertEqual((3, ""), (done.returncode, done.stdout))

    def test_what_is_not_there_has_an_exit_code_of_its_own(self):
        for words in (["list", "nobody"], ["show", "web", "web-9"], ["drain", "web", "web-9"], ["heartbeat", "web", "web-9"],
                      ["deregister", "web", "web-9"], ["list", "--zone", "other.test"], ["resolve", "nobody"],
                      ["resolve", "nobody", "--a"], ["undrain", "nobody", "x"]):
            with self.subTest(words):
                done = self.ask(self.registry, *words)
                self.assertEqual(4, done.returncode, done.stderr)
                self.assertRegex(done.stderr, r"\Arollcall: [^\n]+\n\Z")

    def test_what_the_registry_refuses_is_exit_code_1_with_its_sentence(self):
        done = self.ask(self.registry, "register", "web", "--port", "80", "--address", "0.0.0.0")
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stderr, r"\Arollcall: [^\n]*address[^\n]*\n\Z")

    def test_colour_is_for_terminals(self):
        self.assertNotIn("\x1b", self.said(self.registry, "list"))
        self.assertIn("\x1b[32m2\x1b[0m", self.said(self.registry, "list", "--color", "always"))
        self.assertNotIn("\x1b", self.on_a_terminal("list", NO_COLOR="1", TERM="xterm"))
        self.assertIn("\x1b", self.on_a_terminal("list", TERM="xterm"))

    def test_the_environment_tells_whom_to_ask(self):
        done = rollcall("list", ROLLCALL_HTTP=f"127.0.0.1:1,127.0.0.1:{self.registry.http_port}")
        self.assertEqual(0, done.returncode, done.stderr)
        done = rollcall("resolve", "web", ROLLCALL_DNS=f"127.0.0.1:{self.registry.dns_port}")
        self.assertEqual(0, done.returncode, done.stderr)

    def on_a_terminal(self, *arguments, **changes):
        ours, theirs = pty.openpty()
        kept = {key: value for key, value in environment(**changes).items() if key != "NO_COLOR" or key in changes}
        subprocess.run([ROLLCALL, "--http", f"127.0.0.1:{self.registry.http_port}", *arguments], stdout=theirs,
                       stdin=subprocess.DEVNULL, env=kept, timeout=20, check=True)
        os.close(theirs)
        said = os.read(ours, 65536).decode()
        os.close(ours)
        return said


class Early(CliCase):
    """A registry whose clock counts in steps, and which ends a wait a moment too early."""

    def test_a_drain_is_waited_for_until_it_is_safe(self):
        answers = iter((False, False, True))

        class Registry(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.dumps({"status": "draining", "safe": next(answers), "safe_in_ms": 3}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        registry = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
        threading.Thread(target=registry.serve_forever, daemon=True).start()
        self.addCleanup(registry.server_close)
        self.addCleanup(registry.shutdown)
        done = rollcall("--http", f"127.0.0.1:{registry.server_port}", "drain", "web", "web-1", "--wait", "5s")
        self.assertEqual((0, "draining; no cache has it any more\n"), (done.returncode, done.stdout), done.stderr)
        self.assertEqual([], list(answers))


class Tokens(CliCase):
    def test_a_token_opens_what_is_closed_without(self):
        hashed = self.hash_of("a-token-of-the-tests")
        settings = self.settings_file(hashed)
        server = self.server("--config", settings)
        done = self.ask(server, "list")
        self.assertEqual(5, done.returncode, done.stderr)
        self.assertEqual("SERVICE  READY  TOTAL  TAGS\n", self.said(server, "list", "--token", "a-token-of-the-tests"))
        token = self.directory / "token"
        token.write_text("a-token-of-the-tests\n")
        self.assertEqual("SERVICE  READY  TOTAL  TAGS\n", self.said(server, "list", "--token-file", token))
        self.assertEqual(0, self.ask(server, "list", ROLLCALL_TOKEN="a-token-of-the-tests").returncode)

    def hash_of(self, token):
        line = subprocess.run([BINARY, "--hash-token"], input=token + "\n", capture_output=True, text=True,
                              check=True).stdout
        return f'[[token]]\nname = "tests"\n{line}allow = "write"\n'


if __name__ == "__main__":
    unittest.main()
