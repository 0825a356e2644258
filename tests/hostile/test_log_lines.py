"""What clients and their health checks say never begins a line of the log, in either format."""

import json
import re

from tests.support.case import Case

FORGED = "2026-01-01T00:00:00.000Z error forged"
EVIL = f"x\n{FORGED}\r\n{FORGED}\u0085{FORGED}\u2028{FORGED}\x1b[2J"
LINE = re.compile(r"20\d\d-\d\d-\d\dT[\d:.]+Z (trace|debug|info|warning|error) ")


class LogLinesTest(Case):
    def say_evil_things(self, settings):
        server = self.server("--config", self.settings_file(settings))
        api = self.api_of(server)
        # The output of the check says what it has looked for.
        api.expect_registered("web", "sick", "127.0.0.1", server.http_port, checks=[
            {"type": "http", "interval": "1s", "fall": 1, "path": "/healthz", "expect_body": EVIL}])
        for body in ({"service": EVIL}, {"service": "web", "id": EVIL, "address": EVIL, "port": 80}, {EVIL: 1},
                     {"service": "web", "address": "192.0.2.1", "port": 80, "meta": {EVIL: "v", "a": EVIL}},
                     {"service": "web", "address": "192.0.2.1", "port": 80, "zone": EVIL}):
            self.assertIn(api.call("POST", "/v1/heartbeat", body).status, (400, 404))
        api.call("GET", "/v1/services/a%0a2026-01-01T00:00:00.000Z%20error%20forged")
        api.call("GET", "/v1/explain?name=a%0aforged&type=%0aforged")
        self.eventually(lambda: "is critical" in server.log(), "the check's line")
        self.assertEqual(0, server.stop())
        return server.log()

    def test_as_text_each_line_has_its_head(self):
        log = self.say_evil_things('[log]\nlevel = "debug"\n')
        for line in re.split("[\n\r\x0b\x0c\x85\u2028\u2029]", log.removesuffix("\n")):
            self.assertRegex(line, LINE)
            self.assertFalse(line.startswith(FORGED[:24]), line)
        self.assertNotIn("\x1b", log)
        self.assertIn(r"x\x0a2026", log)

    def test_as_json_each_line_is_an_object(self):
        log = self.say_evil_things('[log]\nlevel = "debug"\nformat = "json"\n')
        for line in log.removesuffix("\n").split("\n"):
            self.assertEqual({"time", "level", "message"}, set(json.loads(line)), line)
        self.assertNotRegex(log, "[\r\x85\u2028\x1b]")
