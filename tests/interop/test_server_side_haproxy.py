"""HAProxy as docs/server-side.md configures it, with people's requests running through while its backends come and go."""

import re
import time

from tests.interop.fleet import LEASE_SECONDS
from tests.interop.proxied import FOLLOWS_WITHIN, ProxiedService, block_of
from tests.interop.traffic import Traffic
from tests.support.case import Case
from tests.support.processes import REPOSITORY, need_program


class HaproxyUnderTrafficTest(ProxiedService, Case):
    def setUp(self):
        self.program = need_program("haproxy")
        self.text = block_of(REPOSITORY / "docs/server-side.md", "haproxy")
        super().setUp()

    def start_proxy(self, port):
        path = self.directory / "haproxy.cfg"
        path.write_text(self.text.replace(":8600", f":{self.rollcalld.dns_port}").replace(":8080", f":{port}"))
        self.start("haproxy", [self.program, "-db", "-f", path])

    def test_without_checks_and_retries_a_killed_instance_fails_requests_until_its_lease_ends(self):
        for line in (r"^ *retries .*\n", r"^ *option redispatch.*\n", r"^ *retry-on .*\n", r" check inter 1s$"):
            self.text, count = re.subn(line, "", self.text, flags=re.M)
            self.assertEqual(1, count, line)
        self.text = self.text.replace("timeout connect", "retries 0\n    timeout connect")
        self.serve_through_proxy("web-1", "web-2")
        with Traffic(self.port) as traffic:
            time.sleep(0.5)
            killed = time.monotonic()
            self.fleet.kill("web-2")
            gone = killed + LEASE_SECONDS + FOLLOWS_WITHIN
            time.sleep(gone + 1 - time.monotonic())
        self.assertEqual([], traffic.failures_since(gone))
        self.assertGreater(len(traffic.failures_since(killed)), 20)
        self.assertEqual([], [failure for failure in traffic.failures if failure[0] < killed - 0.1])
