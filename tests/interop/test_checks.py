"""Health checks and probes, against real responders: who is sick leaves the answers, and comes back when it is well."""

import http.server
import json
import socket
import threading
import time

from tests.support.case import Case
from tests.support.rollcall import run_to_end

CHECK = {"interval": "1s", "timeout": "500ms", "fall": 2, "rise": 1}
SOON = 10


class Responder:
    """A process that answers HTTP; `status`, `body` and `delay` are what it says, and how fast."""

    def __init__(self, address="127.0.0.1"):
        responder = self
        self.status = 200
        self.body = b"all is well"
        self.delay = 0.0
        self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                responder.seen.append((self.path, self.headers.get("Host")))
                time.sleep(responder.delay)
                self.send_response(responder.status)
                self.send_header("Content-Length", str(len(responder.body)))
                self.end_headers()
                self.wfile.write(responder.body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.server.handle_error = lambda *_: None  # a check that has had enough resets the connection
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Listener:
    """Accepts TCP connections, or does not."""

    def __init__(self, port=0):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", port))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]

    def close(self):
        self.socket.close()


class ChecksTest(Case):
    def setUp(self):
        self.rollcalld = self.server()
        self.api = self.api_of(self.rollcalld)
        self.dns = self.rollcalld.dns()

    def responder(self):
        responder = Responder()
        self.addCleanup(responder.close)
        return responder

    def register(self, id, port, **fields):
        return self.api.expect_registered("web", id, "127.0.0.1", port, **fields)

    def instance(self, id):
        return self.api.instances("web").get(id)

    def expect_status(self, id, status):
        self.eventually(lambda: (self.instance(id) or {}).get("status") == status, f"{id} is {status}", SOON)

    def ports_answered(self):
        return set(self.dns.ports("_web._tcp.svc.internal"))

    def test_a_sick_process_that_still_sends_heartbeats_leaves_the_answers_and_comes_back(self):
        well, sick = self.responder(), self.responder()
        check = {"type": "http", "path": "/health", **CHECK}
        self.register("well", well.port, checks=[check])
        self.register("sick", sick.port, checks=[check])
        self.assertEqual({well.port, sick.port}, self.ports_answered())

        sick.status = 503
        self.expect_status("sick", "critical")
        self.assertEqual(200, self.api.heartbeat("web", "sick").status)
        self.assertEqual({well.port}, self.ports_answered())
        self.assertIn("status 503, expected 200-299", self.instance("sick")["output"])
        self.assertEqual("ready", self.instance("well")["status"])

        sick.status = 204
        self.expect_status("sick", "ready")
        self.assertEqual({well.port, sick.port}, self.ports_answered())
        self.assertIn(("/health", f"127.0.0.1:{sick.port}"), sick.seen)

    def test_a_body_without_the_expected_text_is_a_failure(self):
        responder = self.responder()
        self.register("a", responder.port, checks=[
            {"type": "http", "path": "/", "host": "web.example", "expect_body": "all is well", **CHECK}])
        self.eventually(lambda: ("/", "web.example") in responder.seen, "the check has run", SOON)
        responder.body = b"x" * 70_000 + b"all is well"  # beyond what is read
        self.expect_status("a", "critical")
        responder.body = b"x" * 1000 + b"all is well"
        self.expect_status("a", "ready")

    def test_an_answer_that_does_not_come_in_time_is_a_failure(self):
        responder = self.responder()
        self.register("a", responder.port, checks=[{"type": "http", **CHECK}])
        responder.delay = 3
        self.expect_status("a", "critical")
        self.assertIn("no answer within 500ms", self.instance("a")["output"])

    def test_a_port_that_nobody_listens_at_fails_a_tcp_check(self):
        listener = Listener()
        self.register("a", listener.port, checks=[{"type": "tcp", **CHECK}], initial="critical")
        self.expect_status("a", "ready")
        listener.close()
        self.expect_status("a", "critical")
        self.assertIn("refused", self.instance("a")["output"].lower())
        again = Listener(listener.port)
        self.addCleanup(again.close)
        self.expect_status("a", "ready")

    def test_a_dns_check_asks_the_instance(self):
        name = {"type": "dns", "name": "svc.internal", "qtype": "SOA", **CHECK}
        self.register("served", self.rollcalld.dns_port, checks=[name], initial="critical")
        self.register("refused", self.rollcalld.dns_port, checks=[{**name, "name": "elsewhere.example"}])
        self.expect_status("served", "ready")
        self.expect_status("refused", "critical")
        self.assertIn("REFUSED", self.instance("refused")["output"])

    def test_a_check_may_go_to_a_host_name(self):
        responder = self.responder()
        check = {"type": "http", "port": responder.port, **CHECK}
        self.register("here", 9, checks=[{**check, "address": "localhost"}], initial="critical")
        self.register("nowhere", 9, checks=[{**check, "address": "no-such-host.invalid", "timeout": "1s"}])
        self.expect_status("here", "ready")
        self.expect_status("nowhere", "critical")
        self.assertIn("no-such-host.invalid", self.instance("nowhere")["output"])

    def test_health_survives_a_restart(self):
        self.register("a", 9, checks=[{"type": "tcp", **CHECK}])
        self.expect_status("a", "critical")
        self.rollcalld.restart()
        self.assertEqual("critical", self.instance("a")["status"])
        self.assertEqual("1s", self.instance("a")["checks"][0]["interval"])

    def test_whoever_is_registered_by_others_lives_as_long_as_its_probe_passes(self):
        listener = Listener()
        self.register("a", listener.port, ttl="2s", probe="tcp", renew_on_probe=True)
        time.sleep(5)
        self.assertEqual("ready", self.instance("a")["status"])
        listener.close()
        self.eventually(lambda: self.instance("a") is None, "the lease has ended", SOON)

    def test_a_refused_probe_ends_the_lease_early(self):
        listener = Listener()
        self.register("a", listener.port, ttl="6s", probe="tcp", evict_on_refusal=True)
        listener.close()
        begun = time.monotonic()
        self.eventually(lambda: self.instance("a") is None, "the instance has ended", SOON)
        took = time.monotonic() - begun
        self.assertGreater(took, 3)  # not before its second heartbeat is missing, after 4 s
        [ended, *_] = self.api.call("GET", "/v1/events?id=a").json["events"]
        self.assertEqual(("expired", "probe refused"), (ended["event"], ended["cause"]))  # not by its lease

    def test_what_is_wrong_with_a_check_is_said(self):
        answer = self.api.register("web", "a", "127.0.0.1", 80, checks=[{"type": "tcp", "interval": "10ms"}])
        self.assertEqual(400, answer.status)
        self.assertEqual("checks[0].interval", answer.json["field"])
        self.assertIn("1s to 1h", answer.json["detail"])

    def test_a_registration_that_repeats_its_checks_only_renews(self):
        fields = {"checks": [{"type": "tcp", **CHECK}], "probe": "tcp"}
        first = self.register("a", 80, **fields)
        again = self.register("a", 80, **fields)
        self.assertEqual(first["index"], again["index"])

    def test_the_metrics_count_what_was_done(self):
        responder = self.responder()
        self.register("a", responder.port, checks=[{"type": "http", **CHECK}])
        line = 'rollcall_checks_total{type="http",result="passed"} '
        self.eventually(lambda: any(each.startswith(line) and not each.endswith(" 0") for each in self.metrics()),
                        "a passed check is counted", SOON)
        self.assertIn("rollcall_checked_instances 1", self.metrics())

    def metrics(self):
        return self.api.call("GET", "/metrics").body.decode().splitlines()


class PermitsTest(Case):
    def test_an_address_that_the_settings_deny_is_never_asked(self):
        responder = Responder()
        self.addCleanup(responder.close)
        settings = self.directory / "rollcall.toml"
        settings.write_text('[checks]\ndeny = ["127.0.0.0/8"]\n')
        api = self.api_of(self.server("--config", str(settings)))
        api.expect_registered("web", "a", "127.0.0.1", responder.port, checks=[{"type": "http", **CHECK}])
        self.eventually(lambda: api.instances("web")["a"]["status"] == "critical", "the check has failed", SOON)
        self.assertIn("permit", json.dumps(api.instances("web")["a"]))
        self.assertEqual([], responder.seen)


class ProtectionTest(Case):
    def test_when_all_checks_fail_all_are_answered_for_a_while_and_the_answer_says_so(self):
        settings = self.settings_file('[[service]]\nmatch = "w*"\nprotect_threshold = 0.5\nprotect_for = "4s"\n')
        server = self.server("--config", str(settings))
        api, dns = self.api_of(server), server.dns()
        for number in (1, 2):
            api.expect_registered("web", f"web-{number}", f"127.0.0.{number}", 9, checks=[{"type": "tcp", **CHECK}])
        self.eventually(lambda: {each["status"] for each in api.instances("web").values()} == {"critical"},
                        "both are critical", SOON)
        self.assertEqual({"127.0.0.1", "127.0.0.2"}, dns.addresses("web.svc.internal"))
        reply = dns.ask("web.svc.internal", payload=1232)
        self.assertEqual([3], [option.code for option in reply.options if option.otype == 15])  # RFC 8914: Stale Answer
        self.assertIn(b"rollcall_protected_services 1\n", api.call("GET", "/metrics").body)
        self.eventually(lambda: not dns.addresses("web.svc.internal"), "the protection is over", SOON)

    def test_a_share_is_a_number_from_0_to_1(self):
        for wrong in ("1.5", "-0.1", '"half"'):
            settings = self.settings_file(f'[[service]]\nmatch = "w*"\nprotect_threshold = {wrong}\n')
            ended = run_to_end(["--config", str(settings), "--check"], self.directory)
            self.assertEqual(1, ended.returncode)
            self.assertIn("service.protect_threshold", ended.stderr)
