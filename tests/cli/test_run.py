"""`rollcall run`: programs that know nothing of any registry, well-behaved and not, and run as PID 1 of a namespace."""

import os
import pathlib
import signal
import socket
import time
import unittest

from tests.support.cli import CliCase, rollcall
from tests.support.processes import free_port, need_program, run

CHILD = pathlib.Path(__file__).with_name("programs") / "child.py"
AS_PID_1 = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


def need_pid_namespaces():
    need_program("unshare")
    attempt = run([*AS_PID_1, "true"])
    if attempt.returncode != 0:
        raise unittest.SkipTest(f"no PID namespace: {attempt.stderr.strip()}")


def init_of(namespace):
    """The PID, seen from here, of the PID 1 that `unshare` has forked."""
    children = pathlib.Path(f"/proc/{namespace.pid}/task/{namespace.pid}/children").read_text().split()
    return int(children[0]) if children else 0


class RunCase(CliCase):
    wrapper = ()

    def setUp(self):
        super().setUp()
        self.registry = self.server()
        self.pidfile = self.directory / "child.pid"

    def begin_run(self, deed, *options, port="auto", ttl="1s", **changes):
        """`rollcall run` over child.py; waits until the child has been started."""
        words = ["/usr/bin/python3", "-B", CHILD, *deed.split()]
        process = self.begin(self.registry, "run", "--service", "web", "--port", port, "--ttl", ttl, *options, "--", *words,
                             wrapper=self.wrapper, PIDFILE=str(self.pidfile), SICK=str(self.directory / "sick"), **changes)
        self.eventually(lambda: self.pidfile.exists() and self.pidfile.read_text(), "the child has started")
        return process

    def signal(self, process, number):
        process.signal(number)

    def registered(self, status="ready"):
        self.eventually(lambda: self.ids(self.registry, "web", status), f"an instance that is {status}")

    def gone(self, timeout=10):
        self.eventually(lambda: not self.ids(self.registry, "web"), "nobody on the roll", timeout)

    def last_events(self):
        events = self.api_of(self.registry).call("GET", "/v1/events?service=web").json["events"]
        return [event["event"] for event in reversed(events)]


class InheritedFiles(RunCase):
    def test_a_command_has_the_files_it_was_given_and_none_of_rollcalls_own(self):
        given, other_end = os.pipe()
        self.addCleanup(os.close, given)
        self.addCleanup(os.close, other_end)
        self.begin(self.registry, "run", "--service", "web", "--port", "auto", "--ttl", "1s", "--probe", "none", "--", "/bin/sh", "-c",
                   f"echo $$ >{self.pidfile}; exec sleep 60", wrapper=(), pass_fds=(given,))
        self.eventually(lambda: self.pidfile.exists() and self.pidfile.read_text(), "the child has started")
        self.registered()  # the connection to the registry is open by now
        child = pathlib.Path(f"/proc/{self.pidfile.read_text().strip()}/fd")
        # The shell's own is one that it uses for the file above, for a moment.
        self.eventually_equal({0, 1, 2, given}, lambda: {int(each.name) for each in child.iterdir()})


class Children:
    """What holds for a plain process, and for PID 1 of a namespace."""

    def test_a_well_behaved_child_drains_ends_and_is_deregistered(self):
        process = self.begin_run("serve")
        self.registered()
        self.signal(process, signal.SIGTERM)
        self.assertEqual(0, process.wait(15), process.stderr())
        self.assertEqual("SIGTERM\n", process.stdout())
        self.assertEqual(["registered", "draining", "deregistered"], self.last_events())

    def test_a_crashing_child_is_off_the_roll_at_once_and_its_code_is_told(self):
        process = self.begin_run("crash 7", ttl="60s")
        self.registered()
        self.assertEqual(7, process.wait(15), process.stderr())
        self.assertEqual(["registered", "deregistered"], self.last_events())

    def test_a_child_that_a_signal_ends_is_128_and_the_signal(self):
        self.assertEqual(128 + signal.SIGSEGV, self.begin_run(f"die {int(signal.SIGSEGV)}").wait(15))
        self.gone()

    def test_a_hanging_child_is_killed_after_the_deadline(self):
        process = self.begin_run("hang", "--kill-after", "500ms", ttl="60s")
        self.registered()
        self.signal(process, signal.SIGTERM)
        self.assertEqual(128 + signal.SIGKILL, process.wait(15), process.stderr())
        self.assertEqual("SIGTERM\n", process.stdout())
        self.assertIn("has not ended within 500ms: it is killed", process.stderr())
        self.assertEqual(["registered", "draining", "deregistered"], self.last_events())

    def test_a_stopping_child_whose_lease_has_ended_is_not_registered_again(self):
        process = self.begin_run("hang", "--kill-after", "2s")
        self.registered()
        self.signal(process, signal.SIGTERM)
        self.eventually(lambda: process.stdout() == "SIGTERM\n", "the child has been told to stop")
        self.api_of(self.registry).expect_deregistered("web", self.ids(self.registry, "web")[0])
        self.assertEqual(128 + signal.SIGKILL, process.wait(15), process.stderr())  # after several times of a heartbeat
        self.assertEqual(["registered", "draining", "deregistered"], self.last_events())

    def test_signals_are_passed_on_as_they_come(self):
        process = self.begin_run("serve")
        self.registered()
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT):
            self.signal(process, number)
            self.eventually(lambda number=number: number.name in process.stdout(), number.name)
        self.signal(process, signal.SIGINT)
        self.assertEqual(0, process.wait(15), process.stderr())
        self.assertEqual("SIGHUP SIGUSR1 SIGUSR2 SIGQUIT SIGINT".split(), process.stdout().split())


