"""The server's own pause (SIGSTOP) is never counted against an instance."""

import threading
import time

from tests.support.case import Case

INSTANCES = 50
LEASE = 2.0
PAUSE = 5.0


class StallTest(Case):
    def setUp(self):
        self.rollcalld = self.server()
        self.dns = self.rollcalld.dns()
        self.api = self.api_of(self.rollcalld)
        for n in range(INSTANCES):
            self.api.expect_registered("web", f"i-{n}", f"192.0.2.{n + 1}", 1000 + n, ttl="2s")

    def present(self):
        return len(self.dns.ports("web.svc.internal", tcp=True))

    def heartbeat_all(self):
        return {self.api.heartbeat("web", f"i-{n}").status for n in range(INSTANCES)}

    def test_nobody_is_lost_when_the_server_stops_for_5_s_with_leases_of_2_s(self):
        for _ in range(4):
            time.sleep(0.3)
            self.assertEqual({200}, self.heartbeat_all())
        self.rollcalld.suspend(PAUSE)
        resumed = time.monotonic()
        while time.monotonic() < resumed + 1.0:
            self.assertEqual(INSTANCES, self.present())
        self.assertEqual({200}, self.heartbeat_all())
        for _ in range(8):
            time.sleep(0.5)
            self.assertEqual({200}, self.heartbeat_all())
            self.assertEqual(INSTANCES, self.present())

    def test_without_heartbeats_the_leases_end_after_the_pause(self):
        self.rollcalld.suspend(PAUSE)
        resumed = time.monotonic()
        self.assertEqual(INSTANCES, self.present())
        self.eventually_equal(0, self.present, timeout=5)
        self.assertGreater(time.monotonic() - resumed, 1.0)

    def test_questions_that_waited_during_the_pause_are_answered_with_everybody(self):
        found = []

        def ask_during_the_pause():
            time.sleep(PAUSE - 0.5)
            found.append(len(self.rollcalld.dns(timeout=10).ports("web.svc.internal", tcp=True)))

        thread = threading.Thread(target=ask_during_the_pause)
        thread.start()
        self.rollcalld.suspend(PAUSE)
        thread.join(20)
        self.assertEqual([INSTANCES], found)

    def test_many_short_pauses_lose_nobody_who_keeps_calling(self):
        for _ in range(8):
            self.assertEqual({200}, self.heartbeat_all())
            self.rollcalld.suspend(0.7)
            self.assertEqual(INSTANCES, self.present())
