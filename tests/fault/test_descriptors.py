"""A machine that gives too little: fewer files, threads or octets of memory than a start needs, and none left later."""

import os
import re
import resource
import time

from tests.support.api import Api
from tests.support.case import Case
from tests.support.processes import need_program
from tests.support.rollcall import BINARY, need_binary

CHECK = {"type": "tcp", "interval": "1s", "timeout": "500ms", "fall": 1}


class TooLittleAtStart(Case):
    def setUp(self):
        need_binary()
        need_program("prlimit")

    def start_with(self, *limits, user=None):
        """The exit code and stderr of a start under these limits; None where it was ready."""
        as_user = ["setpriv", "--reuid", user, "--clear-groups"] if user else []
        process = self.start("limited", [
            *as_user, "prlimit", *limits, BINARY, "--dns", "127.0.0.1:0", "--http", "127.0.0.1:0", "--dns-workers", "2",
            "--db", self.directory / "rollcall.db"])
        self.eventually(lambda: not process.is_running() or "dig" in process.stdout(), "it is ready, or has ended")
        if process.is_running():
            if user is not None:
                self.use(re.search(r"127\.0\.0\.1:\d+", process.stdout()).group())
            self.assertEqual(0, process.stop())
            process.stdout_path.unlink()
            return None
        code, said = process.wait(), process.stderr()
        process.stderr_path.unlink()
        process.stdout_path.unlink()
        return code, said

    def use(self, http):
        """What is retired by a change is freed by a thread: that is there too."""
        api = Api(*http.split(":"))
        self.addCleanup(api.close)
        for last in (1, 2, 3):
            api.expect_registered("web", "a", f"192.0.2.{last}")
        api.close()

    def expect_a_sentence(self, outcome, what):
        code, said = outcome
        self.assertEqual(1, code, (what, said))
        lines = [line for line in said.splitlines() if line.startswith("rollcalld: ")]
        self.assertEqual(1, len(lines), (what, said))
        self.assertNotIn("terminate called", said)

    def test_a_start_with_fewer_files_than_it_needs_ends_with_a_sentence(self):
        if "UBSAN_OPTIONS" in os.environ:
            self.skipTest("UndefinedBehaviorSanitizer takes a descriptor for each look at an object's type")
        refused = 0
        for files in range(8, 100, 2):  # below, the loader finds no library
            outcome = self.start_with(f"--nofile={files}:{files}")
            if outcome is None:
                break
            refused += 1
            self.expect_a_sentence(outcome, f"{files} files")
        else:
            self.fail("a start needs more than 100 files")
        self.assertGreater(refused, 5)

    def test_a_start_with_fewer_threads_than_it_needs_ends_with_a_sentence(self):
        need_program("setpriv")
        if os.geteuid() != 0:
            self.skipTest("only root can start a process of a user who has no other")
        os.chmod(self.directory, 0o777)
        for threads in range(2, 16, 3):
            outcome = self.start_with(f"--nproc={threads}:{threads}", user="54321")
            if outcome is not None:
                self.expect_a_sentence(outcome, f"{threads} threads")
                self.assertIn("temporarily unavailable", outcome[1])


class NothingLeftLater(Case):
    def metric(self, api, name):
        for line in api.call("GET", "/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rpartition(" ")[2])
        raise AssertionError(f"no metric {name}")

    def test_out_of_descriptors_nobody_turns_critical_and_nobody_that_probes_renew_is_lost(self):
        server = self.server("--dns-workers", "1")
        api = self.api_of(server)
        api.expect_registered("web", "checked", "127.0.0.1", server.http_port, checks=[CHECK])
        api.expect_registered("web", "named", "127.0.0.1", server.http_port,
                              checks=[{**CHECK, "address": "localhost"}])
        api.expect_registered("web", "asked", "127.0.0.1", server.dns_port,
                              checks=[{**CHECK, "type": "dns", "name": "svc.internal", "qtype": "SOA"}])
        api.expect_registered("web", "probed", "127.0.0.1", server.http_port, ttl="2s", probe="tcp",
                              renew_on_probe=True)
        ran = 'rollcall_checks_total{type="tcp",result="passed"}'
        self.eventually(lambda: self.metric(api, ran) >= 2, "the checks run")
        pid = server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))  # those that are open stay so
        not_run = 'rollcall_checks_total{type="%s",result="not_run"}'
        self.eventually(lambda: self.metric(api, not_run % "tcp") >= 6 and self.metric(api, not_run % "dns") >= 3,
                        "the checks cannot run", timeout=15)
        time.sleep(2.5)  # longer than the lease that only probes renew
        instances = api.instances("web")
        self.assertEqual({"checked", "named", "asked", "probed"}, set(instances))
        self.assertEqual({"ready"}, {each["status"] for each in instances.values()})
        lines = [line for line in server.log().splitlines() if "could not run" in line]
        self.assertTrue(1 <= len(lines) <= 3, lines)

        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        passed = self.metric(api, ran)
        self.eventually(lambda: self.metric(api, ran) >= passed + 2, "the checks run again")
        self.assertEqual({"ready"}, {each["status"] for each in api.instances("web").values()})