class Plain(Children, RunCase):
    def test_it_registers_only_when_the_port_answers(self):
        began = time.monotonic()
        process = self.begin_run("slow")
        self.registered()
        self.assertGreater(time.monotonic() - began, 1.0)
        process.stop(15)

    def test_a_second_signal_does_not_wait_for_caches(self):
        process = self.begin_run("serve", ttl="60s")
        self.registered()
        self.said(self.registry, "resolve", "web", "--a")  # now a cache may have it, for a second
        process.signal(signal.SIGTERM)
        self.eventually(lambda: self.ids(self.registry, "web", "draining"), "draining")
        self.assertEqual("", process.stdout())
        process.signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(15))
        self.gone()

    def test_the_signal_waits_until_no_cache_can_have_the_instance(self):
        process = self.begin_run("serve", ttl="60s")
        self.registered()
        self.said(self.registry, "resolve", "web", "--a")
        began = time.monotonic()
        process.signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(15))
        self.assertGreater(time.monotonic() - began, 0.5)  # of the answer's TTL, a second, what was left of it

    def test_heartbeats_stop_while_the_probe_disagrees(self):
        process = self.begin_run("sick", "--probe", "http:/healthz")
        self.registered()
        (self.directory / "sick").touch()
        self.gone()
        self.assertIn("the probe does not agree", process.stderr())
        (self.directory / "sick").unlink()
        self.registered()
        self.assertIn("expired", self.last_events())
        self.assertEqual(0, process.stop(15))

    def test_a_registry_that_is_away_does_not_keep_the_command_from_running(self):
        self.registry.stop()
        process = self.begin_run("serve", ttl="3s")
        self.eventually(lambda: "not on the roll, trying again: cannot connect to" in process.stderr(), "a remark")
        self.registry.start()
        self.registered()
        self.assertEqual(0, process.stop(15))

    def test_a_registry_that_is_away_does_not_keep_it_from_ending(self):
        process = self.begin_run("serve")
        self.registered()
        self.registry.stop()
        began = time.monotonic()
        self.assertEqual(0, process.stop(20), process.stderr())
        self.assertLess(time.monotonic() - began, 10)
        self.assertIn("could not be taken off the roll", process.stderr())

    def test_a_service_manager_is_told_when_it_is_ready_and_when_it_stops(self):
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(told.close)
        told.bind(str(self.directory / "notify"))
        told.settimeout(10)
        began = time.monotonic()
        process = self.begin_run("slow", NOTIFY_SOCKET=str(self.directory / "notify"))
        self.assertEqual(b"READY=1", told.recv(100))
        self.assertGreater(time.monotonic() - began, 1.0)
        child = pathlib.Path(f"/proc/{self.pidfile.read_text()}/environ").read_bytes()
        self.assertNotIn(b"NOTIFY_SOCKET", child)
        process.signal(signal.SIGTERM)
        self.assertEqual(b"STOPPING=1", told.recv(100))
        self.assertEqual(0, process.wait(15))

    def test_its_own_failures_have_codes_of_their_own(self):
        port = free_port()
        for words, code in ((["/nonexistent/server"], 127), (["no-such-command-at-all"], 127), ([str(CHILD)], 126),
                            (["sh", "-c", "exit 42"], 42), (["true"], 0)):
            with self.subTest(words):
                done = self.ask(self.registry, "run", "--service", "web", "--port", port, "--", *words)
                self.assertEqual(code, done.returncode, done.stderr)
        done = rollcall("run", "--service", "web", "--port", port, "--token-file", "/nonexistent", "--", "true")
        self.assertEqual(125, done.returncode)

    def test_what_stands_behind_the_dashes_is_the_commands(self):
        done = self.ask(self.registry, "run", "--service", "web", "--port", "9", "--quiet", "--", "echo", "--json", "--", "-x")
        self.assertEqual((0, "--json -- -x\n", ""), (done.returncode, done.stdout, done.stderr))

    def test_the_command_has_a_mask_and_actions_as_if_it_were_alone(self):
        mine = rollcall("run", "--service", "web", "--port", "9", "--quiet", "--", "grep", "-E", "Sig(Blk|Ign|Cgt)",
                        "/proc/self/status", ROLLCALL_HTTP=f"127.0.0.1:{self.registry.http_port}").stdout
        alone = run(["grep", "-E", "Sig(Blk|Ign|Cgt)", "/proc/self/status"]).stdout
        self.assertEqual([line.split()[1] for line in alone.splitlines()[:1]], [line.split()[1] for line in mine.splitlines()[:1]])
        ignored = int(next(line for line in mine.splitlines() if line.startswith("SigIgn")).split()[1], 16)
        self.assertFalse(ignored & (1 << (signal.SIGPIPE - 1)), "SIGPIPE is not ignored")


class AsPid1(Children, RunCase):
    wrapper = AS_PID_1

    def setUp(self):
        need_pid_namespaces()
        super().setUp()

    def signal(self, process, number):
        os.kill(init_of(process), number)

    def test_orphans_are_reaped(self):
        process = self.begin_run("orphans", ttl="60s")
        self.registered()
        init = init_of(process)

        def states():
            seen = []
            for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
                try:
                    fields = path.read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(fields[1]) == init:
                    seen.append(fields[0])
            return seen

        # The command and the orphan that sleeps on; the other has ended, and is not left as a zombie.
        self.eventually(lambda: len(states()) == 2 and "Z" not in states(), "no zombie")
        self.signal(process, signal.SIGTERM)
        self.assertEqual(0, process.wait(15), process.stderr())


if __name__ == "__main__":
    unittest.main()
