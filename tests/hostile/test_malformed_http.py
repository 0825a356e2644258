"""What is almost HTTP: request lines, fields, lengths and chunks that are wrong by a little, and clients that never end."""

import json
import re
import socket
import time

from tests.support.api import wire
from tests.support.case import Case

BODY = b'{"address":"192.0.2.66","port":80}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
PUT = b"PUT /v1/services/evil/instances/i HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = PUT + b"Transfer-Encoding: chunked\r\n\r\n"
ONE_CHUNK = b"%x\r\n%s\r\n" % (len(BODY), BODY)
NEXT = b"DELETE /v1/services/web/instances/i-1 HTTP/1.1\r\nHost: localhost\r\n\r\n"  # what somebody may try to smuggle in

# Each is refused with this status, and nothing behind it is read as a request.
MALFORMED = {
    400: (
        # the request line
        b"\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /healthz\r\n\r\n", b"GET /healthz HTTP/1.1\nHost: x\n\n",
        b"GET  /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET\t/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1 \r\nHost: localhost\r\n\r\n", b"GET /healthz  HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b" GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GE(T /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.2\r\nHost: localhost\r\n\r\n", b"GET /healthz HTTP/2.0\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/0.9\r\nHost: localhost\r\n\r\n", b"GET /healthz http/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/11\r\nHost: localhost\r\n\r\n", b"GET /healthz HTTP/1.1.1\r\nHost: localhost\r\n\r\n",
        b"GET /hea\0lthz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /hea\x7flthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\r\nHost: localhost\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        # the fields
        b"GET /healthz HTTP/1.1\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: x y\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x/y\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: u@x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n", b"GET /healthz HTTP/1.1\r\n Host: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nnothing\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX Y: z\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\nY: b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX\0: a\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX\xff: a\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\r\n\n", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: ,;\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nAuthorization: a\r\nAuthorization: a\r\n\r\n",
        # where a body ends
        PUT + b"Content-Length: -1\r\n\r\n" + BODY, PUT + b"Content-Length: +34\r\n\r\n" + BODY,
        PUT + b"Content-Length: 0x22\r\n\r\n" + BODY, PUT + b"Content-Length: \r\n\r\n" + BODY,
        PUT + b"Content-Length: 34 34\r\n\r\n" + BODY, PUT + b"Content-Length: 34,35\r\n\r\n" + BODY,
        PUT + b"Content-Length: 34,\r\n\r\n" + BODY, PUT + b"Content-Length: 3.4\r\n\r\n" + BODY,
        PUT + b"Content-Length: 99999999999999999999999\r\n\r\n" + BODY, PUT + LENGTH + b"Content-Length: 35\r\n\r\n" + BODY,
        PUT + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", PUT + b"Transfer-Encoding: chunked\r\n" + LENGTH + b"\r\n0\r\n\r\n",
        PUT + LENGTH + b"Transfer-Encoding: identity\r\n\r\n" + BODY, PUT + b"Transfer-Encoding: identity\r\n\r\n",
        PUT + b"Transfer-Encoding: gzip\r\n\r\n", PUT + b"Transfer-Encoding: xchunked\r\n\r\n" + ONE_CHUNK,
        PUT + b"Transfer-Encoding: chunked, gzip\r\n\r\n" + ONE_CHUNK, PUT + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + ONE_CHUNK,
        PUT + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + ONE_CHUNK,
        PUT + b"Transfer-Encoding:\r\n\r\n" + ONE_CHUNK, PUT + b'Transfer-Encoding: "chunked"\r\n\r\n' + ONE_CHUNK,
        PUT.replace(b"HTTP/1.1", b"HTTP/1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + ONE_CHUNK,
        # chunks
        CHUNKED + b"\r\n" + BODY, CHUNKED + b"-1\r\n", CHUNKED + b"+2\r\n{}\r\n0\r\n\r\n", CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
        CHUNKED + b"zz\r\n", CHUNKED + b"2 \r\n{}\r\n0\r\n\r\n", CHUNKED + b"2\n{}\r\n0\r\n\r\n", CHUNKED + b"2\r\n{}0\r\n\r\n",
        CHUNKED + b"2\r\n{}\n0\r\n\r\n", CHUNKED + b"2\r\n{}}\r\n0\r\n\r\n", CHUNKED + b"fffffffffffffffff\r\n",
        CHUNKED + b"2;a=\x01\r\n{}\r\n0\r\n\r\n", CHUNKED + b"2;" + b"a" * 5000, CHUNKED + b"2\r\n{}\r\n0;" + b"a" * 5000,
        CHUNKED + ONE_CHUNK + b"0\r\nContent-Length: 3\r\n\r\n", CHUNKED + ONE_CHUNK + b"0\r\nnothing\r\n\r\n",
        CHUNKED + ONE_CHUNK + b"0\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    ),
    413: (PUT + b"Content-Length: 65537\r\n\r\n", CHUNKED + b"10001\r\n", CHUNKED + b"8000\r\n" + b" " * 0x8000 + b"\r\n8001\r\n",
          CHUNKED + b"fffffffffffffff\r\n"),
    414: (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /" + b"x" * 100_000,),
    431: (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 9000 + b"\r\n\r\n",
          b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 2000 + b"\r\n",
          b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 5000 + b"\r\n\r\n",
          b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 100_000),
    501: (PUT + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + ONE_CHUNK,),
}
# These may look odd, and mean one thing only.
ODD = (PUT + b"Content-Length: 34, 34\r\n\r\n" + BODY, PUT + b"Content-Length: 034\r\n\r\n" + BODY,
       PUT + b"Transfer-Encoding:\tChunked\r\n\r\n" + ONE_CHUNK + b"0\r\n\r\n",
       CHUNKED + b'22;a="b;c"\r\n' + BODY + b"\r\n000;d\r\nX-Trailer: y\r\n\r\n",
       CHUNKED + b"".join(b"1\r\n%c\r\n" % octet for octet in BODY) + b"0\r\n\r\n",
       PUT + b"X: a\r\n b\r\n" + LENGTH + b"\r\n" + BODY)

SLOW_CLIENTS = 800  # below the files that a process may have open by default
REQUEST_SECONDS = 10


class MalformedHttpTest(Case):
    def setUp(self):
        self.rollcalld = self.server()
        self.where = (self.rollcalld.address, self.rollcalld.http_port)
        self.api = self.api_of(self.rollcalld)
        self.api.expect_registered("web", "i-1", "192.0.2.1")

    def exchange(self, data):
        with socket.create_connection(self.where, timeout=5) as connection:
            received = b""
            connection.sendall(data)
            while block := connection.recv(65536):
                received += block
            return received

    def statuses(self, received):
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]

    def test_what_is_malformed_is_refused_once_and_nothing_behind_it_is_read(self):
        for status, requests in MALFORMED.items():
            for data in requests:
                with self.subTest(status=status, data=data[:100], bytes=len(data)):
                    received = self.exchange(data + NEXT)
                    self.assertEqual([status], self.statuses(received), received[:300])
                    head, _, body = received.partition(b"\r\n\r\n")
                    self.assertIn(b"Content-Type: application/problem+json", head)
                    self.assertIn(b"Connection: close", head)
                    self.assertEqual(status, json.loads(body)["status"])
        self.assertEqual({"i-1"}, self.api.ids("web"))
        self.assertEqual({}, self.api.instances("evil"))

    def test_what_is_only_odd_means_one_thing(self):
        for data in ODD:
            with self.subTest(data=data[:100]):
                received = self.exchange(data + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                self.assertIn(self.statuses(received), ([200, 200], [201, 200]), received[:300])
        self.assertEqual(["192.0.2.66"], self.api.instances("evil")["i"]["addresses"])

    def test_hundreds_of_slow_clients_keep_nobody_waiting_and_are_gone_after_a_while(self):
        request = wire("PUT", "/v1/services/slow/instances/i-1", {"address": "192.0.2.66", "port": 80})
        begun = (b"", request[:10], request[:-1], CHUNKED, CHUNKED + b"22\r\n{", PUT, PUT + LENGTH + b"\r\n{")
        slow = []
        for n in range(SLOW_CLIENTS):
            connection = socket.create_connection(self.where, timeout=5)
            self.addCleanup(connection.close)
            connection.sendall(begun[n % len(begun)])
            slow.append(connection)
        dribbling = slow[1::len(begun)]
        waits = []
        for _ in range(REQUEST_SECONDS - 2):
            began = time.monotonic()
            with socket.create_connection(self.where, timeout=5) as other:
                other.sendall(wire("GET", "/v1/services/web", close=True))
                self.assertTrue(other.recv(65536).startswith(b"HTTP/1.1 200 "))
            waits.append(time.monotonic() - began)
            for connection in dribbling:  # an octet a second is no progress
                try:
                    connection.sendall(request[10:11])
                except OSError:
                    pass
            time.sleep(1)
        self.assertLess(max(waits), 1)
        for connection in slow:
            connection.settimeout(REQUEST_SECONDS)
            try:
                while connection.recv(4096):
                    pass
            except ConnectionError:
                pass
        self.assertEqual({}, self.api.instances("slow"))
        self.eventually(lambda: "rollcall_connections{protocol=\"http\"} 1\n" in
                        self.api.call("GET", "/metrics").body.decode(), "all but ours are gone")
