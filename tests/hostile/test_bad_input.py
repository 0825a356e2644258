"""Bad input of every kind to every call: a 4xx that says what to change and where, and a roll that is as it was."""

import http.client
import json
import re

from tests.support.api import registration
from tests.support.case import Case

GOOD = {"address": "192.0.2.66", "port": 80}
PUT = ("PUT", "/v1/services/evil/instances/i-1", {})
POST = ("POST", "/v1/services/evil/instances", {"id": "i-1"})
HEARTBEAT = ("POST", "/v1/heartbeat", {"service": "evil", "id": "i-1"})
REGISTRATIONS = (PUT, POST, HEARTBEAT)
BATCH = ("POST", "/v1/heartbeats", {})
RENEWAL = ("POST", "/v1/services/web/instances/i-1/heartbeat", {})

NO_TEXT = (5, -1, 1.5, True, [], {}, ["web"])
NO_NUMBER = ("80", "", True, [], {}, [80], 1.5, -0.5, 1e300)
# What no registration may say: the field, and the values.
FIELDS = {
    "service": ("", "-a", "a-", "a.b", "a_b", "a b", "x" * 64, "\u00e4", "a\0", "a\n", "*", "_web", "web/", *NO_TEXT),
    "id": ("", "a b", "a/b", "x" * 129, "\0", "a\n", "a\t", "\x7f", "\u0085", " a", *NO_TEXT),
    "address": ("", "192.0.2", "192.0.2.256", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "192.0.2.1:80",
                "[2001:db8::1]", "fe80::1%eth0", "localhost", "0x7f.1", " 192.0.2.1", "192.0.2.1\0", "1" * 1000,
                "2001:db8:::1", "192.0.2.1/24", None, *NO_TEXT),
    "addresses": ([], ["x"], [5], [None], "192.0.2.1", {}, [["192.0.2.1"]], 5, True,
                  [f"192.0.2.{n}" for n in range(1, 34)], ["192.0.2.66", "0.0.0.0"], ["192.0.2.67"]),
    "port": (0, -1, 65536, 1 << 31, 1 << 32, 1 << 63, 1 << 64, None, *NO_NUMBER),
    "protocol": ("", "TCP", "sctp", "tcp ", *NO_TEXT),
    "priority": (-1, 65536, 1 << 64, *NO_NUMBER),
    "weight": (-1, 65536, 1 << 64, *NO_NUMBER),
    "tags": ("a", [""], ["a b"], [5], [None], ["x" * 64], {}, 5, ["a", "-"], [["a"]], [f"t{n}" for n in range(65)]),
    "meta": ([], "x", 5, {"k": 5}, {"k": None}, {"k": {}}, {"k": []}, {"": "v"}, {"a=b": "c"}, {"k" * 65: "v"},
             {"k": "v" * 254}, {f"{n}": "v" * 240 for n in range(6)}, {"\u00e4": "v"}, {"a\n": "v"}, {"Key": "1", "kEY": "2"}),
    "ttl": (0, -1, 86401, 1 << 40, 1 << 64, 1.5, 1e30, "0s", "999ms", "25h", "x", "", "1", "1x", "-5s", "9" * 30 + "h",
            "5s5s5", " 5s", True, [], {}),
    "zone": NO_TEXT,
    "adress": ("192.0.2.1",), "PORT": (80,), "": (1,), "checks2": (None,), "\u00e4" * 100: (1,),
}
# What is no JSON object at all.
NO_JSON = (
    b"{", b"[]", b"null", b"5", b'"x"', b"{}x", b"{} {}", b"{}\0", b'\xef\xbb\xbf{"port":80}', b"\xff\xfe{\0}\0", b"\xff",
    b'{"service":"\xff"}', b'{"service":"\xc3"}', b'{"service":"\xed\xa0\x80"}', b'{"service":"\xc0\xaf"}',
    b'{"service":"\xf5\x80\x80\x80"}', b'{"service":"\\ud800"}', b'{"service":"\\udc00x"}', b'{"service":"\\x41"}',
    b'{"service":"a\nb"}', b'{"service":"a\0b"}', b'{"port":80,}', b"{'port':80}", b"{port:80}", b'{"port":NaN}',
    b'{"port":Infinity}', b'{"port":01}', b'{"port":+1}', b'{"port":.5}', b'{"port":1.}', b'{"port":1e}', b'{"port":0x50}',
    b'{"port":- 1}', b'{"port":80', b'{"port"}', b'{"port":}', b'{:80}', b'{"a":1 "b":2}', b'{"port":80}//', b"/**/{}",
    b'{"a":"' + b"x" * 60000, b"[" * 30000, b'{"a":' * 10000, b'{"meta":' + b"[" * 16 + b"]" * 16 + b"}", b"True", b"<x/>",
    b"service=web&port=80", b"\0" * 100, b"%7B%7D",
)
# Elements of a batch: what is wrong, and where.
BATCHES = (
    ({}, "instances"), ({"instances": None}, "instances"), ({"instances": {}}, "instances"), ({"instances": "x"}, "instances"),
    ({"instances": [5]}, "instances[0]"), ({"instances": [[]]}, "instances[0]"), ({"instances": [None]}, "instances[0]"),
    ({"instances": [{}]}, "instances[0].service"), ({"instances": [{"service": "web"}]}, "instances[0].id"),
    ({"instances": [{"id": "i-1"}]}, "instances[0].service"), ({"instances": [], "more": 1}, "more"),
    ({"instances": [{"service": "web", "id": "i-1"}, {"service": "w b", "id": "i-1"}]}, "instances[1].service"),
    ({"instances": [{"service": "web", "id": "i-1"}, {"service": "web", "id": "a/b"}]}, "instances[1].id"),
    ({"instances": [{"service": "web", "id": "i-1", "ttl": 5}]}, "instances[0].ttl"),
    ({"instances": [{"service": "web", "id": 5}]}, "instances[0].id"),
    ({"instances": [{"service": "web", "id": "i-1", "zone": 5}]}, "instances[0].zone"),
    ({"instances": [{"service": "web", "id": "i-1"}] * 3 + [{"service": "web", "id": ""}]}, "instances[3].id"),
)
# Targets, and what is said of them.
TARGETS = (
    ("/v1/services/w%20b", 400, "service"), ("/v1/services/%00", 400, "service"), ("/v1/services/%ff", 400, "service"),
    ("/v1/services/" + "x" * 64, 400, "service"), ("/v1/services/" + "x" * 5000, 400, "service"),
    ("/v1/services/a.b", 400, "service"), ("/v1/services/-", 400, "service"), ("/v1/services/..", 400, "service"),
    ("/v1/services/web/instances/%2F", 400, "id"), ("/v1/services/web/instances/a%20b", 400, "id"),
    ("/v1/services/web/instances/%00", 400, "id"), ("/v1/services/web/instances/%ff", 400, "id"),
    ("/v1/services/web/instances/%c3", 400, "id"), ("/v1/services/web/instances/%0a", 400, "id"),
    ("/v1/services/web/instances/" + "x" * 129, 400, "id"), ("/v1/services/web/instances/" + "%41" * 129, 400, "id"),
    ("/v1/services/%", 400, None), ("/v1/services/%z1", 400, None), ("/v1/services/%4", 400, None),
    ("/v1/services/web?tag=%z", 400, None), ("/v1/services/a|b", 400, None), ('/v1/services/a"b', 400, None),
    ("/v1/services/{web}", 400, None), ("/v1/services/a\\b", 400, None), ("/v1/services/web#x", 400, None),
    ("", 400, None), ("v1/services", 400, None), ("//", 404, None), ("/v1//services", 404, None),
    ("/v1/services/web/", 404, None), ("/v1/services/web/instances/i-1/", 404, None), ("/v1/services//instances", 404, None),
    ("/v1/services/web/../../status", 404, None), ("/v1/services/" + "/" * 3000, 404, None),
    ("/V1/SERVICES", 404, None), ("/" + "a/" * 2000, 404, None), ("/v1/services/web/instances/i-9", 404, None),
    ("/v1/services/nobody", 404, None),
)
QUERIES = (("zone=nowhere.test", 404, "zone"), ("zone=", 404, "zone"), ("zone=%00", 404, "zone"), ("zone", 404, "zone"),
           ("zone=svc.internal&zone=svc.internal", 400, "zone"), ("zone=" + "x" * 3000, 404, "zone"),
           ("zonee=svc.internal", 400, "zonee"), ("a=b", 400, "a"), ("=x", 400, None), ("%ff=1", 400, "?"),
           ("a%00b=1", 400, "a\0b"), ("ZONE=svc.internal", 400, "ZONE"), ("x" * 3000, 400, "x" * 64))
