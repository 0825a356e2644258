"""HAProxy: a `server-template` filled from SRV records; real backends come and go, and real traffic follows them."""

import csv
import io
import socket
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.case import Case
from tests.support.cli import ROLLCALL, need_rollcall
from tests.support.processes import REPOSITORY, free_port, need_program, run

CONFIGURATION = """\
global
    stats socket {directory}/haproxy.sock mode 600 level admin
    stats timeout 10s

defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
    retries 2
    option redispatch

resolvers rollcall
    nameserver one {nameserver}
    accepted_payload_size 8192
    resolve_retries 3
    timeout resolve 200ms
    timeout retry 200ms
    hold valid 200ms
    hold other 1s
    hold nx 1s
    hold obsolete 0s

frontend front
    bind 127.0.0.1:{port}
    default_backend web

backend web
    balance roundrobin
    option httpchk GET /
    server-template web {slots} _web._tcp.svc.internal resolvers rollcall resolve-prefer ipv4 init-addr none \
{check}
"""


# Beside what the shipped template makes.
TEMPLATE_MAIN = """\
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s

frontend front
    bind 127.0.0.1:{port}
    default_backend web
"""


class Backend:
    """A small HTTP server that answers with its own name."""

    def __init__(self, name, address):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(name)))
                self.end_headers()
                self.wfile.write(name.encode())

            def log_message(self, *_):
                pass

        self.name = name
        self.address = address
        self._server = ThreadingHTTPServer((address, 0), Handler)
        self._server.handle_error = lambda *_: None  # health checks hang up early
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class HaproxyTest(Case):
    def setUp(self):
        self.program = need_program("haproxy")

    def start_both(self, *arguments, nameserver="{0.address}:{0.dns_port}", slots=10, check="check inter 200ms"):
        self.rollcalld = self.server(*arguments)
        self.api = self.api_of(self.rollcalld)
        self.port = free_port()
        path = self.directory / "haproxy.cfg"
        path.write_text(CONFIGURATION.format(directory=self.directory, port=self.port, slots=slots, check=check,
                                             nameserver=nameserver.format(self.rollcalld)))
        self.start("haproxy", [self.program, "-db", "-f", path])
        self.eventually((self.directory / "haproxy.sock").exists, "HAProxy's socket")

    def backend(self, name, address):
        backend = Backend(name, address)
        self.addCleanup(backend.close)
        return backend

    def ask_haproxy(self, command):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.directory / "haproxy.sock"))
            connection.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    def slots(self):
        """{(address, port): weight} of the slots in use: `show servers state`, version 1."""
        lines = [line.split() for line in self.ask_haproxy("show servers state web").splitlines()]
        return {(line[4], int(line[18])): int(line[7]) for line in lines if len(line) > 20 and line[4][0].isdigit()}

    def statuses(self):
        """{(address, port): status} of `show stat`, of servers that have an address."""
        rows = csv.DictReader(io.StringIO(self.ask_haproxy("show stat").removeprefix("# ")))
        return {tuple(row["addr"].rsplit(":", 1)): row["status"] for row in rows if row["addr"] and
                row["pxname"] == "web" and row["svname"] != "BACKEND"}

    def up(self):
        return {address for (address, _), status in self.statuses().items() if status == "UP"}

    def reached(self, requests=12):
        """The names of the backends that answered through HAProxy."""
        names = set()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for _ in range(requests):
            with opener.open(f"http://127.0.0.1:{self.port}/", timeout=5) as answer:
                names.add(answer.read().decode())
        return names

    def test_traffic_follows_registrations(self):
        self.start_both()
        one, two = self.backend("one", "127.0.1.1"), self.backend("two", "127.0.1.2")
        for backend in (one, two):
            self.api.expect_registered("web", backend.name, backend.address, backend.port)
        self.eventually_equal({"127.0.1.1", "127.0.1.2"}, self.up)
        self.assertEqual({"one", "two"}, self.reached())

        three = self.backend("three", "127.0.1.3")
        self.api.expect_registered("web", "three", three.address, three.port)
        self.api.expect_deregistered("web", "one")
        expected = {("127.0.1.2", two.port), ("127.0.1.3", three.port)}
        self.eventually_equal(expected, lambda: set(self.slots()))
        self.eventually_equal({"127.0.1.2", "127.0.1.3"}, self.up)
        self.assertEqual({"two", "three"}, self.reached())

    def test_a_backend_whose_lease_ends_gets_no_more_traffic(self):
        self.start_both()
        one, two = self.backend("one", "127.0.1.1"), self.backend("two", "127.0.1.2")
        self.api.expect_registered("web", "one", one.address, one.port)
        self.api.expect_registered("web", "two", two.address, two.port, ttl="3s")
        self.eventually_equal({"127.0.1.1", "127.0.1.2"}, self.up)
        self.eventually_equal({("127.0.1.1", one.port)}, lambda: set(self.slots()))
        self.assertEqual({"one"}, self.reached())

    def test_weights_and_ports_of_srv_records_are_taken_over(self):
        self.start_both(check="")
        self.api.expect_registered("web", "light", "192.0.2.1", 8001, weight=1)
        self.api.expect_registered("web", "heavy", "192.0.2.2", 8002, weight=65535)
        self.api.expect_registered("web", "again", "192.0.2.2", 8003, weight=256)
        expected = {("192.0.2.1", 8001): 1, ("192.0.2.2", 8002): 256, ("192.0.2.2", 8003): 1}
        self.eventually_equal(expected, self.slots)

    def test_a_sole_instance_of_weight_0_serves(self):
        self.start_both()
        one = self.backend("one", "127.0.1.1")
        self.api.expect_registered("web", "one", one.address, one.port, weight=0)
        self.eventually_equal({"127.0.1.1"}, self.up)
        self.assertEqual({"one"}, self.reached(3))
        # With another beside it, it may have nothing; alone again it serves.
        two = self.backend("two", "127.0.1.2")
        self.api.expect_registered("web", "two", two.address, two.port, weight=256)
        self.eventually_equal({"127.0.1.1", "127.0.1.2"}, self.up)
        self.assertIn("two", self.reached(3))
        self.api.expect_deregistered("web", "two")
        self.eventually_equal({("127.0.1.1", one.port): 1}, self.slots)
        self.assertEqual({"one"}, self.reached(3))

    def test_by_the_shipped_template_a_sole_instance_of_weight_0_serves_and_no_udp_one(self):
        need_rollcall()
        self.rollcalld = self.server()
        self.api = self.api_of(self.rollcalld)
        self.port = free_port()
        one = self.backend("one", "127.0.1.1")
        trap = self.backend("trap", "127.0.1.2")  # answers HTTP, so that a request that came would be seen
        self.api.expect_registered("web", "one", one.address, one.port, weight=0)
        self.api.expect_registered("web", "trap", trap.address, trap.port, weight=9, priority=0, protocol="udp")
        backends = self.directory / "backends.cfg"
        done = run([ROLLCALL, "--http", f"127.0.0.1:{self.rollcalld.http_port}", "template", "--once",
                    f"{REPOSITORY}/templates/haproxy.cfg.tmpl:{backends}"])
        self.assertEqual(0, done.returncode, done.stderr)
        main = self.directory / "main.cfg"
        main.write_text(TEMPLATE_MAIN.format(port=self.port))
        self.start("haproxy", [self.program, "-db", "-f", main, "-f", backends])
        self.eventually(lambda: self.answers() == {"one"}, "an answer through HAProxy")
        self.assertEqual({"one"}, self.reached())

    def answers(self):
        try:
            return self.reached(1)
        except OSError:
            return set()

    def test_a_service_without_instances_is_down_after_hold_other_and_comes_back(self):
        self.start_both()
        one = self.backend("one", "127.0.1.1")
        self.api.expect_registered("web", "one", one.address, one.port)
        self.eventually_equal({"127.0.1.1"}, self.up)
        self.api.expect_deregistered("web", "one")
        self.eventually_equal(set(), self.up)
        self.api.expect_registered("web", "one", one.address, one.port)
        self.eventually_equal({"127.0.1.1"}, self.up)

    def register_sixty(self):
        for n in range(60):
            self.api.expect_registered("web", f"i-{n}", f"192.0.2.{n + 1}", 8000 + n)

    def test_over_tcp_haproxy_sees_all_of_sixty_instances(self):
        self.start_both(nameserver="tcp@{0.address}:{0.dns_port}", slots=64, check="")
        self.register_sixty()
        self.eventually_equal(60, lambda: len(self.slots()))

    def test_with_a_larger_udp_payload_haproxy_sees_all_of_sixty_instances(self):
        settings = self.settings_file("[dns]\nudp_payload = 8192\n")
        self.start_both("--config", settings, slots=64, check="")
        self.register_sixty()
        self.eventually_equal(60, lambda: len(self.slots()))

    def test_from_a_truncated_answer_haproxy_takes_the_same_instances_every_time(self):
        self.start_both(slots=64, check="")
        self.register_sixty()
        self.wait_for_look_ups(3)  # those that were under way knew fewer instances
        self.eventually(lambda: len(self.slots()) >= 15, "the servers that fit")
        first = set(self.slots())
        self.assertLess(len(first), 60)
        self.wait_for_look_ups(15)
        self.assertEqual(first, set(self.slots()))

    def wait_for_look_ups(self, count):
        """So many more of the service's SRV records."""
        before = self.look_ups()
        self.eventually(lambda: self.look_ups() >= before + count, f"{count} look-ups", timeout=30)

    def look_ups(self):
        page = self.api.call("GET", "/metrics").body.decode()
        return sum(float(line.split()[-1]) for line in page.splitlines()
                   if line.startswith("rollcall_dns_queries_total{") and '"SRV"' in line)

