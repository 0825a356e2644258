"""Tokens, client certificates and the audit, as curl, operators and their logs see them."""

import json
import secrets
import socket
import ssl
import time
import subprocess

from tests.support import certificates
from tests.support.api import wire
from tests.support.case import Case
from tests.support.processes import need_program, run
from tests.support.rollcall import BINARY, run_to_end

WEB = json.dumps({"service": "web", "id": "i-1", "address": "192.0.2.1", "port": 80})


def hash_line(token):
    """What `rollcalld --hash-token` prints for it."""
    result = subprocess.run([BINARY, "--hash-token"], input=token + "\n", capture_output=True, text=True, timeout=20)
    assert result.returncode == 0, result.stderr
    return result.stdout


def token_table(name, token, more='allow = "write"'):
    return f'[[token]]\nname = "{name}"\n{hash_line(token)}{more}\n'


class TokensTest(Case):
    def setUp(self):
        self.deploy, self.reader = secrets.token_hex(32), secrets.token_urlsafe(32)
        self.settings = self.settings_file(self.settings_with(deploy=self.deploy))
        self.rollcalld = self.make_server("--config", self.settings)

    def settings_with(self, deploy, more=""):
        return (token_table("deploy", deploy, 'allow = "write"\nservices = ["web"]') +
                token_table("reader", self.reader, 'allow = "read"') + more)

    def curl(self, path, *words, token=None):
        """Status and body."""
        if token:
            words += ("-H", f"Authorization: Bearer {token}")
        result = run([need_program("curl"), "-sS", "-w", "\n%{http_code}", *words,
                      f"http://127.0.0.1:{self.rollcalld.http_port}{path}"])
        self.assertEqual(0, result.returncode, result.stderr)
        body, _, status = result.stdout.rpartition("\n")
        return int(status), body

    def test_a_token_opens_what_its_table_says_and_is_nowhere_to_be_read(self):
        self.rollcalld.start()
        self.assertEqual(401, self.curl("/v1/heartbeat", "-d", WEB)[0])
        self.assertEqual(403, self.curl("/v1/heartbeat", "-d", WEB, token=self.reader)[0])
        self.assertEqual(201, self.curl("/v1/heartbeat", "-d", WEB, token=self.deploy)[0])
        self.assertEqual(200, self.curl("/v1/services/web", token=self.reader)[0])
        self.assertEqual(401, self.curl("/metrics")[0])
        self.assertEqual(200, self.curl("/healthz")[0])
        status, body = self.curl("/v1/services/db/instances/i-1", "-X", "DELETE", token=self.deploy)
        self.assertEqual(403, status)
        self.assertIn("token deploy may not write service", json.loads(body)["detail"])
        shown = self.rollcalld.log() + self.curl("/v1/status", token=self.reader)[1] + \
            self.curl("/metrics", token=self.reader)[1] + body
        for token in (self.deploy, self.reader):
            self.assertNotIn(token, shown)

    def test_the_audit_names_the_token_and_what_came_of_each_change(self):
        self.rollcalld.start()
        self.curl("/v1/heartbeat", "-d", WEB, token=self.deploy)
        self.curl("/v1/heartbeat", "-d", WEB, token=self.deploy)  # renews: no line
        self.curl("/v1/services/web/instances/i-1/heartbeat", "-X", "POST", token=self.deploy)
        self.curl("/v1/services/web/instances/i-1", "-X", "DELETE", token=self.deploy)
        self.curl("/v1/services/web/instances/i-1", "-X", "DELETE", token=self.deploy)
        self.curl("/v1/services/web/instances/i-1", "-X", "DELETE", token=self.reader)
        self.curl("/v1/services/web/instances/i-1", "-X", "DELETE", token="not-one-of-ours-at-all")
        lines = [line.partition("audit: ")[2] for line in self.rollcalld.log().splitlines() if "audit: " in line]
        instance = 'service="web" zone="svc.internal" id="i-1" by="token deploy" from=127.0.0.1: '
        self.assertEqual(["register " + instance + "created", "deregister " + instance + "done"], lines[:2])
        self.assertTrue(lines[2].startswith("deregister " + instance + "failed: "), lines[2])
        self.assertTrue(lines[3].startswith('DELETE "/v1/services/web/instances/i-1" by="token reader" from=127.0.0.1: '
                                            'refused: '), lines[3])
        self.assertEqual(4, len(lines))

    def test_no_id_forges_a_line_of_the_audit(self):
        self.rollcalld.start()
        for id in ('x"by="token\\boss"', "i\u2028audit:forged", "\u202ei-1", "\u0085new"):
            self.curl("/v1/heartbeat", "-d", json.dumps({**json.loads(WEB), "id": id}), token=self.deploy)
        for line in self.rollcalld.log().splitlines():
            if "audit: " in line:
                self.assertTrue(line.isascii() and line.isprintable(), line)
                self.assertEqual(1, line.count(' by="token deploy" '), line)

    def test_sighup_takes_tokens_away_and_adds_them_on_open_connections_too(self):
        self.rollcalld.start()
        api = self.api_of(self.rollcalld)
        headers = {"Authorization": f"Bearer {self.deploy}", "Content-Type": "application/json"}

        def status():
            api._connection.request("POST", "/v1/heartbeat", body=WEB, headers=headers)
            answer = api._connection.getresponse()
            answer.read()
            return answer.status

        self.assertEqual(201, status())
        fresh = secrets.token_hex(32)
        self.settings.write_text(self.settings_with(deploy=fresh))
        self.rollcalld.reload()
        self.eventually_equal(401, status)
        headers["Authorization"] = f"Bearer {fresh}"
        self.assertEqual(200, status())

    def test_settings_that_are_wrong_leave_the_tokens_as_they_were(self):
        self.rollcalld.start()
        self.settings.write_text("[[token]]\nname = \"deploy\"\n")
        self.rollcalld.reload()
        self.eventually(lambda: "nothing is reloaded" in self.rollcalld.log(), "the refusal")
        self.assertEqual(201, self.curl("/v1/heartbeat", "-d", WEB, token=self.deploy)[0])

    def test_metrics_are_open_where_the_settings_say_so(self):
        self.settings.write_text("[http]\nopen_metrics = true\n" + self.settings_with(deploy=self.deploy))
        self.rollcalld.start()
        self.curl("/v1/services")
        self.curl("/v1/heartbeat", "-d", WEB, token=self.reader)
        status, text = self.curl("/metrics")
        self.assertEqual(200, status)
        self.assertIn('rollcall_http_denied_total{reason="unauthenticated"} 1', text)
        self.assertIn('rollcall_http_denied_total{reason="forbidden"} 1', text)


