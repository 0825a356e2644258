"""sqlite3, the program: whatever it changes in the database of a running server is on the roll within a second, and what
makes no sense is refused by the tables, or ignored and named."""

import itertools
import subprocess
import threading
import time

from tests.support.case import Case
from tests.support.load import Writer
from tests.support.processes import need_program, run

WITHIN = 1.0  # seconds, as the contract has it
NEW = "INSERT INTO instance (zone, service, id, addresses, port) VALUES ('svc.internal', "
COLUMNS = [
    ("addresses", '["192.0.2.77", "2001:db8::77"]', "addresses", ["192.0.2.77", "2001:db8::77"]),
    ("port", 8081, "port", 8081),
    ("protocol", "udp", "protocol", "udp"),
    ("priority", 3, "priority", 3),
    ("weight", 9, "weight", 9),
    ("tags", '["Blue","eu"]', "tags", ["blue", "eu"]),
    ("meta", '{"version":"2"}', "meta", {"version": "2"}),
    ("ttl_ms", 120000, "ttl_ms", 120000),
    ("status", "draining", "status", "draining"),
    ("status", "critical", "status", "critical"),
    ("status", "ready", "status", "ready"),
]


class OutsideEditsTest(Case):
    def setUp(self):
        self.program = need_program("sqlite3")
        self.rollcalld = self.server()
        self.api, self.dns = self.api_of(self.rollcalld), self.rollcalld.dns()
        self.api.expect_registered("web", "a", "192.0.2.1", 80, ttl="60s")

    def test_the_files_are_for_the_user_of_the_server_alone(self):
        copy = self.directory / "copy.db"
        self.assertEqual(0, run([self.rollcalld.binary, "--db", self.rollcalld.database, "--backup", copy]).returncode)
        for path in (*self.directory.glob("rollcall.db*"), copy):
            self.assertEqual(0o600, path.stat().st_mode & 0o777, path.name)

    def sqlite(self, sql):
        """(exit code, output)"""
        result = run([self.program, "-cmd", ".timeout 5000", self.rollcalld.database, sql])
        return result.returncode, (result.stdout + result.stderr).strip()

    def edit(self, sql):
        self.assertEqual((0, ""), self.sqlite(sql), sql)
        self.edited = time.monotonic()

    def soon(self, expected, read):
        """As fast as the contract says, with a second more for a machine that does other things."""
        self.eventually_equal(expected, read, timeout=WITHIN + 1, every=0.02)

    def ignored(self):
        return self.api.call("GET", "/v1/status").json["ignored_rows"]

    def test_a_row_that_is_inserted_is_answered_within_a_second_and_leaves_after_one_lease(self):
        self.edit(NEW + "'printer', 'hall', '[\"192.0.2.17\"]', 631)")
        self.edit("UPDATE instance SET ttl_ms = 2000 WHERE id = 'hall'")
        self.soon({"192.0.2.17"}, lambda: self.dns.addresses("printer.svc.internal"))
        self.eventually_equal(set(), lambda: self.dns.addresses("printer.svc.internal"), timeout=20)
        self.eventually_equal((0, "a"), lambda: self.sqlite("SELECT id FROM instance"))

    def test_each_column_can_be_changed(self):
        for column, value, field, shown in COLUMNS:
            with self.subTest(column=column, value=value):
                self.edit(f"UPDATE instance SET {column} = '{value}' WHERE id = 'a'")
                self.soon(shown, lambda: self.api.instances("web")["a"].get(field))
        self.assertEqual({(3, 9, 8081, "a.web.svc.internal.")}, self.dns.srv("_web._udp.svc.internal"))

    def test_a_row_that_is_deleted_is_gone_and_can_register_again(self):
        self.edit("DELETE FROM instance WHERE id = 'a'")
        self.soon(set(), lambda: self.dns.addresses("web.svc.internal"))
        self.assertEqual(404, self.api.heartbeat("web", "a").status)
        self.assertEqual(201, self.api.register("web", "a", "192.0.2.1", 80).status)
        self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.svc.internal"))

    def test_a_heartbeat_does_not_undo_an_edit_and_a_registration_with_other_fields_does(self):
        self.edit("UPDATE instance SET port = 81 WHERE id = 'a'")
        self.soon(81, lambda: self.api.instances("web")["a"]["port"])
        self.assertEqual(200, self.api.heartbeat("web", "a").status)
        self.assertEqual(81, self.api.instances("web")["a"]["port"])
        self.api.expect_registered("web", "a", "192.0.2.1", 82, ttl="60s")
        time.sleep(0.5)
        self.assertEqual(82, self.api.instances("web")["a"]["port"])
        self.assertEqual((0, "82"), self.sqlite("SELECT port FROM instance"))

    def test_bad_rows_are_refused_by_the_tables_or_ignored_and_named_once(self):
        for sql in ("UPDATE instance SET port = 0", "UPDATE instance SET addresses = 'x'", "DELETE FROM service",
                    "UPDATE roll SET change_index = -1", NEW + "'Web', 'b', '[\"192.0.2.1\"]', 1)"):
            code, words = self.sqlite(sql)
            self.assertNotEqual(0, code, sql)
            self.assertTrue(words)
        self.edit(NEW + "'web', 'bad', '[\"0.0.0.0\"]', 80)")
        self.edit("UPDATE instance SET tags = '[\"no label\"]' WHERE id = 'a'")
        self.edit(NEW + "'web', 'good', '[\"192.0.2.5\"]', 80)")
        self.soon({"192.0.2.1", "192.0.2.5"}, lambda: self.dns.addresses("web.svc.internal"))
        self.soon(2, lambda: len(self.ignored()))
        self.assertIn("instance web/a in zone svc.internal: tags must be a DNS label", self.ignored()[0])
        self.assertIn("rollcall_ignored_rows 2", self.api.call("GET", "/metrics").body.decode())
        time.sleep(0.6)
        self.assertEqual(1, self.rollcalld.log().count("instance web/bad in zone svc.internal"))
        self.edit("DELETE FROM instance WHERE id = 'bad'; UPDATE instance SET tags = '[]' WHERE id = 'a'")
        self.soon([], self.ignored)

    def test_a_transaction_that_stays_open_holds_up_only_writes_and_counts_when_it_commits(self):
        shell = subprocess.Popen([self.program, self.rollcalld.database], stdin=subprocess.PIPE, text=True)
        self.addCleanup(shell.communicate)
        print(".timeout 5000\nBEGIN IMMEDIATE; UPDATE instance SET port = 81; ", file=shell.stdin, flush=True)
        ports = itertools.count(1)
        self.eventually(lambda: self.api.register("shop", "b", "192.0.2.2", next(ports)).status == 503,
                        "the lock is held", 10)
        until = time.monotonic() + 2
        while time.monotonic() < until:
            self.assertEqual(200, self.api.heartbeat("web", "a").status)
            self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.svc.internal"))
        print("COMMIT;", file=shell.stdin, flush=True)
        self.soon(81, lambda: self.api.instances("web")["a"]["port"])
        self.assertIn(self.api.register("shop", "b", "192.0.2.2", next(ports)).status, (200, 201))

    def test_edits_and_registrations_at_once_end_with_one_truth(self):
        writers = [Writer(self.rollcalld, n) for n in range(8)]
        for writer in writers:
            writer.start()
        changed = 0
        until = time.monotonic() + 4
        while time.monotonic() < until:
            self.edit(f"UPDATE instance SET port = {1000 + changed} WHERE id = 'a'")
            changed += 1
        for writer in writers:
            writer.stop()
        for writer in writers:
            writer.join(30)
        self.assertGreater(changed, 10)
        self.soon(999 + changed, lambda: self.api.instances("web")["a"]["port"])
        for writer in writers:
            found = {id: instance["port"] for id, instance in self.api.instances(writer.service).items()}
            self.assertEqual([], writer.contradictions(found))
        rows = self.sqlite("SELECT service || '/' || id || ':' || port FROM instance")[1].splitlines()
        roll = [f"{service['service']}/{id}:{instance['port']}"
                for service in self.api.call("GET", "/v1/services").json["services"]
                for id, instance in self.api.instances(service["service"]).items()]
        self.assertEqual(sorted(rows), sorted(roll))

    def test_an_edit_of_many_rows_is_taken_while_heartbeats_go_on(self):
        stop, late = threading.Event(), []

        def beat():
            api = self.api_of(self.rollcalld)
            while not stop.is_set():
                if api.heartbeat("web", "a").status != 200:
                    late.append(time.monotonic())

        beating = threading.Thread(target=beat)
        beating.start()
        self.addCleanup(stop.set)
        self.edit("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) " +
                  NEW.replace("VALUES (", "SELECT ") +
                  "'many-' || (i % 100), 'i-' || i, '[\"192.0.2.7\"]', 80 FROM n")
        self.eventually_equal(20001, lambda: self.api.call("GET", "/v1/status").json["instances"], timeout=20)
        print(f"\n20,000 inserted rows are on the roll after {time.monotonic() - self.edited:.2f} s")
        stop.set()
        beating.join(10)
        self.assertEqual([], late)
