"""rollcalld as a service: what it tells a service manager, and the sockets and credentials that it is given."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

from tests.support import service_manager
from tests.support.api import registration, wire
from tests.support.case import Case
from tests.support.processes import REPOSITORY, free_port, need_program, run, wait_until
from tests.support.rollcall import BINARY, log_free_lines, run_to_end
from tests.support.service_manager import NotifySocket

UNITS = REPOSITORY / "packaging/systemd"
FAULTY = BINARY.with_name("rollcalld_on_a_faulty_disk")
EXPOSURE_MAX = 15  # in tenths, as systemd-analyze counts
ROUND = 0.2
LIMIT = 4 * ROUND
TSIG_SECRET = "cm9sbGNhbGwgdGVzdCBrZXkgb2YgMzIgb2N0ZXRzLi4="


class Managed(Case):
    def setUp(self):
        self.manager = NotifySocket(self.directory / "notify")
        self.addCleanup(self.manager.close)

    def managed(self, *arguments, watchdog=None, **options):
        words = ["env", f"NOTIFY_SOCKET={self.manager.path}"]
        if watchdog:
            words.append(f"WATCHDOG_USEC={int(watchdog * 1e6)}")
        return self.make_server(*arguments, wrapper=words, **options)


class Notify(Managed):
    def test_ready_comes_when_the_sockets_answer_and_stopping_before_the_end(self):
        server = self.managed()
        server.process = self.start("rollcalld", server.command(), cwd=self.directory)
        ready = self.manager.wait_for("READY", "1")
        self.assertRegex(ready["STATUS"], r"^answering; 0 instances of 0 services on the roll")
        server.dns_port, server.http_port = server._find_ports()  # they are there: no need to wait
        self.assertTrue(server.is_ready())
        self.assertIn("reading the roll", self.manager.states[0]["STATUS"])
        self.assertEqual(0, server.stop())
        self.manager.wait_for("STOPPING", "1")

    def test_a_reload_is_told_with_its_time_and_its_outcome(self):
        settings = self.settings_file("")
        server = self.managed("--config", settings).start()
        self.manager.wait_for("READY")
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        server.reload()
        reloading = self.manager.wait_for("RELOADING", "1")
        self.assertLess(abs(int(reloading["MONOTONIC_USEC"]) - before), 10_000_000)
        self.assertRegex(self.manager.wait_for("READY")["STATUS"], "^answering")
        settings.write_text("nonsense = 1\n")
        server.reload()
        self.manager.wait_for("RELOADING")
        self.assertRegex(self.manager.wait_for("READY")["STATUS"], "^nothing was reloaded: .*nonsense")

    def test_nothing_is_told_where_nobody_listens(self):
        server = self.managed()
        self.manager.close()
        (self.directory / "notify").unlink()
        server.start()
        self.assertEqual(0, server.stop())


class Watchdog(Managed):
    def test_beats_come_from_a_server_without_work(self):
        self.managed(watchdog=LIMIT).start()
        self.manager.wait_for("READY")
        self.assertGreaterEqual(self.manager.beats(6 * ROUND), 3)

    def test_beats_end_while_the_writer_is_stuck_and_go_on_afterwards(self):
        if not FAULTY.exists():
            self.skipTest(f"{FAULTY.name} has not been built")
        state = self.directory / "disk"
        state.write_text(".")
        server = self.managed(watchdog=LIMIT, binary=FAULTY)
        server.wrapper.append(f"ROLLCALL_FAULTY_DISK={state}")
        server.start()
        self.manager.wait_for("READY")
        with open(state, "r+b", buffering=0) as disk:
            disk.write(b"h")
            waiting = socket.create_connection((server.address, server.http_port))
            self.addCleanup(waiting.close)
            waiting.sendall(wire("PUT", "/v1/services/web/instances/a", registration("192.0.2.1", 80)))
            self.eventually(lambda: "the writer makes no progress" in server.log(), "the log names the writer")
            self.manager.hear()
            self.assertEqual(0, self.manager.beats(6 * ROUND))
            self.assertEqual(1, server.log().count("makes no progress"))
            self.manager.forget()
            disk.seek(0)
            disk.write(b".")
            self.manager.wait_for("WATCHDOG", "1")

    def test_a_machine_that_was_stopped_blames_no_thread(self):
        server = self.managed(watchdog=LIMIT).start()
        self.manager.wait_for("WATCHDOG")
        for _ in range(3):
            server.process.signal(signal.SIGSTOP)
            time.sleep(2 * LIMIT)
            self.manager.forget()
            server.process.signal(signal.SIGCONT)
            self.manager.wait_for("WATCHDOG", seconds=LIMIT)
        self.assertNotIn("makes no progress", server.log())


class SocketActivation(Case):
    def setUp(self):
        self.dns, self.http = free_port(), free_port()

    def given(self, *sockets, arguments=()):
        server = self.make_server(*arguments)
        server.wrapper = [sys.executable, service_manager.__file__, *sockets, "--"]
        return server

    def all_sockets(self, name):
        return [f"{name}=udp:127.0.0.1:{self.dns}", f"{name}=tcp:127.0.0.1:{self.dns}", f"{name}=tcp:127.0.0.1:{self.http}"]

    def expect_serving(self, server):
        api = self.api_of(server)
        api.expect_registered("web", "a", "192.0.2.1")
        for _ in range(50):  # whichever worker reads it
            self.assertEqual({"192.0.2.1"}, server.dns().addresses("web.svc.internal"))

    def test_sockets_that_are_given_stand_for_the_addresses_of_the_settings(self):
        # Another address on the command line: it is not bound.
        server = self.given(*self.all_sockets("rollcalld.socket"), arguments=("--dns-workers", "4"))
        server.start()
        self.assertEqual((self.dns, self.http), (server.dns_port, server.http_port))
        self.expect_serving(server)
        run(["dig", "+tcp", "@127.0.0.1", "-p", str(self.dns), "web.svc.internal"])

    def test_what_comes_while_it_restarts_waits_in_the_sockets(self):
        holder = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(), socket.socket()]
        holder[0].bind(("127.0.0.1", self.dns))
        for each, port in zip(holder[1:], (self.dns, self.http)):
            each.bind(("127.0.0.1", port))
            each.listen(64)
        for each in holder:
            self.addCleanup(each.close)
        words = ["sh", "-c", 'exec env LISTEN_PID=$$ LISTEN_FDS=3 "$@"', "sh", BINARY, "--db", self.directory / "x.db"]

        def start_once(name):
            child = self.directory / f"{name}.err"

            def place():
                for i, each in enumerate(holder):
                    os.dup2(each.fileno(), 100 + i)
                for i in range(3):
                    os.dup2(100 + i, 3 + i, inheritable=True)
            with open(child, "wb") as err:
                process = subprocess.Popen([str(w) for w in words], stderr=err, stdout=subprocess.DEVNULL, preexec_fn=place,
                                           close_fds=False)
            self.addCleanup(process.kill)
            wait_until(lambda: "is ready" in child.read_text(), 15, "it is ready")
            return process
        first = start_once("first")
        first.send_signal(signal.SIGTERM)
        self.assertEqual(0, first.wait(10))
        asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(asker.close)
        asker.settimeout(15)
        asker.sendto(bytes.fromhex("1234010000010000000000000373766308696e7465726e616c0000060001"), ("127.0.0.1", self.dns))
        second = start_once("second")
        self.assertEqual(b"\x12\x34", asker.recv(4096)[:2])
        second.send_signal(signal.SIGTERM)
        self.assertEqual(0, second.wait(10))

    def test_names_say_what_a_socket_is_for(self):
        server = self.given(f"dns=udp:127.0.0.1:{self.dns}", f"dns=tcp:127.0.0.1:{self.dns}", f"http=tcp:127.0.0.1:{self.http}")
        server.start()
        self.expect_serving(server)

    def expect_refused(self, words, *sockets):
        server = self.given(*sockets)
        self._servers.remove(server)  # it is not to start
        ended = run(server.command(), cwd=self.directory)
        self.assertEqual(1, ended.returncode, ended.stderr)
        self.assertIn(words, log_free_lines(ended.stderr)[-1])

    def test_half_of_dns_is_refused_with_what_is_missing(self):
        self.expect_refused(f"over UDP alone: DNS needs both, so add ListenStream=127.0.0.1:{self.dns}",
                            f"x=udp:127.0.0.1:{self.dns}", f"x=tcp:127.0.0.1:{self.http}")

    def test_tls_without_a_certificate_is_refused(self):
        self.expect_refused("[http.tls] is not set", f"https=tcp:127.0.0.1:{self.http}")


class Credentials(Case):
    def test_a_secret_of_the_settings_may_be_a_credential(self):
        held = self.directory / "credentials"
        held.mkdir()
        (held / "transfer").write_text(TSIG_SECRET + "\n")
        settings = self.settings_file('[[key]]\nname = "transfer"\nsecret = "credential:transfer"\n')
        with_it = run(["env", f"CREDENTIALS_DIRECTORY={held}", BINARY, "--check", "--config", settings], cwd=self.directory)
        self.assertEqual((0, []), (with_it.returncode, log_free_lines(with_it.stderr)))
        without = run_to_end(["--check", "--config", settings], self.directory)
        self.assertEqual(1, without.returncode)
        self.assertIn("write LoadCredential=transfer:FILE in the unit", without.stderr)

    def test_the_settings_themselves_may_be_one(self):
        held = self.directory / "credentials"
        held.mkdir()
        (held / "rollcall.toml").write_text("nonsense = 1\n")
        ended = run(["env", f"CREDENTIALS_DIRECTORY={held}", BINARY, "--check", "--config", "credential:rollcall.toml"],
                    cwd=self.directory)
        self.assertIn("nonsense", ended.stderr)


class PortTaken(Case):
    def test_the_sentence_names_who_has_the_port_and_how_to_choose_another(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen(1)
            port = taken.getsockname()[1]
            ended = run_to_end(["--http", f"127.0.0.1:{port}", "--dns", "127.0.0.1:0"], self.directory)
        self.assertEqual(1, ended.returncode)
        name = pathlib.Path("/proc/self/comm").read_text().strip()
        self.assertIn(f"in use by {name} (process ", ended.stderr)
        self.assertIn("choose another address with --http ADDR:PORT or http.listen", ended.stderr)

    def test_so_does_one_for_udp(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("0.0.0.0", 0))
            port = taken.getsockname()[1]
            ended = run_to_end(["--dns", f"127.0.0.1:{port}", "--http", "127.0.0.1:0"], self.directory)
        self.assertRegex(ended.stderr, r"\(UDP\): the address is in use by .+ \(process \d+\): .*--dns ADDR:PORT")


class Units(Case):
    def test_the_unit_leaves_little_exposed(self):
        analyze = need_program("systemd-analyze")
        judged = run([analyze, "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", UNITS / "rollcalld.service"])
        self.assertEqual(0, judged.returncode, judged.stdout[-2000:])

    def test_the_units_say_what_systemd_understands(self):
        analyze = need_program("systemd-analyze")
        for name in ("rollcalld.service", "rollcalld.socket"):
            (self.directory / name).write_text((UNITS / name).read_text().replace("/usr/sbin/rollcalld", str(BINARY)))
        found = run([analyze, "verify", "--man=false", "--recursive-errors=no", self.directory / "rollcalld.service",
                     self.directory / "rollcalld.socket"])
        complaints = [line for line in found.stderr.splitlines() if "rollcalld" in line]
        self.assertEqual([], complaints)
