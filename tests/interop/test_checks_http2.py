"""Checks over HTTP/2 against real servers: gRPC's own with the health protocol, nghttpd, and peers that do it wrong."""

import concurrent.futures
import shutil
import socket
import threading
import unittest

from tests.support import certificates
from tests.support.case import Case

try:
    import grpc
except ImportError:
    grpc = None

RUN = {"interval": "1s", "timeout": "1s", "fall": 1, "rise": 1}
SOON = 15
STATUSES = {"SERVING": b"\x08\x01", "NOT_SERVING": b"\x08\x02"}  # HealthCheckResponse, in protocol buffers


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Health:
    """A server of gRPC whose services are as `statuses` says; the server as a whole is the service ""."""

    def __init__(self, certificate=None):
        self.statuses = {"": "SERVING"}
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
        check = grpc.unary_unary_rpc_method_handler(self.check)
        self.server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": check}),))
        if certificate is None:
            self.port = self.server.add_insecure_port("127.0.0.1:0")
        else:
            chain, key = (path.read_bytes() for path in certificate)
            self.port = self.server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, chain)]))
        self.server.start()

    def check(self, request, context):
        name = request[2:].decode() if request else ""
        if name not in self.statuses:
            context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
        return STATUSES[self.statuses[name]]

    def close(self):
        self.server.stop(0)


class Peer:
    """Accepts connections, and does `act` with each."""

    def __init__(self, act):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.act = act
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.meet, args=(connection,), daemon=True).start()

    def meet(self, connection):
        with connection:
            try:
                self.act(connection)
            except OSError:
                pass

    def close(self):
        self.listener.close()


def frame(kind, flags=0, stream=0, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


SETTINGS = frame(4)


def says(*parts):
    def act(connection):
        connection.recv(4096)
        for part in parts:
            connection.sendall(part)
        while connection.recv(4096):
            pass
    return act


def floods(connection):
    connection.recv(4096)
    connection.sendall(SETTINGS)
    while True:
        connection.sendall(frame(6, 0, 0, b"12345678") * 64)


def dribbles(connection):
    connection.recv(4096)
    connection.sendall(SETTINGS)
    event = threading.Event()
    while not event.wait(0.1):
        connection.sendall(frame(8, 0, 0, b"\0\0\0\1"))


class Http2ChecksTest(Case):
    def setUp(self):
        self.rollcalld = self.server()
        self.api = self.api_of(self.rollcalld)

    def started(self, thing):
        self.addCleanup(thing.close)
        return thing

    def register(self, id, port, kind, **fields):
        self.api.expect_registered("web", id, "127.0.0.1", port, ttl="60s", initial="critical",
                                   checks=[{"type": kind, **RUN, **fields}])

    def instance(self, id):
        return self.api.instances("web").get(id) or {}

    def expect_status(self, id, status, sentence=""):
        self.eventually(lambda: self.instance(id).get("status") == status
                        and sentence in (self.instance(id).get("output") or ""),
                        f"{id} is {status} ({sentence})", SOON)

    @unittest.skipIf(grpc is None, "python3-grpcio is not installed")
    def test_a_server_of_grpc_is_asked_for_its_health(self):
        health = self.started(Health())
        health.statuses["shop.Cart"] = "NOT_SERVING"
        self.register("all", health.port, "grpc")
        self.register("cart", health.port, "grpc", service="shop.Cart")
        self.register("none", health.port, "grpc", service="shop.None")
        self.expect_status("all", "ready")
        health.statuses["shop.Cart"] = "SERVING"
        self.expect_status("cart", "ready")
        health.statuses["shop.Cart"] = "NOT_SERVING"
        self.expect_status("cart", "critical", f"grpc 127.0.0.1:{health.port}/shop.Cart: NOT_SERVING")
        self.assertEqual("critical", self.instance("none")["status"])
        health.statuses["shop.None"] = "SERVING"
        self.expect_status("none", "ready")
        del health.statuses["shop.None"]
        self.expect_status("none", "critical", "grpc-status 5 (NOT_FOUND): unknown service")
        health.close()
        self.expect_status("all", "critical", "Connection refused")

    @unittest.skipIf(grpc is None, "python3-grpcio is not installed")
    def test_under_tls_the_certificate_counts_unless_it_is_not_looked_at(self):
        certificate = certificates.make(self.directory, "health", "health.test")
        self.rollcalld.stop()
        self.rollcalld = self.server(wrapper=["env", f"SSL_CERT_FILE={certificate[0]}"], name="trusting")
        self.api = self.api_of(self.rollcalld)
        health = self.started(Health(certificate))
        self.register("named", health.port, "grpc", tls=True, tls_name="health.test")
        self.register("other", health.port, "grpc", tls=True, tls_name="other.test")
        self.register("any", health.port, "grpc", tls=True, tls_skip_verify=True)
        self.register("ping", health.port, "h2ping", tls=True, tls_skip_verify=True)
        self.register("plain", health.port, "grpc")
        for id in ("named", "any", "ping"):
            self.expect_status(id, "ready")
        for id in ("other", "plain"):
            self.assertEqual("critical", self.instance(id)["status"])

    @unittest.skipIf(shutil.which("nghttpd") is None, "nghttp2-server is not installed")
    def test_any_server_of_http2_answers_a_ping(self):
        port = free_port()
        nghttpd = self.start("nghttpd", ["nghttpd", "--no-tls", "-a", "127.0.0.1", str(port)])
        self.register("ping", port, "h2ping")
        self.register("call", port, "grpc")
        self.expect_status("ping", "ready")
        self.assertEqual("critical", self.instance("call")["status"])
        nghttpd.kill()
        self.expect_status("ping", "critical", "Connection refused")

    def test_a_peer_that_does_it_wrong_fails_with_a_sentence_and_harms_nobody(self):
        reset = frame(3, 0, 1, (8).to_bytes(4, "big"))
        away = frame(7, 0, 0, (0).to_bytes(4, "big") + (11).to_bytes(4, "big"))
        peers = {
            "http1": (says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "it does not speak HTTP/2"),
            "silent": (says(), "no answer within 1s"),
            "slow": (dribbles, "no answer within 1s"),
            "reset": (says(SETTINGS, reset), "the call was reset: CANCEL"),
            "away": (says(SETTINGS, away), "the server ended the connection: GOAWAY, ENHANCE_YOUR_CALM"),
            "closed": (lambda connection: connection.recv(1), ""),
            "flood": (floods, "more than 65536 octets came and no answer"),
            "huge": (says(SETTINGS, frame(0, 0, 1, b"x" * 16385)), "it broke the rules of HTTP/2"),
            "header": (says(SETTINGS, *[frame(1 if i == 0 else 9, 0, 1, b"\0\x01a\x7f\x80\x7f" + b"x" * 16000)
                                        for i in range(16)]), ""),
        }
        for name, (act, _) in peers.items():
            peer = self.started(Peer(act))
            checks = [{"CheckID": f"{name}-check", "GRPC": f"127.0.0.1:{peer.port}", "Interval": "1s", "Timeout": "1s",
                       "Status": "passing"}]
            answer = self.api.call("PUT", "/v1/agent/service/register", {"Name": name, "Checks": checks})
            self.assertEqual(200, answer.status, answer.body)
        for name, (_, sentence) in peers.items():
            def has_failed(id=f"{name}-check", sentence=sentence):
                check = self.api.call("GET", "/v1/agent/checks").json[id]
                return check["Status"] == "critical" and sentence in check["Output"]
            self.eventually(has_failed, f"{name}: {sentence}", SOON)
