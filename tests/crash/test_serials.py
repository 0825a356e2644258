"""Serials of zones never go back (RFC 1982), whatever has moved them and however the server ends."""

import signal

from tests.support.case import Case

ZONE = """$TTL 60
@ IN SOA ns.test. hostmaster.test. {} 3600 600 86400 1
@ IN NS ns.test.
text IN TXT "{}"
"""


def is_newer(a, b):
    return a != b and (a - b) % 2**32 < 2**31


class SerialsTest(Case):
    def setUp(self):
        self.path = self.write(2026030101, "as it was")
        self.rollcalld = self.server("--zone", f"first.test={self.path}")
        self.dns = self.rollcalld.dns()
        self.shown = self.serial()

    def write(self, serial, text):
        return self.zone_file(ZONE.format(serial, text), "first.zone")

    def serial(self):
        return self.dns.records("first.test", "SOA")[0].serial

    def expect_newer(self):
        serial = self.serial()
        self.assertTrue(is_newer(serial, self.shown), f"{serial} after {self.shown}")
        self.shown = serial

    def reload(self, serial, text):
        self.write(serial, text)
        self.rollcalld.process.signal(signal.SIGHUP)
        self.eventually(lambda: self.dns.records("first.test", "SOA")[0].serial != self.shown, "the serial moves")
        self.expect_newer()

    def restart(self):
        self.rollcalld.process.signal(signal.SIGKILL)
        self.rollcalld.process.wait(10)
        self.rollcalld.start()
        self.expect_newer()

    def test_reloads_alone_move_the_serial_and_no_kill_takes_it_back(self):
        for text in ("one", "two", "three"):
            self.reload(2026030101, text)
        self.restart()
        self.restart()

    def test_a_file_whose_serial_is_lowered_or_raised_takes_nothing_back(self):
        self.reload(3, "lower")
        self.restart()
        self.reload(2026030101, "higher")
        self.restart()
        self.write(1, "lower while it was stopped")
        self.restart()
        self.reload(1, "again")
