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
        server = self.server("--config", self.settings_file(settings))
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
        self.assertEqual((3, f"rollcall: no TLS with 127.0.0.1:{self.port}: self-signed certificate\n"),
                         (done.returncode, done.stderr))

    def test_a_certificate_of_another_name_is_not_enough(self):
        done = self.ask("--cacert", self.certificate, "list", host="127.0.0.2")
        self.assertEqual(3, done.returncode)
        self.assertRegex(done.stderr, r"\Arollcall: [^\n]+\n\Z")

    def test_files_that_cannot_be_used_are_named(self):
        for option in ("--cacert", "--cert"):
            with self.subTest(option):
                done = self.ask(option, "/nonexistent.pem", "list")
                self.assertEqual(1, done.returncode)
                self.assertRegex(done.stderr, r"\Arollcall: cannot use the [^\n]+ /nonexistent\.pem: [^\n]+\n\Z")


if __name__ == "__main__":
    unittest.main()
