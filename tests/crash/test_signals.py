"""SIGTERM, SIGINT and SIGHUP."""

import pathlib
import re
import signal
import threading
import time

from tests.support.case import Case
from tests.support.load import Writer
from tests.support.rollcall import ZONE

BROKEN_ZONE = ZONE + "broken IN A 192.0.2.256\n"
BROKEN_LINE = len(BROKEN_ZONE.splitlines())


class StopTest(Case):
    def test_sigterm_and_sigint_end_it_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            rollcalld = self.server(name=f"rollcalld-{number.name}", database=self.directory / f"{number.name}.db")
            rollcalld.process.signal(number)
            self.assertEqual(0, rollcalld.process.wait(10))

    def test_open_connections_do_not_keep_it_from_ending(self):
        rollcalld = self.server()
        idle = [rollcalld.api() for _ in range(5)]
        for api in idle:
            self.assertEqual(200, api.call("GET", "/healthz").status)
        began = time.monotonic()
        self.assertEqual(0, rollcalld.stop())
        self.assertLess(time.monotonic() - began, 8)

    def test_requests_on_their_way_at_sigterm_are_answered_or_refused_and_none_is_half_done(self):
        rollcalld = self.server()
        for round in range(3):
            writers = [Writer(rollcalld, f"{round}-{n}") for n in range(8)]
            for writer in writers:
                writer.start()
            time.sleep(0.7)
            self.assertEqual(0, rollcalld.stop())
            for writer in writers:
                writer.stop()
                self.assertLessEqual(writer.statuses, {200, 201, 204, 503})
            rollcalld.start()
            api = self.api_of(rollcalld)
            for writer in writers:
                found = {id: instance["port"] for id, instance in api.instances(writer.service).items()}
                self.assertEqual([], writer.contradictions(found))

    def test_after_a_clean_end_the_database_is_one_file(self):
        rollcalld = self.server()
        self.api_of(rollcalld).expect_registered("web", "i-1")
        self.assertEqual(0, rollcalld.stop())
        wal = pathlib.Path(f"{rollcalld.database}-wal")
        self.assertFalse(wal.exists() and wal.stat().st_size > 0)


class ReloadTest(Case):
    def setUp(self):
        self.rollcalld = self.server_with_zone()
        self.dns = self.rollcalld.dns()
        self.api = self.api_of(self.rollcalld)

    def reload_with(self, text):
        self.zone_file(text)
        self.rollcalld.reload()

    def test_a_changed_static_record_is_served_after_sighup_and_services_stay(self):
        self.api.expect_registered("web", "i-1", "192.0.2.1")
        self.assertEqual({"203.0.113.7"}, self.dns.addresses("fixed.svc.internal"))
        self.reload_with(ZONE.replace("203.0.113.7", "203.0.113.77") + "new IN A 203.0.113.10\n")
        self.eventually_equal({"203.0.113.77"}, lambda: self.dns.addresses("fixed.svc.internal"))
        self.assertEqual({"203.0.113.10"}, self.dns.addresses("new.svc.internal"))
        self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.svc.internal"))
        self.api.expect_registered("web", "i-2", "192.0.2.2")
        self.assertEqual({"192.0.2.1", "192.0.2.2"}, self.dns.addresses("web.svc.internal"))

    def test_a_broken_zone_file_keeps_the_old_zone_and_the_log_names_the_line(self):
        self.reload_with(BROKEN_ZONE)
        self.eventually(lambda: re.search(rf"test\.zone:{BROKEN_LINE}\b", self.rollcalld.log()), "the line in the log")
        self.assertEqual({"203.0.113.7"}, self.dns.addresses("fixed.svc.internal"))
        self.reload_with(ZONE.replace("203.0.113.7", "203.0.113.78"))
        self.eventually_equal({"203.0.113.78"}, lambda: self.dns.addresses("fixed.svc.internal"))

    def test_a_missing_zone_file_keeps_the_old_zone(self):
        (self.directory / "test.zone").unlink()
        before = len(self.rollcalld.log())
        self.rollcalld.reload()
        self.eventually(lambda: "test.zone" in self.rollcalld.log()[before:], "a line in the log")
        self.assertEqual({"203.0.113.7"}, self.dns.addresses("fixed.svc.internal"))

    def test_every_question_during_reloads_is_answered(self):
        self.api.expect_registered("web", "i-1", "192.0.2.1")
        done, counts = threading.Event(), []

        def ask():
            dns, count = self.rollcalld.dns(), 0
            while not done.is_set():
                if (dns.addresses("web.svc.internal") == {"192.0.2.1"}
                        and dns.addresses("fixed.svc.internal") <= {"203.0.113.7", "203.0.113.8"}):
                    count += 1
                else:
                    return
            counts.append(count)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for n in range(20):
            self.reload_with(ZONE.replace("203.0.113.7", f"203.0.113.{7 + n % 2}"))
            time.sleep(0.05)
        done.set()
        for thread in threads:
            thread.join(10)
        self.assertEqual(3, len(counts), "a thread got a wrong answer, or none")
        self.assertGreater(min(counts), 0)

    def test_leases_and_registrations_live_on_through_reloads(self):
        self.api.expect_registered("web", "i-1", "192.0.2.1", ttl="3s")
        for _ in range(20):
            self.rollcalld.reload()
            self.assertEqual(200, self.api.heartbeat("web", "i-1").status)
            time.sleep(0.02)
        self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.svc.internal"))
        self.assertTrue(self.rollcalld.is_ready())