READ_QUERIES = (("status=", 400, "status"), ("status=up", 400, "status"), ("status=READY", 400, "status"),
                ("status=ready&status=ready", 400, "status"), ("tag=", 400, "tag"), ("tag=a.b", 400, "tag"),
                ("tag=%00", 400, "tag"), ("tag=a&tag=b", 400, "tag"))
PATHS = ("/v1/heartbeat", "/v1/heartbeats", "/v1/services", "/v1/services/web", "/v1/services/web/instances",
         "/v1/services/web/instances/i-1", "/v1/services/web/instances/i-1/heartbeat", "/v1/status", "/healthz", "/readyz",
         "/metrics")
NO_FIELD = ("urn:rollcall:invalid_request",)  # a name without a character cannot be shown as one
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "FOO", "M-SEARCH")


class BadInputTest(Case):
    def setUp(self):
        self.rollcalld = self.server()
        self.api = self.api_of(self.rollcalld)
        self.api.expect_registered("web", "i-1", "192.0.2.1", tags=["blue"], meta={"k": "v"})
        self.connection = http.client.HTTPConnection(self.rollcalld.address, self.rollcalld.http_port, timeout=10)
        self.addCleanup(self.connection.close)
        self.before = self.roll()
        self.cases = 0

    def tearDown(self):
        self.assertEqual(self.before, self.roll(), "the roll is as it was")
        self.assertGreater(self.cases, 0)
        super().tearDown()

    def roll(self):
        answer = self.api.call("GET", "/v1/services")
        services = {service["service"]: self.api.instances(service["service"]) for service in answer.json["services"]}
        for instances in services.values():
            for instance in instances.values():
                instance.pop("expires_in_ms")
        return answer.headers["X-Rollcall-Index"], services

    def ask(self, method, target, body=None):
        """Status, headers and body; the target goes out as it is."""
        self.cases += 1
        try:
            self.connection.putrequest(method, "/", skip_accept_encoding=True)
            self.connection._buffer[0] = f"{method} {target} HTTP/1.1".encode("latin-1")
            if body is not None or method in ("POST", "PUT"):
                self.connection.putheader("Content-Length", str(len(body or b"")))
            self.connection.endheaders(body)
            answer = self.connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            self.fail(f"{method} {target[:80]!r} {body and body[:80]!r}: {error!r}")

    def expect_problem(self, method, target, body, status, field=None, type=None):
        """A whole problem document with this status; the field, where one is expected."""
        got, headers, text = self.ask(method, target, body)
        with self.subTest(call=f"{method} {target[:80]}", body=body and body[:80]):
            self.assertEqual(status, got, text)
            self.assertEqual("application/problem+json", headers["Content-Type"])
            problem = json.loads(text)
            self.assertEqual({"type", "title", "status", "detail"}, problem.keys() - {"field"})
            self.assertRegex(problem["type"], r"^urn:rollcall:[a-z_]+$")
            self.assertEqual(status, problem["status"])
            self.assertGreater(len(problem["detail"].split()), 2)
            self.assertLess(len(problem["detail"]), 1000)
            if field is not None:
                self.assertEqual(field, problem.get("field"), text)
            if type is not None:
                self.assertEqual(f"urn:rollcall:{type}", problem["type"])

    def test_no_registration_says_what_it_may_not(self):
        for field, values in FIELDS.items():
            for value in values:
                for method, target, more in REGISTRATIONS:
                    body = {**GOOD, **more, field: value}
                    if field == "addresses":
                        body = {"address": "192.0.2.66", **body}
                    got, _, text = self.ask(method, target, json.dumps(body).encode())
                    with self.subTest(call=f"{method} {target}", field=field, value=str(value)[:60]):
                        self.assertEqual(400, got, text)
                        problem = json.loads(text)
                        self.assertIn(problem["type"], ("urn:rollcall:invalid_field",) if field else NO_FIELD)
                        named = re.split(r"[.\[]", problem.get("field", ""))[0]
                        about = ("address",) if field == "addresses" and isinstance(value, list) else ()
                        shown = field.encode()[:64].decode(errors="ignore")  # a name is quoted, and not at any length
                        self.assertIn(named, (shown, *about), text)

    def test_what_is_missing_is_named(self):
        for body, field in (({"port": 80}, None), ({"address": "192.0.2.66"}, "port"), ({}, None)):
            for method, target, more in REGISTRATIONS:
                self.expect_problem(method, target, json.dumps({**body, **more}).encode(), 400, field, "invalid_field")
        self.expect_problem("POST", "/v1/heartbeat", json.dumps(GOOD).encode(), 400, "service", "invalid_field")

    def test_body_and_path_do_not_contradict_each_other(self):
        put, post = PUT[1], POST[1]
        for method, target, more, field in (("PUT", put, {"service": "other"}, "service"), ("PUT", put, {"id": "i-2"}, "id"),
                                            ("POST", post, {"service": "other"}, "service")):
            self.expect_problem(method, target, json.dumps({**GOOD, **more}).encode(), 400, field, "invalid_field")
        for method, target, more in REGISTRATIONS:
            self.expect_problem(method, target, json.dumps({**GOOD, **more, "zone": "nowhere.test"}).encode(), 404, "zone")

    def test_a_body_that_is_no_json_object_is_a_400_at_every_call_that_reads_one(self):
        for body in NO_JSON:
            for method, target, _ in (*REGISTRATIONS, BATCH, RENEWAL):
                self.expect_problem(method, target, body, 400, type="bad_json")
        for method, target, _ in (*REGISTRATIONS, BATCH):
            for body in (b"", b" ", b"\r\n\t"):
                self.expect_problem(method, target, body, 400, type="bad_json")

    def test_a_name_that_comes_twice_is_named(self):
        for body, field in ((b'{"port":80,"port":80}', "port"), (b'{"meta":{"a":"1","a":"2"}}', "meta.a"),
                            (b'{"p\\u006frt":80,"port":81}', "port"), (b'{"instances":[{"id":"a","id":"b"}]}', "instances[0].id")):
            for method, target, _ in (*REGISTRATIONS, BATCH, RENEWAL):
                self.expect_problem(method, target, body, 400, field, "invalid_field")

    def test_a_batch_with_one_bad_element_names_it(self):
        for body, field in BATCHES:
            self.expect_problem("POST", "/v1/heartbeats", json.dumps(body).encode(), 400, field, "invalid_field")

    def test_a_body_over_its_limit_is_a_413(self):
        for method, target, size in (("PUT", PUT[1], 65537), ("POST", HEARTBEAT[1], 65537), ("POST", BATCH[1], (1 << 20) + 1),
                                     ("POST", RENEWAL[1], 65537), ("POST", POST[1], 1 << 63)):
            self.connection.close()
            self.connection.putrequest(method, target)
            self.connection.putheader("Content-Length", str(size))
            self.connection.endheaders()
            answer = self.connection.getresponse()
            self.cases += 1
            self.assertEqual((413, "urn:rollcall:body_too_large"), (answer.status, json.loads(answer.read())["type"]))

    def test_a_target_that_is_none_or_leads_nowhere_says_so(self):
        for target, status, field in TARGETS:
            self.expect_problem("GET", target, None, status, field)

    def test_every_call_refuses_queries_it_does_not_know(self):
        calls = [("GET", path) for path in PATHS[2:4] + (PATHS[5],) + PATHS[7:]]
        calls += [("DELETE", "/v1/services/web/instances/i-1"), *((method, target) for method, target, _ in
                                                                 (*REGISTRATIONS, BATCH, RENEWAL))]
        for method, target in calls:
            body = json.dumps({**GOOD, "service": "evil", "id": "i-1"}).encode() if method in ("PUT", "POST") else None
            for query, status, field in QUERIES:
                self.expect_problem(method, f"{target}?{query}", body, status, field)
        for query, status, field in READ_QUERIES:
            self.expect_problem("GET", f"/v1/services/web?{query}", None, status, field)

    def test_every_path_refuses_methods_it_does_not_take(self):
        for path in PATHS:
            for method in METHODS:
                status, headers, text = self.ask(method, path + "?no=such", b"")
                with self.subTest(method=method, path=path):
                    if status == 405:
                        allowed = headers["Allow"].split(", ")
                        self.assertNotIn(method, allowed)
                        self.assertLessEqual(set(allowed), set(METHODS[:6]))
                    else:
                        self.assertEqual(400, status, text)  # it is taken, and the query is not

    def test_what_a_client_writes_comes_back_as_text_and_never_as_markup_or_a_header(self):
        for text in ('"}<script>', "\r\nX-Evil: 1", "\x1b[2J", "\u2028", "\\", "\ud83d\ude00"):
            body = json.dumps(registration("192.0.2.66", 80, **{text: 1})).encode()
            status, headers, answer = self.ask("PUT", PUT[1], body)
            with self.subTest(text=text):
                self.assertEqual(400, status)
                self.assertIsNone(headers["X-Evil"])
                self.assertIn("field", json.loads(answer))
