"""Every command against a server that is away, silent, closes, or is no registry: one sentence on stderr, the right exit
code, within its time-out. The commands are those of `rollcall help --json`, so that a new one is tried by being there."""

import json
import time
import unittest

from tests.support.cli import BadServer, CliCase, rollcall
from tests.support.processes import free_port

TIMEOUT = "1s"
WITHIN = 1 + 4  # the time-out, and a busy machine
UNREACHABLE = 3
LINE = json.dumps({"service": "web", "id": "web-1", "address": "192.0.2.1", "port": 8080}) + "\n"

WEB_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>"
OTHER_JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"


def commands():
    done = rollcall("help", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["commands"]


class BadServers(CliCase):
    def try_all(self, address, *, asks=("http", "dns"), exit_codes=(UNREACHABLE,)):
        tried = 0
        for command in commands():
            if command["asks"] not in asks:
                continue
            tried += 1
            with self.subTest(command=command["name"]):
                began = time.monotonic()
                done = rollcall("--timeout", TIMEOUT, "--http", address, "--dns", address, command["name"],
                                *command["trial"], stdin=LINE, timeout=60)
                took = time.monotonic() - began
                self.assertIn(done.returncode, exit_codes, done.stderr)
                self.assertRegex(done.stderr, r"\Arollcall: [^\n]+\n\Z", "one sentence")
                self.assertNotIn("exception", done.stderr)
                self.assertLess(took, WITHIN)
        self.assertGreater(tried, 0)

    def bad_server(self, *arguments, **options):
        server = BadServer(*arguments, **options)
        self.addCleanup(server.close)
        return server.address

    def test_a_server_that_is_away(self):
        self.try_all(f"127.0.0.1:{free_port()}")

    def test_a_server_that_says_nothing(self):
        self.try_all(self.bad_server())

    def test_a_server_that_closes_at_once(self):
        self.try_all(self.bad_server(closes=True), asks=("http",))

    def test_a_server_that_speaks_nonsense(self):
        self.try_all(self.bad_server(b"\x00\x01nonsense \xff\xfe of another protocol\r\n\r\n"))

    def test_a_web_server_that_is_no_registry(self):
        self.try_all(self.bad_server(WEB_PAGE), asks=("http",))

    def test_a_json_server_that_is_no_registry(self):
        self.try_all(self.bad_server(OTHER_JSON), asks=("http",))

    def test_a_host_that_is_not_there(self):
        self.try_all("registry.invalid:8500", asks=("http",))

    def test_no_certificate_that_could_be_trusted(self):
        self.try_all("https://" + self.bad_server(b"\x15\x03\x01\x00\x02\x02\x28", closes=True), asks=("http",))

    def test_a_command_that_does_without_goes_on(self):
        for command in commands():
            if command["asks"] != "http_late":
                continue
            with self.subTest(command=command["name"]):
                done = rollcall("--http", f"127.0.0.1:{free_port()}", command["name"], *command["trial"])
                self.assertEqual(0, done.returncode, done.stderr)

    def test_every_command_says_whom_it_needs_and_has_an_example(self):
        for command in commands():
            with self.subTest(command=command["name"]):
                self.assertIn(command["asks"], {"nobody", "http", "dns", "http_late"})
                self.assertTrue(command["summary"])
                self.assertIn("\nExamples\n", rollcall(command["name"], "--help").stdout)

    def test_a_token_file_that_is_not_there_is_named(self):
        done = rollcall("list", "--token-file", "/nonexistent/token")
        self.assertEqual((1, "rollcall: --token-file: cannot read /nonexistent/token: No such file or directory\n"),
                         (done.returncode, done.stderr))


class CommandLine(unittest.TestCase):
    def test_a_mistake_is_one_sentence_and_exit_code_2(self):
        for arguments in (["nonsense"], ["list", "--nonsense"], ["show", "web"], ["list", "web", "more"],
                          ["--timeout", "soon", "list"], ["register", "web", "--port", "0"], ["--color", "red", "list"],
                          ["register", "web", "--port", "80", "--meta", "x"], ["run", "--service", "web", "--port", "80"],
                          ["list", "--tag", "blue"], ["resolve", "web", "--a", "--pick"], ["heartbeat", "web"],
                          ["run", "--service", "web", "--port", "no", "--", "true"], ["--zone"],
                          ["run", "--service", "web", "--port", "80", "--probe", "icmp", "--", "true"]):
            with self.subTest(arguments):
                done = rollcall(*arguments)
                self.assertEqual(2, done.returncode, done.stderr)
                self.assertRegex(done.stderr, r"\Arollcall[^\n]*: [^\n]+; see rollcall[^\n]* --help\n\Z")
                self.assertEqual("", done.stdout)

    def test_help_comes_before_mistakes(self):
        done = rollcall("register", "--help", "--port", "0")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertIn("Usage: rollcall register", done.stdout)

    def test_the_version_is_the_servers(self):
        self.assertRegex(rollcall("--version").stdout, r"\Arollcall \d+\.\d+\.\d+\n\Z")


if __name__ == "__main__":
    unittest.main()
