"""packaging/upgrade, which the package's postinst runs: a manager that is a file, and real servers."""

import os
import signal
import subprocess
import time

from tests.support.case import Case
from tests.support.processes import REPOSITORY
from tests.support.service_manager import NotifySocket

UPGRADE = REPOSITORY / "packaging/upgrade"
SYSTEMCTL = """\
#!/bin/sh
cd "{directory}"
case "$*" in
  *ActiveState*) echo active ;;
  *MainPID*) cat main ;;
  *StatusText*) cat status ;;
  *SIGUSR2*) kill -USR2 "$(cat main)" ;;
  *) echo "$*" >>asked ;;
esac
"""


class Upgrade(Case):
    def setUp(self):
        bin = self.directory / "bin"
        bin.mkdir()
        systemctl = bin / "systemctl"
        systemctl.write_text(SYSTEMCTL.format(directory=self.directory))
        systemctl.chmod(0o755)
        self.path = f"{bin}:/usr/bin:/bin"
        self.manager = NotifySocket(self.directory / "notify")
        self.addCleanup(self.manager.close)
        self.tell(main=0, status="", asked="")

    def tell(self, **files):
        for name, value in files.items():
            part = self.directory / f"{name}.part"
            part.write_text(f"{value}\n" if value != "" else "")
            os.replace(part, self.directory / name)

    def said_of(self, main):
        """Runs the script, while what the service says becomes what the manager shows: (exit code, output)."""
        self.tell(main=main)
        script = subprocess.Popen([UPGRADE, "rollcalld.service"], env={"PATH": self.path}, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 60
        while script.poll() is None and time.monotonic() < deadline:
            for state in self.manager.hear(0.05):
                if "MAINPID" in state:
                    self.tell(main=state["MAINPID"])
                    self.addCleanup(self.end, int(state["MAINPID"]))
                if "STATUS" in state:
                    self.tell(status=state["STATUS"])
        self.assertIsNotNone(script.poll(), "the script has ended")
        return script.returncode, script.communicate()[0]

    @staticmethod
    def end(pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def managed(self, *arguments):
        server = self.make_server(*arguments, wrapper=["env", f"NOTIFY_SOCKET={self.manager.path}"])
        server.start()
        self.manager.wait_for("READY")
        return server

    def asked(self):
        return (self.directory / "asked").read_text().split("\n")[:-1]

    def test_a_server_that_runs_is_upgraded_in_place(self):
        server = self.managed()
        self.api_of(server).expect_registered("web", "a", "192.0.2.1", ttl="1h")
        code, said = self.said_of(server.process.pid)
        self.assertEqual(0, code, said)
        self.assertRegex(said, rf"rollcalld.service is upgraded: process \d+ has taken over from {server.process.pid}\n")
        self.assertEqual([], self.asked())
        self.assertEqual({"a"}, self.api_of(server).ids("web"))
        self.assertEqual(0, server.process.wait())

    def test_a_version_that_cannot_hand_over_is_restarted(self):
        old = self.start("old", ["sleep", "60"])
        code, said = self.said_of(old.pid)
        self.assertEqual(0, code, said)
        self.assertIn("is restarted: the version that runs cannot hand over", said)
        self.assertEqual(["try-restart rollcalld.service"], self.asked())
        self.assertTrue(old.is_running(), "SIGUSR2 would have ended it")

    def test_a_new_version_that_cannot_start_leaves_the_old_one_answering(self):
        settings = self.settings_file("")
        server = self.managed("--config", settings)
        settings.write_text("nonsense = 1\n")
        for _ in range(2):
            code, said = self.said_of(server.process.pid)
            self.assertEqual(1, code, said)
            self.assertRegex(said, r"not upgraded, process \d+ did not take over: ")
            self.assertIn("The old version goes on answering", said)
        self.assertEqual([], self.asked())
        self.api_of(server).expect_registered("web", "a", "192.0.2.1")
