"""What cannot start says why in one plain sentence on stderr, and exits with 1."""

import socket
import sqlite3

from tests.support.case import Case
from tests.support.processes import free_port
from tests.support.rollcall import BINARY, ZONE, log_free_lines, run_to_end


class StartUpTest(Case):
    def refusal(self, *arguments, exit_code=1):
        """The sentence; the harness's free ports and a database of the test come first, `arguments` override them."""
        given = [str(argument) for argument in arguments]
        for flag, value in (("--dns", "127.0.0.1:0"), ("--http", "127.0.0.1:0"), ("--db", str(self.directory / "a.db"))):
            if flag not in given:
                given += [flag, value]
        result = run_to_end(given, self.directory)
        self.assertEqual(exit_code, result.returncode, result.stderr)
        lines = log_free_lines(result.stderr)
        self.assertEqual(1, len(lines), result.stderr)
        self.assertEqual("", result.stdout)
        for trace_of_the_inside in ("terminate", "std::", "what()", "exception", "errno"):
            self.assertNotIn(trace_of_the_inside, lines[0])
        return lines[0]

    def expect_refusal(self, words, *arguments, exit_code=1):
        sentence = self.refusal(*arguments, exit_code=exit_code)
        for word in words:
            self.assertIn(word, sentence)

    def hold_port(self, kind):
        port = free_port()
        holder = socket.socket(socket.AF_INET, kind)
        self.addCleanup(holder.close)
        holder.bind(("127.0.0.1", port))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        return f"127.0.0.1:{port}"

    def test_a_port_in_use_is_named(self):
        for flag, kind in (("--http", socket.SOCK_STREAM), ("--dns", socket.SOCK_STREAM), ("--dns", socket.SOCK_DGRAM)):
            with self.subTest(flag=flag, kind=kind):
                endpoint = self.hold_port(kind)
                self.expect_refusal([endpoint], flag, endpoint)

    def test_the_ports_of_a_running_rollcalld_are_in_use(self):
        rollcalld = self.server()
        self.expect_refusal([str(rollcalld.dns_port)], "--dns", f"127.0.0.1:{rollcalld.dns_port}")
        self.expect_refusal([str(rollcalld.http_port)], "--http", f"127.0.0.1:{rollcalld.http_port}")
        self.assertTrue(rollcalld.is_ready())

    def test_too_few_files_for_the_connections_of_the_settings_are_warned_of(self):
        command = [BINARY, "--dns", "127.0.0.1:0", "--http", "127.0.0.1:0", "--db", self.directory / "a.db"]
        few = self.start("few-files", ["sh", "-c", 'ulimit -n 700; exec "$0" "$@"', *command], cwd=self.directory)
        said = self.eventually(lambda: [line for line in few.stderr_path.read_text().splitlines() if "warn" in line],
                               "a warning")
        self.assertIn("700 files may be open", said[0])
        self.assertIn("ulimit -n", said[0])

    def test_an_address_that_is_not_ours_is_named(self):
        self.expect_refusal(["192.0.2.53:5353"], "--dns", "192.0.2.53:5353")

    def test_a_bad_zone_file_is_named_with_its_line(self):
        line = len(ZONE.splitlines()) + 1
        self.expect_refusal([f"test.zone:{line}"], "--zone",
                            f"svc.internal={self.zone_file(ZONE + 'bad IN A not-an-address' + chr(10))}")

    def test_a_zone_file_that_is_not_there_is_named(self):
        absent = f"{self.directory}/absent.zone"
        self.expect_refusal(["svc.internal", absent, "does not exist"], "--zone", f"svc.internal={absent}")
        self.expect_refusal(["lab.example", absent, "does not exist"], "--zone", f"lab.example={absent}")
        self.expect_refusal(["zones/svc.internal.zone does not exist"], "--zone", "svc.internal=zones/svc.internal.zone")
        settings = self.settings_file('[[zone]]\nname = "svc.internal"\nfile = "zones/svc.internal.zone"\n')
        self.expect_refusal(["zones/svc.internal.zone does not exist"], "--config", settings)

    def test_a_zone_without_its_default_file_is_refused(self):
        self.expect_refusal(["lab.example", "zones/lab.example.zone does not exist", "--zone lab.example=FILE"],
                            "--zone", "lab.example")
        (self.directory / "zones").mkdir()
        (self.directory / "zones/lab.example.zone").write_text("@ 1 IN SOA ns host 1 2 3 4 1\n@ IN NS ns\nns IN A 127.0.0.1\n")
        found = run_to_end(["--check", "--zone", "lab.example"], self.directory)
        self.assertEqual((0, ""), (found.returncode, found.stderr))

    def test_the_default_zone_says_that_its_built_in_copy_is_served(self):
        done = run_to_end(["--check"], self.directory)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("zone svc.internal: zones/svc.internal.zone does not exist: the copy built into the program is served",
                      done.stderr)

    def test_a_zone_file_that_cannot_be_reached_is_not_taken_for_a_missing_one(self):
        (self.directory / "elsewhere").mkdir()
        loop = self.directory / "elsewhere/zones"
        loop.symlink_to("zones")
        refused = run_to_end(["--check"], self.directory / "elsewhere")
        self.assertEqual(1, refused.returncode, refused.stderr)
        self.assertIn("zones/svc.internal.zone", refused.stderr)

    def test_another_programs_database_is_refused_and_left_alone(self):
        path = self.directory / "foreign.db"
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE customers (name TEXT)")
        connection.commit()
        connection.close()
        before = path.read_bytes()
        self.expect_refusal(["foreign.db"], "--db", path)
        self.assertEqual(before, path.read_bytes())

    def test_a_file_that_is_no_database_is_refused_and_left_alone(self):
        path = self.directory / "letter.txt"
        path.write_text("Dear reader,\n" * 100)
        self.expect_refusal(["letter.txt"], "--db", path)
        self.assertEqual("Dear reader,\n" * 100, path.read_text())

    def test_a_database_in_a_directory_that_is_not_there_is_refused(self):
        self.expect_refusal(["nowhere/a.db"], "--db", self.directory / "nowhere/a.db")

    def test_a_newer_schema_is_refused_and_left_alone(self):
        path = self.directory / "newer.db"
        rollcalld = self.server(database=path)
        self.api_of(rollcalld).expect_registered("web", "i-1")
        rollcalld.stop()
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 9999")
        connection.commit()
        connection.close()
        self.expect_refusal(["newer.db", "9999"], "--db", path)
        connection = sqlite3.connect(path)
        self.assertEqual(9999, connection.execute("PRAGMA user_version").fetchone()[0])
        connection.close()

    def test_a_second_rollcalld_on_the_same_database_is_refused_and_the_first_goes_on(self):
        rollcalld = self.server()
        self.expect_refusal([rollcalld.database.name], "--db", rollcalld.database)
        self.api_of(rollcalld).expect_registered("web", "i-1", "192.0.2.1")
        self.assertEqual({"192.0.2.1"}, rollcalld.dns().addresses("web.svc.internal"))

    def test_a_bad_setting_is_named_with_file_line_and_key(self):
        for text, words in (("[dns]\nworkers = 1\nwrokers = 2\n", ["settings.toml:3", "wrokers"]),
                            ("[dns]\nttl = 5.5\n", ["settings.toml:2", "ttl"]),
                            ("[dns]\nudp_payload = 100\n", ["settings.toml:2", "udp_payload"]),
                            ("[lease]\nmin = \"2s\"\nmax = \"1s\"\n", ["settings.toml"]),
                            ("[[zone]]\nname = \"svc..internal\"\n", ["settings.toml:2", "svc..internal"]),
                            ("[dns\n", ["settings.toml:1"])):
            with self.subTest(text=text):
                self.expect_refusal(words, "--config", self.settings_file(text))

    def test_a_settings_file_that_is_not_there_is_named(self):
        self.expect_refusal(["absent.toml"], "--config", self.directory / "absent.toml")

    def test_an_unknown_flag_is_named(self):
        self.expect_refusal(["--frobnicate"], "--frobnicate", exit_code=2)
        self.expect_refusal(["stray"], "stray", exit_code=2)

    def test_a_flag_with_a_bad_value_is_named(self):
        self.expect_refusal(["--dns", "localhost:53"], "--dns", "localhost:53", exit_code=2)
        self.expect_refusal(["--http", "127.0.0.1:65536"], "--http", "127.0.0.1:65536", exit_code=2)
        self.expect_refusal(["--log-level"], "--log-level", "loud", exit_code=2)
        self.expect_refusal(["--dns-workers"], "--dns-workers", "-1", exit_code=2)

    def test_check_validates_and_serves_nothing(self):
        good = run_to_end(["--check", "--zone", f"svc.internal={self.zone_file()}"], self.directory)
        self.assertEqual(0, good.returncode, good.stderr)
        self.assertFalse((self.directory / "rollcall.db").exists())
        self.expect_refusal(["test.zone:1"], "--check", "--zone", f"svc.internal={self.zone_file('nonsense(' + chr(10))}")

    def test_help_and_version_go_to_stdout(self):
        for flag, word in (("--help", "--dns"), ("--version", "rollcalld")):
            result = run_to_end([flag], self.directory)
            self.assertEqual((0, ""), (result.returncode, result.stderr))
            self.assertIn(word, result.stdout)
