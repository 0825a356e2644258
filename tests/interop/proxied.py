"""What every proxy in front of a changing service is held to; test_server_side_*.py run it with real ones.

$ROLLCALL_TRAFFIC_ROUNDS repeats the rolling restart so often (1 without it).
"""

import os
import re
import time

from tests.interop.fleet import LEASE_SECONDS, Fleet
from tests.interop.traffic import Traffic
from tests.support.processes import free_port, need_program, run

ROUNDS = int(os.environ.get("ROLLCALL_TRAFFIC_ROUNDS", "1"))
# From the end of a lease until the proxy has heard of it and acted, on a busy machine.
FOLLOWS_WITHIN = 1.5
WRK_SECONDS = 5


def block_of(document, language):
    """The one fenced block of this language."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", document.read_text(), re.M | re.S)
    assert len(blocks) == 1, f"{len(blocks)} blocks of {language} in {document.name}"
    return blocks[0]


class ProxiedService:
    """A mixin of tests; the class beside it starts the proxy in `start_proxy(port)`."""

    def setUp(self):
        self.rollcalld = self.server()
        self.fleet = Fleet(self, self.rollcalld, self.api_of(self.rollcalld))
        self.port = free_port()

    def serve_through_proxy(self, *ids):
        self.fleet.start(*ids)
        self.start_proxy(self.port)
        self.eventually(lambda: self.reached() == set(ids), "all backends behind the proxy", timeout=20)

    def reached(self):
        with Traffic(self.port) as traffic:
            time.sleep(0.1)
        return {body for _, body in traffic.answers} if not traffic.failures else set()

    def restart_all(self, traffic):
        for id in list(self.fleet.processes):
            self.fleet.stop(id)
            back = time.monotonic()
            self.fleet.start(id)
            self.eventually(lambda: id in traffic.bodies_since(back), f"{id} behind the proxy again")

    def test_a_rolling_restart_fails_no_request(self):
        self.serve_through_proxy("web-1", "web-2", "web-3")
        with Traffic(self.port) as traffic:
            for _ in range(ROUNDS):
                self.restart_all(traffic)
        self.assertEqual([], traffic.failures)
        self.assertGreater(len(traffic.answers), 150 * (traffic.ended - traffic.began - 1))

    def test_a_killed_instance_costs_no_request(self):
        self.serve_through_proxy("web-1", "web-2", "web-3")
        with Traffic(self.port) as traffic:
            time.sleep(0.5)
            self.fleet.kill("web-2")
            time.sleep(LEASE_SECONDS + FOLLOWS_WITHIN + 0.5)
        self.assertEqual([], traffic.failures)
        self.assertEqual({"web-1", "web-3"}, traffic.bodies_since(traffic.ended - 1))

    def test_as_fast_as_they_are_answered_no_request_fails_when_instances_come_and_drain(self):
        wrk = need_program("wrk")
        self.serve_through_proxy("web-1", "web-2")
        # A connection for each request: what a proxy does to idle ones when it reloads is another matter.
        load = self.start("wrk", [wrk, "-t1", "-c4", f"-d{WRK_SECONDS}s", "-H", "Connection: close",
                                  f"http://127.0.0.1:{self.port}/"])
        self.fleet.start("web-3")
        self.fleet.stop("web-1")
        self.assertEqual(0, load.wait(WRK_SECONDS + 10))
        said = load.stdout()
        self.assertRegex(said, r"[1-9][0-9]+ requests in")
        self.assertNotRegex(said, "Socket errors|Non-2xx")
