"""Malformed input on Consul's API: a 4xx with a sentence, nothing stored, and the server goes on."""

from tests.support.case import Case

BODIES = [b"", b"{", b"[]", b"null", b"1", b'"x"', b"{\"Name\":", b"\xff\xfe", b"{\"Name\":\"\xff\"}", b"{" * 1000,
          b'{"Name":{}}', b'{"Name":[]}', b'{"Name":"a","Port":1e400}', b'{"Name":"a","Port":[]}', b'{"Name":"a","Tags":[1]}',
          b'{"Name":"a","Meta":[]}', b'{"Name":"a","Check":[]}', b'{"Name":"a","Checks":{}}', b'{"Name":"a","Checks":[1]}',
          b'{"Name":"a","Check":{"TTL":true}}', b'{"Name":"a","Weights":1}', b'{"Name":"a","TaggedAddresses":{"lan":1}}',
          b'{"Name":"a","ID":"' + b"x" * 300 + b'"}', b'{"Name":"' + b"x" * 300 + b'"}', b'{"Name":"a\\u0000"}',
          b'{"Name":"a","Tags":["' + b"x" * 5000 + b'"]}']
CALLS = ["service/register", "service/register?replace-existing-checks=true", "check/register", "check/update/service:a"]


class ConsulInputTest(Case):
    def test_a_body_that_cannot_be_read_is_refused_and_nothing_is_stored(self):
        rollcalld = self.server()
        api = self.api_of(rollcalld)
        for call in CALLS:
            for body in BODIES:
                with self.subTest(call=call, body=body[:40]):
                    answer = api.call("PUT", f"/v1/agent/{call}", body)
                    self.assertIn(answer.status, (400, 404), answer)
                    self.assertEqual("text/plain", answer.headers.get_content_type())
                    self.assertTrue(answer.body)
        self.assertEqual({}, api.call("GET", "/v1/agent/services").json)
        self.assertEqual({}, api.call("GET", "/v1/agent/checks").json)
        rollcalld.kill()
        rollcalld.start()
        self.assertEqual([], self.api_of(rollcalld).call("GET", "/v1/services").json["services"])

    def test_paths_that_name_nothing(self):
        rollcalld = self.server()
        api = self.api_of(rollcalld)
        for path in ["check/pass/", "check/pass/%00", "check/pass/..%2f..", "service/deregister/", "service/deregister/%ff",
                     "service/maintenance/?enable=true", "check/deregister//", "service/deregister/../../x"]:
            self.assertIn(api.call("PUT", f"/v1/agent/{path}").status, (400, 404), path)
        self.assertEqual(413, api.call("PUT", "/v1/agent/service/register", b" " * 70_000).status)

    def test_a_page_in_a_browser_changes_nothing(self):
        rollcalld = self.server()
        api = self.api_of(rollcalld)
        api.call("PUT", "/v1/agent/service/register", {"Name": "web", "Check": {"TTL": "1h", "Status": "passing"}})
        connection = api._connection
        for headers in [{"Origin": "https://example.net"}, {"Referer": "https://example.net/"}, {"Sec-Fetch-Site": "cross-site"},
                        {"User-Agent": "Mozilla/5.0"}]:
            for path in ["service/deregister/web", "check/fail/service:web", "check/deregister/service:web"]:
                connection.request("GET", f"/v1/agent/{path}", headers=headers)
                response = connection.getresponse()
                response.read()
                self.assertEqual(403, response.status, (path, headers))
        self.assertEqual("passing", api.call("GET", "/v1/agent/checks").json["service:web"]["Status"])
