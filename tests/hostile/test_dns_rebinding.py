"""A web page that lets its own name point at this machine reads nothing: its name stands in the Host field."""

import http.client
import json
import socket

from tests.interop.test_access import token_table
from tests.support import certificates
from tests.support.case import Case
from tests.support.rollcall import run_to_end

TOKEN = "reader-0123456789abcdef"
READS = ("/", "/v1/services", "/v1/status", "/healthz", "/metrics", "/nothing", "/v1/catalog/services",
         "/v1/agent/self", "/v1/kv/a", "/v1/watch")


class RebindingTest(Case):
    def serve(self, settings="", **options):
        self.rollcalld = self.server("--config", self.settings_file(settings), **options)

    def ask(self, target, host, version="1.1", method="GET", more=b"", body=b""):
        """The status, of a request that is written octet by octet; `host`: None for no field."""
        field = b"" if host is None else b"Host: " + host.encode() + b"\r\n"
        with socket.create_connection(("127.0.0.1", self.rollcalld.http_port), timeout=10) as stream:
            stream.sendall(f"{method} {target} HTTP/{version}\r\n".encode() + field + more +
                           b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
            response = http.client.HTTPResponse(stream, method=method)
            response.begin()
            if response.getheader("Content-Type", "").startswith("text/event-stream"):
                return response.status, ""
            return response.status, response.read().decode()

    def status(self, *arguments, **options):
        return self.ask(*arguments, **options)[0]

    def test_names_of_this_machine_are_taken(self):
        self.serve('[http]\nhosts = ["Registry.Example.NET.", "*.apps.example"]\n')
        for host in ("127.0.0.1", "127.0.0.1:8500", "192.0.2.7:80", "[::1]", "[::1]:8500", "[2001:DB8::1]:80", "localhost",
                     "LocalHost:8500", "localhost.", "localhost.:80", socket.gethostname(), "registry.example.net",
                     "REGISTRY.example.net:443", "registry.example.net.", "a.apps.example", ""):
            with self.subTest(host):
                self.assertEqual(200, self.status("/v1/services", host))

    def test_all_others_are_refused_at_every_door(self):
        self.serve('[http]\nhosts = ["registry.example.net"]\n')
        for host in ("evil.example", "evil.example:8500", "localhost.evil.example", "evil-localhost", "127.0.0.1.evil.example",
                     "registry.example.net.evil.example", "a.registry.example.net", "1.2.3", "127.0.0.1:80:80",
                     "127.0.0.1:x", "[::1", "[::1]x", "[127.0.0.1]", "[localhost]", "localhost:1:", "..", "localhost..",
                     "%6cocalhost", ":8500"):
            for path in READS:
                with self.subTest(host=host, path=path):
                    self.assertEqual(421, self.status(path, host))
        body = b'{"service":"web","address":"192.0.2.1","port":80}'
        self.assertEqual(421, self.status("/v1/heartbeat", "evil.example", method="POST", body=body))
        self.assertEqual(421, self.status("/v1/kv/a", "evil.example", method="PUT", body=body))
        self.assertEqual(404, self.status("/v1/services/web", "localhost"))
        self.assertEqual(421, self.status("/v1/kv/a", "evil.example", method="OPTIONS"))

    def test_the_sentence_says_what_to_do(self):
        self.serve()
        status, body = self.ask("/v1/services", "evil.example")
        self.assertEqual(421, status)
        problem = json.loads(body)
        self.assertEqual("urn:rollcall:unknown_host", problem["type"])
        for word in ("evil.example", "hosts in [http]", "[[token]]"):
            self.assertIn(word, problem["detail"])
        self.assertIn("hosts in [http]", self.ask("/v1/catalog/services", "evil.example")[1])

    def test_the_names_of_the_certificate_are_taken(self):
        certificate, key = certificates.make(self.directory)
        self.serve(certificates.LISTENERS.format(certificate=certificate, key=key))
        self.assertEqual(200, self.status("/v1/services", certificates.NAME))
        self.assertEqual(421, self.status("/v1/services", f"a.{certificates.NAME}"))

    def test_a_target_in_absolute_form_counts_instead_of_the_field(self):
        self.serve()
        self.assertEqual(200, self.status("http://localhost:8500/v1/services", "evil.example"))
        self.assertEqual(200, self.status("http://[::1]/v1/services", "evil.example"))
        self.assertEqual(421, self.status("http://evil.example/v1/services", "localhost"))
        self.assertEqual(421, self.status("http://localhost@evil.example/v1/services", "localhost"))

    def test_a_request_without_a_host_is_no_browsers(self):
        self.serve()
        self.assertEqual(200, self.status("/v1/services", None, version="1.0"))
        self.assertEqual(421, self.status("/v1/services", "evil.example", version="1.0"))
        self.assertEqual(400, self.status("/v1/services", None))

    def test_each_request_of_a_connection_is_looked_at(self):
        self.serve()
        with socket.create_connection(("127.0.0.1", self.rollcalld.http_port), timeout=10) as stream:
            for host, expected in (("localhost", 200), ("[::1]", 200), ("localhost", 200), ("evil.example", 421)):
                stream.sendall(f"GET /v1/services HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                response = http.client.HTTPResponse(stream)
                response.begin()
                response.read()
                self.assertEqual(expected, response.status)
            self.assertEqual(b"", stream.recv(1), "the connection ends with the refusal")

    def test_with_credentials_no_name_is_looked_at(self):
        self.serve(token_table("reader", TOKEN, 'allow = "read"\n') + '[http]\nhosts = ["a.example"]\n')
        bearer = f"Authorization: Bearer {TOKEN}\r\n".encode()
        self.assertEqual(200, self.status("/v1/services", "evil.example", more=bearer))
        self.assertEqual(401, self.status("/v1/services", "evil.example"))
        self.assertEqual(200, self.status("/", "evil.example"))

    def test_other_listeners_look_at_names_where_hosts_are_set(self):
        self.serve(listen="0.0.0.0")
        self.assertEqual(200, self.status("/v1/services", "any.example"))
        self.rollcalld.stop()
        self.serve('[http]\nhosts = ["a.example"]\n', listen="0.0.0.0", name="named")
        self.assertEqual(421, self.status("/v1/services", "any.example"))
        for host in ("a.example", "192.0.2.1", "localhost"):
            self.assertEqual(200, self.status("/v1/services", host))

    def test_a_reload_takes_new_hosts_on_connections_that_are_open(self):
        self.serve()
        connection = http.client.HTTPConnection("127.0.0.1", self.rollcalld.http_port, timeout=10)
        self.addCleanup(connection.close)

        def status(host="new.example"):
            connection.request("GET", "/healthz", headers={"Host": host})
            response = connection.getresponse()
            response.read()
            return response.status

        self.assertEqual(421, status())
        self.assertEqual(200, status("localhost"))  # on a connection that stays open
        self.settings_file('[http]\nhosts = ["new.example"]\n')
        self.rollcalld.reload()
        self.eventually(lambda: status() == 200, "the new name is known")

    def test_a_host_that_is_none_is_refused_at_start(self):
        for host in ("a.example:80", "http://a.example", "", "*", "a b", "*.*.example", "a..b"):
            with self.subTest(host):
                refused = run_to_end(["--check", "--config", self.settings_file(f'[http]\nhosts = ["{host}"]\n')],
                                     self.directory)
                self.assertEqual(1, refused.returncode)
                self.assertIn("http.hosts", refused.stderr)

    def test_the_front_page_has_links_for_browsers_and_text_for_others(self):
        self.serve(token_table("reader", TOKEN, 'allow = "read"\n'))
        status, page = self.ask("/", "localhost", more=b"Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n")
        self.assertEqual(200, status)
        self.assertIn('<a href="/v1/services">', page)
        self.assertLess(len(page), 2000)
        status, text = self.ask("/", "localhost", more=b"Accept: */*\r\n")
        self.assertEqual(200, status)
        self.assertNotIn("<", text)
        self.assertIn("/v1/services", text)
        self.assertEqual(200, self.status("/", "localhost", method="HEAD"))
