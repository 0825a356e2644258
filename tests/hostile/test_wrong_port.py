"""TLS and plain HTTP at each other's ports: the client is answered where it can read an answer, and the log says what came."""

import json
import re
import socket
import ssl

from tests.support import certificates
from tests.support.case import Case


class WrongPortTest(Case):
    def setUp(self):
        self.certificate, self.key = certificates.make(self.directory)

    def start_tls(self, more=""):
        settings = certificates.LISTENERS.format(certificate=self.certificate, key=self.key) + more
        self.rollcalld = self.server("--config", self.settings_file(settings))
        log = self.rollcalld.log()
        self.https = int(re.search(r"HTTPS on 127\.0\.0\.1:(\d+)", log + self.rollcalld.process.stdout())[1])

    def say(self, port, octets):
        """The whole answer to octets over a plain connection, until the server closes."""
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(octets)
            answer = b""
            while part := connection.recv(4096):
                answer += part
            return answer

    def logged(self, words):
        self.eventually(lambda: words in self.rollcalld.log(), f"the log says: {words}")

    def test_plain_http_to_a_port_that_speaks_tls_is_answered_in_plain_http(self):
        self.start_tls()
        body = b"x" * 20_000  # more than is read for a handshake
        for request in (b"GET /v1/services HTTP/1.1\r\nHost: localhost\r\n\r\n", b"DELETE /v1/services/x HTTP/1.1\r\n\r\n",
                        b"PUT /v1/kv/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000\r\n\r\n" + body):
            head, _, text = self.say(self.https, request).partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 400 "), head)
            self.assertIn(b"application/problem+json", head)
            self.assertEqual("this port speaks TLS: write https:// instead of http://", json.loads(text)["detail"])
        self.logged("no TLS with 127.0.0.1: it does not speak TLS, and this port speaks TLS")

    def test_tls_to_a_port_that_speaks_plain_http_is_told_of(self):
        self.start_tls()
        with socket.create_connection(("127.0.0.1", self.rollcalld.http_port), timeout=10) as connection:
            with self.assertRaises(ssl.SSLError):
                ssl._create_unverified_context().wrap_socket(connection)
        self.logged("127.0.0.1 speaks TLS to a port of plain HTTP (http.listen; TLS is spoken at http.tls.listen)")
        self.assertEqual(200, self.api_of(self.rollcalld).call("GET", "/healthz").status)

    def test_a_client_that_must_show_a_certificate_and_does_not(self):
        authority = certificates.make_authority(self.directory, "clients")
        self.start_tls(f'client_ca = "{authority[0]}"\nclient_certificates = "required"\n'
                       '[[certificate]]\nmatch = "x"\nallow = "read"\n')
        with socket.create_connection(("127.0.0.1", self.https), timeout=10) as connection:
            try:
                with ssl._create_unverified_context().wrap_socket(connection) as tls:
                    tls.recv(1)
            except OSError:
                pass
        self.logged('it shows no certificate, and http.tls.client_certificates is "required"')

    def test_clients_that_only_leave_are_not_told_of(self):
        self.start_tls()
        with socket.create_connection(("127.0.0.1", self.https), timeout=10):
            pass
        self.say(self.https, b"GET / HTTP/1.1\r\n\r\n")
        self.logged("no TLS with 127.0.0.1: it does not speak TLS")
        self.assertEqual(1, self.rollcalld.log().count("no TLS with"))
