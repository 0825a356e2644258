"""`rollcall watch`: a line an event into a pipe, a table on a terminal, which is given back as it was."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import termios
import time

from tests.support.case import Case
from tests.support.processes import environment
from tests.support.cli import ROLLCALL, need_rollcall

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


class Terminal:
    """A program on a pseudo-terminal of 100 columns; its controlling one, so that Ctrl-C is a signal."""

    def __init__(self, command, columns=100, rows=20):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execve(str(command[0]), [str(word) for word in command], environment(TERM="xterm"))
        self.resize(columns, rows)
        self._octets = b""

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys.encode())

    def read(self, seconds):
        """What comes within that time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and select.select([self.master], [], [], 0.05)[0]:
            try:
                self._octets += os.read(self.master, 65536)
            except OSError:  # the other side is closed
                break
        return self.text

    @property
    def text(self):
        return self._octets.decode(errors="replace")

    def frame(self):
        """The last whole frame, without colours."""
        frames = self.read(0.1).split("\x1b[H")
        return re.sub(r"\x1b\[[0-9;]*[mK]", "", frames[-2] if len(frames) > 2 else frames[-1])

    def local_modes(self):
        return termios.tcgetattr(self.master)[3] & (termios.ECHO | termios.ICANON)

    def wait(self, timeout=10):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.read(0.1)
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("it does not end")

    def close(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self.master)


