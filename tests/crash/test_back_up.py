"""Back-up and restore: a copy holds whatever was acknowledged before it began, also under load; what is killed half way
leaves either no copy or a whole one, and the database as it was."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time

from tests.support.case import Case
from tests.support.load import Writer
from tests.support.rollcall import BINARY, log_free_lines, run_to_end

WRITERS = 8
KILLS = 12
ROWS = 30_000


class BackUpTest(Case):
    def back_up(self, rollcalld, name):
        return run_to_end(["--backup", self.directory / name, "--db", rollcalld.database], self.directory)

    def restore(self, rollcalld, name):
        return run_to_end(["--restore", self.directory / name, "--db", rollcalld.database], self.directory)

    def expect_done(self, words, result):
        self.assertEqual((0, ""), (result.returncode, result.stderr))
        self.assertRegex(result.stdout, words)

    def expect_refused(self, words, result):
        self.assertEqual((1, ""), (result.returncode, result.stdout))
        lines = log_free_lines(result.stderr)
        self.assertEqual(1, len(lines), result.stderr)
        self.assertIn(words, lines[0])

    def rows(self, name, mode="ro"):
        """{(service, id): port}, from a file that is whole; with mode "rw" SQLite may first take back what was cut off."""
        connection = sqlite3.connect(f"file:{self.directory / name}?mode={mode}", uri=True)
        try:
            self.assertEqual([("ok",)], connection.execute("PRAGMA integrity_check").fetchall())
            self.assertEqual([], connection.execute("PRAGMA foreign_key_check").fetchall())
            return {(service, id): port for service, id, port in
                    connection.execute("SELECT service, id, port FROM instance")}
        finally:
            connection.close()

    def big_server(self):
        rollcalld = self.server()
        connection = sqlite3.connect(rollcalld.database, timeout=10)
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO instance (zone, service, id, addresses, port, ttl_ms) "
            "SELECT 'svc.internal', 'many-' || (i % 100), 'i-' || i, '[\"192.0.2.7\"]', 80, 3600000 FROM n", (ROWS,))
        connection.commit()
        connection.close()
        api = self.api_of(rollcalld)
        self.eventually_equal(ROWS, lambda: api.call("GET", "/v1/status").json["instances"], timeout=60)
        return rollcalld

    def test_a_back_up_under_load_holds_what_was_acknowledged_before_it_and_restores(self):
        rollcalld = self.big_server()
        api = self.api_of(rollcalld)
        api.expect_registered("web", "before", "192.0.2.1")
        writers = [Writer(rollcalld, n) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        time.sleep(1)
        begun = time.monotonic()
        self.expect_done(r"^backed up: \d+ instances of \d+ services, \d+ bytes, in ", self.back_up(rollcalld, "copy.db"))
        took = time.monotonic() - begun
        for writer in writers:
            writer.stop()
        for writer in writers:
            writer.join(30)
        acknowledged = sum(writer.acknowledged for writer in writers)
        rows = self.rows("copy.db")
        self.assertIn(("web", "before"), rows)
        self.assertGreater(len(rows), ROWS)
        print(f"\n{len(rows)} rows backed up in {took:.2f} s beside {acknowledged} changes")

        api.expect_registered("web", "after", "192.0.2.2")
        self.expect_refused("is in use by another rollcalld", self.restore(rollcalld, "copy.db"))
        index = api.call("GET", "/v1/status").json["index"]
        self.assertEqual(0, rollcalld.stop())
        self.expect_done(r"^restored: .*\.bak$", self.restore(rollcalld, "copy.db"))
        rollcalld.start()
        api = self.api_of(rollcalld)
        self.assertEqual({"before"}, api.ids("web"))
        self.assertEqual({"192.0.2.1"}, rollcalld.dns().addresses("web.svc.internal"))
        self.assertGreater(api.call("GET", "/v1/status").json["index"], index)
        self.assertIn(("web", "after"), self.rows("rollcall.db.bak"))

    def test_nothing_is_overwritten(self):
        rollcalld = self.server()
        self.expect_done("^backed up: 0 instances", self.back_up(rollcalld, "copy.db"))
        self.expect_refused("is there already: choose another name", self.back_up(rollcalld, "copy.db"))

    def time_of(self, deed, *arguments):
        """What is killed at moments all over it must last as long as it does on this machine now."""
        begun = time.monotonic()
        self.expect_done("^(backed up|restored)", deed(*arguments))
        return time.monotonic() - begun

    def kill_after(self, seconds, *arguments):
        process = subprocess.Popen([BINARY, *arguments], cwd=self.directory, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)

    def test_a_back_up_that_is_killed_leaves_no_half_copy(self):
        rollcalld = self.big_server()
        took = self.time_of(self.back_up, rollcalld, "first.db")
        whole = 0
        for n in range(KILLS):
            self.kill_after(took * 1.5 * n / KILLS, "--backup", str(self.directory / "copy.db"), "--db", str(rollcalld.database))
            if (self.directory / "copy.db").exists():
                self.assertEqual(ROWS, len(self.rows("copy.db")))
                (self.directory / "copy.db").unlink()
                whole += 1
        print(f"\n{whole} of {KILLS} killed back-ups were finished")
        self.expect_done("^backed up", self.back_up(rollcalld, "copy.db"))

    def test_a_restore_that_is_killed_leaves_one_database_or_the_other(self):
        rollcalld = self.big_server()
        self.expect_done("^backed up", self.back_up(rollcalld, "copy.db"))
        self.api_of(rollcalld).expect_registered("web", "later", "192.0.2.1")
        self.assertEqual(0, rollcalld.stop())
        with_later = self.directory / "with-later.db"
        shutil.copy(rollcalld.database, with_later)
        took = self.time_of(self.restore, rollcalld, "copy.db")
        restored = 0
        for n in range(KILLS):
            shutil.copy(with_later, rollcalld.database)
            self.kill_after(took * 1.5 * n / KILLS, "--restore", str(self.directory / "copy.db"), "--db", str(rollcalld.database))
            found = len(self.rows("rollcall.db", mode="rw"))
            self.assertIn(found, (ROWS, ROWS + 1))
            restored += found == ROWS
        print(f"\n{restored} times of {KILLS} the restored database stood after the kill")
        self.expect_done("^restored", self.restore(rollcalld, "copy.db"))
        rollcalld.start()
        self.assertEqual(set(), self.api_of(rollcalld).ids("web"))
