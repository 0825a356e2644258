"""`rollcall template` as people use it: files that follow the roll, commands, a registry that goes away, bad templates."""

import os
import pathlib
import stat
import time

from tests.support.case import Case
from tests.support.processes import REPOSITORY, find_program, run
from tests.support.cli import ROLLCALL, need_rollcall

LINES = "{{#service.web.instances}}\n{{id}} {{endpoint}}\n{{/service.web.instances}}\n"


class TemplateTest(Case):
    def setUp(self):
        need_rollcall()
        self.rollcalld = self.server()
        self.api = self.api_of(self.rollcalld)
        self.out = self.directory / "out"

    def template(self, text=LINES, name="t.tmpl"):
        path = self.directory / name
        path.write_text(text)
        return path

    def command(self, *arguments):
        return [ROLLCALL, "--http", f"127.0.0.1:{self.rollcalld.http_port}", "template", *arguments]

    def once(self, *arguments):
        return run(self.command("--once", *arguments))

    def keep(self, *arguments):
        return self.start("template", self.command(*arguments))

    def expect(self, text):
        self.eventually_equal(text, lambda: self.out.read_text() if self.out.exists() else None)

    def test_once_renders_and_runs_the_command_and_ends(self):
        self.api.expect_registered("web", "a", "192.0.2.1", 8001)
        done = self.once(f"{self.template()}:{self.out}:echo ran >> {self.directory}/ran")
        self.assertEqual((0, "a 192.0.2.1:8001\n"), (done.returncode, self.out.read_text()), done.stderr)
        self.assertIn(f"wrote {self.out}", done.stderr)
        self.assertEqual("ran\n", (self.directory / "ran").read_text())

    def test_the_same_text_again_writes_nothing_and_runs_nothing(self):
        self.api.expect_registered("web", "a", "192.0.2.1", 8001)
        spec = f"{self.template()}:{self.out}:echo ran >> {self.directory}/ran"
        self.once(spec)
        before = self.out.stat()
        again = self.once(spec)
        self.assertEqual((0, ""), (again.returncode, again.stderr))
        self.assertEqual((before.st_ino, before.st_mtime_ns), (self.out.stat().st_ino, self.out.stat().st_mtime_ns))
        self.assertEqual("ran\n", (self.directory / "ran").read_text())

    def test_without_a_zone_the_file_follows_the_zone_it_is_made_from_alone(self):
        zone = self.zone_file("@ 60 IN SOA ns.test. hostmaster.test. 1 3600 600 86400 1\n@ 60 IN NS ns.test.\n")
        server = self.server("--zone", f"first.test={zone}", "--zone", f"second.test={zone}", name="zones",
                             database=self.directory / "zones.db")
        api = self.api_of(server)
        template = self.template("{{#services}}\n{{zone}} {{name}}\n{{/services}}\n")
        self.start("template", [ROLLCALL, "--http", f"127.0.0.1:{server.http_port}", "template", "--settle", "10ms",
                                f"{template}:{self.out}"])
        api.expect_registered("web", "a")
        self.expect("first.test web\n")
        self.assertEqual(201, api.register("other", "b", zone="second.test").status)
        api.expect_registered("db", "c")
        self.expect("first.test db\nfirst.test web\n")

    def test_the_command_gets_no_file_of_its_starter(self):
        """While the connection on which the roll is watched is open."""
        self.api.expect_registered("web", "a", "192.0.2.1", 8001)
        seen = self.directory / "seen"
        process = self.keep(f"{self.template()}:{self.out}:ls -l /proc/$$/fd > {seen}.new; mv {seen}.new {seen}")
        self.expect("a 192.0.2.1:8001\n")
        self.eventually(seen.exists, "the command has run")
        seen.unlink()
        self.api.expect_registered("web", "b", "192.0.2.2", 8002)
        self.eventually(seen.exists, "the command has run again")
        self.assertTrue(any("socket:" in os.readlink(each) for each in pathlib.Path(f"/proc/{process.pid}/fd").iterdir()))
        self.assertEqual([], [line for line in seen.read_text().splitlines() if "socket:" in line])

    def test_a_dash_is_stdout(self):
        self.api.expect_registered("web", "a", "192.0.2.1", 8001)
        self.assertEqual("a 192.0.2.1:8001\n", self.once(f"{self.template()}:-").stdout)

    def test_the_file_follows_registrations_drains_and_ends_of_leases(self):
        template = self.keep(f"{self.template()}:{self.out}")
        self.expect("")
        self.api.expect_registered("web", "a", "192.0.2.1", 8001)
        self.expect("a 192.0.2.1:8001\n")
        self.api.expect_registered("web", "b", "192.0.2.2", 8002, ttl="2s")
        self.expect("a 192.0.2.1:8001\nb 192.0.2.2:8002\n")
        self.api.call("POST", "/v1/services/web/instances/a/drain")
        self.expect("b 192.0.2.2:8002\n")
        self.expect("")
        self.assertEqual(0, template.stop())

    def test_many_changes_are_few_renderings(self):
        self.keep("--settle", "500ms", f"{self.template()}:{self.out}:echo ran >> {self.directory}/ran")
        self.expect("")
        for n in range(40):
            self.api.expect_registered("web", f"i-{n:02}", "192.0.2.1", 8000 + n)
        self.expect("".join(f"i-{n:02} 192.0.2.1:{8000 + n}\n" for n in range(40)))
        self.assertLess(len((self.directory / "ran").read_text().splitlines()), 10)

    def test_while_the_registry_is_away_the_file_stays_and_what_was_missed_comes_after(self):
        self.api.expect_registered("web", "a", "192.0.2.1", 8001)
        template = self.keep(f"{self.template()}:{self.out}")
        self.expect("a 192.0.2.1:8001\n")
        self.rollcalld.stop()
        self.eventually(lambda: "the files stay as they are" in template.stderr(), "the remark")
        self.assertEqual("a 192.0.2.1:8001\n", self.out.read_text())
        self.rollcalld.start()
        self.api_of(self.rollcalld).expect_registered("web", "b", "192.0.2.2", 8002)
        self.expect("a 192.0.2.1:8001\nb 192.0.2.2:8002\n")
        self.assertEqual(1, template.stderr().count("the files stay as they are"))
        self.assertEqual(1, template.stderr().count("the registry is back"))

    def test_a_registry_that_is_away_at_the_start_is_waited_for_but_not_with_once(self):
        self.api.expect_registered("web", "a", "192.0.2.1", 8001)
        self.rollcalld.stop()
        done = self.once(f"{self.template()}:{self.out}")
        self.assertEqual((3, 1), (done.returncode, done.stderr.count("\n")), done.stderr)
        self.assertFalse(self.out.exists())
        self.keep(f"{self.template()}:{self.out}")
        time.sleep(0.3)
        self.rollcalld.start()
        self.expect("a 192.0.2.1:8001\n")

    def test_a_command_that_fails_is_named_and_runs_again_with_the_next_change(self):
        self.template()
        template = self.keep(f"{self.directory}/t.tmpl:{self.out}:echo ran >> {self.directory}/ran; test -e {self.directory}/good")
        self.eventually(lambda: "failed with exit code 1" in template.stderr(), "the remark")
        (self.directory / "good").touch()
        self.api.expect_registered("other", "x")  # another service: the text stays the same
        self.eventually(lambda: (self.directory / "ran").read_text() == "ran\nran\n", "the second run")

    def test_a_command_that_hangs_is_ended(self):
        done = self.once("--command-timeout", "200ms", f"{self.template('x')}:{self.out}:sleep 60 & sleep 60")
        self.assertEqual(1, done.returncode)
        self.assertIn("was not done after 200ms and has been killed", done.stderr)

    def test_a_command_of_several_files_runs_once_when_all_are_written(self):
        command = f"cat {self.directory}/o1 {self.directory}/o2 >> {self.directory}/ran"
        one, two = self.template("1\n", "1.tmpl"), self.template("2\n", "2.tmpl")
        done = self.once(f"{one}:{self.directory}/o1:{command}", f"{two}:{self.directory}/o2:{command}")
        self.assertEqual((0, "1\n2\n"), (done.returncode, (self.directory / "ran").read_text()), done.stderr)

    def test_mode_and_link_stay(self):
        self.out.write_text("old")
        self.out.chmod(0o640)
        link = self.directory / "link"
        link.symlink_to("out")
        self.once(f"{self.template('new')}:{link}")
        self.assertEqual(("new", 0o640), (self.out.read_text(), stat.S_IMODE(self.out.stat().st_mode)))
        self.assertTrue(link.is_symlink())
        self.assertEqual({"out", "link", "t.tmpl"}, {name for name in os.listdir(self.directory)
                                                     if not name.startswith("rollcall")})

    def test_sighup_reads_the_template_again_unless_it_cannot_be_used(self):
        path = self.template("one {{service.web.count}}\n")
        template = self.keep(f"{path}:{self.out}")
        self.expect("one 0\n")
        path.write_text("two {{service.web.cuont}}\n")
        template.signal(1)
        self.eventually(lambda: "the templates stay as they were" in template.stderr(), "the remark")
        path.write_text("two {{service.web.count}}\n")
        template.signal(1)
        self.expect("two 0\n")

    def test_a_template_that_cannot_be_used_is_an_error_at_once(self):
        cases = {"{{#services}}": "Unclosed section \"services\" in line 1", "{{nmae}}": "{{nmae}} is no name"}
        for text, sentence in cases.items():
            done = self.once(f"{self.template(text)}:{self.out}")
            self.assertEqual((1, 1), (done.returncode, done.stderr.count("\n")), done.stderr)
            self.assertIn(sentence, done.stderr)
        done = self.once(f"{self.directory}/none:{self.out}")
        self.assertEqual(1, done.returncode)
        self.assertIn("none cannot be read: No such file or directory", done.stderr)
        self.assertEqual(2, self.once("only-a-file").returncode)

    def test_a_file_that_cannot_be_written_is_an_error_and_the_others_are_written(self):
        path = self.template("text")
        done = self.once(f"{path}:{self.directory}/none/out", f"{path}:{self.out}")
        self.assertEqual((1, "text"), (done.returncode, self.out.read_text()))
        self.assertIn("cannot be written: No such file or directory", done.stderr)


