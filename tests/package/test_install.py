"""The Debian packages in a root of their own: installed, run as the unit runs the server, upgraded, removed, purged.

The root is made by mmdebstrap with what the packages depend on, and kept in build/roots. Nothing in it has a network but its
own loopback.
"""

import os
import re
import shutil
import subprocess
import threading
import unittest

from tests.support.case import Case
from tests.support.packages import expect, made_packages, made_root
from tests.support.processes import need_program
from tests.support.rollcall import BINARY
from tests.support.service_manager import NotifySocket

STEPS = r"""
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
start() {
  exec_start=$(sed -n 's/^ExecStart=//p' /lib/systemd/system/rollcalld.service)
  cd /var/lib/rollcall
  (umask 077; export NOTIFY_SOCKET=/tmp/notify WATCHDOG_USEC=400000; exec setpriv --reuid rollcall --regid rollcall --clear-groups $exec_start) >/tmp/log 2>&1 &
  server=$!
  for try in $(seq 100); do curl -sf http://127.0.0.1:8500/readyz >/dev/null && return; sleep 0.1; done
  cat /tmp/log; exit 1
}
stop() { sleep 0.5; kill -TERM $server; wait $server; }
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
before=$server
echo '# mine' >>/etc/rollcall/rollcall.toml
# What postinst sees of a manager: the main process is the one before until that has ended.
mkdir -p /run/systemd/system
cat >/usr/local/bin/systemctl <<'END'
#!/bin/sh
main() {
  for program in '/usr/sbin/rollcalld*(deleted)' /usr/sbin/rollcalld; do
    for each in /proc/[0-9]*; do
      case "$(readlink "$each/exe")" in $program) echo "${each#/proc/}"; return ;; esac
    done
  done
}
case "$*" in
  *ActiveState*) echo active ;;
  *MainPID*) main ;;
  *StatusText*) ;;
  *SIGUSR2*) kill -USR2 "$(main)" ;;
  *) echo "$*" >>/tmp/systemctl ;;
esac
END
cat >/usr/local/bin/deb-systemd-invoke <<'END'
#!/bin/sh
echo "deb-systemd-invoke $*" >>/tmp/systemctl
END
chmod 755 /usr/local/bin/systemctl /usr/local/bin/deb-systemd-invoke
PATH=/usr/local/bin:$PATH
(while [ ! -e /tmp/enough ]; do
  curl -sf --max-time 5 -X POST http://127.0.0.1:8500/v1/heartbeat -d '{"service":"web","address":"192.0.2.1","port":80,"ttl":"1h"}' >/dev/null || echo lost
  dig +short +tries=1 +time=5 @127.0.0.1 -p 8600 web.svc.internal
done) >/tmp/answers &
asking=$!
sleep 0.5
dpkg -i /packages/newer/*.deb >/tmp/dpkg
sleep 0.5
touch /tmp/enough
wait $asking
echo "installed $(dpkg-query -W -f '${Version}' rollcalld)"
echo "kept $(tail -n 1 /etc/rollcall/rollcall.toml) $(stat -c '%a %U:%G' /etc/rollcall/rollcall.toml)"
echo "answers meanwhile: $(sort -u /tmp/answers | tr '\n' ' ')"
grep -o 'rollcalld.service is upgraded' /tmp/dpkg
grep -c restart /tmp/systemctl || true
wait $before
server=$(systemctl show MainPID)
echo "by another process: $([ "$server" != "$before" ] && echo yes)"
echo "after $(dig +short @127.0.0.1 -p 8600 web.svc.internal)"
kill -TERM $server
while [ -e /proc/$server/fd/0 ]; do sleep 0.1; done
rm -r /run/systemd /usr/local/bin/systemctl /usr/local/bin/deb-systemd-invoke
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
            Packages.packages = made_packages()

    def root(self):
        """A fresh copy of the root, with what the packages depend on."""
        root = self.directory / "root"
        root.mkdir()
        expect(["tar", "-C", root, "--exclude=./dev/*", "-xf", made_root(self.packages)])
        return root

    def newer(self, package, directory):
        """The same package with a higher version."""
        tree = self.directory / "repack"
        shutil.rmtree(tree, ignore_errors=True)
        expect(["dpkg-deb", "-R", package, tree])
        control = tree / "DEBIAN/control"
        version = re.search(r"^Version: (.*)$", control.read_text(), re.M)[1]
        control.write_text(control.read_text().replace(version, version + "+next"))
        expect(["dpkg-deb", "-Znone", "-b", tree, directory])

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
        manager = NotifySocket(root / "tmp/notify")
        self.addCleanup(manager.close)
        (root / "tmp/notify").chmod(0o666)
        ended = threading.Event()
        listener = threading.Thread(target=lambda: [manager.hear(0.1) for _ in iter(ended.is_set, True)])
        listener.start()
        self.addCleanup(listener.join)
        self.addCleanup(ended.set)
        said = expect(["unshare", "--mount", "--net", "--pid", "--fork", "sh", "-c", prepare, root])
        version = expect([BINARY, "--version"]).strip()
        self.assertEqual([f"version {version}", "settings 640 root:rollcall", "settings and zones are good", "before 192.0.2.1",
                          f"installed {version.split()[-1]}+next", "kept # mine 640 root:rollcall", "answers meanwhile: 192.0.2.1 ",
                          "rollcalld.service is upgraded", "0", "by another process: yes", "after 192.0.2.1",
                          "removed, data kept", "purged"], said.splitlines())
        ended.set()
        listener.join()
        self.assert_told(manager.states)

    def assert_told(self, states):
        """What systemd heard of the unit's command line, before and after the upgrade."""
        told = [next((key for key in ("READY", "STOPPING") if key in state), None) for state in states]
        # The service goes on: the old process names the one that takes its place, and does not stop it.
        self.assertEqual(["READY", "READY", "STOPPING"], [key for key in told if key])
        ready = [state["STATUS"] for state in states if "READY" in state]
        self.assertRegex(ready[0], "^answering; 0 instances of 0 services on the roll")
        self.assertRegex(ready[1], "^answering; 1 instance of 1 service on the roll")  # it was restored by then
        self.assertEqual(1, len({state["MAINPID"] for state in states if "MAINPID" in state}), states)
        between = states[told.index("READY"):told.index("STOPPING")]
        self.assertTrue([state for state in between if state.get("WATCHDOG") == "1"], states)

    def test_lintian_has_nothing_to_say(self):
        changes = next(self.packages[0].parent.glob("*.changes"))
        done = subprocess.run([need_program("lintian"), "--allow-root", "--fail-on", "error,warning", changes],
                              capture_output=True, text=True, timeout=300)
        self.assertEqual((0, ""), (done.returncode, done.stdout))


if __name__ == "__main__":
    unittest.main()