class HashTokenTest(Case):
    def test_what_cannot_be_a_token_has_no_hash(self):
        for typed in ("", "too-short", "with a space in it", "x" * 513):
            result = subprocess.run([BINARY, "--hash-token"], input=typed + "\n", capture_output=True, text=True,
                                    timeout=20)
            self.assertEqual(1, result.returncode)
            self.assertEqual("", result.stdout)
            self.assertRegex(result.stderr, r"^rollcalld: a token has .*\n$")


class ClientCertificatesTest(Case):
    def setUp(self):
        self.certificate, self.key = certificates.make(self.directory)
        self.ca = certificates.make_authority(self.directory, "ca")
        self.other_ca = certificates.make_authority(self.directory, "other-ca")
        self.db = certificates.sign(self.directory, self.ca, "db-1", "subjectAltName=DNS:db-1.hosts.example.net")
        self.token = secrets.token_hex(32)

    def start_with(self, mode):
        settings = self.settings_file(
            f'[http.tls]\nlisten = ["127.0.0.1:0"]\ncertificate = "{self.certificate}"\nkey = "{self.key}"\n'
            f'client_ca = "{self.ca[0]}"\nclient_certificates = "{mode}"\n'
            '[[certificate]]\nmatch = "db-*.hosts.example.net"\nallow = "write"\nservices = ["db"]\n'
            '[[certificate]]\nmatch = "spiffe://example.net/*"\nallow = "read"\n'
            '[[certificate]]\nmatch = "plain-name"\nallow = "read"\n' + token_table("deploy", self.token))
        self.rollcalld = self.server("--config", settings)
        line = next(line for line in self.rollcalld.log().splitlines() if "HTTPS on " in line)
        self.port = line.rpartition(":")[2]

    def status(self, path, *words, client=None, token=None):
        """0: no connection."""
        where = f"{certificates.NAME}:{self.port}"
        if client:
            words += ("--cert", str(client[0]), "--key", str(client[1]))
        if token:
            words += ("-H", f"Authorization: Bearer {token}")
        result = run([need_program("curl"), "-sS", "--cacert", self.certificate, "--resolve", f"{where}:127.0.0.1", "-o",
                      self.directory / "body", "-w", "%{http_code}", *words, f"https://{where}{path}"])
        return int(result.stdout or 0) if result.returncode == 0 else 0

    def put(self, service, **who):
        return self.status(f"/v1/services/{service}/instances/i-1", "-X", "PUT", "-d",
                           '{"address":"192.0.2.1","port":80}', **who)

    def test_a_certificate_opens_what_its_rule_says(self):
        self.start_with("optional")
        self.assertEqual(201, self.put("db", client=self.db))
        self.assertEqual(403, self.put("web", client=self.db))
        self.assertIn('by="certificate db-1.hosts.example.net" from=127.0.0.1: created', self.rollcalld.log())
        for stem, names, expected in (("uri", "subjectAltName=URI:spiffe://example.net/web", 200),
                                      ("cn", None, 401),
                                      ("san-beats-cn", "subjectAltName=DNS:x.example.net", 401)):
            client = certificates.sign(self.directory, self.ca, stem, names)
            self.assertEqual(expected, self.status("/v1/services", client=client), stem)
        plain = certificates.sign(self.directory, self.ca, "plain-name", None)
        self.assertEqual(200, self.status("/v1/services", client=plain))
        hidden = certificates.sign(self.directory, self.ca, "plain-name", "subjectAltName=DNS:x.example.net")
        self.assertEqual(401, self.status("/v1/services", client=hidden))

    def test_where_certificates_are_optional_a_token_does_as_well(self):
        self.start_with("optional")
        self.assertEqual(401, self.put("web"))
        self.assertEqual(201, self.put("web", token=self.token))
        self.assertEqual(201, self.put("other", token=self.token, client=self.db))  # what is shown on purpose counts
        self.assertEqual(401, self.put("db", token="not-one-of-ours-at-all", client=self.db))

    def test_where_they_are_required_nobody_comes_in_without_one(self):
        self.start_with("required")
        self.assertEqual(0, self.put("web", token=self.token))
        self.assertEqual(0, self.status("/healthz"))
        self.assertEqual(201, self.put("db", client=self.db))

    def test_a_certificate_of_another_authority_ends_the_handshake(self):
        self.start_with("optional")
        stranger = certificates.sign(self.directory, self.other_ca, "db-2", "subjectAltName=DNS:db-2.hosts.example.net")
        self.assertEqual(0, self.put("db", client=stranger))
        old = certificates.sign(self.directory, self.ca, "db-3", "subjectAltName=DNS:db-3.hosts.example.net", days=-1)
        self.assertEqual(0, self.put("db", client=old))
        server = certificates.sign(self.directory, self.ca, "db-4",
                                   "subjectAltName=DNS:db-4.hosts.example.net\nextendedKeyUsage=serverAuth")
        self.assertEqual(0, self.put("db", client=server))

    def test_a_resumed_session_is_let_in_as_the_first_was(self):
        self.start_with("optional")
        request = wire("PUT", "/v1/services/db/instances/i-1", {"address": "192.0.2.1", "port": 80})
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=self.certificate)
            context.maximum_version = version
            context.load_cert_chain(*self.db)
            session = None
            for turn in range(2):
                with socket.create_connection(("127.0.0.1", int(self.port)), timeout=10) as raw, \
                        context.wrap_socket(raw, server_hostname=certificates.NAME, session=session) as stream:
                    stream.sendall(request)
                    self.assertRegex(stream.recv(4096), rb"^HTTP/1\.1 20[01] ")
                    self.assertEqual(turn == 1, stream.session_reused)
                    session = stream.session

    def test_a_certificate_that_has_expired_counts_no_longer_by_a_ticket_or_on_an_open_connection(self):
        self.start_with("optional")
        end = int(time.time()) + 4
        client = certificates.sign_until(self.directory, self.ca, "plain-name", end)
        request = wire("GET", "/v1/services")
        contexts, sessions, streams = [], [], []
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=self.certificate)
            context.maximum_version = version
            context.load_cert_chain(*client)
            stream = self.connect(context)
            stream.sendall(request)
            self.assertRegex(stream.recv(4096), rb"^HTTP/1\.1 200 ")
            contexts.append(context)
            sessions.append(stream.session)
            streams.append(stream)
        time.sleep(max(0.0, end + 1 - time.time()))
        for stream in streams:
            stream.sendall(request)
            answer = stream.recv(4096)
            self.assertRegex(answer, rb"^HTTP/1\.1 401 ")
            self.assertIn(b"expired", answer)
        for context, session in zip(contexts, sessions):
            with self.assertRaisesRegex(ssl.SSLError, "expired"):  # at the handshake; TLS 1.3 tells it with the first read
                stream = self.connect(context, session)
                stream.sendall(request)
                stream.recv(4096)

    def connect(self, context, session=None):
        raw = socket.create_connection(("127.0.0.1", int(self.port)), timeout=10)
        self.addCleanup(raw.close)
        stream = context.wrap_socket(raw, server_hostname=certificates.NAME, session=session)
        self.addCleanup(stream.close)
        return stream

    def test_it_does_not_start_with_an_authority_it_cannot_read(self):
        self.ca[0].write_text("nonsense")
        settings = self.settings_file(
            f'[http.tls]\nlisten = ["127.0.0.1:0"]\ncertificate = "{self.certificate}"\nkey = "{self.key}"\n'
            f'client_ca = "{self.ca[0]}"\n[[certificate]]\nmatch = "*"\nallow = "read"\n')
        result = run_to_end(["--config", settings, "--check"], self.directory)
        self.assertEqual(1, result.returncode)
        self.assertIn(str(self.ca[0]), result.stderr)
