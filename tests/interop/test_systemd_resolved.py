"""systemd-resolved asks us: addresses, and services of DNS-SD, as `resolvectl` shows them.

It runs beside whatever this machine has: in a mount namespace with /run, users and a message bus of its own, without a
stub listener. Where it is not installed the one that tools/unpack has put below build/unpacked is taken.
"""

import os
import pathlib
import unittest

from tests.interop.test_documented_resolvers import block
from tests.support.case import Case
from tests.support.namespace import need_mount_namespaces
from tests.support.processes import REPOSITORY, need_program, run

UNPACKED = REPOSITORY / "build/unpacked"

BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""

RESOLVED = """\
[Resolve]
DNS={address}:{port}
FallbackDNS=
Domains=~.
DNSStubListener=no
MulticastDNS=no
LLMNR=no
DNSSEC=no
DNSOverTLS=no
ReadEtcHosts=no
"""

# Arguments: the directory with the two files above, dbus-daemon, systemd-resolved. The shell is the first of
# a PID namespace: both end with it, and it ends with the test.
SCENE = """\
set -e
mount -t tmpfs none /run
mkdir -p /run/dbus /run/systemd/resolve /run/systemd/resolved.conf.d
for file in passwd group; do grep -v '^systemd-resolve:' /etc/$file >/run/$file || true; done
echo 'systemd-resolve:x:991:991::/:/usr/sbin/nologin' >>/run/passwd
echo 'systemd-resolve:x:991:' >>/run/group
mount --bind /run/passwd /etc/passwd
mount --bind /run/group /etc/group
chown 991:991 /run/systemd/resolve
cp "$1/resolved.conf" /run/systemd/resolved.conf.d/test.conf
"$2" --config-file="$1/bus.conf" --nofork --nopidfile &
while [ ! -S /run/dbus/system_bus_socket ]; do sleep 0.05; done
"$3" &
wait
"""


def find_resolved():
    """systemd-resolved, resolvectl, and the directory of their library; None: it is where the system has it."""
    installed = pathlib.Path("/lib/systemd/systemd-resolved")
    if installed.exists():
        return installed, need_program("resolvectl"), None
    daemon = UNPACKED / "systemd-resolved/lib/systemd/systemd-resolved"
    libraries = list((UNPACKED / "libsystemd-shared").glob("usr/lib/*/systemd"))
    if not daemon.exists() or not libraries:
        raise unittest.SkipTest("systemd-resolved is not there; `tools/unpack systemd-resolved libsystemd-shared` gets it")
    return daemon, UNPACKED / "systemd-resolved/usr/bin/resolvectl", libraries[0]


class Scene(Case):
    def settings(self):
        return RESOLVED.format(address=self.rollcalld.address, port=self.rollcalld.dns_port)

    def setUp(self):
        daemon, self.resolvectl, library = find_resolved()
        bus = need_program("dbus-daemon")
        need_mount_namespaces()
        self.rollcalld = self.server()
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8", **({"LD_LIBRARY_PATH": str(library)} if library else {})}
        (self.directory / "bus.conf").write_text(BUS)
        (self.directory / "resolved.conf").write_text(self.settings())
        self.resolved = self.start("resolved", ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", SCENE, "sh", self.directory, bus, daemon],
                                   env=self.environment)
        api = self.api_of(self.rollcalld)
        api.expect_registered("web", "i-1", ["192.0.2.1", "2001:db8::1"], 8080, priority=2, meta={"path": "/a"})
        api.expect_registered("web", "i-2", "192.0.2.2", 8081)
        self.eventually(lambda: self.ask("statistics").returncode == 0, "systemd-resolved answers", timeout=20, every=0.2)

    def tearDown(self):
        self.resolved.kill()
        super().tearDown()

    def ask(self, *words):
        enter = ["nsenter", f"--mount=/proc/{self.resolved.pid}/ns/mnt"]
        return run([*enter, self.resolvectl, "--no-pager", *words], env=self.environment)

    def said(self, *words):
        result = self.ask(*words)
        self.assertEqual(0, result.returncode, result.stderr)
        return result.stdout


class SystemdResolved(Scene):
    def test_addresses_are_found(self):
        self.assertRegex(self.said("query", "--legend=no", "web.svc.internal"), r"web\.svc\.internal: 192\.0\.2\.2")
        text = self.said("query", "--legend=no", "i-1.web.svc.internal")
        self.assertIn("192.0.2.1", text)
        self.assertIn("2001:db8::1", text)
        nobody = self.ask("query", "nobody.svc.internal")
        self.assertNotEqual(0, nobody.returncode)
        self.assertIn("not found", nobody.stderr)

    def test_a_service_is_found_with_its_instances_ports_and_addresses(self):  # RFC 2782
        text = self.said("service", "--legend=no", "_web._tcp", "svc.internal")
        self.assertRegex(text, r"i-2\.web\.svc\.internal:8081 +\[priority=1, weight=1\]")
        self.assertRegex(text, r"i-1\.web\.svc\.internal:8080 +\[priority=2, weight=1\]")
        for address in ("192.0.2.1", "2001:db8::1", "192.0.2.2"):
            self.assertIn(address, text)

    def test_an_instance_is_found_with_what_its_meta_says(self):  # RFC 6763 §5, §6
        text = self.said("service", "--legend=no", "i-1", "_web._tcp", "svc.internal")
        self.assertRegex(text, r"i-1/_web\._tcp/svc\.internal: i-1\.web\.svc\.internal:8080")
        self.assertIn("path=/a", text)
        self.assertIn("192.0.2.1", text)
        self.assertNotEqual(0, self.ask("service", "nobody", "_web._tcp", "svc.internal").returncode)


class Documented(Scene):
    """With the settings of the documents: those for a zone of Rollcall, and those for Consul's names."""

    document, heading = "forwarding.md", "systemd-resolved"
    name = "web.svc.internal"

    def settings(self):
        frame = "".join(line + "\n" for line in RESOLVED.splitlines() if not line.startswith(("[", "DNS=", "Domains=", "DNSSEC=")))
        return block(self.document, self.heading).replace("8600", str(self.rollcalld.dns_port)) + frame

    def test_the_name_is_found(self):
        self.assertRegex(self.said("query", "--legend=no", self.name), r"192\.0\.2\.[12]")


class DocumentedForConsul(Documented):
    document, heading = "consul-dns.md", "systemd-resolved, `/etc/systemd/resolved.conf.d/consul.conf`"
    name = "web.service.consul"
