"""The container image: built by tools/image without a registry, and run with podman as docs/container.md says.

The containers use the network of the test, which is a loopback of its own: the ports are those of the image.
"""

import hashlib
import os
import re
import sys
import time
import unittest

from tests.support.api import Api
from tests.support.case import Case
from tests.support.containers import Containers
from tests.support.dnsclient import Dns
from tests.support.namespace import enter_own_network, need_mount_namespaces
from tests.support.packages import expect, made_packages, made_root
from tests.support.processes import REPOSITORY, need_program, run

BASE = "localhost/rollcall-base:bookworm"
TOKEN = "correct-horse-battery"
GUARDED = f"""\
[dns]
listen = ["0.0.0.0:8600"]
[http]
listen = ["0.0.0.0:8500"]
[[token]]
name = "all"
hash = "sha256:{hashlib.sha256(TOKEN.encode()).hexdigest()}"
allow = "admin"
"""
# All that may be in it.
EXPECTED = re.compile(r"""
    usr/sbin/rollcalld | usr/bin/rollcall | usr/lib/rollcall/librollcall_etcd\.so
  | usr/lib/[\w-]+-linux-gnu/lib[\w.+-]+\.so\.[\d.]+ | usr/lib64/ld-linux-x86-64\.so\.2 | usr/lib/ld-linux-aarch64\.so\.1
  | etc/(rollcall/rollcall\.toml | rollcall/zones/svc\.internal\.zone | passwd | group | nsswitch\.conf | debian_version | os-release)
  | usr/lib/os-release | bin | sbin | lib | lib64
  | var/lib/dpkg/status\.d/[\w.+-]+ | usr/share/doc/[\w.+-]+/copyright\.gz
""", re.X)
OUTSIDE = "192.0.2.53"


