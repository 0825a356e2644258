"""Consul's agent API over raw HTTP: statuses and sentences, and what becomes of a service in the DNS and in the lists."""

import http.server
import json
import socket
import threading
import time

from tests.support.case import Case

SOON = 15


class Http(http.server.ThreadingHTTPServer):
    """Answers every request with `status`, and keeps what it was asked."""

    def __init__(self):
        self.status = 200
        self.seen = []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                owner.seen.append((self.command, self.path, dict(self.headers), body))
                self.send_response(owner.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a check that has had enough resets the connection

    def close(self):
        self.shutdown()
        self.server_close()


class ConsulAgentTest(Case):
    def start_server(self, *arguments):
        self.rollcalld = self.server(*arguments)
        self.api = self.api_of(self.rollcalld)

    def told(self, method, path, body=None):
        """(status, text) of a call."""
        answer = self.api.call(method, path, body)
        return answer.status, answer.body.decode()

    def put(self, path, body=None):
        return self.told("PUT", f"/v1/agent/{path}", body)

    def register(self, **fields):
        self.assertEqual((200, ""), self.put("service/register", fields))

    def checks(self):
        return self.api.call("GET", "/v1/agent/checks").json

    def status(self, check):
        return self.checks().get(check, {}).get("Status")

    def services(self):
        return set(self.api.call("GET", "/v1/agent/services").json)

    def answered(self, name="web.svc.internal"):
        """The addresses that the DNS has."""
        return sorted(self.rollcalld.dns().addresses(name))

    def test_a_missed_beat_takes_the_service_out_of_the_dns_and_keeps_it_listed_until_a_pass(self):
        self.start_server()
        self.register(Name="web", Address="192.0.2.1", Port=80, Check={"TTL": "1s"})
        self.assertEqual([], self.answered())
        self.assertEqual((200, ""), self.put("check/pass/service:web"))
        self.assertEqual(["192.0.2.1"], self.answered())
        for _ in range(5):
            time.sleep(0.4)
            self.assertEqual((200, ""), self.put("check/pass/service:web"))
            self.assertEqual(["192.0.2.1"], self.answered())
        time.sleep(1.1)
        self.assertEqual([], self.answered())
        self.assertEqual("critical", self.status("service:web"))
        self.assertEqual({"web"}, self.services())
        self.assertEqual((200, ""), self.put("check/pass/service:web"))
        self.assertEqual(["192.0.2.1"], self.answered())

    def test_critical_stays_critical_when_the_server_is_killed_and_its_deregistration_goes_on(self):
        self.start_server()
        self.register(Name="web", Address="192.0.2.1", Check={"TTL": "1s", "Status": "passing"})
        self.register(Name="brief", Check={"TTL": "1s", "Status": "passing", "DeregisterCriticalServiceAfter": "3s"})
        self.register(Name="kept", Address="192.0.2.3", Check={"TTL": "30s", "Status": "passing"})
        self.register(Name="plain", Address="192.0.2.2")
        time.sleep(1.2)
        self.rollcalld.kill()
        self.rollcalld.start()
        self.assertEqual("critical", self.status("service:web"))
        self.assertEqual([], self.answered())
        self.assertEqual("passing", self.status("service:kept"))
        self.assertEqual(["192.0.2.2"], self.answered("plain.svc.internal"))
        self.eventually(lambda: "brief" not in self.services(), "the deregistration", timeout=SOON)
        self.assertEqual(404, self.put("check/pass/service:brief")[0])
        self.assertEqual((200, ""), self.put("check/pass/service:web"))
        self.assertEqual(["192.0.2.1"], self.answered())

    def test_the_sentences_that_clients_match(self):
        self.start_server()
        self.assertEqual((400, "Missing service name"), self.put("service/register", {"Port": 1}))
        self.assertEqual((404, 'Unknown service ID "x". Ensure that the service ID is passed, not the service name.'),
                         self.put("service/deregister/x"))
        self.assertEqual((404, 'Unknown check ID "service:x". Ensure that the check ID is passed, not the check name. '
                               'CheckID "service:x" does not have associated TTL'), self.put("check/pass/service:x"))
        self.assertEqual((404, 'ServiceID "x" does not exist'),
                         self.put("check/register", {"Name": "n", "TTL": "1s", "ServiceID": "x"}))
        self.register(Name="web")
        self.assertEqual((400, "Missing value for enable"), self.put("service/maintenance/web"))
        self.assertEqual((500, "No path to datacenter"), self.told("GET", "/v1/agent/services?dc=elsewhere"))

    def test_headers_of_clients_tokens_chunks_and_upgrades_change_nothing(self):
        self.start_server()
        body = json.dumps({"Name": "web", "Check": {"TTL": "10s"}}).encode()
        request = (b"PUT /v1/agent/service/register?token= HTTP/1.1\r\nHost: localhost\r\nX-Consul-Token: junk\r\n"
                   b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
                   b"Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
        with socket.create_connection((self.rollcalld.address, self.rollcalld.http_port), timeout=5) as connection:
            for _ in range(2):  # the connection stays
                connection.sendall(request)
                answer = b""
                while b"\r\n\r\n" not in answer:
                    answer += connection.recv(4096)
                self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)
                self.assertIn(b"Content-Length: 0\r\n", answer)
        self.assertEqual({"web"}, self.services())

    def test_a_move_to_another_name_is_seen_whole(self):
        self.start_server()
        self.register(Name="web", ID="1", Address="192.0.2.1", Check={"TTL": "30s", "Status": "passing"})
        self.register(Name="api", ID="1", Address="192.0.2.1", Check={"TTL": "30s"})
        self.assertEqual([], self.answered())
        self.assertEqual(["192.0.2.1"], self.answered("api.svc.internal"))

    def test_the_server_runs_http_checks_as_they_are_defined(self):
        self.start_server()
        target = Http()
        self.addCleanup(target.close)
        self.register(Name="web", Address="192.0.2.1", Check={
            "HTTP": f"http://localhost:{target.port}/health?full=1", "Method": "POST", "Header": {"X-A": ["b", "c"]},
            "Body": "hi", "Interval": "200ms", "Timeout": "1s"})
        self.assertEqual("critical", self.status("service:web"))
        self.eventually_equal("passing", lambda: self.status("service:web"), timeout=SOON)
        self.assertEqual(["192.0.2.1"], self.answered())
        method, path, headers, body = target.seen[0]
        self.assertEqual(("POST", "/health?full=1", b"hi"), (method, path, body))
        self.assertEqual(f"localhost:{target.port}", headers["Host"])
        self.assertIn("200", self.checks()["service:web"]["Output"])
        self.assertEqual((400, 'CheckID "service:web" does not have associated TTL'), self.put("check/pass/service:web"))
        target.status = 429
        self.eventually_equal("warning", lambda: self.status("service:web"), timeout=SOON)
        self.assertEqual(["192.0.2.1"], self.answered())
        target.status = 500
        self.eventually_equal("critical", lambda: self.status("service:web"), timeout=SOON)
        self.assertEqual([], self.answered())
        target.status = 204
        self.eventually_equal("passing", lambda: self.status("service:web"), timeout=SOON)

    def test_the_server_runs_tcp_udp_and_alias_checks_and_each_has_its_own_result(self):
        self.start_server()
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        port = listener.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
            unused.bind(("127.0.0.1", 0))
            nobody = unused.getsockname()[1]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(udp.close)
        udp.bind(("127.0.0.1", 0))
        run = {"Interval": "1s", "Timeout": "1s"}
        self.register(Name="web", Checks=[
            {"CheckID": "tcp", "TCP": f"127.0.0.1:{port}", **run},
            {"CheckID": "closed", "TCP": f"127.0.0.1:{nobody}", "Status": "passing", **run},
            {"CheckID": "udp", "UDP": f"127.0.0.1:{udp.getsockname()[1]}", **run},
            {"CheckID": "mute", "UDP": f"127.0.0.1:{nobody}", "Status": "passing", **run}])
        self.register(Name="base", Check={"TTL": "30s", "Status": "passing"})
        self.register(Name="over", Check={"AliasService": "base"})
        wanted = {"tcp": "passing", "closed": "critical", "udp": "passing", "mute": "critical",
                  "service:base": "passing", "service:over": "passing"}
        self.eventually_equal(wanted, lambda: {id: check["Status"] for id, check in self.checks().items()}, timeout=SOON)
        self.assertEqual((200, ""), self.put("check/fail/service:base"))
        self.eventually_equal("critical", lambda: self.status("service:over"), timeout=SOON)

    def test_what_is_not_run_is_refused_with_the_reason(self):
        self.start_server()
        for check in [{"Args": ["/bin/true"]}, {"Script": "true"}, {"DockerContainerID": "a", "Args": ["x"]},
                      {"OSService": "ssh"}, {"GRPC": "127.0.0.1"}, {"GRPC": "/service"}, {"H2PING": "127.0.0.1:0"},
                      {"AliasNode": "n"},  # with an interval
                      {"HTTP": "ftp://a/"}, {"HTTP": "nothing"}, {"TCP": "nothing"}, {"TCP": "a b:1"},
                      {"HTTP": "http://a/", "Header": {"A": ["b\r\nC: d"]}}, {"HTTP": "http://a/", "Method": "GET /"}]:
            status, sentence = self.put("service/register", {"Name": "web", "Check": {**check, "Interval": "1s"}})
            self.assertEqual(400, status, check)
            self.assertTrue(sentence.startswith("Invalid check: "), sentence)
        self.assertEqual(set(), self.services())

    def test_run_checks_go_on_after_a_restart(self):
        self.start_server()
        target = Http()
        self.addCleanup(target.close)
        self.register(Name="web", Check={"HTTP": f"http://127.0.0.1:{target.port}/", "Interval": "1s"})
        self.eventually_equal("passing", lambda: self.status("service:web"), timeout=SOON)
        self.rollcalld.kill()
        target.status = 500
        self.rollcalld.start()
        self.eventually_equal("critical", lambda: self.status("service:web"), timeout=SOON)

    def test_a_door_that_is_switched_off_is_not_there(self):
        self.start_server("--config", self.settings_file("[consul]\nenabled = false\n"))
        answer = self.api.call("GET", "/v1/agent/self")
        self.assertEqual(404, answer.status)
        self.assertTrue(answer.is_problem)
