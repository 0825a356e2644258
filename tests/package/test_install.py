"""The Debian packages in a root of their own: installed, run as the unit runs the server, upgraded, removed, purged.

The root is made by mmdebstrap with what the packages depend on, and kept in build/roots. Nothing in it has a network but its
own loopback.
"""

import hashlib
import os
import re
import shutil
import subprocess
import unittest

from tests.support.case import Case
from tests.support.processes import REPOSITORY, need_program
from tests.support.rollcall import BINARY

ROOT_SECONDS_MAX = 300  # half of what a suite may take
STEPS = r"""
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
start() {
  exec_start=$(sed -n 's/^ExecStart=//p' /lib/systemd/system/rollcalld.service)
  cd /var/lib/rollcall
  (umask 077; exec setpriv --reuid rollcall --regid rollcall --clear-groups $exec_start) >/tmp/log 2>&1 &
  server=$!
  for try in $(seq 100); do curl -sf http://127.0.0.1:8500/readyz >/dev/null && return; sleep 0.1; done
  cat /tmp/log; exit 1
}
stop() { kill -TERM $server; wait $server; }
dpkg -i /packages/*.deb >/dev/null
echo "version $(rollcalld --version)"
echo "settings $(stat -c '%a %U:%G' /etc/rollcall/rollcall.toml)"
rollcalld --check --config /etc/rollcall/rollcall.toml
systemd-analyze verify --man=no /lib/systemd/system/rollcalld.service /lib/systemd/system/rollcalld.socket 2>&1 |
  sed 's/^/unit: /' | grep rollcall || true
ls /usr/share/man/man8/rollcalld.8.gz /usr/share/man/man5/rollcall.toml.5.gz >/dev/null
ls /usr/share/rollcall/prometheus/rollcall.rules.yml /usr/share/rollcall/grafana/rollcall.json >/dev/null
start
curl -sf http://127.0.0.1:8500/v1/heartbeat -d '{"service":"web","address":"192.0.2.1","port":80,"ttl":"1h"}' >/dev/null
echo "before $(dig +short @127.0.0.1 -p 8600 web.svc.internal)"
stop
echo '# mine' >>/etc/rollcall/rollcall.toml
dpkg -i /packages/newer/*.deb >/dev/null
echo "installed $(dpkg-query -W -f '${Version}' rollcalld)"
echo "kept $(tail -n 1 /etc/rollcall/rollcall.toml) $(stat -c '%a %U:%G' /etc/rollcall/rollcall.toml)"
start
echo "after $(dig +short @127.0.0.1 -p 8600 web.svc.internal)"
stop
dpkg -r rollcalld-etcd rollcalld rollcall librollcall-dev librollcall0 >/dev/null
test -e /var/lib/rollcall/rollcall.db && test -e /etc/rollcall/rollcall.toml && echo "removed, data kept"
dpkg -P rollcalld-etcd rollcalld rollcall librollcall-dev librollcall0 >/dev/null
find / -xdev -name '*rollcall*' -not -path '/proc/*' -not -path '/packages*' -not -path '/var/log/*'
getent passwd rollcall || echo "purged"
"""


class Packages(Case):
    packages = None  # made once

    def setUp(self):
        for program in ("mmdebstrap", "dpkg-buildpackage", "unshare", "ip"):
            need_program(program)
        if os.geteuid() != 0:
            raise unittest.SkipTest("a root of its own takes root")
        if Packages.packages is None:
            made = self.expect([REPOSITORY / "tools/package"], env={**os.environ, "ROLLCALL_BUILD": str(BINARY.parents[1])})
            Packages.packages = [REPOSITORY / package for package in made.split()]

    def expect(self, command, **more):
        done = subprocess.run(command, capture_output=True, text=True, timeout=500, **more)
        self.assertEqual(0, done.returncode, done.stdout[-4000:] + done.stderr[-4000:])
        return done.stdout

    def root(self):
        """A fresh copy of the root, with what the packages depend on."""
        needs = {"curl", "bind9-dnsutils"}
        for package in self.packages:
            for clause in self.expect(["dpkg-deb", "-f", package, "Depends"]).split(","):
                needs.add(re.match(r"[\w.+-]*", clause.split("|")[0].strip())[0])
        include = ",".join(sorted(name for name in needs if name and "rollcall" not in name))
        kept = REPOSITORY / f"build/roots/{hashlib.sha256(include.encode()).hexdigest()[:12]}.tar"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            make = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={include}", "bookworm", f"{kept}.part.tar"]
            try:
                made = subprocess.run(make, capture_output=True, text=True, timeout=ROOT_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                raise unittest.SkipTest(f"mmdebstrap had made no root after {ROOT_SECONDS_MAX} s") from None
            if made.returncode != 0:
                raise unittest.SkipTest(f"mmdebstrap made no root: {(made.stderr.strip() or 'it says nothing').splitlines()[-1]}")
            os.replace(f"{kept}.part.tar", kept)
        root = self.directory / "root"
        root.mkdir()
        self.expect(["tar", "-C", root, "--exclude=./dev/*", "-xf", kept])
        return root

    def newer(self, package, directory):
        """The same package with a higher version."""
        tree = self.directory / "repack"
        shutil.rmtree(tree, ignore_errors=True)
        self.expect(["dpkg-deb", "-R", package, tree])
        control = tree / "DEBIAN/control"
        version = re.search(r"^Version: (.*)$", control.read_text(), re.M)[1]
        control.write_text(control.read_text().replace(version, version + "+next"))
        self.expect(["dpkg-deb", "-Znone", "-b", tree, directory])

    def test_install_run_upgrade_remove_purge(self):
        root = self.root()
        newer = root / "packages/newer"
        newer.mkdir(parents=True)
        for package in self.packages:
            shutil.copy(package, root / "packages")
            self.newer(package, newer)
        (root / "steps").write_text(STEPS)
        prepare = ('ip link set lo up; mount -t tmpfs none "$0/dev"; for n in null zero random urandom; do touch "$0/dev/$n"; '
                   'mount --bind "/dev/$n" "$0/dev/$n"; done; mount -t proc none "$0/proc"; exec chroot "$0" sh /steps')
        said = self.expect(["unshare", "--mount", "--net", "--pid", "--fork", "sh", "-c", prepare, root])
        version = self.expect([BINARY, "--version"]).strip()
        self.assertEqual([f"version {version}", "settings 640 root:rollcall", "settings and zones are good", "before 192.0.2.1",
                          f"installed {version.split()[-1]}+next", "kept # mine 640 root:rollcall", "after 192.0.2.1",
                          "removed, data kept", "purged"], said.splitlines())

    def test_lintian_has_nothing_to_say(self):
        changes = next(self.packages[0].parent.glob("*.changes"))
        done = subprocess.run([need_program("lintian"), "--allow-root", "--fail-on", "error,warning", changes],
                              capture_output=True, text=True, timeout=300)
        self.assertEqual((0, ""), (done.returncode, done.stdout))


if __name__ == "__main__":
    unittest.main()
