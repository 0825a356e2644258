"""`--http` with several addresses: with commas the nodes of one registry, repeated other registries."""

import http.server
import json
import signal
import threading
import unittest

from tests.support.cli import ROLLCALL, BadServer, CliCase, rollcall
from tests.support.processes import environment, free_port


class Refusing:
    """A node that answers 503 to everything, and counts."""

    def __init__(self):
        calls = self.calls = []

        class Node(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def refuse(self):
                calls.append(self.path)
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = b'{"type":"urn:rollcall:ask_another_node","status":503,"detail":"this node is no member"}'
                self.send_response(503)
                self.send_header("Retry-After", "1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = refuse

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Node)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def address_of(server):
    return f"127.0.0.1:{server.http_port}"


class SeveralAddresses(CliCase):
    def refusing(self):
        node = Refusing()
        self.addCleanup(node.close)
        return node

    def second_server(self):
        return self.server(database=self.directory / "second.db", name="rollcalld-2")

    def silent(self):
        node = BadServer()
        self.addCleanup(node.close)
        return node

    def heartbeat(self, addresses, identity, *options):
        return rollcall("--http", addresses, *options, "heartbeat", "web", "--port", "8080", "--address", "192.0.2.1",
                        "--id", identity, "--ttl", "5m")

    def test_the_next_node_is_asked_when_one_is_away_silent_or_refuses(self):
        live = self.server()
        refusing = self.refusing()
        for number, bad in enumerate((f"127.0.0.1:{free_port()}", refusing.address, self.silent().address)):
            with self.subTest(bad):
                done = self.heartbeat(f"{bad},{address_of(live)}", f"web-{number}", "--timeout", "2s")
                self.assertEqual((0, ""), (done.returncode, done.stderr))
                self.assertIn(f"web-{number}", self.ids(live, "web"))
                done = rollcall("--timeout", "2s", "list", "web", "--names",
                                ROLLCALL_HTTP=f"{bad},{address_of(live)}")
                self.assertEqual((0, ""), (done.returncode, done.stderr))
                self.assertIn(f"web-{number}\n", done.stdout)
        self.assertEqual(2, len(refusing.calls), "once for each command: the answer of the next one counts")

    def test_when_every_node_refuses_its_sentence_is_told(self):
        nodes = [self.refusing(), self.refusing()]
        done = self.heartbeat(f"127.0.0.1:{free_port()},{nodes[0].address},{nodes[1].address}", "web-1")
        self.assertEqual((3, "rollcall: this node is no member\n"), (done.returncode, done.stderr))
        self.assertEqual([1, 1], [len(node.calls) for node in nodes])

    def test_register_stays_with_the_node_that_answers_and_finds_the_next_when_it_is_gone(self):
        first, second = self.server(), self.second_server()
        process = self.start("rollcall", [ROLLCALL, "--http", f"{address_of(first)},{address_of(second)}",
                                          "register", "web", "--port", "8080", "--address", "192.0.2.1", "--id", "web-1",
                                          "--ttl", "2s"], env=environment())
        self.eventually_equal(["web-1"], lambda: self.ids(first, "web"))
        self.assertEqual([], self.ids(second, "web"))
        first.kill()
        self.eventually_equal(["web-1"], lambda: self.ids(second, "web"))
        process.signal(signal.SIGTERM)
        self.assertEqual(0, process.wait())
        self.assertEqual([], self.ids(second, "web"))

    def test_repeated_addresses_are_registries_of_their_own_and_all_are_told(self):
        one, two = self.server(), self.second_server()
        process = self.start("rollcall", [ROLLCALL, "--http", f"127.0.0.1:{free_port()},{address_of(one)}",
                                          "--http", address_of(two), "register", "web", "--port", "8080", "--address",
                                          "192.0.2.1", "--id", "web-1", "--ttl", "5s"], env=environment())
        for server in (one, two):
            self.eventually_equal(["web-1"], lambda: self.ids(server, "web"))
        process.signal(signal.SIGTERM)
        self.assertEqual(0, process.wait())
        for server in (one, two):
            self.assertEqual([], self.ids(server, "web"))

    def ask_both(self, one, two, *words, **options):
        return rollcall("--http", address_of(one), "--http", address_of(two), *words, **options)

    def statuses(self, server):
        return [each["status"] for each in self.api_of(server).call("GET", "/v1/services/web").json["instances"]]

    def test_every_command_that_changes_something_tells_each_registry(self):
        one, two = self.server(), self.second_server()
        both = address_of(one), address_of(two)
        done = self.ask_both(one, two, "heartbeat", "web", "--port", "8080", "--address", "192.0.2.1", "--id", "web-1",
                             "--ttl", "5m")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        for line, address in zip(done.stdout.splitlines(), both, strict=True):
            self.assertRegex(line, rf"^{address}: web-1 is ready for ")
        for words, sentence, left in ((["drain", "web", "web-1", "--wait", "5s"], "draining; no cache has it any more", "draining"),
                                      (["undrain", "web", "web-1"], "ready", "ready")):
            with self.subTest(words):
                done = self.ask_both(one, two, *words)
                self.assertEqual((0, ""), (done.returncode, done.stderr))
                self.assertEqual([f"{address}: {sentence}" for address in both], done.stdout.splitlines())
                for server in (one, two):
                    self.assertEqual([left], self.statuses(server))
        done = self.ask_both(one, two, "heartbeat", "web", "web-1", "--json")
        self.assertEqual([("web-1", address) for address in both],
                         [(told["id"], told["registry"]) for told in map(json.loads, done.stdout.splitlines())])
        done = self.ask_both(one, two, "deregister", "web", "web-1")
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))
        for server in (one, two):
            self.assertEqual([], self.ids(server, "web"))
        line = json.dumps({"service": "web", "id": "web-2", "address": "192.0.2.2", "port": 80, "ttl": "5m"})
        done = self.ask_both(one, two, "import", stdin=line + "\n{}\n")
        self.assertEqual([f"{address}: 1 registered, 0 renewed, 1 failed" for address in both], done.stdout.splitlines())
        self.assertEqual(2, done.stderr.count("line 2: "), done.stderr)
        self.assertEqual(1, done.returncode)
        for server in (one, two):
            self.assertEqual(["web-2"], self.ids(server, "web"))

    def test_a_registry_that_fails_is_named_and_the_others_are_told(self):
        one, two = self.server(), self.second_server()
        gone = f"127.0.0.1:{free_port()}"
        for server in (one, two):
            self.api_of(server).expect_registered("web", "web-1", "192.0.2.1")
        self.api_of(one).expect_registered("web", "web-2", "192.0.2.2")
        for bad in (gone, self.refusing().address):
            with self.subTest(bad):
                done = rollcall("--http", bad, "--http", address_of(two), "drain", "web", "web-1")
                self.assertEqual(3, done.returncode)
                self.assertRegex(done.stderr, rf"^rollcall: {bad}: .+\n$")
                self.assertIn(f"{address_of(two)}: draining;", done.stdout)
        self.assertEqual(["ready", "ready"], self.statuses(one))
        self.assertEqual(["draining"], self.statuses(two))
        # Each that fails is named; the exit code is that of the first.
        done = rollcall("--http", address_of(two), "--http", gone, "--http", address_of(one), "deregister", "web", "web-2")
        self.assertEqual(4, done.returncode)
        self.assertRegex(done.stderr, rf"^rollcall: {address_of(two)}: .+\nrollcall: {gone}: .+\n$")
        self.assertEqual(["web-1"], self.ids(one, "web"))

    def test_a_load_is_of_one_registry(self):
        one, two = self.server(), self.second_server()
        done = self.ask_both(one, two, "load", "--instances", "1")
        self.assertEqual(2, done.returncode)
        self.assertIn("one --http", done.stderr)

    def test_a_server_without_a_cluster_is_one_node(self):
        server = self.server()
        rows = self.said(server, "nodes").splitlines()
        self.assertEqual(2, len(rows))
        self.assertRegex(rows[0], r"^NODE +STATUS +HTTP +VERSION +HEARS +LAG +DIFFERS$")
        self.assertRegex(rows[1], rf"^\S+ \* +member +{address_of(server)} ")
        told = json.loads(self.said(server, "nodes", "--json"))
        self.assertIsNone(told["cluster"])
        self.assertEqual([True], [node["is_self"] for node in told["nodes"]])


if __name__ == "__main__":
    unittest.main()
