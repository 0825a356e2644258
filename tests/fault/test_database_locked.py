"""Another process holds the database's write lock for 10 s: writes are refused with 503, everything else goes on."""

import sqlite3
import subprocess
import sys
import time

from tests.support.case import Case
from tests.support.dnsclient import Presence
from tests.support.load import register_many, stubborn_writers
from tests.support.rollcall import log_free_lines, run_to_end

HELD_FOR = 10.0
HOLDER = """\
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""


class DatabaseLockedTest(Case):
    def setUp(self):
        self.rollcalld = self.server()
        self.dns = self.rollcalld.dns()
        self.api = self.api_of(self.rollcalld)
        self.api.expect_registered("web", "lasting", "192.0.2.1")

    def hold_lock(self):
        holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(self.rollcalld.database)], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(holder.communicate)
        self.assertEqual("held\n", holder.stdout.readline())
        return holder

    def release(self, holder):
        holder.communicate(timeout=10)

    def expect_refused(self, answer):
        self.assertEqual(503, answer.status, answer)
        self.assertTrue(answer.is_problem, answer)
        self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
        self.assertEqual(503, answer.json["status"])
        self.assertTrue(answer.json["detail"])

    def test_writes_are_refused_while_heartbeats_reads_and_the_dns_go_on(self):
        self.api.expect_registered("brief", "i-1", "192.0.2.9", ttl="2s")
        sent = time.monotonic()
        self.assertEqual(200, self.api.heartbeat("brief", "i-1").status)
        with Presence(self.dns, "brief.svc.internal") as presence:
            holder = self.hold_lock()
            until = time.monotonic() + HELD_FOR
            gone = presence.wait_until_gone(sent + 10)
        self.assertGreaterEqual(gone - sent, 2.0)
        self.assertLess(gone - sent, 2.5)

        refused = 0
        while time.monotonic() < until:
            self.expect_refused(self.api.register("web", f"refused-{refused}", "192.0.2.2"))
            self.expect_refused(self.api.deregister("web", "lasting"))
            self.expect_refused(self.api.register("web", "lasting", "192.0.2.3"))
            refused += 1
            self.assertEqual(200, self.api.heartbeat("web", "lasting").status)
            self.assertEqual({"lasting"}, self.api.ids("web"))
            self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.svc.internal"))
            self.assertEqual(404, self.api.heartbeat("brief", "i-1").status)
            self.assertEqual(set(), self.api.ids("brief"))
        self.assertGreater(refused, 2)
        self.release(holder)
        self.expect_recovery(refused)

    def expect_recovery(self, refused):
        """Without a restart; and what was refused is nowhere, also not after one."""
        self.eventually(lambda: self.api.register("web", "after", "192.0.2.4").status == 201, "writes work again", 5)
        self.assertEqual({"192.0.2.1", "192.0.2.4"}, self.dns.addresses("web.svc.internal"))
        self.eventually_equal({("web", "lasting"), ("web", "after")}, self.rows, timeout=5)
        self.rollcalld.kill()
        self.rollcalld.start()
        self.assertEqual({"lasting", "after"}, self.api_of(self.rollcalld).ids("web"))
        self.assertEqual({"192.0.2.1", "192.0.2.4"}, self.dns.addresses("web.svc.internal"))
        self.assertEqual(set(), self.dns.addresses("brief.svc.internal"))

    def rows(self):
        connection = sqlite3.connect(f"file:{self.rollcalld.database}?mode=ro", uri=True, timeout=5)
        try:
            return set(connection.execute("SELECT service, id FROM instance"))
        finally:
            connection.close()

    def test_a_lock_held_for_a_moment_only_makes_writes_wait(self):
        holder = self.hold_lock()
        time.sleep(0.05)
        self.release(holder)
        self.eventually(lambda: self.api.register("web", "i-2", "192.0.2.2").status == 201, "the write is accepted", 3)

    def test_readiness_says_so_while_the_store_cannot_write_and_recovers(self):
        holder = self.hold_lock()
        self.expect_refused(self.api.register("web", "refused", "192.0.2.2"))
        self.assertEqual(503, self.api.call("GET", "/readyz").status)
        self.assertEqual(200, self.api.call("GET", "/healthz").status)
        self.release(holder)
        self.eventually(self.rollcalld.is_ready, "/readyz is 200 again, without a write from outside", 5)

    def test_leases_end_in_their_time_while_the_writer_waits_for_the_lock(self):
        register_many(self.rollcalld, [(f"other-{n % 20}", f"i-{n}", "2500ms") for n in range(2000)])
        sent = time.monotonic()
        self.api.expect_registered("brief", "i-1", "192.0.2.9", ttl="2s")
        holder = self.hold_lock()
        with Presence(self.dns, "brief.svc.internal") as presence, stubborn_writers(self.rollcalld, 4):
            gone = presence.wait_until_gone(sent + 10)
            self.assertGreaterEqual(gone - sent, 2.0)
            self.assertLess(gone - sent, 2.5)
            self.eventually_equal(set(), lambda: self.dns.addresses("other-7.svc.internal"), timeout=3)
            self.assertEqual(set(), self.api.ids("other-7"))
        self.release(holder)
        self.eventually_equal({("web", "lasting")}, self.rows, timeout=5)

    def test_it_ends_cleanly_while_the_lock_is_held(self):
        holder = self.hold_lock()
        self.expect_refused(self.api.register("web", "refused", "192.0.2.2"))
        self.assertEqual(0, self.rollcalld.stop())
        self.release(holder)
        self.assertEqual({("web", "lasting")}, self.rows())

    def test_it_does_not_start_on_a_database_that_another_program_has_locked_for_itself(self):
        self.assertEqual(0, self.rollcalld.stop())
        connection = sqlite3.connect(self.rollcalld.database, isolation_level=None)
        self.addCleanup(connection.close)
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        result = run_to_end(["--dns", "127.0.0.1:0", "--http", "127.0.0.1:0", "--db", str(self.rollcalld.database)],
                            self.directory)
        self.assertEqual(1, result.returncode, result.stderr)
        self.assertEqual(1, len(log_free_lines(result.stderr)), result.stderr)
        self.assertIn("locked", result.stderr)

    def test_others_may_read_and_even_keep_a_snapshot_open_while_it_writes(self):
        connection = sqlite3.connect(f"file:{self.rollcalld.database}?mode=ro", uri=True, isolation_level=None)
        self.addCleanup(connection.close)
        connection.execute("BEGIN")
        self.assertEqual(1, connection.execute("SELECT count(*) FROM instance").fetchone()[0])
        for n in range(50):
            self.api.expect_registered("web", f"i-{n}", "192.0.2.2")
        self.assertEqual(1, connection.execute("SELECT count(*) FROM instance").fetchone()[0])
        connection.execute("COMMIT")
        self.assertEqual(51, connection.execute("SELECT count(*) FROM instance").fetchone()[0])
