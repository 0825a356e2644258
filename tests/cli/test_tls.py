"""The API over HTTPS: who is trusted, and who is let in."""

import re
import unittest

from tests.support import certificates
from tests.support.cli import CliCase, rollcall

SETTINGS = """\
[http.tls]
listen = ["127.0.0.1:0"]
certificate = "{certificate}"
key = "{key}"
client_ca = "{client_ca}"
[[certificate]]
match = "deploy"
allow = "write"
"""


class Https(CliCase):
    def setUp(self):
        super().setUp()
        self.certificate, key = certificates.make(self.directory)
        self.authority = certificates.make_authority(self.directory, "clients")
        self.deploy = certificates.sign(self.directory, self.authority, "deploy", "extendedKeyUsage=clientAuth")
        settings = SETTINGS.format(certificate=self.certificate, key=key, client_ca=self.authority[0])
        server = self.server_under_test = self.server("--config", self.settings_file(settings))
        self.port = self.https_port(server)

    def https_port(self, server):
        """From the log: the status needs a right of its own here."""
        return int(re.search(r"HTTPS on 127\.0\.0\.1:(\d+)", server.process.stdout() + server.log()).group(1))

    def ask(self, *arguments, host="127.0.0.1"):
        return rollcall("--http", f"https://{host}:{self.port}", *arguments)

    def test_a_certificate_that_is_trusted_and_one_that_is_shown(self):
        done = self.ask("--cacert", self.certificate, "--cert", self.deploy[0], "--key", self.deploy[1], "list")
        self.assertEqual((0, "SERVICE  READY  TOTAL  TAGS\n"), (done.returncode, done.stdout), done.stderr)

    def test_without_a_certificate_of_its_own_it_is_not_allowed(self):
        done = self.ask("--cacert", self.certificate, "list")
        self.assertEqual(5, done.returncode, done.stderr)

    def test_a_server_that_nobody_has_vouched_for_is_not_asked(self):
        done = self.ask("list")
        self.assertEqual(3, done.returncode)
        self.assertIn("its certificate is not signed by an authority that is trusted here (self-signed certificate): name the "
                      "file of that authority (ca_file; rollcall --cacert)", done.stderr)

    def test_a_certificate_of_another_name_is_not_enough(self):
        done = self.ask("--cacert", self.certificate, "list", host="127.0.0.2")
        self.assertEqual(3, done.returncode)
        self.assertRegex(done.stderr, r"\Arollcall: [^\n]+\n\Z")

    def test_http_to_a_port_that_speaks_tls(self):
        for command in (["list"], ["deregister", "web", "a"]):
            done = rollcall("--http", f"http://127.0.0.1:{self.port}", *command)
            self.assertNotEqual(0, done.returncode)
            self.assertIn("this port speaks TLS: write https:// instead of http://", done.stderr)

    def test_https_to_a_port_that_speaks_plain_http(self):
        done = rollcall("--http", f"https://127.0.0.1:{self.server_under_test.http_port}", "list")
        self.assertEqual(3, done.returncode)
        self.assertIn("this port speaks plain HTTP: write http:// instead of https://", done.stderr)
        self.eventually(lambda: "speaks TLS to a port of plain HTTP" in self.server_under_test.log(), "the log says so")

    def test_a_client_certificate_that_is_refused_is_explained_on_both_sides(self):
        stranger = certificates.make(self.directory, "stranger", "stranger")
        done = self.ask("--cacert", self.certificate, "--cert", stranger[0], "--key", stranger[1], "list")
        self.assertEqual(3, done.returncode)
        self.assertIn("it does not accept the client certificate", done.stderr)
        self.assertIn("http.tls.client_ca", done.stderr)
        self.eventually(lambda: "its certificate is refused (" in self.server_under_test.log(), "the log says so")
        self.assertRegex(self.server_under_test.log(), r"no TLS with 127\.0\.0\.1: its certificate is refused \([^)]+\): it must be "
                         "valid now, and signed by an authority in the file of http.tls.client_ca")

    def test_files_that_cannot_be_used_are_named(self):
        for option in ("--cacert", "--cert"):
            with self.subTest(option):
                done = self.ask(option, "/nonexistent.pem", "list")
                self.assertEqual(1, done.returncode)
                self.assertRegex(done.stderr, r"\Arollcall: cannot use the [^\n]+ /nonexistent\.pem: [^\n]+\n\Z")


if __name__ == "__main__":
    unittest.main()