class ShippedTemplatesTest(Case):
    """With the programs that read what they make."""

    def setUp(self):
        need_rollcall()
        self.rollcalld = self.server()
        api = self.api_of(self.rollcalld)
        api.expect_registered("web", "web-1", ["192.0.2.1", "2001:db8::1"], 8001, weight=0, meta={"note": "x;}\n\"'"})
        api.expect_registered("web", "it's;}\"{", "2001:db8::2", 8002, weight=65535, priority=7)
        api.expect_registered("api", "a", "192.0.2.3", 80)
        api.expect_registered("empty", "e")
        api.expect_deregistered("empty", "e")

    def render(self, name):
        out = self.directory / name.removesuffix(".tmpl")
        done = run([ROLLCALL, "--http", f"127.0.0.1:{self.rollcalld.http_port}", "template", "--once",
                    f"{REPOSITORY}/templates/{name}:{out}"])
        self.assertEqual(0, done.returncode, done.stderr)
        return out

    def accepted(self, *command):
        program = find_program(command[0])
        if program is None:
            self.skipTest(f"{command[0]} is not installed")
        done = run([program, *command[1:]])
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_nginx_accepts_its_file(self):
        upstreams = self.render("nginx.conf.tmpl")
        main = self.directory / "main.conf"
        main.write_text(f"pid {self.directory}/pid; events {{}} http {{ include {upstreams}; }}")
        self.accepted("nginx", "-e", self.directory / "log", "-t", "-c", main)
        self.assertIn("server 192.0.2.1:8001 weight=1 max_fails=1 fail_timeout=2s;", upstreams.read_text())
        self.assertIn("server [2001:db8::2]:8002 weight=65535 max_fails=1 fail_timeout=2s backup;", upstreams.read_text())

    def test_haproxy_accepts_its_files(self):
        backends, names = self.render("haproxy.cfg.tmpl"), self.render("haproxy.map.tmpl")
        main = self.directory / "main.cfg"
        main.write_text("defaults\n    mode http\n    timeout connect 1s\n    timeout client 1s\n    timeout server 1s\n"
                        "frontend f\n    bind 127.0.0.1:8080\n"
                        f"    use_backend %[req.hdr(host),lower,map({names})]\n")
        self.accepted("haproxy", "-c", "-f", main, "-f", backends)
        self.assertIn("web.svc.internal web\n", names.read_text())

    def test_the_hosts_file_has_every_address_under_its_names(self):
        text = self.render("hosts.tmpl").read_text()
        for address in ("192.0.2.1", "2001:db8::1"):
            self.assertIn(f"{address} web-1.web.svc.internal web.svc.internal\n", text)

    def test_no_udp_instance_becomes_an_http_server(self):
        api = self.api_of(self.rollcalld)
        api.expect_registered("web", "quic", "192.0.2.66", 443, protocol="udp", priority=0)
        api.expect_registered("dns", "u", "192.0.2.67", 53, protocol="udp")
        for name in ("nginx.conf.tmpl", "haproxy.cfg.tmpl"):
            text = self.render(name).read_text()
            self.assertNotRegex(text, "192.0.2.6[67]", name)
            # The better priority of a udp instance makes no tcp instance a reserve.
            self.assertNotRegex(text, "192.0.2.1:8001.*backup", name)
        hosts = self.render("hosts.tmpl").read_text()
        self.assertIn("192.0.2.66 quic.web.svc.internal\n", hosts)
        self.assertIn("192.0.2.67 u.dns.svc.internal dns.svc.internal\n", hosts)
        self.test_nginx_accepts_its_file()
        self.test_haproxy_accepts_its_files()

    def test_every_shipped_template_is_tried_here(self):
        self.assertEqual({"nginx.conf.tmpl", "haproxy.cfg.tmpl", "haproxy.map.tmpl", "hosts.tmpl"},
                         {path.name for path in (REPOSITORY / "templates").iterdir()})
