"""The disk is full: a small tmpfs that only the server sees, filled up and emptied again by the test."""

import pathlib
import time

from tests.support.case import Case
from tests.support.namespace import need_mount_namespaces

NOTES = {f"note{n}": "x" * 240 for n in range(4)}  # about 1,000 octets a row; a pair has at most 255
DISK_BYTES = 2 * 1024 * 1024
MOUNT_AND_EXEC = f'mount -t tmpfs -o size={DISK_BYTES} none "$1" && shift && exec "$@"'


class DiskFullTest(Case):
    def setUp(self):
        need_mount_namespaces()
        self.disk = self.directory / "disk"
        self.disk.mkdir()
        self.rollcalld = self.server(database=self.disk / "rollcall.db",
                                     wrapper=["unshare", "--mount", "sh", "-c", MOUNT_AND_EXEC, "sh", self.disk])
        self.dns = self.rollcalld.dns()
        self.api = self.api_of(self.rollcalld)

    def filler(self):
        """A file on the server's disk, seen through its own root."""
        return pathlib.Path(f"/proc/{self.rollcalld.process.pid}/root{self.disk}/filler")

    def fill_disk(self):
        with open(self.filler(), "wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass

    def write_until_refused(self):
        """The WAL may have a page to spare. Returns how many registrations were still accepted."""
        for n in range(2000):
            answer = self.api.register("filling", f"i-{n}", "192.0.2.2", meta=NOTES)
            if answer.status == 503:
                self.assertTrue(answer.is_problem, answer)
                self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
                return n
            self.assertEqual(201, answer.status, answer)
        raise AssertionError("a full disk refused nothing")

    def test_writes_are_refused_nothing_is_half_done_and_it_recovers_without_a_restart(self):
        self.api.expect_registered("web", "lasting", "192.0.2.1")
        self.api.expect_registered("brief", "i-1", "192.0.2.9", ttl="3s")
        self.fill_disk()
        accepted = self.write_until_refused()
        for n in range(20):
            self.assertEqual(503, self.api.register("web", f"refused-{n}", "192.0.2.3",
                                                    meta=NOTES).status)
            self.assertEqual(200, self.api.heartbeat("web", "lasting").status)
            self.assertEqual({"lasting"}, self.api.ids("web"))
            self.assertEqual({"192.0.2.1"}, self.dns.addresses("web.svc.internal"))
            time.sleep(0.02)
        self.eventually_equal(set(), lambda: self.dns.addresses("brief.svc.internal"), timeout=5)
        self.assertEqual(accepted, len(self.api.ids("filling")))

        self.filler().unlink()
        self.eventually(lambda: self.api.register("web", "after", "192.0.2.4").status == 201,
                        "writes work again", 5)
        self.assertEqual({"192.0.2.1", "192.0.2.4"}, self.dns.addresses("web.svc.internal"))
        self.assertEqual({"lasting", "after"}, self.api.ids("web"))
        self.assertEqual({f"i-{n}" for n in range(accepted)}, self.api.ids("filling"))
        self.assertTrue(self.rollcalld.is_ready())

    def test_on_a_disk_that_stays_full_it_still_ends_cleanly(self):
        self.api.expect_registered("web", "lasting", "192.0.2.1")
        self.fill_disk()
        self.write_until_refused()
        self.assertEqual(0, self.rollcalld.stop())
