"""The test case all black-box tests are: a directory, servers in it, and their logs when it fails."""

import pathlib
import shutil
import sys
import tempfile
import time
import unittest

from tests.support import processes
from tests.support.rollcall import ZONE, Server

LOG_TAIL_BYTES = 6000
SIGNS_OF_A_BUG = ("Sanitizer", "runtime error:", "assertion", "terminate called")


class Case(unittest.TestCase):
    """Each test has `self.directory`; whatever it started is killed, and the directory removed, when it ends. A server
    that is still running then must end with 0 on SIGTERM, and no server may have said that it has a bug."""

    def run(self, result=None):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="rollcall-test-"))
        self._servers = []
        before = _troubles(result)
        try:
            return super().run(result)
        finally:
            processes.kill_all()
            if _troubles(result) > before:
                self._show_logs()
            shutil.rmtree(self.directory, ignore_errors=True)

    def tearDown(self):
        for server in self._servers:
            if server.process is not None and server.process.is_running():
                self.assertEqual(0, server.stop(), "the exit code after SIGTERM")
            found = [sign for sign in SIGNS_OF_A_BUG if sign in server.log()]
            self.assertEqual([], found, _telling_part(server.log()))

    def make_server(self, *arguments, **options):
        """A rollcalld that has not been started."""
        server = Server(self.directory, arguments, **options)
        self._servers.append(server)
        return server

    def server(self, *arguments, **options):
        """A started rollcalld."""
        return self.make_server(*arguments, **options).start()

    def zone_file(self, text=ZONE, name="test.zone"):
        path = self.directory / name
        path.write_text(text)
        return path

    def server_with_zone(self, *arguments, **options):
        """A started rollcalld whose zone has the static names of support.rollcall.ZONE."""
        return self.server("--zone", f"svc.internal={self.zone_file()}", *arguments, **options)

    def api_of(self, server, timeout=15):
        """An Api that is closed with the test."""
        api = server.api(timeout)
        self.addCleanup(api.close)
        return api

    def settings_file(self, text, name="settings.toml"):
        path = self.directory / name
        path.touch(mode=0o600)
        path.write_text(text)
        return path

    def start(self, name, command, **options):
        return processes.Process(name, command, self.directory, **options)

    def eventually(self, condition, what, timeout=10, every=0.05):
        return processes.wait_until(condition, timeout, what, every)

    def eventually_equal(self, expected, read, timeout=10, every=0.05):
        """Calls `read` until it returns `expected`; the failure shows the last difference."""
        deadline = time.monotonic() + timeout
        while (value := read()) != expected and time.monotonic() < deadline:
            time.sleep(every)
        self.assertEqual(expected, value, f"after {timeout} s")

    def _show_logs(self):
        for path in sorted(self.directory.glob("*.std*")):
            text = _telling_part(path.read_text(errors="replace"))
            if text.strip():
                print(f"--- {self.id()}: {path.name}\n{text}", file=sys.stderr)


def _telling_part(log):
    """From the first sign of a bug on, else the end."""
    at = min((log.find(sign) for sign in SIGNS_OF_A_BUG if sign in log), default=max(0, len(log) - LOG_TAIL_BYTES))
    return log[max(0, at - 200):][:LOG_TAIL_BYTES]


def _troubles(result):
    return len(result.failures) + len(result.errors) if result is not None else 0