class Image(Case):
    containers = None
    image = None

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("a root of its own takes root")
        need_mount_namespaces()
        need_program("dig")
        packages = made_packages()
        root = made_root(packages)
        cls.containers = Containers(REPOSITORY / "build/containers")
        cls.addClassCleanup(cls.containers.close)
        cls.image = expect([REPOSITORY / "tools/image", "--root", root, "--tag", "localhost/rollcall:test"],
                           env={**cls.containers.environment}).strip()
        attempt = cls.containers.ask("run", "--rm", "--network", "host", BASE, "/bin/true")
        if attempt.returncode != 0:
            raise unittest.SkipTest(f"podman runs no container here: {attempt.stderr.strip().splitlines()[-1]}")

    def setUp(self):
        enter_own_network(self, [f"{OUTSIDE}/32"])
        self.addCleanup(self.containers.ask, "rm", "--all", "--force", "--time", "0")
        self.volume = self.containers.expect("volume", "create")

    def begin(self, *words, options=(), user="12345"):
        """A container named `roll`, as a user would run it who trusts nobody; returns once its health check passes."""
        began = time.monotonic()
        self.containers.expect("run", "--detach", "--name", "roll", "--network", "host", "--user", user, "--read-only", "--cap-drop",
                               "all", "--security-opt", "no-new-privileges", "--volume", f"{self.volume}:/var/lib/rollcall",
                               *options, self.image, *words)
        self.eventually(lambda: self.containers.ask("healthcheck", "run", "roll").returncode == 0, "the health check passes",
                        timeout=30, every=0.02)
        return time.monotonic() - began

    def end(self):
        """How it ended, and how long that took."""
        began = time.monotonic()
        self.containers.expect("stop", "--time", "20", "roll")
        took = time.monotonic() - began
        code = self.containers.expect("inspect", "--format", "{{.State.ExitCode}}", "roll")
        self.containers.expect("rm", "roll")
        return int(code), took

    def register(self, port, **fields):
        api = Api("127.0.0.1", port)
        self.addCleanup(api.close)
        api.expect_registered("web", "web-1", "192.0.2.1", 8080, **fields)

    def digged(self):
        return run(["dig", "+short", "@127.0.0.1", "-p", "8600", "web.svc.internal"]).stdout.strip()

    def test_it_serves_as_any_user_with_a_root_that_nobody_can_write(self):
        ready = self.begin()
        self.register(8500, ttl="1h")
        self.assertEqual("192.0.2.1", self.digged())
        self.assertEqual("healthy", self.containers.expect("inspect", "--format", "{{.State.Health.Status}}", "roll"))
        self.assertIn("web-1", self.containers.expect("exec", "roll", "/usr/bin/rollcall", "list", "web"))
        volume = self.containers.expect("volume", "inspect", "--format", "{{.Mountpoint}}", self.volume)
        self.assertEqual("600 12345", expect(["stat", "-c", "%a %u", f"{volume}/rollcall.db"]).strip())
        code, took = self.end()
        self.assertEqual(0, code)
        # Another container with the same state, as the image's own user, whose group is root as well.
        run(["chown", "-R", "10001", volume])
        again = self.begin(user="10001:0")
        self.assertEqual("192.0.2.1", self.digged())
        self.assertEqual(0, self.end()[0])
        size = int(self.containers.expect("image", "inspect", "--format", "{{.Size}}", self.image))
        print(f"{size / 1e6:.1f} MB; ready after {ready:.2f} s, again after {again:.2f} s; stopped after {took:.2f} s", file=sys.stderr)

    def test_settings_are_a_mounted_file(self):
        settings = self.settings_file(GUARDED)
        settings.chmod(0o644)
        self.begin(options=["--volume", f"{settings}:/etc/rollcall/rollcall.toml:ro"])  # the health check has no token
        api = Api(OUTSIDE, 8500)
        self.addCleanup(api.close)
        self.assertEqual(401, api.call("GET", "/v1/services").status)
        heartbeat = ["/usr/bin/rollcall", "heartbeat", "web", "--port", "80", "--address", "192.0.2.1"]
        self.assertEqual(5, self.containers.ask("exec", "roll", *heartbeat).returncode)
        self.containers.expect("exec", "--env", f"ROLLCALL_TOKEN={TOKEN}", "roll", *heartbeat)
        self.assertEqual("192.0.2.1", self.digged())

    def test_without_settings_of_ones_own_others_may_only_read(self):
        self.begin()
        api = Api(OUTSIDE, 8500)
        self.addCleanup(api.close)
        self.assertEqual(403, api.call("PUT", "/v1/services/web/instances/a", b'{"address":"192.0.2.1","port":80}').status)
        self.assertEqual(200, api.call("GET", "/v1/services").status)
        self.assertEqual({"127.0.0.1"}, Dns(OUTSIDE, 8600).addresses("ns.svc.internal"))

    def test_settings_are_flags_and_the_health_check_asks_where_the_environment_says(self):
        self.begin("--dns", "127.0.0.1:5300", "--http", "127.0.0.1:8080", "--db", "/var/lib/rollcall/roll.db", "--zone",
                   "lab.test=/etc/rollcall/zones/svc.internal.zone",
                   options=["--env", "ROLLCALL_HTTP=127.0.0.1:8080"])
        self.register(8080)
        self.assertEqual({"192.0.2.1"}, Dns("127.0.0.1", 5300).addresses("web.lab.test"))

    def test_a_server_that_cannot_be_asked_is_not_healthy(self):
        self.containers.expect("run", "--detach", "--name", "roll", "--network", "host", "--env", "ROLLCALL_HTTP=127.0.0.1:1", self.image)
        self.assertEqual(1, self.containers.ask("healthcheck", "run", "roll").returncode)

    def test_settings_are_checked_by_the_image_itself(self):
        checked = self.containers.ask("run", "--rm", "--network", "none", self.image, "--check", "--config", "/etc/rollcall/rollcall.toml")
        self.assertEqual((0, "settings and zones are good"), (checked.returncode, checked.stdout.strip()), checked.stderr)
        wrong = self.containers.ask("run", "--rm", "--network", "none", self.image, "--no-such-flag")
        self.assertEqual(2, wrong.returncode, wrong.stderr)

    def test_nothing_is_in_it_but_the_programs_and_what_they_need(self):
        container = self.containers.expect("create", self.image)
        archive = self.directory / "image.tar"
        self.containers.expect("export", "--output", archive, container)
        root = self.directory / "root"
        root.mkdir()
        expect(["tar", "-C", root, "-xf", archive])
        files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_symlink() or not path.is_dir()}
        # Those that podman mounts over.
        files -= {"etc/hosts", "etc/resolv.conf", "etc/hostname", "run/.containerenv", "etc/mtab"}
        self.assertEqual([], sorted(name for name in files if not EXPECTED.fullmatch(name)))
        for program in ("usr/sbin/rollcalld", "usr/bin/rollcall"):
            self.assertIn(program, files)
        for library in (name for name in files if ".so" in name):  # each with its licence, and known to scanners
            self.assertFalse((root / library).is_symlink(), library)
        self.assertEqual({path.name for path in (root / "var/lib/dpkg/status.d").iterdir()},
                         {path.name for path in (root / "usr/share/doc").iterdir()})
        self.assertIn("libssl3", os.listdir(root / "var/lib/dpkg/status.d"))
        rights = expect(["find", root, "-perm", "/6000", "-o", "-type", "f", "-perm", "/022"])
        self.assertEqual("", rights)

    def test_there_is_no_shell_in_it(self):
        for shell in ("sh", "/bin/sh", "/bin/bash", "/usr/bin/dash"):
            done = self.containers.ask("run", "--rm", "--network", "none", "--entrypoint", shell, self.image, "-c", "true")
            self.assertEqual(127, done.returncode, done.stderr)

    def test_it_says_how_it_is_to_be_run(self):
        said = self.containers.expect("image", "inspect", self.image)
        for word in ("10001:0", "SIGTERM", "/var/lib/rollcall", "8600/udp", "8600/tcp", "8500/tcp", '"--ready"'):
            self.assertIn(word, said)


if __name__ == "__main__":
    unittest.main()
