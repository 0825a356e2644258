"""HAProxy as docs/server-side.md configures it, with people's requests running through while its backends come and go."""

import re
import time

from tests.interop.fleet import LEASE_SECONDS, Fleet
from tests.interop.traffic import Traffic
from tests.support.case import Case
from tests.support.processes import REPOSITORY, free_port, need_program

DOCUMENT = REPOSITORY / "docs/server-side.md"
# From the end of a lease until HAProxy has asked again (`hold valid 500ms`) and acted on it, on a busy machine.
FOLLOWS_WITHIN = 1.5


def documented():
    return re.search(r"^```haproxy\n(.*?)^```$", DOCUMENT.read_text(), re.M | re.S).group(1)


class HaproxyUnderTrafficTest(Case):
    def setUp(self):
        self.program = need_program("haproxy")
        self.rollcalld = self.server()
        self.fleet = Fleet(self, self.rollcalld, self.api_of(self.rollcalld))

    def start_haproxy(self, text):
        self.port = free_port()
        path = self.directory / "haproxy.cfg"
        path.write_text(text.replace(":8600", f":{self.rollcalld.dns_port}").replace(":8080", f":{self.port}"))
        self.start("haproxy", [self.program, "-db", "-f", path])
        self.eventually(lambda: self.reached() == set(self.fleet.processes), "all backends behind HAProxy")

    def reached(self):
        try:
            with Traffic(self.port) as traffic:
                time.sleep(0.1)
        except OSError:
            return set()
        return {body for _, body in traffic.answers} if not traffic.failures else set()

    def test_a_rolling_restart_fails_no_request(self):
        ids = ["web-1", "web-2", "web-3"]
        self.fleet.start(*ids)
        self.start_haproxy(documented())
        with Traffic(self.port) as traffic:
            time.sleep(0.5)
            for id in ids:
                self.fleet.stop(id)
                back = time.monotonic()
                self.fleet.start(id)
                self.eventually(lambda: id in traffic.bodies_since(back), f"{id} behind HAProxy again")
        self.assertEqual([], traffic.failures)
        self.assertGreater(len(traffic.answers), 150 * (traffic.ended - traffic.began - 1))

    def test_a_killed_instance_costs_no_request(self):
        self.fleet.start("web-1", "web-2", "web-3")
        self.start_haproxy(documented())
        with Traffic(self.port) as traffic:
            time.sleep(0.5)
            self.fleet.kill("web-2")
            time.sleep(LEASE_SECONDS + FOLLOWS_WITHIN + 0.5)
        self.assertEqual([], traffic.failures)
        self.assertEqual({"web-1", "web-3"}, traffic.bodies_since(traffic.ended - 1))

    def test_without_checks_and_retries_a_killed_instance_fails_requests_until_its_lease_ends(self):
        text = documented()
        for line in (r"^ *retries .*\n", r"^ *option redispatch.*\n", r"^ *retry-on .*\n", r" check inter 1s$"):
            text, count = re.subn(line, "", text, flags=re.M)
            self.assertEqual(1, count, line)
        self.fleet.start("web-1", "web-2")
        self.start_haproxy(text.replace("timeout connect", "retries 0\n    timeout connect"))
        with Traffic(self.port) as traffic:
            time.sleep(0.5)
            killed = time.monotonic()
            self.fleet.kill("web-2")
            gone = killed + LEASE_SECONDS + FOLLOWS_WITHIN
            time.sleep(gone + 1 - time.monotonic())
        self.assertEqual([], traffic.failures_since(gone))
        self.assertGreater(len(traffic.failures_since(killed)), 20)
        self.assertEqual([], [f for f in traffic.failures if f[0] < killed - 0.1])
