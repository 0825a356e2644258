"""curl: the lines the server prints when it is ready, and HTTP in the ways clients speak it."""

import json

from tests.support.case import Case
from tests.support.processes import need_program, run

BODY = '{"service":"web","id":"i-1","address":"192.0.2.1","port":8080,"ttl":"60s"}'


class ReadyLinesTest(Case):
    def test_the_three_lines_work_as_they_are_printed(self):
        need_program("curl"), need_program("dig")
        rollcalld = self.server()
        lines = [line for line in rollcalld.process.stdout().splitlines() if line.strip()]
        self.assertEqual(["curl", "dig", "dig"], [line.split()[0] for line in lines])
        outputs = []
        for line in lines:
            result = run(["sh", "-c", line])
            self.assertEqual(0, result.returncode, result.stderr)
            outputs.append(result.stdout)
        registered = json.loads(outputs[0])
        address = self.api_of(rollcalld).instances(registered["service"])[registered["id"]]["address"]
        self.assertIn(address, outputs[1])
        self.assertRegex(outputs[2], r"(?m)^_\S+\s+\d+\s+IN\s+SRV\s+\d+ \d+ \d+ \S+\.$")
        self.assertIn(address, outputs[2])


class CurlTest(Case):
    def setUp(self):
        self.program = need_program("curl")
        self.rollcalld = self.server()
        self.url = f"http://{self.rollcalld.address}:{self.rollcalld.http_port}"
        self.dns = self.rollcalld.dns()

    def curl(self, *arguments, method="GET", path="/v1/services"):
        """(status, body)"""
        result = run([self.program, "-sS", "--max-time", "10", "-w", "\n%{http_code}", "-X", method, *arguments,
                      self.url + path])
        self.assertEqual(0, result.returncode, result.stderr)
        body, _, status = result.stdout.rpartition("\n")
        return int(status), body

    def beat(self, *arguments):
        return self.curl("-d", BODY, *arguments, method="POST", path="/v1/heartbeat")[0]

    def test_one_call_registers_and_the_same_call_renews(self):
        self.assertEqual(201, self.beat())
        self.assertEqual({(1, 1, 8080, "i-1.web.svc.internal.")}, self.dns.srv("_web._tcp.svc.internal"))
        self.assertEqual(200, self.beat())
        self.assertEqual(200, self.curl(method="POST", path="/v1/services/web/instances/i-1/heartbeat")[0])
        self.assertEqual((204, ""), self.curl(method="DELETE", path="/v1/services/web/instances/i-1"))
        self.assertEqual(set(), self.dns.addresses("web.svc.internal"))
        self.assertEqual(404, self.curl(method="DELETE", path="/v1/services/web/instances/i-1")[0])

    def test_chunked_bodies_and_100_continue_and_http_1_0_are_understood(self):
        self.assertEqual(201, self.beat("-H", "Transfer-Encoding: chunked"))
        self.assertEqual(200, self.beat("-H", "Expect: 100-continue"))
        self.assertEqual(200, self.beat("--http1.0"))
        self.assertEqual(200, self.beat("-H", "Content-Type: text/plain"))
        self.assertEqual(200, self.beat("-H", "Connection: close"))

    def test_head_has_the_length_and_no_body(self):
        result = run([self.program, "-sS", "--max-time", "10", "-I", self.url + "/v1/services"])
        self.assertTrue(result.stdout.startswith("HTTP/1.1 200"), result.stdout)
        self.assertRegex(result.stdout.lower(), r"content-length: [1-9]")

    def test_what_is_wrong_is_refused_with_the_field_and_nothing_is_stored(self):
        for field, value in (("service", "no label"), ("service", "-a"), ("service", "a" * 64), ("address", "0.0.0.0"),
                             ("address", "::"), ("address", "web.example.org"), ("address", "192.0.2.256"),
                             ("address", 7), ("port", 0), ("port", 65536), ("port", "80"), ("port", 1.5),
                             ("ttl", "999ms"), ("ttl", "25h"), ("ttl", 0), ("ttl", "soon"), ("protocol", "sctp"),
                             ("weight", -1), ("priority", 65536), ("tags", ["no label"]), ("meta", {"k": 1}),
                             ("id", "a/b"), ("id", "a" * 129), ("wieght", 1)):
            with self.subTest(field=field, value=value):
                body = {"service": "bad", "id": "i-1", "address": "192.0.2.1", "port": 80, field: value}
                status, text = self.curl("-d", json.dumps(body), method="POST", path="/v1/heartbeat")
                self.assertEqual(400, status, text)
                self.assertTrue(json.loads(text)["field"].startswith(field), text)
        self.assertEqual([], json.loads(self.curl()[1])["services"])
        self.assertEqual(3, self.dns.ask("bad.svc.internal").rcode())

    def test_bad_json_is_refused_with_its_position(self):
        for body in ("{", '{"service":', "[]", "nonsense", BODY + "}", BODY[:-1]):
            with self.subTest(body=body):
                status, text = self.curl("-d", body, method="POST", path="/v1/heartbeat")
                self.assertEqual(400, status, text)
                self.assertEqual(400, json.loads(text)["status"])

    def test_a_name_of_the_zone_file_is_not_given_to_a_service(self):
        status, text = self.curl("-d", BODY.replace('"web"', '"ns"'), method="POST", path="/v1/heartbeat")
        self.assertEqual(409, status, text)

    def test_a_batch_renews_the_known_and_names_the_unknown(self):
        self.beat()
        batch = {"instances": [{"service": "web", "id": "i-1"}, {"service": "web", "id": "i-2"}]}
        status, text = self.curl("-d", json.dumps(batch), method="POST", path="/v1/heartbeats")
        self.assertEqual(200, status, text)
        answer = json.loads(text)
        self.assertEqual(1, answer["renewed"])
        self.assertEqual(["i-2"], [unknown["id"] for unknown in answer["unknown"]])
