"""Rows that somebody puts into the database, of every table and as wrong as they can be: the server goes on."""

import signal
import sqlite3

from tests.support.case import Case

HIGHEST = 2**63 - 1
INSTANCE = ("INSERT INTO instance (zone, service, id, addresses, port)"
            " VALUES ('svc.internal', '{}', '{}', '[\"192.0.2.1\"]', 80)")
EVENT = ("INSERT OR REPLACE INTO event (id, at_ms, zone, service, instance, event, cause, change_index)"
         " VALUES ({}, {}, 'svc.internal', 'web', 'by hand', 'registered', 'registered', {})")
LOOKS_WITHIN = 5


class RowsByHandTest(Case):
    def setUp(self):
        self.rollcalld = self.server()
        self.api = self.api_of(self.rollcalld)
        self.api.expect_registered("web", "a", ttl="10m")

    def sql(self, *statements, loose=True):
        with sqlite3.connect(self.rollcalld.database, timeout=10) as database:
            if loose:
                database.execute("PRAGMA ignore_check_constraints = ON")
            for statement in statements:
                database.execute(statement)
        database.close()

    def restart(self, number=signal.SIGKILL):
        self.rollcalld.process.signal(number)
        self.rollcalld.process.wait(10)
        self.rollcalld.start()
        self.api = self.api_of(self.rollcalld)

    def expect_everything_works(self, name):
        self.api.expect_registered("web", name, ttl="10m")
        events = self.api.call("GET", "/v1/events?service=web&limit=1").json["events"]
        self.assertEqual((name, "registered"), (events[0]["id"], events[0]["event"]))
        self.assertIn(name, self.api.ids("web"))
        self.api.expect_deregistered("web", name)

    def last_event(self):
        return self.api.call("GET", "/v1/status").json["events"]["last"]

    def test_events_of_the_future_stop_nothing(self):
        last = self.last_event()
        self.sql(*(EVENT.format(id, 0, 0) for id in (last + 1, last + 2, last + 5, last + 10_000, HIGHEST)))
        self.expect_everything_works("b")
        self.restart()
        self.expect_everything_works("c")
        self.assertLess(self.last_event(), last + 100)

    def test_events_that_make_no_sense_stop_nothing(self):
        self.sql(*(EVENT.format(id, at, index) for id, at, index in
                   [(-HIGHEST, HIGHEST, -1), (0, -HIGHEST, HIGHEST), (1, HIGHEST, HIGHEST)]))
        self.expect_everything_works("b")
        self.restart()
        self.expect_everything_works("c")
        self.assertEqual(200, self.api.call("GET", "/v1/events?limit=1000").status)

    def test_counts_at_the_end_of_64_bits_stop_nothing(self):
        before = self.api.call("GET", "/v1/status").json["index"]
        self.sql(f"UPDATE roll SET change_index = {HIGHEST}, event_id = {HIGHEST}",
                 f"UPDATE instance SET change_index = {HIGHEST}", f"UPDATE service SET change_index = {HIGHEST}",
                 f"INSERT INTO edit (number, zone, service, id) VALUES ({HIGHEST}, '', '', '')")
        self.expect_everything_works("b")
        self.restart()
        self.expect_everything_works("c")
        self.assertGreater(self.api.call("GET", "/v1/status").json["index"], before)
        self.assertLess(self.api.call("GET", "/v1/status").json["index"], 2**53)  # as JavaScript counts
        self.sql(INSTANCE.format("web", "edited"))
        self.eventually(lambda: "edited" in self.api.ids("web"), "an edit is still seen", LOOKS_WITHIN)

    def test_the_row_of_the_counts_may_be_gone(self):
        self.sql("DROP TRIGGER roll_is_kept", "DELETE FROM roll")
        self.expect_everything_works("b")
        self.sql("DELETE FROM roll")
        self.restart()
        self.expect_everything_works("c")

    def test_times_that_no_clock_has_stop_nothing(self):
        self.sql(f"UPDATE instance SET registered_at_ms = {HIGHEST}, status_since_ms = {-HIGHEST}",
                 f"INSERT INTO service (zone, name, emptied_at_ms) VALUES ('svc.internal', 'early', {-HIGHEST})",
                 f"INSERT INTO service (zone, name, emptied_at_ms) VALUES ('svc.internal', 'late', {HIGHEST})")
        self.restart()
        self.assertEqual(200, self.api.call("GET", "/v1/services/web").status)
        self.assertEqual(404, self.api.call("GET", "/v1/services/early").status)
        self.assertEqual(200, self.api.call("GET", "/v1/services/late").status)
        self.expect_everything_works("b")

    def test_a_service_that_came_while_the_server_was_stopped_is_at_an_index(self):
        self.rollcalld.process.signal(signal.SIGTERM)
        self.rollcalld.process.wait(10)
        known = self.index_in_database("web")
        self.sql(INSTANCE.format("fresh", "x"), INSTANCE.format("web", "y"))
        self.rollcalld.start()
        self.api = self.api_of(self.rollcalld, timeout=5)  # less than the wait below
        fresh = self.api.call("GET", "/v1/services/fresh?index=0&wait=30s").json
        self.assertEqual(["x"], [each["id"] for each in fresh["instances"]])
        self.assertGreater(fresh["index"], 0)
        self.assertGreater(fresh["instances"][0]["index"], 0)
        # Who has waited since before the stop hears of what has come meanwhile.
        web = self.api.call("GET", f"/v1/services/web?index={known}&wait=30s").json
        self.assertEqual({"a", "y"}, {each["id"] for each in web["instances"]})
        self.restart()
        self.assertGreaterEqual(self.api.call("GET", "/v1/services/web").json["index"], web["index"])

    def index_in_database(self, service):
        database = sqlite3.connect(self.rollcalld.database)
        [[index]] = database.execute("SELECT max(change_index) FROM instance WHERE service = ?", [service])
        database.close()
        return index

    def test_a_new_database_counts_from_the_clock_and_an_index_of_the_future_is_answered_at_once(self):
        index = self.api.call("GET", "/v1/services/web").json["index"]
        self.assertGreater(index, 1_700_000_000_000)
        self.assertLess(index, 2**53)
        self.api = self.api_of(self.rollcalld, timeout=5)
        for future in (index + 1, 2**53, 2**62):
            self.assertEqual(200, self.api.call("GET", f"/v1/services/web?index={future}&wait=30s").status)