class WatchCommandTest(Case):
    def setUp(self):
        need_rollcall()
        self.rollcalld = self.server()
        self.api = self.api_of(self.rollcalld)

    def command(self, *arguments):
        return [ROLLCALL, "--http", f"127.0.0.1:{self.rollcalld.http_port}", "watch", *arguments]

    def terminal(self, *arguments, **size):
        terminal = Terminal(self.command(*arguments), **size)
        self.addCleanup(terminal.close)
        self.eventually(lambda: ENTER in terminal.read(0.1), "the other screen")
        return terminal

    def piped(self, *arguments):
        """Once it watches: what is registered until then it may have missed."""
        watch = self.start("watch", self.command(*arguments))
        watching = lambda: "rollcall_watching 1" in self.api.call("GET", "/metrics").body.decode()
        self.eventually(watching, "a watcher")
        return watch

    def test_into_a_pipe_there_is_a_line_for_each_event(self):
        watch = self.piped("web")
        self.api.expect_registered("web", "a", ttl="1s")
        self.api.expect_registered("other", "x")
        self.eventually(lambda: "expired" in watch.stdout(), "the end of the lease")
        lines = [line.split(" ", 1)[1] for line in watch.stdout().splitlines()]
        self.assertEqual(["registered web/a", "expired web/a (lease expired)"], lines)
        self.assertNotIn("\x1b", watch.stdout())
        watch.signal(signal.SIGINT)
        self.assertEqual(0, watch.wait())

    def test_json_lines_are_the_events_as_the_registry_tells_them(self):
        watch = self.piped("--json")
        self.api.expect_registered("web", "a")
        self.eventually(lambda: watch.stdout().endswith("\n"), "an event")
        event = json.loads(watch.stdout())
        self.assertEqual(("registered", "web", "a"), (event["event"], event["service"], event["id"]))

    def test_no_event_is_lost_while_the_registry_restarts(self):
        watch = self.piped()
        for n in range(3):
            self.api.expect_registered("web", f"i-{n}")
            self.rollcalld.restart()
            self.api = self.api_of(self.rollcalld)
        self.api.expect_registered("web", "last")
        self.eventually(lambda: "web/last" in watch.stdout(), "the last event", timeout=20)
        told = re.findall(r"registered web/(\S+)$", watch.stdout(), re.M)
        self.assertEqual(["i-0", "i-1", "i-2", "last"], told)

    def test_a_registry_that_is_away_is_one_sentence(self):
        self.rollcalld.stop()
        watch = self.start("watch", self.command())
        self.assertEqual(3, watch.wait())
        self.assertEqual(1, watch.stderr().count("\n"), watch.stderr())

    def test_state_lease_and_the_last_event_are_visible_on_narrow_terminals(self):
        name = "web-deployment-7f9c6d5b48-x2k4p-of-a-long-name-1"
        self.api.expect_registered("web", name, "192.0.2.1", 8001)
        for columns in (50, 80):
            with self.subTest(columns=columns):
                terminal = self.terminal("web", columns=columns)
                self.eventually(lambda: "ready" in terminal.frame(), "the instance")
                lines = terminal.frame().replace("\x1b[J", "").splitlines()
                row = next(line for line in lines if line.startswith("web "))
                self.assertRegex(row, r"^web +web-\S+-1 +ready .* [0-9]+m")
                self.assertTrue(all(len(line.rstrip("\r")) <= columns for line in lines), lines)
                if columns == 80:
                    self.assertIn("regist", row)  # from the history: it has happened before

    def test_keys_filter_and_say_what_they_do(self):
        for id in ("a", "b"):
            self.api.expect_registered("web", f"web-{id}", "192.0.2.1", 8001)
        terminal = self.terminal("web")
        self.eventually(lambda: "web-b" in terminal.frame(), "both")
        terminal.type("?")
        self.eventually(lambda: "keys: j k one row" in terminal.frame(), "the keys")
        terminal.type("/")
        for key in "web-b\n":
            terminal.type(key)
        self.eventually(lambda: "web-b" in terminal.frame() and "web-a" not in terminal.frame(), "the filter")
        terminal.type("q")
        self.assertEqual(0, terminal.wait())

    def test_a_terminal_shows_a_table_that_follows(self):
        self.api.expect_registered("web", "web-1", "192.0.2.1", 8001)
        terminal = self.terminal("web")
        self.eventually(lambda: "192.0.2.1:8001" in terminal.frame(), "the instance")
        self.api.expect_registered("web", "web-2", "192.0.2.2", 8002)
        self.eventually(lambda: "web: 2 ready of 2" in terminal.frame(), "the other one")
        self.api.call("POST", "/v1/services/web/instances/web-1/drain")
        self.eventually(lambda: re.search(r"web-1 +draining", terminal.frame()), "the drain")
        self.api.expect_deregistered("web", "web-1")
        self.eventually(lambda: re.search(r"web-1 +gone", terminal.frame()), "the end")
        self.assertRegex(terminal.frame(), r"web-2 +ready +192\.0\.2\.2:8002 +[█#]+")

    def test_the_terminal_is_given_back_as_it_was(self):
        for leave in (lambda t: t.type("\x03"), lambda t: t.type("q"), lambda t: os.kill(t.pid, signal.SIGTERM)):
            before_size = {"columns": 80, "rows": 10}
            terminal = self.terminal(**before_size)
            self.eventually(lambda: "SERVICE" in terminal.frame(), "a frame")
            self.assertEqual(0, terminal.local_modes())
            leave(terminal)
            self.assertEqual(0, terminal.wait())
            self.assertEqual(termios.ECHO | termios.ICANON, terminal.local_modes())
            for first, last in ((ENTER, LEAVE), (HIDE_CURSOR, SHOW_CURSOR)):
                self.assertGreater(terminal.text.rfind(last), terminal.text.rfind(first))

    def test_ctrl_z_gives_the_terminal_back_until_fg(self):
        terminal = self.terminal()
        self.eventually(lambda: "SERVICE" in terminal.frame(), "a frame")
        terminal.type("\x1a")
        self.eventually(lambda: terminal.read(0.1).count(LEAVE) == 1, "the shell's screen")
        self.assertEqual(termios.ECHO | termios.ICANON, terminal.local_modes())
        os.kill(terminal.pid, signal.SIGCONT)
        self.eventually(lambda: terminal.read(0.1).count(ENTER) == 2, "the table again")
        terminal.type("q")
        self.assertEqual(0, terminal.wait())

    def test_a_smaller_window_gets_a_smaller_table(self):
        for n in range(30):
            self.api.expect_registered("web", f"i-{n:02}")
        terminal = self.terminal(rows=24)
        self.eventually(lambda: "and 9 more" in terminal.frame(), "21 rows")
        terminal.resize(40, 10)
        self.eventually(lambda: "and 23 more" in terminal.frame(), "7 rows")
        lines = [line.rstrip("\r") for line in terminal.frame().split("\n")]  # the terminal adds a CR of its own
        self.assertEqual(40, max(len(line) for line in lines))

    def test_while_the_registry_is_away_the_table_says_so(self):
        self.api.expect_registered("web", "web-1", ttl="300s")
        terminal = self.terminal()
        self.eventually(lambda: "web-1" in terminal.frame(), "the instance")
        self.rollcalld.stop()
        self.eventually(lambda: re.search(r"1 ready of 1; .+", terminal.frame()), "the remark")
        self.rollcalld.start()
        self.eventually(lambda: re.search(r"1 ready of 1\s*\r\n", terminal.frame()), "no remark", timeout=20)
