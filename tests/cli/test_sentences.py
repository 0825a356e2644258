"""What a user is told who asks the wrong one, or says it wrong; and what he need not say."""

import json

from tests.support import certificates
from tests.support.cli import CliCase, rollcall


class Sentences(CliCase):
    def setUp(self):
        super().setUp()
        self.registry = self.server()
        self.http = f"127.0.0.1:{self.registry.http_port}"

    def register(self, number):
        body = {"service": "web", "id": f"web-{number}", "address": f"192.0.2.{number}", "port": 8080, "ttl": "5m"}
        self.assertEqual(201, self.api_of(self.registry).call("POST", "/v1/heartbeat", body).status)

    def test_alone_it_prints_the_overview(self):
        self.assertEqual(rollcall("--help").stdout, rollcall().stdout)
        self.assertEqual(0, rollcall().returncode)

    def test_a_number_of_seconds_is_a_duration_as_in_the_api(self):
        self.said(self.registry, "heartbeat", "web", "--port", "80", "--address", "192.0.2.1", "--id", "a", "--ttl", "60")
        shown = json.loads(self.said(self.registry, "show", "web", "a", "--json"))
        self.assertEqual("1m", shown["ttl"])

    def test_an_option_without_its_value_says_so_in_our_words(self):
        done = rollcall("list", "--http")
        self.assertEqual((2, "rollcall list: --http: its value is missing; see rollcall list --help\n"), (done.returncode, done.stderr))

    def test_resolve_says_whom_it_has_asked_and_what_that_said(self):
        done = self.ask(self.registry, "resolve", "nobody")
        self.assertEqual((4, f"rollcall: there is no name nobody.svc.internal: NXDOMAIN, says 127.0.0.1:{self.registry.dns_port}\n"),
                         (done.returncode, done.stderr))
        self.register(1)
        self.said(self.registry, "drain", "web", "web-1")
        done = self.ask(self.registry, "resolve", "web")
        self.assertEqual(4, done.returncode)
        self.assertIn("web.svc.internal has no endpoint at the moment: NOERROR without records", done.stderr)

    def test_resolve_asks_the_registry_where_its_dns_is(self):
        self.register(1)
        done = rollcall("resolve", "web", "--pick", ROLLCALL_HTTP=self.http)
        self.assertEqual((0, "192.0.2.1:8080\n"), (done.returncode, done.stdout), done.stderr)
        self.assertEqual("192.0.2.1\n", rollcall("resolve", "web", "--a", "--http", self.http).stdout)

    def test_a_name_server_that_is_none_is_named_with_its_option(self):
        done = rollcall("resolve", "web", "--dns", "nonsense")
        self.assertEqual(2, done.returncode)
        self.assertIn("--dns must be ADDR:PORT, as 127.0.0.1:8600 or [::1]:8600, not nonsense", done.stderr)

    def test_the_last_events_come_before_those_that_follow(self):
        for number in (1, 2, 3):
            self.register(number)
        follower = self.begin(self.registry, "events", "--follow", "-n", "2", "--json")
        self.eventually_equal(2, lambda: len(follower.stdout().splitlines()))
        self.register(4)
        self.eventually_equal(["web-2", "web-3", "web-4"],
                              lambda: [json.loads(line)["id"] for line in follower.stdout().splitlines()])

    def test_a_loopback_address_is_warned_of(self):
        command = self.begin(self.registry, "register", "web", "--port", "8080")
        self.eventually(lambda: "leads every other machine to itself: give --address" in command.stderr(), "the warning")
        other = self.begin(self.registry, "register", "web", "--port", "8080", "--address", "192.0.2.9", "--id", "b", name="other")
        self.eventually(lambda: "on the roll" in other.stdout(), "it is registered")
        self.assertNotIn("loopback", other.stderr())

    def test_the_checks_of_the_server_are_options(self):
        self.begin(self.registry, "register", "web", "--port", "8080", "--address", "192.0.2.9", "--id", "b", "--check", "http:/health",
                   "--check", '{"type":"tcp","port":9}', "--probe", "tcp", "--initial", "critical", "--rise", "2", "--fall", "3")
        self.eventually(lambda: self.ids(self.registry, "web"), "it is registered")
        shown = json.loads(self.said(self.registry, "show", "web", "b", "--json"))
        self.assertEqual([("http", "/health"), ("tcp", None)], [(each["type"], each.get("path")) for each in shown["checks"]])
        self.assertEqual(("critical", 2, 3), (shown["initial"], shown["checks"][0]["rise"], shown["checks"][0]["fall"]))
        done = self.ask(self.registry, "register", "web", "--port", "8080", "--check", "icmp")
        self.assertEqual(2, done.returncode)
        self.assertIn("--check must be tcp, http:/path, grpc:/service, h2ping or a JSON object, not icmp", done.stderr)

    def test_tls_to_a_port_of_plain_http_is_said_so(self):
        done = rollcall("list", "--http", f"https://{self.http}")
        self.assertEqual((3, f"rollcall: no TLS with {self.http}: this port speaks plain HTTP: write http:// instead of https://\n"),
                         (done.returncode, done.stderr))

    def test_keys_and_certificates_that_do_not_belong_together(self):
        certificate, key = certificates.make(self.directory)
        authority = certificates.make_authority(self.directory, "others")
        _, other = certificates.sign(self.directory, authority, "other", "extendedKeyUsage=clientAuth")
        done = rollcall("list", "--http", f"https://{self.http}", "--cert", certificate, "--key", other)
        self.assertEqual((1, f"rollcall: the key {other} does not belong to the certificate {certificate}\n"), (done.returncode, done.stderr))
        done = rollcall("list", "--http", f"https://{self.http}", "--key", key)
        self.assertEqual((1, f"rollcall: the key {key} needs its certificate: give that too\n"), (done.returncode, done.stderr))
        junk = self.directory / "junk.pem"
        junk.write_text("no certificate\n")
        done = rollcall("list", "--http", f"https://{self.http}", "--cert", junk)
        self.assertEqual((1, f"rollcall: cannot use the certificate {junk}: there is no certificate in PEM in it\n"), (done.returncode, done.stderr))
